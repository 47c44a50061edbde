"""Every address as the web front end asks for it, on the sample data."""

import base64
import io
import json
import math

import msgspec
import pytest
from PIL import Image
from tests.looping import leave_to_ci, loop_over

from ocean_common.contracts.common import Problem

API = "/api/v2.0"
DAY = "arctic_day"
PLOT = (
    "%7B%22dataset%22:%22arctic_day%22,%22names%22:[null],%22plotTitle%22:%22%22,%22showmap%22:true,"
    "%22station%22:[[73,20]],%22time%22:{time},%22variable%22:[%22votemper%22],%22variable_range%22:[null]%7D"
)


@pytest.fixture(scope="module")
def last(run):
    """The time that the front end chooses first."""
    return run.http.get(f"{API}/dataset/{DAY}/votemper/timestamps").json()[-1]["id"]


def problem_of(response):
    assert response.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(response.content, type=Problem)
    assert problem.status == response.status_code
    assert problem.message == problem.detail
    return problem


def picture(response):
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(response.content))
    image.load()
    return image


def test_the_list_of_datasets_has_what_the_page_starts_with(http):
    listed = {item["id"]: item for item in http.get(f"{API}/datasets").json()}
    assert list(listed) == ["giops_day", DAY, "nemo_global_month", "ostia_month", "wcofs_hour", "sfbofs_hour"]
    assert listed[DAY]["quantum"] == "day"
    assert len(listed[DAY]["default_location"]) == 3


def test_a_dataset_has_a_page_a_quantum_and_a_time_unit(http):
    assert http.get(f"{API}/dataset/{DAY}").json()["id"] == DAY
    assert http.get(f"{API}/dataset/{DAY}/quantum").json() == {"value": "day"}
    units = [http.get(f"{API}/{prefix}{DAY}/timeunit").json() for prefix in ("dataset/", "api/v2.0/")]
    assert units[0] == units[1]
    assert " since " in units[0]


def test_variables_depths_and_times_are_as_the_page_reads_them(http):
    variables = http.get(f"{API}/dataset/{DAY}/variables").json()
    assert {"votemper", "vosaline"} <= {item["id"] for item in variables}
    assert all(len(item["scale"]) == 2 and isinstance(item["two_dimensional"], bool) for item in variables)
    assert isinstance(http.get(f"{API}/dataset/{DAY}/variables?vectors_only=True").json(), list)
    depths = http.get(f"{API}/dataset/{DAY}/votemper/depths?include_all_key=true").json()
    assert [item["id"] for item in depths[:3]] == ["bottom", "all", 0]
    times = http.get(f"{API}/dataset/{DAY}/votemper/timestamps").json()
    assert len(times) == 5
    assert all(isinstance(item["id"], int) and item["value"].endswith("+00:00") for item in times)


def test_all_variables_are_listed_by_their_names(http):
    listed = http.get(f"{API}/datasets/variables/all").json()
    assert (DAY, "votemper") in {(item["dataset_id"], item["variable_id"]) for item in listed["Temperature"]}


def test_the_build_is_reported(http):
    assert set(http.get(f"{API}/git_info").json()) == {"git_hash", "git_tag"}


@loop_over("limits", ["-5,30", "1.5000,22.2500"])
def test_the_legend_is_a_picture(http, limits):
    legend = picture(http.get(f"{API}/scale/{DAY}/votemper/{limits}"))
    assert legend.height > legend.width  # it stands beside the map


@pytest.mark.parametrize("depth", ["0", "5", "bottom"])
@pytest.mark.parametrize("interp", ["gaussian", "bilinear", "inverse", "nearest"])
def test_a_tile_is_a_picture_of_256_pixels(http, last, depth, interp):
    query = f"projection=EPSG:3857&scale=-5,30&interp={interp}&radius=25&neighbours=10"
    tile = picture(http.get(f"{API}/tiles/{DAY}/votemper/{last}/{depth}/4/8/3?{query}"))
    assert tile.size == (256, 256)
    assert tile.convert("RGBA").getchannel("A").getextrema()[1] == 255


def test_a_tile_without_data_is_transparent(http, last):
    tile = picture(http.get(f"{API}/tiles/{DAY}/votemper/{last}/0/4/3/12?projection=EPSG:3857&scale=-5,30"))
    assert tile.convert("RGBA").getchannel("A").getextrema() == (0, 0)


