"""Coverages of the data service as arrays: coordinates, fields and times."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ocean_common.arrays import pack_array, unpack_array
from ocean_common.contracts.assets import Array, VariableInfo
from ocean_common.contracts.data import Coordinate, Coverage, Field
from ocean_core.time import DAY, format_times
from ocean_core.units import unit_conversion
from ocean_plotting.figure.labels import LabelFormatter

Floats = NDArray[np.float64]
PRESSURE_UNITS = "dbar"


class CoverageReader:
    """Reads the arrays of a coverage."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self._coordinates = {coordinate.name: coordinate for coordinate in coverage.coordinates}
        self._fields = {field.variable.key: field for field in coverage.fields}
        # The time steps are those of the first field; another dataset is compared with it.
        variables = [field.variable for field in coverage.fields]
        self._dated = all(variable.dated for variable in variables if variable.dataset == variables[0].dataset)

    @property
    def variables(self) -> list[VariableInfo]:
        """Requested variables, without the coordinates that had to be read for them."""
        return [field.variable for field in self.coverage.fields if not field.auxiliary]

    def has(self, name: str) -> bool:
        return name in self._coordinates or name in self._fields

    def info(self, key: str) -> VariableInfo:
        return self._fields[key].variable

    def dims(self, key: str) -> tuple[str, ...]:
        return tuple(self._fields[key].dims)

    def field(self, key: str, *dims: str) -> Floats:
        """Return the values of a field, NaN where there are none; with ``dims``, in that order, missing ones of 1."""
        field = self._fields[key]
        return _order_dims(field, to_array(field.values), dims)

    def coordinate(self, name: str, *dims: str) -> Floats:
        """Return a coordinate, or the field that stands for it (true depths); an empty array where there is none."""
        if name in self._fields:
            return self.field(name, *dims)
        coordinate = self._coordinates.get(name)
        if coordinate is None or isinstance(coordinate.values, list):
            return np.empty(0)
        return _order_dims(coordinate, to_array(coordinate.values), dims)

    def depths(self, dim: str, *dims: str) -> tuple[Floats, str]:
        """Return depths of levels along a dimension and m, or their pressures and dbar; empty where neither is known.

        They are positive down, in the order of ``dims``.
        """
        levels = self._coordinates.get(dim.replace("depth", "level", 1))
        if not self.has(dim) and levels is not None and list(levels.dims) == [dim]:
            conversion = unit_conversion(levels.units or "", PRESSURE_UNITS)
            if conversion is not None and not isinstance(levels.values, list):
                pressures = to_array(levels.values) * conversion[0] + conversion[1]
                return _order_dims(levels, pressures, dims), PRESSURE_UNITS
        return self.coordinate(dim, *dims), "m"

    @property
    def times(self) -> list[str]:
        """Every instant, ISO 8601, UTC; dates of other calendars as they are, and values in the files without dates."""
        coordinate = self._coordinates.get("time")
        if coordinate is None:
            return []
        if isinstance(coordinate.values, list):
            return list(coordinate.values)
        if coordinate.dates:
            return list(coordinate.dates)
        values = to_array(coordinate.values)
        if not self._dated:
            return [f"{value:.12g} {coordinate.units or ''}".strip() for value in values.tolist()]
        return format_times(values)

    @property
    def time(self) -> str:
        """First instant; empty for a coverage without time steps."""
        return next(iter(self.times), "")

    @property
    def seconds(self) -> Floats:
        """Every instant in seconds since 1970-01-01 UTC, shape (time,); a value in the files counts as a day."""
        values = np.atleast_1d(self.coordinate("time"))
        return values if self._dated else values * DAY

    @property
    def time_units(self) -> str:
        """Units of times without dates; empty for others."""
        coordinate = self._coordinates.get("time")
        return "" if self._dated or coordinate is None else coordinate.units or ""

    @property
    def places(self) -> list[tuple[float, float]]:
        """Latitude and longitude (degrees) of each point or place along a line."""
        latitude, longitude = (np.atleast_1d(self.coordinate(name)) for name in ("latitude", "longitude"))
        return list(zip(latitude.tolist(), longitude.tolist(), strict=True))


def compare_coverages(
    first: Coverage, second: Coverage, parts: Sequence[Sequence[tuple[VariableInfo, Floats]]]
) -> Coverage:
    """Return the first coverage with the variables of both, and their difference where there is one.

    They are named as the data service names them. ``parts``: of each the first, the second on the cells of the first,
    and perhaps the difference.
    """
    reader, fields = CoverageReader(first), []
    for part in parts:
        (info, _), (other, _), *differences = part
        less = f"{info.long_name or info.name} less {other.key} of {other.dataset}"
        described = [replace(info, key=f"{info.key}_first"), replace(other, key=f"{other.key}_second")]
        described += [replace(item, name=f"Difference of {info.name}", long_name=less) for item, _ in differences]
        dims = reader.dims(info.key)
        shape = [first.dims[name] for name in dims]
        fields += [
            Field(variable=item, dims=dims, values=pack_array(values.reshape(shape)))
            for item, (_, values) in zip(described, part, strict=True)
        ]
    facts = first.facts | {"minus": second.dataset}
    if len(times := CoverageReader(second).times) == 1:
        facts["minus_time"] = times[0]
    fields += [field for field in first.fields if field.auxiliary]
    return replace(first, fields=fields, facts=facts, revision=first.revision if second.revision else "")


def select_times(coverage: Coverage, steps: NDArray[np.intp]) -> Coverage:
    """Return a coverage at some of its time steps."""

    def select(item: Coordinate | Field) -> Any:
        if item.dims[:1] != ("time",) or isinstance(item.values, list):
            return item
        changed: dict[str, Any] = {"values": pack_array(unpack_array(item.values)[steps])}
        if isinstance(item, Coordinate) and item.dates:
            changed["dates"] = [item.dates[step] for step in steps]
        return replace(item, **changed)

    return replace(
        coverage,
        dims=coverage.dims | {"time": len(steps)},
        coordinates=[select(item) for item in coverage.coordinates],
        fields=[select(item) for item in coverage.fields],
    )


def format_level(coverage: Coverage, labels: LabelFormatter, *, alone: bool = False) -> str:
    """Describe a level without a depth in m, after a name or ``alone``: in its units, or by its number; else empty."""
    level = next((item for item in coverage.coordinates if item.name == "level" and not item.dims), None)
    if level is None or isinstance(level.values, list):
        return ""
    if level.units not in {None, "1"}:
        value = labels.value(float(to_array(level.values).ravel()[0]), level.units)
        return value if alone else labels.translate("at {depth}", depth=value)
    if not {"level", "levels"} <= coverage.facts.keys():
        return ""
    numbers = {"number": f"{coverage.facts['level']:.0f}", "count": f"{coverage.facts['levels']:.0f}"}
    if alone:
        return labels.translate("level {number} of {count}", **numbers)
    return labels.translate("at level {number} of {count}", **numbers)


def to_array(array: Array) -> Floats:
    """Convert an array of a contract."""
    return unpack_array(array).astype(np.float64)


def _order_dims(array: Coordinate | Field, values: Floats, dims: tuple[str, ...]) -> Floats:
    if not dims:
        return values
    missing = [name for name in dims if name not in array.dims]
    order = [array.dims.index(name) for name in dims if name in array.dims]
    ordered = values.transpose(order) if array.dims else values.reshape(())  # the depth of a single level
    for name in missing:
        ordered = np.expand_dims(ordered, dims.index(name))
    return ordered
