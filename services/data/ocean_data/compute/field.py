"""Horizontal fields of maps: behind tiles, and the range of what is in view."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from ocean_common.contracts.assets import Array, Assets, VariableInfo
from ocean_common.contracts.data import (
    MAX_MAP_PIXELS,
    MAX_SMOOTH_PIXELS,
    Interpolation,
    MapRequest,
    TileField,
    TileRequest,
    ValueRange,
)
from ocean_core.colour import data_limits
from ocean_core.errors import InvalidRequest, Message, NothingInView, NotSupported, RequestTooLarge
from ocean_core.geometry import Floats
from ocean_core.projections import LARGEST_COORDINATE, MAP_PROJECTIONS
from ocean_core.tiles import MAJOR, SIZE, Projection, Tile
from ocean_data.compute import depth
from ocean_data.compute.interpolation import check_search, choose_interpolation, gather, stencil
from ocean_data.compute.tiles import Fold, MapPart, Pixels, Sampling, TileMap, TileStencil, rows_on_earth, tile_map
from ocean_data.plan.times import Axis, check_time, find_step
from ocean_data.reading.base import Depth, Reading, Source

STRIP = 2**19  # pixels of a map between whose cells is interpolated at once
SAMPLES = 50  # along each side of the view
HALF_WORLD = np.pi * MAJOR  # m: half a side of the square of EPSG:3857
FARTHEST = 40_000_000.0  # m: polar views reach past the equator with this

Extent = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Level:
    """One horizontal field of a variable."""

    assets: Assets
    step: int | None  # None: the variable has no time
    depth: Depth

    @classmethod
    def of(cls, assets: Assets, when: str, deep: str) -> "Level":
        """Find what is written in an address, or TimeNotFound or DepthNotFound."""
        if assets.steps is None:
            check_time(assets, when, "time")
        step = find_step(Axis.of(assets.steps, assets.variable.quantum), when) if assets.steps else None
        level = depth.parse(deep, ("bottom",))
        depth.check(assets, level)
        return cls(assets=assets, step=step, depth=level if isinstance(level, int) else "bottom")

    def next_time(self, when: str) -> str:
        """Write the step after that of a time as this was written: as the raw number or the full date, else empty."""
        if self.step is None or not self.assets.steps:
            return ""
        axis, after = Axis.of(self.assets.steps, self.assets.variable.quantum), self.step + 1
        if after >= axis.raw.size:
            return ""
        if when == str(axis.raw[self.step]):
            return str(axis.raw[after])
        return axis.label(after) if when == axis.label(self.step) else ""

    def read(self, source: Source) -> NDArray[np.float32]:
        """Read the field, shape (1, cell): NaN over land."""
        field = source.level(self.assets, self.step, self.depth if self.assets.depth else None)
        return field.reshape(1, -1)


def revision(source: Source, levels: Sequence[Level]) -> str:
    """Return the revision of the dataset that levels are of; empty if a file has changed since it was indexed."""
    unchanged = all(source.as_indexed(level.assets, None if level.step is None else [level.step]) for level in levels)
    return levels[0].assets.revision if unchanged else ""


def tile_field(reading: Reading, variables: Sequence[Assets], query: TileRequest) -> TileField:
    """Return values at the centres of a tile's pixels: of one variable, or the magnitude of two."""
    check_search(query.radius, query.neighbours)
    levels = [Level.of(variable, query.time, query.depth) for variable in variables]
    block, maps = _find_maps(reading, levels, query)
    # Two components are folded alike where they are on the same grid.
    fold = maps[0].fold if query.folded and maps[0] is maps[-1] else None
    parts: list[Pixels | None] = []
    for level, cells in zip(levels, maps, strict=True):
        values = None if cells.outside else cells.values(level.read(reading.source))
        parts.append(cells.fold.expand(values) if values is not None and cells.fold and fold is None else values)
    info, values = variables[0].variable, parts[0]
    if len(parts) == 2:
        info = info.magnitude_with(variables[1].variable)
        values = None if values is None or parts[1] is None else np.hypot(values, parts[1])
    answer = _make_field(info, values, fold, revision(reading.source, levels))
    return msgspec.structs.replace(answer, block=block, next_time=levels[0].next_time(query.time))


