"""The kinds of plot, one module each, with the same four names: Query, fetch, draw, table."""

from typing import Any, Protocol

from ocean_common.clients.data import Numbers
from ocean_common.clients.metadata import Catalogue
from ocean_plotting.domain.ports import Land
from ocean_plotting.domain.table import Table
from ocean_plotting.figures.picture import Picture
from ocean_plotting.plots import profile


class Asked(Protocol):
    """What every kind's Query has."""

    @property
    def dataset(self) -> str:
        """Id of the dataset that is asked about."""


class Fetched(Protocol):
    """What every kind's fetch answers."""

    @property
    def time(self) -> str:
        """The (first) time that it is about, ISO 8601."""


class Plot(Protocol):
    """A kind of plot: a module."""

    Query: type[Any]

    async def fetch(self, numbers: Numbers, catalogue: Catalogue, query: Any) -> Any:
        """Ask the neighbours for the numbers."""

    def draw(self, query: Any, fetched: Any, land: Land, size: tuple[float, float]) -> Picture:
        """Draw them on a figure of a size in inches; pure, in a worker process."""

    def table(self, query: Any, fetched: Any) -> Table:
        """Put them in rows; pure, in a worker process."""


PLOTS: dict[str, Plot] = {"profile": profile}
LATER = ("class4", "hovmoller", "map", "observation", "sound", "stick", "timeseries", "track", "transect", "ts")
