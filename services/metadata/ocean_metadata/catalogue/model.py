"""Datasets as the catalogue stores them, and the snapshot of all of them in memory."""

import difflib
from collections.abc import Iterable
from typing import Any, Literal, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import DepthAxis, Dimension, File, Grid
from ocean_common.contracts.metadata import NoteKind
from ocean_core.cells import MaskMeaning
from ocean_core.errors import DatasetNotFound, Message, VariableNotFound
from ocean_core.time import DateScale, Ints, find_date_scale

Floats = NDArray[np.float64]
S = TypeVar("S", bound=msgspec.Struct)

State = Literal["served", "partly", "broken"]
STEP_TYPES = ("<i8", "<i8", "<i4", "<i4", "<f8")  # of the stored arrays of `StepArrays`
Translations = dict[str, dict[str, str]]  # language → field → text, beside the English of the fields


class TimeAxis(msgspec.Struct, frozen=True, kw_only=True):
    """Time axis that variables share; without dates its steps are numbered from 0."""

    units: str
    calendar: str
    files: list[int]
    first: int  # s since 1970-01-01 UTC; without dates the number of a step
    last: int
    count: int
    dated: bool = True
    climatology: bool = False  # of the months or seasons of no one year
    ends: tuple[int, int] | None = None  # first and last time step in `units`

    @property
    def period(self) -> DateScale:
        """First and last time step."""
        seconds = np.array([self.first, self.last])
        return find_date_scale(seconds, np.array(self.ends or seconds), self.units, self.calendar)


class GridRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Grid and the outline of its wet cells (GeoJSON)."""

    grid: Grid
    footprint: str | None = None


class LevelsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Depths of vertical levels, by the keys of the variables that give them."""

    kind: str
    terms: dict[str, str]


class MaskRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Land mask of a variable, by the key of the variable that it is."""

    key: str
    meaning: MaskMeaning


class VariableDescription(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of a variable that are taken from its configuration."""

    key: str
    source: str  # its name in the files
    long_name: str | None = None
    categories: list[str] = []
    category_values: list[float] = []  # ascending; none: 0, 1, 2, …
    flags: dict[str, Any] = {}  # attributes of flags that make no categories
    hidden: bool = False
    interpolation: dict[str, Any] | None = None
    equation: str | None = None  # of a calculated variable
    components: dict[Literal["east", "north", "bearing"], str] = {}  # variables of a vector's components
    auxiliary: bool = False  # read only for other variables, never requested
    translations: Translations = {}


class VariableRecord(VariableDescription, frozen=True, kw_only=True):
    """Variable of a dataset."""

    name: str
    units: str
    scale: tuple[float, float]
    standard_name: str | None = None
    zero_centered: bool = False
    vector: bool = False
    attributes: dict[str, Any] = {}  # as in the file
    dimensions: list[Dimension]
    file: int  # the first that holds it
    grid: int  # indices into the dataset's lists
    depth: int | None = None
    time: int | None = None
    levels: LevelsRecord | None = None
    bathymetry: str | None = None  # keys of variables of the dataset
    angle: dict[str, str] = {}
    land: MaskRecord | None = None
    conversions: dict[int, tuple[float, float]] = {}  # factor and offset to `units`, of files in another unit
    mixed: bool = False  # its files differ in type or packing


class Omission(msgspec.Struct, frozen=True):
    """File or variable that is not served."""

    name: str
    reason: Message


class Note(msgspec.Struct, frozen=True):
    """Remark on a file, a variable or an axis that is not served quite as it is stored."""

    name: str
    kind: NoteKind
    text: Message
    advice: Message | None = None  # what to write into the configuration, or into the file


