"""Neighbours of a few lines, with made-up numbers."""

import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import Assets, Grid, VariableInfo
from ocean_common.contracts.data import Profile, Profiles, TileField
from ocean_common.errors import DatasetNotFound, InvalidRequest, PointOutsideGrid, VariableNotFound

DEPTHS = np.array([0.0, 10, 25, 50, 75, 100, 150, 200, 250, 300, 500, 750, 1000, 1500, 2000, 2500, 3000])

MANY = 16
SOUTH = -50  # degrees: where the grid begins

VARIABLES = {
    "votemper": {"name": "Temperature", "units": "Celsius", "scale": (-2.0, 10.0)},
    "vosaline": {"name": "Salinity", "units": "PSU", "scale": (30.0, 36.0)},
    "u": {"name": "Eastward Current", "units": "m s-1", "scale": (-1.0, 1.0), "zero_centered": True},
    "v": {"name": "Northward Current", "units": "m s-1", "scale": (-1.0, 1.0), "zero_centered": True},
    "kind": {"name": "Sea Floor", "units": "1", "scale": (0.0, 2.0), "categories": ["mud", "sand", "rock"]},
    "aice": {"name": "Sea Ice Fraction", "units": "1", "scale": (0.0, 1.0), "two_dimensional": True},
}


def info(key, **other):
    return VariableInfo(
        dataset="arctic",
        key=key,
        dataset_name="Arctic model, daily",
        attribution="MET Norway (CC BY 4.0)",
        quantum="day",
        revision="r1",
        **{**VARIABLES[key], **other},
    )


def array(values):
    values = np.ascontiguousarray(values)
    return Array(dtype=values.dtype.str, shape=values.shape, data=values.tobytes())


class FakeCatalogue:
    """One dataset, whose revision a test may change."""

    def __init__(self):
        self.now = "r1"
        self.bounds = None  # west, south, east, north of the grid, degrees

    async def revision(self, dataset):
        if dataset != "arctic":
            raise DatasetNotFound(f"there is no dataset {dataset!r}; see /datasets", field="dataset")
        return self.now

    async def variable(self, dataset, variable):
        await self.revision(dataset)
        if variable not in VARIABLES:
            raise VariableNotFound(f"there is no variable {variable!r}", field="variable")
        return info(variable)

    async def assets(self, dataset, variable):
        described = await self.variable(dataset, variable)
        grid = Grid(id="g", kind="rectilinear", shape=(100, 100), bounds=self.bounds)
        return Assets(
            dataset=dataset, revision=self.now, variable=described, source=variable, dimensions=[], grid=grid,
            depth=None, files=[], steps=None,
        )  # fmt: skip


class FakeNumbers:
    """Smooth fields, and profiles whose values are known; land is north of 80° N."""

    def __init__(self):
        self.tiles = []
        self.asked = []
        self.revision = "r1"
        self.metres = True  # False: levels without a depth
        self.gate = self.many = None  # asyncio.Events: answers wait for one; MANY questions set the other

    async def tile_field(self, asked):
        self.tiles.append(asked)
        if self.gate is not None:
            if len(self.tiles) == MANY:
                self.many.set()
            await self.gate.wait()
        if asked.x == 0:
            return TileField(variable=info("votemper"), values=None, revision=self.revision)
        return TileField(variable=info(asked.variable.partition(",")[0]), values=array(field()), revision=self.revision)

    async def profiles(self, asked):
        self.asked.append(asked)
        for position, (latitude, _) in enumerate(asked.points):
            if latitude < SOUTH:
                raise PointOutsideGrid("the grid begins at 50° S", field=f"points[{position}]")
        if unknown := set(asked.variables) - set(VARIABLES):
            raise VariableNotFound(f"there is no variable {unknown}", field="variable")
        if not asked.time.lstrip("-")[:1].isdigit():
            raise InvalidRequest(f"time {asked.time!r} is no time", field="time")
        made = make_profiles(asked.variables, asked.points)
        if self.metres:
            return made
        nowhere = array(np.full((len(asked.points), DEPTHS.size), np.nan))
        return replace(made, profiles=[replace(one, depths=nowhere) for one in made.profiles])


def field(low=-2.0, high=10.0):
    """A ramp with a hole in it."""
    across = np.linspace(low, high, 256, dtype=np.float32)
    values = np.tile(across, (256, 1))
    values[64:128, 64:128] = np.nan
    return values


def make_profiles(variables, points, depths=DEPTHS):
    """Profiles over depth."""
    made = []
    for position, key in enumerate(variables):
        values = np.array([profile_values(point, depths, position) for point in points])
        made.append(Profile(variable=info(key), depths=array(np.tile(depths, (len(points), 1))), values=array(values)))
    return Profiles(time="2016-02-05T12:00:00+00:00", raw_time=1, points=list(points), profiles=made, revision="r1")


def profile_values(point, depths, position):
    latitude, longitude = point
    if latitude > 80:
        return np.full(len(depths), np.nan)
    values = 8 * np.exp(-depths / 400) - 1 + latitude / 60 + np.sin(longitude / 9) + 30 * position
    values[depths > 2600] = np.nan
    return values
