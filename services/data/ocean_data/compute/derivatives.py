"""Horizontal derivatives on any grid of rows and columns, towards true east and north.

A cell and its neighbours lie on the sphere; from the cell, each neighbour is a way to the east and one to the north.
What a value changes along the rows and along the columns is then two equations for its gradient, however the grid is
turned, stretched or sheared. Both neighbours of a direction are taken where both are wet, by the formula that is exact
for parabolas; at a coast or rim the one that is there. Vectors are differentiated as vectors in space: around the pole
and beyond a fold the same current has other components, but it is the same current.
"""

from dataclasses import dataclass

import gsw
import numpy as np
from numpy.typing import NDArray

from ocean_core.geometry import EARTH_RADIUS, Floats, east_and_north, unit_vectors

METRES = 1000.0 * EARTH_RADIUS
JUMP = 3.0  # times: a neighbour this much farther than the opposite one is across a cut in the file
EQUATOR = 1.0  # degrees: nearer to it, nothing is geostrophic


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """The cells whose derivatives are wanted, and the cells beside them, all of these (around,)."""

    own: NDArray[np.int64]  # (cell,): the cells, among all
    beside: NDArray[np.int64]  # (cell, 4): the next and the previous along the row, then along the column; -1: none
    ways: Floats  # (cell, 4, 2): m to the east and to the north, to each of these; NaN where it is no true neighbour
    compass: tuple[Floats, Floats]  # (cell, 3): unit vectors in space to the east and north
    latitude: Floats  # (cell,): degrees


def neighbourhood(
    own: NDArray[np.int64], beside: NDArray[np.int64], latitude: Floats, longitude: Floats
) -> Neighbourhood:
    """Measure the ways from cells to those beside them: latitudes and longitudes of all, (around,), degrees."""
    points = unit_vectors(latitude, longitude)
    east, north = east_and_north(latitude[own], longitude[own])
    centre, ways = points[own], np.empty((own.size, 4, 2))
    for side, cells in enumerate(beside.T):  # along great circles
        eastward, northward, along = ((points[cells] * axis).sum(axis=1) for axis in (east, north, centre))
        sine = np.hypot(eastward, northward)
        with np.errstate(invalid="ignore", divide="ignore"):
            stretch = np.where((cells >= 0) & (sine > 0), METRES * np.arctan2(sine, along) / sine, np.nan)
        ways[:, side] = np.stack([stretch * eastward, stretch * northward], axis=-1)
    after, before = ways[:, ::2], ways[:, 1::2]
    forth, back = np.hypot(after[..., 0], after[..., 1]), np.hypot(before[..., 0], before[..., 1])
    # Across a cut in the file there is no neighbour, nor on the same side as the opposite one.
    same = (after * before).sum(axis=-1) > 0
    no_after = (forth > JUMP * back) | (same & (forth >= back))
    no_before = ~no_after & ((back > JUMP * forth) | same)
    after[no_after], before[no_before] = np.nan, np.nan
    return Neighbourhood(own=own, beside=beside, ways=ways, compass=(east, north), latitude=latitude[own])


def gradient(values: Floats, near: Neighbourhood) -> tuple[Floats, Floats]:
    """Return the change of values, (..., around), to the east and to the north, per m: (..., cell) each.

    NaN over land, and where there is no wet neighbour along the row or the column.
    """
    (row, row_east, row_north), (column, column_east, column_north) = (_change(values, near, side) for side in (0, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        area = row_east * column_north - row_north * column_east
        return (row * column_north - row_north * column) / area, (row_east * column - row * column_east) / area


def _change(values: Floats, near: Neighbourhood, side: int) -> tuple[Floats, Floats, Floats]:
    """Change of values along one direction of the grid, and the way to the east and to the north over which it is."""
    here, after, before = (values[..., cells] for cells in (near.own, *near.beside[:, side : side + 2].T))
    way_after, way_before = near.ways[:, side].T, near.ways[:, side + 1].T
    ahead = np.where(np.isnan(way_after[0]), np.nan, after - here)
    behind = np.where(np.isnan(way_before[0]), np.nan, here - before)
    has_ahead, has_behind = np.isfinite(ahead), np.isfinite(behind)
    ratio = np.hypot(*way_before) / np.hypot(*way_after)
    share = np.where(has_ahead & has_behind, ratio, has_ahead)
    inverse = np.where(has_ahead & has_behind, 1 / ratio, has_behind)
    change, east, north = (
        np.nan_to_num(forwards) * share + np.nan_to_num(backwards) * inverse
        for forwards, backwards in ((ahead, behind), *zip(way_after, -way_before, strict=True))
    )
    return np.where(has_ahead | has_behind, change, np.nan), east, north


def divergence(vector: Floats, near: Neighbourhood) -> Floats:
    """Horizontal divergence of vectors in space, per m: (..., cell) of (3, ..., around)."""
    (x, y), (east, north) = gradient(vector, near), near.compass
    divergence_: Floats = np.einsum("i...c,ci->...c", x, east) + np.einsum("i...c,ci->...c", y, north)
    return divergence_


def vorticity(vector: Floats, near: Neighbourhood) -> Floats:
    """Vertical component of the curl of vectors in space, per m: (..., cell) of (3, ..., around)."""
    (x, y), (east, north) = gradient(vector, near), near.compass
    curl: Floats = np.einsum("i...c,ci->...c", x, north) - np.einsum("i...c,ci->...c", y, east)
    return curl


def geostrophic(height: Floats, near: Neighbourhood) -> tuple[Floats, Floats]:
    """Return the eastward and northward velocity (m/s) that balance the slope of the sea surface: (..., cell).

    ``height``: (..., around), m. NaN within a degree of the equator.
    """
    slope_east, slope_north = gradient(height, near)
    coriolis = np.where(np.abs(near.latitude) < EQUATOR, np.nan, gsw.f(near.latitude))
    ratio = gsw.grav(near.latitude, 0.0) / coriolis
    return -ratio * slope_north, ratio * slope_east
