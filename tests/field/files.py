"""Files of field cases: conditions of public bug reports, in small files whose values are linear in place and time."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
from tests.data.test_indexed_grids import add

LATITUDE = {"standard_name": "latitude", "units": "degrees_north"}
LONGITUDE = {"standard_name": "longitude", "units": "degrees_east"}
TEMPERATURE = {
    "standard_name": "sea_water_potential_temperature",
    "long_name": "Temperature",
    "units": "degC",
    "dtype": "f4",
    "fill": 1e20,
}
SMALL = np.arange(40.0, 44), np.arange(-50.0, -46)  # latitudes and longitudes
LARGE = np.arange(40.0, 50), np.arange(-50.0, -40)
DAYS = "days since 2020-01-01"


def truth(latitude, longitude, depth=0.0, hours=0.0, member=0.0):
    """Return the value at a place (degrees, m), some hours after the first time, in a file of a number."""
    return 5 + 0.1 * latitude + 0.02 * longitude + 0.01 * depth + 0.5 * hours + member


WRITERS: dict[str, Callable[[Path], None]] = {}  # by the names of the cases


def case(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register what writes the files of a case, or of several, which are told their name, into a folder."""

    def register(write: Callable[..., None]) -> Callable[..., None]:
        for name in names:
            WRITERS[name] = (lambda folder, name=name: write(folder, name)) if len(names) > 1 else write
        return write

    return register


def regular(path: Path, places, times: tuple[Sequence[float], dict] | None, *, form="NETCDF4", **fields: Any) -> None:
    """Write fields, (dimensions, values, attributes) by name, on straight latitudes and longitudes."""
    with netCDF4.Dataset(path, "w", format=form) as data:
        if times is not None:
            add(data, "time", ("time",), times[0], **{"standard_name": "time"} | times[1])
        for name, values, attributes in zip(("lat", "lon"), places, (LATITUDE, LONGITUDE), strict=True):
            add(data, name, (name,), values, **attributes)
        for name, (dimensions, values, attributes) in fields.items():
            add(data, name, dimensions, values, **attributes)


def series(places, steps: int, member=0.0):
    """Return a field of so many steps, an hour apart: (time, lat, lon)."""
    latitude, longitude = np.meshgrid(*places, indexing="ij")
    return np.stack([truth(latitude, longitude, hours=step, member=member) for step in range(steps)])


ON_MAP = ("time", "lat", "lon")
HOURS = np.arange(24)
NANOSECONDS = "nanoseconds since 1970-01-01"
TIME_AXES: dict[str, tuple[Any, dict[str, Any], list[str]]] = {  # values, attributes, dates; no dates: none are known
    "t_tz00": (
        [1577836800, 1577923200],
        {"units": "seconds since 1970-01-01 00:00:00 0:00"},
        ["2020-01-01T00:00:00", "2020-01-02T00:00:00"],
    ),
    "t_slash": ([0, 1], {"units": "days since 2000/01/01"}, ["2000-01-01T00:00:00", "2000-01-02T00:00:00"]),
    "t_absday": (
        [20150101.5, 20150102.5],
        {"units": "day as %Y%m%d.%f"},
        ["2015-01-01T12:00:00", "2015-01-02T12:00:00"],
    ),
    "t_months360far": (
        [700.5, 701.5, 702.5],
        {"units": "months since 1960-01-01", "calendar": "360", "dtype": "f4"},
        ["2018-05-16T00:00:00", "2018-06-16T00:00:00", "2018-07-16T00:00:00"],
    ),
    "t_second": ([0, 21600], {"units": "second"}, []),
    "t_month12": (np.arange(1, 13), {"units": "Month"}, []),
    "t_ns": (
        [1577836800 * 10**9, 1577840400 * 10**9],
        {"units": NANOSECONDS, "calendar": "proleptic_gregorian", "dtype": "i8"},
        ["2020-01-01T00:00:00", "2020-01-01T01:00:00"],
    ),
    "t_f32hourly": (
        np.float32(7737 + HOURS / 24),
        {"units": "days since 2000-01-01", "dtype": "f4"},
        [f"2021-03-08T{hour:02}:00:00" for hour in HOURS],
    ),
}


