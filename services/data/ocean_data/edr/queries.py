"""EDR queries as requests of extractions: the numbers are those of the other routes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import shapely

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import (
    AreaRequest,
    ExtractionRequest,
    Point,
    PointsRequest,
    TrajectoryRequest,
    TransectRequest,
)
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats
from ocean_core.time import format_time
from ocean_data.compute.region import box_region
from ocean_data.edr.geometry import circles_around, corridor_along, parse_wkt
from ocean_data.edr.selection import select_levels, select_times
from ocean_data.plan.lines import MOST, cut_path
from ocean_data.reading.base import Reading

MOST_ROWS = 10_000  # rows or columns of a grid
KM_PER_DEGREE = 111.195  # of latitude
POINTS, LINES = ("Point", "MultiPoint"), ("LineString", "MultiLineString")
AREAS = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, kw_only=True)
class QuerySelection:
    """Parameters that every query has beside its place."""

    dataset: str
    names: list[str]  # keys of variables
    datetime: str | None = None
    z: str | None = None

    def fields(self, variables: Sequence[Assets]) -> dict[str, Any]:
        """Return the fields of an extraction."""
        depth = select_levels(variables, self.z)
        return {"dataset": self.dataset, "variables": self.names, "depth": depth, **select_times(self.datetime)}


# Makes the request of a query, once its variables are known. Runs in a thread.
Query = Callable[[Reading, Sequence[Assets], QuerySelection], ExtractionRequest]


def query_position(coords: str) -> Query:
    """Values at points, over their depths and times."""
    points = parse_wkt(coords, POINTS, "POINT(-40 45)")

    def make(_: Reading, variables: Sequence[Assets], selection: QuerySelection) -> PointsRequest:
        form: Literal["points", "timeseries"] = "points" if points.geom_type == "MultiPoint" else "timeseries"
        return PointsRequest(points=_to_points(points), form=form, **_use_height(points, selection).fields(variables))

    return make


def query_radius(coords: str, distance: float) -> Query:
    """Values of the cells whose centres lie within a distance, km, of points."""
    points = parse_wkt(coords, POINTS, "POINT(-40 45)")
    return _query_polygon(circles_around(points, distance), partial(_use_height, points))


def query_area(coords: str) -> Query:
    """Values of the cells whose centres lie in polygons."""
    polygons = parse_wkt(coords, AREAS, "POLYGON((-50 40,-40 40,-40 50,-50 50,-50 40))")
    return _query_polygon(shapely.geometry.mapping(shapely.force_2d(polygons)), partial(_use_height, polygons))


def query_corridor(coords: str, width: float, height: float | None) -> Query:
    """Values of the cells whose centres lie within half a width, km, of lines, and half a height, m, of their Z."""
    lines = parse_wkt(coords, LINES, "LINESTRING(-50 40,-40 45)")
    return _query_polygon(corridor_along(lines, width), partial(_narrow_to_line, lines, height))


def query_polygon(polygon: dict[str, Any]) -> Query:
    """Values of the cells whose centres lie in a GeoJSON polygon."""
    return _query_polygon(polygon, lambda selection: selection)


def query_cube(bbox: Sequence[float], resolution: tuple[int | None, int | None]) -> Query:
    """Values on parallels and meridians: those of the model where it has such, else of its own spacing."""
    west, south, east, north = (*bbox[:2], *bbox[3:5]) if len(bbox) == 6 else bbox
    heights = f"{bbox[2]}/{bbox[5]}" if len(bbox) == 6 else None
    box_region((west, south, east, north))

    def make(reading: Reading, variables: Sequence[Assets], selection: QuerySelection) -> AreaRequest:
        box = west, south, east, north
        fields = replace(selection, z=selection.z or heights).fields(variables)
        grid = reading.grids.grid(variables[0].grid)
        if not any(resolution) and grid.is_lattice:
            return AreaRequest(box=box, geometry="point", **fields)
        rows, columns = (part or None for part in resolution)
        right = east if east >= west else east + 360.0
        size = grid.resolution / KM_PER_DEGREE
        shrink = max(0.01, float(np.cos(np.radians((south + north) / 2))))
        own_rows, own_columns = ((north - south) / size, (right - west) / size * shrink)
        # Points that are asked for lie on both ends of the box, and cells half of one beyond it.
        left, end = _spread(west, right, columns)
        bottom, top = _spread(south, north, rows)
        shape = rows or _clip(own_rows), columns or _clip(own_columns)
        return AreaRequest(
            extent=(left, bottom, end, top), projection="EPSG:4326", shape=shape, geometry="point", **fields
        )

    return make


def query_trajectory(coords: str) -> Query:
    """Values along a line at all levels; of a line with M (times) or Z at each of its points."""
    lines = parse_wkt(coords, LINES, "LINESTRING(-50 40,-40 45)")
    if shapely.get_num_geometries(lines) > 1:
        raise InvalidRequest("coords has several lines; ask for one at a time", field="coords")

    def make(reading: Reading, variables: Sequence[Assets], selection: QuerySelection) -> ExtractionRequest:
        if not (lines.has_m or lines.has_z):
            path = _to_points(lines)
            size = reading.grids.grid(variables[0].grid).resolution
            length = float(cut_path(path, 2 + len(path)).distance[-1])
            return TransectRequest(
                path=path, spacing=max(size, length / max(1, MOST - len(path) - 1)), bathymetry=False,
                **selection.fields(variables),
            )  # fmt: skip
        return _follow_platform(lines, variables, selection)

    return make


def _follow_platform(
    lines: shapely.Geometry, variables: Sequence[Assets], selection: QuerySelection
) -> TrajectoryRequest:
    """Return the request of a line whose points have times, depths or both."""
    count = shapely.get_num_coordinates(lines)
    if lines.has_m and selection.datetime is not None:
        raise InvalidRequest("coords has times (M) already: leave datetime out", field="datetime")
    if lines.has_z and selection.z is not None:
        raise InvalidRequest("coords has heights (Z) already: leave z out", field="z")
    fields = selection.fields(variables)
    if lines.has_m:
        times = [format_time(int(second)) for second in _measures(lines)]
    elif "time" in fields and "," not in fields["time"]:
        times = [fields["time"]] * count
    else:
        raise InvalidRequest(
            "a line with heights (Z) needs one time for all its points: give datetime, or times as M", field="datetime"
        )
    if lines.has_z:
        depths = shapely.get_coordinates(lines, include_z=True)[:, 2].tolist()
    elif selection.z is None and any(variable.depth for variable in variables):
        raise InvalidRequest("a line with times (M) needs a depth: give z, or heights as Z", field="z")
    else:
        depths = [] if selection.z is None else [_parse_depth(selection.z)] * count
    return TrajectoryRequest(
        dataset=selection.dataset, variables=selection.names, points=_to_points(lines), times=times, depths=depths
    )


def _measures(lines: shapely.Geometry) -> Floats:
    seconds: Floats = shapely.get_coordinates(lines, include_m=True)[:, -1]
    if not (np.isfinite(seconds).all() and (np.abs(seconds) < 2**40).all()):
        raise InvalidRequest("coords has times (M) that are no seconds since 1970-01-01", field="coords")
    return seconds


def _parse_depth(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidRequest("a line with times (M) has one depth: z is a number", field="z") from None


def _query_polygon(polygon: dict[str, Any], narrow: Callable[[QuerySelection], QuerySelection]) -> Query:
    def make(_: Reading, variables: Sequence[Assets], selection: QuerySelection) -> AreaRequest:
        return AreaRequest(polygon=polygon, geometry="point", **narrow(selection).fields(variables))

    return make


def _narrow_to_line(lines: shapely.Geometry, height: float | None, selection: QuerySelection) -> QuerySelection:
    """Select the times (M) and heights (Z) of a line, and around heights half of ``height``."""
    if lines.has_m:
        if selection.datetime is not None:
            raise InvalidRequest("coords has times (M) already: leave datetime out", field="datetime")
        seconds = _measures(lines)
        ends = (format_time(int(second)) for second in (seconds.min(), seconds.max()))
        selection = replace(selection, datetime="/".join(ends))
    middles = shapely.get_coordinates(lines, include_z=True)[:, 2] if lines.has_z else np.zeros(0)
    if middles.size and selection.z is not None:
        raise InvalidRequest("coords has heights (Z) already: leave z out", field="z")
    if not middles.size and height is not None and selection.z is not None:
        middles = np.array([_parse_depth(selection.z)])
    if middles.size:
        half = (height or 0.0) / 2
        selection = replace(selection, z=f"{middles.min() - half}/{middles.max() + half}")
    return selection


def _to_points(geometry: shapely.Geometry) -> list[Point]:
    return [(latitude, longitude) for longitude, latitude in shapely.get_coordinates(geometry).tolist()]


def _use_height(geometry: shapely.Geometry, selection: QuerySelection) -> QuerySelection:
    """Select the height of a geometry that has one, unless the query says another."""
    if not geometry.has_z or selection.z is not None:
        return selection
    heights = np.unique(shapely.get_coordinates(geometry, include_z=True)[:, 2])
    if heights.size > 1:
        raise InvalidRequest("coords has several heights (Z); give one, or z", field="coords")
    return replace(selection, z=f"{heights[0]}")


def _spread(low: float, high: float, count: int | None) -> tuple[float, float]:
    """Return the ends of so many cells whose outer centres are at the ends of an interval."""
    if count is None or count < 2:
        return low, high
    half = (high - low) / (count - 1) / 2
    return low - half, high + half


def _clip(count: float) -> int:
    return int(min(max(round(count), 1), MOST_ROWS))
