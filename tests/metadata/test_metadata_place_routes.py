"""Places as maps ask for them."""

import os
from pathlib import Path

import httpx
import pytest
import shapely
from litestar.testing import TestClient
from pyproj import Transformer
from tests.looping import loop_over

from ocean_common.clients.metadata import MetadataClient
from ocean_core.errors import NotFound
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.places.gazetteer import Gazetteer

SAMPLE_DATA = Path(__file__).parents[2] / "deploy" / "sample_data" / "kml"
WORLD = 40_075_016.685578488  # m around EPSG:3857
KML = "/api/v2.0/kml"


class NoDatasets:
    snapshot = Snapshot(revision="1", datasets={})

    async def revision(self, dataset):
        return self.snapshot.dataset(dataset).revision

    async def steps(self, record, time):
        raise AssertionError("there are no datasets")


def area(name, rim):
    text = f"<outerBoundaryIs><LinearRing><coordinates>{rim}</coordinates></LinearRing></outerBoundaryIs>"
    return f"<Placemark><name>{name}</name><Polygon>{text}</Polygon></Placemark>"


COAST = " ".join(f"{index / 100},{60 + (0.02 if index % 2 else 0)}" for index in range(1001)) + " 10,62 0,62 0,60"
PLACES = {
    "point/poles.kml": "".join(
        f"<Placemark><name>{name}</name><Point><coordinates>{where}</coordinates></Point></Placemark>"
        for name, where in {"north": "0,90", "south": "0,-90", "fiji": "178,-18", "samoa": "-172,-14"}.items()
    ),
    "line/cruise.kml": "<Folder><name>Cruise</name><Placemark><name>Fiji to Samoa</name><LineString>"
    "<coordinates>178,-18 -172,-14</coordinates></LineString></Placemark></Folder>",
    "area/wide.kml": "<Folder><name>Wide</name>"
    + area("Date line", "170,60 -170,60 -170,65 170,65")
    + area("Cap", "0,80 90,80 180,80 -90,80")
    + area("Coast / inner", COAST)
    + "</Folder>",
    "area/broken.kml": "<Folder>",
}


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory):
    root = tmp_path_factory.mktemp("places")
    for name, body in PLACES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"<kml>{body}</kml>" if "broken" not in name else body)
    result = Gazetteer(str(root))
    result.refresh()
    return result


@pytest.fixture(scope="module")
def client(gazetteer):
    with TestClient(create_app(NoDatasets(), gazetteer=gazetteer)) as result:
        yield result


@pytest.fixture(scope="module")
def shipped():
    places = Gazetteer(str(SAMPLE_DATA))
    places.refresh()
    with TestClient(create_app(NoDatasets(), gazetteer=places)) as result:
        yield result


def names(client, path, **params):
    response = client.get(f"{KML}/{path}", params=params)
    assert response.status_code == 200, response.text
    return [feature["properties"]["name"] for feature in response.json()["features"]]


def view(*degrees, projection="EPSG:3857"):
    to = Transformer.from_crs("EPSG:4326", projection, always_xy=True)
    west, south, east, north = degrees
    (left, right), (bottom, top) = to.transform([west, east], [south, north])
    return f"{left},{bottom},{right},{top}"


def test_lists_are_what_the_front_end_reads(shipped):
    assert shipped.get(f"{KML}/point").json() == [
        {"id": "kola_section", "name": "Kola section, stations"},
        {"id": "nordic_seas", "name": "Nordic Seas, stations"},
        {"id": "north_atlantic", "name": "North Atlantic, stations"},
    ]
    assert shipped.get(f"{KML}/line").json() == [
        {"id": "nordic_seas", "name": "Nordic Seas, sections"},
        {"id": "north_atlantic", "name": "North Atlantic, sections"},
    ]
    assert shipped.get(f"{KML}/area").json() == [
        {"id": "nordic_seas", "name": "Nordic Seas, areas"},
        {"id": "north_atlantic", "name": "North Atlantic, areas"},
    ]


