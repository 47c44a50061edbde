"""The map under the data, over HTTP: topography, depth contours, vector tiles."""

import asyncio
import gzip
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from litestar.testing import TestClient
from PIL import Image
from tests.looping import loop_over
from tests.plotting.fakes import FakeCatalogue, FakeNumbers

from ocean_common.settings import SettingsError
from ocean_core.tiles import Tile
from ocean_plotting.app import create_app
from ocean_plotting.basemap.land import Coasts, open_coasts
from ocean_plotting.basemap.relief import open_relief
from ocean_plotting.basemap.render import BasemapRenderer
from ocean_plotting.basemap.vector_tiles import open_mbtiles

SAMPLES = Path(__file__).parents[2] / "deploy/sample_data"
COARSE, FINE = (SAMPLES / f"coast/ne_{scale}_land.geojson.gz" for scale in ("110m", "50m"))
PLANES = ("EPSG:3857", "EPSG:32661", "EPSG:3031")
VECTOR = "application/vnd.mapbox-vector-tile"


class NoFigures:
    async def draw(self, *_):
        raise NotImplementedError

    def unready(self):
        return []


@pytest.fixture(scope="module")
def cartographer():
    relief = open_relief(SAMPLES / "topo/etopo1_6min_int16.nc")
    return BasemapRenderer(relief, open_coasts(COARSE, FINE))


def served(basemap):
    app = create_app(catalogue=FakeCatalogue(), numbers=FakeNumbers(), drawing=NoFigures(), basemap=basemap)
    return TestClient(app, base_url="http://plotting/api/v2.0", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client(cartographer):
    with served(cartographer) as client:
        yield client


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def layers(content):
    return mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})


def shapes(content, layer):
    return [shapely.geometry.shape(feature["geometry"]) for feature in layers(content)[layer]["features"]]


@loop_over("projection", PLANES)
@loop_over("relief", ["false", "True"])
def test_topography_fills_the_world(client, projection, relief):
    for zoom, x, y in ((0, 0, 0), (3, 2, 5), (9, 170, 200), (20, 300_000, 400_000)):
        response = client.get(f"/tiles/topo/{zoom}/{x}/{y}?shaded_relief={relief}&projection={projection}")
        assert response.headers["content-type"] == "image/png"
        image = pixels(response.content)
        assert image.shape == (256, 256, 4)
        assert (image[..., 3] == 255).all()


def test_light_on_slopes_is_another_picture_than_none(client):
    plain, shaded = (
        pixels(client.get(f"/tiles/topo/4/5/5?shaded_relief={relief}").content) for relief in ("false", "true")
    )
    assert (plain != shaded).any()


BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@loop_over(
    ("accept", "form"),
    [
        (BROWSER, "webp"),
        ("*/*", "png"),
        ("image/*", "png"),
        ("image/webp;q=0.5,image/png", "png"),
        ("image/webp", "webp"),
    ],
)
def test_shaded_relief_is_a_small_webp_for_who_names_that(client, accept, form):
    path = "/tiles/topo/4/5/5?shaded_relief=true"
    plain, answer = client.get(path), client.get(path, headers={"accept": accept})
    assert (answer.headers["content-type"], answer.headers["vary"]) == (f"image/{form}", "accept")
    assert (answer.headers["etag"] != plain.headers["etag"]) == (form == "webp")
    assert len(answer.content) < len(plain.content) / 5 or form == "png"
    difference = pixels(answer.content).astype(int) - pixels(plain.content)
    assert np.abs(difference).mean() < 2
    assert "vary" not in client.get("/tiles/topo/4/5/5", headers={"accept": accept}).headers


@pytest.mark.parametrize("kind", ["topo", "bath"])
def test_beside_a_polar_view_there_is_nothing(client, kind):
    assert not pixels(client.get(f"/tiles/{kind}/3/-1/9?projection=EPSG:32661").content).any()


def test_land_is_where_the_coast_is_and_the_ocean_is_blue(client):
    image = pixels(client.get("/tiles/topo/0/0/0").content).astype(int)
    sahara, pacific = image[110, 140], image[140, 20]
    assert sahara[0] > sahara[2]
    assert pacific[2] > pacific[0] + 40


