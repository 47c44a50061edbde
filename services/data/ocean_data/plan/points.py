"""Plan extractions at points: at one depth, over depth, through time.

The dimensions are time, depth, and those of the places: each where the variables have them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import ExtractionRequest, Kind, PointsRequest, VectorPart
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats, wrap_longitude
from ocean_core.messages import Message
from ocean_core.time import format_time
from ocean_core.vectors import rename_component, vector_part
from ocean_data.compute import depth as depths
from ocean_data.compute import levels, vectors
from ocean_data.compute.depth import Depth
from ocean_data.compute.path import on_earth
from ocean_data.grids.base import Coordinate
from ocean_data.plan.ancillary import LandMask, with_ancillary
from ocean_data.plan.extraction import Cost, Extraction, Field, Reading, Values
from ocean_data.plan.sampling import Sample, Search, VectorSample
from ocean_data.plan.times import Instants

VALUES_AT_ONCE = 4_000_000  # values in one part
OF_LINES: set[VectorPart] = {"along", "across"}
EPOCH = "seconds since 1970-01-01T00:00:00Z"
MAX_POINTS = 20_000  # points
DEPTH_WORDS = ("bottom", "all", "mean")
LATEST_FORMS = {"point", "points"}  # forms that are of the last time where none is asked for


@dataclass(frozen=True, kw_only=True)
class Places:
    """The places of an answer."""

    latitude: Floats  # (point,): degrees
    longitude: Floats
    dims: dict[str, int]  # of the places: their product is the number of points
    coordinates: list[Coordinate]  # on these dimensions
    along: Floats | None = None  # (point,): bearing of the line, degrees clockwise from north
    outside: str | None = None  # what a point outside the grid is called; None: it has no values


@dataclass(frozen=True, kw_only=True)
class PlacesBody:
    """Reads variables at places."""

    samples: Sequence[Sample]
    vector: VectorSample | None
    parts: Sequence[VectorPart]
    along: Floats | None
    instants: Instants | None
    depth: Depth
    fields: Sequence[Field]
    shape: tuple[int, ...]  # of the places

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """Values of some of the instants; of all, where there is no time."""
        result: dict[str, Floats] = {}
        steps = [
            self.instants.of_variable(number, rows) if self.instants else None for number in range(len(self.samples))
        ]
        if self.vector is not None:
            east, north, metres = self.vector.read(reading.source, (steps[0], steps[1]), self.depth)
            result |= {part: vector_part(part, east, north, self.along) for part in self.parts}
            if metres is not None:
                result["depth"] = metres
        for sample, own in zip(
            self.samples[2:] if self.vector else self.samples, steps[2 if self.vector else 0 :], strict=True
        ):
            values, metres = sample.read(reading.source, own, self.depth)
            result[sample.assets.variable.key] = values
            if metres is not None:
                result.setdefault("depth", metres)
        first = rows.start == 0
        return {
            field.key: self._shaped(result[field.key], field)
            for field in self.fields
            if field.key in result and (first or "time" in field.dims)
        }

    def _shaped(self, values: Floats, field: Field) -> Values:
        """(time, level, point) as the dimensions of a field."""
        time_, level, _ = values.shape
        sizes = [
            size for name, size in (("time", time_), ("depth", level)) if any(d.startswith(name) for d in field.dims)
        ]
        lead = values.reshape(time_, level, *self.shape)
        if not any(name == "time" for name in field.dims):
            lead = lead[:1]
        return lead.reshape((*sizes, *self.shape))


def find_samples(
    reading: Reading, variables: Sequence[Assets], query: ExtractionRequest, places: Places
) -> list[Sample]:
    """Find the cells of the variables at places."""
    search = Search(interpolation=query.interpolation, radius=query.radius, neighbours=query.neighbours)
    where = places.latitude, places.longitude
    return [Sample.of(reading, variable, *where, search, outside=places.outside) for variable in variables]


def plan_at_places(
    reading: Reading,
    variables: Sequence[Assets],
    query: ExtractionRequest,
    *,
    kind: Kind,
    places: Places,
    instants: Instants | None,
    depth: Depth,
    samples: Sequence[Sample] | None = None,
    fitting: Callable[[float], Message] | None = None,
) -> Extraction:
    """Plan the reading of variables at places; ``samples``: their cells, where these are found already."""
    check_variables(variables, query.vector, depth, line=places.along is not None)
    samples = samples or find_samples(reading, variables, query, places)
    where = places.latitude, places.longitude
    vector = VectorSample.of(reading, samples[0], samples[1], *where) if query.vector else None
    dims, fields, coordinates = lay_out_fields(variables, query, places, instants, depth)
    fields = _with_exact_types(reading, variables, query, depth, fields)
    steps = [instants.of_variable(number, slice(None)) if instants else None for number in range(len(variables))]
    cost = sum((item.cost(reading.source, own, depth) for item, own in zip(samples, steps, strict=True)), Cost())
    values = sum(int(np.prod([dims[name] for name in item.dims])) for item in fields)
    count = len(instants.seconds) if instants else 1
    return Extraction(
        kind=kind,
        dataset=query.dataset,
        title=variables[0].variable.dataset_name,
        dims=dims,
        coordinates=coordinates,
        fields=fields,
        body=PlacesBody(
            samples=samples,
            vector=vector,
            parts=query.vector,
            along=places.along,
            instants=instants,
            depth=depth,
            fields=fields,
            shape=tuple(places.dims.values()),
        ),
        rows=max(1, VALUES_AT_ONCE * count // max(1, values, cost.cells))
        if "time" in dims
        else max([1, *dims.values()]),
        cost=Cost(**{**{name: getattr(cost, name) for name in cost.__dataclass_fields__}, "values": values}),
        used=list(zip(variables, steps, strict=True)),
        facts={"interpolation": query.interpolation, **({"depth": depth} if isinstance(depth, str) else {})},
        fitting=fitting or (suggest_period(instants) if instants else None),
    )


def _with_exact_types(
    reading: Reading, variables: Sequence[Assets], query: ExtractionRequest, depth: Depth, fields: Sequence[Field]
) -> list[Field]:
    """Fields that hold values as they are in the files have the type of these: no digit is told that none wrote."""
    if query.interpolation != "nearest" or depth == "mean":
        return list(fields)
    scalars = variables[2 if query.vector else 0 :]
    precise = {item.variable.key: reading.source.precision(item) for item in scalars}
    return [item if item.auxiliary else replace(item, dtype=precise.get(item.key, item.dtype)) for item in fields]


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
    if not line and (stray := next((part for part in vector if part in OF_LINES), None)):
        raise InvalidRequest(
            "{unknown} is told of a line; there is none here",
            unknown=stray,
            field="vector",
            allowed=[part for part in get_args(VectorPart) if part not in OF_LINES],
        )
    deep = [variable for variable in variables if variable.depth is not None]
    for variable in deep or variables:
        depths.check(variable, depth if isinstance(depth, int) else "all")
    # A number means the same level in all of them, or it would be answered as what it is not.
    if isinstance(depth, int) and (
        other := next((variable for variable in deep if variable.depth != deep[0].depth), None)
    ):
        raise InvalidRequest(
            "{key} and {second_key} have different levels: ask for depth=all, bottom or "
            "mean, or for one variable at a time",
            key=deep[0].variable.key,
            second_key=other.variable.key,
            field="depth",
            allowed=("all", "bottom", "mean"),
        )


def lay_out_fields(
    variables: Sequence[Assets], query: ExtractionRequest, places: Places, instants: Instants | None, depth: Depth
) -> tuple[dict[str, int], list[Field], list[Coordinate]]:
    """Lay out dimensions, fields and coordinates of an answer."""
    dims: dict[str, int] = {}
    coordinates: list[Coordinate] = []
    if instants is not None and any(variable.steps for variable in variables):
        dims["time"] = len(instants.seconds)
        coordinates += _time_coordinates(instants)
    vertical = [_vertical(variable, depth, coordinates, dims) for variable in variables]
    dims |= places.dims
    coordinates += places.coordinates
    own = tuple(places.dims)
    fields = [
        Field(variable=variable.variable, dims=(*(("time",) if variable.steps else ()), *level, *own))
        for variable, level in zip(variables, vertical, strict=True)
    ]
    if query.vector:
        fields = [*vector_fields(variables, query.vector, fields), *fields[2:]]
    if (deep := _deep_field(variables, depth, vertical, own)) is not None:
        fields.append(deep)
    return dims, fields, coordinates


def _time_coordinates(instants: Instants) -> list[Coordinate]:
    return [
        Coordinate(name="time", dims=("time",), values=instants.seconds, units=EPOCH, standard_name="time"),
        Coordinate(
            name="raw_time", dims=("time",), values=instants.raw, units=instants.units, long_name="time in the files"
        ),
    ]


def _vertical(variable: Assets, depth: Depth, coordinates: list[Coordinate], dims: dict[str, int]) -> tuple[str, ...]:
    """The depth dimension of a variable: its axis is shared with the others that have the same."""
    axis = variable.depth
    if axis is None or depth in {"bottom", "mean"}:
        return ()
    metres = np.array([np.nan if level is None else level for level in depths.metres(axis)], dtype=np.float64)
    real = bool(np.isfinite(metres).all()) and variable.levels is None
    values = metres if real else np.asarray(axis.values, dtype=np.float64)
    described = (
        {"units": "m", "standard_name": "depth"} if real else {"units": "1", "long_name": f"level ({axis.name})"}
    )
    stem = "depth" if real else "level"
    if isinstance(depth, int):
        if not any(coordinate.name == stem for coordinate in coordinates):
            coordinates.append(Coordinate(name=stem, dims=(), values=values[depth : depth + 1], **described))
        return ()
    for coordinate in coordinates:
        if coordinate.dims and coordinate.dims[0].startswith("depth") and np.array_equal(coordinate.values, values):
            return coordinate.dims
    number = 1 + sum(name.startswith("depth") for name in dims)
    name = "depth" if number == 1 else f"depth_{number}"
    dims[name] = len(values)
    coordinates.append(
        Coordinate(name=name if real else name.replace("depth", "level"), dims=(name,), values=values, **described)
    )
    return (name,)


def _deep_field(
    variables: Sequence[Assets], depth: Depth, vertical: Sequence[tuple[str, ...]], own: tuple[str, ...]
) -> Field | None:
    """The depths that must be read: of the bottom, and of levels that follow the sea floor."""
    for variable, level in zip(variables, vertical, strict=True):
        read = variable.depth is not None and depth != "mean" and (depth == "bottom" or variable.levels is not None)
        if read:
            moves = variable.steps is not None and (depth == "bottom" or levels.moving(variable.levels))
            info = VariableInfo(
                dataset=variable.dataset,
                key="depth",
                name="Depth",
                units="m",
                scale=(0.0, 1.0),
                standard_name="depth",
                long_name="depth of the values",
            )
            return Field(variable=info, dims=(*(("time",) if moves else ()), *level, *own), auxiliary=True)
    return None


def vector_fields(variables: Sequence[Assets], parts: Sequence[VectorPart], fields: list[Field]) -> list[Field]:
    """Describe the parts of a vector, which replace its two components."""
    first, second = (variable.variable for variable in variables[:2])
    vectors.axes(first, second)
    if fields[0].dims != fields[1].dims:
        raise InvalidRequest(
            "{key} and {second_key} do not have the same time steps and levels: they make no vector",
            key=first.key,
            second_key=second.key,
            field="variables",
        )
    magnitude = first.magnitude_with(second)
    reach = magnitude.scale[1]
    described = {
        "magnitude": (magnitude.name, magnitude.units, magnitude.standard_name, (0.0, reach)),
        "bearing": ("Bearing", "degree", None, (0.0, 360.0)),
        "eastward": (
            f"Eastward part of {magnitude.name.lower()}",
            magnitude.units,
            rename_component("eastward", first.standard_name),
            (-reach, reach),
        ),
        "northward": (
            f"Northward part of {magnitude.name.lower()}",
            magnitude.units,
            rename_component("northward", first.standard_name),
            (-reach, reach),
        ),
        "along": (f"{magnitude.name} along the line", magnitude.units, None, (-reach, reach)),
        "across": (f"{magnitude.name} across the line, to its left", magnitude.units, None, (-reach, reach)),
    }
    fields_of_parts = []
    for part in parts:
        name, units, standard, scale = described[part]
        info = VariableInfo(
            dataset=first.dataset,
            key=part,
            name=name,
            units=units,
            scale=scale,
            standard_name=standard,
            zero_centered=scale[0] < 0,
            dataset_name=first.dataset_name,
            attribution=first.attribution,
            quantum=first.quantum,
            revision=first.revision,
        )
        fields_of_parts.append(Field(variable=info, dims=fields[0].dims))
    return fields_of_parts


def suggest_period(instants: Instants) -> Callable[[float], Message]:
    """Suggest a period that would fit."""

    def fitting(share: float) -> Message:
        count = max(1, int(len(instants.seconds) * share))
        first, last = instants.seconds[0], instants.seconds[count - 1]
        return Message(
            "start={start} and end={end}, {count} steps,", start=format_time(first), end=format_time(last), count=count
        )

    return fitting


def flat(values: NDArray[np.floating]) -> Floats:
    """Values of points as one row of float64."""
    return np.ascontiguousarray(values, dtype=np.float64).ravel()


def plan_points(reading: Reading, variables: Sequence[Assets], query: PointsRequest) -> Extraction:
    """Plan the reading of variables at points. One point that is not of `points` has no dimension of its own."""
    latitude, longitude = on_earth(query.points, "points", MAX_POINTS)
    if query.names and len(query.names) != latitude.size:
        raise InvalidRequest(
            "{names_count} names are given for {size} points: give none, or one each",
            names_count=len(query.names),
            size=latitude.size,
            field="names",
        )
    alone = query.form != "points" and latitude.size == 1
    depth = depths.parse(query.depth, DEPTH_WORDS)
    latest = query.form in LATEST_FORMS and query.time is None and query.start is None and query.end is None
    instants = Instants.of(variables, "-1" if latest else query.time, query.start, query.end)
    places = Places(
        latitude=latitude,
        longitude=longitude,
        dims={} if alone else {"point": latitude.size},
        coordinates=[],
        outside="latitude" if alone else "points[{}]",
    )
    check_variables(variables, query.vector, depth, line=False)
    samples = find_samples(reading, variables, query, places)
    places.coordinates.extend(_coordinates(reading, samples[0], places, query.names))
    extraction = plan_at_places(
        reading,
        variables,
        query,
        kind=query.form,
        places=places,
        instants=instants,
        depth=depth,
        samples=samples,
    )
    steps = instants.of_variable(0, slice(0, 1)) if instants else None
    return with_ancillary(extraction, LandMask.of(samples[0], steps, places.dims, (extraction.fields[0], depth)))


def _coordinates(reading: Reading, sample: Sample, places: Places, names: Sequence[str]) -> list[Coordinate]:
    """Describe the points, and the centres of their cells."""
    dims = tuple(places.dims)
    centres = reading.grids.grid(sample.assets.grid).centres(sample.home)
    cell_latitude, cell_longitude = centres[0], wrap_longitude(centres[1])
    nearest = f"of the centre of the nearest cell of {sample.assets.variable.key}"
    return [
        *([Coordinate(name="name", dims=dims, values=list(names), long_name="name of the point")] if names else []),
        *horizontal(dims, places.latitude, places.longitude),
        Coordinate(
            name="cell_latitude",
            dims=dims,
            values=np.asarray(cell_latitude, dtype=np.float64),
            units="degrees_north",
            long_name=f"latitude {nearest}",
        ),
        Coordinate(
            name="cell_longitude",
            dims=dims,
            values=np.asarray(cell_longitude, dtype=np.float64),
            units="degrees_east",
            long_name=f"longitude {nearest}",
        ),
    ]


def horizontal(dims: tuple[str, ...], latitude: Floats, longitude: Floats) -> list[Coordinate]:
    """Latitude and longitude of points."""
    return [
        Coordinate(name="latitude", dims=dims, values=latitude, units="degrees_north", standard_name="latitude"),
        Coordinate(name="longitude", dims=dims, values=longitude, units="degrees_east", standard_name="longitude"),
    ]
