"""Made observations, their neighbours, and a model whose values are known."""

import numpy as np
from msgspec.structs import replace
from tests.plotting.fakes import NOON, FakeCatalogue, FakeNumbers, array, coordinate, make_field

from ocean_common.contracts.assets import DepthAxis, Steps
from ocean_common.contracts.data import Coverage, TrajectoryRequest
from ocean_common.contracts.observations import (
    Class4Forecast,
    Class4ModelProfiles,
    Class4Profile,
    Class4Profiles,
    Class4Values,
    ObservedStation,
    ObservedValues,
    PlatformTrack,
)
from ocean_core.errors import NotFound, PointOutsideGrid, TimeNotFound

DAY = 86_400
TIMES = NOON + DAY * np.arange(5)  # of the model, s
LEVELS = np.array([2.0, 20, 50, 100, 200, 400])
FILE, OTHER = "class4_20160205_GIOPS_CONCEPTS_3.0_profile", "class4_20160205_FOAM_UK_1.0_profile"


def floats(values):
    """As Class 4 has them."""
    return array(np.asarray(values, dtype="<f4"))


def observed(depth=LEVELS):
    return 8 - depth / 100


def class4_values(key="votemper", units="Celsius", shift=1.0, **other):
    best = observed() + shift + LEVELS / 1000
    supplied = {"observed": observed(), "best_estimate": best, "climatology": observed() - 0.5}
    supplied["forecasts"] = np.stack([best + 0.1, best + 0.2])
    return Class4Values(
        key=key, name={"votemper": "Temperature", "vosaline": "Salinity"}[key], units=units,
        **{name: None if values is None else floats(values) for name, values in {**supplied, **other}.items()},
    )  # fmt: skip


def class4_profile(index=0, file=FILE, depth=LEVELS, **other):
    return Class4Profile(
        file=file, index=index, name=f"490{index}", instrument="", latitude=45.0 + index, longitude=-30.0,
        time=f"2016-02-{5 + index:02}T06:00:00+00:00", depth=floats(depth), variables=[class4_values(**other)],
    )  # fmt: skip


FORECASTS = [
    Class4Forecast(id="best", value="Best Estimate"),
    Class4Forecast(id=0, value="05 February 2016"),
    Class4Forecast(id=1, value="Lead time 1.5 days"),
]


def class4(ids=(0,), models=(), **other):
    """Profiles of these indices, and beside them other models."""
    return Class4Profiles(
        kind="ocean_predict",
        profiles=[class4_profile(item, **other) for item in ids],
        forecasts=FORECASTS,
        title="Global ice ocean prediction",
        models=[
            Class4ModelProfiles(
                file=file, model="FOAM", title=None, forecasts=FORECASTS[:1],
                profiles=[class4_profile(item, file=file, shift=-2.0) for item in ids],
            )
            for file in models
        ],
    )  # fmt: skip


def station(number=1, latitude=60.0, longitude=-5.0, time="2016-02-06T10:00:00+00:00", units="degree_Celsius"):
    """A cast of temperature and salinity."""
    shift = {"degree_Celsius": 0.0, "K": 273.15}.get(units, 0.0)
    kinds = [("sea_water_temperature", "Sea water temperature", units, observed() + shift)]
    kinds += [("sea_water_salinity", "Sea water salinity", "1", 34 + LEVELS / 1000)]
    return ObservedStation(
        id=number, name=f"cast {number}", platform=7, platform_type="argo", time=time, latitude=latitude,
        longitude=longitude,
        variables=[
            ObservedValues(key=key, name=name, units=unit, depth=array(LEVELS), values=array(values))
            for key, name, unit, values in kinds
        ],
    )  # fmt: skip


