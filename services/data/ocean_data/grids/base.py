"""The Grid protocol: everything that the rest of the service may ask a grid, whatever its kind.

A cell is named by its flat index, ``y * nx + x``; -1 is no cell. A mesh is one row. Cells without a place on the Earth
(absent coordinates, and the zeros that models write for land blocks which they leave out) are *unusable*: that is
decided once, when a grid is made, and their centres are NaN.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_core.errors import NotSupported
from ocean_core.geometry import Floats, east_and_north
from ocean_core.time import DateScale, format_times
from ocean_core.vectors import TRUE_AXIS, Axis
from ocean_data.compute.region import Region
from ocean_data.grids.means import LatticeMeans
from ocean_data.grids.neighbours import Search, Weights

Cells = NDArray[np.int32]
Positions = NDArray[np.intp]
Outlines = tuple[Floats, Floats]
"""Latitudes and longitudes, degrees, (..., corner) each, around the cell; NaN for a cell without corners."""

CELLS_AT_ONCE = 1_000_000  # whose centres are compared with a region together


@dataclass(frozen=True, kw_only=True)
class Coordinates:
    """The coordinate variables of a grid: float64, NaN where a file has none."""

    latitude: Floats | None = None  # degrees north: (y,), (y, x) or (node,)
    longitude: Floats | None = None  # degrees east: (x,), (y, x) or (node,)
    y_axis: Floats | None = None  # m, or degrees for a rotated pole
    x_axis: Floats | None = None
    corners: Cells | None = None  # the nodes of each face, from 0: (face, most corners); -1 where one is missing
    face_latitude: Floats | None = None  # degrees: (face,)
    face_longitude: Floats | None = None


class Run(NamedTuple):
    """Rows or columns of a window that lie together in the file."""

    file: slice
    window: slice
    picked: Positions  # of `file`


@dataclass(frozen=True, kw_only=True)
class Window:
    """Cells at the crossings of some rows and columns of a grid, in the order of the answer."""

    rows: Positions  # (y,): of the file
    columns: Positions  # (x,)
    width: int  # columns of the grid
    inside: NDArray[np.bool_] | None = None  # (y, x): which cells are meant; None: all

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows.size, self.columns.size

    @cached_property
    def cells(self) -> Cells:
        """Flat indices, (y, x)."""
        return (self.rows[:, np.newaxis] * self.width + self.columns).astype(np.int32)

    @property
    def count(self) -> int:
        """Number of cells that are meant."""
        return int(self.rows.size * self.columns.size if self.inside is None else self.inside.sum())

    def part(self, rows: slice) -> "Window":
        """Return some of the rows."""
        return replace(self, rows=self.rows[rows], inside=None if self.inside is None else self.inside[rows])

    def thinned(self, stride: int) -> "Window":
        """Return every ``stride``-th row and column."""
        inside = None if self.inside is None else self.inside[::stride, ::stride]
        return replace(self, rows=self.rows[::stride], columns=self.columns[::stride], inside=inside)

    def within(self, region: Region, grid: "Grid") -> "Window":
        """Return the window without the outer rows and columns in which no cell has its centre in a region."""
        inside = cells_in_region(grid, self, region)
        rows, columns = (first_to_last(np.asarray(inside.any(axis=axis))) for axis in (1, 0))
        return replace(self, rows=self.rows[rows], columns=self.columns[columns], inside=inside[np.ix_(rows, columns)])


def without_time(values: Floats, dimensions: int) -> Floats:
    """Return coordinates without a time dimension: grids do not move. ValueError if they have other dimensions."""
    while values.ndim > dimensions:
        values = values[0]
    if values.ndim != dimensions:
        raise ValueError
    return values


def first_to_last(used: NDArray[np.bool_]) -> Positions:
    """Return all positions from the first that is used to the last."""
    positions = np.flatnonzero(used)
    return np.arange(positions[0], positions[-1] + 1) if positions.size else positions


def split_runs(positions: Positions, most: int | None = None) -> list[Run]:
    """Split positions into what is read at once: neighbours in the file, up or down, with or without a stride.

    ``most``: rows or columns of the file; runs are cut at its multiples.
    """
    if positions.size == 0:
        return []
    steps = np.diff(positions)
    usual = float(np.median(steps)) if steps.size else 1.0
    # A break is where the direction changes, or more is left out than a stride leaves out.
    breaks = (np.abs(steps) > max(abs(usual), 1)) | (np.sign(steps) != np.sign(usual))
    if most is not None:
        breaks |= np.diff(positions // most) != 0
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), positions.size]
    runs = []
    for first, last in pairwise(edges):
        part = positions[first:last]
        low, high = int(part.min()), int(part.max())
        runs.append(Run(slice(low, high + 1), slice(first, last), part - low))
    return runs


@dataclass(frozen=True, kw_only=True)
class Coordinate:
    """A coordinate, known before anything is read.

    ``values``: float64, int64 (times: seconds since 1970-01-01 UTC) or texts, of the shape of ``dims``; a coordinate
    without dims is one for all.
    """

    name: str
    dims: tuple[str, ...]
    values: Floats | NDArray[np.int64] | list[str]
    units: str | None = None
    standard_name: str | None = None
    long_name: str | None = None
    dates: DateScale | None = None  # of times; None: those of the Gregorian calendar

    @property
    def is_time(self) -> bool:
        """True if the values are seconds since 1970-01-01 UTC."""
        return self.standard_name == "time"

    def format_times(self, zone: str = "+00:00") -> list[str]:
        """Write times in ISO 8601."""
        if self.dates is not None:
            return self.dates.format(zone=zone)
        return format_times(np.asarray(self.values), zone=zone)

    @property
    def own_dates(self) -> list[str]:
        """Dates of times in a calendar that has days which the Gregorian lacks, ISO 8601; else none."""
        is_gregorian = self.dates is None or self.dates.calendar == "proleptic_gregorian"
        return [] if is_gregorian else self.format_times()


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Dimensions and coordinates of the cells of a window, as an answer has them."""

    dims: dict[str, int]
    coordinates: list[Coordinate]
    extra_dims: Mapping[str, int] = field(default_factory=dict)  # of coordinates alone: of triangles


