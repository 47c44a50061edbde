"""Time series at stations: their queries, requests and numbers, and how long series become lines and cells."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, PointsRequest, VectorPart
from ocean_core.errors import InvalidRequest, NotSupported
from ocean_plotting.export.table import Column, make_header, make_place_columns
from ocean_plotting.figure.labels import TimePrecision
from ocean_plotting.figure.section import cell_edges, to_level_units
from ocean_plotting.figure.stations import (
    add_station_panels,
    draw_stations,
    has_side_column,
    mark_stations,
    name_stations,
    needs_list,
)
from ocean_plotting.plots.common.coverage import CoverageReader, Floats
from ocean_plotting.plots.common.query import StationQuery, Time, map_error_fields, parse_stations
from ocean_plotting.plots.kind import Plot, PlotData, Services

VECTOR_PARTS: list[VectorPart] = ["eastward", "northward", "magnitude", "bearing"]
DIMS = ("time", "depth", "point")
GAP = 2.5  # usual spacings without an instant, from which on something is missing
TREND_SHARE = 0.5  # of the variance that a straight line explains, from which on there is a trend

RowIndex = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]  # along time, level and point


class StationTimeQuery(StationQuery, frozen=True, kw_only=True):
    """Options of the kinds of plots at stations through time."""

    starttime: Annotated[Time | None, msgspec.Meta(description="the first time; null: the first of the dataset")] = None
    endtime: Annotated[Time | None, msgspec.Meta(description="the last time; null: the last of the dataset")] = None


MooringQuery = TypeVar("MooringQuery", bound=StationTimeQuery)


class MooringData(PlotData, frozen=True, kw_only=True):
    """A variable, or the components of a vector, at stations through time: a coverage for each requested depth."""

    info: VariableInfo  # of the variable; of a vector, its magnitude
    coverages: list[Coverage]


def make_series_request(
    query: StationTimeQuery, variables: list[str], vector: list[VectorPart], depth: str
) -> PointsRequest:
    """Request variables at all stations from the first time to the last."""
    times = {
        name: None if time is None else str(time) for name, time in (("start", query.starttime), ("end", query.endtime))
    }
    points = parse_stations(query.station)
    # Sections through time end at the sea floor.
    options = {"vector": vector, "depth": depth, "bathymetry": depth == "all"}
    return query.request_points(variables, points, form="timeseries", **options, **times)


async def fetch_series(
    services: Services, query: StationTimeQuery, depths: list[str], *, vectors: bool = False
) -> MooringData:
    """Request a variable, two components, or those of a vector of the catalogue, at all depths at once.

    ``vectors``: only vectors, whose magnitude is that of their components rather than a value of its own.
    """
    keys = query.variable_keys(2)
    with map_error_fields():
        assets = await asyncio.gather(*(services.metadata.assets(query.dataset, key) for key in keys))
        info, parts, components = assets[0].variable, VECTOR_PARTS, assets[0].components
        if len(keys) == 2:
            info = info.magnitude_with(assets[1].variable)
        elif {"east", "north"} <= components.keys():
            pair = [components["east"], components["north"]]
            if not vectors:
                parts = ["eastward", "northward", "bearing"]
            keys = pair if vectors else [*pair, *keys]
        elif vectors:
            raise InvalidRequest(
                "{key} is one variable; a stick plot shows a vector: name its two components, as u,v",
                key=keys[0],
                field="$.variable",
            )
        else:
            parts = []
        request = make_series_request(query, keys, parts, depths[0])
        coverages = await asyncio.gather(*(services.data.extract(replace(request, depth=depth)) for depth in depths))
    for coverage in coverages:
        if "time" not in coverage.dims:
            raise NotSupported("{key} has no time steps; a map or a profile shows it", key=info.key, field="$.variable")
        if "depth" in coverage.dims and not CoverageReader(coverage).depths("depth")[0].size:
            raise NotSupported(
                "the levels of {key} have no depth in m: ask for one of them, as depth=0, or for the bottom",
                key=info.key,
                field="$.depth",
            )
    revisions = {query.dataset: coverages[0].revision}
    return MooringData(
        time=CoverageReader(coverages[0]).time, revisions=revisions, info=info, coverages=list(coverages)
    )


class MooringSeries:
    """A variable at stations through time. Arrays are (time, level, point), levels from the surface down."""

    def __init__(self, coverage: Coverage, info: VariableInfo) -> None:
        self.reader = reader = CoverageReader(coverage)
        self.info = info
        self.seconds, self.times, self.places = reader.seconds, reader.times, reader.places
        key = info.key if reader.has(info.key) else "magnitude"
        values = reader.field(key, *DIMS)
        depths, self.level_units = reader.depths("depth", *DIMS)  # m or dbar
        depths = np.broadcast_to(depths if depths.size else np.full((1, 1, 1), np.nan), values.shape)
        finite = np.isfinite(depths)
        order = np.arange(depths.shape[1])
        if finite.any():  # some models count levels from the sea floor
            means = np.where(finite, depths, 0.0).sum(axis=(0, 2)) / np.maximum(finite.sum(axis=(0, 2)), 1)
            order = np.argsort(means, kind="stable")
        self.depths = depths[:, order]  # NaN where unknown
        self.values = values[:, order]
        # Levels that follow the sea floor lie between it and the surface.
        self.terrain_following = any(field.variable.key == "depth" for field in coverage.fields)
        has_floor = reader.has("bathymetry") and reader.info("bathymetry").standard_name
        floor = reader.field("bathymetry", "point") if has_floor else np.full(values.shape[2], np.nan)
        self.model_floor = to_level_units(floor, self.places, self.level_units)
        self.parts = {
            part: reader.field(part, *DIMS)[:, order] for part in VECTOR_PARTS if part != key and reader.has(part)
        }

    @property
    def has_fixed_levels(self) -> bool:  # at the same depths at all times and stations
        return bool((self.depths == self.depths[:1, :, :1]).all())

    @property
    def has_data(self) -> list[bool]:  # at each station
        return list(map(bool, np.asarray(np.isfinite(self.values).any(axis=(0, 1)))))

    def row_index(self, *, by_depth: bool = True) -> RowIndex:
        """Return the indices of a table's rows: station by station all times and, ``by_depth``, depths with values."""
        finite: NDArray[np.bool_] = np.asarray(np.isfinite(self.values).any(axis=0))
        parts = [np.empty((3, 0), dtype=np.intp)]
        for point in np.flatnonzero(finite.any(axis=0)):
            levels = np.flatnonzero(finite[:, point]) if by_depth else [0]
            parts.append(np.stack(np.meshgrid(range(len(self.times)), levels, [point], indexing="ij")).reshape(3, -1))
        time, level, point = np.concatenate(parts, axis=1).astype(np.intp)
        return time, level, point


