"""The field behind a tile: every pixel is the value at its centre, on every grid and at every zoom."""

import msgspec
import netCDF4
import numpy as np
import pytest
import xarray as xr
from cftime import num2date
from tests.data.conftest import SHIPPED
from tests.looping import loop_over

from ocean_common.contracts.data import BLOCKS, TileField, TileRequest
from ocean_core.geometry import great_circle_distance
from ocean_data.compute.tiles import pixel_centres

OPEN = {"decode_times": False}
TILES = [
    ("arctic_day", "votemper", 2, 2, 0),
    ("arctic_day", "votemper", 5, 17, 6),
    ("arctic_day", "votemper", 9, 282, 111),
    ("nemo_global_month", "tos", 0, 0, 0),
    ("nemo_global_month", "tos", 3, 0, 2),  # east of the date line
    ("nemo_global_month", "tos", 3, 7, 2),  # west of it
    ("nemo_global_month", "tos", 4, 5, 0),  # 85 degrees north
    ("nemo_global_month", "tos", 6, 9, 25),
    ("ostia_month", "surface_temperature", 1, 0, 0),
    ("ostia_month", "surface_temperature", 4, 0, 7),
    ("ostia_month", "surface_temperature", 4, 15, 8),
    ("wcofs_hour", "u_sur", 8, 39, 91),
    ("wcofs_hour", "v_sur", 10, 157, 367),
]


def ask(client, where, **more):
    dataset, variable, zoom, x, y = where
    query = TileRequest(
        dataset=dataset, variable=variable, zoom=zoom, x=x, y=y, **({"time": "-1", "depth": "0"} | more)
    )
    response = client.get("/internal/tile-field", params=msgspec.structs.asdict(query))
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-msgpack"
    return msgspec.msgpack.decode(response.content, type=TileField)


def pixels(field):
    assert (field.values.dtype, field.values.shape) == ("<f4", (256, 256))
    return np.frombuffer(field.values.data, field.values.dtype).reshape(256, 256)


def opened(field):
    rows, columns = (np.frombuffer(item.data, item.dtype) for item in (field.rows, field.columns))
    assert len(rows) == len(columns) == 256
    values = np.frombuffer(field.values.data, field.values.dtype).reshape(field.values.shape)
    return values[rows][:, columns]


@loop_over("kind", ["nearest", "bilinear"])
@loop_over("where", TILES)
def test_a_folded_field_is_the_field(client, where, kind):
    response = ask(client, where, interpolation=kind)
    folded = ask(client, where, interpolation=kind, folded=True)
    assert (response.rows, response.columns) == (None, None)
    if folded.rows is None:
        assert folded == response
    else:
        np.testing.assert_array_equal(opened(folded), pixels(response))


def test_two_components_on_one_grid_are_folded_together(client):
    pair = ("ostia_month", "surface_temperature,surface_temperature", 4, 15, 8)
    full, folded = (ask(client, pair, interpolation="nearest", folded=item) for item in (False, True))
    assert folded.rows is not None
    np.testing.assert_array_equal(opened(folded), pixels(full))


@loop_over("where", [("ostia_month", "surface_temperature", 4, 14, 9), ("ostia_month", "surface_temperature", 1, 1, 1)])
@loop_over(("kind", "side"), BLOCKS.items())
def test_a_block_of_a_regular_grid_is_its_tiles(client, where, kind, side):
    dataset, variable, zoom, x, y = where
    block = ask(client, where, interpolation=kind, folded=True, block=side)
    across = min(side, 2**zoom)
    assert block.block == across
    values = np.frombuffer(block.values.data, "<f4").reshape(block.values.shape)
    if kind == "nearest":
        rows, columns = (np.frombuffer(item.data, item.dtype) for item in (block.rows, block.columns))
        values = values[rows][:, columns]
    left, top = x - x % across, y - y % across
    for i, j in np.ndindex(across, across):
        alone = ask(client, (dataset, variable, zoom, left + i, top + j), interpolation=kind)
        part = values[j * 256 : j * 256 + 256, i * 256 : i * 256 + 256]
        if alone.values is None:
            assert np.isnan(part).all()
        else:
            np.testing.assert_array_equal(part, pixels(alone))


def test_a_block_is_answered_only_where_it_costs_little_more_than_the_tile(client):
    curvilinear = "wcofs_hour", "u_sur", 8, 39, 91
    for where, kind in ((curvilinear, "nearest"), (curvilinear, "bilinear"), (TILES[0], "gaussian")):
        alone = ask(client, where, interpolation=kind, folded=True)
        assert ask(client, where, interpolation=kind, folded=True, block=4) == alone
        assert alone.block == 1


