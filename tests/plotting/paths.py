"""A made-up sea beneath paths, at one time and through time, and what tests of pictures look at."""

import itertools
from typing import ClassVar

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from msgspec.structs import replace
from tests.plotting.fakes import NOON, VARIABLES, FakeCatalogue, FakeNumbers, array, coordinate, make_field

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, Field, SectionRequest, TransectRequest
from ocean_core.errors import InvalidRequest, VariableNotFound

LEVELS = np.array([0.0, 10, 25, 50, 100, 200, 400, 800])
OTHER_LEVELS = np.array([5.0, 20, 60, 150, 300, 700])
EARLIER = NOON - 4 * 86_400  # whose values are one more, on other levels
DAY = 86_400
PARTS = {"magnitude": "Speed", "along": "Speed along the line", "across": "Speed across the line, to its left"}


def places(asked):
    """Latitudes and longitudes along way-points, which are among them."""
    way = np.array(asked.path, dtype=float)
    way[:, 1] = np.unwrap(way[:, 1], period=360)
    share = np.linspace(0, len(way) - 1, asked.points)
    for number in range(len(way)):
        share[np.abs(share - number).argmin()] = number
    return np.interp(share, range(len(way)), way[:, 0]), np.interp(share, range(len(way)), way[:, 1])


def distances(latitude, longitude):
    """km from the first, on a sphere."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    cosine = np.sin(phi[1:]) * np.sin(phi[:-1]) + np.cos(phi[1:]) * np.cos(phi[:-1]) * np.cos(np.diff(lam))
    return np.concatenate([[0.0], np.cumsum(6371 * np.arccos(np.clip(cosine, -1, 1)))])


def floor(distance):
    """Depth of the sea floor, m."""
    return 300 + 200 * np.sin(distance / 150)


def value(key, depth, distance, time=NOON):
    """What is somewhere, by formula."""
    base = {"votemper": 8.0, "vosaline": 34.0, "u": 0.2, "v": -0.1, "aice": 0.5, "kind": 1.0}[key]
    wave = 0.0 if key == "kind" else 0.2 * np.sin(distance / 100) - depth / 1000
    return base + wave + (1.0 if time == EARLIER else 0.0)


def of_part(key, dims, values):
    """A part of a vector."""
    about = VariableInfo(
        dataset="arctic", key=key, name=PARTS[key], units="m s-1", scale=(-1.0, 1.0), zero_centered=key != "magnitude"
    )
    return Field(variable=about, dims=dims, values=array(values))


def parted(asked, fields):
    """The parts of a vector instead of its components."""
    if not asked.vector:
        return fields
    east, north = fields.values()
    parts = {"magnitude": np.hypot(east, north), "along": east, "across": north}
    return {part: parts[part] for part in asked.vector}


def along(latitude, longitude, distance):
    """The coordinates of places along a path."""
    by_name = zip(("distance", "latitude", "longitude"), (distance, latitude, longitude), strict=True)
    return [coordinate(name, ("distance",), values) for name, values in by_name]


def field(key, dims, values):
    return of_part(key, dims, values) if key in PARTS else make_field(key, dims, values)


def transect(asked, *, told=True, levels=None):
    """What is beneath a path; land is north of 80° N. ``told``: the model knows its sea floor."""
    time = EARLIER if asked.time == str(EARLIER) else NOON
    latitude, longitude = places(asked)
    distance = distances(latitude, longitude)
    flat = asked.depth == "0" or asked.variables[0] in {"aice", "kind"}
    levels = np.zeros(1) if flat else (OTHER_LEVELS if time == EARLIER else LEVELS) if levels is None else levels
    depth, along_path = np.meshgrid(levels, distance, indexing="ij")
    dry = (depth > floor(along_path)) | (latitude > 80)
    result = {key: np.where(dry, np.nan, value(key, depth, along_path, time)) for key in asked.variables}
    dims = ("time", "distance") if flat else ("time", "depth", "distance")
    fields = [
        field(key, dims, (values[:1] if flat else values[np.newaxis])) for key, values in parted(asked, result).items()
    ]
    if told and asked.bathymetry:
        about = VariableInfo(
            dataset="arctic", key="bathymetry", name="Sea floor", units="m", scale=(0.0, 6000.0),
            standard_name="sea_floor_depth_below_geoid",
        )  # fmt: skip
        existing = np.where(latitude > 80, np.nan, floor(distance))
        fields.append(Field(variable=about, dims=("distance",), values=array(existing), auxiliary=True))
    return Coverage(
        kind="transect",
        dataset="arctic",
        dims={"time": 1, "depth": len(levels), "distance": len(distance)},
        coordinates=[
            coordinate("time", ("time",), [time]),
            *([] if flat else [coordinate("depth", ("depth",), levels)]),
            *along(latitude, longitude, distance),
        ],
        fields=fields,
        revision="r1",
    )


def course(asked, at=None):
    """A level along a path, on five days; land is north of 80° N."""
    start = EARLIER if asked.start is None else int(asked.start)
    end = NOON if asked.end is None else int(asked.end)
    at = np.arange(start, end + 1, DAY) if at is None else at
    if not len(at):
        raise InvalidRequest("it ends before it starts", field="end")
    latitude, longitude = places(asked)
    distance = distances(latitude, longitude)
    time, along_path = np.meshgrid(at, distance, indexing="ij")
    result = {
        key: np.where(latitude > 80, np.nan, value(key, 0.0, along_path) + (time - EARLIER) / DAY)
        for key in asked.variables
    }
    level = [] if asked.depth == "bottom" else [coordinate("depth", (), LEVELS[int(asked.depth)])]
    return Coverage(
        kind="section",
        dataset="arctic",
        dims={"time": len(at), "distance": len(distance)},
        coordinates=[coordinate("time", ("time",), at), *level, *along(latitude, longitude, distance)],
        fields=[field(key, ("time", "distance"), values) for key, values in parted(asked, result).items()],
        facts={"depth": "bottom"} if asked.depth == "bottom" else {},
        revision="r1",
    )


class Waters(FakeNumbers):
    """Answers what is along paths."""

    makers: ClassVar = {TransectRequest: transect, SectionRequest: course}

    async def extract(self, asked):
        self.asked.append(asked)
        if unknown := set(asked.variables) - set(VARIABLES):
            raise VariableNotFound(f"there is no variable {unknown}", field="variable")
        if asked.time and not asked.time.lstrip("-")[:1].isdigit():
            raise InvalidRequest(f"time {asked.time!r} is no time", field="time")
        return self.makers[type(asked)](asked)


class Vectors(FakeCatalogue):
    """`aice` stands for a vector that the catalogue knows, of the components `u` and `v`."""

    async def assets(self, dataset, variable):
        result = await super().assets(dataset, variable)
        return replace(result, components={"east": "u", "north": "v"}) if variable == "aice" else result


def texts(figure):
    """Every text that is drawn, with its box; the figure is laid out."""
    renderer, hidden = FigureCanvasAgg(figure).get_renderer(), set()
    figure.draw_without_rendering()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            drawn = [label for tick in axis._update_ticks() for label in (tick.label1, tick.label2)]
            every = [label for tick in axis.get_major_ticks() for label in (tick.label1, tick.label2)]
            hidden |= set(every) - (set(drawn) if axes.axison else set())
            hidden |= set() if axes.axison else {axis.label, axis.get_offset_text()}
    result = [
        item for item in figure.findobj(Text) if item.get_visible() and item.get_text().strip() and item not in hidden
    ]
    return [(item.get_text(), item.get_window_extent(renderer)) for item in result]


def misplaced(figure):
    """Pairs of texts that lie on each other by more than a pixel, and texts that run out of the figure."""
    result = texts(figure)
    pairs = [
        (first, second)
        for (first, item), (second, other) in itertools.combinations(result, 2)
        if min(item.x1, other.x1) - max(item.x0, other.x0) > 1.5
        and min(item.y1, other.y1) - max(item.y0, other.y0) > 1.5
    ]
    page = figure.bbox
    out = [text for text, box in result if box.x0 < -1 or box.y0 < -1 or box.x1 > page.x1 + 1 or box.y1 > page.y1 + 1]
    return pairs + out