class MooringPlot(Plot[MooringQuery, MooringData]):
    """Plot of a variable, or a vector, at stations through time."""

    def prepare(self) -> None:
        self.info = info = self.data.info
        self.dataset, self.credit = info.dataset, self.labels.credit(info)
        self.all_series = [MooringSeries(coverage, info) for coverage in self.data.coverages]  # of each requested depth
        self.series, self.precision = self.all_series[0], TimePrecision.of(info, self.query.quantum)
        has_data = list(map(any, zip(*(series.has_data for series in self.all_series), strict=True)))
        self.stations = mark_stations(self.series.places, self.query.names, has_data)
        self.quantity, self.where = self.labels.variable_name(info), name_stations(self.stations, self.labels)
        self.span = self.labels.time_span(self.series.times[0], self.series.times[-1], self.precision)

    def add_panels(self, count: int, *, bar: bool = False, row_labels: Sequence[str] = ()) -> None:
        """Divide the figure, and note where not all panels have room; ``bar``: they have a colour bar beside them."""
        side = has_side_column(self.context, bar=bar) and needs_list(self.stations, show_map=self.show_map)
        options: dict[str, Any] = {"side": side, "row_labels": row_labels, "bar": bar}
        self.layout, self.notes = add_station_panels(self.figure, count, self.context, **options), list[str]()
        if (shown := len(self.layout.panels)) < count:
            self.notes.append(self.translate("{shown} of {count} stations", shown=shown, count=count))

    def draw_stations(self) -> None:
        """Draw the map and the list of stations beside the panels."""
        if self.layout.side is not None:
            draw_stations(self.figure, self.layout.side, self.stations, self.context, show_map=self.show_map)

    def locate(self, series: MooringSeries, index: tuple[np.intp, ...], *, with_depth: bool) -> str:
        """Return time, depth and, of several, station of the value at an index (time, level, point)."""
        parts = [self.labels.time(series.times[index[0]], self.precision)]
        if with_depth and np.isfinite(depth := series.depths[index]):
            parts.append(self.labels.value(float(depth), series.level_units))
        if len(self.stations) > 1:
            parts.append(self.stations[index[2]].label(self.labels))
        return ", ".join(parts)

    def make_header(self) -> list[tuple[str, str]]:
        attribution = self.translate.attribution(self.data.info)
        return make_header(self.translate, self.labels.dataset_name(self.data.info), attribution, "")

    def make_place_columns(self, series: MooringSeries, rows: RowIndex) -> list[Column]:
        (time, _, point), names = rows, dict(enumerate(self.query.names or []))
        latitude, longitude = np.array(series.places, dtype=float).T
        single = series.has_fixed_levels and series.values.shape[1] == 1
        return make_place_columns(
            self.translate,
            context=("station", "depth") if single else ("station",),
            station=[names.get(number) or f"{number + 1}" for number in point.tolist()],
            latitude=latitude[point],
            longitude=longitude[point],
            time=[series.times[step] for step in time],
            depth=series.depths[rows] if np.isfinite(series.depths).any() else None,
            level_units=series.level_units,
        )


