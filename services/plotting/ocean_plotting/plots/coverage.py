"""Reads what the data service extracted: coordinates and fields as arrays."""

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coordinate, Coverage, Field
from ocean_core.time import format_times

Floats = NDArray[np.float64]


class Read:
    """A coverage, its arrays ready to use."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self._coordinates = {one.name: one for one in coverage.coordinates}
        self._fields = {one.variable.key: one for one in coverage.fields}

    @property
    def variables(self) -> list[VariableInfo]:
        """What was asked for, without the coordinates that had to be read."""
        return [one.variable for one in self.coverage.fields if not one.auxiliary]

    def has(self, name: str) -> bool:
        """Whether there is a coordinate or a field of this name."""
        return name in self._coordinates or name in self._fields

    def info(self, key: str) -> VariableInfo:
        """What a field is."""
        return self._fields[key].variable

    def field(self, key: str, *dims: str) -> Floats:
        """Values of a field, NaN where there are none; with ``dims``, in that order, one it lacks having length 1."""
        found = self._fields[key]
        return _ordered(found, array(found.values), dims)

    def coordinate(self, name: str, *dims: str) -> Floats:
        """Values of a coordinate, of a field that stands for one (true depths), or of none: an empty array."""
        if name in self._fields:
            return self.field(name, *dims)
        found = self._coordinates.get(name)
        if found is None or isinstance(found.values, list):
            return np.empty(0)
        return _ordered(found, array(found.values), dims)

    @property
    def times(self) -> list[str]:
        """Every instant, ISO 8601, UTC; a calendar of its own keeps its own dates."""
        found = self._coordinates.get("time")
        if found is None:
            return []
        if isinstance(found.values, list):
            return list(found.values)
        return format_times(array(found.values))

    @property
    def time(self) -> str:
        """The first instant; empty for what has no time steps."""
        return next(iter(self.times), "")

    @property
    def seconds(self) -> Floats:
        """Every instant in seconds since 1970-01-01 UTC, shape (time,)."""
        return np.atleast_1d(self.coordinate("time"))

    @property
    def places(self) -> list[tuple[float, float]]:
        """Latitude and longitude (degrees) of each point or place along a line."""
        latitude, longitude = (np.atleast_1d(self.coordinate(name)) for name in ("latitude", "longitude"))
        return list(zip(latitude.tolist(), longitude.tolist(), strict=True))


def array(of: Array) -> Floats:
    """Read an array that crossed the border."""
    return np.frombuffer(of.data, dtype=of.dtype).reshape(of.shape).astype(np.float64)


def _ordered(found: Coordinate | Field, values: Floats, dims: tuple[str, ...]) -> Floats:
    if not dims:
        return values
    missing = [name for name in dims if name not in found.dims]
    order = [found.dims.index(name) for name in dims if name in found.dims]
    turned = values.transpose(order) if found.dims else values.reshape(())  # the depth of a single level
    for name in missing:
        turned = np.expand_dims(turned, dims.index(name))
    return turned