def horizontal(latitude: Floats, longitude: Floats, dims: tuple[str, ...] | None = None) -> list[Coordinate]:
    """Return the coordinates of points of these dimensions; of parallels and meridians, if there are none."""
    return [
        Coordinate(
            name=name, dims=(name,) if dims is None else dims, values=values, units=f"degrees_{way}", standard_name=name
        )
        for name, values, way in (("latitude", latitude, "north"), ("longitude", longitude, "east"))
    ]


def frame_of_axes(latitude: Floats, longitude: Floats) -> Frame:
    """Return the frame of a grid of parallels and meridians."""
    dims = {"latitude": latitude.size, "longitude": longitude.size}
    return Frame(dims=dims, coordinates=horizontal(latitude, longitude))


def frame_of_cells(latitude: Floats, longitude: Floats, plane: Sequence[Coordinate] = ()) -> Frame:
    """Return the frame of cells with their own latitudes and longitudes, (y, x); ``plane``: their straight axes."""
    rows, columns = latitude.shape
    return Frame(dims={"y": rows, "x": columns}, coordinates=[*plane, *horizontal(latitude, longitude, ("y", "x"))])


def plane_coordinates(y: Floats, x: Floats, *, of_moved_pole: bool = False) -> list[Coordinate]:
    """Return the coordinates of straight rows and columns of a plane, or of a sphere whose pole was moved."""
    units, standard_name = ("degrees", "grid_{}") if of_moved_pole else ("m", "projection_{}_coordinate")
    names = ("latitude", "longitude") if of_moved_pole else ("y", "x")
    return [
        Coordinate(name=name, dims=(name,), values=values, units=units, standard_name=standard_name.format(word))
        for name, values, word in (("y", y, names[0]), ("x", x, names[1]))
    ]