@loop_over(
    "tiles",
    [
        (Tile("EPSG:3857", 4, 5, 5), Tile("EPSG:3857", 4, 6, 5)),
        (Tile("EPSG:3857", 3, 7, 4), Tile("EPSG:3857", 3, 0, 4)),  # over the date line
        (Tile("EPSG:32661", 2, 1, 1), Tile("EPSG:32661", 2, 2, 1)),
        (Tile("EPSG:3031", 6, 31, 31), Tile("EPSG:3031", 6, 32, 31)),  # beside the pole
    ],
)
def test_a_tile_s_heights_go_on_in_the_next(cartographer, tiles):
    left, right = tiles
    local = np.array([0.5, 1.5, 100.5, 254.5, 255.5])
    at = np.concatenate([local[2:], local[:2] + 256])  # the last of its rows, and the first columns beyond it
    beyond = cartographer._heights(left, at, left.resolution)[:3, 3:]
    begins = cartographer._heights(right, local, right.resolution)[2:, :2]
    np.testing.assert_allclose(beyond, begins, atol=0.5)


def test_edges_of_neighbours_have_no_more_contrast_than_the_inside(client):
    for kind in ("topo/5/{}/11", "topo/5/{}/11?shaded_relief=true"):
        row = [pixels(client.get(f"/tiles/{kind.format(x)}").content)[..., :3].astype(int) for x in (10, 11, 12)]
        full = np.concatenate(row, axis=1)
        steps = np.abs(np.diff(full, axis=1)).mean(axis=(0, 2))
        assert max(steps[255], steps[511]) < 1.5 * np.percentile(steps, 95)


def test_contours_are_thin_lines_on_nothing(client):
    response = client.get("/tiles/bath/4/5/5?projection=EPSG:3857")
    opacity = pixels(response.content)[..., 3]
    assert response.headers["content-type"] == "image/png"
    assert 0.01 < (opacity > 60).mean() < 0.2
    assert not pixels(client.get("/tiles/bath/6/36/27").content)[..., 3].any()  # the Sahara


def test_contours_keep_off_land_that_lies_below_the_sea(client):
    land = shapes(client.get("/mbt/lands/4/5/13").content, "lands")  # rock under the ice of Antarctica
    assert land
    bath = client.get("/mbt/bath/4/5/13").content
    assert shapely.union_all(shapes(bath, "bath")).intersection(shapely.union_all(land).buffer(-3)).length == 0


def test_land_comes_as_polygons_and_depths_as_lines_with_their_depth(client):
    land = client.get("/mbt/lands/4/5/5?projection=EPSG:3857")
    assert (land.status_code, land.headers["content-type"]) == (200, VECTOR)
    assert {shape.geom_type for shape in shapes(land.content, "lands")} <= {"Polygon", "MultiPolygon"}
    bath = layers(client.get("/mbt/bath/4/5/5").content)["bath"]["features"]
    assert {shape["properties"]["depth"] for shape in bath} <= {100, 200, 500, 1000, 2000, 3000, 4000, 5000, 6000}
    assert {shape["geometry"]["type"] for shape in bath} <= {"LineString", "MultiLineString"}


def test_land_of_a_tile_is_that_of_the_coast_file(client):
    tile = shapely.union_all(shapes(client.get("/mbt/lands/5/10/11").content, "lands"))
    full = shapely.from_geojson(gzip.decompress(FINE.read_bytes()))
    rng = np.random.default_rng(3)
    right, down = rng.uniform(0, 4096, (2, 400))
    longitude = (10 + right / 4096) / 32 * 360 - 180
    latitude = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (11 + down / 4096) / 32))))
    shapely.prepare(full)
    expected = shapely.contains_xy(full, longitude, latitude)
    assert (shapely.contains_xy(tile, right, down) == expected).mean() > 0.99


def test_lines_go_on_in_the_next_tile(client):
    def crossings(x, edge):
        side = shapely.linestrings([(edge, 0), (edge, 4096)])
        lines = shapely.union_all(shapes(client.get(f"/mbt/bath/5/{x}/11").content, "bath"))
        return np.sort(shapely.get_coordinates(lines.intersection(side))[:, 1])

    left, right = crossings(13, 4096), crossings(14, 0)
    assert len(left) > 2
    np.testing.assert_allclose(left, right, atol=6)


def test_the_date_line_does_not_cut_the_land():
    land = open_coasts(None, FINE).polygons(Tile("EPSG:3857", 6, 0, 15), 16.0)  # Chukotka
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(land)]
    sides = [np.abs(np.diff(ring, axis=0)) for ring in rings]
    starts = [ring[:-1] for ring in rings]
    assert starts
    for start, step in zip(starts, sides, strict=True):
        assert not ((np.abs(start[:, 0]) < 0.01) & (step[:, 0] < 0.01) & (step[:, 1] > 1)).any()


def test_there_is_no_hole_in_the_ice_at_the_pole(cartographer):
    image = pixels(cartographer.draw("topo", Tile("EPSG:3031", 8, 128, 128)))
    assert image[:4, :4, :3].min() > 230


