"""What a dataset is told to be, before its files are read."""

from typing import Any

import msgspec


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
    refused: str | None = None  # why it cannot be served


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
    refused: str | None = None  # why it cannot be served