@case(*TIME_AXES)
def write_time_axis(folder: Path, name: str) -> None:
    values, attributes, _ = TIME_AXES[name]
    regular(folder / f"{name}.nc", SMALL, (values, attributes), sst=(ON_MAP, series(SMALL, len(values)), TEMPERATURE))


@case("c_chartime")
def write_character_times(folder: Path) -> None:
    regular(folder / "c_chartime.nc", SMALL, None, sst=(ON_MAP, series(SMALL, 2), TEMPERATURE))
    texts = np.array(["2021-01-01T00:31:33Z", "2021-01-02T00:05:22Z"], "S64")
    with netCDF4.Dataset(folder / "c_chartime.nc", "a") as data:
        add(data, "time", ("time", "length"), netCDF4.stringtochar(texts), standard_name="time", dtype="S1")


@case("t_dup")
def write_repeated_times(folder: Path) -> None:
    field = series(SMALL, 4)[[0, 1, 3, 2]]
    regular(folder / "t_dup.nc", SMALL, ([0, 1, 1, 2], {"units": DAYS}), sst=(ON_MAP, field, TEMPERATURE))


@case("month_listed")
def write_months(folder: Path) -> None:
    for name, days in (("month_first", [0.0, 31, 59, 90]), ("month_mid", [15.5, 45, 74.5, 105])):
        times = days, {"units": "days since 1997-01-01"}
        regular(folder / f"{name}.nc", SMALL, times, sst=(ON_MAP, series(SMALL, 4), TEMPERATURE))


@case("clim_year0")
def write_climatology(folder: Path) -> None:
    times = 366 + 730.485 * np.arange(12), {"units": "hour since 0000-01-01 00:00:00"}
    field = ON_MAP, series(SMALL, 12), {**TEMPERATURE, "long_name": "SEA SURFACE TEMPERATURE"}
    regular(folder / "clim_year0.nc", SMALL, times, form="NETCDF3_CLASSIC", SST=field)


# Families


@case("fam_badtime", "fam_units", "fam_round", "fam_round_config", "control_packed")
def write_family(folder: Path, name: str) -> None:
    for day in range(2 if name.startswith("fam_round") else 3):
        is_second, field, attributes = day == 1, series(SMALL, 1, member=day), dict(TEMPERATURE)
        units, places = DAYS, SMALL
        if name == "fam_badtime" and is_second:
            units = "days since yesterday"
        elif name == "fam_units" and is_second:
            field, attributes = field + 273.15, attributes | {"units": "K"}
        elif name == "control_packed":
            scale, offset = ((0.001, 5.0), (0.002, 20.0), (0.0005, 10.0))[day]
            field = np.rint((field - offset) / scale)
            attributes |= {"scale_factor": scale, "add_offset": offset, "dtype": "i2", "fill": -32767}
        elif is_second:
            places = tuple(values + 2e-6 for values in SMALL)
        regular(
            folder / f"{name}_2020010{day + 1}.nc", places, ([day], {"units": units}), sst=(ON_MAP, field, attributes)
        )


@case("fam_depths")
def write_family_of_other_depths(folder: Path) -> None:
    latitude, longitude = np.meshgrid(*SMALL, indexing="ij")
    for day, levels in enumerate(([0.0, 10, 50], [0.0, 20, 100])):
        field = np.array([[truth(latitude, longitude, level, member=day) for level in levels]])
        regular(
            folder / f"fam_depths_2020010{day + 1}.nc", SMALL, ([day], {"units": DAYS}),
            depth=(("depth",), levels, {"units": "m", "positive": "down", "standard_name": "depth"}),
            temp=(("time", "depth", "lat", "lon"), field, TEMPERATURE),
        )  # fmt: skip


