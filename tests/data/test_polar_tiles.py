"""Tiles and arrows of polar views, against pyproj and the nearest cells of single points."""

import msgspec
import numpy as np
import pytest
from pyproj import Transformer
from tests.looping import loop_over

from ocean_common.contracts.data import TileField
from ocean_data.compute.tiles import pixel_centres

SQUARES = {  # left, bottom, right, top of tile 0/0/0, m
    "EPSG:32661": (-1154826.7379766018, -1154826.7379766018, 5154826.737976602, 5154826.737976601),
    "EPSG:3031": (-3087442.3458218463, -3087442.3458218463, 3087442.345821846, 3087442.345821846),
}


@loop_over("projection", SQUARES)
@loop_over(("zoom", "x", "y"), [(0, 0, 0), (2, 1, 3), (5, 17, 4)])
def test_the_pixels_of_a_polar_tile_lie_where_the_map_draws_them(projection, zoom, x, y):
    left, bottom, right, top = SQUARES[projection]
    latitude, longitude = pixel_centres(projection, zoom, x, y)
    easting, northing = Transformer.from_crs("EPSG:4326", projection, always_xy=True).transform(longitude, latitude)
    pixel = (right - left) / 2**zoom / 256
    columns = np.tile(np.arange(256), 256)
    rows = np.repeat(np.arange(256), 256)
    np.testing.assert_allclose(easting, left + (x * 256 + columns + 0.5) * pixel, atol=0.01)
    np.testing.assert_allclose(northing, top - (y * 256 + rows + 0.5) * pixel, atol=0.01)
    assert bottom == pytest.approx(top - pixel * 256 * 2**zoom, abs=0.01)


@pytest.mark.parametrize(("projection", "pole"), [("EPSG:32661", 90), ("EPSG:3031", -90)])
def test_the_pole_is_in_the_middle_of_a_polar_view(projection, pole):
    latitude, _ = pixel_centres(projection, 0, 0, 0)
    assert np.abs(latitude).reshape(256, 256)[127:129, 127:129].min() > 89.7
    assert (np.sign(latitude) == np.sign(pole)).all()


@loop_over(("x", "y"), [(-1, 0), (0, 4), (4, 0), (0, -1), (10**30, 0)])
def test_beside_the_square_of_a_polar_view_there_is_nothing_and_no_error(client, x, y):
    assert pixel_centres("EPSG:32661", 2, x, y)[0].size == 0
    where = f"/api/v2.0/tiles/quiver/arctic_day/x_velocity,y_velocity/-1/0/0/2/{x}/{y}?projection=EPSG:32661"
    if abs(x) < 2**62:
        response = client.get(where)
        assert response.status_code == 200, response.text
        assert response.json()["features"] == []
        query = {"zoom": 2, "x": x, "y": y, "projection": "EPSG:32661"}
        assert field(client, **query).values is None


def field(client, **asked):
    base = {"dataset": "arctic_day", "variable": "votemper", "time": "-1", "depth": "0", "interpolation": "nearest"}
    response = client.get("/internal/tile-field", params=base | asked)
    assert response.status_code == 200, response.text
    return msgspec.msgpack.decode(response.content, type=TileField)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_a_pixel_of_a_polar_tile_is_what_the_point_at_its_centre_says(client, interpolation):
    result = field(client, zoom=2, x=2, y=2, projection="EPSG:32661", interpolation=interpolation)
    values = np.frombuffer(result.values.data, "<f4").reshape(256, 256)
    wet = np.argwhere(np.isfinite(values))
    assert len(wet) > 200
    latitude, longitude = (part.reshape(256, 256) for part in pixel_centres("EPSG:32661", 2, 2, 2))
    for row, column in wet[:: len(wet) // 8]:
        point = {"latitude": latitude[row, column], "longitude": longitude[row, column], "depth": "0", "time": "-1"}
        answer = client.get(
            "/api/v2.0/data/arctic_day/votemper/profile", params=point | {"interpolation": interpolation}
        )
        assert answer.json()["values"][0][0] == pytest.approx(float(values[row, column]), abs=1e-4)


def test_arrows_of_a_polar_view_have_true_positions_and_bearings(client):
    where = "/api/v2.0/tiles/quiver/arctic_day/x_velocity,y_velocity/-1/0/0/2/2/2"
    features = client.get(where, params={"projection": "EPSG:32661"}).json()["features"]
    assert features
    centres = np.stack(pixel_centres("EPSG:32661", 2, 2, 2, 16)[::-1], axis=1)
    for feature in features:
        assert np.abs(centres - feature["geometry"]["coordinates"]).max(axis=1).min() < 1e-6
