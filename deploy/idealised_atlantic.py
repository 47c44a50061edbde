"""Compute the idealised North Atlantic of the sample data: formulas over the real sea floor, not a model run.

`python deploy/idealised_atlantic.py [FILE]` writes `deploy/sample_data/idealised/idealised_north_atlantic.nc`.

Three columns of water (warm subtropical, cold subpolar, fresh shelf) are joined along a front, that of the Gulf Stream
and the North Atlantic Current, and along the shelf breaks of Labrador and Greenland. The front meanders and sheds
rings; eddies lift and lower the water, turn it about their centres and drift to the west. The height of the sea
surface and the currents follow from the density (TEOS-10): dynamic height above the deepest level, and geostrophy.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import gsw
import netCDF4
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import CubicSpline
from scipy.special import expit

SAMPLES = Path(__file__).parent / "sample_data"
RELIEF = SAMPLES / "topo" / "etopo1_6min_int16.nc"
OCEAN = SAMPLES / "idealised" / "idealised_north_atlantic.nc"

LATITUDE = np.arange(32.0, 66.01, 0.4)  # degrees north
LONGITUDE = np.arange(-78.0, -9.9, 0.5)  # degrees east
DEPTH = np.array([0.5, 10, 25, 50, 80, 120, 200, 350, 500, 750, 1000, 1500, 2500, 4000])  # m
DAYS = np.arange(10.0)
SINCE = "seconds since 1950-01-01 00:00:00"
FIRST = 2_098_526_400.0  # noon of 1 July 2016

GRAVITY = 9.81  # m s-2
KILOMETRES = 111.2  # of a degree of latitude

# Axis of the Gulf Stream and the North Atlantic Current: longitude and latitude.
AXIS = np.array(
    [(-82, 28), (-79, 31.3), (-75.2, 35.2), (-71, 37.3), (-66, 38.6), (-60, 39.6), (-54, 40.3), (-49.5, 40.8),
     (-46.5, 42.8), (-44.5, 45.8), (-43.6, 48.8), (-44.2, 51), (-41.5, 52.4), (-36, 52), (-30, 52.6), (-25, 54.4),
     (-21, 57.5), (-17.5, 60.5), (-13, 62.5), (-6, 64)], dtype=float
)  # fmt: skip
EDDIES = 90
SWIRL = 2.2  # radians at the centre of the strongest
LOWERED = 220.0  # m
DRIFT = 7.0  # km to the west in a day

FILL = -32768
PACKING = {  # scale and offset of the integers
    "votemper": (0.002, 0.0),
    "vosaline": (0.001, 35.0),
    "vozocrtx": (0.0005, 0.0),
    "vomecrty": (0.0005, 0.0),
    "sossheig": (0.0005, 0.0),
    "deptho": (1.0, 0.0),
}

ATTRIBUTES = {
    "Conventions": "CF-1.11, ACDD-1.3",
    "title": "Idealised North Atlantic: computed from formulas, not a model run",
    "summary": "An idealised ocean for demonstrations: temperature, salinity, currents and sea surface height over the "
    "real sea floor. A front like that of the Gulf Stream and the North Atlantic Current, cold and fresh shelves, and "
    "eddies that drift to the west are written down as formulas; height and currents follow from the density. "
    "No model was run and nothing was measured: conclusions about the real ocean cannot be drawn from it.",
    "source": "formulas of deploy/idealised_atlantic.py; sea floor from ETOPO1",
    "references": "sea floor: Amante and Eakins 2009, doi:10.7289/V5C8276M; density: TEOS-10, https://www.teos-10.org",
    "institution": "Ocean Navigator services",
    "creator_name": "Ocean Navigator services",
    "keywords": "idealised ocean, demonstration, sea water temperature, sea water salinity, currents, sea level",
    "license": "MIT, like the project; the relief is in the public domain",
    "product_version": "1",
}
COORDINATES: dict[str, tuple[NDArray[np.float64], dict[str, str]]] = {
    "time": (
        FIRST + 86_400 * DAYS,
        {"standard_name": "time", "long_name": "time", "units": SINCE, "calendar": "standard", "axis": "T"},
    ),
    "depth": (
        DEPTH,
        {"standard_name": "depth", "long_name": "depth", "units": "m", "positive": "down", "axis": "Z"},
    ),
    "latitude": (
        LATITUDE,
        {"standard_name": "latitude", "long_name": "latitude", "units": "degrees_north", "axis": "Y"},
    ),
    "longitude": (
        LONGITUDE,
        {"standard_name": "longitude", "long_name": "longitude", "units": "degrees_east", "axis": "X"},
    ),
}
VARIABLES = {
    "votemper": {
        "standard_name": "sea_water_potential_temperature",
        "long_name": "idealised potential temperature",
        "units": "degree_Celsius",
    },
    "vosaline": {
        "standard_name": "sea_water_practical_salinity",
        "long_name": "idealised practical salinity",
        "units": "1",
    },
    "vozocrtx": {
        "standard_name": "eastward_sea_water_velocity",
        "long_name": "idealised eastward velocity, geostrophic",
        "units": "m s-1",
    },
    "vomecrty": {
        "standard_name": "northward_sea_water_velocity",
        "long_name": "idealised northward velocity, geostrophic",
        "units": "m s-1",
    },
    "sossheig": {
        "standard_name": "sea_surface_height_above_geoid",
        "long_name": "idealised sea surface height",
        "units": "m",
    },
    "deptho": {
        "standard_name": "sea_floor_depth_below_geoid",
        "long_name": "sea floor depth, averages of ETOPO1",
        "units": "m",
    },
}

Floats = NDArray[np.float64]


class Sea(NamedTuple):
    """Sea floor, and the parts of the sea that follow from it."""

    depth: Floats  # (y, x) m; 0 on land
    shelf: Floats  # (y, x) share of shelf water
    open_sea: Floats  # (y, x) 0 at the coast to 1 over the deep sea


class Eddies(NamedTuple):
    """Vortices on one day."""

    x: Floats  # (eddy,) degrees east
    y: Floats  # (eddy,) degrees north
    radius: Floats  # (eddy,) km
    sense: Floats  # (eddy,) 1: anticyclone, warm core; -1: cyclone
    strength: Floats  # (eddy,) 0 to 1


def make_sea() -> Sea:
    """Average the relief over the cells of the grid, and keep the water that is joined to the Atlantic."""
    with netCDF4.Dataset(RELIEF) as data:
        y, x = data["lat"][:].filled(), data["lon"][:].filled() - 360
        rows, columns = (y > 29) & (y < 69), (x > -81) & (x < -7)
        relief = data["elevation"][rows, columns].filled().astype(float)
        y, x = y[rows], x[columns]
    half = abs(LATITUDE[1] - LATITUDE[0]) / 2, abs(LONGITUDE[1] - LONGITUDE[0]) / 2
    by_row = [np.abs(y - latitude) <= half[0] + 1e-6 for latitude in LATITUDE]
    by_column = [np.abs(x - longitude) <= half[1] + 1e-6 for longitude in LONGITUDE]
    cells = np.array([[relief[np.ix_(row, column)].mean() for column in by_column] for row in by_row])
    basins, _ = ndimage.label(cells < -15)
    wet = basins == basins[np.searchsorted(LATITUDE, 40), np.searchsorted(LONGITUDE, -40)]
    depth = np.where(wet, -cells, 0.0)
    smooth = ndimage.gaussian_filter(depth, 1.3)
    west = expit((np.clip(LATITUDE - 58, 0, 6)[:, np.newaxis] - 37 - LONGITUDE) / 1.5)  # not that of Europe
    shelf = expit((900 - smooth) / 260) * west
    return Sea(depth, ndimage.gaussian_filter(shelf, 0.6), expit((smooth - 1500) / 400))


def make_front(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """Return the distance of points to the right of the axis, and along it to the nearest point of it (km)."""
    length = np.arange(len(AXIS))
    fine = np.linspace(0, length[-1], 600)
    axis = np.stack([CubicSpline(length, AXIS[:, part])(fine) for part in (0, 1)])
    scale = KILOMETRES * np.cos(np.radians(latitude))
    middle = KILOMETRES * np.cos(np.radians((axis[1, 1:] + axis[1, :-1]) / 2))
    along = np.concatenate([[0], np.hypot(np.diff(axis[0]) * middle, np.diff(axis[1]) * KILOMETRES).cumsum()])
    direction = np.gradient(axis, axis=1)
    x = (longitude[..., np.newaxis] - axis[0]) * scale[..., np.newaxis]
    y = (latitude[..., np.newaxis] - axis[1]) * KILOMETRES
    nearest = np.hypot(x, y).argmin(axis=-1)
    x, y = (np.take_along_axis(part, nearest[..., np.newaxis], axis=-1)[..., 0] for part in (x, y))
    right = x * direction[1, nearest] - y * direction[0, nearest] * np.cos(np.radians(latitude))
    return np.sign(right) * np.hypot(x, y), along[nearest]


def make_eddies(sea: Sea, day: float) -> Eddies:
    """Spread eddies evenly (a sequence of low discrepancy), and drift them to the west, warm ones to the south."""
    number = np.arange(1, EDDIES + 1)
    x = LONGITUDE[0] - 1 + (0.5 + number * 0.7548776662466927) % 1 * (np.ptp(LONGITUDE) + 3)
    y = LATITUDE[0] - 1 + (0.5 + number * 0.5698402909980532) % 1 * (np.ptp(LATITUDE) + 1)
    distance, _ = make_front(x, y)
    ring = np.exp(-((distance / 260) ** 2))
    sense = np.where(ring > 0.35, -np.sign(distance), np.where(number % 2, 1.0, -1.0))
    row, column = np.searchsorted(LATITUDE, y), np.searchsorted(LONGITUDE, x)
    deep = sea.open_sea[np.clip(row, 0, LATITUDE.size - 1), np.clip(column, 0, LONGITUDE.size - 1)]
    moved = day - DAYS.mean()
    x = x - DRIFT * moved / (KILOMETRES * np.cos(np.radians(y)))
    y = y - sense * moved / KILOMETRES
    return Eddies(x, y, 112 - 1.3 * (y - 35), sense, deep * (0.6 + 0.4 * ring))


def make_columns(sea: Sea, day: float) -> tuple[Floats, Floats]:
    """Compute potential temperature (degrees Celsius) and practical salinity, shape (depth, y, x), land included."""
    x, y = np.meshgrid(LONGITUDE, LATITUDE)
    eddies = make_eddies(sea, day)
    scale = KILOMETRES * np.cos(np.radians(y))
    turned_x, turned_y, lowered, warmed = x.copy(), y.copy(), np.zeros_like(x), np.zeros_like(x)
    fronts, _ = make_front(eddies.x, eddies.y)
    for centre_x, centre_y, radius, sense, strength, front in zip(*eddies, fronts, strict=True):
        east, north = (x - centre_x) * scale, (y - centre_y) * KILOMETRES
        square = (east**2 + north**2) / radius**2
        angle = sense * strength * SWIRL * np.exp(-square / 1.2)
        turned_x += (east * (np.cos(angle) - 1) - north * np.sin(angle)) / scale
        turned_y += (east * np.sin(angle) + north * (np.cos(angle) - 1)) / KILOMETRES
        lowered += sense * strength * LOWERED * np.exp(-square / 2)
        warmed += sense * np.exp(-((front / 220) ** 2)) * strength * 200 * np.exp(-((square / 1.5) ** 2))
    taper = np.clip(1.3 * sea.open_sea, 0, 1)
    turned_x, turned_y = x + (turned_x - x) * taper, y + (turned_y - y) * taper
    distance, along = make_front(turned_x, turned_y)
    wave = np.sin(2 * np.pi * (along - 7 * day) / 540) + 0.6 * np.sin(2 * np.pi * (along - 5 * day) / 350 + 1)
    wave *= 70 * expit((along - 1500) / 250) * np.exp(-((distance / 250) ** 2))
    distance = distance + warmed * taper + wave
    warm = (1 + np.tanh(distance / (60 + 0.03 * along))) / 2
    # isotherms lean to the south in the east, and undulate
    turned_y += 0.06 * (turned_x + 45) * expit((48 - turned_y) / 4) + 0.9 * np.sin(turned_x / 4 + turned_y / 3)
    return mix_columns(warm, sea.shelf, turned_y, turned_x, lowered * taper)


def mix_columns(
    warm: Floats, shelf: Floats, latitude: Floats, longitude: Floats, lowered: Floats
) -> tuple[Floats, Floats]:
    """Mix the three columns of water; each argument has the shape (y, x)."""
    z = DEPTH[:, np.newaxis, np.newaxis]
    z = np.maximum(z - lowered * z / 500 * np.exp(1 - z / 500), 0)
    deep = 2.0 + 1.9 * np.exp(-z / 2500)
    # warm subtropical and cold subpolar water: a main thermocline, and that of summer above it
    thickness = 480 + 320 * expit((44 - latitude) / 3)
    warm_main = (5.8 + 9.0 * expit((43.5 - latitude) / 5)) * step(z, thickness, thickness / 2)
    cold_main = (1.2 + 8.0 * expit((43 - latitude) / 2.5)) * step(z, 230, 170)
    warm_summer = (1.5 + 6.5 * expit((47 - latitude) / 5)) * step(z, 38, 24)
    cold_summer = (3.5 + 5.5 * expit((45 - latitude) / 4)) * step(z, 28, 18)
    main = warm * warm_main + (1 - warm) * cold_main
    temperature = deep + main + warm * warm_summer + (1 - warm) * cold_summer
    salinity = 34.92 + 0.035 * main + 0.0055 * main**2 - 0.35 * (1 - warm) * np.exp(-z / 120)
    # outflow of the Mediterranean
    outflow = np.exp(-(((z - 1100) / 350) ** 2) - ((latitude - 38.5) / 5) ** 2) * expit((longitude + 19) / 3)
    temperature, salinity = temperature + 2.2 * outflow, salinity + 0.45 * outflow
    # the shelf: fresh, with a cold layer beneath the warm surface
    coldest = -1.5 + 9.5 * expit((43 - latitude) / 2.2)
    shelf_temperature = coldest + (4.5 + 9.5 * expit((47 - latitude) / 3)) * step(z, 18, 14)
    shelf_temperature += (3.5 - coldest) * (1 - step(z, 200, 70))
    share = shelf * (1 - warm) * step(z, 260, 90)
    temperature += share * (shelf_temperature - temperature)
    salinity += share * (34.7 - 3.1 * np.exp(-z / 95) - salinity)
    return temperature, salinity


def step(z: Floats, middle: Floats | float, half_width: Floats | float) -> Floats:
    """Fall from 1 at the surface to 0 at depth."""
    return (1 - np.tanh((z - middle) / half_width)) / 2


def balance(temperature: Floats, salinity: Floats) -> tuple[Floats, Floats, Floats]:
    """Compute the height of the surface (m), and the geostrophic currents (m s-1), from the density of the columns."""
    latitude = LATITUDE[:, np.newaxis]
    pressure = gsw.p_from_z(-DEPTH[:, np.newaxis, np.newaxis], latitude)
    absolute = gsw.SA_from_SP(salinity, pressure, LONGITUDE, latitude)
    conservative = gsw.CT_from_pt(absolute, temperature)
    # specific volume anomaly, integrated by trapezoids from the deepest level upwards
    anomaly = gsw.specvol_anom_standard(absolute, conservative, pressure)
    slices = (anomaly[1:] + anomaly[:-1]) / 2 * np.diff(pressure, axis=0) * 1e4
    dynamic_height = np.concatenate([np.cumsum(slices[::-1], axis=0)[::-1], np.zeros((1, *slices.shape[1:]))])
    north, east = np.gradient(dynamic_height, axis=(1, 2))
    step_north = np.diff(LATITUDE).mean() * KILOMETRES * 1000
    step_east = np.diff(LONGITUDE).mean() * KILOMETRES * 1000 * np.cos(np.radians(latitude))
    coriolis = gsw.f(latitude)
    return dynamic_height[0] / GRAVITY, -north / step_north / coriolis, east / step_east / coriolis


def compute_days(sea: Sea) -> dict[str, Floats]:
    """Compute every field: (time, depth, y, x), or (time, y, x); NaN on land and below the sea floor."""
    days = []
    for day in DAYS:
        temperature, salinity = make_columns(sea, day)
        height, eastward, northward = balance(temperature, salinity)
        days.append((temperature, salinity, eastward, northward, height))
    fields = dict(zip(PACKING, map(np.array, zip(*days, strict=True)), strict=False))
    wet = DEPTH[:, np.newaxis, np.newaxis] < sea.depth
    fields["sossheig"] -= fields["sossheig"][:, wet[0]].mean()
    return {name: np.where(wet[0] if name == "sossheig" else wet, values, np.nan) for name, values in fields.items()}


def write_ocean(path: Path) -> None:
    """Write the file: CF, integers of two bytes, a chunk for all the days of a level."""
    sea = make_sea()
    path.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC") as data:
        data.setncatts(ATTRIBUTES)
        for name, (values, attributes) in COORDINATES.items():
            data.createDimension(name, len(values))
            data.createVariable(name, "f8" if name == "time" else "f4", (name,)).setncatts(attributes)
            data[name][:] = values
        for name, values in compute_days(sea).items():
            dimensions = tuple(name for name in COORDINATES if values.ndim == 4 or name != "depth")
            chunk = tuple(1 if name == "depth" else len(COORDINATES[name][0]) for name in dimensions)
            _write(data, name, dimensions, values, chunksizes=chunk)
        _write(data, "deptho", ("latitude", "longitude"), np.where(sea.depth > 0, sea.depth, np.nan))


def _write(
    data: netCDF4.Dataset,
    name: str,
    dimensions: tuple[str, ...],
    values: Floats,
    chunksizes: tuple[int, ...] | None = None,
) -> None:
    variable = data.createVariable(
        name, "i2", dimensions, zlib=True, complevel=9, shuffle=True, fill_value=FILL, chunksizes=chunksizes
    )
    scale, offset = PACKING[name]
    variable.setncatts({**VARIABLES[name], "scale_factor": scale, "add_offset": offset})
    packed = np.where(np.isfinite(values), np.round((values - offset) / scale), FILL)
    if np.abs(packed).max() > -FILL:
        raise ValueError(f"{name} does not fit into two bytes")
    variable.set_auto_maskandscale(False)
    variable[:] = packed.astype(np.int16)


if __name__ == "__main__":
    write_ocean(Path(sys.argv[1]) if len(sys.argv) > 1 else OCEAN)
