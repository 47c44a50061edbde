"""Meshes of triangles: against brute force, scipy, matplotlib and pyproj; at nodes and in faces; any file's table."""

import os
from pathlib import Path

import msgspec
import netCDF4
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from matplotlib.tri import LinearTriInterpolator, Triangulation
from pyproj import Proj
from scipy.spatial import Delaunay
from tests.looping import loop_over

from ocean_common.contracts.assets import Array, Assets, DepthAxis, Dimension, File, Grid, Steps, VariableInfo
from ocean_common.contracts.data import TileField, TileRequest
from ocean_core.errors import SourceUnreadable
from ocean_core.geometry import EARTH_RADIUS, great_circle_distance, unit_vectors
from ocean_data.compute import depth
from ocean_data.compute.interpolation import gather, stencil
from ocean_data.compute.region import box_region
from ocean_data.grids import build
from ocean_data.grids.base import Grid as GridProtocol
from ocean_data.grids.mesh import RIM, Mesh
from ocean_data.grids.neighbours import Search
from ocean_data.reading.source import NetCDFSource

SHIPPED = Path(__file__).parents[2] / "deploy" / "sample_data"
SFBOFS = SHIPPED / "unstructured" / "sfbofs_fvcom.nc"
SAMPLES = os.environ.get("OCEAN_SAMPLES")
EARTH = EARTH_RADIUS * 1000


def plane(latitude, longitude):
    """Great circles are straight lines in it."""
    return Proj(proj="gnom", lat_0=latitude, lon_0=longitude, R=EARTH)


def make_mesh(latitude, longitude, width, location="node"):
    """Triangles between 400 random nodes, `width` metres wide, with a hole in the middle; and the nodes."""
    rng = np.random.default_rng(7)
    x, y = rng.uniform(-width / 2, width / 2, (2, 400))
    corners = Delaunay(np.column_stack([x, y])).simplices.astype(np.int32)
    hole = np.hypot(x[corners].mean(axis=1), y[corners].mean(axis=1)) < width / 10
    corners = corners[~hole]
    east, north = plane(latitude, longitude)(x, y, inverse=True)
    return Mesh((north, east), corners, location), (north, east, corners), (x, y)


PLACES = {
    "in the middle of nowhere": (45.0, -50.0),
    "across the date line": (-20.0, 180.0),
    "over the pole": (90.0, 0.0),
    "over the other pole": (-90.0, 0.0),
    "across Greenwich": (5.0, 0.0),
}
everywhere = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
WIDE = 2_000_000.0  # m


def some_points(place, width, count=600):
    x, y = np.random.default_rng(3).uniform(-0.7 * width, 0.7 * width, (2, count))
    longitude, latitude = plane(*place)(x, y, inverse=True)
    return latitude, longitude, x, y


def solved(nodes, corners, latitude, longitude):
    """The largest of the smallest weights of all triangles, by solving each of them: (point,); below 0 outside."""
    vectors = unit_vectors(*nodes)
    points = unit_vectors(latitude, longitude)
    triangles = vectors[corners].transpose(0, 2, 1)  # columns are corners
    weights = np.linalg.solve(triangles[:, None], points[None, :, :, None])[..., 0]
    weights = weights / weights.sum(axis=-1, keepdims=True)
    ahead = np.einsum("fi,pi->fp", triangles.mean(axis=2), points) > 0
    return np.where(ahead, weights.min(axis=-1), -np.inf)


def brute_nearest(north, east, latitude, longitude):
    return great_circle_distance(latitude[:, None], longitude[:, None], north[None], east[None])


@everywhere
def test_a_point_is_in_the_mesh_if_a_triangle_holds_it(place):
    grid, (north, east, corners), _ = make_mesh(*place, WIDE)
    latitude, longitude, *_ = some_points(place, WIDE)
    least = solved((north, east), corners, latitude, longitude).max(axis=0)
    clear = np.abs(least + RIM) > 1e-9
    inside = grid.nearest(latitude, longitude) >= 0
    assert np.array_equal(inside[clear], (least > -RIM)[clear])
    assert 0.1 < inside.mean() < 0.9
    middle = grid.nearest(np.array([place[0]]), np.array([place[1]]))
    assert middle.tolist() == [-1]  # the hole