def _make_field(info: VariableInfo, values: Pixels | None, fold: Fold | None, revision: str) -> TileField:
    """Return values, and which rows and columns of them the pixels have, as a neighbour gets them."""
    rows, columns = fold if fold is not None and values is not None else (None, None)
    return TileField(
        variable=info,
        values=_array(values, "<f4"),
        revision=revision,
        rows=_array(rows, "<u2"),
        columns=_array(columns, "<u2"),
    )


def map_field(reading: Reading, variables: Sequence[Assets], query: MapRequest) -> TileField:
    """Return values at the centres of a map's pixels: of one variable, or the magnitude of two."""
    check_search(query.radius, query.neighbours)
    check_map(query)
    levels = [Level.of(variable, query.time, query.depth) for variable in variables]
    parts = [_read_map(reading, level, query, fold=len(levels) == 1) for level in levels]
    (values, fold), info = parts[0], variables[0].variable
    if len(parts) == 2:
        info, second = info.magnitude_with(variables[1].variable), parts[1][0]
        values = None if values is None or second is None else np.hypot(values, second)
    return _make_field(info, values, fold, revision(reading.source, levels))


def check_map(query: MapRequest) -> None:
    """Refuse a map without an area, in a projection that there is not, or of too many pixels."""
    if query.crs not in MAP_PROJECTIONS:
        raise NotSupported(
            "there are no maps in {projection}", projection=query.crs[:40], field="crs", allowed=MAP_PROJECTIONS
        )
    left, bottom, right, top = query.box
    if not (left < right and bottom < top and max(map(abs, query.box)) <= LARGEST_COORDINATE):
        raise InvalidRequest("the box has no area: it is left, bottom, right, top", field="box")
    limit = MAX_MAP_PIXELS if query.interpolation == "nearest" else MAX_SMOOTH_PIXELS
    if query.width * query.height > limit:
        side = math.isqrt(limit)
        raise RequestTooLarge(
            "a map of this interpolation has at most {limit} pixels, as {side} × {side}: ask for fewer",
            limit=limit,
            side=side,
            field="width",
        )