def test_features_are_what_the_front_end_reads(shipped):
    query = {"projection": "EPSG:3857", "view_bounds": "2000000,10000000,6000000,13000000", "resolution": "9784"}
    (point, *_) = shipped.get(f"{KML}/point/kola_section", params=query).json()["features"]
    assert point == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [33.5, 71.5]},
        "properties": {"name": "K5", "type": "Point", "resolution": 0},
    }
    (line, *_) = shipped.get(f"{KML}/line/nordic_seas", params=query).json()["features"]
    assert line["properties"] == {"name": "Barents Sea Opening", "type": "LineString", "resolution": 0}
    assert line["geometry"]["type"] == "LineString"
    result = {
        feature["properties"]["name"]: feature
        for feature in shipped.get(f"{KML}/area/nordic_seas", params=query).json()["features"]
    }
    assert result["Barents Sea Opening"] == {
        "type": "Feature",
        "geometry": {
            "type": "MultiPolygon",
            "coordinates": [[[[15, 70.5], [22, 70.5], [22, 74.5], [15, 74.5], [15, 70.5]]]],
        },
        "properties": {
            "name": "Barents Sea Opening",
            "type": "Polygon",
            "resolution": 9784,
            "key": "nordic_seas/Barents Sea Opening",
            "centroid": [18.5, 72.5],
            "class": "predefined",
        },
    }


def test_without_bounds_everything_is_in_view(client):
    assert names(client, "area/wide") == ["Date line", "Cap", "Coast / inner"]
    assert names(client, "point/poles") == ["north", "south", "fiji", "samoa"]
    assert names(client, "line/cruise", projection="EPSG:32661") == ["Fiji to Samoa"]


def test_integers_and_decimals_are_bounds_alike(client):
    assert names(client, "area/wide", view_bounds="0,8000000,1500000,9000000") == ["Coast / inner"]
    assert names(client, "area/wide", view_bounds="0.25,8000000.5,1.5e6,9000000.125") == ["Coast / inner"]


@loop_over("turns", [-2, -1, 0, 1, 3])
def test_a_view_over_the_date_line_shows_what_lies_on_both_sides(client, turns):
    left, bottom, right, top = (float(part) for part in view(165, -30, 179, 0).split(","))
    bounds = f"{left + turns * WORLD},{bottom},{right + 15 * WORLD / 360 + turns * WORLD},{top}"
    assert names(client, "point/poles", view_bounds=bounds) == ["fiji", "samoa"]
    assert names(client, "line/cruise", view_bounds=bounds) == ["Fiji to Samoa"]


def test_a_view_that_ends_west_of_where_it_begins_crosses_the_date_line(client):
    west, east = 170 * WORLD / 360, -165 * WORLD / 360
    assert names(client, "point/poles", view_bounds=f"{west},-3000000,{east},0") == ["fiji", "samoa"]


def test_both_ends_of_an_area_over_the_date_line_are_in_view(client):
    for bounds in (view(172, 61, 175, 62), view(-178, 61, -175, 62)):
        assert names(client, "area/wide", view_bounds=bounds) == ["Date line"]


def test_a_view_of_more_than_the_world_shows_each_place_once(client):
    assert names(client, "point/poles", view_bounds=f"{-2 * WORLD},-3e6,{2 * WORLD},0") == ["fiji", "samoa"]


def test_polar_views_show_their_own_pole(client):
    near = "1000000,1000000,3000000,3000000"  # around the pole, at 2000 km east and north
    assert names(client, "point/poles", projection="EPSG:32661", view_bounds=near) == ["north"]
    assert "Cap" in names(client, "area/wide", projection="EPSG:32661", view_bounds="1500000,1500000,1900000,1900000")
    south = "-100000,-100000,100000,100000"
    assert names(client, "point/poles", projection="EPSG:3031", view_bounds=south) == ["south"]
    assert names(client, "area/wide", projection="EPSG:3031", view_bounds=south) == []