@everywhere
@pytest.mark.parametrize("location", ["node", "face"])
def test_the_nearest_is_that_of_brute_force(place, location):
    grid, (_, _, corners), _ = make_mesh(*place, WIDE, location)
    assert grid.shape == (1, 400 if location == "node" else len(corners))
    latitude, longitude, *_ = some_points(place, WIDE)
    apart = brute_nearest(*grid.centres(np.arange(grid.shape[1])), latitude, longitude)
    home = grid.nearest(latitude, longitude)
    inside = np.flatnonzero(home >= 0)
    assert np.allclose(apart[inside, home[inside]], apart[inside].min(axis=1), atol=1e-9)


@everywhere
def test_neighbours_are_those_of_brute_force(place):
    grid, (north, east, _), _ = make_mesh(*place, WIDE)
    latitude, longitude, *_ = some_points(place, WIDE, 50)
    cells, weights = grid.neighbours(latitude, longitude, np.zeros(50, np.int32), Search(5, np.full(50, 150.0), True))
    apart = np.sort(brute_nearest(north, east, latitude, longitude), axis=1)[:, :5]
    expected = np.where(apart <= 150.0, apart, np.inf)
    assert np.allclose(weights, np.exp(-((2 * expected / 150.0) ** 2)), rtol=4e-6)
    assert np.array_equal(cells >= 0, np.isfinite(expected))


@everywhere
def test_a_linear_field_is_reproduced(place):
    grid, _, (x, y) = make_mesh(*place, 5_000.0)
    field = 3 + 2e-3 * x - 5e-3 * y
    latitude, longitude, px, py = some_points(place, 5_000.0)
    created = stencil(grid, latitude, longitude, "bilinear", radius=1.0, neighbours=1)
    _, weights = grid.corners(latitude, longitude, created.home)
    strictly = (created.home >= 0) & (weights > 0).all(axis=1)  # beyond the rim its value holds
    result = gather(field[None], created)[0]
    assert strictly.sum() > 100
    assert np.allclose(result[strictly], (3 + 2e-3 * px - 5e-3 * py)[strictly], rtol=1e-6, atol=1e-6)
    assert np.isnan(result[created.home < 0]).all()


@everywhere
def test_the_weighted_corners_of_large_triangles_point_at_the_point(place):
    grid, (north, east, _), _ = make_mesh(*place, WIDE)
    latitude, longitude, *_ = some_points(place, WIDE)
    home = grid.nearest(latitude, longitude)
    cells, weights = grid.corners(latitude, longitude, home)
    inside = (home >= 0) & (weights > 0).all(axis=1)
    mixed = (unit_vectors(north, east)[cells] * weights[..., None]).sum(axis=1)[inside]
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    assert np.allclose(mixed, unit_vectors(latitude, longitude)[inside], atol=1e-12)
    assert np.allclose(weights.sum(axis=1), home >= 0)


def test_a_value_in_a_triangle_holds_in_all_of_it():
    place = PLACES["across the date line"]
    grid, (north, east, corners), _ = make_mesh(*place, WIDE, "face")
    latitude, longitude, *_ = some_points(place, WIDE)
    cells, weights = grid.corners(latitude, longitude, grid.nearest(latitude, longitude))
    shares = solved((north, east), corners, latitude, longitude)
    inside = np.flatnonzero(shares.max(axis=0) > 1e-9)
    assert np.array_equal(cells[inside, 0], shares.argmax(axis=0)[inside])
    assert (weights[inside] == 1).all()


