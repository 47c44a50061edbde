"""Heights of land and sea floor on an evenly spaced grid: its levels, and windows of it."""

import math
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # west, south, east, north: degrees; west > east crosses the antimeridian
Floats = NDArray[np.floating]
Window = tuple[Floats, Floats, NDArray[np.float32]]
MARGIN = 2  # cells around a window: what a cubic needs


class Heights(Protocol):
    """An array, or a file that is read as it is sliced."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows from the south, columns from the west."""

    def __getitem__(self, window: tuple[slice, slice], /) -> NDArray[np.float32]:
        """Heights of a window: m, positive up, NaN where there is none."""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One resolution of a relief."""

    heights: Heights  # (latitude, longitude)
    south: float  # centre of the first row, degrees
    west: float  # centre of the first column
    step: tuple[float, float]  # degrees of latitude and of longitude from cell to cell, both > 0

    @property
    def around(self) -> bool:
        """Whether its columns go all around the Earth, each once."""
        return abs(self.heights.shape[1] * self.step[1] - 360.0) < self.step[1] / 2

    @property
    def spacing(self) -> float:
        """Size of its cells, degrees."""
        return max(self.step)


def coarser(level: Level) -> Level:
    """Every second cell, each smoothed with its neighbours, shape ((y + 1) // 2, (x + 1) // 2)."""
    heights = level.heights[:, :]
    rows = np.pad(heights, ((1, 1), (0, 0)), mode="edge")
    thinned = _thin(rows, heights.shape[0])
    columns = np.pad(thinned, ((0, 0), (1, 1)), mode="wrap" if level.around else "edge")
    south, west = level.south, level.west
    step = (2 * level.step[0], 2 * level.step[1])
    return Level(heights=_thin(columns.T, heights.shape[1]).T, south=south, west=west, step=step)


def _thin(padded: Floats, number: int) -> NDArray[np.float32]:
    """Weights 1, 2, 1 along the first axis, of every second row."""
    before, here, after = padded[0:number:2], padded[1 : number + 1 : 2], padded[2 : number + 2 : 2]
    return np.asarray((before + 2 * here + after) / 4, dtype=np.float32)


def fitting(levels: list[Level], spacing: float) -> Level:
    """The coarsest of ``levels`` (finest first) whose cells are no larger than ``spacing`` (degrees)."""
    fine = [level for level in levels if level.spacing <= spacing * 1.001]
    return fine[-1] if fine else levels[0]


def window(level: Level, box: Box) -> Window:
    """The part of a level in a box, and two cells more on each side.

    Parameters
    ----------
    level
        All of whose longitudes are possible if it goes around the Earth.
    box
        Degrees.

    Returns
    -------
    latitudes : ndarray of float64, shape (y,)
        Degrees, from south to north, evenly spaced; they may go beyond the poles, where the outermost row is repeated.
    longitudes : ndarray of float64, shape (x,)
        Degrees, increasing from about ``west``, evenly spaced.
    heights : ndarray of float32, shape (y, x)
        m, positive up; NaN beside the level, or where it has none.
    """
    (west, south, east, north), (dy, dx) = box, level.step
    rows = level.heights.shape[0]
    width = 360.0 if east - west >= 360.0 else (east - west) % 360.0
    # The first column to the west of the box, whichever way round it is counted.
    begin = level.west + (west - level.west) % 360.0
    first_row, last_row = _cells(south, north, level.south, dy)
    first, last = _cells(begin, begin + width, level.west, dx)
    at, have = np.arange(first_row, last_row + 1), _rows(first_row, last_row, rows)
    heights = _columns(level, have, first, last + 1)[np.clip(at, have.start, have.stop - 1) - have.start]
    lacking = (at < 0) & ~_reaches(level, -90.0) | (at >= rows) & ~_reaches(level, 90.0)
    heights[lacking] = np.nan
    longitudes = level.west + dx * np.arange(first, last + 1) + (west - begin)
    return level.south + dy * at, longitudes, heights


def _cells(low: float, high: float, origin: float, step: float) -> tuple[int, int]:
    """First and last cell of an interval and its margin."""
    first, last = math.floor((low - origin) / step), math.ceil((high - origin) / step)
    return first - MARGIN + 1, max(last, first + 1) + MARGIN - 1


def _rows(first: int, last: int, number: int) -> slice:
    """Those of the rows that there are; at least one."""
    begin = min(max(first, 0), number - 1)
    return slice(begin, max(min(last, number - 1), begin) + 1)


def _reaches(level: Level, pole: float) -> np.bool_:
    end = level.south if pole < 0 else level.south + level.step[0] * (level.heights.shape[0] - 1)
    return np.bool_(abs(end - pole) < 2 * level.step[0])


def _columns(level: Level, rows: slice, first: int, end: int) -> NDArray[np.float32]:
    """Columns counted on and on around the Earth, or NaN beside a level that does not go around."""
    number, parts, at = level.heights.shape[1], [], first
    turn = number if level.around else round(360.0 / level.step[1])
    while at < end:
        inside = at % turn
        stop = min(inside + end - at, turn)
        have = level.heights[rows, inside : min(stop, number)] if inside < number else None
        lacking = stop - max(inside, number)
        if have is not None:
            parts.append(have)
        if lacking > 0:
            parts.append(np.full((rows.stop - rows.start, lacking), np.nan, dtype=np.float32))
        at += stop - inside
    return np.concatenate(parts, axis=1)
