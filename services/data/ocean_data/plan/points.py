"""Plan extractions at points, and what all kinds share: checks, fields and coordinates, and reading of the fields.

The dimensions are time, depth, and those of the places: each where the variables have them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any, get_args

import msgspec
import numpy as np

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import ExtractionRequest, Kind, Point, PointsRequest, VectorPart
from ocean_core.errors import InvalidRequest, Message, RequestTooLarge
from ocean_core.geometry import MAX_LONGITUDE, Floats, wrap_far_longitudes, wrap_longitude
from ocean_core.packing import Encoding
from ocean_core.vectors import rename_component
from ocean_data.compute import depth as depths
from ocean_data.compute.depth import Depth
from ocean_data.compute.interpolation import choose_interpolation, describe_interpolation
from ocean_data.compute.vectors import vector_axes
from ocean_data.grids.base import Coordinate, Frame, horizontal
from ocean_data.plan.extraction import Cost, Extraction, Field, Values
from ocean_data.plan.sampling import Places, Sample, VectorSample, WindowReader
from ocean_data.plan.times import Instants, first_and_last, select_instants, used_files
from ocean_data.reading.base import Reading, Source

VALUES_AT_ONCE = 4_000_000  # values in one part
OF_LINES: set[VectorPart] = {"along", "across"}
TIME: dict[str, Any] = {"units": "seconds since 1970-01-01T00:00:00Z", "standard_name": "time"}
MAX_POINTS = 20_000  # points
LATEST_FORMS = {"point", "points"}  # forms that are of the last time where none is asked for

Fitting = Callable[[float], Message]  # suggests a request of a share (0 to 1) of one


def plan_points(reading: Reading, variables: Sequence[Assets], query: PointsRequest) -> Extraction:
    """Plan the reading of variables at points. One point that is not of `points` has no dimension of its own."""
    latitude, longitude = where = on_earth(query.points, "points", MAX_POINTS)
    if query.names and len(query.names) != latitude.size:
        raise InvalidRequest(
            "{names_count} names are given for {size} points: give none, or one each",
            names_count=len(query.names),
            size=latitude.size,
            field="names",
        )
    alone = query.form != "points" and latitude.size == 1
    depth = depths.parse(query.depth)
    instants = select_instants(variables, query, latest=query.form in LATEST_FORMS)
    outside = "latitude" if alone else "points[{}]"
    samples = find_samples(reading, variables, query, where, depth, outside=outside)
    dims = {} if alone else {"point": latitude.size}
    coordinates = _coordinates(reading, samples[0], where, query.names, tuple(dims))
    places = Places(latitude=latitude, longitude=longitude, dims=dims, coordinates=coordinates)
    extraction = plan_fields(reading, query, samples, kind=query.form, frame=places, instants=instants, depth=depth)
    extraction = with_land_mask(extraction, samples[0], places, depth)
    return with_sea_floor(extraction, reading, variables, query, places) if query.bathymetry else extraction


def on_earth(points: Sequence[Point], field: str, most: int) -> tuple[Floats, Floats]:
    """Latitudes and longitudes of points, (point,) each; or why they are none."""
    if not points:
        raise InvalidRequest("give at least one point, as latitude and longitude", field=field)
    if len(points) > most:
        raise RequestTooLarge(
            "{count} points are asked for, and the limit is {limit}",
            count=len(points),
            limit=most,
            field=field,
        )
    positions = np.array(points, dtype=np.float64).reshape(-1, 2)
    good = (np.abs(positions[:, 0]) <= 90) & (np.abs(positions[:, 1]) <= MAX_LONGITUDE)
    if not good.all():
        number = int(np.flatnonzero(~good)[0])
        latitude, longitude = positions[number]
        raise InvalidRequest(
            "the point {latitude:g}, {longitude:g} is not on the Earth: latitude first, -90 to 90, "
            "then longitude, -{limit:g} to {limit:g}",
            latitude=latitude,
            longitude=longitude,
            limit=MAX_LONGITUDE,
            field=f"{field}[{number}]",
        )
    return np.ascontiguousarray(positions[:, 0]), wrap_far_longitudes(positions[:, 1])


def _coordinates(
    reading: Reading, sample: Sample, where: tuple[Floats, Floats], names: Sequence[str], dims: tuple[str, ...]
) -> list[Coordinate]:
    """Describe the points, and the centres of their cells."""
    home = sample.near.local.home
    centre = reading.grids.grid(sample.assets.grid).centres(sample.near.cells[home])
    latitude, longitude = (np.where(home >= 0, degrees, np.nan) for degrees in centre)
    nearest = f"of the centre of the nearest cell of {sample.assets.variable.key}"
    centres = (
        ("latitude", np.asarray(latitude, dtype=np.float64), "degrees_north"),
        ("longitude", np.asarray(wrap_longitude(longitude), dtype=np.float64), "degrees_east"),
    )
    return [
        *([Coordinate(name="name", dims=dims, values=list(names), long_name="name of the point")] if names else []),
        *horizontal(*where, dims),
        *(
            Coordinate(name=f"cell_{name}", dims=dims, values=values, units=units, long_name=f"{name} {nearest}")
            for name, values, units in centres
        ),
    ]


def find_samples(
    reading: Reading,
    variables: Sequence[Assets],
    query: ExtractionRequest,
    where: tuple[Floats, Floats],
    depth: Depth,
    *,
    line: bool = False,
    outside: str | None = None,
) -> list[Sample]:
    """Check the variables, and find their cells at points."""
    check_variables(variables, query.vector, depth, line=line)
    return [Sample.of(reading, variable, where, query, outside=outside) for variable in variables]


def check_variables(variables: Sequence[Assets], vector: Sequence[VectorPart], depth: Depth, *, line: bool) -> None:
    """Refuse what makes no sense, before anything is read."""
    keys = [variable.variable.key for variable in variables]
    for field, names in (("variables", keys), ("vector", list(vector))):
        if twice := next((key for number, key in enumerate(names) if key in names[:number]), None):
            raise InvalidRequest("{duplicate} is asked for twice", duplicate=twice, field=field)
    if vector and len(variables) < 2:
        raise InvalidRequest(
            "{keys} is one variable; a vector has two components: name both with a comma, as u,v",
            keys=keys[0],
            field="vector",
        )
    if vector and (discrete := next((item.variable for item in variables[:2] if item.variable.is_discrete), None)):
        raise InvalidRequest(
            "the numbers of {key} stand for categories or flags, which are no components of a vector",
            key=discrete.key,
            field="variables",
        )
    if not line and (stray := next((part for part in vector if part in OF_LINES), None)):
        raise InvalidRequest(
            "{part} is told of a line; there is none here",
            part=stray,
            field="vector",
            allowed=[part for part in get_args(VectorPart) if part not in OF_LINES],
        )
    deep = [variable for variable in variables if variable.depth is not None]
    for variable in deep or variables:
        depths.check(variable, depth)
        if depth == "mean" and variable.depth is not None and variable.variable.is_discrete:
            raise InvalidRequest(
                "the numbers of {key} stand for categories or flags, which have no mean: choose a level, all or bottom",
                key=variable.variable.key,
                field="depth",
                allowed=("0", "all", "bottom"),
            )
    # A number means the same level in all of them, or it would be answered as what it is not.
    if isinstance(depth, int | tuple) and (
        other := next((variable for variable in deep if variable.depth != deep[0].depth), None)
    ):
        raise InvalidRequest(
            "{key} and {other_key} have different levels: ask for depth=all, bottom or "
            "mean, or for one variable at a time",
            key=deep[0].variable.key,
            other_key=other.variable.key,
            field="depth",
            allowed=("all", "bottom", "mean"),
        )


def _time_coordinates(instants: Instants) -> list[Coordinate]:
    """Return the dates of time steps and their raw times; of undated steps the values in the files and the numbers."""
    dims, units = ("time",), instants.units
    if instants.values is None:
        return [
            Coordinate(name="time", dims=dims, values=instants.seconds, dates=instants.dates, **TIME),
            Coordinate(name="raw_time", dims=dims, values=instants.raw, units=units, long_name="time in the files"),
        ]
    return [
        Coordinate(name="time", dims=dims, values=instants.values, units=units or None, long_name="time in the files"),
        Coordinate(name="raw_time", dims=dims, values=instants.raw, long_name="number of the time step"),
    ]


def _shorter_period(instants: Instants, share: float) -> Message:
    count = max(1, int(len(instants.seconds) * share))
    first, last = instants.label(0), instants.label(count - 1)
    return Message("start={start} and end={end}, {count} steps,", start=first, end=last, count=count)


def plan_fields(
    reading: Reading,
    query: ExtractionRequest,
    readers: Sequence[Sample | WindowReader],
    *,
    kind: Kind,
    frame: Frame,
    instants: Instants | None,
    depth: Depth,
    fitting: Fitting | None = None,  # None: a shorter period is suggested
) -> Extraction:
    """Plan the reading of variables, or instead of the first two the parts of a vector: at `Places`, or in a window."""
    variables, source = [reader.assets for reader in readers], reading.source
    vector, change = None, "mean over the depth" if depth == "mean" else ""
    if isinstance(frame, Places):
        # Values as in the files have the type of these: no digit is told that none wrote.
        kinds = {choose_interpolation(variable.variable, query.interpolation) for variable in variables}
        change = change if kinds == {"nearest"} else f"interpolated ({query.interpolation})"
        samples = [reader for reader in readers if isinstance(reader, Sample)]
        vector = VectorSample.of(reading, samples, frame.where, query.vector, frame.along)
    dims = {} if instants is None else {"time": len(instants.seconds)}
    coordinates = _time_coordinates(instants) if instants else []
    own, fields = tuple(frame.dims), []
    vertical = [_vertical(variable, depth, coordinates, dims) for variable in variables]
    steps = instants.of_rows(slice(None)) if instants else [None] * len(readers)
    for variable, level, part in zip(variables, vertical, steps, strict=True):
        dtype = np.float64 if change else source.precision(variable, first_and_last(part))
        time = ("time",) if variable.steps else ()
        fields.append(Field(variable=variable.variable, dims=(*time, *level, *own), dtype=dtype))
    fields = [*vector_fields(variables, query.vector, fields), *fields[2:]] if vector else fields
    fields += _deep_fields(variables, depth, vertical, own)
    dims |= frame.dims
    cost = sum((reader.cost(source, part, depth) for reader, part in zip(readers, steps, strict=True)), Cost())
    values = sum(prod(dims[name] for name in field.dims) for field in fields)
    lead, length = next(iter(dims.items()), ("", 1))
    in_rows = lead in frame.dims and not isinstance(frame, Places)
    return Extraction(
        kind=kind,
        dataset=query.dataset,
        title=variables[0].variable.dataset_name,
        dims=dims | dict(frame.extra_dims),
        coordinates=[*coordinates, *frame.coordinates],
        fields=fields,
        body=partial(
            _read_fields,
            readers=readers,
            vector=vector,
            instants=instants,
            depth=depth,
            fields=fields,
            shape=(-1, *[frame.dims[name] for name in own[1:]]) if own else (),
            in_rows=in_rows,
        ),
        rows=max(1, VALUES_AT_ONCE * length // max(1, values, cost.cells)) if lead == "time" or in_rows else length,
        cost=replace(cost, values=values),
        used=list(zip(variables, steps, strict=True)),
        facts=_describe_choices(variables, query, depth, at_places=isinstance(frame, Places)),
        calendar=next((variable.steps.calendar for variable in variables if variable.steps), "standard"),
        encodings=_find_encodings(source, variables, steps, change, query.vector),
        fitting=fitting or (partial(_shorter_period, instants) if instants else None),
    )


def _find_encodings(
    source: Source,
    variables: Sequence[Assets],
    steps: Sequence[Sequence[int] | None],
    change: str,
    vector: Sequence[VectorPart],
) -> dict[str, Callable[[], Encoding | str]]:
    """Return how the encodings of fields are found, by key; ``change``: of the values, empty if they are as read."""
    changes = {variable.variable.key: (number, change) for number, variable in enumerate(variables)}
    if vector:
        names = "{} and {}".format(*(variable.variable.key for variable in variables[:2]))
        changes |= dict.fromkeys(vector, (0, f"calculated from {names}"))
    return {
        key: partial(_find_encoding, source, variables[number], steps[number], text)
        for key, (number, text) in changes.items()
    }


def _find_encoding(source: Source, variable: Assets, steps: Sequence[int] | None, change: str) -> Encoding | str:
    """Return the encoding of unchanged values; else why they have none, empty where the files have none."""
    encoding, *others = source.encodings(variable, steps)
    if others and variable.equation is not None:
        return "calculated"
    if others:
        return "files are packed differently"
    if encoding is not None and any(file.conversion for file in used_files(variable, steps)):
        return f"converted to {variable.variable.units}"
    return "" if encoding is None else change or encoding


def _describe_choices(
    variables: Sequence[Assets], query: ExtractionRequest, depth: Depth, *, at_places: bool
) -> dict[str, str | float]:
    """Return what was chosen of interpolation and depth: the facts of an answer."""
    facts = describe_interpolation(variables, query.interpolation) if at_places else {}
    if isinstance(depth, str) and (depth != "all" or at_places):
        facts["depth"] = depth
    axis = next((variable.depth for variable in variables if variable.depth is not None), None)
    if isinstance(depth, int) and axis is not None and axis.kind in {"sigma", "index"} and not axis.units:
        facts |= {"level": depth + 1, "levels": len(axis.values)}
    return facts


def _read_fields(
    reading: Reading,
    rows: slice,
    *,
    readers: Sequence[Sample | WindowReader],
    vector: VectorSample | None,  # of the first two
    instants: Instants | None,
    depth: Depth,
    fields: Sequence[Field],
    shape: tuple[int, ...],  # of the places
    in_rows: bool,  # the parts are rows of a window
) -> dict[str, Values]:
    """Read values of some of the instants; without time, of all or of some of the rows of a window."""
    result: dict[str, Values] = {}
    steps = instants.of_rows(rows) if instants else [None] * len(readers)
    if vector is not None:
        result, metres = vector.read(reading.source, steps[:2], depth)
        if metres is not None:
            result["depth"] = metres
    for reader, own in list(zip(readers, steps, strict=True))[2 if vector else 0 :]:
        part = reader.part(rows) if in_rows and isinstance(reader, WindowReader) else reader
        values, metres = part.read(reading.source, own, depth)
        result[reader.assets.variable.key] = values
        if metres is not None:
            result.setdefault("depth", metres)
    # A field without time comes with the first part.
    always = instants is None or rows.start == 0
    return {
        field.key: _arrange(result[field.key], field, shape)
        for field in fields
        if field.key in result and (always or "time" in field.dims)
    }


def _arrange(values: Values, field: Field, shape: tuple[int, ...]) -> Values:
    """Give values, (time, level, …), the dimensions of a field."""
    values = values if "time" in field.dims else values[:1]
    sizes = [
        size
        for name, size in zip(("time", "depth"), values.shape, strict=False)
        if any(dim.startswith(name) for dim in field.dims)
    ]
    return values.reshape((*sizes, *shape))


def _vertical(variable: Assets, depth: Depth, coordinates: list[Coordinate], dims: dict[str, int]) -> tuple[str, ...]:
    """The depth dimension of a variable: its axis is shared with the others that have the same."""
    axis = variable.depth
    if axis is None or depth in {"bottom", "mean"}:
        return ()
    metres = depths.metres(axis)
    real = bool(np.isfinite(metres).all()) and variable.levels is None
    values = metres if real else np.asarray(axis.values, dtype=np.float64)
    values = values[list(depth)] if isinstance(depth, tuple) else values
    of_level = {"units": axis.units or "1", "long_name": f"level ({axis.name})"}
    described: dict[str, Any] = {"units": "m", "standard_name": "depth"} if real else of_level
    stem = "depth" if real else "level"
    if isinstance(depth, int):
        if not any(coordinate.name == stem for coordinate in coordinates):
            coordinates.append(Coordinate(name=stem, dims=(), values=values[depth : depth + 1], **described))
        return ()
    for coordinate in coordinates:
        if coordinate.dims and coordinate.dims[0].startswith("depth") and np.array_equal(coordinate.values, values):
            return coordinate.dims
    number = 1 + sum(name.startswith("depth") for name in dims)
    suffix = "" if number == 1 else f"_{number}"
    dims[f"depth{suffix}"] = len(values)
    coordinates.append(Coordinate(name=f"{stem}{suffix}", dims=(f"depth{suffix}",), values=values, **described))
    return (f"depth{suffix}",)


def _deep_fields(
    variables: Sequence[Assets], depth: Depth, vertical: Sequence[tuple[str, ...]], own: tuple[str, ...]
) -> list[Field]:
    """The depths that must be read: of the bottom, and of levels that follow the sea floor; one field at most."""
    for variable, level in zip(variables, vertical, strict=True):
        if variable.depth is not None and depth != "mean" and (depth == "bottom" or variable.levels is not None):
            moves = variable.steps is not None and (depth == "bottom" or depths.moving(variable.levels))
            dims = (*(("time",) if moves else ()), *level, *own)
            return [_auxiliary(variable, "depth", "Depth", dims, "depth of the values", standard_name="depth")]
    return []


def _auxiliary(assets: Assets, key: str, name: str, dims: tuple[str, ...], text: str, **described: Any) -> Field:
    """Describe a field that goes with those of a variable: in m, unless something else is said."""
    usual = {"units": "m", "scale": (0.0, 1.0), "long_name": text}
    info = VariableInfo(dataset=assets.dataset, key=key, name=name, **usual | described)
    return Field(variable=info, dims=dims, auxiliary=True)


def vector_fields(variables: Sequence[Assets], parts: Sequence[VectorPart], fields: Sequence[Field]) -> list[Field]:
    """Describe the parts of a vector, which replace its two components."""
    first, second = (variable.variable for variable in variables[:2])
    vector_axes(first, second)
    if fields[0].dims != fields[1].dims:
        raise InvalidRequest(
            "{key} and {other_key} do not have the same time steps and levels: they make no vector",
            key=first.key,
            other_key=second.key,
            field="variables",
        )
    magnitude = msgspec.structs.replace(first.magnitude_with(second), two_dimensional=False)
    reach, lower = magnitude.scale[1], magnitude.name.lower()
    described: dict[VectorPart, dict[str, object]] = {
        "magnitude": {},
        "bearing": {"name": "Bearing", "units": "degree", "standard_name": None, "scale": (0.0, 360.0), "colormap": ""},
    }
    names: dict[VectorPart, str] = {
        "eastward": f"Eastward part of {lower}",
        "northward": f"Northward part of {lower}",
        "along": f"{magnitude.name} along the line",
        "across": f"{magnitude.name} across the line, to its left",
    }
    for part, name in names.items():
        standard_name = None if part in OF_LINES else rename_component(part, first.standard_name)
        described[part] = {
            "name": name,
            "standard_name": standard_name,
            "scale": (-reach, reach),
            "zero_centered": reach > 0,
            "colormap": "",
        }
    return [
        Field(variable=msgspec.structs.replace(magnitude, key=part, **described[part]), dims=fields[0].dims)
        for part in parts
    ]


# Fields that go with the requested ones


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
    field = _auxiliary(
        assets,
        "land",
        "LandMask",
        tuple(places.dims),
        f"points on land, as {assets.variable.key} has it",
        units="1",
        standard_name="land_binary_mask",
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
    return with_ancillary(extraction, field, read)


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
    elif deep is None or deep.depth is None or levels is None:
        return extraction
    elif extraction.dims[next(name for name in levels.dims if name.startswith("depth"))] < len(deep.depth.values):
        return extraction  # of some levels the deepest tells nothing
    else:
        metres = None if deep.levels is not None else depths.metres(deep.depth)
        if metres is not None and not np.isfinite(metres).any():
            return extraction
        read = partial(_read_deepest, levels, metres)
    field = _auxiliary(
        variables[0],
        "bathymetry",
        "Sea floor",
        tuple(places.dims),
        "depth of the deepest level with a value",
        scale=(0.0, 6000.0),
        two_dimensional=True,
        **({"standard_name": "sea_floor_depth_below_geoid", "long_name": floor.variable.long_name} if floor else {}),
    )
    return with_ancillary(extraction, field, read)


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
    deep = part["depth"] if metres is None else metres.reshape(-1, *[1] * (first.ndim - 1))
    if metres is None and deep.ndim > first.ndim:
        deep = deep[0]
    wet = np.where(np.isfinite(first) & np.isfinite(deep), deep, -np.inf).max(axis=0)
    return np.where(np.isfinite(wet), wet, np.nan)