def test_centres_of_faces_are_those_of_the_file_or_the_middle_of_the_corners():
    place = PLACES["in the middle of nowhere"]
    middle, (north, east, corners), (x, y) = make_mesh(*place, 10_000.0, "face")
    px, py = plane(*place)(*middle.centres(np.arange(len(corners)))[::-1])
    assert np.allclose(px, x[corners].mean(axis=1), atol=0.01)
    assert np.allclose(py, y[corners].mean(axis=1), atol=0.01)
    reported = north[corners[:, 0]], np.where(np.arange(len(corners)) == 3, np.nan, east[corners[:, 0]])
    own = Mesh((north, east), corners, "face", reported)
    latitude, longitude = own.centres(np.array([0, 3]))
    assert (latitude[0], longitude[0]) == (reported[0][0], reported[1][0])
    assert latitude[1] == middle.centres(np.array([3]))[0][0]


def test_a_mesh_is_a_grid_with_a_size():
    grid, *_ = make_mesh(45.0, -50.0, 100_000.0)
    assert isinstance(grid, GridProtocol)
    assert grid.nbytes > 0
    assert 1 < np.median(grid.sizes(np.arange(400))) < 30


def test_triangles_that_are_none_are_passed_over():
    north, east = np.array([0.0, 0.0, 1.0, 1.0, np.nan]), np.array([359.0, 0.0, 359.0, 0.0, 0.0])
    corners = np.array([[0, 1, 2], [1, 2, -1], [1, 2, 4], [1, 1, 2]], dtype=np.int32)
    nodes, faces = Mesh((north, east), corners, "node"), Mesh((north, east), corners, "face")
    where = np.array([0.2, 0.8]), np.array([-0.8, -0.2])
    assert nodes.nearest(*where).tolist() == [0, -1]
    assert faces.nearest(*where).tolist() == [0, -1]
    assert np.isnan(faces.centres(np.array([1, 2]))[0]).all()


MESHES = {name: make_mesh(*place, WIDE)[0] for name, place in PLACES.items()}


@pytest.mark.parametrize("name", MESHES)
@given(st.floats(-90, 90), st.floats(-180, 360))
def test_any_point_is_answered(name, latitude, longitude):
    grid = MESHES[name]
    home = grid.nearest(np.array([latitude]), np.array([longitude]))
    cells, weights = grid.corners(np.array([latitude]), np.array([longitude]), home)
    assert (cells >= 0).all() == (home[0] >= 0)
    assert weights.sum() == pytest.approx(float(home[0] >= 0))
    assert (weights >= 0).all()


# Files


def describe(path, source, *, location="node", nodes=("lat", "lon"), centres=(None, None), table="nv", **told):
    """Assets of a variable on a mesh, as the metadata service tells them."""
    state = path.stat()
    with netCDF4.Dataset(path) as opened:
        variable = opened[source]
        roles = {"time": "time", "node": "node", "nele": "face"}
        dimensions = [
            Dimension(name=name, size=len(opened.dimensions[name]), role=roles.get(name, "depth"))
            for name in variable.dimensions
        ]
        levels = next((item for item in dimensions if item.role == "depth"), None)
        count = len(opened.dimensions["time"])
        turned = opened[table].shape[0] == 3
        size = next(item.size for item in dimensions if item.role == location)
    return Assets(
        dataset="mesh",
        revision="r1",
        variable=VariableInfo(dataset="mesh", key=source, name=source, units="1", scale=(0.0, 1.0)),
        source=source,
        dimensions=dimensions,
        grid=Grid(
            id=f"{path} {location}",
            kind="triangles",
            shape=(size,),
            file=str(path),
            latitude=nodes[0],
            longitude=nodes[1],
            connectivity=table,
            corners_first=turned,
            location=location,
            face_latitude=centres[0],
            face_longitude=centres[1],
            **told,
        ),
        depth=levels and DepthAxis(name=levels.name, kind="index", values=[float(item) for item in range(levels.size)]),
        files=[File(path=str(path), size=state.st_size, mtime_ns=state.st_mtime_ns)],
        steps=Steps(
            raw=array(range(count), "<i8"),
            seconds=array(range(count), "<i8"),
            file=array([0] * count, "<i4"),
            position=array(range(count), "<i4"),
            units="seconds since 1970-01-01",
        ),
    )


