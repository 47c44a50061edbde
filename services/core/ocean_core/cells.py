"""Cells of a grid that have a place on the Earth, and those that a mask calls land.

Models leave out blocks of land, and write fill values, zeros or -1 for their latitudes and longitudes, often without an
attribute that says so. The index (bounds, outlines) and the data service (search, areas) decide alike which cells are
usable, once, when a grid is made.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_core.geometry import Floats, wrap_longitude

POLE = 90.001  # degrees: float32 rounds beyond 90
LONGITUDES = (-540.0, 1080.0)  # degrees: a tripolar grid may go on counting for more than a turn
FILLS = (0.0, -1.0)  # of both coordinates: one alone is enough to be suspected
NEAR = 10.0  # degrees: farther away, no cell is beside one whose neighbours do not tell
ROUNDING = 0.01  # of the numbers of a mask: they may be packed
AGREEMENT = 0.5  # of a cell: as near to where its neighbours lead, a cell is in its place
PlaneAxis = Literal["y", "x"]
NO_CELLS: Mapping[PlaneAxis, range] = MappingProxyType({})
_AXES: dict[PlaneAxis, int] = {"y": -2, "x": -1}  # of a mask
# Neighbours along a row or column that tell where a cell is, and the share of the second: half-way, or going on.
_LINES = [
    (first * step, second * step, share)
    for step in np.array([(0, 1), (1, 0)])
    for first, second, share in ((-1, 1, 0.5), (1, 2, -1.0), (-1, -2, -1.0))
]


def find_usable_cells(latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
    """Return which cells have a place on the Earth: (y, x), or (node,) of a mesh.

    Fill values lie beyond the poles or are not finite. Where both coordinates are the same number in several cells, or
    are 0 or -1, they are a fill value too, unless neighbours in the file lead there.
    """
    west, east = LONGITUDES
    usable = np.asarray((np.abs(latitude) <= POLE) & (longitude >= west) & (longitude <= east))
    equal = np.asarray(usable & (latitude == longitude))
    if usable.size == 1 or not equal.any():
        return usable
    numbers, counts = np.unique(latitude[equal], return_counts=True)
    if latitude.ndim == 1:
        return np.asarray(usable & ~(equal & np.isin(latitude, numbers[(counts > 1) & np.isin(numbers, FILLS)])))
    suspect = np.asarray(equal & np.isin(latitude, numbers[(counts > 1) | np.isin(numbers, FILLS)]))
    usable &= ~suspect
    cells = np.argwhere(suspect)
    alone: NDArray[np.bool_] = counts[np.searchsorted(numbers, latitude[suspect])] == 1
    usable[suspect] = _find_placed(latitude, longitude, usable, cells, alone)
    return usable


def place_axis(values: Floats, name: Literal["latitude", "longitude"]) -> Floats:
    """Return the coordinates of rows or columns, NaN for fill values: what no latitude or longitude can be."""
    low, high = (-POLE, POLE) if name == "latitude" else LONGITUDES
    return np.where((values >= low) & (values <= high), values, np.nan)


def _find_placed(
    latitude: Floats, longitude: Floats, usable: NDArray[np.bool_], cells: NDArray[np.intp], alone: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which suspect cells, (cell, 2), lie where their neighbours lead: (cell,).

    A cell without two neighbours in line is placed if its coordinates are in no other cell (``alone``) and a cell is
    near.
    """
    placed, is_led, is_near = (np.zeros(len(cells), np.bool_) for _ in range(3))
    own = latitude[tuple(cells.T)], longitude[tuple(cells.T)]

    def step_to(offset: NDArray[np.intp]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the way to a neighbour, (2, cell), in degrees, and where there is one."""
        at = cells + offset
        inside = np.asarray(((at >= 0) & (at < latitude.shape)).all(axis=1))
        place = tuple(np.where(inside[:, np.newaxis], at, 0).T)
        way = np.stack([latitude[place] - own[0], wrap_longitude(longitude[place] - own[1])])
        return way, inside & usable[place]

    for first, second, share in _LINES:
        (one, has_one), (other, has_other) = step_to(first), step_to(second)
        both, near = has_one & has_other, np.hypot(*one)
        step, off = abs(share) * np.hypot(*(other - one)), np.hypot(*((1 - share) * one + share * other))
        is_led |= both
        placed |= both & (off < AGREEMENT * step)
        is_near |= has_one & (near < NEAR) & (near > 0)
    return placed | (~is_led & alone & is_near)


class MaskMeaning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Numbers of a mask that mean land, and where its cells are.

    Along the axes of ``between`` it is at the centres beside the cells that it hides: 0 if the first of these cells
    lies between the first two centres, -1 if it lies before the first.
    """

    land: list[float] = []
    bits: int = 0  # that mean land, of a mask of flags
    missing_is_land: bool = False  # masks exist that have a number at sea only
    between: dict[PlaneAxis, int] = {}


def reverse_meaning(meaning: MaskMeaning) -> MaskMeaning:
    """Return the meaning of a mask of 0 and 1 with land for sea."""
    land = 1.0 - meaning.land[0]
    return msgspec.structs.replace(meaning, land=[land], missing_is_land=land == 0)


def find_land(
    mask: NDArray[np.floating], meaning: MaskMeaning, cells: Mapping[PlaneAxis, range] = NO_CELLS
) -> NDArray[np.bool_]:
    """Return where a mask tells land; NaN where it has no number.

    Of the shape of ``mask``; between centres of those ``cells`` for which `widen_cells` says what to read: land is
    then beside land, as ROMS and NEMO define it.
    """
    missing = np.isnan(mask)
    land: NDArray[np.bool_] = missing & meaning.missing_is_land
    for number in meaning.land:
        land |= np.abs(mask - number) < ROUNDING
    if meaning.bits:
        land |= (np.where(missing, 0, mask).astype(np.int64) & meaning.bits) != 0
    for axis, first in meaning.between.items():
        before, along = max(0, -(cells[axis].start + first)), _AXES[axis]
        widths = [(0, 0)] * land.ndim
        widths[along] = before, len(cells[axis]) + 1 - before - land.shape[along]  # beyond the mask is no land
        beside = np.moveaxis(np.pad(land, widths), along, 0)
        land = np.moveaxis(beside[:-1] | beside[1:], 0, along)
    return land


def widen_cells(cells: range, meaning: MaskMeaning, axis: PlaneAxis, size: int) -> range:
    """Return the positions of a mask of ``size`` along an axis that tell about some cells."""
    if (first := meaning.between.get(axis)) is None:
        return cells
    return range(max(cells.start + first, 0), min(cells.stop + first + 1, size))
