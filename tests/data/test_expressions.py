"""Calculated variables: their values through the service, and what is said of those that cannot be calculated."""

import asyncio

import gsw
import msgspec
import numpy as np
import pytest
import xarray as xr
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.looping import loop_over

from ocean_common.contracts.data import TileField
from ocean_core.errors import InvalidRequest, VariableNotFound
from ocean_core.geometry import EARTH_RADIUS, great_circle_distance
from ocean_data.compute.equations import calculated_assets
from ocean_data.reading.base import GridStore
from ocean_data.reading.calculated import Calculated, Calculating
from ocean_data.settings import MIB

API = "/api/v2.0"
ALL = slice(None)
ROUNDED = 1.2e-7  # to single precision, which is that of the operands


class Catalogue:
    """Knows the assets it is given."""

    def __init__(self, *assets):
        self.known = {asset.variable.key: asset for asset in assets}

    async def revision(self, dataset):
        return "r1"

    async def assets(self, dataset, variable):
        if variable not in self.known:
            raise VariableNotFound(f"there is no {variable}")
        return self.known[variable]

    async def variable(self, dataset, variable):
        return (await self.assets(dataset, variable)).variable


def equation(base, key, text, *, stored="", units="1", flat=False):
    """A configured calculated variable on the grid of another."""
    created = replace(
        base, equation=text, source=stored, variable=replace(base.variable, key=key, units=units, standard_name=None)
    )
    return replace(created, depth=None) if flat else created


@pytest.fixture(scope="module")
def arctic(request):
    path = request.path.parents[2] / "deploy/sample_data/projected/arctic20_roms_z.nc"
    with xr.open_dataset(path, decode_times=False) as opened:
        yield opened.load()


@pytest.fixture
def base(shipped):
    return shipped["arctic_day", "votemper"]


@pytest.fixture
def arctic_variables(shipped, described, base):
    """The variables of the Arctic file by the names that they have there."""
    path = base.files[0].path
    names = {"temperature": None, "salinity": None, "zeta": None, "h": None, "u": None, "v": None}
    plain = {name: described(path, name, kind="projected", dataset="arctic_day") for name in names}
    return [replace(item, grid=base.grid) for item in plain.values()]


@pytest.fixture
def calculated(source):
    return Calculated(source, GridStore(source, 64 * MIB, 64 * MIB), 64 * MIB)


@pytest.fixture
def calculate(arctic_variables, calculated):
    """Values of an expression that somebody wrote: of a level of the first step, or of columns."""

    def make(text, depth=0, step=0):
        assets = asyncio.run(Calculating(Catalogue(*arctic_variables)).expression("arctic_day", text))
        return calculated.level(assets, step, depth)

    return make


