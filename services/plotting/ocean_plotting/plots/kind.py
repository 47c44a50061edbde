"""Kind of plot: the services that it requests, its numbers, and the functions that answer its query."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from matplotlib.figure import Figure

from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import MetadataClient
from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import AnyExtractionRequest, Coverage
from ocean_plotting.export.geotiff import Raster
from ocean_plotting.export.output import COMMON_FORMATS, Output
from ocean_plotting.export.table import Table
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import Picture, PictureInfo, add_titles


@dataclass(frozen=True, kw_only=True)
class Services:
    """Clients of the other services."""

    data: DataClient
    metadata: MetadataClient


class PlotData(msgspec.Struct, frozen=True, kw_only=True):
    """Fetched numbers of a plot, with the revisions of their datasets."""

    time: str  # the (first) time of the numbers, ISO 8601
    revisions: dict[str, str]  # by dataset


Query = TypeVar("Query")
Data = TypeVar("Data", bound=PlotData)


class Plot(ABC, Generic[Query, Data]):
    """Words, panels and columns of one plot, from which its picture and its table are put together.

    It is pure, and made in a worker process. ``prepare`` sets what title, panels, sentences and columns need.
    """

    title: str
    subtitle: str
    credit: str
    source: str = ""  # of the file; empty: as the credit
    dataset: str  # id
    info: VariableInfo | None = None  # the first variable of the dataset that the picture is of; None: of observations

    def __init__(self, query: Query, data: Data, context: DrawContext) -> None:
        self.query, self.data, self.context = query, data, context
        self.labels, self.translate, self.sizes = context.labels, context.labels.translate, context.sizes
        self.figure, self.show_map = Figure(figsize=context.size), bool(getattr(query, "showmap", False))
        self.prepare()

    @classmethod
    def draw(cls, query: Query, data: Data, context: DrawContext) -> Picture:
        """Draw the picture, between its titles."""
        plot = cls(query, data, context)
        add_titles(plot.figure, plot.title, plot.subtitle, plot.credit, plot.sizes)
        plot.draw_panels()
        return Picture(
            figure=plot.figure,
            info=PictureInfo(
                title=plot.labels.title(plot.title, plot.info) if plot.info else plot.title,
                alt=" ".join(plot.make_sentences()),
                source=plot.source or plot.credit,
                dataset=plot.dataset,
                revision=data.revisions.get(plot.dataset, ""),
                time=data.time,
            ),
        )

    @classmethod
    def table(cls, query: Query, data: Data, context: DrawContext) -> Table:
        """Return the numbers in columns."""
        return cls(query, data, context).make_table()

    @classmethod
    def compare(cls, query: Query, data: Data) -> Coverage:
        """Return the numbers of two datasets, and their difference, as tables have them, for a file."""
        return cls(query, data, DrawContext()).make_comparison()

    @abstractmethod
    def prepare(self) -> None:
        """Set title, subtitle and credit, and what else is needed."""

    @abstractmethod
    def draw_panels(self) -> None: ...

    @abstractmethod
    def make_sentences(self) -> list[str]:
        """Describe the picture for those who do not see it."""

    @abstractmethod
    def make_table(self) -> Table: ...

    def make_comparison(self) -> Coverage:
        """Return what `compare` returns: in kinds whose file of two datasets the data service does not make."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class PlotKind(Generic[Query, Data]):
    """A kind of plot: its query, and the functions that answer it in every format.

    ``fetch`` asks the other services and runs in the server; the methods of ``plot`` and ``raster`` are pure and run in
    a worker process, so they must be known by the name of a module and their own.
    """

    name: str  # in the address: /plot/profile
    summary: str
    example: dict[str, Any]  # a query that works with the sample data
    query: type[Query]  # a Struct with `dataset` and `dataset_ids()`
    fetch: Callable[[Services, Query, Output], Coroutine[Any, Any, Data]]
    plot: type[Plot[Query, Data]]
    data_request: Callable[[Query], AnyExtractionRequest] | None = None  # of a file of the data service: for nc
    raster: Callable[[Query, Data, DrawContext], Raster] | None = None  # for geotiff
    resolve: Callable[[Services, Query], Coroutine[Any, Any, Query]] | None = None  # replaces names of predefined areas

    @property
    def draw(self) -> Callable[[Query, Data, DrawContext], Picture]:
        return self.plot.draw

    @property
    def table(self) -> Callable[[Query, Data, DrawContext], Table]:
        return self.plot.table

    @property
    def formats(self) -> tuple[str, ...]:
        made_by = {"nc": self.data_request, "geotiff": self.raster}
        return (*COMMON_FORMATS, *(name for name, function in made_by.items() if function))