@runtime_checkable
class Grid(Protocol):
    """The cells of a field on the Earth. Kinds inherit what has a body here, and replace what they do better."""

    shape: tuple[int, int]
    nbytes: int
    is_lattice: bool = False  # rows and columns are parallels and meridians
    has_rows: bool = True  # rows and columns mean neighbours: not on a mesh
    rotated: bool = False  # rows and columns go their own way, not along parallels and meridians
    fills_bounds: bool = False  # the cells fill the box of latitudes and longitudes around them
    crs_wkt: str | None = None  # of the map projection in which rows and columns are straight

    # Cells of points, whose latitudes and longitudes are degrees: (point,). Longitudes may be in any convention.

    def nearest(self, latitude: Floats, longitude: Floats) -> Cells:
        """Return the cell whose centre is the nearest by great circle: (point,); -1 for a point outside the grid."""

    def neighbours(self, latitude: Floats, longitude: Floats, home: Cells, search: Search) -> tuple[Cells, Weights]:
        """Return the nearest cells of each point in any order, and their weights.

        Parameters
        ----------
        latitude, longitude : ndarray of float
            Degrees: (point,), or (row, 1) and (1, column) of points on a lattice.
        home : ndarray of int32, shape (point,)
            The nearest cell; -1 for a point that needs none.
        search : Search
            Cells farther than its ``within`` are left out; `Search.gaussian` has the formulas of the weights.

        Returns
        -------
        cells, weights : ndarray of int32 and of float32, shape (point, search.most)
            -1 and 0 where there are fewer.
        """

    def corners(self, latitude: Floats, longitude: Floats, home: Cells) -> tuple[Cells, Floats]:
        """Return the cells around each point, with their weights: four, or the corners of a triangle.

        ``home``: the nearest cell of each point. Both are (point, k): cells are -1 where there are none, weights add
        up to one.
        """

    # Faster ways for a lattice: points where parallels, (row,), and meridians, (column,), cross

    def nearest_on_lattice(self, latitude: Floats, longitude: Floats) -> Cells | None:  # noqa: ARG002
        """Return `nearest` of all crossings, (row * column,); None if that is no faster than point by point."""
        return None

    def nearest_lines(self, latitude: Floats, longitude: Floats) -> tuple[Cells, Cells] | None:  # noqa: ARG002
        """Return what each parallel and each meridian adds to the flat index of the cells nearest to their crossings.

        (row,) and (column,): -1 outside the grid. None if the row of cells is not the same all along a parallel.
        """
        return None

    def corner_means_on_lattice(
        self,
        latitude: Floats,  # noqa: ARG002
        longitude: Floats,  # noqa: ARG002
        home: Cells,  # noqa: ARG002
    ) -> LatticeMeans | None:
        """Return the means of `corners` at all crossings; None if listing the cells is no slower.

        ``home``: the nearest cells, (row * column,).
        """
        return None

    def means_on_lattice(
        self,
        latitude: Floats,  # noqa: ARG002
        longitude: Floats,  # noqa: ARG002
        home: Cells,  # noqa: ARG002
        search: Search,  # noqa: ARG002
    ) -> LatticeMeans | None:
        """Return the means of `neighbours` at all crossings; None if listing the cells is no slower.

        ``home``: the nearest cells, (row * column,).
        """
        return None

    # Cells themselves

    def centres(self, cells: Cells) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes of the centres of ``cells``, degrees, of their shape; NaN if unusable."""

    def sizes(self, cells: Cells) -> Floats:
        """Return the longer side of each cell, km; of the shape of ``cells``."""

    @property
    def all_cells(self) -> Cells:
        """All flat indices: (cell,)."""
        return np.arange(self.shape[0] * self.shape[1], dtype=np.int32)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Mask of the cells that have a place on the Earth: (cell,)."""
        latitude, longitude = self.centres(self.all_cells)
        return np.isfinite(latitude) & np.isfinite(longitude)

    @property
    def resolution(self) -> float:
        """Usual size of the cells: the median of the longer sides of the usable ones, km."""
        return float(np.median(self.sizes(np.flatnonzero(self.usable).astype(np.int32))))

    def directions(self, cells: Cells, axis: Axis) -> Floats:
        """Return unit vectors in space that point along an axis at cells: with these there is no pole or date line.

        Parameters
        ----------
        cells : ndarray of int32, shape (cell,)
            Flat indices.
        axis : {"east", "north", "x", "y"}
            True east or north; or the way in which components along the grid's own rows and columns count.

        Returns
        -------
        ndarray of float, shape (cell, 3)
            NaN where no neighbour tells where the axis goes.
        """
        return east_and_north(*self.centres(cells))[0 if TRUE_AXIS[axis] == "east" else 1]

    # Windows

    def window(self, region: Region) -> Window:
        """Return the cells whose centres lie in a region.

        Rows are as in the file; columns go towards the east, over the date line and the seam of the file, where the
        grid has parallels and meridians or goes around the Earth. Without cells if none lies in the region.
        """

    def frame(self, window: Window, region: Region) -> Frame:
        """Return the dimensions and coordinates of a window; longitudes as nearly as possible as those of a region."""

    def areas(self, window: Window) -> Floats:
        """Return the areas of the cells of a window, (y, x): km2; NaN for unusable cells."""

    def outlines(self, window: Window, stride: int = 1) -> Outlines | None:
        """Return the corners of the cells of a window without gaps, half-way to their neighbours.

        Of every ``stride``-th row and column: the cells stay as large as they are. (y, x, 4), or (face, most corners)
        with the first again where a face has fewer; None if values are of points.
        """


def require_grid(described: assets.Grid) -> None:
    """Refuse what the catalogue knows to be on no grid."""
    if described.kind == "none":
        raise NotSupported("this variable has no latitude and longitude: it is listed, but it is not on a map")


