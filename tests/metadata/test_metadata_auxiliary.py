"""What goes with a variable: coordinates, angles, sea floors and depths of cells from other files, and formulas."""

from pathlib import Path

import msgspec
import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Assets
from ocean_metadata.app import create_app

SHAPE = (4, 5)
LATITUDE, LONGITUDE = np.meshgrid(np.linspace(40, 50, 4), np.linspace(-60, -50, 5), indexing="ij")


def write_file(path: Path, dimensions: dict, **variables) -> Path:
    """A file of variables: (dimensions, values, attributes)."""
    with netCDF4.Dataset(path, "w") as data:
        for name, size in dimensions.items():
            data.createDimension(name, size)
        for name, (names, values, attributes) in variables.items():
            item = data.createVariable(name, "f8", names.split())
            item.setncatts(attributes)
            item[...] = values
    return path


@pytest.fixture
def bare(tmp_path) -> Path:
    """A field without latitude and longitude."""
    return write_file(
        tmp_path / "bare.nc",
        {"time": 2, "depthu": 3, "gridY": 4, "gridX": 5},
        time=("time", [0, 1], {"units": "days since 2000-01-01"}),
        depthu=("depthu", [1, 10, 100], {"units": "m", "positive": "down"}),
        ssh=("time gridY gridX", np.ones((2, *SHAPE)), {"units": "m"}),
        u=("time depthu gridY gridX", np.ones((2, 3, *SHAPE)), {"units": "m/s"}),
    )


@pytest.fixture
def places(tmp_path) -> Path:
    """The latitude and longitude of that field, and more of its grid, under other names of the dimensions."""
    return write_file(
        tmp_path / "places.nc",
        {"t": 1, "z": 3, "y": 4, "x": 5},
        nav_lat=("y x", LATITUDE, {"units": "degrees_north"}),
        nav_lon=("y x", LONGITUDE, {"units": "degrees_east"}),
        Bathymetry=("y x", np.full(SHAPE, 120.0), {"units": "m"}),
        cos_alpha=("y x", np.ones(SHAPE), {}),
        sin_alpha=("y x", np.zeros(SHAPE), {}),
        gdept_0=("t z y x", np.ones((1, 3, *SHAPE)), {"units": "m"}),
    )


@pytest.fixture
def assets_of(index, write):
    """The assets of a variable of a configured dataset."""

    def ask(variable, catalogue=None, **config) -> Assets:
        result = catalogue or index(datasets=write({"a": config}))
        with TestClient(create_app(result.catalogue)) as client:
            answer = client.get(f"/internal/assets/a/{variable}")
        assert answer.status_code == 200, answer.text
        return msgspec.msgpack.decode(answer.content, type=Assets)

    return ask


def test_a_field_is_positioned_by_the_configured_file(assets_of, bare, places):
    result = assets_of("ssh", url=bare.name, geo_ref={"url": places.name})
    assert (result.grid.kind, result.grid.shape, result.grid.file) == ("curvilinear", SHAPE, str(places))
    assert (result.grid.latitude, result.grid.longitude) == ("nav_lat", "nav_lon")
    assert [(dimension.name, dimension.role) for dimension in result.dimensions] == [
        ("time", "time"),
        ("gridY", "y"),
        ("gridX", "x"),
    ]
    assert result.grid.bounds == (-60.0, 40.0, -50.0, 50.0)


def test_variables_that_are_dropped_place_nothing(index, write, bare, places):
    reported = {"url": bare.name, "geo_ref": {"url": places.name, "drop_variables": ["nav_lat", "nav_lon"]}}
    assert index(datasets=write({"a": reported})).dataset("a").state == "broken"


@pytest.mark.parametrize("key", ["grid_angle_file_url", "bathymetry_file_url"])
def test_any_file_of_the_grid_places_a_field_that_has_no_places(assets_of, bare, places, key):
    assert assets_of("ssh", url=bare.name, **{key: places.name}).grid.file == str(places)


def test_sea_floor_angle_and_depths_come_with_the_variable(assets_of, bare, places):
    files = {"grid_angle_file_url": places.name, "bathymetry_file_url": places.name}
    result = assets_of("u", url=bare.name, **files, depths={"url": places.name, "variable": "gdept_0"})
    assert result.bathymetry.source == "Bathymetry"
    assert [item.role for item in result.bathymetry.dimensions] == ["y", "x"]
    assert {role: item.source for role, item in result.angle.items()} == {"cosine": "cos_alpha", "sine": "sin_alpha"}
    assert result.levels.kind == "field"
    depth = result.levels.terms["depth"]
    assert [item.role for item in depth.dimensions] == ["time", "depth", "y", "x"]
    assert [item.path for item in depth.files] == [str(places)]
    assert depth.grid == result.grid == result.bathymetry.grid
    assert depth.depth == result.depth


