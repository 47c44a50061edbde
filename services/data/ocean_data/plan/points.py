"""Variables at points: at one depth, over depth, through time."""

from collections.abc import Sequence

import numpy as np

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import PointsRequest
from ocean_common.errors import InvalidRequest
from ocean_core.geometry import Floats, wrap_longitude
from ocean_data.compute import depth as depths
from ocean_data.compute.path import on_earth
from ocean_data.plan import ancillary as asides
from ocean_data.plan import point_extraction as located
from ocean_data.plan.extraction import Coordinate, Extraction, Reading
from ocean_data.plan.instants import Instants
from ocean_data.plan.point_extraction import Places
from ocean_data.plan.sampling import Sample

MOST = 20_000  # points
WORDS = ("bottom", "all", "mean")
LAST = {"point", "points"}  # forms that are of the last time where none is asked for


def plan(reading: Reading, variables: Sequence[Assets], asked: PointsRequest) -> Extraction:
    """Plan the reading of variables at points. One point that is not of `points` has no dimension of its own."""
    latitude, longitude = on_earth(asked.points, "points", MOST)
    if asked.names and len(asked.names) != latitude.size:
        raise InvalidRequest(
            "{names_count} names are given for {size} points: give none, or one each",
            names_count=len(asked.names),
            size=latitude.size,
            field="names",
        )
    alone = asked.form != "points" and latitude.size == 1
    depth = depths.parse(asked.depth, WORDS)
    latest = asked.form in LAST and asked.time is None and asked.start is None and asked.end is None
    instants = Instants.of(variables, "-1" if latest else asked.time, asked.start, asked.end)
    places = Places(
        latitude=latitude,
        longitude=longitude,
        dims={} if alone else {"point": latitude.size},
        coordinates=[],
        outside="latitude" if alone else "points[{}]",
    )
    located.check(variables, asked.vector, depth, line=False)
    samples = located.found(reading, variables, asked, places)
    places.coordinates.extend(_coordinates(reading, samples[0], places, asked.names))
    extraction = located.plan(
        reading,
        variables,
        asked,
        kind=asked.form,
        places=places,
        instants=instants,
        depth=depth,
        samples=samples,
    )
    steps = instants.of_variable(0, slice(0, 1)) if instants else None
    return asides.beside(extraction, asides.Land.of(samples[0], steps, places.dims, (extraction.fields[0], depth)))


def _coordinates(reading: Reading, sample: Sample, places: Places, names: Sequence[str]) -> list[Coordinate]:
    """Where the points are, and where the cells that they lie in have their centres."""
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