def test_near_by_a_field_of_a_regular_grid_is_folded_to_its_cells(client):
    folded = ask(client, ("ostia_month", "surface_temperature", 7, 64, 64), interpolation="nearest", folded=True)
    assert max(folded.values.shape) < 10


def centre(zoom, x, y, row, column):
    """Where the centre of a pixel lies, by the inverse of the spherical Mercator projection."""
    east = (x + (column + 0.5) / 256) / 2**zoom
    north = (y + (row + 0.5) / 256) / 2**zoom
    return np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * north)))), east * 360 - 180


@pytest.fixture(scope="module")
def fields(request):
    """Latitudes, longitudes and the last surface field of the shipped variables, by xarray."""
    folder = request.path.parents[2] / "deploy" / "sample_data"

    def read(path, name, latitude, longitude):
        with xr.open_dataset(folder / path, **OPEN) as opened:
            field = opened[name].isel({opened[name].dims[0]: -1})
            field = (field[0] if field.ndim == 3 else field).values
            places = opened[latitude].values.astype(float), opened[longitude].values.astype(float)
        return *(places if places[0].ndim == 2 else np.meshgrid(*places, indexing="ij")), field

    return {
        "votemper": read("projected/arctic20_roms_z.nc", "temperature", "latitude", "longitude"),
        "tos": read("nemo/nemo_1m_20150301-20150401_grid-T.nc", "tos", "nav_lat", "nav_lon"),
        "surface_temperature": read("regular/ostia_monthly.nc", "surface_temperature", "latitude", "longitude"),
        "u_sur": read("roms/wcofs_surface_uv.nc", "u_sur", "lat_u", "lon_u"),
        "v_sur": read("roms/wcofs_surface_uv.nc", "v_sur", "lat_v", "lon_v"),
    }


@loop_over("where", TILES)
@pytest.mark.ci
def test_a_pixel_is_the_nearest_cell_of_its_centre(client, fields, where):
    result = pixels(ask(client, where, interpolation="nearest"))
    _, variable, zoom, x, y = where
    latitudes, longitudes, field = fields[variable]
    created = np.random.default_rng(zoom)
    observed = 0
    for row, column in created.integers(0, 256, (120, 2)):
        latitude, longitude = centre(zoom, x, y, row, column)
        distances = great_circle_distance(np.float64(latitude), np.float64(longitude), latitudes, longitudes)
        expected = field.ravel()[np.nanargmin(distances)]
        if np.isnan(result[row, column]):
            # Land, or outside the grid: half a cell from its rim.
            assert np.isnan(expected) or np.nanmin(distances) > 0.3 * np.median(np.sort(distances.ravel())[1:5])
        else:
            assert result[row, column] == pytest.approx(expected, rel=1e-6)
            observed += 1
    assert observed > 2


@loop_over("interpolation", ["nearest", "bilinear", "gaussian", "inverse"])
@loop_over("where", [TILES[1], TILES[5], TILES[9]])
def test_a_pixel_is_what_the_point_at_its_centre_says(client, where, interpolation):
    result = pixels(ask(client, where, interpolation=interpolation, radius=60, neighbours=6))
    dataset, variable, zoom, x, y = where
    for row, column in np.random.default_rng(8).integers(0, 256, (8, 2)):
        latitude, longitude = centre(zoom, x, y, row, column)
        query = {"latitude": latitude, "longitude": longitude, "interpolation": interpolation, "time": "-1"}
        point = client.get(
            f"/api/v2.0/data/{dataset}/{variable}/timeseries", params=query | {"radius": 60, "neighbours": 6}
        )
        if point.status_code == 422:
            assert np.isnan(result[row, column])
        else:
            value = point.json()["values"][0][0]
            assert result[row, column] == pytest.approx(np.nan if value is None else value, rel=1e-5, nan_ok=True)


@loop_over("interpolation", ["nearest", "bilinear", "gaussian", "inverse"])
def test_there_is_no_seam_at_the_date_line_nor_where_the_file_is_cut_open(client, interpolation):
    for dataset, variable, zoom, y in [
        ("ostia_month", "surface_temperature", 3, 4),
        ("nemo_global_month", "tos", 3, 4),
    ]:
        west = pixels(ask(client, (dataset, variable, zoom, 7, y), interpolation=interpolation))
        east = pixels(ask(client, (dataset, variable, zoom, 0, y), interpolation=interpolation))
        edge = np.stack([west[:, -1], east[:, 0]])
        rows = np.isfinite(edge).all(axis=0)
        assert rows.sum() >= 30
        assert np.abs(edge[0] - edge[1])[rows].max() < 1.5
    around = pixels(ask(client, ("ostia_month", "surface_temperature", 0, 0, 0), interpolation=interpolation))
    band = around[127:129]
    assert np.isfinite(band[:, [0, 127, 128, 255]]).all()  # ±180 and 0, where 0..360 is cut open


