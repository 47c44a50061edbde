"""The query of a track plot, and how its numbers are fetched."""

import asyncio
from typing import Annotated

import msgspec
import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.data import TrajectoryRequest
from ocean_common.contracts.observations import PlatformTrack
from ocean_core.errors import (
    DepthNotFound,
    NothingInView,
    NotSupported,
    PointOutsideGrid,
    RequestTooLarge,
    TimeNotFound,
)
from ocean_core.geometry import wrap_longitude
from ocean_core.time import QUANTA, Quantum, format_times
from ocean_plotting.export.output import Output
from ocean_plotting.plots.common.coverage import CoverageReader, from_array, to_array
from ocean_plotting.plots.common.query import (
    Level,
    Numbers,
    PlotData,
    PlotQuery,
    ShowMap,
    Variables,
    check_choice,
    choice_schema,
    map_error_fields,
    parse_ids,
    parse_selection,
)
from ocean_plotting.plots.common.services import Services
from ocean_plotting.plots.track.trajectories import (
    MeasuredValues,
    ModelledValues,
    Outside,
    Trajectory,
    average_track,
)

MOST_PLATFORMS = 20
MOST_STEPS = 10_000  # of a trajectory
TRACK_MEMBERS = {"start": "$.starttime", "end": "$.endtime", "id": "$.track", "platform": "$.track"}


class TrackQuery(PlotQuery, frozen=True, kw_only=True):
    """Query of a plot of tracks."""

    track: Annotated[Numbers, msgspec.Meta(description="ids of platforms", examples=[[3]])]
    trackvariable: Annotated[
        Numbers | None, msgspec.Meta(description="indices of the first platform's quantities, from 0; null: all")
    ] = None
    starttime: Annotated[
        str | None, msgspec.Meta(description="date, or ISO 8601; null: from the first", examples=["2022-10-07"])
    ] = None
    endtime: Annotated[str | None, msgspec.Meta(description="date: its whole day, or ISO 8601; null: to the last")] = (
        None
    )
    variable: Variables | None = "votemper"  # type: ignore[assignment] # null: no model
    track_quantum: Annotated[str | None, choice_schema("values are the means of hours, days, …", QUANTA[::-1])] = "hour"
    latlon: Annotated[bool | int | None, msgspec.Meta(description="draw latitude and longitude too")] = True
    depth: Level | None = 0
    showmap: ShowMap = True

    def dataset_ids(self) -> list[str]:
        """Return no ids: observations have no revision."""
        return []


class TrackData(PlotData, frozen=True, kw_only=True):
    """The trajectories, each with its values."""

    trajectories: list[Trajectory]


async def fetch(services: Services, query: TrackQuery, _: Output) -> TrackData:
    """Request the tracks, then the model along them."""
    quantum = check_choice(query.track_quantum or "hour", QUANTA[::-1], "$.track_quantum")
    query.interpolation()
    keys = query.variable_keys() if query.variable else []
    platforms = parse_ids(query.track, "$.track")
    if not 0 < len(platforms) <= MOST_PLATFORMS:
        raise RequestTooLarge(
            "track has {platforms_count} platforms; 1 to {limit} are drawn",
            platforms_count=len(platforms),
            limit=MOST_PLATFORMS,
            field="$.track",
        )
    with map_error_fields(members=TRACK_MEMBERS):
        start, end = query.starttime or "", query.endtime or ""
        tracks = await asyncio.gather(*(services.metadata.track(platform, start, end) for platform in platforms))
    selection = _select_keys(query, tracks[0])
    time_field = "$.endtime" if query.starttime is None and query.endtime is not None else "$.starttime"
    trajectories = [_make_trajectory(track, quantum, selection, time_field) for track in tracks]
    with map_error_fields():
        depths = await asyncio.gather(*(_find_depth(services, query, key) for key in keys))
        for number, trajectory in enumerate(trajectories):
            modelled = await asyncio.gather(
                *(
                    _fetch_modelled(services, query, trajectory, key, depth)
                    for key, depth in zip(keys, depths, strict=True)
                )
            )
            trajectories[number] = replace(trajectory, modelled=list(modelled))
    revisions = (values.revision for trajectory in trajectories for values in trajectory.modelled)
    first = min(float(to_array(trajectory.seconds)[0]) for trajectory in trajectories)
    return TrackData(
        time=format_times(np.array([first]))[0],
        revisions={query.dataset: next(filter(None, revisions), "")},
        trajectories=trajectories,
    )


