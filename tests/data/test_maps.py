"""Fields of maps of any box: those of tiles where the box is a tile's, and the nearest cells by brute force."""

import msgspec
import netCDF4
import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.conftest import SHIPPED

from ocean_common.arrays import unpack_array
from ocean_common.contracts.data import MAX_MAP_PIXELS, MapRequest, TileField, TileRequest
from ocean_core.projections import MAP_PROJECTIONS, pixel_axes
from ocean_core.tiles import Tile

ARCTIC = {"dataset": "arctic_day", "variable": "votemper"}
NEMO = {"dataset": "nemo_global_month", "variable": "tos"}
OSTIA = {"dataset": "ostia_month", "variable": "surface_temperature"}


def expand(field):
    """Values of every pixel; None where there are none at all."""
    if field.values is None:
        return None
    values = unpack_array(field.values)
    if field.rows is not None:
        return values[unpack_array(field.rows)][:, unpack_array(field.columns)]
    return values


def draw(client, **query):
    """The values of a map."""
    request = MapRequest(**({"time": "-1", "depth": "0"} | query))
    response = client.post("/internal/map-field", content=msgspec.msgpack.encode(request))
    assert response.status_code == 200, response.text
    return expand(msgspec.msgpack.decode(response.content, type=TileField))


def draw_tile(client, **query):
    """The values of a tile."""
    request = TileRequest(**({"time": "-1", "depth": "0"} | query))
    response = client.get("/internal/tile-field", params=msgspec.to_builtins(request))
    assert response.status_code == 200, response.text
    return expand(msgspec.msgpack.decode(response.content, type=TileField))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "gaussian", "inverse"])
@pytest.mark.parametrize(
    ("variable", "tile"),
    [
        (ARCTIC, Tile("EPSG:3857", 4, 8, 3)),
        (ARCTIC, Tile("EPSG:32661", 2, 2, 2)),
        (NEMO, Tile("EPSG:3857", 2, 1, 1)),
        (NEMO, Tile("EPSG:3031", 1, 0, 1)),
        (OSTIA, Tile("EPSG:3857", 6, 5, 32)),
        ({"dataset": "wcofs_hour", "variable": "u_sur,v_sur"}, Tile("EPSG:3857", 6, 9, 23)),
    ],
)
def test_a_map_of_the_box_of_a_tile_has_its_values(client, variable, tile, interpolation):
    query = variable | {"interpolation": interpolation}
    values = draw(client, crs=tile.projection, box=tile.bounds, width=256, height=256, **query)
    expected = draw_tile(client, projection=tile.projection, zoom=tile.zoom, x=tile.x, y=tile.y, **query)
    assert np.isfinite(expected).any()
    np.testing.assert_array_equal(values, expected)
    # Of a box that is no tile the pixels are computed on their own: but for ties, the same.
    left, bottom, right, top = tile.bounds
    box = left, bottom + (top - bottom) / 2, right, top
    half = draw(client, crs=tile.projection, box=box, width=256, height=128, **query)
    unequal = ~np.isclose(half, expected[:128], rtol=1e-5, equal_nan=True)
    assert unequal.mean() < 1e-3


def read_nemo():
    """Centres of cells and the values of the last month."""
    path = max((SHIPPED / "nemo").glob("nemo_1m_*.nc"))
    with netCDF4.Dataset(path) as opened:
        values = np.ma.filled(opened["tos"][-1].astype(float), np.nan)
        places = (np.asarray(opened[name][:], float).ravel() for name in ("nav_lat", "nav_lon"))
        return *places, values.ravel()


def unit_vectors(latitude, longitude):
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        ("EPSG:3413", (-4e6, -4e6, 4e6, 4e6)),
        ("EPSG:3411", (-2e6, -3e6, 2e6, 1e6)),
        ("EPSG:3978", (-2e6, -5e5, 3e6, 4e6)),
        ("EPSG:4326", (-60.0, 20.0, 20.0, 70.0)),
        ("CRS:84", (150.0, -40.0, 220.0, 30.0)),
        ("EPSG:3995", (-3e6, -3e6, 3e6, 3e6)),
    ],
)
def test_pixels_have_the_values_of_the_nearest_cells(client, crs, box):
    values = draw(client, crs=crs, box=box, width=40, height=30, **NEMO)
    left, bottom, right, top = box
    x, y = np.meshgrid(
        left + (right - left) * (np.arange(40) + 0.5) / 40, top - (top - bottom) * (np.arange(30) + 0.5) / 30
    )
    code = "OGC:CRS84" if crs == "CRS:84" else crs
    longitude, latitude = pyproj.Transformer.from_crs(code, "EPSG:4326", always_xy=True).transform(x, y)
    cell_latitude, cell_longitude, field = read_nemo()
    likeness = unit_vectors(latitude, longitude) @ unit_vectors(cell_latitude, cell_longitude).T
    expected = field[likeness.argmax(axis=-1)]
    clear = -np.diff(np.partition(-likeness, 1, axis=-1)[..., :2]).squeeze(-1) < -1e-9  # one cell is nearest
    assert np.isfinite(expected).any()
    np.testing.assert_allclose(values[clear], expected[clear].astype(np.float32), rtol=1e-6)


