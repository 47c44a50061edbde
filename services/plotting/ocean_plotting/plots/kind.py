"""The protocol of a kind of plot."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ocean_common.contracts.data import AnyExtractionRequest
from ocean_plotting.export.geotiff import Raster
from ocean_plotting.export.output import COMMON_FORMATS, Output
from ocean_plotting.export.table import Table
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import Picture
from ocean_plotting.plots.common.query import PlotData
from ocean_plotting.plots.common.services import Services

Query = TypeVar("Query")
Numbers = TypeVar("Numbers", bound=PlotData)


@dataclass(frozen=True, kw_only=True)
class PlotKind(Generic[Query, Numbers]):
    """A kind of plot: its query, and the functions that answer it in every format.

    ``fetch`` asks the other services and runs in the server; ``draw``, ``table`` and ``raster`` are pure and run in
    a worker process, so they must be functions of a module.
    """

    name: str  # in the address: /plot/profile
    summary: str
    example: dict[str, Any]  # a query that works with the sample data
    query: type[Query]  # a Struct with `dataset` and `dataset_ids()`
    fetch: Callable[[Services, Query, Output], Coroutine[Any, Any, Numbers]]
    draw: Callable[[Query, Numbers, DrawContext], Picture]
    table: Callable[[Query, Numbers, DrawContext], Table]
    station_formats: bool = False  # odv
    statistics: bool = False  # stats
    data_request: Callable[[Query], AnyExtractionRequest] | None = None  # nc: a file of the data service
    raster: Callable[[Query, Numbers, DrawContext], Raster] | None = None  # geotiff
    resolve: Callable[[Services, Query], Coroutine[Any, Any, Query]] | None = None  # replaces names of predefined areas

    @property
    def formats(self) -> tuple[str, ...]:
        """Names of its formats."""
        optional = {
            "odv": self.station_formats,
            "stats": self.statistics,
            "nc": self.data_request is not None,
            "geotiff": self.raster is not None,
        }
        return COMMON_FORMATS + tuple(name for name, offered in optional.items() if offered)
