"""The slice of the sea beneath a path: where its cells end, where its floor is, its values on other levels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400.0  # s

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Where the values of a section are: levels from the surface down, places along the path."""

    distance: Floats  # (place,), km
    depths: Floats  # (level, place), m, positive down, growing; NaN where a column has no levels
    wet: NDArray[np.bool_]  # (level, place): where there is a value
    told: Floats | None = None  # (place,), m: the model's own sea floor, NaN where it has none

    @property
    def edges(self) -> Floats:
        """Where levels end, shape (level + 1, place), m: half-way between them, the first not above the surface."""
        return edges(np.where(np.isfinite(self.depths), self.depths, 0.0), least=0.0)

    @property
    def dry(self) -> NDArray[np.bool_]:
        """Columns without any value, shape (place,)."""
        dry: NDArray[np.bool_] = np.logical_not(np.any(self.wet, axis=0))
        return dry

    @property
    def lowest(self) -> Floats:
        """The lower end of the lowest value of each column, shape (place,), m; NaN in dry ones."""
        last = self.wet.shape[0] - np.argmax(self.wet[::-1], axis=0)
        found = np.take_along_axis(self.edges, last[np.newaxis], axis=0)[0]
        return np.where(self.dry, np.nan, found)

    @property
    def open(self) -> NDArray[np.bool_]:
        """Columns that have a value at their last level, shape (place,): the floor is somewhere below."""
        filled: NDArray[np.bool_] = self.wet[-1]
        return filled


def edges(centres: Floats, least: float = -np.inf) -> Floats:
    """Where cells end along the first axis: half-way between centres, the outer ones as far out as in.

    Parameters
    ----------
    centres : ndarray, shape (n, ...)
        Growing along the first axis, n > 1.
    least
        No edge is less.

    Returns
    -------
    ndarray, shape (n + 1, ...)
    """
    between = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[:1] - between[:1], 2 * centres[-1:] - between[-1:]
    found: Floats = np.maximum(np.concatenate([first, between, last]), least)
    return found


def corners(level_edges: Floats) -> Floats:
    """Depths of the corners of cells, shape (level + 1, place + 1), from the ends of columns, (level + 1, place)."""
    padded = np.pad(level_edges, ((0, 0), (1, 1)), mode="edge")
    return (padded[:, 1:] + padded[:, :-1]) / 2


def ends(distance: Floats) -> Floats:
    """Where cells along a path end, shape (place + 1,), km: the path's own ends are the outer ones."""
    found = edges(distance)
    found[[0, -1]] = distance[[0, -1]]
    return found


def floor(cut: Slice, relief: Floats | None, land: NDArray[np.bool_]) -> Floats:
    """Find the sea floor.

    The model tells it, or its lowest value does; beneath the last level, and where there are no values, the relief.

    Parameters
    ----------
    cut
        The section.
    relief : ndarray, shape (place,), optional
        Depths of another source, m; negative on land, NaN where it has none.
    land : ndarray of bool, shape (place,)
        Where a place without values is on land, if no relief tells.

    Returns
    -------
    ndarray, shape (place,)
        m; 0 on land, NaN where nothing tells it.
    """
    lowest = cut.lowest
    below = np.full(lowest.shape, np.nan) if relief is None else np.maximum(relief, 0.0)
    unsure = np.where(np.isfinite(below), below, np.where(land, 0.0, np.nan))
    deeper = np.where(below > lowest, below, np.nan)
    found = np.where(cut.dry, unsure, np.where(cut.open, deeper, lowest))
    return found if cut.told is None else np.where(np.isfinite(cut.told), np.maximum(cut.told, 0.0), found)


def coasts(dry: NDArray[np.bool_], on_land: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which places without values are land: between water they are, at an end of the path if a map has land there.

    Shapes (place,).
    """
    found = dry.copy()
    wet = np.flatnonzero(~dry)
    if not wet.size:
        return on_land & dry
    for part in (slice(0, wet[0]), slice(wet[-1] + 1, None)):
        found[part] = on_land[part].any()
    return found


def onto(values: Floats, depths: Floats, wanted: Floats) -> Floats:
    """Interpolate columns linearly to other depths.

    Parameters
    ----------
    values, depths : ndarray, shape (level, place)
        Depths grow (m); NaN where there is no value.
    wanted : ndarray, shape (other, place)
        Depths, m.

    Returns
    -------
    ndarray, shape (other, place)
        NaN above the first and below the last value, and between two levels of which one has none.
    """
    found = np.full(wanted.shape, np.nan)
    for place in range(wanted.shape[1]):
        known = np.isfinite(depths[:, place])
        depth, value, at = depths[known, place], values[known, place], wanted[:, place]
        if not depth.size:
            continue
        above = np.clip(np.searchsorted(depth, at, side="right") - 1, 0, depth.size - 1)
        under = np.minimum(above + 1, depth.size - 1)
        gap = depth[under] - depth[above]
        share = np.where(gap > 0, (at - depth[above]) / np.where(gap > 0, gap, 1.0), 0.0)
        mixed = value[above] + share * (value[under] - value[above])
        exact = np.isclose(at, depth[above], rtol=1e-9, atol=1e-9)
        inside = (at >= depth[0]) & (at <= depth[-1])
        found[:, place] = np.where(exact, value[above], np.where(inside, mixed, np.nan))
    return found


def joint(first: Floats, second: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which steps of two series belong together: by their order if there are as many, else by the time since start.

    Parameters
    ----------
    first, second : ndarray, shape (time,)
        s, growing.

    Returns
    -------
    two arrays of int
        Indices, of one length; fewer than two if the series do not fit.
    """
    if first.size == second.size:
        every = np.arange(first.size)
        return every, every
    one, other = first - first[0], second - second[0]
    near = np.abs(one[:, np.newaxis] - other).argmin(axis=1)
    spacing = min((float(np.diff(each).min()) for each in (one, other) if each.size > 1), default=0.0)
    fits = np.abs(one - other[near]) <= spacing / 4
    return np.flatnonzero(fits), near[fits]


def instant_ends(seconds: Floats) -> Floats:
    """Where steps of time end, shape (time + 1,), s: half-way between them; a lone one has a day."""
    if seconds.size == 1:
        return np.array([seconds[0] - DAY / 2, seconds[0] + DAY / 2])
    return edges(seconds)
