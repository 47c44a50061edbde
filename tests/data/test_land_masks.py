"""Land masks of points between those of the mask, in the forms that models write them, against numpy."""

import netCDF4
import numpy as np
import pytest
from tests.data.indexed_files import WORLD, add, tilted

ROWS, COLUMNS, LEVELS = 7, 9, 2


@pytest.fixture
def sea():
    """Make a mask of centres, (y, x): 1 at sea."""
    return np.random.default_rng(3).choice([0, 1], (ROWS, COLUMNS), p=[0.3, 0.7])


def join(sea, axis):
    """Return the product of neighbours, as models define masks of the points between."""
    parts = np.moveaxis(sea, axis, 0)
    return np.moveaxis(parts[:-1] * parts[1:], 0, axis)


def fill_land(sea):
    """Make a field whose land is zero, (level, y, x)."""
    return np.where(sea == 0, 0.0, np.random.default_rng(4).uniform(1, 9, (LEVELS, *sea.shape[-2:])))


def check_sea(files, path, sea, field):
    """Compare count, minimum, maximum of each level with those of numpy."""
    for level, values in enumerate(field):
        count, least, greatest, _ = files.statistics(path, WORLD, depth=level)
        wet = values[np.broadcast_to(sea, field.shape)[level] == 1]
        assert count == wet.size
        np.testing.assert_allclose((least, greatest), (wet.min(), wet.max()), rtol=1e-6)


def notes_of(files, kind):
    return [(note.name, str(note.text)) for note in next(iter(files.datasets.values())).notes if note.kind == kind]


def add_places(data, names, cells, shape, *, south=44.0):
    """Write latitudes and longitudes."""
    for name, values, way in zip(names, tilted(*shape, south=south), ("north", "east"), strict=True):
        add(data, name, cells, values, units=f"degrees_{way}")


ROMS_POINTS = {"u": (1,), "v": (0,), "psi": (0, 1)}  # axes along which they lie between centres


@pytest.mark.parametrize("place", ["own file", "grid file"])
def test_roms_points_are_land_beside_land(tmp_path, indexed, write_configuration, sea, place):
    grid = tmp_path / ("a.nc" if place == "own file" else "grid.nc")
    with netCDF4.Dataset(grid, "w") as data:
        add(data, "mask_rho", ("eta_rho", "xi_rho"), sea.astype(float), flag_values=[0.0, 1.0],
            flag_meanings="land water")  # fmt: skip
        add_places(data, ("lat_rho", "lon_rho"), ("eta_rho", "xi_rho"), sea.shape)
    masks = {}
    with netCDF4.Dataset(tmp_path / "a.nc", "a" if place == "own file" else "w") as data:
        for point, axes in ROMS_POINTS.items():
            masks[point] = sea
            for axis in axes:
                masks[point] = join(masks[point], axis)
            cells = (f"eta_{point}", f"xi_{point}")
            add_places(data, (f"lat_{point}", f"lon_{point}"), cells, masks[point].shape, south=44.1)
            add(data, point, ("k", *cells), fill_land(masks[point]), coordinates=f"lat_{point} lon_{point}")
    if place == "own file":
        files = indexed()
    else:
        variables = {point: {} for point in ROMS_POINTS}
        description = {"url": str(tmp_path / "a.nc"), "geo_ref": {"url": str(grid)}, "variables": variables}
        files = indexed(datasets=write_configuration({"a": description}))
    for point, mask in masks.items():
        check_sea(files, f"a/{point}", mask, fill_land(mask))
        latitude, longitude = tilted(*mask.shape, south=44.1)
        for row, column in ((0, 0), (3, 4), (mask.shape[0] - 1, mask.shape[1] - 1), (5, 2)):
            value = files.value(f"a/{point}", latitude[row, column], longitude[row, column], depth=1)
            field = fill_land(mask)[1, row, column]
            assert value == (pytest.approx(field, rel=1e-6) if mask[row, column] else None)
    assert {name for name, text in notes_of(files, "guessed") if "without a mask" in text} == {"mask_rho"}