# Odd attributes


@case("packing_text")
def write_packing_as_text(folder: Path) -> None:
    numbers = np.arange(100).reshape(10, 10)
    texts = {"scale_factor": "0.01", "add_offset": "5"}
    fields = {
        name: (("lat", "lon"), numbers, {"units": "degC", "dtype": "i2", **attributes})
        for name, attributes in (("sst", {}), ("scaletext", texts))
    }
    regular(folder / "packing_text.nc", LARGE, None, form="NETCDF3_CLASSIC", **fields)


@case("stray_mapping")
def write_stray_mapping(folder: Path) -> None:
    field = series(SMALL, 2)
    regular(
        folder / "stray_mapping.nc", SMALL, ([0, 1], {"units": DAYS}),
        sst=(ON_MAP, field, {**TEMPERATURE, "grid_mapping_name": "latitude_longitude"}),
        other=(ON_MAP, field + 1, {"units": "1", "dtype": "f4"}),
    )  # fmt: skip


# Places


@case("x_radians")
def write_radians(folder: Path) -> None:
    with netCDF4.Dataset(folder / "x_radians.nc", "w") as data:
        add(data, "time", ("time",), [0.0], units=DAYS, standard_name="time")
        for name, values, attributes in zip(("clat", "clon"), LARGE, (LATITUDE, LONGITUDE), strict=True):
            add(data, name, (name,), np.radians(values), **attributes | {"units": "radian"})
        add(data, "sst", ("time", "clat", "clon"), series(LARGE, 1), **TEMPERATURE)


def tilted(rows: int, columns: int, corner: tuple[float, float], cell: float, angle=12.0):
    """Return latitudes and longitudes of a turned grid."""
    y, x = cell * np.mgrid[0:rows, 0:columns]
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    south, west = corner
    return south + x * sine + y * cosine, west + x * cosine - y * sine


def holes(name: str):
    """Return latitudes and longitudes of a turned grid, and which of its cells have no place."""
    latitude, longitude = (
        tilted(24, 24, (-5.5, -3.6), 0.4) if name == "dummy_window" else tilted(30, 40, (44, -60), 0.4)
    )
    hole = np.zeros(latitude.shape, bool)
    if name == "dummy_window":  # one among the cells of the box, one far from it
        hole[11, 13] = hole[0, 23] = True
    elif name == "land_zero":
        hole[10:20, 20:30] = hole[20:30, :10] = True
    else:
        hole[:3, :3] = hole[27:, 36:] = True
    return latitude, longitude, hole


@case("land_zero", "fill999", "dummy_window")
def write_holes(folder: Path, name: str) -> None:
    latitude, longitude, hole = holes(name)
    fill = -999.0 if name == "fill999" else 0.0
    with netCDF4.Dataset(folder / f"{name}.nc", "w") as data:
        add(data, "time", ("time",), [0.0], units=DAYS, standard_name="time")
        add(data, "nav_lat", ("y", "x"), np.where(hole, fill, latitude), dtype="f4", **LATITUDE)
        add(data, "nav_lon", ("y", "x"), np.where(hole, fill, longitude), dtype="f4", **LONGITUDE)
        field = np.where(hole, 99.0, truth(latitude, longitude))
        add(data, "temp", ("time", "y", "x"), field[np.newaxis], coordinates="nav_lat nav_lon", **TEMPERATURE)


GLOBE = np.arange(-88.0, 89, 4), np.arange(-180.0, 180, 4)


@case("wide_polygon", "far_longitudes")
def write_globe(folder: Path, name: str) -> None:
    times = [0.0], {"units": DAYS}
    regular(folder / f"{name}.nc", GLOBE, times, sst=(ON_MAP, series(GLOBE, 1), TEMPERATURE))


