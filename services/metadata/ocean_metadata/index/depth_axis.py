"""Depth axes of a dataset: levels from the surface down, in metres where their units are lengths."""

import re

import numpy as np
from numpy.typing import NDArray

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import DepthAxis, DepthKind
from ocean_core.errors import Message
from ocean_core.units import canonical_units, length_in_metres, unit_conversion
from ocean_metadata.catalogue.model import Note
from ocean_metadata.index.axes import depth_kind, vertical_coordinate
from ocean_metadata.index.model import FileHeader, VariableHeader

Floats = NDArray[np.float64]

# Models that count levels from the sea floor, where nothing else tells: by dimension (ROMS, SCHISM, Delft3D FM), or by
# the heights of their levels (ROMS, SELFE, SCHISM).
_FLOOR_FIRST_DIMENSIONS = re.compile(r"s_(rho|w)|nSCHISM_vgrid_layers|mesh\dd_n(Layers|Interfaces)", re.IGNORECASE)
_FLOOR_FIRST_HEIGHTS = {"z_rho", "z_u", "z_v", "z_w", "zval", "zcor", "zcoords", "zCoordinates"}
_LEVEL_WORDS = {"level", "levels", "layer", "sigma_level"}  # units of numbers
_UNIT_ADVICE = Message("write the attribute units into the file, such as units = m")


def make_depth_axis(name: str, header: FileHeader) -> tuple[DepthAxis, list[Note]]:
    """Make the levels along a dimension, and list what was converted or guessed; without a coordinate, numbers."""
    variable = vertical_coordinate(name, header)
    values = np.full(header.dimensions[name], np.nan)
    if variable is not None and variable.name in header.values:
        values = unpack_array(header.values[variable.name]).astype(np.float64)
    if variable is None or np.isnan(values).any():
        notes = []
        if variable is not None and np.isfinite(values).any():
            notes.append(
                Note(variable.name, "left out", Message("some of its values are missing: the levels are numbered"))
            )
        return _number_levels(name, header), notes
    kind, values, notes = _read_levels(variable, values)
    order = np.argsort(_distance_from_surface(kind, values, variable), kind="stable")
    units = variable.text("units")
    is_number = unit_conversion(units or "1", "1") is not None or units.lower() in _LEVEL_WORDS
    axis = DepthAxis(
        name=variable.name,
        kind=kind,
        values=values[order].tolist(),
        units="" if kind != "index" or is_number else canonical_units(units),
        order=[] if (np.diff(order) == 1).all() else order.tolist(),
    )
    return axis, notes


def _number_levels(name: str, header: FileHeader) -> DepthAxis:
    numbers = list(range(header.dimensions[name]))
    heights = _FLOOR_FIRST_HEIGHTS & header.variables.keys()
    floor_first = _FLOOR_FIRST_DIMENSIONS.fullmatch(name) is not None or any(
        name in header.variables[height].dimensions for height in heights
    )
    return DepthAxis(
        name=name,
        kind="index",
        values=[float(number) for number in numbers],
        order=numbers[::-1] if floor_first else [],
    )


def _read_levels(variable: VariableHeader, values: Floats) -> tuple[DepthKind, Floats, list[Note]]:
    """Return the kind of levels and their values, (level,): lengths in m, depths positive down."""
    kind, units, up = depth_kind(variable), variable.text("units"), variable.text("positive").lower() == "up"
    notes: list[Note] = []
    if kind == "sigma" and up and values.min(initial=0.0) >= 0:
        values = values - 1.0  # from the floor up: CF has 0 at the surface and -1 at the floor
    if kind not in {"depth", "height"}:
        return kind, values, []
    notes += note_length_units(variable.name, units)
    values = np.array([float(f"{value:.7g}") for value in values * (length_in_metres(units) or 1.0)])
    if kind == "height" and variable.name.lower().startswith(("dep", "gdep")) and values.min(initial=0.0) >= 0:
        text = Message("its depths are called positive upwards, but none is negative: they are read as depths")
        notes.append(Note(variable.name, "guessed", text))
        kind = "depth"
    elif kind == "height" and values.min(initial=0.0) < 0:
        kind, values = "depth", 0.0 - values
    elif kind == "depth" and -values.min(initial=0.0) > max(values.max(initial=0.0), 0.0):
        if variable.text("positive"):
            text = Message("its depths are called positive downwards, but are negative: their sign is changed")
            notes.append(Note(variable.name, "guessed", text))
        values = 0.0 - values  # heights relative to the surface
    return kind, values, notes


def note_length_units(name: str, units: str) -> list[Note]:
    """Tell that depths are converted to metres, or that their units are guessed."""
    factor = length_in_metres(units)
    if factor is None:
        return [Note(name, "guessed", Message("its depths have no units: metres are assumed"), _UNIT_ADVICE)]
    if factor == 1.0:
        return []
    return [Note(name, "converted", Message("its depths are in {units}: they are converted to metres", units=units))]


def _distance_from_surface(kind: DepthKind, values: Floats, variable: VariableHeader) -> Floats:
    """Return numbers that grow with the distance from the surface: (level,)."""
    units, positive = variable.text("units"), variable.text("positive").lower()
    if kind == "sigma":
        return values if values.max(initial=0.0) > 0 else -values
    if kind != "index":
        return values
    if unit_conversion(units, "Pa") is not None:
        in_air = "air" in variable.text("standard_name") or unit_conversion(units, "dbar") != (1.0, 0.0)
        return -values if in_air and "sea_water" not in variable.text("standard_name") else values
    if positive == "up":
        return -values
    return values if positive == "down" else np.arange(values.size, dtype=np.float64)