def test_the_colormaps_are_listed_and_shown(http):
    listed = http.get(f"{API}/plot/colormaps").json()
    assert listed[0]["id"] == "default"
    assert len(listed) == 48
    for path in (f"{API}/plot/colormaps.png/", f"{API}/plot/colormaps.png"):
        picture(http.get(path))
    picture(http.get("/plot/colormaps.png/", follow_redirects=True))


def test_a_plot_is_a_data_url_in_a_json_string(http, last):
    response = http.get(f"{API}/plot/profile?query={PLOT.format(time=last)}&format=json")
    assert response.status_code == 200, response.text
    kind, _, content = response.json().partition(",")
    assert kind == "data:image/png;base64"
    Image.open(io.BytesIO(base64.b64decode(content))).load()


@pytest.mark.parametrize(
    ("asked", "begin"),
    leave_to_ci(
        [
            ("png&size=10x7&dpi=144", b"\x89PNG"),
            ("jpeg", b"\xff\xd8"),
            ("pdf", b"%PDF"),
            ("svg", b"<?xml"),
            ("ps", b"%!PS"),
            ("eps", b"%!PS"),
            ("tiff", b"II*"),
            ("csv", b"//"),
        ]
    ),
)
def test_a_plot_is_saved_in_every_format(http, last, asked, begin):
    response = http.get(f"{API}/plot/profile?query={PLOT.format(time=last)}&save=True&format={asked}")
    assert response.status_code == 200, response.text
    assert response.content.startswith(begin)
    assert response.headers["content-disposition"].startswith("attachment")


def test_a_plot_is_requested_by_post_as_well(http):
    query = {"dataset": DAY, "variable": "votemper,vosaline", "station": [[73, 20]], "time": -1}
    response = http.post(f"{API}/plot/profile?format=png", json=query)
    assert response.status_code == 200, response.text
    picture(response)


def test_numbers_at_a_point_are_values_by_time_and_depth(http):
    where = {"latitude": 73, "longitude": 20}
    profile = http.get(f"{API}/data/{DAY}/votemper/profile", params=where | {"time": -1}).json()
    series = http.get(f"{API}/data/{DAY}/votemper/timeseries", params=where | {"depth": 0}).json()
    assert (len(profile["values"]), len(profile["values"][0])) == (1, 17)
    assert (len(series["values"]), len(series["values"][0])) == (5, 1)
    assert series["values"][-1][0] == profile["values"][0][0]
    assert -3 < profile["values"][0][0] < 15


def test_numbers_come_as_csv(http):
    query = "latitude=73&longitude=20&depth=all&format=csv"
    response = http.get(f"{API}/data/{DAY}/votemper/timeseries?{query}")
    assert response.headers["content-type"].startswith("text/csv")
    assert len(response.text.splitlines()) == 1 + 5 * 17


def test_every_dataset_on_a_grid_has_tiles_and_numbers(http):
    for dataset in http.get(f"{API}/datasets").json():
        name = dataset["id"]
        variable = next(item for item in http.get(f"{API}/dataset/{name}/variables").json() if item["id"] != "h")["id"]
        time = http.get(f"{API}/dataset/{name}/{variable}/timestamps").json()[-1]["id"]
        longitude, latitude, zoom = dataset["default_location"] or (-40.0, 30.0, 2)
        x, y = tile_at(latitude, longitude, int(zoom))
        response = http.get(f"{API}/tiles/{name}/{variable}/{time}/0/{int(zoom)}/{x}/{y}")
        assert picture(response).convert("RGBA").getchannel("A").getextrema()[1] == 255, name
        where = {"latitude": latitude, "longitude": longitude}
        series = http.get(f"{API}/data/{name}/{variable}/timeseries", params=where)
        assert series.status_code == 200, series.text
        assert any(value is not None for row in series.json()["values"] for value in row), name


def tile_at(latitude, longitude, zoom):
    side = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * side
    return int((longitude + 180) / 360 * side), int(y)


@loop_over("variable", ["temp", "u,v"])
def test_nodes_and_faces_of_a_mesh_have_tiles(http, variable):
    time = http.get(f"{API}/dataset/sfbofs_hour/u/timestamps").json()[-1]["id"]
    x, y = tile_at(37.88, -122.49, 13)
    response = http.get(f"{API}/tiles/sfbofs_hour/{variable}/{time}/bottom/13/{x}/{y}")
    assert picture(response).convert("RGBA").getchannel("A").getextrema() == (0, 255)