@case("mesh_quads")
def write_quads(folder: Path) -> None:
    latitude, longitude = (
        part.ravel() for part in np.meshgrid(45 + 0.1 * np.arange(6), -60 + 0.1 * np.arange(6), indexing="ij")
    )
    faces = []
    for row in range(5):
        for corner in range(6 * row, 6 * row + 5):
            a, b, c, d = corner, corner + 1, corner + 7, corner + 6
            faces += [[a, b, c, d]] if row < 3 else [[a, b, c, -1], [a, c, d, -1]]
    corners = np.array(faces)
    for name, start, fill in (("quads_raw", 1, -1), ("quads_one", 1, -999), ("quads_zero", 0, -1)):
        with netCDF4.Dataset(folder / f"{name}.nc", "w") as data:
            add(data, "time", ("time",), [0.0, 3600], units="seconds since 2020-01-01", standard_name="time")
            mesh = data.createVariable("mesh", "i4")
            mesh.setncatts({"cf_role": "mesh_topology", "topology_dimension": 2})
            mesh.setncatts({"node_coordinates": "node_x node_y", "face_node_connectivity": "face_nodes"})
            add(data, "node_x", ("node",), longitude, **LONGITUDE)
            add(data, "node_y", ("node",), latitude, **LATITUDE)
            numbers = np.where(corners < 0, fill, corners + start)
            attributes = {} if name == "quads_raw" else {"fill": fill, "start_index": start}
            add(data, "face_nodes", ("face", "four"), numbers, dtype="i4", **attributes)
            field = np.stack([truth(latitude, longitude, hours=hour) for hour in range(2)])
            add(data, "temp", ("time", "node"), field, mesh="mesh", location="node", **TEMPERATURE)


# Depths, masks, forecasts, comparisons, scales


def columns(path: Path, name: str, values, depths, sunken=None, **attributes: Any) -> None:
    """Write temperatures on levels of these depths (m), as ``values`` of a coordinate."""
    latitude, longitude = np.meshgrid(*LARGE, indexing="ij")
    field = np.array([[truth(latitude, longitude, depth) for depth in depths]])
    field[:, np.argmax(depths), :5] = 1e20  # shallow in the south
    levels = (name,), values, attributes
    on_levels = ("time", name, "lat", "lon"), field, TEMPERATURE
    regular(path, LARGE, ([0.0], {"units": DAYS}), **{name: levels, "temp": on_levels})


@case("z_cm", "z_up", "control_plain")
def write_columns(folder: Path, name: str) -> None:
    path = folder / f"{name}.nc"
    if name == "z_cm":
        depths = np.array([5.0, 50, 200, 1000])
        columns(path, "z_t", 100 * depths, depths, units="centimeters", positive="down", axis="Z")
    elif name == "z_up":
        depths = np.array([4000.0, 1000, 200, 50, 0.5])
        columns(path, "zc", -depths, depths, units="m", positive="up", axis="Z")
    else:
        depths = np.array([0.0, 10, 50, 200])
        columns(path, "depth", depths, depths, units="m", positive="down", standard_name="depth")


@case("roms_sigma")
def write_sigma_levels(folder: Path) -> None:
    latitude, longitude = tilted(12, 10, (45, -60), 0.1, angle=20)
    floor, zeta = 20 + 20 * np.mgrid[0:12, 0:10][1], np.array([3.0, -1.0])
    levels, mask = np.array([-0.9, -0.7, -0.5, -0.3, -0.1]), np.ones((12, 10))
    mask[:, :3] = 0
    cells, steps = ("eta_rho", "xi_rho"), "seconds since 2020-01-01"
    with netCDF4.Dataset(folder / "roms_sigma.nc", "w") as data:
        add(data, "ocean_time", ("ocean_time",), [0.0, 3600], units=steps, standard_name="time")
        terms = "s: s_rho C: Cs_r eta: zeta depth: h depth_c: hc"
        add(data, "s_rho", ("s_rho",), levels, standard_name="ocean_s_coordinate_g2", formula_terms=terms)
        add(data, "hc", (), 10.0, units="m")
        add(data, "Cs_r", ("s_rho",), -(levels**2))
        for name, values, attributes in (
            ("lat_rho", latitude, LATITUDE), ("lon_rho", longitude, LONGITUDE), ("h", floor, {"units": "m"}),
            ("mask_rho", mask, {"flag_values": [0.0, 1.0], "flag_meanings": "land water"}),
        ):  # fmt: skip
            add(data, name, cells, values, **attributes)
        surface = zeta[:, np.newaxis, np.newaxis] * mask
        add(data, "zeta", ("ocean_time", *cells), surface, units="m", dtype="f4")
        heights = sigma_heights(levels[:, np.newaxis, np.newaxis], floor, zeta[:, np.newaxis, np.newaxis, np.newaxis])
        field = truth(latitude, longitude, -heights, np.arange(2.0)[:, np.newaxis, np.newaxis, np.newaxis])
        add(data, "temp", ("ocean_time", "s_rho", *cells), np.where(mask == 0, 0, field), **TEMPERATURE)


