"""Kind of plot: the services that it requests, its numbers, and the functions that answer its query."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from matplotlib.figure import Figure

from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import MetadataClient
from ocean_common.contracts.data import AnyExtractionRequest, Coverage
from ocean_plotting.export.geotiff import Raster
from ocean_plotting.export.output import COMMON_FORMATS, Output
from ocean_plotting.export.table import Table
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import Picture, PictureInfo


@dataclass(frozen=True, kw_only=True)
class Services:
    """Clients of the other services."""

    data: DataClient
    metadata: MetadataClient


class PlotData(msgspec.Struct, frozen=True, kw_only=True):
    """Fetched numbers of a plot, with the revisions of their datasets."""

    time: str  # the (first) time of the numbers, ISO 8601
    revisions: dict[str, str]  # by dataset

    def describe_picture(self, figure: Figure, title: str, sentences: list[str], credit: str, dataset: str) -> Picture:
        """Return a picture of these numbers; ``dataset``: its id."""
        info = PictureInfo(
            title=title,
            alt=" ".join(sentences),
            source=credit,
            dataset=dataset,
            revision=self.revisions.get(dataset, ""),
            time=self.time,
        )
        return Picture(figure=figure, info=info)


Query = TypeVar("Query")
Data = TypeVar("Data", bound=PlotData)


@dataclass(frozen=True, kw_only=True)
class PlotKind(Generic[Query, Data]):
    """A kind of plot: its query, and the functions that answer it in every format.

    ``fetch`` asks the other services and runs in the server; ``draw``, ``table`` and ``raster`` are pure and run in
    a worker process, so they must be functions of a module.
    """

    name: str  # in the address: /plot/profile
    summary: str
    example: dict[str, Any]  # a query that works with the sample data
    query: type[Query]  # a Struct with `dataset` and `dataset_ids()`
    fetch: Callable[[Services, Query, Output], Coroutine[Any, Any, Data]]
    draw: Callable[[Query, Data, DrawContext], Picture]
    table: Callable[[Query, Data, DrawContext], Table]
    more_formats: tuple[str, ...] = ()  # nc by `data_request`, geotiff by `raster`
    data_request: Callable[[Query], AnyExtractionRequest] | None = None  # of a file of the data service
    compare: Callable[[Query, Data], Coverage] | None = None  # of two datasets, what the file has instead
    raster: Callable[[Query, Data, DrawContext], Raster] | None = None
    resolve: Callable[[Services, Query], Coroutine[Any, Any, Query]] | None = None  # replaces names of predefined areas

    @property
    def formats(self) -> tuple[str, ...]:
        return COMMON_FORMATS + self.more_formats