def test_vector_tiles_are_empty_in_other_projections_and_below_their_zoom(cartographer, client):
    assert client.get("/mbt/lands/4/5/5?projection=EPSG:32661").content == b""
    with served(BasemapRenderer(cartographer._relief, cartographer._coasts, vector_zoom=7)) as usual:
        for kind in ("lands", "bath"):
            far, near = usual.get(f"/mbt/{kind}/6/21/22"), usual.get(f"/mbt/{kind}/7/42/44")
            assert (far.status_code, far.content, far.headers["content-type"]) == (200, b"", VECTOR)
            assert near.content


@loop_over(
    ("path", "setting"),
    [
        ("/tiles/topo/4/5/5", "OCEAN_PLOTTING_RELIEF"),
        ("/tiles/bath/4/5/5", "OCEAN_PLOTTING_RELIEF"),
        ("/mbt/bath/4/5/5", "OCEAN_PLOTTING_RELIEF"),
        ("/mbt/lands/4/5/5", "OCEAN_PLOTTING_FINE_COAST"),
    ],
)
def test_without_its_file_a_piece_says_which_setting_would_help(path, setting):
    with served(None) as client:
        response = client.get(path)
    assert (response.status_code, response.json()["type"]) == (404, "urn:ocean:NotFound")
    assert setting in response.json()["detail"]


@loop_over(
    ("path", "status", "field"),
    [
        ("/tiles/topo/99/8/3", 404, "zoom"),
        ("/tiles/bath/4/16/3", 404, "x"),
        ("/tiles/topo/4/8/-1", 404, "y"),
        ("/tiles/topo/4/8/3?projection=EPSG:1", 400, "projection"),
        ("/mbt/rivers/7/8/3", 404, "tiletype"),
        ("/tiles/topo/4/8/3?shaded_relief=maybe", 400, "shaded_relief"),
    ],
)
def test_a_wrong_piece_is_refused_with_what_works(client, path, status, field):
    response = client.get(path)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field), response.text


def test_a_piece_is_cached_by_its_files(client, cartographer):
    first = client.get("/tiles/topo/3/2/2")
    assert client.get("/tiles/topo/3/2/2", headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert "max-age=60" in first.headers["cache-control"]
    assert (
        "immutable"
        in client.get(f"/tiles/topo/3/2/2?rev={asyncio.run(cartographer.revision('topo'))}").headers["cache-control"]
    )


def test_without_a_coast_heights_separate_land_from_sea(cartographer):
    image = pixels(BasemapRenderer(cartographer._relief, Coasts(None, None)).draw("topo", Tile("EPSG:3857", 0, 0, 0)))
    assert image[110, 140, 0] > image[110, 140, 2]


def write_mbtiles(path, rows):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE tiles (zoom_level INT, tile_column INT, tile_row INT, tile_data BLOB)")
        database.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    database.close()


def test_an_operator_s_own_vector_tiles_are_passed_on_unpacked(tmp_path):
    plain, packed = b"\x1a\x02ab", gzip.compress(b"\x1a\x02cd")
    write_mbtiles(tmp_path / "lands.mbtiles", [(7, 42, 127 - 44, packed), (7, 42, 127 - 45, plain)])
    basemap = BasemapRenderer(None, Coasts(None, None), open_mbtiles(tmp_path), 7)
    with closing(basemap), served(basemap) as client:
        assert client.get("/mbt/lands/7/42/44").content == b"\x1a\x02cd"
        assert client.get("/mbt/lands/7/42/45").content == plain
        assert client.get("/mbt/lands/7/42/46").content == b""
        assert client.get("/mbt/bath/7/42/44").status_code == 404
        assert "content-encoding" not in client.get("/mbt/lands/7/42/44").headers


def test_files_that_are_not_there_or_not_such_stop_the_start(tmp_path):
    with pytest.raises(SettingsError, match="OCEAN_PLOTTING_MBTILES"):
        open_mbtiles(tmp_path)
    (tmp_path / "bath.mbtiles").write_text("no database at all, though it is long enough to be one" * 40)
    with pytest.raises(SettingsError, match="OCEAN_PLOTTING_MBTILES"):
        open_mbtiles(tmp_path)
    (tmp_path / "no.geojson").write_text("{")
    (tmp_path / "no.geojson.gz").write_text("{")
    for name in ("none.geojson", "no.geojson", "no.geojson.gz"):
        with pytest.raises(SettingsError, match="OCEAN_PLOTTING_FINE_COAST"):
            open_coasts(COARSE, tmp_path / name)


def test_the_service_is_ready_when_coast_and_relief_are_read(cartographer):
    fresh = BasemapRenderer(cartographer._relief, cartographer._coasts)
    assert fresh.unready()
    fresh.load()
    assert not fresh.unready()
