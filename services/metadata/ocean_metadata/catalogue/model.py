"""Datasets as the catalogue keeps them."""

from typing import Any, Literal

import msgspec

from ocean_common.contracts.assets import DepthAxis, Dimension, File, Grid
from ocean_common.contracts.metadata import FileProblem, VariableProblem

State = Literal["served", "partly", "broken"]
Translations = dict[str, dict[str, str]]  # language → field → text, beside the English of the fields


class TimePart(msgspec.Struct, frozen=True, kw_only=True):
    """The time steps in one file: little-endian int64 and int32, so that a million of them are a few rows."""

    file: int  # index into the dataset's files
    raw: bytes
    seconds: bytes
    position: bytes


class TimeAxis(msgspec.Struct, frozen=True, kw_only=True):
    """Time steps that variables share."""

    units: str
    calendar: str
    files: list[int]
    first: int  # s since 1970-01-01 UTC
    last: int
    count: int


class GridRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A grid, and the outline of its wet cells (GeoJSON)."""

    grid: Grid
    footprint: str | None = None


class LevelsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """True depths of levels, by the keys of the variables that say them."""

    kind: str
    terms: dict[str, str]


class VariableRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of a dataset."""

    key: str
    source: str  # its name in the files
    name: str
    units: str
    scale: tuple[float, float]
    standard_name: str | None = None
    long_name: str | None = None
    zero_centered: bool = False
    categories: list[str] = []
    hidden: bool = False
    vector: bool = False
    interpolation: dict[str, Any] | None = None
    attributes: dict[str, Any] = {}  # as in the file
    dimensions: list[Dimension]
    file: int  # the first that holds it
    grid: int  # indices into the dataset's lists
    depth: int | None = None
    time: int | None = None
    equation: str | None = None
    components: dict[Literal["east", "north", "bearing"], str] = {}
    levels: LevelsRecord | None = None
    bathymetry: str | None = None  # keys of variables of the dataset
    angle: dict[str, str] = {}
    auxiliary: bool = False  # read for the sake of others, and never asked for
    translations: Translations = {}


class DatasetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset. The steps of its time axes are kept apart: they may be a million."""

    id: str
    name: str
    enabled: bool = True
    state: State = "served"
    reason: str | None = None  # why nothing is served
    revision: str = ""
    quantum: str | None = None
    help: str | None = None
    attribution: str | None = None
    model_class: str | None = None
    group: str | None = None
    subgroup: str | None = None
    time_dim_units: str | None = None
    default_location: tuple[float, float, float] | None = None
    bounds: tuple[float, float, float, float] | None = None
    time: int | None = None  # the axis that stands for the dataset
    attributes: dict[str, Any] = {}  # global ones, of its first file that could be read
    translations: Translations = {}
    files: list[File] = []
    grids: list[GridRecord] = []
    depths: list[DepthAxis] = []
    times: list[TimeAxis] = []
    variables: list[VariableRecord] = []
    problems: list[FileProblem] = []
    left_out: list[VariableProblem] = []


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset with its time steps: one list of parts for each of its time axes."""

    record: DatasetRecord
    steps: list[list[TimePart]] = []