def test_auxiliary_variables_are_not_listed(index, write, bare, places):
    result = index(datasets=write({"a": {"url": bare.name, "bathymetry_file_url": places.name}}))
    with TestClient(create_app(result.catalogue)) as client:
        listed = client.get("/api/v2.0/dataset/a/variables").json()
        aside = next(variable.key for variable in result.dataset("a").variables if variable.auxiliary)
        assert client.get(f"/internal/assets/a/{aside}").status_code == 404
    assert {variable["id"] for variable in listed} == {"ssh", "u"}


def test_a_missing_file_is_reported_and_hides_nothing(index, write, make, tmp_path):
    make(tmp_path / "a.nc")
    result = index(datasets=write({"a": {"url": "a.nc", "bathymetry_file_url": "gone.nc"}})).dataset("a")
    assert [(item.name, str(item.reason)) for item in result.problems] == [("gone.nc", "it no longer exists")]
    assert [item.key for item in result.variables] == ["thetao"]


def test_the_revision_changes_with_every_file_that_is_used(index, write, bare, places):
    result = index(datasets=write({"a": {"url": bare.name, "geo_ref": {"url": places.name}}}))
    before = result.dataset("a")
    with netCDF4.Dataset(places, "r+") as data:
        data["nav_lat"][:] = LATITUDE - 10
    assert result.run() == 1
    assert result.dataset("a").revision != before.revision
    assert result.dataset("a").bounds == (-60.0, 30.0, -50.0, 40.0)


def test_coordinates_may_be_recognised_by_their_names(assets_of, tmp_path):
    write_file(
        tmp_path / "a.nc",
        {"j": 4, "i": 5},
        north=("j i", LATITUDE, {"units": "count"}),
        east=("j i", LONGITUDE, {}),
        t=("j i", np.ones(SHAPE), {"units": "K"}),
    )
    result = assets_of("t", url="a.nc", lat_var_key="north", lon_var_key="east")
    assert (result.grid.kind, result.grid.latitude) == ("curvilinear", "north")


def test_coordinates_that_repeat_at_every_step_are_those_of_the_first(assets_of, tmp_path):
    write_file(
        tmp_path / "wrfout.nc",
        {"Time": 2, "south_north": 4, "west_east": 5},
        XTIME=("Time", [0, 60], {"units": "minutes since 2000-01-01 00:00:00"}),
        XLAT=("Time south_north west_east", np.stack([LATITUDE] * 2), {"units": "degree_north"}),
        XLONG=("Time south_north west_east", np.stack([LONGITUDE] * 2), {"units": "degree_east"}),
        SST=("Time south_north west_east", np.ones((2, *SHAPE)), {"units": "K", "coordinates": "XLONG XLAT XTIME"}),
    )
    result = assets_of("SST", url="wrfout.nc")
    assert (result.grid.kind, result.grid.shape) == ("curvilinear", SHAPE)
    assert unpack_array(result.steps.seconds).tolist() == [946684800, 946688400]


ROMS = {
    "lat_rho": ("eta_rho xi_rho", LATITUDE, {"units": "degrees_north"}),
    "lon_rho": ("eta_rho xi_rho", LONGITUDE, {"units": "degrees_east"}),
    "lat_u": ("eta_u xi_u", LATITUDE[:, 1:], {"units": "degrees_north"}),
    "lon_u": ("eta_u xi_u", LONGITUDE[:, 1:], {"units": "degrees_east"}),
    "ocean_time": ("ocean_time", [0, 1], {"units": "days since 2000-01-01"}),
    "Cs_r": ("s_rho", [-0.9, -0.4, -0.1], {}),
    "hc": ("", 10.0, {"units": "meter"}),
    "h": ("eta_rho xi_rho", np.full(SHAPE, 100.0), {"units": "meter"}),
    "angle": ("eta_rho xi_rho", np.zeros(SHAPE), {"units": "radians"}),
    "zeta": ("ocean_time eta_rho xi_rho", np.zeros((2, *SHAPE)), {"units": "meter"}),
    "temp": ("ocean_time s_rho eta_rho xi_rho", np.ones((2, 3, *SHAPE)), {"units": "Celsius"}),
    "u": ("ocean_time s_rho eta_u xi_u", np.ones((2, 3, 4, 4)), {"units": "meter second-1"}),
}
ROMS_SIZES = {"ocean_time": 2, "s_rho": 3, "eta_rho": 4, "xi_rho": 5, "eta_u": 4, "xi_u": 4}
FORMULA = "s: s_rho C: Cs_r eta: zeta depth: h depth_c: hc"


