"""Neighbours of a few lines, with made-up numbers."""

from typing import ClassVar

import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import Array, Assets, Grid, VariableInfo
from ocean_common.contracts.data import Coordinate, Coverage, Field, PointsRequest, TileField
from ocean_core.errors import DatasetNotFound, InvalidRequest, PointOutsideGrid, VariableNotFound

DEPTHS = np.array([0.0, 10, 25, 50, 75, 100, 150, 200, 250, 300, 500, 750, 1000, 1500, 2000, 2500, 3000])

NOON = 1454673600  # 5 February 2016 12:00, s
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
        quantum="day",
        revision="r1",
        **{"attribution": "MET Norway (CC BY 4.0)", **VARIABLES[key], **other},
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
        self.columns = {}  # positions of variables, in the order in which they were asked for
        self.following = {}  # times of fields, and the time steps after them
        self.blocks = False  # whether fields are of blocks of tiles where the caller takes them
        self.block_values = None  # of a block of 2 × 2 tiles
        self.gate = self.many = None  # asyncio.Events: answers wait for one; so many questions set the other
        self.how_many = MANY

    async def tile_field(self, asked):
        self.tiles.append(asked)
        if self.gate is not None:
            if len(self.tiles) == self.how_many:
                self.many.set()
            await self.gate.wait()
        if self.block_values is not None:
            described, values = info(asked.variable), array(self.block_values)
            return TileField(variable=described, values=values, revision=self.revision, block=2)
        if self.blocks and asked.block > 1:
            lines, values = array(np.repeat(np.arange(64, dtype="<u2"), 16)), array(block_field())
            described = info(asked.variable.partition(",")[0])
            return TileField(
                variable=described, values=values, revision=self.revision, rows=lines, columns=lines, block=4
            )
        if asked.x == 0:
            return TileField(variable=info("votemper"), values=None, revision=self.revision)
        described, following = info(asked.variable.partition(",")[0]), self.following.get(asked.time, "")
        return TileField(variable=described, values=array(field()), revision=self.revision, next_time=following)

    async def extract(self, asked):
        self.asked.append(asked)
        for position, (latitude, _) in enumerate(getattr(asked, "points", [])):
            if latitude < SOUTH:
                raise PointOutsideGrid("the grid begins at 50° S", field=f"points[{position}]")
        if unknown := set(asked.variables) - set(VARIABLES):
            raise VariableNotFound(f"there is no variable {unknown}", field="variable")
        if asked.time and not asked.time.lstrip("-")[:1].isdigit():
            raise InvalidRequest(f"time {asked.time!r} is no time", field="time")
        return replace(self.makers[type(asked)](self, asked), revision=self.revision)

    def profile(self, asked):
        """A profile at each point; the second variable is 30 more than the first, and so on."""
        values = {
            key: np.array(
                [
                    profile_values(point, DEPTHS, self.columns.setdefault(key, len(self.columns)))
                    for point in asked.points
                ]
            ).T
            for key in asked.variables
        }
        levels = [coordinate("depth", ("depth",), DEPTHS)] if self.metres else []
        latitude, longitude = np.array(asked.points, dtype=float).T
        return Coverage(
            kind="points",
            dataset="arctic",
            dims={"time": 1, "depth": len(DEPTHS), "point": len(asked.points)},
            coordinates=[
                coordinate("time", ("time",), [NOON]),
                *levels,
                coordinate("latitude", ("point",), latitude),
                coordinate("longitude", ("point",), longitude),
            ],
            fields=[make_field(key, ("time", "depth", "point"), item[np.newaxis]) for key, item in values.items()],
        )

    async def file(self, asked, form):
        self.asked.append(asked)
        return f"{form} of {','.join(asked.variables)}".encode()

    makers: ClassVar = {PointsRequest: profile}  # what is extracted, by what is asked for: tests of a kind add theirs


def field(low=-2.0, high=10.0):
    """A ramp with a hole in it."""
    across = np.linspace(low, high, 256, dtype=np.float32)
    values = np.tile(across, (256, 1))
    values[64:128, 64:128] = np.nan
    return values


def block_field():
    """Values of 4 × 4 tiles, each of 16 × 16 cells, with holes that tell the tiles apart."""
    values = np.random.default_rng(7).uniform(-2.0, 10.0, (64, 64)).astype(np.float32)
    values[values > 6] = np.nan
    return values


def coordinate(name, dims, values, **other):
    return Coordinate(name=name, dims=dims, values=array(np.asarray(values, dtype=float)), **other)


def make_field(key, dims, values, *, auxiliary=False, **other):
    return Field(variable=info(key, **other), dims=dims, values=array(values), auxiliary=auxiliary)


def profile_values(point, depths, position):
    latitude, longitude = point
    if latitude > 80:
        return np.full(len(depths), np.nan)
    values = 8 * np.exp(-depths / 400) - 1 + latitude / 60 + np.sin(longitude / 9) + 30 * position
    values[depths > 2600] = np.nan
    return values


def over_pressure(made):
    """A coverage whose levels are pressures in bar."""
    levels = [
        replace(item, name="level", units="bar", standard_name=None) if item.name == "depth" else item
        for item in made.coordinates
    ]
    return replace(made, coordinates=levels)