def _select_keys(query: TrackQuery, first: PlatformTrack) -> list[str] | None:
    """Return the keys of the requested quantities; None: all."""
    if query.trackvariable is None:
        return None
    keys = [variable.key for variable in first.variables]
    if not keys:
        return []  # of positions alone; the front end requests the first quantity all the same
    return [keys[index] for index in parse_selection(query.trackvariable, keys, "$.trackvariable")]


def _make_trajectory(
    track: PlatformTrack, quantum: Quantum, selection: list[str] | None, time_field: str
) -> Trajectory:
    """Average a track; ``time_field``: the member that limits its time.

    Raises
    ------
    NothingInView, RequestTooLarge
        It is empty, or of too many steps.
    """
    steps = average_track(track, quantum)
    if not steps.seconds.size:
        raise NothingInView(
            "the platform {name} has no positions in this time; tracktimerange/{id}.json tells its own",
            name=track.name,
            id=track.id,
            field=time_field,
        )
    if steps.seconds.size > MOST_STEPS:
        raise RequestTooLarge(
            "the track of {name} has {size} steps of a {quantum}; at most {max_steps} are drawn: ask for a "
            "longer track_quantum or a shorter time",
            name=track.name,
            size=steps.seconds.size,
            quantum=quantum,
            max_steps=MOST_STEPS,
            field="$.track_quantum",
        )
    return Trajectory(
        name=track.name,
        seconds=from_array(steps.seconds),
        latitude=from_array(steps.latitude),
        longitude=from_array(steps.longitude),
        measured=[
            MeasuredValues(key=variable.key, name=variable.name, units=variable.units, values=from_array(values))
            for variable, values in zip(track.variables, steps.values, strict=True)
            if selection is None or variable.key in selection
        ],
        modelled=[],
        attribution=track.attribution,
    )


async def _find_depth(services: Services, query: TrackQuery, key: str) -> float | None:
    """Return the requested depth (m) of a variable; None: its first level.

    Raises
    ------
    NotSupported, DepthNotFound
        Platforms are at one depth, and levels must have theirs in m.
    """
    depth = str(query.depth if query.depth is not None else 0).strip()
    if not depth.isdigit():
        raise NotSupported(
            "$.depth is {value!r}; a track is at one level: give its index", value=depth[:40], field="$.depth"
        )
    level, axis = int(depth[:9]), (await services.metadata.assets(query.dataset, key)).depth
    if level == 0 or axis is None:
        return None
    if level >= len(axis.values):
        raise DepthNotFound(
            "$.depth is {level}; {key} has the levels 0 to {values_count}",
            level=level,
            key=key,
            values_count=len(axis.values) - 1,
            field="$.depth",
        )
    if axis.kind not in {"depth", "height"}:
        raise NotSupported(
            "the levels of {key} have no depth in m that is the same everywhere: a track can be at level 0 alone",
            key=key,
            field="$.depth",
        )
    return abs(axis.values[level])


async def _fetch_modelled(
    services: Services, query: TrackQuery, trajectory: Trajectory, key: str, depth: float | None
) -> ModelledValues:
    """Request a variable along a trajectory; outside of the model's time or grid it has no values."""
    latitude, longitude = to_array(trajectory.latitude), wrap_longitude(to_array(trajectory.longitude))
    points = list(zip(latitude.tolist(), longitude.tolist(), strict=True))
    request = TrajectoryRequest(
        dataset=query.dataset,
        variables=[key],
        points=points,
        times=format_times(to_array(trajectory.seconds)),
        depths=[] if depth is None else [depth] * len(points),
        between="linear",
        **query.search_options(),
    )
    outside: Outside
    try:
        coverage = await services.data.extract(request)
    except TimeNotFound:
        outside = "time"
    except PointOutsideGrid:
        outside = "grid"
    else:
        reader = CoverageReader(coverage)
        info = reader.variables[0]
        values = from_array(reader.field(info.key, "point"))
        return ModelledValues(variable=info, values=values, revision=coverage.revision)
    info = await services.metadata.variable(query.dataset, key)
    return ModelledValues(variable=info, values=None, outside=outside)
