"""A variable at points: profiles, time series, and the profiles behind a plot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import Interpolation, PointValues, Profile, Profiles, ProfilesAsked
from ocean_common.errors import InvalidRequest, PointOutsideGrid, RequestTooLarge, TimeNotFound
from ocean_data.domain import depth as depths
from ocean_data.domain import sphere, time
from ocean_data.domain.depth import Depth
from ocean_data.domain.interpolation import gather, narrowed, stencil
from ocean_data.domain.ports import Floats, Grid, Grids, Source, Stencil
from ocean_data.domain.tile import check as check_search

ALL = slice(None)
MAX_VARIABLES = 64  # of one request for profiles


@dataclass(frozen=True, kw_only=True)
class Search:
    """How values between cells are made."""

    interpolation: Interpolation = "nearest"
    radius: float = 25.0  # km
    neighbours: int = 10


@dataclass(frozen=True, kw_only=True)
class PointAsked:
    """One variable at one point: at which depth, when, and how."""

    latitude: float
    longitude: float
    depth: Depth = "all"
    time: str | None = None
    start: str | None = None
    end: str | None = None
    search: Search = Search()


@dataclass(frozen=True, kw_only=True)
class Points:
    """Reads variables at points."""

    source: Source
    grids: Grids
    max_values: int  # time steps x depths x points of one request

    def values(self, assets: Assets, asked: PointAsked) -> PointValues:
        """One variable at one point, through time and depth."""
        depths.check(assets, asked.depth)
        axis = time.Axis.of(assets.steps) if assets.steps else None
        steps = time.select(axis, asked.time, asked.start, asked.end) if axis else None
        self._afford(assets, axis, steps, asked.depth)
        grid = self.grids.grid(assets.grid)
        where = np.array([asked.latitude]), np.array([asked.longitude])
        made = self._stencil(assets, grid, *where, asked.search, field="latitude")
        columns, levels = self._read(assets, steps, asked.depth, made)
        latitude, longitude = grid.centres(made.home)
        chosen = steps.tolist() if steps is not None else []
        return PointValues(
            dataset=assets.dataset,
            variable=assets.variable.key,
            name=assets.variable.name,
            units=assets.variable.units,
            standard_name=assets.variable.standard_name,
            latitude=asked.latitude,
            longitude=asked.longitude,
            cell=(float(latitude[0]), float(sphere.wrap(longitude)[0])),
            interpolation=asked.search.interpolation,
            times=[time.iso(axis.seconds[step]) for step in chosen] if axis else [],
            raw_times=[int(axis.raw[step]) for step in chosen] if axis else [],
            depths=levels,
            values=[[_or_none(value) for value in row] for row in columns[:, :, 0].tolist()],
            revision=assets.revision if self.source.as_indexed(assets, chosen if axis else None) else "",
        )

    def profiles(self, variables: list[Assets], asked: ProfilesAsked) -> Profiles:
        """Profiles of several variables at several points, at one time."""
        points = _places(asked)
        levels = sum(len(one.depth.values) if one.depth else 1 for one in variables)
        if levels * len(points) > self.max_values:
            raise RequestTooLarge(
                f"{len(points)} points x {levels} levels are {levels * len(points)} values, and the limit is "
                f"{self.max_values}; {max(1, self.max_values // levels)} points would fit",
                field="points",
            )
        search = Search(interpolation=asked.interpolation, radius=asked.radius, neighbours=asked.neighbours)
        instant, raw, steps = _common_step(variables, asked.time)
        profiles = [self._profile(assets, step, points, search) for assets, step in zip(variables, steps, strict=True)]
        known = all(
            self.source.as_indexed(assets, None if step is None else [step])
            for assets, step in zip(variables, steps, strict=True)
        )
        return Profiles(
            time=instant,
            raw_time=raw,
            points=asked.points,
            profiles=profiles,
            revision=variables[0].revision if known else "",
        )

    def _profile(self, assets: Assets, step: int | None, points: Floats, search: Search) -> Profile:
        grid = self.grids.grid(assets.grid)
        made = self._stencil(assets, grid, points[:, 0], points[:, 1], search, field="points[{}]")
        columns, levels = self._read(assets, None if step is None else np.array([step]), "all", made)
        metres = np.array([np.nan if level is None else level for level in levels])
        return Profile(
            variable=assets.variable,
            depths=_array(np.broadcast_to(metres, (len(points), metres.size))),
            values=_array(columns[0].T),
        )

    def _stencil(
        self, assets: Assets, grid: Grid, latitude: Floats, longitude: Floats, search: Search, *, field: str
    ) -> Stencil:
        """The cells of points; ``field`` is what a point outside the grid is called, with its number."""
        check_search(search.radius, search.neighbours)
        home = grid.nearest(latitude, longitude)
        outside = np.flatnonzero(home < 0)
        if outside.size:
            place = f"{latitude[outside[0]]:g}, {longitude[outside[0]]:g}"
            name, extent = assets.variable.key, _extent(assets, grid)
            raise PointOutsideGrid(
                f"the point {place} is outside the grid of {name}, {extent}", field=field.format(outside[0])
            )
        return stencil(
            grid,
            latitude,
            longitude,
            search.interpolation,
            radius=search.radius,
            neighbours=search.neighbours,
            home=home,
        )

    def _read(
        self, assets: Assets, steps: NDArray[np.intp] | None, depth: Depth, made: Stencil
    ) -> tuple[Floats, list[float | None]]:
        """Values (step, depth, point), and the depth of each level in m."""
        needed, local = narrowed(made)
        wanted = slice(depth, depth + 1) if isinstance(depth, int) else ALL
        columns = self.source.columns(assets, None if steps is None else steps.tolist(), wanted, needed)
        metres = depths.metres(assets.depth)
        if depth == "bottom" and assets.depth is not None:
            bottom = depths.bottom_level(columns, depths.deepest_first(assets.depth))
            columns = depths.bottom_values(columns, bottom)[:, np.newaxis, :]
            own = bottom[:, local.home[0]]
            wet = own[own >= 0]
            levels = [metres[wet[0]] if wet.size else None]
        else:
            levels = metres[wanted] if assets.depth is not None else [None]
        fields = columns.reshape(-1, needed.size)
        values = gather(fields, local).reshape(*columns.shape[:2], -1)
        return values, levels

    def _afford(self, assets: Assets, axis: time.Axis | None, steps: NDArray[np.intp] | None, depth: Depth) -> None:
        levels = len(assets.depth.values) if assets.depth is not None and not isinstance(depth, int) else 1
        count = 1 if steps is None else steps.size
        if axis is None or steps is None or count * levels <= self.max_values:
            return
        fit = max(1, self.max_values // levels)
        until = time.iso(axis.seconds[steps[min(fit, count) - 1]])
        raise RequestTooLarge(
            f"{count} time steps x {levels} depths are {count * levels} values, and the limit is {self.max_values}; "
            f"start={time.iso(axis.seconds[steps[0]])} and end={until}, {fit} steps, would fit",
            field="end",
        )


def check_profiles(asked: ProfilesAsked) -> None:
    """Refuse a request that makes no sense, before anything is asked of the catalogue."""
    if not asked.variables:
        raise InvalidRequest("name at least one variable", field="variables")
    if len(asked.variables) > MAX_VARIABLES:
        raise RequestTooLarge(
            f"{len(asked.variables)} variables are asked for, and the limit is {MAX_VARIABLES}", field="variables"
        )
    points = _places(asked)
    if not len(points):
        raise InvalidRequest("give at least one point", field="points")
    good = (np.abs(points[:, 0]) <= 90) & (points[:, 1] >= -180) & (points[:, 1] <= 360)
    if not good.all():
        latitude, longitude = points[np.flatnonzero(~good)[0]]
        raise InvalidRequest(
            f"the point {latitude:g}, {longitude:g} is not on the Earth: latitude first, -90 to 90, "
            "then longitude, -180 to 360",
            field="points",
        )


def _places(asked: ProfilesAsked) -> Floats:
    """Latitude and longitude of the points: (point, 2)."""
    return np.array(asked.points, dtype=np.float64).reshape(-1, 2)


def _common_step(variables: list[Assets], asked: str) -> tuple[str, int, list[int | None]]:
    """The step of each variable at the same instant, and that instant: ISO 8601 and raw."""
    axes = [time.Axis.of(one.steps) if one.steps else None for one in variables]
    first = next((axis for axis in axes if axis is not None), None)
    if first is None:
        return "", 0, [None] * len(variables)
    step = time.one(first, asked)
    seconds = int(first.seconds[step])
    steps: list[int | None] = []
    for axis, assets in zip(axes, variables, strict=True):
        if axis is None:
            steps.append(None)
            continue
        low, high = np.searchsorted(axis.seconds, [seconds, seconds + 1])
        if low == high:
            raise TimeNotFound(f"{assets.variable.key} has no time step at {time.iso(seconds)}", field="time")
        # Days of a model's calendar that have no date of their own share one: the id tells which is meant.
        steps.append(int(low + np.argmax(axis.raw[low:high] == first.raw[step])))
    return time.iso(seconds), int(first.raw[step]), steps


def _extent(assets: Assets, grid: Grid) -> str:
    if (bounds := assets.grid.bounds) is None:
        latitude, longitude = grid.centres(np.arange(grid.shape[0] * grid.shape[1], dtype=np.int32))
        bounds = np.nanmin(longitude), np.nanmin(latitude), np.nanmax(longitude), np.nanmax(latitude)
    west, south, east, north = bounds
    box = f"latitudes {south:g} to {north:g} and longitudes {west:g} to {east:g}"
    return f"which covers {box}" if assets.grid.kind == "rectilinear" else f"which lies within {box} but is no such box"


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _array(values: Floats) -> Array:
    whole = np.ascontiguousarray(values, dtype="<f8")
    return Array(dtype="<f8", shape=whole.shape, data=whole.tobytes())
