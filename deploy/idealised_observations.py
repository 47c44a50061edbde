"""Make observations of the idealised North Atlantic: casts, drifters and Class 4. They are computed, not measured.

`python deploy/idealised_observations.py [FOLDER]` writes into `obs` and `class4` of `deploy/sample_data`. Drifters
follow the surface currents of the idealised ocean; casts are its columns with small errors. Class 4 has columns some
kilometres away as what was observed, so that there is something to compare.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import gsw
import netCDF4
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

import class4
from idealised_atlantic import ATTRIBUTES, DAYS, DEPTH, KILOMETRES, LATITUDE, LONGITUDE, OCEAN, SAMPLES

Floats = NDArray[np.float64]

START = datetime(2016, 7, 1, 12)
SINCE = "seconds since 2016-07-01 12:00:00"
HOURS = 3  # between two positions of a drifter
DRIFTERS = {  # latitude and longitude on the first day
    "idealised drifter A": (36.2, -73.0), "idealised drifter B": (38.8, -67.0), "idealised drifter C": (41.2, -60.5),
    "idealised drifter D": (42.4, -50.0), "idealised drifter E": (44.4, -44.5),
}  # fmt: skip
CASTS = {  # day, latitude and longitude
    "Labrador shelf": (2.0, 54.0, -54.5), "Labrador slope": (2.3, 54.8, -53.2), "Labrador Sea": (2.8, 56.5, -51.0),
    "Greenland slope": (4.0, 59.5, -48.5), "Flemish Cap": (6.0, 47.0, -45.0), "Newfoundland Basin": (6.6, 45.5, -42.0),
    "Slope water": (8.0, 41.5, -63.0), "Gulf Stream": (8.4, 39.5, -63.0), "Sargasso Sea": (9.0, 36.0, -63.0),
}  # fmt: skip
LEVELS = np.array([2.0, 10, 20, 30, 40, 50, 65, 80, 100, 125, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 1250, 1500])
APART = 0.35  # degrees of latitude between what Class 4 has as observed and as estimated
WARNING = "Computed from an idealised ocean, not measured: nothing about the real ocean can be concluded from it."


class Ocean:
    """Values of the idealised ocean between its cells and days."""

    def __init__(self) -> None:
        with netCDF4.Dataset(OCEAN) as data:
            self._fields = {
                name: RegularGridInterpolator(
                    (DAYS, DEPTH, LATITUDE, LONGITUDE), data[name][:].astype(float).filled(np.nan), bounds_error=False
                )
                for name in ("votemper", "vosaline", "vozocrtx", "vomecrty")
            }

    def sample(self, name: str, day: float, depth: Floats, latitude: float, longitude: float) -> Floats:
        """Interpolate a variable at depths (m), shape (depth,); NaN on land and below the sea floor."""
        depth = np.maximum(depth, DEPTH[0])
        points = np.stack(np.broadcast_arrays(day, depth, latitude, longitude), axis=-1)
        values: Floats = self._fields[name](points)
        return values

    def velocity(self, day: float, latitude: float, longitude: float) -> Floats:
        """Return the current at the surface in degrees of latitude and longitude a day."""
        surface = DEPTH[:1]
        east, north = (self.sample(name, day, surface, latitude, longitude)[0] for name in ("vozocrtx", "vomecrty"))
        metres = KILOMETRES * 1000 / 86_400
        return np.array([north / metres, east / metres / np.cos(np.radians(latitude))])


def follow_drifter(ocean: Ocean, start: tuple[float, float]) -> Floats:
    """Follow the surface current (Runge and Kutta, fourth order); latitude and longitude, shape (time, 2)."""
    step = HOURS / 24
    place: Floats = np.array(start)
    places = [place]
    for day in np.arange(0, DAYS[-1] - step / 2, step):
        first = ocean.velocity(day, *place)
        second = ocean.velocity(day + step / 2, *(place + first * step / 2))
        third = ocean.velocity(day + step / 2, *(place + second * step / 2))
        fourth = ocean.velocity(day + step, *(place + third * step))
        place = np.asarray(place + (first + 2 * second + 2 * third + fourth) * step / 6, dtype=np.float64)
        places.append(place)
    return np.array(places)


def make_errors(count: int, seed: int) -> Floats:
    """Return numbers from -1 to 1 that look like chance and are the same each time, shape (count,)."""
    numbers = seed * 0.7548776662466927 + np.arange(count) * 0.618033988749895
    errors: Floats = 2 * (numbers % 1) - 1
    return errors


def write_drifters(path: Path, ocean: Ocean) -> None:
    """Write the drifters as trajectories."""
    tracks = [follow_drifter(ocean, start) for start in DRIFTERS.values()]
    days = np.arange(len(tracks[0])) * HOURS / 24
    with _create(path, "trajectory", "Idealised drifting buoys of an idealised North Atlantic") as data:
        data.createDimension("trajectory", len(tracks))
        data.createDimension("obs", days.size)
        _write_names(data, "trajectory", "trajectory_id", list(DRIFTERS))
        rows = ("trajectory", "obs")
        _write(data, "time", rows, np.tile(days * 86_400, (len(tracks), 1)), standard_name="time", units=SINCE)
        _write_places(data, rows, np.array(tracks))
        temperature = [
            [ocean.sample("votemper", day, DEPTH[:1], *place)[0] for day, place in zip(days, track, strict=True)]
            for track in tracks
        ]
        coordinates = "time latitude longitude"
        attributes = {"standard_name": "sea_water_temperature", "units": "degree_C", "coordinates": coordinates}
        _write(data, "temperature", rows, temperature, **attributes)


def write_casts(path: Path, ocean: Ocean) -> None:
    """Write the casts as profiles, padded to the same length."""
    with _create(path, "profile", "Idealised casts in an idealised North Atlantic") as data:
        data.createDimension("profile", len(CASTS))
        data.createDimension("z", LEVELS.size)
        _write_names(data, "profile", "profile_id", list(CASTS))
        days = np.array([day for day, *_ in CASTS.values()])
        _write(data, "time", ("profile",), days * 86_400, standard_name="time", units=SINCE)
        _write_places(data, ("profile",), np.array([place for _, *place in CASTS.values()]))
        attributes = {"positive": "down", "axis": "Z"}
        _write(data, "depth", ("z",), LEVELS, standard_name="depth", units="m", **attributes)
        temperature, salinity = zip(*_read_casts(ocean), strict=True)
        rows, coordinates = ("profile", "z"), {"coordinates": "time latitude longitude depth"}
        _write(
            data,
            "temperature",
            rows,
            temperature,
            standard_name="sea_water_temperature",
            units="degree_C",
            **coordinates,
        )
        _write(data, "salinity", rows, salinity, standard_name="sea_water_salinity", units="1e-3", **coordinates)


def _read_casts(ocean: Ocean) -> Iterator[tuple[Floats, Floats]]:
    """Temperature as a thermometer shows it, and practical salinity, with small errors."""
    for number, (day, latitude, longitude) in enumerate(CASTS.values()):
        potential, salinity = (
            ocean.sample(name, day, LEVELS, latitude, longitude) for name in ("votemper", "vosaline")
        )
        pressure = gsw.p_from_z(-LEVELS, latitude)
        absolute = gsw.SA_from_SP(salinity, pressure, longitude, latitude)
        temperature = gsw.t_from_CT(absolute, gsw.CT_from_pt(absolute, potential), pressure)
        errors = make_errors(LEVELS.size, number)
        yield temperature + 0.03 * errors, salinity + 0.01 * errors[::-1]


def make_class4(folder: Path, ocean: Ocean) -> None:
    """Write Class 4 of the last day: the casts beside the columns some kilometres to the north."""
    profiles, estimates = [], []
    for number, (name, (_, latitude, longitude)) in enumerate(CASTS.items()):
        day, north = float(DAYS[-1]), latitude + APART
        observed = ocean.sample("votemper", day, LEVELS, latitude, longitude)
        best = ocean.sample("votemper", day, LEVELS, north, longitude)
        mean = np.mean([ocean.sample("votemper", day, LEVELS, north, longitude) for day in DAYS], axis=0)
        wet = np.isfinite(observed) & np.isfinite(best)
        profiles.append(
            class4.Profile(
                platform=f"IDEAL{number + 1:03d}", instrument=f"idealised: {name}", time=START + timedelta(days=day),
                latitude=latitude, longitude=longitude, depth=LEVELS[wet],
                temperature=(observed + 0.1 * make_errors(LEVELS.size, number))[wet],
            )
        )  # fmt: skip
        estimates.append(class4.Estimate(best[wet], mean[wet]))
    class4.write(
        folder / f"class4_{profiles[0].time:%Y%m%d}_IDEALISED_demo_profile.nc",
        "Demonstration: idealised casts beside the idealised North Atlantic",
        f"{WARNING} What is called observed is the column {APART * KILOMETRES:.0f} km south of the estimate.",
        profiles, estimates, acknowledgement="Made for Ocean Navigator; sea floor: NOAA ETOPO1",
    )  # fmt: skip


def make(folder: Path) -> None:
    """Write the three files."""
    ocean = Ocean()
    (folder / "obs").mkdir(parents=True, exist_ok=True)
    (folder / "class4").mkdir(exist_ok=True)
    write_drifters(folder / "obs" / "idealised_drifters.nc", ocean)
    write_casts(folder / "obs" / "idealised_casts.nc", ocean)
    make_class4(folder / "class4", ocean)


def _create(path: Path, feature: str, title: str) -> netCDF4.Dataset:
    data = netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC")
    data.setncatts(
        {
            "Conventions": ATTRIBUTES["Conventions"],
            "featureType": feature,
            "title": f"{title}: computed, not measured",
            "summary": WARNING,
            "source": "deploy/idealised_observations.py",
            "institution": "an idealised ocean, not measured",
            "license": ATTRIBUTES["license"],
        }
    )
    return data


def _write(data: netCDF4.Dataset, name: str, dimensions: tuple[str, ...], values: object, **attributes: str) -> None:
    kind = "f8" if name == "time" else "f4"
    variable = data.createVariable(name, kind, dimensions, zlib=True, fill_value=-9999.0)
    variable.setncatts(attributes)
    variable[:] = np.ma.masked_invalid(np.round(np.asarray(values), 4))


def _write_places(data: netCDF4.Dataset, dimensions: tuple[str, ...], places: Floats) -> None:
    _write(data, "latitude", dimensions, places[..., 0], standard_name="latitude", units="degrees_north")
    _write(data, "longitude", dimensions, places[..., 1], standard_name="longitude", units="degrees_east")


def _write_names(data: netCDF4.Dataset, dimension: str, role: str, names: Sequence[str]) -> None:
    length = max(map(len, names))
    data.createDimension("characters", length)
    variable = data.createVariable("name", "S1", (dimension, "characters"))
    variable.cf_role = role
    variable[:] = np.array([list(name.ljust(length)) for name in names], dtype="S1")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