@pytest.mark.parametrize(
    ("attributes", "transform", "kind"),
    [
        ({"standard_name": "ocean_s_coordinate_g1", "formula_terms": FORMULA}, 1, "ocean_s_coordinate_g1"),
        ({"standard_name": "ocean_s_coordinate_g2"}, 2, "ocean_s_coordinate_g2"),
        ({"standard_name": "ocean_s_coordinate"}, 2, "ocean_s_coordinate_g2"),
        ({}, 1, "ocean_s_coordinate_g1"),
    ],
)
def test_levels_that_follow_the_sea_floor_come_with_their_terms(assets_of, tmp_path, attributes, transform, kind):
    reported = {
        "s_rho": ("s_rho", [-0.8, -0.5, -0.2], {"positive": "up", **attributes}),
        "Vtransform": ("", transform, {}),
    }
    write_file(tmp_path / "a.nc", ROMS_SIZES, **ROMS, **reported)
    result = assets_of("temp", url="a.nc")
    assert result.levels.kind == kind
    shapes = {role: [dimension.role for dimension in item.dimensions] for role, item in result.levels.terms.items()}
    assert shapes == {"s": ["depth"], "C": ["depth"], "eta": ["time", "y", "x"], "depth": ["y", "x"], "depth_c": []}
    assert {item.grid.kind for role, item in result.levels.terms.items() if role in {"s", "C", "depth_c"}} == {"none"}
    assert result.levels.terms["eta"].steps == result.steps
    assert (result.bathymetry.source, result.angle["alpha"].variable.units) == ("h", "radians")


@pytest.mark.parametrize("masked", [False, True])
def test_terms_that_differ_between_files_are_read_from_each(assets_of, tmp_path, masked):
    for day, (stretching, land) in enumerate([(10.0, 0), (10.0, 1), (50.0, 1)]):
        mask = {"mask_rho": ("eta_rho xi_rho", np.full(SHAPE, land), {})} if masked else {}
        times = {"ocean_time": ("ocean_time", [2 * day, 2 * day + 1], ROMS["ocean_time"][2])}
        levels = {"s_rho": ("s_rho", [-0.8, -0.5, -0.2], {"formula_terms": FORMULA}), "Vtransform": ("", 2, {})}
        changed = {"hc": ("", stretching, {"units": "meter"})}
        write_file(tmp_path / f"a_{day}.nc", ROMS_SIZES, **(ROMS | mask | times | levels | changed))
    result = assets_of("temp", url="a_*.nc")
    terms = result.levels.terms
    assert [terms[role].steps for role in ("depth_c", "eta")] == [result.steps] * 2
    assert [terms[role].steps for role in ("s", "C", "depth")] == [None] * 3
    assert (result.land is not None and result.land.mask.steps == result.steps) == masked


def test_a_series_keeps_one_formula_of_its_levels(index, write, tmp_path):
    for day, transform in enumerate((2, 1)):
        times = {"ocean_time": ("ocean_time", [2 * day, 2 * day + 1], ROMS["ocean_time"][2])}
        levels = {"s_rho": ("s_rho", [-0.8, -0.5, -0.2], {}), "Vtransform": ("", transform, {})}
        write_file(tmp_path / f"a_{day}.nc", ROMS_SIZES, **(ROMS | times | levels))
    result = index(datasets=write({"a": {"url": "a_*.nc"}})).dataset("a")
    assert [str(problem.reason) for problem in result.problems] == ["its depth levels differ from those of a_0.nc"]


def test_velocities_between_the_points_have_the_levels_of_those_points(assets_of, tmp_path):
    write_file(tmp_path / "a.nc", ROMS_SIZES, **ROMS, s_rho=("s_rho", [-0.8, -0.5, -0.2], {"formula_terms": FORMULA}),
               Vtransform=("", 2, {}))  # fmt: skip
    result = assets_of("u", url="a.nc")
    terms = result.levels.terms
    assert {item.grid.id for role, item in terms.items() if role in {"eta", "depth"}} == {
        assets_of("temp", url="a.nc").grid.id
    }
    assert {item.grid.kind for role, item in terms.items() if role in {"s", "C", "depth_c"}} == {"none"}
    assert [dimension.role for dimension in terms["eta"].dimensions] == ["time", "y", "x"]
    assert (result.grid.shape, terms["depth"].grid.shape) == ((4, 4), SHAPE)
    assert (result.bathymetry.source, result.bathymetry.grid.shape) == ("h", SHAPE)


