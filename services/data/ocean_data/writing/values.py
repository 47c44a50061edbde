"""An extraction whole: as JSON for people, and as the contract's Struct for other services.

One variable at one point keeps a simpler form of JSON.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_common.arrays import pack_array, unpack_array
from ocean_common.contracts import data as contracts
from ocean_common.contracts.data import CoordinateValues, ExtractedValues, PointValues, VariableValues
from ocean_core.time import find_date_scale
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Cost, Extraction, Field, Values, read_values
from ocean_data.reading.base import Reading
from ocean_data.writing import DocumentWriter, format_coordinate, nest_numbers

POINT_KINDS = {"profile", "timeseries"}  # kinds whose answer for one variable is a `PointValues`


def extracted_values(extraction: Extraction, values: dict[str, Values], revision: str) -> ExtractedValues | PointValues:
    """Return the answer to any extraction."""
    if extraction.kind in POINT_KINDS and len(extraction.variables) == 1:
        return point_values(extraction, values, revision)
    coordinates = {
        item.name: CoordinateValues(
            dims=list(item.dims),
            units=None if item.is_time else item.units,
            standard_name=item.standard_name,
            long_name=item.long_name,
            values=nest_numbers(format_coordinate(item).reshape([extraction.dims[name] for name in item.dims])),
        )
        for item in extraction.coordinates
    }
    coordinates |= {
        field.key: CoordinateValues(
            dims=list(field.dims),
            units=field.variable.units,
            standard_name=field.variable.standard_name,
            long_name=field.variable.long_name or field.variable.name,
            values=nest_numbers(values[field.key]),
        )
        for field in extraction.fields
        if field.auxiliary
    }
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
                categories=field.variable.numbered_categories,
            )
            for field in extraction.variables
        },
        facts=dict(extraction.facts),
        attribution=extraction.attribution,
        revision=revision,
    )


JSON = DocumentWriter("application/json", "json", extracted_values)


def point_values(extraction: Extraction, values: dict[str, Values], revision: str) -> PointValues:
    """Return the answer for one variable at one point."""
    field = extraction.variables[0]
    info, table = field.variable, _time_by_depth(field, values)
    seconds, raw = extraction.coordinate("time"), extraction.coordinate("raw_time")
    latitude, longitude = _single(extraction, "latitude"), _single(extraction, "longitude")
    level = extraction.coordinate("level")
    return PointValues(
        dataset=extraction.dataset,
        variable=field.key,
        name=info.name,
        units=info.units,
        standard_name=info.standard_name,
        latitude=latitude,
        longitude=longitude,
        cell=(_single(extraction, "cell_latitude", latitude), _single(extraction, "cell_longitude", longitude)),
        interpolation=extraction.facts.get("interpolation", "nearest"),  # type: ignore[arg-type]  # as planned
        times=seconds.format_times() if seconds and seconds.is_time else [],
        raw_times=np.asarray(raw.values).tolist() if raw else [],
        depths=_depths(extraction, values, table.shape[1]),
        levels=[] if level is None else np.ravel(np.asarray(level.values, dtype=np.float64)).tolist(),
        level_units="" if level is None else level.units or "",
        categories=info.numbered_categories,
        values=nest_numbers(table),
        revision=revision,
    )


def _time_by_depth(field: Field, values: dict[str, Values]) -> Values:
    """Return values of one point as (time, depth), each of the length one where there is no such dimension."""
    array = values[field.key]
    return array.reshape(array.shape[0] if "time" in field.dims else 1, -1)


def _depths(extraction: Extraction, values: dict[str, Values], count: int) -> list[float | None]:
    """Return the depth of every column: of levels that move, at the first time at which they have one."""
    depth_field = next((field for field in extraction.fields if field.auxiliary and field.key == "depth"), None)
    coordinate = extraction.coordinate("depth")
    depths: NDArray[Any] = np.full(count, None)
    if depth_field is not None:
        read = _time_by_depth(depth_field, values)
        depths = read[np.isfinite(read).argmax(axis=0), np.arange(read.shape[1])]
    elif coordinate is not None:
        depths = np.ravel(np.asarray(coordinate.values, dtype=np.float64))
    result: list[float | None] = depths.tolist()
    return result


def _single(extraction: Extraction, name: str, default: float = np.nan) -> float:
    coordinate = extraction.coordinate(name)
    return default if coordinate is None else float(np.ravel(np.asarray(coordinate.values))[0])


def read_coverage(extraction: Extraction, reading: Reading) -> contracts.Coverage:
    """Read an extraction whole, as the contract's Struct."""
    values = read_values(extraction, reading)
    return contracts.Coverage(
        kind=extraction.kind,
        dataset=extraction.dataset,
        dims=dict(extraction.dims),
        coordinates=[
            contracts.Coordinate(
                name=item.name,
                dims=item.dims,
                values=item.values if isinstance(item.values, list) else pack_array(item.values),
                units=item.units,
                standard_name=item.standard_name,
                long_name=item.long_name,
                dates=item.own_dates,
            )
            for item in extraction.coordinates
        ],
        fields=[
            contracts.Field(
                variable=item.variable, dims=item.dims, values=pack_array(values[item.key]), auxiliary=item.auxiliary
            )
            for item in extraction.fields
        ],
        facts=dict(extraction.facts),
        revision=extraction.revision(reading.source),
        calendar=extraction.calendar,
    )


def restore_extraction(coverage: contracts.Coverage) -> Extraction:
    """Return the extraction that has the values of a coverage: the reverse of `read_coverage`."""
    values = {field.variable.key: unpack_array(field.values) for field in coverage.fields}
    fields = [
        Field(
            variable=field.variable,
            dims=field.dims,
            dtype=values[field.variable.key].dtype.type,
            auxiliary=field.auxiliary,
        )
        for field in coverage.fields
    ]
    coordinates = [
        Coordinate(
            name=item.name,
            dims=item.dims,
            values=item.values if isinstance(item.values, list) else unpack_array(item.values),
            units=item.units,
            standard_name=item.standard_name,
            long_name=item.long_name,
        )
        for item in coverage.coordinates
    ]
    by_name = {item.name: item for item in coordinates}
    if (time := by_name.get("time")) is not None and time.is_time and (raw := by_name.get("raw_time")) is not None:
        seconds, numbers = (np.ravel(np.asarray(item.values, dtype=np.int64)) for item in (time, raw))
        dates = find_date_scale(seconds, numbers, raw.units or "", coverage.calendar)
        coordinates = [replace(item, dates=dates) if item is time else item for item in coordinates]
    return Extraction(
        kind=coverage.kind,
        dataset=coverage.dataset,
        title=coverage.fields[0].variable.dataset_name,
        dims=coverage.dims,
        coordinates=coordinates,
        fields=fields,
        body=lambda _, __: values,
        rows=max([1, *coverage.dims.values()]),
        cost=Cost(),
        used=[],
        facts=coverage.facts,
        calendar=coverage.calendar,
    )