def test_mitgcm_velocities_are_land_beside_land_west_of_them(tmp_path, indexed, sea):
    depths = np.stack([sea, sea * (np.arange(COLUMNS) > 4)])  # hFacC: levels of a floor
    west = np.concatenate([depths[:, :, :1], join(depths, 2)], axis=2)  # of the first column only its own centre
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "Z", ("Z",), [-5.0, -50.0], units="m", positive="up", axis="Z")
        add(data, "YC", ("YC",), np.arange(40.0, 40 + ROWS), units="degrees_north")
        add(data, "XC", ("XC",), np.arange(-50.0, COLUMNS - 50), units="degrees_east")
        add(data, "XG", ("XG",), np.arange(-50.5, COLUMNS - 51), units="degrees_east")
        add(data, "hFacC", ("Z", "YC", "XC"), np.where(depths == 1, 0.4, 0.0))
        add(data, "THETA", ("Z", "YC", "XC"), fill_land(depths))
        add(data, "UVEL", ("Z", "YC", "XG"), fill_land(west))
    files = indexed()
    check_sea(files, "a/THETA", depths, fill_land(depths))
    check_sea(files, "a/UVEL", west, fill_land(west))


@pytest.mark.parametrize(("mask", "point"), [("hFacW", "U"), ("maskW", "U"), ("maskInW", "U"), ("hFacS", "V")])
def test_mitgcm_masks_hide_the_land_of_their_own_points(tmp_path, indexed, sea, mask, point):
    edges = {"U": ("Y", "Xp1"), "V": ("Yp1", "X")}[point]
    outer = np.pad(sea, [(0, edge.endswith("p1")) for edge in edges])
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add_places(data, ("yE", "xE"), edges, outer.shape)
        add(data, mask, edges, outer.astype(float))
        add(data, point, ("Z", *edges), fill_land(outer), units="m/s")
    check_sea(indexed(), f"a/{point}", outer, fill_land(outer))


def test_an_outer_axis_has_one_centre_beside_its_ends(tmp_path, indexed, sea):
    outer = np.pad(sea, [(0, 0), (1, 1)], constant_values=1)
    outer = outer[:, :-1] * outer[:, 1:]
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add_places(data, ("lat", "lon"), ("yh", "xh"), sea.shape)
        add_places(data, ("lat_u", "lon_u"), ("yh", "xq"), outer.shape, south=44.1)
        add(data, "wet", ("yh", "xh"), sea.astype(float))
        add(data, "uo", ("zl", "yh", "xq"), fill_land(outer), coordinates="lat_u lon_u")
    check_sea(indexed(), "a/uo", outer, fill_land(outer))


def test_nemo_velocities_are_land_beside_land_east_of_them(tmp_path, indexed, sea):
    east = np.concatenate([join(sea, 1), sea[:, -1:]], axis=1)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add_places(data, ("nav_lat", "nav_lon"), ("y", "x"), sea.shape)
        add(data, "depthu", ("depthu",), [1.0, 10.0], units="m", positive="down")
        add(data, "tmaskutil", ("y", "x"), sea, dtype="i1")
        add(data, "vozocrtx", ("depthu", "y", "x"), fill_land(east))
    check_sea(indexed(), "a/vozocrtx", east, fill_land(east))


# Name, attributes, number of land, number of the sea, type
FORMS = [
    ("sftlf", {"standard_name": "land_area_fraction", "units": "%"}, 100.0, 30.0, "f4"),
    ("sftof", {"standard_name": "sea_area_fraction", "units": "%"}, 0.0, 70.0, "f4"),
    ("sftlf", {"standard_name": "land_area_fraction", "units": "1"}, 1.0, 0.3, "f4"),
    ("sftlf", {"standard_name": "land_area_fraction"}, 100.0, 1.0, "f4"),  # percentages without a unit
    ("sftof", {}, 0.0, 0.5, "f4"),
    ("frac", {"standard_name": "sea_area_fraction"}, 0.0, 0.02, "f8"),
    ("lbm", {"standard_name": "land_binary_mask"}, 1, 0, "i1"),
    ("ocean_mask", {"flag_values": np.array([0, 1], "i1"), "flag_meanings": "sea land"}, 1, 0, "i1"),
    ("ocean_mask", {"flag_values": np.array([0, 1], "i1"), "flag_meanings": "land sea"}, 0, 1, "i1"),
    ("tmask", {}, 0, 1, "u1"),
    ("tmask", {"fill": -9.0}, -9.0, 1.0, "f4"),
    ("maskInC", {}, 0.0, 1.0, "f8"),
    ("ssmask", {}, 0, 1, "i2"),
]


