"""Made-up series at stations, and what tests of pictures look at."""

import itertools

import numpy as np
from matplotlib.axis import Tick
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from msgspec.structs import replace
from tests.plotting.fakes import FakeCatalogue, FakeNumbers, array, coordinate, make_field

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, Field, PointsRequest
from ocean_core.errors import DepthNotFound, TimeNotFound

DEPTHS = np.array([0.5, 10, 25, 50, 100])
FLOOR = 60.0  # m, under the second station
FIRST, DAY = 1454328000, 86_400  # 1 February 2016 12:00, s
STEPS = 5
NAMES = {"eastward": "Eastward part of speed", "northward": "Northward part of speed", "magnitude": "Speed"}


def seconds(steps=STEPS):
    return FIRST + DAY * np.arange(steps)


def value(key, time, depth, station):
    """What is somewhere, by formula; times as steps."""
    base = {"votemper": 4.0, "u": 0.1, "v": -0.2, "aice": 0.5}[key]
    return base * (1 + 0.1 * np.sin(time) + station) * np.exp(-depth / 300) + 0.01 * time


def made(asked, steps=STEPS, depths=DEPTHS, at=None):
    """Series of variables, or of the parts of a vector; the second station is shallow, land is north of 80° N."""
    at = seconds(steps) if at is None else at
    time, depth, station = np.meshgrid(range(len(at)), depths, range(len(asked.points)), indexing="ij")
    dry = ((station == 1) & (depth > FLOOR)) | (np.array(asked.points)[:, 0] > 80)[station]
    fields = {key: np.where(dry, np.nan, value(key, time, depth, station)) for key in asked.variables}
    if asked.vector:
        east, north = (fields.pop(key) for key in asked.variables[:2])
        parts = {"eastward": east, "northward": north, "magnitude": np.hypot(east, north)}
        parts["bearing"] = np.degrees(np.arctan2(east, north)) % 360
        fields = {part: parts[part] for part in asked.vector} | fields
    dims, coordinates, more = ["time", "depth", "point"], [], []
    deep = asked.depth
    if deep == "bottom":
        last = (~dry).sum(axis=1, keepdims=True).clip(1) - 1
        fields = {key: np.take_along_axis(values, last, axis=1) for key, values in fields.items()}
        result = np.take_along_axis(depth, last, axis=1)[:, 0]
        more = [made_part("depth", ("time", "point"), result, "m", auxiliary=True)]
    elif deep == "all":
        coordinates = [coordinate("depth", ("depth",), depths)]
    else:
        if int(deep) >= len(depths):
            raise DepthNotFound("no such level", field="depth")
        fields = {key: values[:, [int(deep)]] for key, values in fields.items()}
        coordinates = [coordinate("depth", (), depths[int(deep)])]
    if deep != "all":
        dims.remove("depth")
        fields = {key: values[:, 0] for key, values in fields.items()}
    latitude, longitude = np.array(asked.points, dtype=float).T
    by_name = ("point",)
    if asked.bathymetry and len(asked.points) > 1:
        floor = made_part("bathymetry", by_name, np.where(np.arange(len(latitude)) == 1, FLOOR, np.nan), "m")
        about = replace(floor.variable, standard_name="sea_floor_depth_below_geoid")
        more = [*more, replace(floor, variable=about, auxiliary=True)]
    if len(asked.points) == 1:  # as the data service answers: a lone point is no dimension
        dims.remove("point")
        fields = {key: values[..., 0] for key, values in fields.items()}
        more = [made_part("depth", ("time",), result[:, 0], "m", auxiliary=True)] if more else []
        latitude, longitude, by_name = latitude[0], longitude[0], ()
    return Coverage(
        kind="timeseries",
        dataset="arctic",
        dims=dict(zip(dims, next(iter(fields.values())).shape, strict=True)),
        coordinates=[
            coordinate("time", ("time",), at),
            *coordinates,
            coordinate("latitude", by_name, latitude),
            coordinate("longitude", by_name, longitude),
        ],
        fields=[
            *(
                make_field(key, tuple(dims), values.astype(np.float32))
                if key in asked.variables
                else made_part(key, tuple(dims), values, "degree" if key == "bearing" else "m s-1")
                for key, values in fields.items()
            ),
            *more,
        ],
        revision="r1",
    )


def made_part(key, dims, values, units, *, auxiliary=False):
    about = VariableInfo(dataset="arctic", key=key, name=NAMES.get(key, key), units=units, scale=(0.0, 1.0))
    return Field(variable=about, dims=dims, values=array(values), auxiliary=auxiliary)


class Moorings(FakeNumbers):
    """Answers series through time."""

    def series(self, asked):
        """Series, but for what is later than 1990."""
        if asked.start and asked.start > "3":
            raise TimeNotFound("no time step is in this period", field="start")
        return made(asked)

    makers = {**FakeNumbers.makers, PointsRequest: series}  # noqa: RUF012 - as the class that it extends


class Vectors(FakeCatalogue):
    """`aice` stands for a vector that the catalogue knows, of the components `u` and `v`."""

    async def assets(self, dataset, variable):
        result = await super().assets(dataset, variable)
        return replace(result, components={"east": "u", "north": "v"}) if variable == "aice" else result


def overlapping(figure):
    """Pairs of texts of a figure that lie on each other."""
    return [
        (item, two) for (item, box), (two, other) in itertools.combinations(_texts(figure), 2) if _deeply(box, other)
    ]


def beyond(figure):
    """Texts that run out of the figure."""
    return [text for text, box in _texts(figure) if not _within(box, figure.bbox)]


def _texts(figure):
    """Every text that is drawn, with where it is."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    hidden = {id(label) for tick in figure.findobj(Tick) for label in (tick.label1, tick.label2)}
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            labels = [item.label1 for item in axis.get_major_ticks() if low <= item.get_loc() <= high]
            hidden -= {id(item) for item in labels if axes.axison}
    texts = [item for item in figure.findobj(Text) if item.get_text().strip() and item.get_visible()]
    return [(item.get_text(), item.get_window_extent(renderer)) for item in texts if id(item) not in hidden]


def _deeply(box, other, by=1.0):
    return min(box.x1, other.x1) - max(box.x0, other.x0) > by and min(box.y1, other.y1) - max(box.y0, other.y0) > by


def _within(box, page, by=1.5):
    return box.x0 > -by and box.y0 > -by and box.x1 < page.x1 + by and box.y1 < page.y1 + by
