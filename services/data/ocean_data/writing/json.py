"""JSON for people: the contract's Struct, whole. One variable at one point keeps its own, simpler form."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.data import PointValues
from ocean_common.contracts.values import CoordinateValues, ExtractedValues, VariableValues
from ocean_core.time import format_times
from ocean_data.plan.extraction import Coordinate, Extraction, Values, coordinate, whole
from ocean_data.ports import Parts
from ocean_data.writing.numbers import nested
from ocean_data.writing.words import answered, attribution, is_time

SIMPLE = {"profile", "timeseries"}  # kinds whose answer for one variable is a `PointValues`


class Json:
    """Writes JSON."""

    media_type = "application/json"
    suffix = "json"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """One piece: the arrays of several variables do not come in the order in which JSON has them."""
        values = whole(extraction, parts)
        if extraction.kind in SIMPLE and len(answered(extraction)) == 1:
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
                values=nested(values[one.key]),
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
                values=nested(values[one.key]),
            )
            for one in answered(extraction)
        },
        facts=dict(extraction.facts),
        attribution=attribution(extraction),
        revision=revision,
    )


def point_values(extraction: Extraction, values: dict[str, Values], revision: str) -> PointValues:
    """One variable at one point."""
    one = answered(extraction)[0]
    info, table = one.variable, _rows(one.dims, values[one.key])
    seconds, raw = coordinate(extraction, "time"), coordinate(extraction, "raw_time")
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
        values=nested(table),
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
    known = coordinate(extraction, "depth")
    return [None] * count if known is None else _or_none(np.ravel(np.asarray(known.values, dtype=np.float64)))


def _or_none(values: NDArray[np.floating]) -> list[float | None]:
    return [one if np.isfinite(one) else None for one in values.tolist()]


def _single(extraction: Extraction, name: str, default: float = np.nan) -> float:
    found = coordinate(extraction, name)
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
        return nested(values)
    texts = np.array(format_times(values), dtype=object)
    return texts.reshape(shape).tolist() if one.dims else texts[0]
