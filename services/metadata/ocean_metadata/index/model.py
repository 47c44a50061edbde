"""Forms of the index: specifications of datasets before any file is read, and headers of files."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Self

import msgspec
import numpy as np

from ocean_common.contracts.assets import Array
from ocean_core.errors import Message
from ocean_core.packing import PACKING_ATTRIBUTES
from ocean_metadata.catalogue.model import DatasetDescription, Note, Translations, VariableDescription
from ocean_metadata.index.coordinate_prints import CoordinatePrint

_DIGITS = re.compile(r"\d+")


class VariableSpec(VariableDescription, frozen=True, kw_only=True):
    """Configuration of a variable; everything else comes from the files."""

    name: str | None = None
    units: str | None = None
    convert: bool = False  # the values of the files, to `units`
    scale: tuple[float, float] | None = None
    zero_centered: bool | None = None
    dims: list[str] | None = None  # of a calculated variable; None: those of its operands
    error: Message | None = None  # why it cannot be served


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Auxiliary file of a dataset; names in quotes are those of the configuration."""

    path: str = msgspec.field(name="url")
    variable: str | None = None  # the variable to use
    dropped: list[str] | str = msgspec.field(name="drop_variables", default_factory=list)  # variables not to use


class DatasetSpec(DatasetDescription, frozen=True, kw_only=True):
    """Configuration of a dataset, or a series of files in a folder."""

    id: str
    files: list[str]  # paths, in order
    name: str | None = None
    enabled: bool = True
    vector_variables: list[str] = msgspec.field(default_factory=list)
    variables: list[VariableSpec] | None = None  # None: all fields of the files
    # Of variables without attributes of their own: from index databases.
    attributes: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    geo: Reference | None = None  # latitude and longitude, if the files have none or wrong ones
    angle: Reference | None = None  # of the grid's x axis from east
    bathymetry: Reference | None = None  # depth of the sea floor
    depths: Reference | None = None  # depth of every cell
    latitude: str | None = None  # names of coordinate variables
    longitude: str | None = None
    error: Message | None = None  # why it cannot be served
    translations: Translations = msgspec.field(default_factory=dict)
    notes: list[Note] = msgspec.field(default_factory=list)  # on files that are in other datasets

    @property
    def references(self) -> list[Reference]:
        """Auxiliary files, those with coordinates first."""
        return [file for file in (self.geo, self.angle, self.bathymetry, self.depths) if file is not None]

    @property
    def paths(self) -> list[str]:
        """All files, each once: the data, then the auxiliary files."""
        return list(dict.fromkeys([*self.files, *(reference.path for reference in self.references)]))


class VariableHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Declaration of a variable in its file."""

    name: str
    dtype: str  # numpy's name; "str" and "S1" are text
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: dict[str, Any]
    reason: Message | None = None  # why its values cannot be read

    @property
    def numeric(self) -> bool:
        """Return True for numbers that can be read."""
        return self.reason is None and self.dtype != "str" and np.dtype(self.dtype).kind in "iuf"

    @property
    def is_text(self) -> bool:
        return self.reason is None and (self.dtype == "str" or np.dtype(self.dtype).kind in "SU")

    @property
    def element_dimensions(self) -> tuple[str, ...]:
        """Dimensions without that of the characters of a text."""
        return self.dimensions[:-1] if self.is_text and self.dtype.endswith("S1") else self.dimensions

    @property
    def packing(self) -> str:
        """Type of its numbers and the attributes that tell their meaning, as text: NaN does not equal NaN."""
        attributes = {name: self.attributes[name] for name in PACKING_ATTRIBUTES if name in self.attributes}
        return f"{self.dtype} {attributes}"

    def text(self, attribute: str) -> str:
        """Return an attribute as text; empty if it is missing or no text."""
        value = self.attributes.get(attribute)
        return value.strip() if isinstance(value, str) else ""


class FileHeader(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """File without its fields. What follows from structure and kind of samples is computed once: equal headers."""

    structure: str  # digest of `variables`
    dimensions: dict[str, int]
    variables: dict[str, VariableHeader]
    attributes: dict[str, Any]
    groups: list[str]  # below the root; only the root is read
    values: dict[str, Array]  # of time and vertical coordinates, unpacked
    prints: dict[str, CoordinatePrint]  # of horizontal coordinates, and of what depths and land follow from

    def with_reasons(self, reasons: Mapping[str, Message]) -> Self:
        """Return the header with the reasons why variables cannot be read."""
        declared = {name: msgspec.structs.replace(self.variables[name], reason=reasons[name]) for name in reasons}
        return self.with_variables(self.variables | declared)

    def with_variables(self, variables: dict[str, VariableHeader]) -> Self:
        """Return the header with these variables."""
        return msgspec.structs.replace(self, structure=digest_structure(variables), variables=variables)

    @property
    def feature_type(self) -> str:
        """Kind of discrete samples that a file says it holds (CF chapter 9), in lower case; empty for a grid."""
        names = {"featuretype", "cdm_data_type"}
        text = next((text for name, text in self.attributes.items() if name.lower() in names), "")
        return str(text).strip().lower()

    def __hash__(self) -> int:
        return hash(self.structure)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, FileHeader)
            and other.structure == self.structure
            and other.feature_type == self.feature_type
        )


def digest_structure(variables: Mapping[str, VariableHeader]) -> str:
    """Digest names, dimensions and attributes; numbers in texts (dates, versions) do not count."""
    declarations = [
        (
            *(name, header.dtype, header.dimensions, header.shape, header.reason is None),
            _DIGITS.sub("#", repr(sorted(header.attributes.items()))),
        )
        for name, header in variables.items()
    ]
    return hashlib.blake2b(repr(declarations).encode(), digest_size=12).hexdigest()
