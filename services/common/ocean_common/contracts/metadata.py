"""What the metadata service tells people: the v2.0 lists and pages, and what came since."""

from typing import Any, Literal

import msgspec

from ocean_common.contracts.finding import Link


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A model run, analysis or reanalysis, as a line of the list of datasets."""

    id: str
    value: str  # display name
    quantum: str | None = None  # spacing of the time steps: hour, day, month, season or year
    help: str | None = None
    attribution: str | None = None  # plain text
    model_class: str | None = None  # Mercator: 1-D axes; Nemo: 2-D; Fvcom: triangles
    group: str | None = None
    subgroup: str | None = None
    time_dim_units: str | None = None  # CF units of the raw times: "seconds since 1970-01-01"
    default_location: tuple[float, float, float] | None = None  # longitude, latitude, zoom
    revision: str = ""  # changes when the files or the configuration of the dataset do


class DatasetPage(msgspec.Struct, frozen=True, kw_only=True):
    """One dataset."""

    id: str
    value: str
    quantum: str | None = None
    help: str | None = None
    attribution: str | None = None
    revision: str = ""
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north; degrees
    start: str | None = None  # first time step, ISO 8601
    end: str | None = None
    model_class: str | None = None
    group: str | None = None
    subgroup: str | None = None
    license: str | None = None  # as the files tell it, or the URL of the one that the attribution names
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


class TimeStep(msgspec.Struct, frozen=True, kw_only=True):
    """An instant for which a variable has values."""

    id: int  # the raw time, in the dataset's time_dim_units
    value: str  # ISO 8601; monthly data: the 15th, without a zone


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """A level of a variable's depth axis, or `bottom`, or `all`."""

    id: int | Literal["bottom", "all"]
    value: str  # "10 m"


class VariableListing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a variable of a given display name is found."""

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


class DatasetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the files of a dataset could be read."""

    id: str
    status: Literal["served", "partly", "broken"]
    files: int  # that are served
    reason: str | None = None  # why nothing is served
    problems: list[FileProblem] = []
    left_out: list[VariableProblem] = []  # variables that are asked for, or in the files, but not served


class GitInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which build answers."""

    git_hash: str | None
    git_tag: str | None