def test_there_is_nothing_beyond_the_poles(client):
    values = draw(client, crs="EPSG:4326", box=(-180.0, -135.0, 180.0, 135.0), width=90, height=54, **NEMO)
    assert np.isnan(values[:9]).all()
    assert np.isnan(values[-9:]).all()
    inner = draw(client, crs="EPSG:4326", box=(-180.0, -90.0, 180.0, 90.0), width=90, height=36, **NEMO)
    np.testing.assert_array_equal(values[9:-9], inner)
    assert draw(client, crs="CRS:84", box=(0.0, 91.0, 10.0, 95.0), width=10, height=10, **NEMO) is None


def test_a_map_goes_round_the_earth_twice(client):
    values = draw(client, crs="CRS:84", box=(-180.0, -5.0, 540.0, 5.0), width=720, height=10, **OSTIA)
    np.testing.assert_array_equal(values[:, :360], values[:, 360:])
    assert np.isfinite(values).any()


def test_a_large_map_is_made_of_the_same_pixels_as_a_small_one(client):
    query = ARCTIC | {"crs": "EPSG:3413", "interpolation": "bilinear"}
    large = draw(client, box=(1e6, -2e6, 2e6, 0.0), width=700, height=1400, **query)
    half = draw(client, box=(1e6, -2e6, 2e6, -1e6), width=700, height=700, **query)
    np.testing.assert_allclose(large[700:], half, rtol=1e-5)
    assert np.isfinite(half).any()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"crs": "EPSG:1"}, 400),
        ({"box": (1.0, 0.0, 1.0, 5.0)}, 400),
        ({"box": (5.0, 0.0, 1.0, 5.0)}, 400),
        ({"box": (0.0, 0.0, float("inf"), 5.0)}, 400),
        ({"box": (float("nan"), 0.0, 1.0, 5.0)}, 400),
        ({"width": 4096, "height": MAX_MAP_PIXELS // 4096 + 1}, 413),
        ({"width": 2048, "height": 1024, "interpolation": "bilinear"}, 413),
        ({"width": 5000}, 400),
        ({"time": "1850-01-01"}, 404),
        ({"depth": "99"}, 404),
        ({"variable": "nothing"}, 404),
    ],
)
def test_a_wrong_map_is_refused(client, change, status):
    query = ARCTIC | {"time": "-1", "depth": "0", "crs": "CRS:84", "box": (0.0, 60.0, 40.0, 80.0)}
    request = MapRequest(**(query | {"width": 10, "height": 10} | change))
    response = client.post("/internal/map-field", content=msgspec.msgpack.encode(request))
    assert response.status_code == status, response.text


NUMBERS = st.floats(-1e9, 1e9)


@settings(max_examples=60, deadline=None)
@given(
    crs=st.sampled_from(sorted(MAP_PROJECTIONS)),
    corners=st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    interpolation=st.sampled_from(["nearest", "bilinear", "gaussian"]),
)
def test_any_box_is_a_map_or_is_refused(client, crs, corners, size, interpolation):
    request = MapRequest(
        **NEMO, time="-1", depth="0", crs=crs, box=corners, width=size[0], height=size[1], interpolation=interpolation
    )
    response = client.post("/internal/map-field", content=msgspec.msgpack.encode(request))
    assert response.status_code in {200, 400}
    if response.status_code == 200:
        values = expand(msgspec.msgpack.decode(response.content, type=TileField))
        assert values is None or values.shape == size[::-1]


@pytest.mark.parametrize("code", sorted(set(MAP_PROJECTIONS) - {"CRS:84"}))
def test_projections_are_those_of_the_registry(code):
    projection = MAP_PROJECTIONS[code]
    first = pyproj.CRS(code).axis_info[0]
    assert projection.north_first == (first.abbrev in {"N", "Lat", "Y"} and code != "EPSG:3857")
    left, bottom, right, top = projection.cover((-80.0, -60.0, 60.0, 75.0))
    x, y = pixel_axes((left, bottom, right, top), 7, 5)
    latitude, longitude = np.broadcast_arrays(*projection.to_earth(x[np.newaxis], y[:, np.newaxis]))
    back = pyproj.Transformer.from_crs("EPSG:4326", code, always_xy=True).transform(longitude, latitude)
    exists = np.isfinite(latitude) & np.isfinite(longitude) & (code != "EPSG:8857" or np.abs(longitude) < 179)
    for own, expected in zip(np.meshgrid(x, y), back, strict=True):
        np.testing.assert_allclose(
            own[exists], expected[exists], rtol=1e-6, atol=1e-9 if projection.geographic else 0.5
        )
