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
from ocean_data.plan.extraction import Coordinate, Extraction, Parts, Reading, Values, read_values
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
    coordinates = {one.name: _coordinate(one, extraction.dims) for one in extraction.coordinates}
    for one in extraction.fields:
        if one.auxiliary:
            info = one.variable
            coordinates[one.key] = CoordinateValues(
                dims=list(one.dims),
                units=info.units,
                standard_name=info.standard_name,
                long_name=info.long_name or info.name,
                values=nest_numbers(values[one.key]),
            )
    return ExtractedValues(
        dataset=extraction.dataset,
        kind=extraction.kind,
        dims=dict(extraction.dims),
        coordinates=coordinates,
        variables={
            one.key: VariableValues(
                name=one.variable.name,
                units=one.variable.units,
                standard_name=one.variable.standard_name,
                dims=list(one.dims),
                values=nest_numbers(values[one.key]),
            )
            for one in variable_fields(extraction)
        },
        facts=dict(extraction.facts),
        attribution=attribution(extraction),
        revision=revision,
    )


def point_values(extraction: Extraction, values: dict[str, Values], revision: str) -> PointValues:
    """One variable at one point."""
    one = variable_fields(extraction)[0]
    info, table = one.variable, _rows(one.dims, values[one.key])
    seconds, raw = extraction.coordinate("time"), extraction.coordinate("raw_time")
    place = _single(extraction, "latitude"), _single(extraction, "longitude")
    cell = _single(extraction, "cell_latitude", place[0]), _single(extraction, "cell_longitude", place[1])
    return PointValues(
        dataset=extraction.dataset,
        variable=one.key,
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
    deep = next((one for one in extraction.fields if one.auxiliary and one.key == "depth"), None)
    if deep is not None:
        read = _rows(deep.dims, values["depth"])
        first = np.isfinite(read).argmax(axis=0)
        return _or_none(read[first, np.arange(read.shape[1])])
    known = extraction.coordinate("depth")
    return [None] * count if known is None else _or_none(np.ravel(np.asarray(known.values, dtype=np.float64)))


def _or_none(values: NDArray[np.floating]) -> list[float | None]:
    return [one if np.isfinite(one) else None for one in values.tolist()]


def _single(extraction: Extraction, name: str, default: float = np.nan) -> float:
    found = extraction.coordinate(name)
    return default if found is None else float(np.ravel(np.asarray(found.values))[0])


def _coordinate(one: Coordinate, dims: dict[str, int]) -> CoordinateValues:
    time = is_time(one)
    return CoordinateValues(
        dims=list(one.dims),
        units=None if time else one.units,
        standard_name=one.standard_name,
        long_name=one.long_name,
        values=_shaped(one, dims),
    )


def _shaped(one: Coordinate, dims: dict[str, int]) -> Any:
    """Nested as the dimensions; the value itself where there are none."""
    if isinstance(one.values, list):
        return one.values if one.dims else one.values[0]
    shape = tuple(dims[name] for name in one.dims)
    values = np.asarray(one.values).reshape(shape)
    if not is_time(one):
        return nest_numbers(values)
    texts = np.array(format_times(values), dtype=object)
    return texts.reshape(shape).tolist() if one.dims else texts[0]


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
                name=one.name,
                dims=one.dims,
                values=one.values if isinstance(one.values, list) else _packed(one.values),
                units=one.units,
                standard_name=one.standard_name,
                long_name=one.long_name,
            )
            for one in extraction.coordinates
        ],
        fields=[
            contracts.Field(
                variable=one.variable, dims=one.dims, values=_packed(values[one.key]), auxiliary=one.auxiliary
            )
            for one in extraction.fields
        ],
        facts=dict(extraction.facts),
        revision=revision,
    )


def _packed(values: NDArray[np.floating] | NDArray[np.int64]) -> Array:
    whole = np.ascontiguousarray(values)
    return Array(dtype=whole.dtype.str, shape=values.shape, data=whole.tobytes())