def cells_in_region(grid: Grid, window: Window, region: Region) -> NDArray[np.bool_]:
    """Return which cells of a window have their centres in a region: (y, x). Looked at in blocks of rows."""
    inside = np.zeros(window.shape, np.bool_)
    block = max(1, CELLS_AT_ONCE // max(1, window.columns.size))
    for first in range(0, window.rows.size, block):
        rows = slice(first, first + block)
        inside[rows] = region.holds(*grid.centres(window.part(rows).cells))
    return inside


def boxes(south: Floats, north: Floats, west: Floats, east: Floats) -> Outlines:
    """Return the corners of all crossings of bands of latitude, (y,), and of longitude, (x,): (y, x, 4) each."""
    shape = (south.size, west.size, 4)
    latitude = np.stack([south, south, north, north], axis=-1)[:, np.newaxis]
    longitude = np.stack([west, east, east, west], axis=-1)
    return np.broadcast_to(latitude, shape).copy(), np.broadcast_to(longitude, shape).copy()


def around_cells(crossings: Floats) -> Floats:
    """Return what is known where lines cross, (y + 1, x + 1), of the corners of each cell: (y, x, 4)."""
    return np.stack([crossings[:-1, :-1], crossings[:-1, 1:], crossings[1:, 1:], crossings[1:, :-1]], axis=-1)


def outlines_of_plane(y: Floats, x: Floats, to_earth: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Outlines:
    """Return the corners of the cells between straight lines of a plane, (y + 1,) and (x + 1,): (y, x, 4) each.

    ``to_earth``: longitudes and latitudes of places ``x, y``; not finite where there are none.
    """
    longitude, latitude = to_earth(*np.meshgrid(x, y))
    nowhere = ~(np.isfinite(latitude) & np.isfinite(longitude))
    return around_cells(np.where(nowhere, np.nan, latitude)), around_cells(np.where(nowhere, np.nan, longitude))


def triangle_areas(a: Floats, b: Floats, c: Floats) -> Floats:
    """Return the areas of spherical triangles between unit vectors, (..., 3), in squares of the radius: (...)."""
    volume = np.abs(np.einsum("...i,...i->...", a, np.cross(b, c)))
    sides = 1 + sum(np.einsum("...i,...i->...", p, q) for p, q in ((a, b), (b, c), (c, a)))
    areas: Floats = 2 * np.arctan2(volume, sides)
    return areas


Bracket = tuple[Positions, Positions, Floats]
"""Positions of the points before and after values on an axis, and how far these are between them, from 0 to 1."""


@dataclass(frozen=True)
class SortedAxis:
    """The points of a coordinate axis in ascending order, and where each is in the file."""

    values: Floats  # (n,), ascending
    order: Cells  # (n,): index in the file
    position: Positions  # of what is in the file: index here; -1 for what is not a number

    @classmethod
    def of(cls, values: Floats) -> "SortedAxis":
        """Sort an axis of any order; what is not a number is left out, and a value said twice is kept once."""
        finite = np.flatnonzero(np.isfinite(values))
        _, first, inverse = np.unique(np.round(values[finite], 7), return_index=True, return_inverse=True)
        order, position = finite[first], np.full(values.size, -1)
        position[finite] = inverse
        return cls(values[order], order.astype(np.int32), position)

    def bracket(self, values: Floats) -> Bracket:
        """Return the points before and after each value; the end point twice for what lies beyond it."""
        after = np.clip(np.searchsorted(self.values, values, side="right"), 1, max(self.values.size - 1, 1))
        before = after - 1
        after = np.minimum(after, self.values.size - 1)
        gap = self.values[after] - self.values[before]
        with np.errstate(invalid="ignore", divide="ignore"):
            fraction = np.where(gap > 0, (values - self.values[before]) / gap, 0.0)
        return before, after, np.clip(fraction, 0.0, 1.0)

    def spacing(self, lone: float) -> Floats:
        """Return the size of the cell of each point: (n,); ``lone`` where there is one point only."""
        if self.values.size == 1:
            return np.array([lone])
        steps = np.diff(self.values)
        return np.concatenate([steps[:1], (steps[:-1] + steps[1:]) / 2, steps[-1:]])

    def covers(self, values: Floats, lone: float) -> NDArray[np.bool_]:
        """Return which values are within half a cell of the axis."""
        size = self.spacing(lone)
        slack = 1e-9 * (1 + np.abs(self.values[-1] - self.values[0]))
        low, high = self.values[0] - size[0] / 2 - slack, self.values[-1] + size[-1] / 2 + slack
        within: NDArray[np.bool_] = (values >= low) & (values <= high)
        return within


def bilinear_corners(rows: Bracket, columns: Bracket, order: tuple[Cells, Cells]) -> tuple[Cells, Floats]:
    """Return the cells at four crossings of rows and columns, and their bilinear weights: (..., 4) each.

    ``order``: what each row and each column adds to the flat index.
    """
    (lower, upper, v), (left, right, u) = rows, columns
    cells = np.stack([order[0][a] + order[1][b] for a in (lower, upper) for b in (left, right)], axis=-1)
    return cells, np.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], axis=-1)
