"""The catalogue: lists of datasets and variables, searches, and events."""

from typing import Any, Literal

import msgspec

from ocean_common.contracts.assets import DepthAxis, VariableInfo


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Link to a related resource."""

    rel: str
    href: str
    title: str
    type: str = "application/json"


class DatasetSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Description of a dataset that every list and page has."""

    id: str
    value: str  # display name
    quantum: str | None = None  # spacing of the time steps: hour, day, month, season or year
    help: str | None = None
    attribution: str | None = None  # plain text
    model_class: str | None = None  # Mercator: 1-D axes; Nemo: 2-D; Fvcom: triangles
    group: str | None = None
    subgroup: str | None = None


class Dataset(DatasetSummary, frozen=True, kw_only=True):
    """A model run, analysis or reanalysis, as a line of the list of datasets."""

    time_dim_units: str | None = None  # CF units of the raw times: "seconds since 1970-01-01"
    default_location: tuple[float, float, float] | None = None  # longitude, latitude, zoom
    revision: str = ""  # changes when the files or the configuration of the dataset do


class DatasetExtent(DatasetSummary, frozen=True, kw_only=True):
    """Dataset with its extent in space and time."""

    revision: str = ""
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north; degrees
    start: str | None = None  # first time step, ISO 8601
    end: str | None = None


class DatasetPage(DatasetExtent, frozen=True, kw_only=True):
    """One dataset."""

    license: str | None = None  # as the files tell it, or the URL of the one that the attribution names
    climatology: bool = False  # its times are of no one year
    time_steps: int = 0
    variables: int = 0  # that lists show
    depth_levels: int = 0
    completeness: int | None = None  # per cent of what CF and ACDD recommend
    links: list[Link] = []


class Quantum(msgspec.Struct, frozen=True, kw_only=True):
    """The spacing of a dataset's time steps."""

    value: str | None


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of a dataset."""

    id: str
    value: str  # display name
    scale: tuple[float, float]  # colour limits, in `units`
    interp: dict[str, Any] | None = None  # interpolation that the configuration suggests
    two_dimensional: bool  # has no depth axis
    vector_variable: bool
    data_categories: bool
    units: str = "1"
    standard_name: str | None = None


class TimeStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An instant for which a variable has values."""

    id: int  # the raw time, in the dataset's time_dim_units
    value: str  # ISO 8601; monthly data: the 15th, without a zone
    label: str | None = None  # of a climatology, for people: "January, climatology"


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """A level of a variable's depth axis, or `bottom`, or `all`."""

    id: int | Literal["bottom", "all"]
    value: str  # "10 m"


class VariableListing(msgspec.Struct, frozen=True, kw_only=True):
    """Dataset that has a variable of a display name."""

    dataset_id: str
    variable_id: str
    variable_scale: tuple[float, float]
    vector_variables: bool
    depth: bool


class FileProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A data file that cannot be served."""

    file: str  # its name, without folders
    reason: str


class VariableProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A variable that cannot be served."""

    variable: str
    reason: str


# `left out` counts as a part that is not served: dates of steps, a repeated step, ...
NoteKind = Literal["guessed", "converted", "masked", "left out"]


class DatasetNote(msgspec.Struct, frozen=True, kw_only=True):
    """Remark on a file, a variable or an axis that is not served quite as it is stored."""

    name: str  # of the file, variable or axis
    kind: NoteKind
    text: str
    advice: str | None = None  # what to write into the configuration, or into the file


class DatasetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """State of a dataset's files: readable or not, and why."""

    id: str
    status: Literal["served", "partly", "broken"]
    files: int  # that are served
    reason: str | None = None  # why nothing is served
    problems: list[FileProblem] = []
    left_out: list[VariableProblem] = []  # variables that are asked for, or in the files, but not served
    notes: list[DatasetNote] = []


class GitInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Build of the service."""

    git_hash: str | None
    git_tag: str | None


class Found(DatasetExtent, frozen=True, kw_only=True):
    """A dataset that a search found."""

    score: float = 0.0  # how well it fits the words; 0 where none were asked for
    variables: list[str] = []  # keys
    href: str = ""  # its page


class FacetValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value that narrows a search, and how many of what was found have it."""

    value: str
    count: int
    title: str | None = None  # the value for people, where it is said otherwise


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """Values that narrow a search, the most frequent first."""

    group: list[FacetValue] = []
    quantum: list[FacetValue] = []
    model_class: list[FacetValue] = []
    standard_name: list[FacetValue] = []
    variable: list[FacetValue] = []


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what was found, the best first."""

    total: int
    limit: int
    offset: int
    results: list[Found]
    facets: Facets


class TimeInterval(msgspec.Struct, frozen=True, kw_only=True):
    """Time steps of one spacing."""

    start: str  # the first, ISO 8601
    end: str  # the last
    step: str | None  # ISO 8601 duration; null for a single time step
    count: int
    start_id: int  # raw times, in the dataset's time_dim_units
    end_id: int


class TimeIntervals(msgspec.Struct, frozen=True, kw_only=True):
    """The time steps of a variable as intervals of equal spacing, ascending."""

    count: int  # time steps
    start: str | None = None
    end: str | None = None
    total: int = 0  # intervals, of which a page is told
    limit: int = 0
    offset: int = 0
    intervals: list[TimeInterval] = []


class LayerTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Time steps that layers share, in UTC: those of even spacing as intervals."""

    last: str
    intervals: list[TimeInterval]  # of very many the last


class DatasetLayer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Variable that maps show."""

    variable: VariableInfo
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north; degrees
    time: int | None = None  # indices into the lists of the dataset
    depth: int | None = None


class DatasetLayers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The layers of a dataset, and the axes that they share."""

    dataset: str
    revision: str
    name: str  # display name
    help: str | None = None
    layers: list[DatasetLayer]
    times: list[LayerTimes | None]  # None: steps without dates
    depths: list[DepthAxis]


class MapDataset(DatasetExtent, frozen=True, kw_only=True):
    """Dataset with the number of its layers."""

    layers: int = 0


class Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute that the files of a dataset should have."""

    attribute: str
    variables: list[str] = []  # keys of those that lack it; none: it is a global attribute
    importance: Literal["high", "recommended", "suggested"]
    convention: Literal["CF", "ACDD"]
    advice: str


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """Completeness of a dataset's metadata: the attributes that CF and ACDD recommend."""

    dataset: str
    score: int  # per cent, weighted by importance
    present: int  # attributes
    recommended: int  # of how many
    missing: list[Lacking]  # the most important first


EventType = Literal["added", "time_steps", "changed", "removed", "reset"]


class NewSteps(msgspec.Struct, frozen=True, kw_only=True):
    """Time steps that a dataset did not have before."""

    count: int
    first: str  # ISO 8601, UTC
    last: str


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Change of a dataset; `reset`: the listener missed some changes, and is to ask for everything again."""

    id: int  # ascending, for all instances of the service and over restarts
    type: EventType
    at: str  # when it was noticed, ISO 8601, UTC
    dataset: str | None = None  # None: all
    revision: str | None = None  # of the dataset from then on; None: it is gone
    steps: NewSteps | None = None


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """Result of looking at the files anew."""

    complete: bool  # False: it is still looking; what else it finds is told at `/api/v2.0/events`
    found: list[Event]
