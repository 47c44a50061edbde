"""Numbers along lines: beneath a path, of a path through time, and along the way of a platform."""

from typing import Any

from litestar.di import NamedDependency

from ocean_common.contracts.extractions import SectionAsked, TrajectoryAsked, TransectAsked
from ocean_data.api.kinds import Posted, Told, by_get, by_post
from ocean_data.api.parameters import Bathymetry, DepthLevel, OneLevel, PathPoints, Spacing, WayPoints, points_of

Timed = NamedDependency[dict[str, Any]]

TAG = "lines"


def read_transect(
    *,
    timed: Timed,
    path: WayPoints,
    points: PathPoints = None,
    spacing: Spacing = None,
    depth: DepthLevel = "all",
    bathymetry: Bathymetry = True,
) -> TransectAsked:
    """Read what is asked beneath a path."""
    way = points_of(path, "path")
    return TransectAsked(path=way, points=points, spacing=spacing, depth=depth, bathymetry=bathymetry, **timed)


def read_section(
    *, timed: Timed, path: WayPoints, points: PathPoints = None, spacing: Spacing = None, depth: OneLevel = "0"
) -> SectionAsked:
    """Read what is asked of a path through time."""
    return SectionAsked(path=points_of(path, "path"), points=points, spacing=spacing, depth=depth, **timed)


ROUTES = [
    *by_get(
        Told(
            kind="transect",
            name="Transect",
            summary="The slice of the sea beneath a path",
            description="Values by distance and depth along great circles (geodesics of WGS 84), at the last time if "
            "none is asked for, with the bearing of the path and the sea floor beneath it. Up to 5,000 points; those "
            "outside the grid are null.",
            tag=TAG,
        ),
        read_transect,
    ),
    *by_get(
        Told(
            kind="section",
            name="Section",
            summary="A path through time",
            description="Values by time and distance at one level, at the bottom or averaged over depth: a Hovmöller "
            "diagram. Up to 5,000 points; those outside the grid are null.",
            tag=TAG,
        ),
        read_section,
    ),
    *by_post(
        Told(
            kind="trajectory",
            name="Trajectory",
            summary="Variables along the way of a platform",
            description="Each of up to 20,000 points has its own time, and its own depth if depths are given. What is "
            "outside the grid or its time is null.",
            tag=TAG,
        ),
        Posted(
            asked=TrajectoryAsked,
            about={
                "points": "Latitude and longitude of each, degrees.",
                "times": "ISO 8601, one each.",
                "depths": "m, positive down, one each; none: the first level.",
                "between": "How a value between time steps, and between levels, is made.",
            },
            example={
                "points": [[74.5, 20.0], [74.6, 19.5]],
                "times": ["2016-02-02T06:00:00Z", "2016-02-03T06:00:00Z"],
                "depths": [5.0, 20.0],
                "between": "linear",
            },
        ),
    ),
]