def track(number=1, *, steps=48, start=NOON, east=-5.0, every=3600, variables=True):
    """A drifter that goes north-east, one position an hour."""
    along = np.arange(steps)
    values = ObservedValues(
        key="sea_surface_temperature", name="Sea surface temperature", units="K", depth=array(np.zeros(steps)),
        values=array(280.0 + along / 10),
    )  # fmt: skip
    return PlatformTrack(
        id=number, name=f"drifter {number}", platform_type="drifter",
        times=array(((start + every * along) * 1000).astype("<i8")), latitude=array(60 + along / 50),
        longitude=array((east + along / 25 + 180) % 360 - 180), variables=[values] if variables else [],
    )  # fmt: skip


class Measured(FakeCatalogue):
    """Knows observations and Class 4 files too; the model has five days and seven levels."""

    def __init__(self):
        super().__init__()
        self.stations = {number: station(number, 60.0 + number) for number in range(1, 4)}
        self.stations[9] = station(9, -70.0)
        self.tracks = {
            1: track(1),
            2: track(2, east=-3.0),
            3: track(3, variables=False),
            4: track(4, start=NOON - 10**8),
        }
        self.asked = []

    async def assets(self, dataset, variable):
        result = await super().assets(dataset, variable)
        steps = Steps(
            raw=array(TIMES // DAY), seconds=array(TIMES), file=array(np.zeros(5, "<i4")),
            position=array(np.arange(5, dtype="<i4")), units="days since 1970-01-01",
        )  # fmt: skip
        axis = DepthAxis(name="depth", kind="depth", values=[0.0, 10, 25, 50, 75, 100, 150])
        return replace(result, steps=steps, depth=axis)

    async def observed(self, stations):
        for item in stations:
            if item not in self.stations:
                raise NotFound(f"there is no station {item}", field="id")
        return [self.stations[item] for item in stations]

    async def track(self, platform, start="", end="", datatypes=(), depth=None):
        self.asked.append((platform, start, end) if depth is None else (platform, start, end, depth))
        if platform not in self.tracks:
            raise NotFound(f"there is no platform {platform}", field="id")
        return self.tracks[platform]

    async def class4(self, ids, kind="ocean_predict", models=()):
        self.asked.append((list(ids), kind, list(models)))
        for item in [*ids, *models]:
            if not item.startswith(("class4_20160205", "class4_2016")):
                raise NotFound(f"there is no Class 4 file {item!r} of {kind}", field="id")
        return class4([int(item.rpartition("_")[2]) for item in ids], models)


def along_values(points, seconds):
    """The model along a way, °C: nothing west of 5° W."""
    latitude, longitude = np.array(points, dtype=float).T
    return np.where(longitude < -4.5, np.nan, latitude / 10 + (np.asarray(seconds) - NOON) / DAY)


class Moving(FakeNumbers):
    """Knows the model along ways too."""

    async def extract(self, asked):
        if not isinstance(asked, TrajectoryRequest):
            return await super().extract(asked)
        self.asked.append(asked)
        return self.trajectory(asked)

    def trajectory(self, asked):
        seconds = np.array([np.datetime64(time_.removesuffix("+00:00"), "s").astype(int) for time_ in asked.times])
        if (seconds > TIMES[-1] + DAY).all() or (seconds < TIMES[0] - DAY).all():
            raise TimeNotFound("no point is in the time of the model", field="times")
        if all(latitude < -50 for latitude, _ in asked.points):
            raise PointOutsideGrid("all points are outside", field="points")
        latitude, longitude = np.array(asked.points).T
        key = asked.variables[0]
        return Coverage(
            kind="trajectory", dataset="arctic", dims={"point": len(seconds)},
            coordinates=[
                coordinate("time", ("point",), seconds),
                coordinate("latitude", ("point",), latitude),
                coordinate("longitude", ("point",), longitude),
            ],
            fields=[make_field(key, ("point",), along_values(asked.points, seconds))],
        )  # fmt: skip


def rows(text):
    """Names and cells of a CSV table."""
    lines = [line for line in text.splitlines() if not line.startswith("//")]
    return lines[0].split(", "), [line.split(", ") for line in lines[1:]]