def break_at_gaps(x: Floats, y: Floats, gap: float = GAP) -> tuple[Floats, Floats]:
    """Break a line where instants are missing for ``gap`` usual spacings. Shapes (time,); x ascending."""
    steps = np.diff(x)
    if steps.size < 2:
        return x, y
    gaps = np.flatnonzero(steps > gap * np.median(steps)) + 1
    return np.insert(x, gaps, (x[gaps] + x[gaps - 1]) / 2), np.insert(y, gaps, np.nan)


def thin_line(x: Floats, y: Floats, most: int) -> tuple[Floats, Floats]:
    """Reduce a line (time,) of more than twice ``most`` instants to the extremes of so many intervals.

    x ascends. Where whole intervals have nothing there is a gap.
    """
    if x.size <= 2 * most or x[-1] <= x[0]:
        return x, y
    interval = np.minimum(((x - x[0]) / (x[-1] - x[0]) * most).astype(np.intp), most - 1)
    starts = np.flatnonzero(np.diff(interval, prepend=-1))
    low, high = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    return np.repeat(x[starts], 2), np.stack([low, high], axis=-1).ravel()


def find_isolated(y: Floats) -> NDArray[np.bool_]:
    """Find values without neighbours, which no line shows. Shape (time,)."""
    finite = np.isfinite(np.pad(y, 1, constant_values=np.nan))
    isolated: NDArray[np.bool_] = finite[1:-1] & ~finite[:-2] & ~finite[2:]
    return isolated


def make_time_cells(instants: Floats, least: float) -> tuple[Floats, NDArray[np.intp]]:
    """Give every instant a cell: half-way to the next ones, and no more than usual beside a gap, which has its own.

    Parameters
    ----------
    instants : ndarray, shape (time,)
        Ascending.
    least
        Width of the cell of a single instant.

    Returns
    -------
    edges, index : ndarray, shapes (cell + 1,) and (cell,)
        In the units of the instants; of the instant of each cell, -1 for a gap.
    """
    if instants.size < 2:
        return np.array([instants[0] - least / 2, instants[0] + least / 2]), np.zeros(1, dtype=np.intp)
    steps = np.diff(instants)
    usual = float(np.median(steps))
    edges = cell_edges(instants)
    before, after = edges[:-1].copy(), edges[1:].copy()
    gaps = np.flatnonzero(steps > GAP * usual)
    after[gaps], before[gaps + 1] = instants[gaps] + usual / 2, instants[gaps + 1] - usual / 2
    bounds = np.insert(before, gaps + 1, after[gaps])
    index = np.insert(np.arange(instants.size, dtype=np.intp), gaps + 1, -1)
    return np.append(bounds, after[-1]), index


def average_neighbours(values: Floats, most: int, *, discrete: bool = False) -> Floats:
    """Average neighbours along the first axis so that at most ``most`` remain, without what is missing.

    ``discrete``: take one of them, since their numbers stand for categories.
    """
    count = -(-len(values) // most)
    if count <= 1:
        return values
    starts = np.arange(0, len(values), count)
    if discrete:
        return values[np.minimum(starts + count // 2, len(values) - 1)]
    return average_groups(values, starts)


def average_groups(values: Floats, starts: NDArray[np.intp]) -> Floats:
    """Average values from each start to the next along the first axis, without what is missing; NaN where all is."""
    if not starts.size:
        return values[:0]
    finite = np.isfinite(values)
    total = np.add.reduceat(np.where(finite, values, 0.0), starts)
    number = np.add.reduceat(finite.astype(float), starts)
    return np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)


def compute_trend(x: Floats, y: Floats) -> float:
    """Return the rise of a straight line from the first instant to the last; 0 if values do not follow one."""
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if x.size < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    slope = float(np.cov(x, y, bias=True)[0, 1] / x.var())
    explained = slope**2 * x.var() / y.var()
    return slope * float(np.ptp(x)) if explained >= TREND_SHARE else 0.0
