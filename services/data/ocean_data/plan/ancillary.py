"""Fields that go with the requested ones: the land among points, and the sea floor beneath them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import ExtractionRequest
from ocean_data.compute import depth as depths
from ocean_data.compute.depth import Depth
from ocean_data.plan.extraction import Extraction, Field, Values
from ocean_data.plan.sampling import Places, Sample
from ocean_data.reading.base import Reading


def with_ancillary(
    extraction: Extraction, field: Field, read: Callable[[Reading, dict[str, Values]], Values]
) -> Extraction:
    """Add a field that is read once, after the first part; a requested variable of the same key takes precedence."""
    if any(field.key == other.key for other in extraction.fields):
        return extraction
    shape, read_requested = tuple(extraction.dims[dim] for dim in field.dims), extraction.body

    def read_body(reading: Reading, rows: slice) -> dict[str, Values]:
        part = read_requested(reading, rows)
        return part | {field.key: read(reading, part).reshape(shape)} if rows.start == 0 else part

    return replace(extraction, fields=[*extraction.fields, field], body=read_body)


def with_land_mask(extraction: Extraction, sample: Sample, places: Places, depth: Depth) -> Extraction:
    """Add 1 at points on land, 0 in the sea: where there is no value by the sea floor, or by a gap, it stays 0.

    By the shallowest level of a variable, at its first time.
    """
    assets = sample.assets
    info = VariableInfo(
        dataset=assets.dataset,
        key="land",
        name="LandMask",
        units="1",
        scale=(0.0, 1.0),
        standard_name="land_binary_mask",
        long_name=f"points on land, as {assets.variable.key} has it",
        categories=["sea", "land"],
        two_dimensional=True,
    )
    level = depths.deepest_first(assets.depth)[-1] if assets.depth else 0
    # The first field is read anyway: it may hold the shallowest level, or the whole column.
    told = not assets.depth or depth in {level, "all", "bottom", "mean"}
    steps = extraction.used[0][1]
    read = partial(
        _read_land,
        sample=sample,
        steps=steps if steps is None else steps[:1],
        level=level,
        told_by=extraction.fields[0] if told else None,
    )
    return with_ancillary(extraction, Field(variable=info, dims=tuple(places.dims), auxiliary=True), read)


def _read_land(
    reading: Reading,
    part: dict[str, Values],
    *,
    sample: Sample,
    steps: Sequence[int] | None,
    level: int,
    told_by: Field | None,
) -> Values:
    if told_by is None:
        surface = sample.read(reading.source, steps, level)[0][0, 0]
    else:
        surface = part[told_by.key]
        surface = surface[0] if "time" in told_by.dims else surface
        surface = surface[level] if any(name.startswith("depth") for name in told_by.dims) else surface
    land: Values = np.isnan(surface).astype(np.float64)
    return land


def with_sea_floor(
    extraction: Extraction,
    reading: Reading,
    variables: Sequence[Assets],
    query: ExtractionRequest,
    places: Places,
) -> Extraction:
    """Add the sea floor: the model's own, or the deepest level with a value; nothing if neither tells where it is."""
    floor = next((variable.bathymetry for variable in variables if variable.bathymetry is not None), None)
    deep = next((variable for variable in variables if variable.depth is not None), None)
    levels = next((field for field in extraction.fields if any(name.startswith("depth") for name in field.dims)), None)
    if floor is not None:
        read = partial(_read_floor, Sample.of(reading, floor, places.where, query), levels)
    elif deep is None or levels is None:
        return extraction
    else:
        metres = None if deep.levels is not None else depths.metres(deep.depth)
        if metres is not None and not np.isfinite(metres).any():
            return extraction
        read = partial(_read_deepest, levels, metres)
    info = VariableInfo(
        dataset=variables[0].dataset,
        key="bathymetry",
        name="Sea floor",
        units="m",
        scale=(0.0, 6000.0),
        standard_name="sea_floor_depth_below_geoid" if floor else None,
        long_name=floor.variable.long_name if floor else "depth of the deepest level with a value",
        two_dimensional=True,
    )
    return with_ancillary(extraction, Field(variable=info, dims=tuple(places.dims), auxiliary=True), read)


def _read_floor(sample: Sample, levels: Field | None, reading: Reading, part: dict[str, Values]) -> Values:
    """The depth of the model's sea floor, m, positive down; ``levels``: a variable with levels, or None."""
    floor: Values = sample.read(reading.source, None if sample.assets.steps is None else [0], 0)[0][0, 0]
    floor = floor * depths.metres_per_unit(sample.assets)
    wet = floor if levels is None else floor[np.isfinite(part[levels.key]).reshape(-1, floor.size).any(axis=0)]
    # Files have heights of the sea floor as well: below water these are negative.
    return -floor if wet.size and np.nanmedian(wet) < 0 else floor


def _read_deepest(field: Field, metres: Values | None, _: Reading, part: dict[str, Values]) -> Values:
    """The depth of the deepest level with a value; ``metres``: (level,), or None: as the field `depth` says."""
    values = part[field.key]
    first = values[0] if field.dims[0] == "time" else values
    deep = part["depth"] if metres is None else metres[:, np.newaxis]
    if metres is None and deep.ndim > first.ndim:
        deep = deep[0]
    wet = np.where(np.isfinite(first) & np.isfinite(deep), deep, -np.inf).max(axis=0)
    return np.where(np.isfinite(wet), wet, np.nan)
