"""What the service says of itself."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.settings import SettingsError, load
from ocean_core.geometry import great_circle_distance
from ocean_data.app import build
from ocean_data.settings import Settings

SAMPLES = os.environ.get("OCEAN_SAMPLES")
FILES = [
    ("regular/cobe_sst_1997.nc", "sst", "rectilinear", "time", "lat", "lon"),
    ("regular/oisst_tasmania_2003_2004.nc", "sst", "rectilinear", "time", "lat", "lon"),
    ("regular/ostia_monthly.nc", "surface_temperature", "rectilinear", "time", "latitude", "longitude"),
    ("nemo/ctorca_gdt13.nc", "sosstsst", "curvilinear", "time_counter", "nav_lat", "nav_lon"),
    ("nemo/nemo_test.nc", "votemper", "curvilinear", "time_counter", "nav_lat", "nav_lon"),
    ("nemo/amm7_1d_20000301_20000331_ptrc_T.nc", "N3_n", "curvilinear", "time_counter", "nav_lat", "nav_lon"),
]


def has_number(found):
    """Whether an answer has a number."""
    if isinstance(found, list):
        return any(has_number(item) for item in found)
    if isinstance(found, dict):
        return has_number(found["values"] if "values" in found else [*found["variables"].values()])
    return isinstance(found, float | int)


def is_coverage(found):
    """Whether an answer is a coverage, or several, with a number."""
    coverages = found.get("coverages", [found])
    return any(has_number(array["values"]) for coverage in coverages for array in coverage["ranges"].values())


EXAMPLES = {
    "Range": lambda result: result["min"] < result["max"],
    "Arrows": lambda result: len(result["features"]) > 100,
}
TAGS = {"points", "lines", "areas", "maps", "files", "collections"}


def operations(document):
    """What can be asked: path, method and description."""
    return [(path, method, item) for path, methods in document["paths"].items() for method, item in methods.items()]


def test_every_operation_is_documented_for_clients(client):
    document = client.get("/data/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    result = operations(document)
    assert {"getPoint", "getPoints", "getProfile", "getTimeSeries", "getRange", "getArrows"} <= {
        item["operationId"] for _, _, item in result
    }
    for path, _, item in result:
        assert item["summary"]
        assert set(item["tags"]) <= TAGS
        read = path.startswith("/api/v2.0/data/")
        file = path.endswith((".csv", ".nc"))
        assert {"400", "404", "503"} | ({"413", "422"} if read else set()) <= set(item["responses"])
        forms = set(item["responses"]["200"]["content"])
        if file:
            assert forms < {"text/csv", "application/x-netcdf"}
        elif read:
            assert forms >= {"application/json"} | ({"text/csv"} if "/estimate/" not in path else set())
        assert all(parameter.get("description") for parameter in item["parameters"])


PLACES = {"bbox", "min_range", "max_range"}  # one of these or an area is required


def test_the_examples_of_the_document_work(client):
    document = client.get("/data/openapi.json").json()
    # Areas of locations are those of the metadata service.
    own = [item for item in operations(document) if item[2]["operationId"] != "getCollectionLocation"]
    for path, method, item in own:
        address, requests = path, {}
        for parameter in item["parameters"]:
            examples = parameter.get("examples") or {}
            example = next(iter(examples.values())).get("value") if examples else None
            if parameter["in"] == "path":
                address = address.replace(f"{{{parameter['name']}}}", str(example))
            elif parameter["required"] or parameter["name"] in PLACES:
                requests[parameter["name"]] = example
        body = None
        if method == "post":
            examples = item["requestBody"]["content"]["application/json"]["schema"]["examples"]
            body = next(iter(examples.values()))["value"] if isinstance(examples, dict) else examples[0]
        response = client.request(method, address, params=requests, json=body)
        assert response.status_code == 200, f"{item['operationId']}: {response.text}"
        assert is_as_documented(item, address, response), item["operationId"]


def is_as_documented(operation, address, response):
    """Whether an answer is what its operation is for."""
    if operation["operationId"].startswith("estimate"):
        return response.json()["allowed"]
    if address.endswith(".csv"):
        return len(response.text.splitlines()) > 1
    if address.endswith(".nc"):
        return response.content[1:4] in {b"HDF", b"DF\x01"}
    if operation["operationId"] == "getSubset":
        return zipfile.is_zipfile(io.BytesIO(response.content))
    if "files" in operation["tags"]:
        return len(response.content) > 100
    usual = is_coverage if "collections" in operation["tags"] else has_number
    return EXAMPLES.get(operation["operationId"].removeprefix("get"), usual)(response.json())


def test_the_service_answers_without_its_neighbour_and_says_what_it_lacks():
    with TestClient(build(Settings(metadata_url="http://127.0.0.1:9"))) as client:
        assert client.get("/health/live").status_code == 200
        refused = client.get("/api/v2.0/data/a/b/profile", params={"latitude": 0, "longitude": 0})
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:ocean:ServiceUnavailable"
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert ready.json()["reasons"][0].startswith("metadata: ")


@loop_over(("name", "value"), [("THREADS", "0"), ("METADATA_URL", "metadata"), ("MAX_VALUE", "3")])
def test_a_setting_that_makes_no_sense_is_refused(name, value):
    with pytest.raises(SettingsError, match=f"OCEAN_DATA_{name}"):
        load(Settings, {f"OCEAN_DATA_{name}": value})


@pytest.mark.full
@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES names no folder of sample files")
@pytest.mark.parametrize("sample", FILES, ids=[item[0] for item in FILES])
def test_sample_files_are_read_as_xarray_reads_them(app_over, described, sample):
    path, name, kind, time, latitude, longitude = sample
    file = Path(SAMPLES) / path
    assets = described(file, name, kind=kind, time=time, latitude=latitude, longitude=longitude, dataset="made")
    with xr.open_dataset(file, decode_times=False) as opened:
        field = opened[name]
        places = opened[latitude].values.astype(float), opened[longitude].values.astype(float)
        places = places if places[0].ndim == 2 else np.meshgrid(*places, indexing="ij")
        created = np.random.default_rng(1)
        with TestClient(app_over([assets])) as client:
            for y, x in zip(*(created.integers(0, size, 10) for size in places[0].shape), strict=True):
                where = {"latitude": float(places[0][y, x]), "longitude": float((places[1][y, x] + 180) % 360 - 180)}
                answer = client.get(f"/api/v2.0/data/made/{name}/timeseries", params=where | {"depth": "all"}).json()
                row, column = np.unravel_index(
                    great_circle_distance(*map(np.float64, where.values()), *places).argmin(), places[0].shape
                )
                expected = field[..., row, column].values.reshape(len(answer["values"]), -1)
                values = np.array([[np.nan if item is None else item for item in line] for line in answer["values"]])
                np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_the_keys_of_differences_and_statistics_are_documented(client):
    paths = client.get("/data/openapi.json").json()["paths"]
    params = {"bbox": "10,70,30,76", "time": "2016-02-02", "minus_time": "2016-02-01", "minus_depth": "1"}
    where = "/api/v2.0/data/arctic_day/votemper"
    difference = client.get(f"{where}/difference", params=params).json()
    statistics = client.get(f"{where}/statistics", params={"bbox": "10,70,30,76"}).json()

    def describe(kind):
        path = next(path for path in paths if path.endswith(f"variables}}/{kind}"))
        return paths[path]["get"]["description"]

    keys = {*difference["facts"], *difference["coordinates"]}
    assert keys > {"minus", "minus_time", "minus_depth"}
    assert list(difference["variables"]) == ["votemper"]
    for key in keys:
        assert not key.startswith("minus") or f"`{key}`" in describe("difference")
    for key in statistics["variables"]:
        assert f" {key.removeprefix('votemper_')}" in describe("statistics")