def array(values, dtype):
    full = np.array(values, dtype=dtype)
    return Array(dtype=dtype, shape=full.shape, data=full.tobytes())


ZETA = describe(SFBOFS, "zeta", start_index=1)
TEMP = describe(SFBOFS, "temp", start_index=1)
U = describe(SFBOFS, "u", location="face", centres=("latc", "lonc"))


@pytest.fixture
def client(app_over):
    with TestClient(app_over([ZETA, TEMP, U])) as opened:
        yield opened


@pytest.fixture(scope="module")
def opened():
    with netCDF4.Dataset(SFBOFS) as dataset:
        dataset.set_auto_mask(False)
        yield dataset


TABLES = {
    "from 1, corners first": (True, 1, "i4", {}),
    "from 0, corners last": (False, 0, "i4", {"start_index": 0}),
    "from 1, numbers with a fraction and gaps": (False, 1, "f4", {}),
    "from 0, corners first": (True, 0, "i8", {}),
}
CORNERS = np.array([[0, 1, 2], [1, 3, 2], [2, 3, 4]])


@pytest.mark.parametrize("form", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("told", [True, False])
def test_a_table_may_be_turned_and_numbered_either_way(tmp_path, source, form, told):
    turned, first, dtype, attributes = form
    path = tmp_path / "mesh.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        for name, size in (("time", 1), ("node", 5), ("nele", 4), ("three", 3)):
            dataset.createDimension(name, size)
        for name, values in (("lat", [0, 0, 1, 1, 2]), ("lon", [359, 360, 359, 360, 359])):
            dataset.createVariable(name, "f4", ("node",))[:] = values
        gap = np.full((1, 3), -99 if dtype == "f4" else first)
        table = np.concatenate([CORNERS + first, gap])
        names = ("three", "nele") if turned else ("nele", "three")
        variable = dataset.createVariable("nv", dtype, names, fill_value=-99)
        variable.setncatts(attributes)
        variable[:] = table.T if turned else table
        dataset.createVariable("zeta", "f4", ("time", "node"))[:] = 0
    assets = describe(path, "zeta", start_index=first if told else None)
    read = source.coordinates(assets.grid)
    assert read.corners[:3].tolist() == CORNERS.tolist()
    grid = build(assets.grid, lambda: read)
    assert grid.nearest(np.array([0.1, 0.9]), np.array([-0.9, 0.9])).tolist() == [0, -1]


def test_a_file_of_another_mesh_is_not_taken_for_the_one_that_is_known(source):
    wrong = msgspec.structs.replace(ZETA.grid, shape=(550,))
    with pytest.raises(SourceUnreadable, match="another form"):
        source.coordinates(wrong)


def tile_of(client, zoom, x, y, **asked):
    asked = TileRequest(**({"dataset": "mesh", "time": "0", "depth": "0", "zoom": zoom, "x": x, "y": y} | asked))
    response = client.get("/internal/tile-field", params=msgspec.structs.asdict(asked))
    assert response.status_code == 200, response.text
    values = msgspec.msgpack.decode(response.content, type=TileField).values
    return np.frombuffer(values.data, values.dtype).reshape(values.shape)


def tile_at(latitude, longitude, zoom):
    north = np.arcsinh(np.tan(np.radians(latitude))) / np.pi
    return int((longitude + 180) / 360 * 2**zoom), int((1 - north) / 2 * 2**zoom)


@loop_over("zoom", [12, 13, 14])
def test_a_tile_is_what_matplotlib_makes_of_the_triangles(client, opened, zoom):
    x, y = tile_at(37.88, -122.49, zoom)
    result = tile_of(client, zoom, x, y, variable="temp", interpolation="bilinear")
    mesh = Triangulation(opened["lon"][:] - 360.0, opened["lat"][:], opened["nv"][:].T - 1)
    east = (x + (np.arange(256) + 0.5) / 256) / 2**zoom * 360 - 180
    north = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + (np.arange(256) + 0.5) / 256) / 2**zoom))))
    expected = LinearTriInterpolator(mesh, opened["temp"][0, 0])(*np.meshgrid(east, north)).filled(np.nan)
    assert np.isfinite(expected).mean() > 0.1
    assert (np.isfinite(result) == np.isfinite(expected)).mean() > 0.99  # the rim is ours
    pair = np.isfinite(result) & np.isfinite(expected)
    assert np.allclose(result[pair], expected[pair], atol=2e-3)
    assert np.abs(result[pair] - expected[pair]).mean() < 1e-4


