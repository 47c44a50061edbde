"""What people are told, over the sample data that are shipped: values against xarray."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_metadata.app import create_app
from ocean_metadata.catalogue.model import Snapshot

SAMPLES = Path(__file__).parents[2] / "deploy" / "sample_data"
API = "/api/v2.0"


@pytest.fixture
def ask(client):
    def ask(path, **params):
        response = client.get(API + path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    return ask


def test_datasets_are_listed_in_the_order_of_the_configuration(ask):
    response = ask("/datasets")
    assert [item["id"] for item in response] == [
        "giops_day",
        "arctic_day",
        "nemo_global_month",
        "ostia_month",
        "wcofs_hour",
        "sfbofs_hour",
    ]
    assert [item["model_class"] for item in response] == ["Mercator", "Mercator", "Nemo", "Mercator", "Nemo", "Fvcom"]
    assert response[1]["default_location"] == [20, 73, 4]
    assert all(isinstance(item["revision"], str) and item["revision"] for item in response)


def test_a_dataset_has_a_page(ask):
    response = ask("/dataset/arctic_day")
    assert response["value"].startswith("Arctic-20")
    assert (response["start"], response["end"]) == ("2016-02-01T12:00:00+00:00", "2016-02-05T12:00:00+00:00")
    with xr.open_dataset(SAMPLES / "projected/arctic20_roms_z.nc") as data:
        corners = [data.longitude.min(), data.latitude.min(), data.longitude.max(), data.latitude.max()]
    assert response["bounds"] == pytest.approx([float(corner) for corner in corners], abs=1e-5)


@loop_over("path", ["/dataset/arctic_day/timeunit", "/api/v2.0/arctic_day/timeunit"])
def test_the_time_unit_is_a_json_string_at_both_addresses(ask, path):
    assert ask(path) == "seconds since 1970-01-01 00:00:00"


@loop_over(
    ("dataset", "quantum"),
    [("arctic_day", "day"), ("nemo_global_month", "month"), ("ostia_month", "month"), ("wcofs_hour", "hour"),
     ("sfbofs_hour", "hour")],
)  # fmt: skip
def test_the_quantum_is_configured_or_deduced(ask, dataset, quantum):
    assert ask(f"/dataset/{dataset}/quantum") == {"value": quantum}


def test_variables_are_sorted_by_name_and_have_a_scale(ask):
    response = ask("/dataset/arctic_day/variables")
    assert [item["value"] for item in response] == sorted(item["value"] for item in response)
    assert {"votemper", "vosaline"} <= {item["id"] for item in response}
    assert all(len(item["scale"]) == 2 and item["scale"][0] < item["scale"][1] for item in response)
    members = ["id", "value", "scale", "interp", "two_dimensional", "vector_variable", "data_categories", "units"]
    assert list(response[0]) == [*members, "standard_name"]


@loop_over("spelling", ["True", "true", "1"])
def test_variables_can_be_filtered_by_depth_and_by_vectors(ask, spelling):
    deep = ask("/dataset/arctic_day/variables", has_depth_only=spelling)
    velocities = {"x_velocity", "y_velocity", "magwatervel"}
    assert {item["id"] for item in deep} == {"votemper", "vosaline", "sspeed"} | velocities
    assert all(item["two_dimensional"] is False for item in deep)
    assert [item["id"] for item in ask("/dataset/arctic_day/variables", vectors_only=spelling)] == ["magwatervel"]


def test_time_steps_are_those_of_the_file(ask):
    response = ask("/dataset/ostia_month/surface_temperature/timestamps")
    with xr.open_dataset(SAMPLES / "regular/ostia_monthly.nc", decode_times=False) as data:
        assert [item["id"] for item in response] == data.time.values.astype(int).tolist()
    assert response[0]["value"] == "2006-04-15T00:00:00"


def test_the_true_times_of_a_nemo_series_are_found(ask):
    response = ask("/dataset/nemo_global_month/tos/timestamps")
    files = sorted((SAMPLES / "nemo").glob("*.nc"))
    raw = [int(xr.open_dataset(file, decode_times=False).time_centered.values[0]) for file in files]
    assert [item["id"] for item in response] == raw
    assert [item["value"] for item in response] == [f"2015-{month}-15T00:00:00" for month in ("01", "02", "03")]


def test_coarse_times_come_out_at_the_hour(ask):
    response = ask("/dataset/sfbofs_hour/zeta/timestamps")
    assert [item["value"] for item in response] == [f"2024-05-23T{hour:02d}:00:00+00:00" for hour in range(10)]


def test_a_variable_without_time_has_the_steps_of_its_dataset(ask):
    assert ask("/dataset/arctic_day/h/timestamps") == ask("/dataset/arctic_day/votemper/timestamps")


def test_depths_are_words_then_levels_from_zero(ask):
    response = ask("/dataset/arctic_day/votemper/depths")
    assert response[:3] == [
        {"id": "bottom", "value": "Bottom"}, {"id": "all", "value": "All Depths"}, {"id": 0, "value": "0 m"},
    ]  # fmt: skip
    with xr.open_dataset(SAMPLES / "projected/arctic20_roms_z.nc") as data:
        assert [entry["value"] for entry in response[2:]] == [f"{round(float(item))} m" for item in data.depth]
    assert [entry["id"] for entry in response[2:]] == list(range(17))


def test_the_word_all_can_be_left_out(ask):
    assert [item["id"] for item in ask("/dataset/arctic_day/votemper/depths", include_all_key="false")][:2] == [
        "bottom",
        0,
    ]


def test_a_variable_without_depth_has_no_levels(ask):
    assert ask("/dataset/arctic_day/zeta/depths") == []


def test_every_variable_is_found_by_its_name(ask):
    response = ask("/datasets/variables/all")
    assert response["Temperature"][1] == {
        "dataset_id": "arctic_day", "variable_id": "votemper", "variable_scale": [-2, 10], "vector_variables": False,
        "depth": True,
    }  # fmt: skip


def test_the_status_names_no_folders(ask):
    response = ask("/datasets/status")
    assert {item["status"] for item in response} == {"served"}
    assert "/" not in str(response)


def test_the_build_is_reported(ask):
    assert set(ask("/git_info")) == {"git_hash", "git_tag"}


@loop_over(
    ("path", "near"),
    [
        ("/dataset/giops", "giops_day"),
        ("/dataset/ARCTIC_DAY/variables", "arctic_day"),
        ("/dataset/arctic_day/votempr/depths", "votemper"),
        ("/dataset/arctic_day/votempr/timestamps", "votemper"),
        ("/api/v2.0/arctic_dya/timeunit", "arctic_day"),
    ],
)
def test_a_missing_resource_is_a_404_with_a_suggestion(client, path, near):
    response = client.get(API + path)
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("application/problem+json")
    assert near in response.json()["message"]
    assert near in response.json()["errors"][0]["allowed"]


@loop_over(
    "path",
    ["/dataset/%00", "/dataset/..%2F..%2Fetc", "/dataset/" + "x" * 20_000, "/dataset/arctic_day/%F0%9F%90%9F/depths"],
)
def test_strange_names_are_not_found(client, path):
    assert client.get(API + path).status_code == 404


def test_a_wrong_flag_is_a_400_that_names_it(client):
    response = client.get(API + "/dataset/arctic_day/variables", params={"vectors_only": "perhaps"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "vectors_only"


@loop_over("path", ["/datasets", "/dataset/arctic_day/votemper/timestamps", "/datasets/variables/all"])
def test_an_answer_that_the_caller_has_is_not_sent_again(client, path):
    first = client.get(API + path)
    again = client.get(API + path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_lists_are_the_same_bytes_every_time(client):
    assert len({client.get(API + "/datasets/variables/all").content for _ in range(3)}) == 1


def test_every_operation_is_documented(client):
    paths = client.get("/metadata/openapi.json").json()["paths"]
    operations = [operation for item in paths.values() for operation in item.values()]
    assert len({item["operationId"] for item in operations}) == len(operations) >= 39
    assert all(item["summary"] and item["tags"] for item in operations)
    assert not any("/internal" in path for path in paths)


class Never:
    """A catalogue that was not indexed yet."""

    snapshot = Snapshot(revision=None, datasets={})

    async def revision(self, dataset):
        return self.snapshot.dataset(dataset).revision

    async def steps(self, record, time):
        raise AssertionError


def test_a_service_without_catalogue_is_not_ready_but_answers():
    with TestClient(create_app(Never())) as client:
        assert client.get("/health/ready").status_code == 503
        assert client.get(API + "/datasets").json() == []
        assert client.get(API + "/dataset/any").status_code == 404


def test_a_dataset_that_is_not_enabled_answers_but_is_not_listed(tmp_path, index, make):
    make(tmp_path / "a.nc")
    (tmp_path / "datasets.json").write_text('{"a": {"url": "a.nc", "enabled": false}, "b": {"url": "gone.nc"}}')
    result = index(datasets=tmp_path / "datasets.json")
    with TestClient(create_app(result.catalogue)) as client:
        assert client.get(API + "/datasets").json() == []
        assert client.get(API + "/datasets/variables/all").json() == {}
        assert client.get(API + "/dataset/a").status_code == 200
        broken = client.get(API + "/dataset/b")
        assert broken.status_code == 404
        assert "gone.nc: it no longer exists" in broken.json()["message"]
        states = {item["id"]: item["status"] for item in client.get(API + "/datasets/status").json()}
        assert states == {"a": "served", "b": "broken"}


def test_levels_above_the_ground_and_of_other_kinds_have_labels(tmp_path, index, make):
    make(tmp_path / "a.nc", levels=[0.5, 10.4, 5000])
    with TestClient(create_app(index(folder=tmp_path).catalogue)) as client:
        labels = [item["value"] for item in client.get(API + "/dataset/a/thetao/depths").json()][2:]
    assert labels == ["0 m", "10 m", "5000 m"]


def test_a_long_list_of_time_steps_is_answered_whole(tmp_path, index, make):
    make(tmp_path / "a.nc", times=np.arange(20_000), units="hours since 1990-01-01", shape=(1, 1))
    with TestClient(create_app(index(folder=tmp_path).catalogue)) as client:
        document = client.get(API + "/dataset/a/thetao/timestamps").json()
    assert [item["id"] for item in document] == list(range(20_000))
    assert document[-1]["value"] == "1992-04-13T07:00:00+00:00"