def sigma_heights(level, floor, surface):
    """Return the heights of levels (m) by the second transformation of ROMS, with hc = 10 m and C = -s²."""
    return surface + (surface + floor) * (10 * level - floor * level**2) / (10 + floor)


@case("mask_sea")
def write_mask(folder: Path) -> None:
    sea = np.ones((10, 10))
    sea[:, :4] = 0
    mask = ("lat", "lon"), sea, {"standard_name": "sea_binary_mask", "dtype": "i1"}
    field = ON_MAP, np.where(sea == 0, 0, series(LARGE, 1)), TEMPERATURE
    regular(folder / "mask_sea.nc", LARGE, ([0.0], {"units": DAYS}), wet=mask, sst=field)


@case("fmrc2d")
def write_forecasts(folder: Path) -> None:
    runs, leads, hours = np.array([0, 12, 24]), np.array([0, 6, 12, 18]), "hours since 2024-01-01"
    with netCDF4.Dataset(folder / "fmrc2d.nc", "w") as data:
        add(data, "time", ("time",), runs, standard_name="forecast_reference_time", units=hours)
        add(data, "step", ("step",), leads, standard_name="forecast_period", units="hours")
        add(data, "valid_time", ("time", "step"), np.add.outer(runs, leads), standard_name="time", units=hours)
        add(data, "lat", ("lat",), LARGE[0], **LATITUDE)
        add(data, "lon", ("lon",), LARGE[1], **LONGITUDE)
        add(
            data,
            "sst",
            ("time", "step", "lat", "lon"),
            np.ones((3, 4, 10, 10)),
            coordinates="valid_time",
            **TEMPERATURE,
        )


@case("compare_units")
def write_both_units(folder: Path) -> None:
    for name, steps, add_offset, units in (("cmp_a", (1.0, 1.0), 0.0, "degC"), ("cmp_b", (0.8, 0.5), 272.9, "K")):
        places = np.arange(38.0, 48.1, steps[0]), np.arange(-52.0, -41.9, steps[1])
        field = ON_MAP, series(places, 1) + add_offset, {**TEMPERATURE, "units": units, "dtype": "f8"}
        regular(folder / f"{name}.nc", places, ([0.0], {"units": DAYS}), sst=field)


@case("auto_scale")
def write_narrow_ranges(folder: Path) -> None:
    latitude, longitude = np.meshgrid(*GLOBE, indexing="ij")
    wave = np.sin(np.radians(longitude))
    fields = {
        "flat": 7.25 + 0 * wave, "tiny": -9e-7 + 1e-7 * wave, "zero": 0 * wave,
        "narrow": 12.34561 + 1e-6 * latitude, "flux": 1e-5 * wave,
    }  # fmt: skip
    times = [0.0], {"units": DAYS}
    stored = {name: (ON_MAP, values[np.newaxis], {"units": "1"}) for name, values in fields.items()}
    regular(folder / "auto_scale.nc", GLOBE, times, **stored)