def test_a_coarse_grid_has_no_holes_between_its_cells(client):
    result = pixels(
        ask(client, ("nemo_global_month", "tos", 6, 13, 32), interpolation="gaussian", radius=5, neighbours=1)
    )
    assert np.isfinite(result).all()  # in the Pacific, on the equator, where cells are 100 km wide


def test_a_tile_outside_the_data_is_empty(client):
    assert ask(client, ("wcofs_hour", "u_sur", 5, 0, 0)).values is None
    assert ask(client, ("ostia_month", "surface_temperature", 3, 3, 0)).values is None


def test_two_components_make_a_magnitude(client):
    where = ("arctic_day", 5, 17, 6)
    response = ask(client, (where[0], "x_velocity,y_velocity", *where[1:]), interpolation="nearest")
    first, second = (
        pixels(ask(client, (where[0], name, *where[1:]), interpolation="nearest"))
        for name in ("x_velocity", "y_velocity")
    )
    np.testing.assert_allclose(pixels(response), np.hypot(first, second), rtol=1e-6)
    assert (response.variable.key, response.variable.name) == ("x_velocity,y_velocity", "Speed")
    assert response.variable.standard_name == "sea_water_speed"
    assert response.variable.scale[0] == 0


def test_components_on_their_own_points_meet_in_the_pixels(client):
    field = ask(client, ("wcofs_hour", "u_sur,v_sur", 8, 39, 91))
    assert 0 < np.nanmax(pixels(field)) < 3


def test_the_bottom_is_the_deepest_wet_level_of_each_column(client, request):
    result = pixels(ask(client, ("arctic_day", "votemper", 5, 17, 6), depth="bottom", interpolation="nearest"))
    with xr.open_dataset(request.path.parents[2] / "deploy/sample_data/projected/arctic20_roms_z.nc", **OPEN) as opened:
        levels = opened.temperature[-1].values
        latitudes, longitudes = opened.latitude.values, opened.longitude.values
    for row, column in np.random.default_rng(9).integers(0, 256, (60, 2)):
        distances = great_circle_distance(*map(np.float64, centre(5, 17, 6, row, column)), latitudes, longitudes)
        y, x = np.unravel_index(distances.argmin(), distances.shape)
        wet = levels[np.isfinite(levels[:, y, x]), y, x]
        assert result[row, column] == pytest.approx(wet[-1] if wet.size else np.nan, rel=1e-6, nan_ok=True)


def test_a_variable_without_time_or_depth_has_a_field(client):
    for depth in ("0", "bottom"):
        result = pixels(ask(client, ("arctic_day", "h", 5, 17, 6), depth=depth, time="1454328000"))
        assert np.nanmax(result) > 1000


def test_a_tile_says_its_revision_and_variable(client):
    field = ask(client, ("arctic_day", "votemper", 5, 17, 6))
    assert (field.revision, field.variable.key, field.variable.units) == ("r1", "votemper", "Celsius")


def test_pixels_are_at_their_centres():
    latitude, longitude = (part.reshape(256, 256) for part in pixel_centres("EPSG:3857", 0, 0, 0))
    assert longitude[0, 0] == pytest.approx(-180 + 180 / 256)
    assert longitude[:, 255] == pytest.approx(180 - 180 / 256)
    assert latitude[0, 0] == pytest.approx(-latitude[255, 0])
    assert latitude[127, 0] == pytest.approx(0.703, abs=1e-3)


def test_a_field_has_the_next_time_step_in_the_form_of_the_request(client):
    where = ("ostia_month", "surface_temperature", 4, 15, 8)
    with netCDF4.Dataset(SHIPPED / "regular/ostia_monthly.nc") as dataset:
        raw = [str(int(value)) for value in dataset["time"][:]]
        dates = [
            moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")
            for moment in num2date(dataset["time"][:3], dataset["time"].units)
        ]
    assert ask(client, where, time=raw[3]).next_time == raw[4]
    assert ask(client, where, time=dates[1]).next_time == dates[2]
    for time in (raw[-1], "-1", "2006-05"):
        assert ask(client, where, time=time).next_time == ""
