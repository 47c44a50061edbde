"""An extraction whole: as JSON for people, and as the contract's Struct for neighbours.

One variable at one point keeps a simpler form of JSON.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import data as contracts
from ocean_common.contracts.assets import Array
from ocean_common.contracts.data import CoordinateValues, ExtractedValues, PointValues, VariableValues
from ocean_core.time import format_times
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Extraction, Parts, Reading, Values, read_values
from ocean_data.writing.metadata import attribution, is_time, variable_fields
from ocean_data.writing.numbers import nest_numbers

POINT_KINDS = {"profile", "timeseries"}  # kinds whose answer for one variable is a `PointValues`


class Json:
    """Writes JSON."""

    media_type = "application/json"
    suffix = "json"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """One piece: the arrays of several variables do not come in the order in which JSON has them."""
        values = extraction.collect(parts)
        if extraction.kind in POINT_KINDS and len(variable_fields(extraction)) == 1:
            yield msgspec.json.encode(point_values(extraction, values, revision))
        else:
            yield msgspec.json.encode(extracted_values(extraction, values, revision))


def extracted_values(extraction: Extraction, values: dict[str, Values], revision: str) -> ExtractedValues:
    """The answer to any extraction."""
    coordinates = {field.name: _coordinate(field, extraction.dims) for field in extraction.coordinates}
    for field in extraction.fields:
        if field.auxiliary:
            info = field.variable
            coordinates[field.key] = CoordinateValues(
                dims=list(field.dims),
                units=info.units,
                standard_name=info.standard_name,
                long_name=info.long_name or info.name,
                values=nest_numbers(values[field.key]),
            )
    return ExtractedValues(
        dataset=extraction.dataset,
        kind=extraction.kind,
        dims=dict(extraction.dims),
        coordinates=coordinates,
        variables={
            field.key: VariableValues(
                name=field.variable.name,
                units=field.variable.units,
                standard_name=field.variable.standard_name,
                dims=list(field.dims),
                values=nest_numbers(values[field.key]),
            )
            for field in variable_fields(extraction)
        },
        facts=dict(extraction.facts),
        attribution=attribution(extraction),
        revision=revision,
    )


def point_values(extraction: Extraction, values: dict[str, Values], revision: str) -> PointValues:
    """One variable at one point."""
    field = variable_fields(extraction)[0]
    info, table = field.variable, _rows(field.dims, values[field.key])
    seconds, raw = extraction.coordinate("time"), extraction.coordinate("raw_time")
    place = _single(extraction, "latitude"), _single(extraction, "longitude")
    cell = _single(extraction, "cell_latitude", place[0]), _single(extraction, "cell_longitude", place[1])
    return PointValues(
        dataset=extraction.dataset,
        variable=field.key,
        name=info.name,
        units=info.units,
        standard_name=info.standard_name,
        latitude=place[0],
        longitude=place[1],
        cell=cell,
        interpolation=extraction.facts.get("interpolation", "nearest"),  # type: ignore[arg-type]  # as planned
        times=format_times(np.asarray(seconds.values)) if seconds else [],
        raw_times=np.asarray(raw.values).tolist() if raw else [],
        depths=_depths(extraction, values, table.shape[1]),
        values=nest_numbers(table),
        revision=revision,
    )


def _rows(dims: tuple[str, ...], values: Values) -> Values:
    """Values of one point as (time, depth), each of the length one where the variable has no such dimension."""
    table = values.reshape(values.shape[0] if "time" in dims else 1, -1)
    return np.where(np.isfinite(table), table, np.nan)


def _depths(extraction: Extraction, values: dict[str, Values], count: int) -> list[float | None]:
    """The depth of every column: of levels that move, at the first time at which they have one."""
    depth_field = next((field for field in extraction.fields if field.auxiliary and field.key == "depth"), None)
    if depth_field is not None:
        read = _rows(depth_field.dims, values["depth"])
        first = np.isfinite(read).argmax(axis=0)
        return _or_none(read[first, np.arange(read.shape[1])])
    coordinate = extraction.coordinate("depth")
    return [None] * count if coordinate is None else _or_none(np.ravel(np.asarray(coordinate.values, dtype=np.float64)))


def _or_none(values: NDArray[np.floating]) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _single(extraction: Extraction, name: str, default: float = np.nan) -> float:
    coordinate = extraction.coordinate(name)
    return default if coordinate is None else float(np.ravel(np.asarray(coordinate.values))[0])


def _coordinate(coordinate: Coordinate, dims: dict[str, int]) -> CoordinateValues:
    time = is_time(coordinate)
    return CoordinateValues(
        dims=list(coordinate.dims),
        units=None if time else coordinate.units,
        standard_name=coordinate.standard_name,
        long_name=coordinate.long_name,
        values=_shaped(coordinate, dims),
    )


def _shaped(coordinate: Coordinate, dims: dict[str, int]) -> Any:
    """Nested as the dimensions; the value itself where there are none."""
    if isinstance(coordinate.values, list):
        return coordinate.values if coordinate.dims else coordinate.values[0]
    shape = tuple(dims[name] for name in coordinate.dims)
    values = np.asarray(coordinate.values).reshape(shape)
    if not is_time(coordinate):
        return nest_numbers(values)
    texts = np.array(format_times(values), dtype=object)
    return texts.reshape(shape).tolist() if coordinate.dims else texts[0]


def read_coverage(extraction: Extraction, reading: Reading) -> contracts.Coverage:
    """Read everything, and say what revision it is of."""
    return to_coverage(extraction, read_values(extraction, reading), extraction.revision(reading.source))


def to_coverage(extraction: Extraction, values: Mapping[str, Values], revision: str) -> contracts.Coverage:
    """The contract's form of what was read: ``values`` by key of field, of the shape of its dimensions."""
    return contracts.Coverage(
        kind=extraction.kind,
        dataset=extraction.dataset,
        dims=dict(extraction.dims),
        coordinates=[
            contracts.Coordinate(
                name=item.name,
                dims=item.dims,
                values=item.values if isinstance(item.values, list) else _packed(item.values),
                units=item.units,
                standard_name=item.standard_name,
                long_name=item.long_name,
            )
            for item in extraction.coordinates
        ],
        fields=[
            contracts.Field(
                variable=item.variable, dims=item.dims, values=_packed(values[item.key]), auxiliary=item.auxiliary
            )
            for item in extraction.fields
        ],
        facts=dict(extraction.facts),
        revision=revision,
    )


def _packed(values: NDArray[np.floating] | NDArray[np.int64]) -> Array:
    contiguous = np.ascontiguousarray(values)
    return Array(dtype=contiguous.dtype.str, shape=values.shape, data=contiguous.tobytes())