def test_a_tile_of_face_values_holds_the_numbers_of_the_file(client, opened):
    x, y = tile_at(37.88, -122.49, 13)
    for kind in ("nearest", "bilinear"):
        result = tile_of(client, 13, x, y, variable="u", interpolation=kind)
        assert np.isin(result[np.isfinite(result)], opened["u"][0, 0]).all()
    smooth = tile_of(client, 13, x, y, variable="u", interpolation="gaussian")
    assert np.array_equal(np.isfinite(smooth), np.isfinite(result))


def test_profiles_and_series_are_those_of_the_nearest_node(client, opened):
    where = {"latitude": 37.88, "longitude": -122.49}
    node = int(
        brute_nearest(opened["lat"][:], opened["lon"][:], *(np.array([item]) for item in where.values())).argmin()
    )
    profile = client.get("/api/v2.0/data/mesh/temp/profile", params=where | {"time": 3})
    assert profile.status_code == 200, profile.text
    assert np.allclose(profile.json()["values"][0], opened["temp"][3, :, node], rtol=1e-6)
    assert profile.json()["cell"] == pytest.approx([opened["lat"][node], opened["lon"][node] - 360], abs=1e-6)
    series = client.get("/api/v2.0/data/mesh/temp/timeseries", params=where | {"depth": "bottom"})
    assert np.allclose(np.ravel(series.json()["values"]), opened["temp"][:, -1, node], rtol=1e-6)


def test_a_point_on_land_is_outside_the_mesh(client):
    answer = client.get("/api/v2.0/data/mesh/zeta/timeseries", params={"latitude": 37.87, "longitude": -122.53})
    assert answer.status_code == 422
    assert "on land or outside the mesh" in answer.json()["detail"]
    assert "does not fill it" in answer.json()["detail"]
    nearest = answer.json()["detail"].rpartition("the nearest place inside is ")[2].split(", ")
    inside = {"latitude": nearest[0], "longitude": nearest[1]}
    assert client.get("/api/v2.0/data/mesh/zeta/timeseries", params=inside).status_code == 200
    stations = [[37.87, -122.53], [float(degrees) for degrees in nearest]]
    both = client.post("/api/v2.0/data/mesh/zeta/points", json={"points": stations}).json()
    assert np.isnan(np.array(both["variables"]["zeta"]["values"], dtype=float)).tolist() == [[True, False]]


@loop_over(("values", "deepest"), [([0.0, 1.0, 2.0], 2), ([2.0, 1.0, 0.0], 0), ([850.0, 500.0, 200.0], 2)])
def test_numbered_levels_are_counted_from_the_surface(values, deepest):
    assert depth.deepest_first(DepthAxis(name="nv", kind="index", values=values))[0] == deepest


MESHES_OF_SAMPLES = {
    "creofs_selfe": ({"table": "ele"}, ["temp", "u", "zval"], []),
    "leofs_fvcom": ({}, ["temp", "zeta"], ["u"]),
    "machias_bay_fvcom": ({}, ["zeta"], ["u", "ua"]),
    "sfbofs_fvcom": ({}, ["temp", "zeta"], ["u", "uwind_speed"]),
}