def ask(client, path, **params):
    response = client.get(f"{API}/{path}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


def teos(arctic, y=ALL, x=ALL):
    """Absolute salinity, conservative temperature and pressure, by the toolbox on whole arrays: step, depth, y, x."""
    latitude, longitude = arctic.latitude.values[y, x], arctic.longitude.values[y, x]
    depth = arctic.depth.values.reshape(-1, *[1] * np.ndim(latitude)).astype(float)
    pressure = gsw.p_from_z(-depth, latitude)
    absolute = gsw.SA_from_SP(arctic.salinity.values[:, :, y, x].astype(float), pressure, longitude, latitude)
    return absolute, gsw.CT_from_pt(absolute, arctic.temperature.values[:, :, y, x].astype(float)), pressure


@pytest.fixture
def service(app_over, arctic_variables):
    sound = "sspeed(depth, latitude, temperature, salinity)"
    created = [
        *arctic_variables,
        equation(arctic_variables[0], "sound", sound, units="m s-1"),
        equation(arctic_variables[0], "kelvin", "temperature + 273.15", units="kelvin"),
        equation(arctic_variables[0], "again", "sspeed(depth, latitude, kelvin, salinity)", units="m s-1"),
        equation(arctic_variables[0], "temperature", "temperature * 2", stored="temperature", units="degree_C"),
        equation(
            arctic_variables[0], "channel", "deepsoundchannel(depth, latitude, [temperature], [salinity])", flat=True
        ),
        equation(arctic_variables[0], "round", "there + 1"),
        equation(arctic_variables[0], "there", "round - 1"),
        equation(arctic_variables[0], "missing", "temperature + nothing"),
    ]
    with TestClient(app_over(created)) as client:
        yield client


WHERE = {"latitude": 74.5, "longitude": 20.0}


def cell_of(arctic):
    apart = great_circle_distance(
        np.float64(WHERE["latitude"]), np.float64(WHERE["longitude"]), arctic.latitude.values, arctic.longitude.values
    )
    return np.unravel_index(np.nanargmin(apart), apart.shape)


def test_a_profile_of_the_speed_of_sound_is_that_of_the_toolbox(service, arctic):
    answer = ask(service, "data/arctic_day/sound/profile", **WHERE)
    expected = gsw.sound_speed(*teos(arctic, *cell_of(arctic)))
    result = np.array([[np.nan if item is None else item for item in row] for row in answer["values"]])
    np.testing.assert_allclose(result, expected, rtol=ROUNDED)
    assert np.isfinite(result).any()
    assert answer["units"] == "m s-1"


def test_a_series_may_be_calculated_from_what_is_calculated_in_kelvin(service, arctic):
    answer = ask(service, "data/arctic_day/again/timeseries", depth=3, **WHERE)
    expected = gsw.sound_speed(*teos(arctic, *cell_of(arctic)))[:, 3]
    np.testing.assert_allclose(np.ravel(answer["values"]), expected, rtol=ROUNDED)
    assert len(answer["times"]) == 5


def test_a_series_may_be_made_of_columns(service, arctic):
    answer = ask(service, "data/arctic_day/channel/timeseries", **WHERE)
    speed = gsw.sound_speed(*teos(arctic, *cell_of(arctic)))
    assert np.ravel(answer["values"]).tolist() == arctic.depth.values[np.nanargmin(speed, axis=1)].tolist()


def test_an_equation_may_use_its_own_name_for_what_is_stored(service, arctic):
    answer = ask(service, "data/arctic_day/temperature/profile", **WHERE)
    y, x = cell_of(arctic)
    np.testing.assert_allclose(
        np.array(answer["values"], dtype=float), 2.0 * arctic.temperature.values[:, :, y, x].astype(float), rtol=ROUNDED
    )


def test_other_equations_mean_what_is_stored_too(service, arctic):
    answer = ask(service, "data/arctic_day/kelvin/profile", **WHERE)
    y, x = cell_of(arctic)
    expected = arctic.temperature.values[:, :, y, x].astype(float) + 273.15
    np.testing.assert_allclose(np.array(answer["values"], dtype=float), expected, rtol=ROUNDED)


def test_a_range_and_a_tile_are_of_what_is_calculated(service, arctic):
    extent = "1113194.9,10000000.5,5565974.5,12500000"
    result = ask(service, f"range/arctic_day/sound/nearest/25/10/EPSG:3857/{extent}/0/-1")
    surface = gsw.sound_speed(*teos(arctic))[-1, 0]
    assert np.nanmin(surface) - 1e-3 <= result["min"] < result["max"] <= np.nanmax(surface) + 1e-3
    query = {"dataset": "arctic_day", "variable": "sound", "time": "-1", "depth": "0", "zoom": 4, "x": 8, "y": 3}
    response = service.get("/internal/tile-field", params={**query, "interpolation": "nearest"})
    assert response.status_code == 200, response.text
    tile = msgspec.msgpack.decode(response.content, type=TileField)
    pixels = np.frombuffer(tile.values.data, tile.values.dtype)
    pixels = pixels[np.isfinite(pixels)]
    assert pixels.size > 1000
    assert np.isin(pixels, surface.astype("<f4")).all()
    assert tile.variable.units == "m s-1"


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("round", "its equation goes in a circle: round, there, round"),
        ("missing", "'nothing' is neither a variable of"),
    ],
)
def test_a_variable_that_cannot_be_calculated_is_reported(service, variable, said):
    response = service.get(f"{API}/data/arctic_day/{variable}/profile", params=WHERE)
    assert response.status_code == 400
    assert said in response.json()["detail"]


def test_a_variable_without_a_stored_one_cannot_be_made_of_itself(arctic_variables):
    catalogue = Calculating(Catalogue(*arctic_variables, equation(arctic_variables[0], "self", "self + 1")))
    with pytest.raises(InvalidRequest, match="in a circle: self, self"):
        asyncio.run(catalogue.assets("arctic_day", "self"))


def test_an_expression_means_what_people_are_shown(arctic_variables, calculated, arctic):
    twice = equation(arctic_variables[0], "temperature", "temperature * 2", stored="temperature")
    assets = asyncio.run(Calculating(Catalogue(*arctic_variables, twice)).expression("arctic_day", "temperature * 10"))
    expected = 20.0 * arctic.temperature.values[0, 0].astype(float)
    np.testing.assert_allclose(calculated.level(assets, 0, 0), expected, rtol=1e-6)