class DatasetDescription(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of a dataset that are taken from its configuration."""

    quantum: str | None = None
    help: str | None = None
    attribution: str | None = None
    model_class: str | None = None
    group: str | None = None
    subgroup: str | None = None
    time_dim_units: str | None = None
    default_location: tuple[float, float, float] | None = None  # longitude, latitude, zoom


class DatasetRecord(DatasetDescription, frozen=True, kw_only=True):
    """Dataset without the steps of its time axes, which may be a million."""

    id: str
    name: str
    enabled: bool = True
    state: State = "served"
    reason: Message | None = None  # why nothing is served
    revision: str = ""
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
    selected: bool = False  # the configuration lists its variables
    notes: list[Note] = []

    @property
    def visible_variables(self) -> list[VariableRecord]:
        """Variables that lists show."""
        return [variable for variable in self.variables if not (variable.hidden or variable.auxiliary)]

    @property
    def period(self) -> tuple[str | None, str | None]:
        """First and last time step, in ISO 8601."""
        if self.time is None or not self.times[self.time].dated:
            return None, None
        axis = self.times[self.time]
        first, last = axis.period.format(self.quantum)
        return first, last

    def variable(self, key: str) -> VariableRecord:
        """Return the variable of this key, or raise VariableNotFound."""
        for variable in self.variables:
            if variable.key == key and not variable.auxiliary:
                return variable
        for omission in self.left_out:
            if omission.name == key:
                raise VariableNotFound(
                    "the variable {key!r} of {dataset} cannot be served: {refused}",
                    key=key,
                    dataset=self.id,
                    refused=omission.reason,
                    field="variable",
                )
        suggestions = _similar_words(key, [variable.key for variable in self.visible_variables])
        raise VariableNotFound(
            "{dataset} has no variable {key!r}{suggestion}; see /api/v2.0/dataset/{dataset}/variables",
            dataset=self.id,
            key=key,
            suggestion=_suggest(suggestions),
            field="variable",
            allowed=suggestions,
        )


class Replaced(Exception):
    """A dataset was written anew since its record was read."""


class StepArrays(msgspec.Struct, frozen=True, kw_only=True):
    """Steps of a time axis, ascending: arrays of equal length."""

    raw: Ints
    seconds: Ints  # since 1970-01-01 UTC; of an axis without dates the numbers of the steps, as `raw`
    file: Ints  # index into the dataset's files
    position: Ints  # along the file's time dimension
    values: Floats = msgspec.field(default_factory=lambda: np.empty(0))  # as in the files; none where steps have dates

    def take(self, selection: Ints | slice) -> Self:
        arrays = msgspec.structs.asdict(self)
        return type(self)(**{name: array[selection] if array.size else array for name, array in arrays.items()})

    def encode(self) -> bytes:
        """Encode as MessagePack of little-endian bytes."""
        arrays = zip(msgspec.structs.astuple(self), STEP_TYPES, strict=True)
        return msgspec.msgpack.encode([values.astype(kind).tobytes() for values, kind in arrays])

    @classmethod
    def decode(cls, content: bytes) -> Self:
        arrays = zip(msgspec.msgpack.decode(content, type=list[bytes]), STEP_TYPES, strict=True)
        *integers, values = (np.frombuffer(part, kind) for part, kind in arrays)
        raw, seconds, file, position = (part.astype(np.int64) for part in integers)
        return cls(raw=raw, seconds=seconds, file=file, position=position, values=values)


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


def list_notes(record: DatasetRecord) -> list[Note]:
    """List what is to be told about a dataset: files and variables that are not served, then the notes."""
    omissions = [Note(omission.name, "left out", omission.reason) for omission in (*record.problems, *record.left_out)]
    return omissions + record.notes


def _similar_words(word: str, words: Iterable[str]) -> list[str]:
    """Return the words that may have been meant, whatever their case."""
    by_lower = {text.lower(): text for text in words}
    return [by_lower[text] for text in difflib.get_close_matches(word.lower(), by_lower, n=5, cutoff=0.5)]


def _suggest(words: list[str]) -> Message | str:
    return Message("; did you mean {name!r}?", name=words[0]) if words else ""


def copy_fields(source: object, kind: type[S], /, **others: Any) -> S:
    """Make a Struct of the fields that it has in common with another one, or with a row, and of others."""
    common = {name: getattr(source, name) for name in kind.__struct_fields__ if hasattr(source, name)}
    return kind(**common | others)
