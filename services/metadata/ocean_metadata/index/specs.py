"""Specifications of datasets: what a configuration or a folder says before any file is read."""

from typing import Any, Literal

import msgspec

from ocean_core.errors import Message
from ocean_metadata.catalogue.model import DatasetDescription, Translations


class VariableSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Configuration of a variable; everything else comes from the files."""

    key: str
    source: str  # name in the files
    name: str | None = None
    units: str | None = None
    scale: tuple[float, float] | None = None
    long_name: str | None = None
    zero_centered: bool | None = None
    hidden: bool = False
    categories: list[str] = []
    interpolation: dict[str, Any] | None = None
    equation: str | None = None  # of a calculated variable
    dims: list[str] | None = None  # of a calculated variable; None: those of its operands
    components: dict[Literal["east", "north", "bearing"], str] = {}  # variables of a vector's components
    auxiliary: bool = False  # read for other variables, never requested
    error: Message | None = None  # why it cannot be served
    translations: Translations = {}


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Auxiliary file of a dataset."""

    path: str
    variable: str | None = None  # the variable to use
    dropped: list[str] = []  # variables not to use


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

    @property
    def references(self) -> list[Reference]:
        """Auxiliary files, those with coordinates first."""
        files = (self.geo, self.angle, self.bathymetry, self.depths)
        return [reference for reference in files if reference is not None]

    @property
    def paths(self) -> list[str]:
        """All files, each once: the data, then the auxiliary files."""
        return list(dict.fromkeys([*self.files, *(reference.path for reference in self.references)]))
