"""The kinds of plot, one module each, with the same four names: Query, fetch, draw, table.

A kind that has files of its numbers (`nc`) has `asked` too: what the data service is asked for them. One that has a
georeferenced image (`geotiff`) has `raster`. One whose queries name predefined places has `settled`: the query with
the places themselves.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from ocean_plotting.export.output import EVERY
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import Picture
from ocean_plotting.plots import (
    area_map,
    class4,
    hovmoller,
    observation,
    profile,
    sound,
    stick,
    timeseries,
    track,
    transect,
    ts,
)
from ocean_plotting.plots.table import Table


class Plot(Protocol):
    """A kind of plot: a module."""

    Query: type[Any]  # a Struct with `datasets()`

    @property
    def fetch(self) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Ask the neighbours, given with the query, for the numbers; a Struct like `plots.asked.Fetched`."""

    def draw(self, query: Any, fetched: Any, sheet: Sheet) -> Picture:
        """Draw them; pure, in a worker process."""

    def table(self, query: Any, fetched: Any, sheet: Sheet) -> Table:
        """Put them in columns; pure, in a worker process."""


@dataclass(frozen=True)
class Kind:
    """A kind of plot as it is offered."""

    plot: Plot
    summary: str
    example: dict[str, Any]  # a query that works with the sample data
    more: tuple[str, ...] = ()  # formats beside those of every kind
    sized: bool = False  # `fetch` is told the form of the answer too: it asks for as many numbers as are seen

    @property
    def formats(self) -> tuple[str, ...]:
        """All of its formats."""
        return EVERY + self.more


PLOTS: dict[str, Kind] = {
    "profile": Kind(
        profile,
        "Variables over depth at stations",
        {"dataset": "giops_day", "variable": "votemper,vosaline", "station": [[73.0, 20.0]]},
        ("odv", "stats", "nc"),
    ),
    "class4": Kind(
        class4,
        "Observed profiles beside what models say of the same places and times",
        {"class4id": "class4_19970729_ATLANTIC_demo_profile_0", "models": ["class4_19970729_OSTIA_demo_profile"]},
    ),
    "map": Kind(
        area_map,
        "A variable over areas",
        {
            "dataset": "giops_day",
            "variable": "votemper",
            "area": [{"polygons": [[[70, 10], [70, 30], [76, 30], [76, 10], [70, 10]]], "name": "Barents Sea Opening"}],
            "showarea": True,
            "bathymetry": True,
            "quiver": {"variable": "x_velocity,y_velocity"},
        },
        ("stats", "nc", "geotiff"),
        sized=True,
    ),
    "observation": Kind(
        observation,
        "Observed profiles beside the model's at the same places and the nearest times",
        {"dataset": "giops_day", "variable": ["votemper"], "observation": [141], "observation_variable": [1]},
        ("odv",),
    ),
    "track": Kind(
        track,
        "Ways of platforms, with what was measured and what the model says along them",
        {"dataset": "giops_day", "track": [3], "variable": "votemper", "track_quantum": "hour"},
    ),
    "transect": Kind(
        transect,
        "The slice of the sea beneath a path",
        {
            "dataset": "giops_day",
            "variable": "votemper",
            "path": [[73.0, 20.0], [70.0, -5.0]],
            "linearthresh": 200,
            "surfacevariable": "zeta",
        },
        ("odv", "stats", "nc"),
        sized=True,
    ),
    "timeseries": Kind(
        timeseries,
        "A variable through time at stations, at one depth or at all",
        {"dataset": "giops_day", "variable": "votemper", "station": [[73.0, 20.0]], "depth": "all"},
        ("odv", "stats", "nc"),
    ),
    "stick": Kind(
        stick,
        "Vectors through time at stations and depths, as arrows",
        {"dataset": "giops_day", "variable": "x_velocity,y_velocity", "station": [[73.0, 20.0]], "depth": [0, 5, 8]},
    ),
    "ts": Kind(
        ts,
        "Temperature over salinity at stations, among lines of equal density",
        {"dataset": "giops_day", "station": [[70.0, 0.0]]},
    ),
    "sound": Kind(
        sound,
        "The speed of sound over depth at stations, and its channel",
        {"dataset": "giops_day", "station": [[72.0, 15.0]]},
    ),
    "hovmoller": Kind(
        hovmoller,
        "One level along a path, through time",
        {"dataset": "giops_day", "variable": "votemper", "path": [[73.0, 20.0], [70.0, -5.0]], "depth": 0},
        ("nc",),
        sized=True,
    ),
}
