"""Any extraction as JSON for people: arrays are nested lists, times are ISO 8601, and null is where nothing is."""

from typing import Any

import msgspec

from ocean_common.contracts.extractions import Kind

Nested = list[Any] | float | str | None  # whole numbers too


class CoordinateValues(msgspec.Struct, frozen=True, kw_only=True):
    """Where values are."""

    dims: list[str]  # none: one value for all
    units: str | None
    standard_name: str | None
    long_name: str | None
    values: Nested  # nested as `dims`


class VariableValues(msgspec.Struct, frozen=True, kw_only=True):
    """Values of one variable."""

    name: str
    units: str
    standard_name: str | None
    dims: list[str]
    values: Nested  # nested as `dims`; null over land, below the sea floor, or absent


class ExtractedValues(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an extraction."""

    dataset: str
    kind: Kind
    dims: dict[str, int]
    coordinates: dict[str, CoordinateValues]
    variables: dict[str, VariableValues]
    facts: dict[str, str | float] = {}  # what else is to be told: interpolation, …
    attribution: str | None = None
    revision: str = ""  # of the dataset; empty if a file has changed since it was indexed