@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES does not name the folder of sample files")
@pytest.mark.parametrize("name", MESHES_OF_SAMPLES)
def test_every_mesh_answers_with_the_numbers_of_its_file(name):
    reported, at_nodes, in_faces = MESHES_OF_SAMPLES[name]
    path = Path(SAMPLES or ".") / "unstructured" / f"{name}.nc"
    source = NetCDFSource(8, 1 << 26)
    for variable in [*at_nodes, *in_faces]:
        face = {"location": "face", "centres": ("latc", "lonc")} if variable in in_faces else {}
        assets = describe(path, variable, **reported, **face)
        grid = build(assets.grid, lambda assets=assets: source.coordinates(assets.grid))
        cells = np.arange(0, grid.shape[1], 37, dtype=np.int32)
        latitude, longitude = grid.centres(cells)
        assert np.array_equal(grid.nearest(latitude, longitude), cells)
        with netCDF4.Dataset(path) as opened:
            full = opened[variable][:].filled(np.nan)
        assert np.allclose(source.level(assets, 0, 0), full[0, 0] if full.ndim == 3 else full[0], equal_nan=True)
        columns = source.columns(assets, [0], slice(None), cells)
        expected = full[:1, :, cells] if full.ndim == 3 else full[:1, None, cells]
        assert np.allclose(columns, expected, equal_nan=True)
    source.close()


def test_arrows_stand_on_triangles_and_are_not_turned(app_over):
    v = describe(SFBOFS, "v", location="face", centres=("latc", "lonc"))
    with TestClient(app_over([U, v])) as client:
        features = client.get("/api/v2.0/tiles/quiver/mesh/u,v/-1/0/1/10/163/395").json()["features"]
        assert len(features) > 5
        for feature in features:
            longitude, latitude = feature["geometry"]["coordinates"]
            where = {"latitude": latitude, "longitude": longitude, "interpolation": "bilinear", "time": "-1"}
            east, north = (
                client.get(f"/api/v2.0/data/mesh/{key}/timeseries", params=where).json()["values"][0][0] for key in "uv"
            )
            assert feature["properties"]["data"] == pytest.approx(np.hypot(east, north), abs=6e-4)
            turned = feature["properties"]["bearing"] - np.degrees(np.arctan2(east, north))
            assert abs((turned + 180) % 360 - 180) < 0.1


# Faces of more corners


@given(st.integers(0, 2**32 - 1), st.integers(3, 9), st.sampled_from(list(PLACES.values())), st.booleans())
def test_a_face_holds_what_its_polygon_holds_however_it_is_bent(seed, count, place, clockwise):
    generator = np.random.default_rng(seed)
    angle = np.sort(generator.uniform(0, 2 * np.pi, count)) if count > 4 else np.arange(count) * 2 * np.pi / count
    # Bent inwards at one corner: seen from the opposite one, a quadrilateral too.
    radius = np.full(count, 40_000.0)
    radius[generator.integers(count)] = generator.uniform(8_000, 40_000) if count == 4 else 40_000.0
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    order = slice(None, None, -1) if clockwise else slice(None)
    polygon = shapely.Polygon(np.column_stack([x, y])[order])
    if not polygon.is_valid or polygon.area < 1e6:
        return
    longitude, latitude = plane(*place)(x[order], y[order], inverse=True)
    corners = np.full((1, count + 2), -1, np.int32)
    corners[0, :count] = np.arange(count)
    faces = Mesh((latitude, longitude), corners, "face")
    px, py = generator.uniform(-45_000, 45_000, (2, 200))
    clear = shapely.distance(polygon.exterior, shapely.points(px, py)) > 5000
    east, north = plane(*place)(px, py, inverse=True)
    inside = shapely.contains_xy(polygon, px, py)
    assert np.array_equal((faces.nearest(north, east) >= 0)[clear], inside[clear])
    window = faces.window(box_region((-180, -90, 180, 90)))
    assert faces.areas(window)[0, 0] == pytest.approx(polygon.area / 1e6, rel=1e-3)
    nodes = Mesh((latitude, longitude), corners, "node")
    assert nodes.areas(nodes.window(box_region((-180, -90, 180, 90)))).sum() == pytest.approx(
        polygon.area / 1e6, rel=1e-3
    )
    lines = faces.outlines(window)
    assert lines is not None
    assert lines[0].shape == (1, count + 2)
    assert np.isfinite(lines[0]).all()
