"""Columns of water at stations: one variable over depth."""

from copy import copy

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coverage
from ocean_common.errors import InvalidRequest
from ocean_core.units import unit_conversion
from ocean_plotting.plots.coverage import Read

Floats = NDArray[np.float64]


class Profile:
    """One variable at every station of a coverage: the one of ``key``, or the first.

    Attributes
    ----------
    info : VariableInfo
        What it is.
    places : list of (latitude, longitude)
        Degrees, one a station.
    values, depths : ndarray of float, shape (level, station)
        In the variable's units, NaN where there is nothing; and m, positive down, true ones where levels follow the
        sea floor.
    levels : bool
        Whether depths are known, or not needed.
    """

    def __init__(self, coverage: Coverage, key: str | None = None) -> None:
        read = Read(coverage)
        self.info = read.info(key) if key else read.variables[0]
        self.places = read.places
        self.values: Floats = read.field(self.info.key, "depth", "point", "time")[..., 0]
        depths = read.coordinate("depth", "depth", "point", "time") if read.has("depth") else np.zeros((1, 1, 1))
        self.depths: Floats = np.broadcast_to(depths[..., 0], self.values.shape)
        self.levels = read.has("depth") or len(self.values) == 1

    def at(self, station: int) -> tuple[Floats, Floats]:
        """Depths (m) at which a station has values, and the values: (n,) each, downwards."""
        depth, value = np.nan_to_num(self.depths[:, station]), self.values[:, station]
        order = np.argsort(depth, kind="stable")
        order = order[~np.isnan(value[order])]
        return depth[order], value[order]

    def turned(self, info: VariableInfo, values: Floats) -> "Profile":
        """Another quantity at the same places and depths: (level, station)."""
        made = copy(self)
        made.info, made.values = info, values
        return made

    @property
    def deepest(self) -> float:
        """Greatest depth (m) at which any station has a value."""
        depths = np.where(np.isnan(self.values), 0.0, self.depths)
        return float(np.nan_to_num(depths).max(initial=0.0))

    @property
    def extremes(self) -> tuple[float, float] | tuple[None, None]:
        """Least and greatest value; None where there is none."""
        there = self.values[~np.isnan(self.values)]
        return (float(there.min()), float(there.max())) if there.size else (None, None)

    def into(self, units: str, field: str) -> None:
        """Turn the values into other units.

        Raises
        ------
        InvalidRequest
            They mean something else; ``field`` of the query asked for it.
        """
        found = unit_conversion(self.info.units, units)
        if found is None:
            raise InvalidRequest(
                "{key} is in {value} and cannot be compared with values in {second_value}",
                key=self.info.key,
                value=self.info.units or "1",
                second_value=units or "1",
                field=field,
            )
        if found != (1.0, 0.0):
            self.values = self.values * found[0] + found[1]
        self.info = replace(self.info, units=units)


def difference(one: Profile, other: Profile, station: int) -> tuple[Floats, Floats]:
    """What one has more than another at a station, where both have values.

    Returns
    -------
    depths, values : ndarray of float, shape (n,)
        At the depths (m) of ``one``; ``other`` is linear between its own.
    """
    depth, value = one.at(station)
    beneath, others = other.at(station)
    if not depth.size or not beneath.size:
        return np.empty(0), np.empty(0)
    found = value - np.interp(depth, beneath, others, left=np.nan, right=np.nan)
    there = np.isfinite(found)
    return depth[there], found[there]