@loop_over("projection", ["EPSG:3857", "EPSG:32661", "EPSG:3031"])
@loop_over("resolution", [100, 2_000, 9_784, 100_000, 1e9])
def test_areas_are_smoothed_and_stay_valid(client, projection, resolution):
    query = {"projection": projection, "resolution": resolution}
    features = client.get(f"{KML}/area/wide", params=query).json()["features"]
    assert len(features) == 3
    for feature in features:
        assert shapely.geometry.shape(feature["geometry"]).is_valid


def test_the_resolution_decides_how_many_positions_are_left(client):
    def size(resolution):
        coast = client.get(f"{KML}/area/wide", params={"resolution": resolution}).json()["features"][2]
        return len(coast["geometry"]["coordinates"][0][0])

    assert (size(0), size(100), size(9_784)) == (1004, 1004, 5)


@loop_over(
    ("path", "status"),
    [
        ("point/nope", 404),
        ("area/broken", 404),
        ("circle", 404),
        ("circle/poles", 404),
        ("area/..%2Fpoint%2Fpoles", 404),
        ("area/..", 404),
        ("area/%2e%2e/poles", 404),
        ("area/%2Fetc%2Fpasswd", 404),
        ("area/wide%00", 404),
        ("area/%00", 404),
        ("area/wide.kml", 404),
        ("area/wide?view_bounds=1,2,3", 400),
        ("area/wide?view_bounds=nan,nan,nan,nan", 400),
        ("area/wide?view_bounds=0,0,inf,1", 400),
        ("area/wide?view_bounds=0,9,1,1", 400),
        ("area/wide?view_bounds=1,0,0,1&projection=EPSG:3031", 400),
        ("area/wide?resolution=fine", 400),
        ("area/wide?resolution=nan", 400),
        ("area/wide?projection=EPSG:4326", 400),
        ("area/wide?projection=%00", 400),
        ("area/wide?view_bounds=" + "1," * 5_000, 400),
    ],
)
def test_wrong_questions_are_answered_with_problems(client, path, status):
    response = client.get(f"{KML}/{path}")
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_parameters_of_other_clients_are_ignored(client):
    assert names(client, "line/cruise", resolution="9784", cache="no") == ["Fiji to Samoa"]


def test_a_file_that_cannot_be_served_is_reported(client):
    (result,) = client.get(f"{KML}/status").json()
    assert (result["kind"], result["file"]) == ("area", "broken.kml")


def test_a_response_is_cached_until_the_file_changes(tmp_path):
    path = tmp_path / "line" / "a.kml"
    path.parent.mkdir()
    path.write_text(f"<kml>{PLACES['line/cruise.kml']}</kml>")
    places = Gazetteer(str(tmp_path))
    places.refresh()
    with TestClient(create_app(NoDatasets(), gazetteer=places)) as client:
        tags = {item: client.get(f"{KML}/{item}").headers["etag"] for item in ("line", "line/a")}
        for item, tag in tags.items():
            assert client.get(f"{KML}/{item}", headers={"if-none-match": tag}).status_code == 304
        path.write_text(f"<kml>{PLACES['line/cruise.kml'].replace('Samoa', 'Tonga')}</kml>")
        os.utime(path, ns=(1, 1))
        places.refresh()
        for item, tag in tags.items():
            assert client.get(f"{KML}/{item}", headers={"if-none-match": tag}).status_code == 200


@pytest.mark.anyio
async def test_neighbours_get_an_area_by_its_key(gazetteer):
    app = create_app(NoDatasets(), gazetteer=gazetteer)
    async with MetadataClient("http://metadata", httpx.ASGITransport(app)) as client:
        result = await client.area("wide/Date line")
        assert (result.key, result.name) == ("wide/Date line", "Date line")
        assert result.geometry.type == "MultiPolygon"
        assert (await client.area("wide/Coast / inner")).name == "Coast / inner"
        for wrong in ("wide", "wide/", "wide/nope", "", "../wide", "wide/Date line\0", "a/b/c%2F"):
            with pytest.raises(NotFound, match="group/name"):
                await client.area(wrong)
