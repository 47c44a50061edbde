"""Depths that follow the sea floor: what is at which depth on s-levels, sigma-levels and depths told for every cell."""

import msgspec
import netCDF4
import numpy as np
import pytest
from tests.data.test_triangles import SFBOFS, TEMP, ZETA, U
from tests.looping import loop_over

from ocean_common.contracts.assets import DepthAxis, Dimension, Levels
from ocean_common.contracts.data import AreaRequest, Coverage, PointsRequest, TrajectoryRequest, TransectRequest
from ocean_data.plan import lines

LATITUDE, LONGITUDE = np.linspace(50.0, 54.0, 5), np.linspace(-10.0, -4.0, 7)
S = np.array([-0.95, -0.7, -0.45, -0.2, -0.05])  # from the floor up
C = np.tanh(2.0 * S) / np.tanh(2.0)
CRITICAL = 20.0
HOURS = [0, 6, 12]


def floor(y, x):
    return 40.0 + 30.0 * y + 15.0 * x


def tide(t, y, x):
    return 0.5 * t - 0.1 * y + 0.05 * x


def s_depth(kind, t, level, y, x):
    """Depth of a level by the formulas of CF appendix D, cell by cell: m, positive down."""
    s, c, h, eta = S[level], C[level], floor(y, x), tide(t, y, x)
    if kind == "ocean_sigma_coordinate":
        return -(eta + s * (h + eta))
    if kind == "ocean_s_coordinate_g1":
        stretched = CRITICAL * s + (h - CRITICAL) * c
        return -(stretched + eta * (1 + stretched / h))
    stretched = (CRITICAL * s + h * c) / (CRITICAL + h)
    return -(eta + (eta + h) * stretched)


def write_axes(made, longitude):
    axes = {"time": np.array(HOURS) * 3600, "depth": S, "lat": LATITUDE, "lon": longitude}
    for name, axis in axes.items():
        made.createDimension(name, len(axis))
        made.createVariable(name, "f8", (name,))[:] = axis
    made["time"].units = "seconds since 2020-01-01"


@pytest.fixture
def water(tmp_path, described):
    """Temperature that falls by a degree every 10 m, on levels of a kind; the last column of cells is land."""

    def make(kind):
        shape = (len(HOURS), S.size, LATITUDE.size, LONGITUDE.size)
        deep = np.array([s_depth(kind, *at) for at in np.ndindex(shape)]).reshape(shape)
        values = 20.0 - deep / 10.0
        values[..., -1] = np.nan
        flat = {
            "h": np.array([floor(*at) for at in np.ndindex(shape[2:])]).reshape(shape[2:]),
            "topo": -np.array([floor(*at) for at in np.ndindex(shape[2:])]).reshape(shape[2:]) / 0.3048,
            "s": S, "C": C, "hc": CRITICAL,
            "zeta": np.array([tide(t, y, x) for t, _, y, x in np.ndindex(shape)]).reshape(shape)[:, 0],
        }  # fmt: skip
        path = tmp_path / f"{kind}.nc"
        with netCDF4.Dataset(path, "w") as dataset:
            write_axes(dataset, LONGITUDE)
            dims = {
                "h": ("lat", "lon"),
                "topo": ("lat", "lon"),
                "s": ("depth",),
                "C": ("depth",),
                "hc": (),
                "zeta": ("time", "lat", "lon"),
            }
            for name, numbers in flat.items():
                dataset.createVariable(name, "f8", dims[name])[...] = numbers
            for name, numbers in (("temp", values), ("z", -deep), ("d", deep)):
                dataset.createVariable(name, "f8", ("time", "depth", "lat", "lon"), fill_value=1e20)[:] = (
                    np.ma.masked_invalid(numbers)
                )
        reported = {"kind": "rectilinear", "latitude": "lat", "longitude": "lon"}
        temp = described(path, "temp", **reported)
        axis = DepthAxis(name="depth", kind="sigma", values=S.tolist())
        every = {name: described(path, name, **reported) for name in ("h", "zeta", "z", "d")}
        every = {
            name: msgspec.structs.replace(dimension, depth=axis if dimension.depth else None)
            for name, dimension in every.items()
        }
        still = msgspec.structs.replace(every["h"], dimensions=[], steps=None)
        upright = [dimension for dimension in temp.dimensions if dimension.role == "depth"]
        for name in ("s", "C"):
            every[name] = msgspec.structs.replace(still, source=name, dimensions=upright, depth=axis)
        every |= {"hc": msgspec.structs.replace(still, source="hc"), "temp": temp}
        terms = {
            "ocean_sigma_coordinate": {"sigma": "s", "eta": "zeta", "depth": "h"},
            "field": {"depth": "d"},
            "heights": {"height": "z"},
        }.get(kind, {"s": "s", "C": "C", "eta": "zeta", "depth": "h", "depth_c": "hc"})
        levels = Levels(
            kind="field" if kind == "heights" else kind, terms={name: every[own] for name, own in terms.items()}
        )
        return msgspec.structs.replace(temp, depth=axis, levels=levels), every["h"]

    return make


