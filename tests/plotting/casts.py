"""Made water at stations, its neighbours, and texts of figures that lie on each other."""

import itertools

import numpy as np
from matplotlib.text import Text
from msgspec.structs import replace
from tests.plotting.fakes import NOON, FakeCatalogue, FakeNumbers, array, coordinate, info

from ocean_common.contracts.data import Coverage, Field, PointsRequest
from ocean_plotting.plots.common.profiles import WaterData

DEPTHS = np.array([0.0, 20, 50, 80, 120, 200, 400, 700, 1000, 1500, 2500, 4000])
WARM, SALT = "votemper", "vosaline"
KINDS = {
    "temperature": "sea_water_potential_temperature",
    "salinity": "sea_water_practical_salinity",
    "sound": "speed_of_sound_in_sea_water",
}


def temperatures(depths=DEPTHS):
    """Warm above a thermocline at 100 m, °C: sound is slowest in between."""
    return 4 + 12 / (1 + np.exp((depths - 100) / 60)) - depths / 3000


def salinities(depths=DEPTHS):
    """Saltier below, without a unit."""
    return 35 - 0.8 * np.exp(-depths / 150)


def described(key, /, **other):
    """What a variable is: of ``standard_name`` and whatever else is told."""
    return replace(info(key), **other)


WATER = (
    described(WARM, standard_name=KINDS["temperature"]),
    described(SALT, standard_name=KINDS["salinity"]),
)


def field(variable, values):
    """One of a coverage: (depth, point)."""
    return Field(variable=variable, dims=("time", "depth", "point"), values=array(np.asarray(values)[np.newaxis]))


def coverage(fields, places, depths=DEPTHS):
    """Columns at places."""
    latitude, longitude = np.array(places, dtype=float).T
    return Coverage(
        kind="points",
        dataset="arctic",
        dims={"time": 1, "depth": len(depths), "point": len(places)},
        coordinates=[
            coordinate("time", ("time",), [NOON]),
            coordinate("depth", ("depth",), depths),
            coordinate("latitude", ("point",), latitude),
            coordinate("longitude", ("point",), longitude),
        ],
        fields=fields,
        revision="r1",
    )


def casts(places=((45.0, -40.0),), *, warm=None, salt=None, infos=WATER, depths=DEPTHS):
    """Water at places, each a little warmer and saltier than the one before."""
    shift = np.arange(len(places))
    warm = temperatures(depths) if warm is None else warm
    salt = salinities(depths) if salt is None else salt
    fields = [field(infos[0], warm[:, np.newaxis] + shift), field(infos[1], salt[:, np.newaxis] + 0.1 * shift)]
    return WaterData(
        time="2016-02-05T12:00:00+00:00",
        revisions={"arctic": "r1"},
        coverage=coverage(fields, places, depths),
        temperature=infos[0].key,
        salinity=infos[1].key,
        sound=None,
    )


class Listing(FakeCatalogue):
    """Lists variables."""

    def __init__(self, listed=WATER):
        super().__init__()
        self.listed = listed

    async def variables(self, dataset):
        await self.revision(dataset)
        return list(self.listed)


class Water(FakeNumbers):
    """Has the variables of a listing, at any points."""

    def __init__(self, listed=WATER):
        super().__init__()
        self.listed = {item.key: item for item in listed}

    def columns(self, asked):
        values = {WARM: temperatures(), SALT: salinities(), "u": np.full(len(DEPTHS), 1500.0)}
        fields = [
            field(self.listed[key], np.repeat(values[key][:, np.newaxis], len(asked.points), axis=1))
            for key in asked.variables
        ]
        return coverage(fields, asked.points)

    makers = {PointsRequest: columns}  # noqa: RUF012 - as the class that it extends


def overlapping(figure):
    """Pairs of texts of a drawn figure that lie on each other, and texts that run out of it."""
    figure.draw_without_rendering()
    undrawn = set(_undrawn(figure))
    texts = [
        item for item in figure.findobj(Text) if item.get_visible() and item.get_text().strip() and item not in undrawn
    ]
    boxes = [(item.get_text(), item.get_window_extent()) for item in texts]
    page = figure.bbox
    outside = [
        text for text, box in boxes if box.x0 < -2 or box.y0 < -2 or box.x1 > page.x1 + 2 or box.y1 > page.y1 + 2
    ]
    return outside + [
        (text, another)
        for (text, box), (another, other) in itertools.combinations(boxes, 2)
        if min(box.x1, other.x1) - max(box.x0, other.x0) > 1 and min(box.y1, other.y1) - max(box.y0, other.y0) > 1
    ]


def _undrawn(figure):
    """Labels of ticks beyond the limits of their axis, and of those that it had before it was laid out."""
    for axes in figure.findobj(lambda item: hasattr(item, "get_xaxis")):
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            now = (*axis.get_major_ticks(), *axis.get_minor_ticks())
            for tick in (*axis.majorTicks, *axis.minorTicks):
                if tick not in now or not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                    yield from (tick.label1, tick.label2)