def test_terms_where_no_variable_of_the_dataset_lies_are_not_taken(assets_of, tmp_path):
    alone = {name: item for name, item in ROMS.items() if name not in {"temp", "zeta", "h"}}
    write_file(tmp_path / "a.nc", ROMS_SIZES, **alone, s_rho=("s_rho", [-0.8, -0.5, -0.2], {"formula_terms": FORMULA}))
    result = assets_of("u", url="a.nc")
    assert (result.levels, result.bathymetry, result.angle) == (None, None, {})


@pytest.mark.parametrize(
    ("name", "attributes", "role"),
    [("gdept_0", {"units": "m"}, "depth"), ("z_rho", {"units": "meter"}, "height"),
     ("depth", {"units": "m", "positive": "up"}, "height"), ("depth3d", {"units": "feet"}, "depth"),
     ("zcell", {"units": "cm", "standard_name": "depth"}, "depth"),
     ("zcell", {"units": "m", "standard_name": "height"}, "height")],
)  # fmt: skip
def test_the_depth_of_every_cell_is_found_in_the_file(assets_of, tmp_path, name, attributes, role):
    write_file(
        tmp_path / "a.nc",
        {"z": 3, "y": 4, "x": 5},
        nav_lat=("y x", LATITUDE, {"units": "degrees_north"}),
        nav_lon=("y x", LONGITUDE, {"units": "degrees_east"}),
        t=("z y x", np.ones((3, *SHAPE)), {"units": "K"}),
        **{name: ("z y x", np.ones((3, *SHAPE)), attributes)},
    )
    result = assets_of("t", url="a.nc")
    assert (result.levels.kind, [term.source for term in result.levels.terms.values()]) == ("field", [name])
    assert list(result.levels.terms) == [role]
    assert result.levels.terms[role].variable.units == {"meter": "m"}.get(attributes["units"], attributes["units"])


@pytest.mark.parametrize(
    ("units", "note"),
    [("fathoms", "in fathoms: they are converted"), ("", "no units: metres are assumed"), ("m", None)],
)
def test_notes_tell_units_of_the_sea_floor_that_are_converted_or_guessed(index, tmp_path, units, note):
    write_file(
        tmp_path / "a.nc",
        {"y": 4, "x": 5},
        nav_lat=("y x", LATITUDE, {"units": "degrees_north"}),
        nav_lon=("y x", LONGITUDE, {"units": "degrees_east"}),
        t=("y x", np.ones(SHAPE), {"units": "K"}),
        depth=("y x", np.ones(SHAPE), {"units": units, "standard_name": "sea_floor_depth_below_geoid"}),
    )
    result = index(folder=tmp_path).dataset("a")
    assert [(item.name, (note or "") in str(item.text)) for item in result.notes] == [("depth", True)] * (
        note is not None
    )


def test_a_file_of_the_grid_alone_is_served(index, places, tmp_path):
    (tmp_path / "alone").mkdir()
    with netCDF4.Dataset(places, "r+") as data:
        data.renameVariable("Bathymetry", "mask")
    places.rename(tmp_path / "alone" / "places.nc")
    result = index(folder=tmp_path / "alone").dataset("places")
    assert [variable.key for variable in result.variables if not variable.auxiliary] == [
        "mask",
        "cos_alpha",
        "sin_alpha",
        "gdept_0",
    ]


def test_staggered_velocities_of_several_files_are_one_dataset_with_all_its_steps(index, write, make, tmp_path):
    steps = range(150)
    make(tmp_path / "t.nc", times=steps, shape=(4, 5))
    make(tmp_path / "u.nc", times=steps, shape=(4, 6), variable="u")
    make(tmp_path / "v.nc", times=steps, shape=(5, 5), variable="v")
    result = index(datasets=write({"a": {"url": ["t.nc", "u.nc", "v.nc"]}})).dataset("a")
    shapes = {variable.key: result.grids[variable.grid].grid.shape for variable in result.variables}
    assert shapes == {"thetao": (4, 5), "u": (4, 6), "v": (5, 5)}
    assert {result.times[variable.time].count for variable in result.variables} == {150}


