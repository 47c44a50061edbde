"""Predefined areas, asked for by their keys."""

import netCDF4
import pytest
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.contracts.places import Area, AreaGeometry
from ocean_core.errors import NotFound
from ocean_data.app import create_app
from ocean_data.reading.base import ThreadPool
from ocean_data.reading.source import NetCDFSource

API = "/api/v2.0"
SHAPES = {
    "nordic_seas/Box": [[[[10, 72], [20, 72], [20, 76], [10, 76], [10, 72]]]],
    "nordic_seas/Hole / two": [
        [[[10, 72], [20, 72], [20, 76], [10, 76], [10, 72]], [[12, 73], [18, 73], [18, 75], [12, 75], [12, 73]]]
    ],
}
TIME = {"time": "2016-02-02"}
SUBSET = {"time": "2016-02-02,2016-02-03", "should_zip": "0", "depth": "0"}


class FakeAreas:
    def __init__(self):
        self.shapes = dict(SHAPES)

    async def area(self, key):
        if key not in self.shapes:
            raise NotFound(f"there is no area {key!r}: a key is group/name", field="area")
        return Area(key=key, name=key.partition("/")[2], geometry=AreaGeometry(coordinates=self.shapes[key]))


class FakeCatalogue:
    def __init__(self, assets):
        self.known = {(asset.variable.dataset, asset.variable.key): asset for asset in assets}

    async def revision(self, dataset):
        return "1"

    async def assets(self, dataset, variable):
        return self.known[dataset, variable]

    async def variable(self, dataset, variable):
        return self.known[dataset, variable].variable


@pytest.fixture(scope="module")
def areas():
    return FakeAreas()


@pytest.fixture(scope="module")
def client(shipped, areas):
    source = NetCDFSource(8, 64 << 20)
    catalogue, workers = FakeCatalogue(shipped.values()), ThreadPool(2, 100)
    app = create_app(catalogue=catalogue, areas=areas, source=source, workers=workers)
    with TestClient(app) as result:
        yield result
    source.close()


def ask(client, path, **params):
    response = client.get(f"{API}/{path}", params=params)
    assert response.status_code == 200, response.text
    return response


@loop_over("kind", ["area", "statistics"])
@loop_over("key", SHAPES)
def test_an_area_answers_as_its_polygon(client, kind, key):
    path = f"data/arctic_day/votemper/{kind}"
    polygon = {"type": "MultiPolygon", "coordinates": SHAPES[key]}
    posted = client.post(f"{API}/{path}", json={"polygon": polygon, **TIME})
    assert ask(client, path, area=key, **TIME).json() == posted.json()


def test_differences_and_estimates_know_areas_too(client):
    ask(client, "data/arctic_day/votemper/difference", area="nordic_seas/Box", minus_time="2016-02-01", **TIME)
    full, part = (ask(client, "data/arctic_day/votemper/estimate/area", **TIME, area=key).json() for key in SHAPES)
    assert full["allowed"]
    assert part["allowed"]


def test_a_subset_of_an_area_is_the_subset_of_its_box_without_what_lies_outside(client):
    def values(**where):
        with netCDF4.Dataset(
            "x.nc", memory=ask(client, "subset/arctic_day/votemper", **SUBSET, **where).content
        ) as data:
            return data["votemper"][:]

    boxed = values(min_range="72,10", max_range="76,20")
    area, hollow = values(area="nordic_seas/Box"), values(area="nordic_seas/Hole / two")
    assert sorted(area.compressed()) == sorted(boxed.compressed())
    assert 0 < hollow.count() < area.count()


def test_the_file_of_a_subset_is_named_after_the_area(client):
    response = ask(client, "subset/arctic_day/votemper", **SUBSET, area="nordic_seas/Hole / two")
    name = 'filename="arctic_day_nordic_seas_Hole_two_20160202-20160203_NETCDF4.nc"'
    assert name in response.headers["content-disposition"].replace("___", "_").replace("__", "_")


def test_an_area_that_is_drawn_again_is_answered_again(client, areas):
    areas.shapes["a/moving"] = SHAPES["nordic_seas/Box"]
    path = f"{API}/data/arctic_day/votemper/area?area=a/moving&time=2016-02-02"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"if-none-match": tag}).status_code == 304
    areas.shapes["a/moving"] = SHAPES["nordic_seas/Hole / two"]
    assert client.get(path, headers={"if-none-match": tag}).status_code == 200


@loop_over(
    ("path", "params", "status", "field"),
    [
        ("subset/arctic_day/votemper", {**SUBSET, "area": "nope/nope"}, 404, "area"),
        ("subset/arctic_day/votemper", SUBSET, 400, "min_range"),
        ("subset/arctic_day/votemper", {**SUBSET, "min_range": "72,5"}, 400, "max_range"),
        ("subset/arctic_day/votemper", {**SUBSET, "min_range": "NaN,NaN", "max_range": "NaN,NaN"}, 400, "min_range"),
        ("data/arctic_day/votemper/area", {"area": "nope/nope"}, 404, "area"),
        ("data/arctic_day/votemper/area", {"area": ""}, 404, "area"),
        ("data/arctic_day/votemper/statistics", {}, 400, "bbox"),
        ("data/arctic_day/votemper/area", {"area": "nordic_seas/Box", "bbox": "15,70,30,78"}, 400, "bbox"),
    ],
)
def test_wrong_areas_are_refused(client, path, params, status, field):
    response = client.get(f"{API}/{path}", params=params)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)
