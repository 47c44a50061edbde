"""Cells of a grid that have a place on the Earth, and those that a mask calls land.

Models leave out blocks of land, and write fill values, zeros or -1 for their latitudes and longitudes, often without an
attribute that says so. The index (bounds, outlines) and the data service (search, areas) decide alike which cells are
usable, once, when a grid is made.
"""

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
    """Numbers of a mask that mean land."""

    land: list[float] = []
    bits: int = 0  # that mean land, of a mask of flags
    missing_is_land: bool = False  # masks exist that have a number at sea only


def reverse_meaning(meaning: MaskMeaning) -> MaskMeaning:
    """Return the meaning of a mask of 0 and 1 with land for sea."""
    land = 1.0 - meaning.land[0]
    return MaskMeaning(land=[land], missing_is_land=land == 0)


def find_land(mask: NDArray[np.floating], meaning: MaskMeaning) -> NDArray[np.bool_]:
    """Return where a mask tells land; of its shape, NaN where it has no number."""
    missing = np.isnan(mask)
    land: NDArray[np.bool_] = missing & meaning.missing_is_land
    for number in meaning.land:
        land |= np.abs(mask - number) < ROUNDING
    if meaning.bits:
        land |= (np.where(missing, 0, mask).astype(np.int64) & meaning.bits) != 0
    return land
