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
from numba import njit
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
    ways = np.empty((own.size, 4, 2))
    _measure_offsets(points, own, beside, east, north, ways)
    return Neighbourhood(own=own, beside=beside, ways=ways, compass=(east, north), latitude=latitude[own])


def gradient(values: Floats, near: Neighbourhood) -> tuple[Floats, Floats]:
    """Return the change of values, (..., around), to the east and to the north, per m: (..., cell) each.

    NaN over land, and where there is no wet neighbour along the row or the column.
    """
    layers = np.ascontiguousarray(values.reshape(-1, values.shape[-1]))
    out = np.empty((2, layers.shape[0], near.own.size))
    _gradient(layers, near.own, near.beside, near.ways, out)
    east, north = out.reshape(2, *values.shape[:-1], near.own.size)
    return east, north


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


@njit(nogil=True, cache=True, error_model="numpy")
def _measure_offsets(points, own, beside, east, north, ways):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Ways to neighbours along great circles, m; NaN for those that are none."""
    for cell in range(own.size):
        centre = points[own[cell]]
        for side in range(4):
            ways[cell, side] = np.nan
            if beside[cell, side] >= 0:
                neighbour = points[beside[cell, side]]
                eastward = neighbour[0] * east[cell, 0] + neighbour[1] * east[cell, 1] + neighbour[2] * east[cell, 2]
                northward = (
                    neighbour[0] * north[cell, 0] + neighbour[1] * north[cell, 1] + neighbour[2] * north[cell, 2]
                )
                along = neighbour[0] * centre[0] + neighbour[1] * centre[1] + neighbour[2] * centre[2]
                sine = np.hypot(eastward, northward)
                if sine > 0:
                    stretch = METRES * np.arctan2(sine, along) / sine
                    ways[cell, side, 0], ways[cell, side, 1] = stretch * eastward, stretch * northward
        for after, before in ((0, 1), (2, 3)):
            _cut(ways[cell, after], ways[cell, before])


@njit(nogil=True, cache=True)
def _cut(after, before):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Forget a neighbour across a cut in the file, and one that lies on the same side as the opposite one."""
    forth, back = np.hypot(after[0], after[1]), np.hypot(before[0], before[1])
    same = after[0] * before[0] + after[1] * before[1] > 0
    if forth > JUMP * back or (same and forth >= back):
        after[:] = np.nan
    elif back > JUMP * forth or same:
        before[:] = np.nan


@njit(nogil=True, cache=True, error_model="numpy")
def _along(values, here, after, before, way_after, way_before, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Change along one direction of the grid, and the way over which it changes: into out (3,)."""
    ahead = values[after] - here if after >= 0 and not np.isnan(way_after[0]) else np.nan
    behind = here - values[before] if before >= 0 and not np.isnan(way_before[0]) else np.nan
    if np.isnan(ahead) and np.isnan(behind):
        out[:] = np.nan
    elif np.isnan(behind):
        out[0], out[1], out[2] = ahead, way_after[0], way_after[1]
    elif np.isnan(ahead):
        out[0], out[1], out[2] = behind, -way_before[0], -way_before[1]
    else:
        forth = np.hypot(way_after[0], way_after[1])
        back = np.hypot(way_before[0], way_before[1])
        share, inverse = back / forth, forth / back
        out[0] = ahead * share + behind * inverse
        out[1] = way_after[0] * share - way_before[0] * inverse
        out[2] = way_after[1] * share - way_before[1] * inverse


@njit(nogil=True, cache=True, error_model="numpy")
def _gradient(layers, own, beside, ways, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    row, column = np.empty(3), np.empty(3)
    for layer in range(layers.shape[0]):
        values = layers[layer]
        for cell in range(own.size):
            centre = values[own[cell]]
            _along(values, centre, beside[cell, 0], beside[cell, 1], ways[cell, 0], ways[cell, 1], row)
            _along(values, centre, beside[cell, 2], beside[cell, 3], ways[cell, 2], ways[cell, 3], column)
            area = row[1] * column[2] - row[2] * column[1]
            out[0, layer, cell] = (row[0] * column[2] - row[2] * column[0]) / area
            out[1, layer, cell] = (row[1] * column[0] - row[0] * column[1]) / area