KINDS = ["ocean_sigma_coordinate", "ocean_s_coordinate_g1", "ocean_s_coordinate_g2", "field", "heights"]
CELL = 2, 3  # row and column
PLACE = (float(LATITUDE[2]), float(LONGITUDE[3]))


@pytest.mark.parametrize("kind", KINDS)
def test_levels_are_as_deep_as_their_formula_says(extract, water, kind):
    temp, _ = water(kind)
    values = extract(
        [temp], PointsRequest(dataset="made", variables=["temp"], points=[PLACE], depth="all", form="profile")
    )
    expected = np.array([[s_depth(kind, t, level, *CELL) for level in range(S.size)] for t in range(len(HOURS))])
    np.testing.assert_allclose(values["depth"], expected, rtol=1e-6)
    np.testing.assert_allclose(values["temp"], 20 - expected / 10, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_bottom_and_the_mean_are_by_true_depths(extract, water, kind):
    temp, _ = water(kind)
    query = PointsRequest(dataset="made", variables=["temp"], points=[PLACE], time="-1", depth="bottom")
    values = extract([temp], query)
    deep = np.array([s_depth(kind, 2, level, *CELL) for level in range(S.size)])[::-1]  # downwards
    assert values["depth"].ravel() == pytest.approx([deep[-1]], rel=1e-6)
    assert values["temp"].ravel() == pytest.approx([20 - deep[-1] / 10], rel=1e-6)
    edges = [min(deep[0], 0.0), *(deep[1:] + deep[:-1]) / 2]
    thick = np.diff([*edges, 2 * deep[-1] - edges[-1]])
    mean = extract([temp], msgspec.structs.replace(query, depth="mean"))["temp"]
    assert mean.ravel() == pytest.approx([np.average(20 - deep / 10, weights=thick)], rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_depth_between_levels_is_found_at_every_time(extract, water, kind):
    temp, _ = water(kind)
    depths = [25.0, 40.0, 60.0]
    query = TrajectoryRequest(
        dataset="made", variables=["temp"], points=[PLACE] * 3, depths=depths, between="linear",
        times=["2020-01-01T00:00:00Z", "2020-01-01T03:00:00Z", "2020-01-01T12:00:00Z"],
    )  # fmt: skip
    np.testing.assert_allclose(extract([temp], query)["temp"], 20 - np.array(depths) / 10, rtol=1e-6)


def test_the_section_below_a_path_has_the_depths_and_the_sea_floor_of_the_model(extract, water):
    temp, h = water("ocean_s_coordinate_g2")
    path = [PLACE, (PLACE[0], float(LONGITUDE[5]))]
    query = TransectRequest(dataset="made", variables=["temp"], path=path, points=5, interpolation="bilinear")
    values = extract([temp], query)
    np.testing.assert_allclose(values["temp"], 20 - values["depth"] / 10, rtol=1e-6)
    np.testing.assert_allclose(values["bathymetry"], values["depth"][0].max(axis=0))
    reported = extract([msgspec.structs.replace(temp, bathymetry=h)], query)
    assert reported["bathymetry"][0] == pytest.approx(floor(*CELL))
    assert (reported["bathymetry"] > values["bathymetry"]).all()
    in_feet = msgspec.structs.replace(h, source="topo", variable=msgspec.structs.replace(h.variable, units="feet"))
    heights = extract([msgspec.structs.replace(temp, bathymetry=in_feet)], query)
    np.testing.assert_allclose(heights["bathymetry"], reported["bathymetry"])
    assert "bathymetry" not in extract([temp], msgspec.structs.replace(query, bathymetry=False))


def test_the_sea_floor_of_the_model_comes_with_points_on_request(extract, water):
    temp, h = water("ocean_s_coordinate_g2")
    with_floor = [msgspec.structs.replace(temp, bathymetry=h)]
    one = PointsRequest(dataset="made", variables=["temp"], points=[PLACE], depth="all", form="timeseries")
    two = msgspec.structs.replace(one, points=[PLACE] * 2)
    assert "bathymetry" not in extract(with_floor, one)
    for query, shape in ((one, ()), (two, (2,))):
        result = extract(with_floor, msgspec.structs.replace(query, bathymetry=True))["bathymetry"]
        assert result.shape == shape
        assert result == pytest.approx(np.full(shape, floor(*CELL)))


def test_the_deepest_value_stands_for_the_sea_floor_of_a_series(extract, shipped):
    votemper = shipped["arctic_day", "votemper"]
    one = PointsRequest(
        dataset="arctic_day", variables=["votemper"], points=[(73.0, 20.0)], depth="all", form="timeseries",
        bathymetry=True,
    )  # fmt: skip
    series = extract([votemper], one)
    wet = np.isfinite(series["votemper"][0])
    assert series["bathymetry"] == np.array(votemper.depth.values)[wet].max()
    both = extract([votemper], msgspec.structs.replace(one, points=[(73.0, 20.0)] * 2))
    assert both["bathymetry"].tolist() == [series["bathymetry"]] * 2


def test_profiles_behind_plots_have_true_depths(water, app_over, client):
    temp, _ = water("ocean_s_coordinate_g2")
    query = PointsRequest(dataset="made", variables=["temp"], points=[PLACE], depth="all")
    with type(client)(app_over([temp])) as opened:
        response = opened.post("/internal/extractions", content=msgspec.msgpack.encode(query))
    assert response.status_code == 200, response.text
    fields = {field.variable.key: field for field in msgspec.msgpack.decode(response.content, type=Coverage).fields}
    depths = np.frombuffer(fields["depth"].values.data, fields["depth"].values.dtype)
    assert depths == pytest.approx([s_depth("", 2, level, *CELL) for level in range(S.size)])


@loop_over(
    ("wanted", "nearest", "linear"),
    [
        (-1.0, 10.0, 10.0),  # above the shallowest
        (0.0, 10.0, 10.0),
        (7.0, 10.0, 9.6),  # between wet levels at 5 and 15 m
        (12.0, 8.0, 8.6),
        (18.0, 8.0, 8.0),  # in the layer of the deepest wet level, which reaches to 20 m
        (20.1, np.nan, np.nan),
        (500.0, np.nan, np.nan),
    ],
)
def test_a_level_stands_for_the_water_half_way_to_its_neighbours(wanted, nearest, linear):
    deep, values = np.array([[5.0], [15.0], [40.0]]), np.array([[[10.0], [8.0], [np.nan]]])
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        for between, expected in (("nearest", nearest), ("linear", linear)):
            result = lines.interpolate_depth(values[:, order], deep[order], np.array([wanted]), between)
            np.testing.assert_allclose(result, [[expected]])


def test_a_column_of_land_has_no_value_at_any_depth():
    deep = np.array([[5.0, np.nan], [15.0, np.nan]])
    values = np.full((1, 2, 2), np.nan)
    assert np.isnan(lines.interpolate_depth(values, deep, np.array([5.0, 5.0]), "linear")).all()


@pytest.fixture
def current(tmp_path, water, described):
    """A velocity between the points of the temperature, west and east of which its depth is told."""

    def make(kind):
        temp, _ = water(kind)
        between = (LONGITUDE[1:] + LONGITUDE[:-1]) / 2
        shape = (len(HOURS), S.size, LATITUDE.size, between.size)
        path = tmp_path / "u.nc"
        with netCDF4.Dataset(path, "w") as dataset:
            write_axes(dataset, between)
            dataset.createVariable("u", "f8", ("time", "depth", "lat", "lon"))[:] = np.arange(np.prod(shape)).reshape(
                shape
            )
        result = described(path, "u", kind="rectilinear", latitude="lat", longitude="lon")
        return msgspec.structs.replace(result, depth=temp.depth, levels=temp.levels), float(between[3])

    return make


def depth_between(kind, t=slice(None)):
    """Of the velocity at the row of the cell: the mean of its two neighbours."""
    deep = [[s_depth(kind, t, level, CELL[0], x) for level in range(S.size)] for t in range(len(HOURS)) for x in (3, 4)]
    return np.array(deep).reshape(len(HOURS), 2, S.size).mean(axis=1)[t]


@pytest.mark.parametrize("kind", KINDS)
def test_velocities_are_as_deep_as_the_points_around_them(extract, current, kind):
    u, east = current(kind)
    query = PointsRequest(dataset="made", variables=["u"], points=[(PLACE[0], east)], depth="all", form="profile")
    np.testing.assert_allclose(extract([u], query)["depth"], depth_between(kind), rtol=1e-6)
    path = TransectRequest(dataset="made", variables=["u"], path=[(PLACE[0], east), (PLACE[0] + 1, east)], points=3)
    np.testing.assert_allclose(extract([u], path)["depth"][0, :, 0], depth_between(kind, 2), rtol=1e-6)
    box = AreaRequest(dataset="made", variables=["u"], box=(east - 0.1, 51.0, east + 0.1, 52.5), depth="all", time="-1")
    np.testing.assert_allclose(extract([u], box)["depth"][0, :, 1, 0], depth_between(kind, 2), rtol=1e-6)
    bottom = msgspec.structs.replace(box, depth="bottom")
    np.testing.assert_allclose(extract([u], bottom)["depth"][0, 1, 0], depth_between(kind, 2)[0], rtol=1e-6)


def test_velocities_of_triangles_are_as_deep_as_the_middle_of_their_nodes(extract):
    axis = DepthAxis(name="siglay", kind="sigma", values=list(range(20)))
    zeta = msgspec.structs.replace(ZETA, depth=None)
    node = {dimension.name: dimension for dimension in TEMP.dimensions}["node"]
    sigma = Dimension(name="siglay", size=20, role="depth")
    terms = {
        "sigma": msgspec.structs.replace(TEMP, source="siglay", dimensions=[sigma, node], steps=None, depth=axis),
        "eta": zeta,
        "depth": msgspec.structs.replace(zeta, source="h", dimensions=[node], steps=None),
    }
    u = msgspec.structs.replace(U, depth=axis, levels=Levels(kind="ocean_sigma_coordinate", terms=terms))
    with netCDF4.Dataset(SFBOFS) as opened:
        face, step = 400, 3
        nodes = opened["nv"][:, face] - 1
        place = float(opened["lat"][nodes].mean()), float(opened["lon"][nodes].mean())
        eta, h = opened["zeta"][step, nodes], opened["h"][nodes]
        expected = -(eta + opened["siglay"][:, nodes] * (h + eta)).mean(axis=1)
    query = PointsRequest(
        dataset=U.dataset, variables=["u"], points=[place], depth="all", form="profile", time=str(step)
    )
    np.testing.assert_allclose(extract([u], query)["depth"].ravel(), expected, atol=1e-3)


@pytest.mark.parametrize("order", [[4, 3, 2, 1, 0], [2, 0, 4, 3, 1]])
def test_levels_are_read_from_the_surface_down_whatever_their_order_in_the_file(tmp_path, described, source, order):
    values = np.random.default_rng(1).normal(size=(3, 5, 5, 7)).astype(np.float32)
    values[:, 3:, 2, 3] = np.nan  # levels below the sea floor
    deep, assets = np.array([1.0, 10, 50, 200, 900]), []
    for name, levels in (("straight", np.arange(5)), ("stored", np.argsort(order))):
        with netCDF4.Dataset(tmp_path / f"{name}.nc", "w") as dataset:
            write_axes(dataset, LONGITUDE)
            dataset["depth"][:] = deep[levels]
            dims = ("time", "depth", "lat", "lon")
            dataset.createVariable("temp", "f4", dims, chunksizes=(1, 2, 3, 4), zlib=True)[:] = values[:, levels]
        assets.append(described(tmp_path / f"{name}.nc", "temp", kind="rectilinear", latitude="lat", longitude="lon"))
    straight = assets[0]
    stored = msgspec.structs.replace(
        assets[1], depth=DepthAxis(name="depth", kind="depth", values=deep.tolist(), order=order)
    )
    cells, box = np.array([3, 17, 18], np.int32), (slice(1, 4), slice(2, 6))
    for part in (slice(None), slice(1, 3), slice(4, 5)):
        for read in (lambda item, part=part: source.columns(item, [0, 2], part, cells),
                     lambda item, part=part: source.window(item, 1, part, box)):  # fmt: skip
            np.testing.assert_array_equal(read(stored), read(straight))
    for level in range(5):
        np.testing.assert_array_equal(source.level(stored, 1, level), values[1, level])
    bottom = source.level(stored, 2, "bottom")
    np.testing.assert_array_equal(bottom, source.level(straight, 2, "bottom"))
    assert bottom[2, 3] == values[2, 2, 2, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_depths_in_kilometres_are_converted_to_metres(extract, water, kind):
    temp, _ = water(kind)
    in_kilometres = {
        name: msgspec.structs.replace(term, variable=msgspec.structs.replace(term.variable, units="km"))
        for name, term in temp.levels.terms.items()
    }
    far = msgspec.structs.replace(temp, levels=Levels(kind=temp.levels.kind, terms=in_kilometres))
    query = PointsRequest(dataset="made", variables=["temp"], points=[PLACE], depth="all", form="profile")
    # Formulas are of lengths in one unit: all in kilometres makes a thousand times the depths.
    np.testing.assert_allclose(extract([far], query)["depth"], 1000 * extract([temp], query)["depth"], rtol=1e-12)