def calculated(assets_of, make, tmp_path, key, **variables) -> Assets:
    make(tmp_path / "a.nc", levels=(0, 10, 100))
    return assets_of(key, url="a.nc", variables=variables)


def test_a_calculated_variable_lies_like_what_it_is_made_of(assets_of, make, tmp_path):
    result = calculated(assets_of, make, tmp_path, "warm", warm={"equation": "thetao + 273.15", "units": "K"})
    assert (result.equation, result.source, result.variable.units) == ("thetao + 273.15", "", "K")
    assert [dimension.role for dimension in result.dimensions] == ["time", "depth", "y", "x"]
    assert (result.depth.values, result.grid.kind, len(result.files)) == ([0, 10, 100], "rectilinear", 1)
    assert unpack_array(result.steps.raw).tolist() == [0, 1, 2]


def test_an_equation_of_its_own_name_means_what_is_stored(assets_of, make, tmp_path):
    result = calculated(assets_of, make, tmp_path, "thetao", thetao={"equation": "thetao - 273.15", "units": "Celsius"})
    assert (result.equation, result.source) == ("thetao - 273.15", "thetao")


@pytest.mark.parametrize(
    "told",
    [{"equation": "thetao", "dims": ["time", "lat", "lon"]}, {"equation": "max([thetao])"},
     {"equation": "soniclayerdepth([depth], lat, [thetao], [thetao])"}],
)  # fmt: skip
def test_one_value_of_a_column_has_no_depth(assets_of, make, tmp_path, told):
    result = calculated(assets_of, make, tmp_path, "one", one=told)
    assert (result.depth, [dimension.role for dimension in result.dimensions]) == (None, ["time", "y", "x"])


def test_equations_may_stand_on_equations(assets_of, make, tmp_path):
    result = calculated(assets_of, make, tmp_path, "c", c={"equation": "b * 2"}, b={"equation": "thetao + depth"})
    assert (result.equation, result.variable.two_dimensional) == ("b * 2", False)


def test_variables_only_used_by_an_equation_are_hidden_but_answer(index, write, make, tmp_path):
    make(tmp_path / "a.nc")
    result = index(datasets=write({"a": {"url": "a.nc", "variables": {"b": {"equation": "thetao * 2"}}}}))
    with TestClient(create_app(result.catalogue)) as client:
        assert [item["id"] for item in client.get("/api/v2.0/dataset/a/variables").json()] == ["b"]
        assert client.get("/internal/assets/a/thetao").status_code == 200


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"b": {"equation": "sin("}}, "its equation is invalid"),
        ({"b": {"equation": "c"}, "c": {"equation": "b"}}, "a cycle: b → c → b"),
        ({"b": {"equation": "sigma * 2"}}, "refers to sigma, which is neither a variable"),
        ({"b": {"equation": "2 * pi"}}, "has no variable"),
        ({"b": {"equation": "thetao", "east_vector_component": "u"}}, "its component u is not a variable"),
    ],
)
def test_a_variable_that_cannot_be_calculated_is_left_out_with_its_reason(
    index, write, make, tmp_path, *, variables, reason
):
    make(tmp_path / "a.nc")
    result = index(datasets=write({"a": {"url": "a.nc", "variables": {"thetao": {}, **variables}}})).dataset("a")
    assert [variable.key for variable in result.variables] == ["thetao"]
    assert reason in {variable.name: str(variable.reason) for variable in result.left_out}["b"]


def test_a_vector_lists_its_components(assets_of, index, write, make, tmp_path):
    make(tmp_path / "t.nc", variable="u")
    make(tmp_path / "v.nc", variable="v")
    parts = {"east_vector_component": "u", "north_vector_component": "v", "bearing_component": "toward"}
    speed = {"equation": "magnitude(u, v)", "units": "m/s", **parts}
    reported = {"speed": speed, "toward": {"equation": "bearing(v, u)", "hide": "true"}}
    config = {"url": ["t.nc", "v.nc"], "vector_variables": ["speed"], "variables": reported}
    catalogue = index(datasets=write({"a": config}))
    result = assets_of("speed", catalogue)
    assert result.components == {"east": "u", "north": "v", "bearing": "toward"}
    with TestClient(create_app(catalogue.catalogue)) as client:
        listed = client.get("/api/v2.0/dataset/a/variables").json()
    assert [(item["id"], item["vector_variable"]) for item in listed] == [("speed", True)]