@loop_over(
    ("text", "expected"),
    [
        ("temperature - 1", lambda file: file.temperature - 1),
        ("-temperature ^ 2", lambda file: file.temperature**2),
        ("temperature * zeta / h", lambda file: file.temperature * file.zeta / file.h),
        ("magnitude(u, v)", lambda file: np.hypot(file.u, file.v)),
        ("temperature - max([temperature])", lambda file: file.temperature - file.temperature.max("depth")),
        ("min(u, v, 0)", lambda file: np.minimum(np.minimum(file.u, file.v), 0)),
        ("depth + 0 * temperature", lambda file: file.depth + 0 * file.temperature),
        ("atan2(latitude, lon) + u", lambda file: np.arctan2(file.latitude, file.longitude) + file.u),
        ("ln(salinity) + log(salinity)", lambda file: np.log(file.salinity) + np.log10(file.salinity)),
        ("log2(salinity) * sqrt(exp(abs(-1)))", lambda file: np.log2(file.salinity) * np.exp(0.5)),
        ("sin(u) + cos(u) + tan(u)", lambda file: np.sin(file.u) + np.cos(file.u) + np.tan(file.u)),
        ("asin(u) + acos(u) + atan(u)", lambda file: np.pi / 2 + np.arctan(file.u)),
    ],
)
def test_values_are_those_of_numpy(calculate, arctic, text, expected):
    wide = arctic[["temperature", "salinity", "zeta", "h", "u", "v"]].astype(float)
    desired = expected(wide).isel(time=0, depth=2)
    np.testing.assert_allclose(calculate(text, depth=2), desired, rtol=2e-5, atol=1e-6)


def test_no_infinite_number_is_sent(calculate):
    assert not np.isinf(calculate("1 / (temperature - temperature)")).any()


@loop_over(
    ("name", "function"),
    [
        ("sspeed", gsw.sound_speed),
        ("density", gsw.rho),
        ("tempgradient", gsw.adiabatic_lapse_rate_from_CT),
        ("heatcap", lambda sa, ct, p: gsw.cp_t_exact(sa, gsw.t_from_CT(sa, ct, p), p)),
    ],
)
def test_sea_water_is_that_of_the_toolbox_everywhere(calculate, arctic, name, function):
    result = calculate(f"{name}(depth, latitude, temperature, salinity)", depth=5)
    np.testing.assert_allclose(result, function(*teos(arctic))[0, 5], rtol=1e-6)


def test_the_bottom_is_calculated_from_the_deepest_water(calculated, arctic_variables, arctic):
    text = "density(depth, latitude, temperature, salinity)"
    assets = asyncio.run(Calculating(Catalogue(*arctic_variables)).expression("arctic_day", text))
    values = gsw.rho(*teos(arctic))[0]
    wet = np.isfinite(values)
    deepest = np.where(wet.any(0), values.shape[0] - 1 - wet[::-1].argmax(0), 0)
    expected = np.take_along_axis(values, deepest[np.newaxis], 0)[0]
    np.testing.assert_allclose(calculated.level(assets, 0, "bottom"), expected, rtol=1e-6)


def test_a_derivative_is_towards_true_north_on_a_turned_grid(calculate):
    east, north = (calculate(f"gradient_{axis}(latitude + 0 * zeta)") for axis in "xy")
    wet = np.isfinite(north)
    assert wet.sum() > 1000
    inner = wet & np.isfinite(
        np.roll(north, 1, 0) + np.roll(north, -1, 0) + np.roll(north, 1, 1) + np.roll(north, -1, 1)
    )
    inner[[0, -1]] = inner[:, [0, -1]] = False
    per_metre = 1 / (1000 * EARTH_RADIUS * np.radians(1))
    np.testing.assert_allclose(north[inner], per_metre, rtol=2e-4)
    np.testing.assert_allclose(east[inner], 0, atol=2e-4 * per_metre)


def test_the_current_of_a_slope_does_not_depend_on_the_request(arctic_variables, calculated):
    catalogue = Calculating(Catalogue(*arctic_variables))
    for text in (
        "geostrophic_x(zeta, latitude, longitude)",
        "vorticity(u, v)",
        "unstaggered_speed(u, v)",
        "divergence(u, v)",
    ):
        assets = asyncio.run(catalogue.expression("arctic_day", text))
        full = calculated.window(assets, 1, slice(0, 1), (slice(0, 51), slice(0, 91)))[0]
        part = calculated.window(assets, 1, slice(0, 1), (slice(10, 20), slice(30, 60)))[0]
        cells = np.arange(51 * 91, dtype=np.int32)[::7]
        some = calculated.columns(assets, [1], slice(0, 1), cells)[0, 0]
        assert np.isfinite(part).any()
        np.testing.assert_array_equal(part, full[10:20, 30:60])
        np.testing.assert_allclose(some, full.ravel()[cells], rtol=1e-6)


