"""What a dataset is told to be, before its files are read."""

from typing import Any, Literal

import msgspec

from ocean_metadata.catalogue.model import Translations


class VariableSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration says of a variable; the files say the rest."""

    key: str
    source: str
    name: str | None = None
    units: str | None = None
    scale: tuple[float, float] | None = None
    long_name: str | None = None
    zero_centered: bool | None = None
    hidden: bool = False
    categories: list[str] = []
    interpolation: dict[str, Any] | None = None
    equation: str | None = None  # what it is calculated by
    dims: list[str] | None = None  # of what is calculated; those of its operands, if they are not told
    components: dict[Literal["east", "north", "bearing"], str] = {}  # variables that are the parts of a vector
    auxiliary: bool = False  # read for the sake of others, and never asked for
    refused: str | None = None  # why it cannot be served
    translations: Translations = {}


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with those of a dataset."""

    path: str
    variable: str | None = None  # the one that is meant
    dropped: list[str] = []  # variables that are not to be used


class DatasetSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration, or a folder, says of a dataset."""

    id: str
    files: list[str]  # paths, in order
    name: str | None = None
    enabled: bool = True
    quantum: str | None = None
    help: str | None = None
    attribution: str | None = None
    model_class: str | None = None
    group: str | None = None
    subgroup: str | None = None
    time_dim_units: str | None = None
    default_location: tuple[float, float, float] | None = None
    vector_variables: list[str] = []
    variables: list[VariableSpec] | None = None  # None: all that the files hold
    told: dict[str, dict[str, Any]] = {}  # attributes of variables, where the files have none: of index databases
    geo: Reference | None = None  # latitude and longitude, where the files lack them or have others
    angle: Reference | None = None  # of the grid's x axis from east
    bathymetry: Reference | None = None  # depth of the sea floor
    depths: Reference | None = None  # depth of every cell
    latitude: str | None = None  # names of coordinates
    longitude: str | None = None
    refused: str | None = None  # why it cannot be served
    translations: Translations = {}

    @property
    def references(self) -> list[Reference]:
        """The files that go with the others, those with coordinates first."""
        return [one for one in (self.geo, self.angle, self.bathymetry, self.depths) if one is not None]

    @property
    def paths(self) -> list[str]:
        """All files: the data, then those that go with them, each once."""
        return list(dict.fromkeys([*self.files, *(one.path for one in self.references)]))