def _read_map(reading: Reading, level: Level, query: MapRequest, *, fold: bool) -> tuple[Pixels | None, Fold | None]:
    """Read the values of a map, (height, width), or folded if it may be; rows are made block by block."""
    sampling, grid = Sampling.of(query, level.assets.variable), level.assets.grid
    rows = rows_on_earth(query)
    # A tile of another server's grid is the same tile, with the same index map.
    tile = Tile.of_box(query.crs, query.box) if query.width == query.height == SIZE else None
    count = rows.stop - rows.start if sampling.interpolation == "nearest" else max(1, STRIP // query.width)
    field, values = None, np.full((query.height, query.width), np.nan, np.float32)
    for first in range(rows.start, rows.stop, max(1, count)):
        last = min(first + count, rows.stop)
        if tile is not None:
            cells = reading.grids.tile(grid, TileMap(tile.projection, tile.zoom, tile.x, tile.y, *sampling))
        else:
            part = MapPart(query.crs, query.box, query.width, query.height, first, last, sampling)
            cells = reading.grids.map_part(grid, part)
        if cells.outside:
            continue
        field = level.read(reading.source) if field is None else field
        pixels = cells.values(field)
        if pixels is None:
            continue
        if cells.fold is not None and fold and last - first == query.height:
            return pixels, cells.fold
        values[first:last] = cells.fold.expand(pixels) if cells.fold is not None else pixels
    return (None if field is None or np.isnan(values).all() else values), None


def _find_maps(reading: Reading, levels: Sequence[Level], query: TileRequest) -> tuple[int, list[TileStencil]]:
    """Find the index maps of levels: of the block of a tile, if all are on one grid that has it, or of the tile."""
    grids = reading.grids
    block = min(query.block, 1 << query.zoom) if query.folded else 1
    if block > 1 and all(level.assets.grid.id == levels[0].assets.grid.id for level in levels):
        blocks = [grids.block(level.assets.grid, tile_map(query, level.assets.variable, block)) for level in levels]
        if blocks[0] is not None and all(found is blocks[0] for found in blocks):
            return block, [blocks[0]] * len(levels)
    return 1, [grids.tile(level.assets.grid, tile_map(query, level.assets.variable)) for level in levels]


def _array(values: Pixels | NDArray[np.uint16] | None, dtype: str) -> Array | None:
    if values is None:
        return None
    stored = values.astype(dtype, copy=False).data.cast("B")
    return Array(dtype=dtype, shape=values.shape, data=stored)  # type: ignore[arg-type]  # bytes that are not copied


@dataclass(frozen=True, kw_only=True)
class View:
    """View of a variable on a map."""

    projection: Projection
    extent: str  # x0,y0,x1,y1: m
    depth: str
    time: str
    interpolation: Interpolation
    radius: float  # km
    neighbours: int


def range_in_view(reading: Reading, variables: Sequence[Assets], view: View) -> tuple[ValueRange, str]:
    """Return the limits of a sample of one variable, or of the magnitude of two, for its colours; and the revision."""
    check_search(view.radius, view.neighbours)
    where = sample_view(view.projection, read_extent(view.extent, view.projection))
    levels = [Level.of(variable, view.time, view.depth) for variable in variables]
    parts = []
    for level in levels:
        grid = reading.grids.grid(level.assets.grid)
        kind = choose_interpolation(level.assets.variable, view.interpolation)
        cells = stencil(grid, *where, kind, radius=view.radius, neighbours=view.neighbours)
        parts.append(gather(level.read(reading.source), cells)[0])
    info, values = variables[0].variable, parts[0]
    if len(parts) == 2:
        info, values = info.magnitude_with(variables[1].variable), np.hypot(*parts)
    return _limits(values, info), revision(reading.source, levels)


def _limits(values: NDArray[np.float32], info: VariableInfo) -> ValueRange:
    limits = data_limits(values, zero_centered=info.zero_centered)
    if limits is None:
        raise NothingInView(
            "{key} has no values in this extent: it is on land, below the sea floor, or outside the grid",
            key=info.key,
            field="extent",
        )
    low, high = (0.0, 1.0) if info.units == "fraction" else limits
    return ValueRange(min=low, max=high)


def read_extent(text: str, projection: Projection) -> Extent:
    """Read an extent as it is written in an address, and cut it to the map: x0, y0, x1, y1 in m, ascending.

    Corners may come in any order. A map in EPSG:3857 goes on beyond the date line: there x is cut to one turn only.
    """
    try:
        corners = np.array([float(part) for part in text.split(",")])
    except ValueError:
        corners = np.empty(0)
    if corners.size != 4 or not np.isfinite(corners).all():
        raise InvalidRequest(
            "extent {text!r} is not x0,y0,x1,y1: four numbers, in metres of {projection}",
            text=text[:80],
            projection=projection,
            field="extent",
        )
    (x0, x1), (y0, y1) = sorted(corners[::2].tolist()), sorted(corners[1::2].tolist())
    around = projection == "EPSG:3857"
    reach = HALF_WORLD if around else FARTHEST
    bottom, top = max(y0, -reach), min(y1, reach)
    left, right = max(x0, -reach), min(x1, reach)
    if around:
        middle, half = (x0 + x1) / 2, min((x1 - x0) / 2, reach)
        left, right = middle - half, middle + half
    if not (left < right and bottom < top and abs(left) < 1e12):
        raise InvalidRequest(
            "extent {text!r} has no area on the map, whose limits in {projection} are {limits}",
            text=text[:80],
            projection=projection,
            limits=Message("y from {low:.0f} to {high:.0f} m", low=-reach, high=reach)
            if around
            else Message("x and y from {low:.0f} to {high:.0f} m", low=-reach, high=reach),
            field="extent",
        )
    return left, bottom, right, top


def sample_view(projection: Projection, extent: Extent) -> tuple[Floats, Floats]:
    """Return the centres of the pixels of a coarse picture: latitudes and longitudes (-180 to 180), degrees."""
    x0, y0, x1, y1 = extent
    into = (np.arange(SAMPLES) + 0.5) / SAMPLES
    x, y = np.meshgrid(x0 + into * (x1 - x0), y0 + into * (y1 - y0))
    if projection == "EPSG:3857":
        x = (x + HALF_WORLD) % (2 * HALF_WORLD) - HALF_WORLD
    longitude, latitude = Transformer.from_crs(projection, "EPSG:4326", always_xy=True).transform(x.ravel(), y.ravel())
    return latitude, longitude