def test_the_speed_at_the_centre_is_of_both_sides_of_a_cell(calculate, arctic):
    u, v = arctic.u.values[0, 0].astype(float), arctic.v.values[0, 0].astype(float)
    expected = np.full(u.shape, np.nan)
    expected[1:, 1:] = np.hypot((u[1:, 1:] + u[1:, :-1]) / 2, (v[1:, 1:] + v[:-1, 1:]) / 2)
    np.testing.assert_allclose(calculate("unstaggered_speed(u, v)"), expected, rtol=1e-6)


@loop_over(
    ("text", "said"),
    [
        ("[temperature]", "is a whole column"),
        ("temperature + [salinity]", "is a whole column"),
        ("depth * 2", "at least one variable"),
        ("nowhere * 2", "at least one variable"),
        ("temperature * nowhere", "'nowhere' is neither"),
        ("sspeed(depth, latitude, zeta, zeta)", "depth is not known"),
        ("potentialsubsurfacechannel(depth, latitude, temperature, salinity, h)", "is a number, in Hz"),
    ],
)
def test_an_expression_that_means_nothing_is_refused(calculate, text, said):
    with pytest.raises(InvalidRequest, match=said):
        calculate(text)


def test_operands_on_other_grids_do_not_go_together(shipped):
    u, v = shipped["wcofs_hour", "u_sur"], shipped["wcofs_hour", "v_sur"]
    with pytest.raises(InvalidRequest, match="on different grids, of"):
        calculated_assets("wcofs_hour", "magnitude(u, v)", {"u": u, "v": v})


@pytest.mark.parametrize("function", ["magnitude", "bearing", "unstaggered_speed", "vorticity", "divergence"])
def test_the_components_of_a_vector_are_in_one_unit(calculated, arctic_variables, function):
    """Call metres a second centimetres: they count a hundredth."""
    operands = {assets.variable.key: assets for assets in arctic_variables}
    v = operands["v"]
    operands |= {"slow": replace(v, variable=replace(v.variable, units="cm/s")), "other": operands["temperature"]}
    result, expected = (
        calculated.level(calculated_assets("arctic_day", f"{function}(u, {text})", operands), 0, 0)
        for text in ("slow", "v * 0.01")
    )
    np.testing.assert_allclose(result, expected, rtol=1e-5)
    with pytest.raises(InvalidRequest, match="not the two components of a vector"):
        calculated_assets("arctic_day", f"{function}(u, other)", operands)


def test_an_expression_of_columns_has_no_depth(arctic_variables):
    created = calculated_assets("arctic_day", "max([temperature])", {"temperature": arctic_variables[0]})
    assert created.depth is None
    assert created.variable.two_dimensional
    assert [dimension.role for dimension in created.dimensions] == ["time", "y", "x"]
    sound = calculated_assets("arctic_day", "sspeed(depth, lat, t, 35)", {"t": arctic_variables[0]})
    assert (sound.depth, sound.variable.units) == (arctic_variables[0].depth, "m s-1")


def test_large_fields_are_made_in_parts(calculated, arctic_variables, source):
    catalogue = Calculating(Catalogue(*arctic_variables))
    small = Calculated(source, GridStore(source, 64 * MIB, 64 * MIB), MIB, at_once=1000)
    for text in ("temperature * zeta", "temperature - max([temperature])", "gradient_x(temperature)"):
        assets = asyncio.run(catalogue.expression("arctic_day", text))
        requests = assets, 0, slice(1, 9), (slice(3, 51), slice(2, 91))
        np.testing.assert_array_equal(small.window(*requests), calculated.window(*requests))
        requests = assets, [0, 2, 4], slice(1, 9), np.arange(100, 400, dtype=np.int32)
        np.testing.assert_array_equal(small.columns(*requests), calculated.columns(*requests))


def test_a_calculated_variable_is_as_fresh_as_its_files(calculated, arctic_variables):
    assets = asyncio.run(Calculating(Catalogue(*arctic_variables)).expression("arctic_day", "temperature * zeta"))
    assert calculated.as_indexed(assets, [0, 1])
    old = replace(arctic_variables[0], files=[replace(arctic_variables[0].files[0], mtime_ns=1)])
    changed = asyncio.run(
        Calculating(Catalogue(old, *arctic_variables[1:])).expression("arctic_day", "temperature * zeta")
    )
    assert not calculated.as_indexed(changed, [0])
    assert calculated.precision(assets, [0]) is np.float32
    assert calculated.chunking(assets) == calculated.chunking(arctic_variables[0])
