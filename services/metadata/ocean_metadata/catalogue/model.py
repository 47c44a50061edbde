"""Datasets as the catalogue stores them, and the snapshot of all of them in memory."""

import difflib
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
import numpy as np

from ocean_common.contracts.assets import DepthAxis, Dimension, File, Grid
from ocean_core.errors import DatasetNotFound, VariableNotFound
from ocean_core.messages import Message
from ocean_core.time import Ints, format_times

State = Literal["served", "partly", "broken"]
Translations = dict[str, dict[str, str]]  # language → field → text, beside the English of the fields


class TimePart(msgspec.Struct, frozen=True, kw_only=True):
    """Time steps in one file: little-endian int64, and int32 for positions."""

    file: int  # index into the dataset's files
    raw: bytes
    seconds: bytes
    position: bytes


class TimeAxis(msgspec.Struct, frozen=True, kw_only=True):
    """Time axis that variables share."""

    units: str
    calendar: str
    files: list[int]
    first: int  # s since 1970-01-01 UTC
    last: int
    count: int


class GridRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Grid and the outline of its wet cells (GeoJSON)."""

    grid: Grid
    footprint: str | None = None


class LevelsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Depths of vertical levels, by the keys of the variables that give them."""

    kind: str
    terms: dict[str, str]


class VariableRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Variable of a dataset."""

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
    auxiliary: bool = False  # read only for other variables, never requested
    translations: Translations = {}


class Omission(msgspec.Struct, frozen=True):
    """File or variable that is not served."""

    name: str
    reason: Message


class DatasetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Dataset without the steps of its time axes, which may be a million."""

    id: str
    name: str
    enabled: bool = True
    state: State = "served"
    reason: Message | None = None  # why nothing is served
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
    problems: list[Omission] = []  # files
    left_out: list[Omission] = []  # variables

    @property
    def visible_variables(self) -> list[VariableRecord]:
        """Variables that lists show."""
        return [variable for variable in self.variables if not (variable.hidden or variable.auxiliary)]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """Dataset with its time steps: one list of parts for each of its time axes."""

    record: DatasetRecord
    steps: list[list[TimePart]] = []


class Replaced(Exception):
    """A dataset was written anew since its record was read."""


class StepArrays(msgspec.Struct, frozen=True, kw_only=True):
    """Steps of a time axis, ascending: arrays of equal length."""

    raw: Ints
    seconds: Ints  # since 1970-01-01 UTC
    file: Ints  # index into the dataset's files
    position: Ints  # along the file's time dimension


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All datasets in the order of the configuration, without their time steps."""

    revision: str | None  # None: never indexed
    datasets: dict[str, DatasetRecord]

    @property
    def served(self) -> list[DatasetRecord]:
        """Datasets that can be requested."""
        return [record for record in self.datasets.values() if record.state != "broken"]

    @property
    def listed(self) -> list[DatasetRecord]:
        """Datasets that lists show."""
        return [record for record in self.served if record.enabled]

    def dataset(self, name: str) -> DatasetRecord:
        """Return the dataset with this id, or raise DatasetNotFound."""
        record = self.datasets.get(name)
        if record is None:
            suggestions = _similar_words(name, [record.id for record in self.served])
            raise DatasetNotFound(
                "there is no dataset {name!r}{suggestion}; see /api/v2.0/datasets",
                name=name,
                suggestion=_suggest(suggestions),
                field="dataset",
                allowed=suggestions,
            )
        if record.state == "broken":
            raise DatasetNotFound(
                "the dataset {name!r} cannot be served: {reason}", name=name, reason=record.reason, field="dataset"
            )
        return record

    def variable(self, dataset: str, key: str) -> tuple[DatasetRecord, VariableRecord]:
        """Return a dataset and its variable, or raise DatasetNotFound or VariableNotFound."""
        record = self.dataset(dataset)
        for variable in record.variables:
            if variable.key == key and not variable.auxiliary:
                return record, variable
        refused = next((problem.reason for problem in record.left_out if problem.name == key), None)
        if refused is not None:
            raise VariableNotFound(
                "the variable {key!r} of {dataset} cannot be served: {refused}",
                key=key,
                dataset=dataset,
                refused=refused,
                field="variable",
            )
        visible = [variable.key for variable in record.variables if not variable.hidden and not variable.auxiliary]
        suggestions = _similar_words(key, visible)
        raise VariableNotFound(
            "{dataset} has no variable {key!r}{suggestion}; see /api/v2.0/dataset/{dataset}/variables",
            dataset=dataset,
            key=key,
            suggestion=_suggest(suggestions),
            field="variable",
            allowed=suggestions,
        )


def _similar_words(word: str, words: Iterable[str]) -> list[str]:
    """Return the words that may have been meant, whatever their case."""
    by_lower = {text.lower(): text for text in words}
    return [by_lower[text] for text in difflib.get_close_matches(word.lower(), by_lower, n=5, cutoff=0.5)]


def _suggest(words: list[str]) -> Message | str:
    return Message("; did you mean {name!r}?", name=words[0]) if words else ""


def dataset_period(record: DatasetRecord) -> tuple[str | None, str | None]:
    """Return the first and the last time step of a dataset, in ISO 8601."""
    if record.time is None:
        return None, None
    axis = record.times[record.time]
    first, last = format_times(np.array([axis.first, axis.last]), record.quantum)
    return first, last