LONG = "a" * 60_000
WRONG = {
    "unknown dataset": (f"{API}/dataset/nowhere/variables", 404),
    "unknown variable": (f"{API}/dataset/{DAY}/nothing/timestamps", 404),
    "unknown dataset in a tile": (f"{API}/tiles/nowhere/votemper/0/0/1/0/0?scale=0,1", 404),
    "unknown variable in a tile": (f"{API}/tiles/{DAY}/nothing/0/0/1/0/0?scale=0,1", 404),
    "unknown time": (f"{API}/tiles/{DAY}/votemper/1/0/1/0/0?scale=0,1", 404),
    "unknown time of a profile": (f"{API}/data/{DAY}/votemper/profile?latitude=73&longitude=20&time=1999-01-01", 404),
    "a time that is none": (f"{API}/data/{DAY}/votemper/profile?latitude=73&longitude=20&time=yesterday", 400),
    "depth beyond the axis": (f"{API}/data/{DAY}/votemper/timeseries?latitude=73&longitude=20&depth=99", 404),
    "depth beyond the axis in a tile": (f"{API}/tiles/{DAY}/votemper/1454673600/99/4/8/3?scale=0,1", 404),
    "latitude 147": (f"{API}/data/{DAY}/votemper/profile?latitude=147&longitude=20", 400),
    "no latitude": (f"{API}/data/{DAY}/votemper/profile?longitude=20", 400),
    "a point outside": (f"{API}/data/{DAY}/votemper/profile?latitude=-40&longitude=20", 422),
    "not a number": (f"{API}/data/{DAY}/votemper/profile?latitude=nan&longitude=20", 400),
    "infinity": (f"{API}/data/{DAY}/votemper/profile?latitude=73&longitude=inf", 400),
    "zoom 99": (f"{API}/tiles/{DAY}/votemper/1454673600/0/99/1/1?scale=0,1", 404),
    "tile out of range": (f"{API}/tiles/{DAY}/votemper/1454673600/0/2/4/0?scale=0,1", 404),
    "negative tile": (f"{API}/tiles/{DAY}/votemper/1454673600/0/2/-1/0?scale=0,1", 404),
    "a broken scale": (f"{API}/tiles/{DAY}/votemper/1454673600/0/4/8/3?scale=a,b", 400),
    "a reversed scale": (f"{API}/scale/{DAY}/votemper/30,-5", 400),
    "broken JSON": (f"{API}/plot/profile?query=%7B%22dataset", 400),
    "a list for an object": (f"{API}/plot/profile?query=[]", 400),
    "no query": (f"{API}/plot/profile", 400),
    "a wrong member": (f"{API}/plot/profile?query=%7B%22dataset%22:1%7D", 400),
    "dots": (f"{API}/dataset/..%2F..%2Fetc%2Fpasswd/variables", 404),
    "dots in a variable": (f"{API}/dataset/{DAY}/..%2f..%2f..%2fpasswd/timestamps", 404),
    "a null byte": (f"{API}/dataset/%00/variables", 404),
    "a null byte in a plot": (f"{API}/plot/profile?query=%7B%22dataset%22:%22%00%22%7D", 400),
    "a huge size": (f"{API}/plot/profile?query={PLOT.format(time=-1)}&size=1e9x1e9&format=png", 400),
    "a huge dpi": (f"{API}/plot/profile?query={PLOT.format(time=-1)}&dpi=1000000&format=png", 400),
    "an unknown format": (f"{API}/plot/profile?query={PLOT.format(time=-1)}&format=exe", 400),
    "a 60 kB query": (f"{API}/plot/profile?query={LONG}", 414),
    "a 60 kB path": (f"{API}/dataset/{LONG}/variables", 414),
    "an unknown plot": (f"{API}/plot/cake?query=%7B%7D", 404),
    "a plot of nothing": (f"{API}/plot/transect?query=%7B%7D", 400),
    "bytes that are no text": (f"{API}/dataset/%FF%FE/variables", 404),
}


@loop_over("what", WRONG)
def test_a_malformed_request_is_refused_with_what_would_work(http, what):
    path, status = WRONG[what]
    response = http.get(path)
    problem = problem_of(response)
    assert (response.status_code, len(problem.detail) > 10) == (status, True), problem


def test_a_wrong_member_of_a_plot_is_named_by_its_path(http):
    query = json.dumps({"dataset": DAY, "variable": "votemper", "station": [["north", 20]], "time": -1})
    problem = problem_of(http.get(f"{API}/plot/profile", params={"query": query}))
    assert problem.errors[0].field.startswith("$.station[0]")


@loop_over("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_a_wrong_method_is_a_problem(http, method):
    assert problem_of(http.request(method, f"{API}/datasets")).status == 405