@pytest.mark.parametrize("levels", [0, LEVELS])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[0])
def test_masks_of_all_forms_hide_land(tmp_path, indexed, sea, form, levels):
    name, attributes, land, ocean, dtype = form
    deep = np.stack([sea, sea * (np.arange(COLUMNS) > 4)]) if levels else sea
    cells = ("depth", "lat", "lon")[-deep.ndim :]
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "depth", ("depth",), [1.0, 10.0], units="m", positive="down")
        add(data, "lat", ("lat",), np.arange(40.0, 40 + ROWS), units="degrees_north")
        add(data, "lon", ("lon",), np.arange(-50.0, COLUMNS - 50), units="degrees_east")
        add(data, name, cells, np.where(deep == 1, ocean, land), dtype=dtype, **attributes)
        add(data, "thetao", ("depth", "lat", "lon"), fill_land(deep), standard_name="sea_water_temperature")
    files = indexed()
    check_sea(files, "a/thetao", deep, fill_land(deep))
    assert (name, "it hides land that is filled with numbers") in notes_of(files, "masked")


@pytest.mark.parametrize("dtype", ["S1", str])
def test_a_mask_of_letters_is_no_secret(tmp_path, indexed, sea, dtype):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), np.arange(40.0, 40 + ROWS), units="degrees_north")
        add(data, "lon", ("lon",), np.arange(-50.0, COLUMNS - 50), units="degrees_east")
        letters = np.where(sea == 1, "S", "L").astype(dtype if dtype == "S1" else object)
        add(data, "landmask", ("lat", "lon"), letters, dtype=dtype)
        add(data, "temp", ("lat", "lon"), fill_land(sea)[0])
    files = indexed()
    assert notes_of(files, "left out") == [("landmask", "it is a mask without numbers: it hides no land")]
    assert files.statistics("a/temp", WORLD)[0] == sea.size


def test_a_mask_of_other_cells_is_no_secret(tmp_path, indexed, sea):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add_places(data, ("nav_lat", "nav_lon"), ("y", "x"), sea.shape)
        add(data, "tmask", ("y2", "x2"), np.ones((4, 5)))
        add(data, "temp", ("y", "x"), fill_land(sea)[0])
    assert notes_of(indexed(), "left out") == [("tmask", "temp has other cells: its land is not hidden")]


def write_two_days(folder, sea):
    for day in range(2):
        with netCDF4.Dataset(folder / f"a_2020010{day + 1}.nc", "w") as data:
            add(data, "ocean_time", ("ocean_time",), [float(day)], units="days since 2020-01-01")
            add_places(data, ("lat_rho", "lon_rho"), ("eta_rho", "xi_rho"), sea.shape)
            add(data, "zeta", ("ocean_time", "eta_rho", "xi_rho"), fill_land(sea)[:1], units="m")


@pytest.mark.parametrize("dims", [("ocean_time", "eta_rho", "xi_rho"), ("eta_rho", "xi_rho")])
def test_a_mask_of_later_files_is_no_secret(tmp_path, indexed, write_configuration, sea, dims):
    write_two_days(tmp_path, sea)
    with netCDF4.Dataset(tmp_path / "a_20200102.nc", "a") as data:
        add(data, "mask_rho", dims, sea[np.newaxis] if len(dims) == 3 else sea)
    description = {"url": str(tmp_path / "a_*.nc"), "variables": {"zeta": {}}}
    notes = notes_of(indexed(datasets=write_configuration({"a": description})), "left out")
    assert notes == [("mask_rho", "it is not in the first file, but in a_20200102.nc: it hides no land")]


def test_a_mask_of_some_times_is_no_secret(tmp_path, indexed, write_configuration, sea):
    write_two_days(tmp_path, sea)
    with netCDF4.Dataset(tmp_path / "a_20200101.nc", "a") as data:
        add(data, "wetdry_mask_rho", ("ocean_time", "eta_rho", "xi_rho"), sea[np.newaxis])
    description = {"url": str(tmp_path / "a_*.nc"), "variables": {"zeta": {}}}
    notes = notes_of(indexed(datasets=write_configuration({"a": description})), "left out")
    assert notes == [("wetdry_mask_rho", "it changes with time, but is not in all files")]
