"""Numbers at points: one or many, over depth and through time."""

from typing import Any

from litestar.di import NamedDependency

from ocean_common.contracts.data import PointValues
from ocean_common.contracts.extractions import PointsAsked
from ocean_common.contracts.values import ExtractedValues
from ocean_data.api.kinds import Posted, Told, by_get, by_post
from ocean_data.api.parameters import DepthLevel, Latitude, Longitude

Timed = NamedDependency[dict[str, Any]]

TAG = "points"
LAND = " On land values are null and `land` is 1; below the sea floor values are null and `land` is 0."


def read_point(*, timed: Timed, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "0") -> PointsAsked:
    """Read what is asked at a point."""
    return PointsAsked(form="point", points=[(latitude, longitude)], depth=depth, **timed)


def read_profile(*, timed: Timed, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "all") -> PointsAsked:
    """Read what is asked over depth."""
    return PointsAsked(form="profile", points=[(latitude, longitude)], depth=depth, **timed)


def read_series(*, timed: Timed, latitude: Latitude, longitude: Longitude, depth: DepthLevel = "0") -> PointsAsked:
    """Read what is asked through time."""
    return PointsAsked(form="timeseries", points=[(latitude, longitude)], depth=depth, **timed)


ROUTES = [
    *by_get(
        Told(
            kind="point",
            name="Point",
            summary="Variables at a point",
            description="At one level, the bottom, all levels, or averaged over depth; at the last time if none is "
            "asked for, else at one time or all of a period." + LAND,
            tag=TAG,
        ),
        read_point,
    ),
    *by_get(
        Told(
            kind="profile",
            name="Profile",
            summary="Variables over depth",
            description="Levels (all, or one) at one point: a row per time step, a column per level; null on land and "
            "in the ground. Several variables, or parts of a vector, come as named arrays.",
            tag=TAG,
            answer=PointValues | ExtractedValues,
        ),
        read_profile,
    ),
    *by_get(
        Told(
            kind="timeseries",
            name="TimeSeries",
            summary="Variables through time",
            description="One level, the bottom, the mean over depth or all levels at one point through time: a row per "
            "time step, a column per level. Several variables, or parts of a vector, come as named arrays.",
            tag=TAG,
            answer=PointValues | ExtractedValues,
        ),
        read_series,
    ),
    *by_post(
        Told(
            kind="points",
            name="Points",
            summary="Variables at many points",
            description="Up to 20,000 points, over depth, through time, or both; at the last time if none is asked "
            "for." + LAND,
            tag=TAG,
        ),
        Posted(
            asked=PointsAsked,
            about={
                "points": "Latitude and longitude of each, degrees.",
                "names": "Of the points: none, or one each.",
                "depth": "Index of a depth level, `bottom`, `all`, or `mean`: over the whole column.",
            },
            fixed={"form": "points"},
            example={"points": [[74.5, 20.0], [76.0, 15.0]], "names": ["Bear Island", "Svalbard"], "depth": "all"},
        ),
    ),
]
