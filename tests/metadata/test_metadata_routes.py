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
    found = ask("/datasets")
    assert [one["id"] for one in found] == [
        "giops_day",
        "nemo_global_month",
        "ostia_month",
        "wcofs_hour",
        "sfbofs_hour",
    ]
    assert [one["model_class"] for one in found] == ["Nemo", "Nemo", "Mercator", "Nemo", "Fvcom"]
    assert found[0]["default_location"] == [20, 73, 4]
    assert all(isinstance(one["revision"], str) and one["revision"] for one in found)


def test_a_dataset_has_a_page(ask):
    found = ask("/dataset/giops_day")
    assert found["value"].startswith("Arctic-20")
    assert (found["start"], found["end"]) == ("2016-02-01T12:00:00+00:00", "2016-02-05T12:00:00+00:00")
    with xr.open_dataset(SAMPLES / "projected/arctic20_roms_z.nc") as data:
        corners = [data.longitude.min(), data.latitude.min(), data.longitude.max(), data.latitude.max()]
    assert found["bounds"] == pytest.approx([float(each) for each in corners], abs=1e-5)


@loop_over("path", ["/dataset/giops_day/timeunit", "/api/v2.0/giops_day/timeunit"])
def test_the_time_unit_is_a_json_string_at_both_addresses(ask, path):
    assert ask(path) == "seconds since 1970-01-01 00:00:00"


@loop_over(
    ("dataset", "quantum"),
    [("giops_day", "day"), ("nemo_global_month", "month"), ("ostia_month", "month"), ("wcofs_hour", "hour"),
     ("sfbofs_hour", "hour")],
)  # fmt: skip
def test_the_quantum_is_told_or_deduced(ask, dataset, quantum):
    assert ask(f"/dataset/{dataset}/quantum") == {"value": quantum}


def test_variables_are_sorted_by_name_and_have_a_scale(ask):
    found = ask("/dataset/giops_day/variables")
    assert [one["value"] for one in found] == sorted(one["value"] for one in found)
    assert {"votemper", "vosaline"} <= {one["id"] for one in found}
    assert all(len(one["scale"]) == 2 and one["scale"][0] < one["scale"][1] for one in found)
    assert list(found[0]) == ["id", "value", "scale", "interp", "two_dimensional", "vector_variable", "data_categories",
                              "units", "standard_name"]  # fmt: skip


@loop_over("spelling", ["True", "true", "1"])
def test_variables_can_be_asked_for_by_depth_and_by_arrows(ask, spelling):
    deep = ask("/dataset/giops_day/variables", has_depth_only=spelling)
    velocities = {"x_velocity", "y_velocity", "magwatervel"}
    assert {one["id"] for one in deep} == {"votemper", "vosaline", "sspeed"} | velocities
    assert all(one["two_dimensional"] is False for one in deep)
    assert [one["id"] for one in ask("/dataset/giops_day/variables", vectors_only=spelling)] == ["magwatervel"]


def test_time_steps_are_those_of_the_file(ask):
    found = ask("/dataset/ostia_month/surface_temperature/timestamps")
    with xr.open_dataset(SAMPLES / "regular/ostia_monthly.nc", decode_times=False) as data:
        assert [one["id"] for one in found] == data.time.values.astype(int).tolist()
    assert found[0]["value"] == "2006-04-15T00:00:00"


def test_the_true_times_of_a_nemo_series_are_found(ask):
    found = ask("/dataset/nemo_global_month/tos/timestamps")
    files = sorted((SAMPLES / "nemo").glob("*.nc"))
    raw = [int(xr.open_dataset(each, decode_times=False).time_centered.values[0]) for each in files]
    assert [one["id"] for one in found] == raw
    assert [one["value"] for one in found] == [f"2015-{month}-15T00:00:00" for month in ("01", "02", "03")]


def test_coarse_times_come_out_at_the_hour(ask):
    found = ask("/dataset/sfbofs_hour/zeta/timestamps")
    assert [one["value"] for one in found] == [f"2024-05-23T{hour:02d}:00:00+00:00" for hour in range(10)]


def test_a_variable_without_time_has_the_steps_of_its_dataset(ask):
    assert ask("/dataset/giops_day/h/timestamps") == ask("/dataset/giops_day/votemper/timestamps")


def test_depths_are_words_then_levels_from_zero(ask):
    found = ask("/dataset/giops_day/votemper/depths")
    assert found[:3] == [
        {"id": "bottom", "value": "Bottom"}, {"id": "all", "value": "All Depths"}, {"id": 0, "value": "0 m"},
    ]  # fmt: skip
    with xr.open_dataset(SAMPLES / "projected/arctic20_roms_z.nc") as data:
        assert [one["value"] for one in found[2:]] == [f"{round(float(each))} m" for each in data.depth]
    assert [one["id"] for one in found[2:]] == list(range(17))


def test_the_word_all_can_be_left_out(ask):
    assert [one["id"] for one in ask("/dataset/giops_day/votemper/depths", include_all_key="false")][:2] == [
        "bottom",
        0,
    ]


def test_a_variable_without_depth_has_no_levels(ask):
    assert ask("/dataset/giops_day/zeta/depths") == []


def test_every_variable_is_found_by_its_name(ask):
    found = ask("/datasets/variables/all")
    assert found["Temperature"][0] == {
        "dataset_id": "giops_day", "variable_id": "votemper", "variable_scale": [-2, 10], "vector_variables": False,
        "depth": True,
    }  # fmt: skip


def test_the_status_names_no_folders(ask):
    found = ask("/datasets/status")
    assert {one["status"] for one in found} == {"served"}
    assert "/" not in str(found)


def test_the_build_is_told(ask):
    assert set(ask("/git_info")) == {"git_hash", "git_tag"}


@loop_over(
    ("path", "near"),
    [
        ("/dataset/giops", "giops_day"),
        ("/dataset/GIOPS_DAY/variables", "giops_day"),
        ("/dataset/giops_day/votempr/depths", "votemper"),
        ("/dataset/giops_day/votempr/timestamps", "votemper"),
        ("/api/v2.0/giops_dya/timeunit", "giops_day"),
    ],
)
def test_what_does_not_exist_is_a_404_that_says_what_was_meant(client, path, near):
    response = client.get(API + path)
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("application/problem+json")
    assert near in response.json()["message"]
    assert near in response.json()["errors"][0]["allowed"]


@loop_over(
    "path",
    ["/dataset/%00", "/dataset/..%2F..%2Fetc", "/dataset/" + "x" * 20_000, "/dataset/giops_day/%F0%9F%90%9F/depths"],
)
def test_strange_names_are_not_found(client, path):
    assert client.get(API + path).status_code == 404


def test_a_wrong_flag_is_a_400_that_names_it(client):
    response = client.get(API + "/dataset/giops_day/variables", params={"vectors_only": "perhaps"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "vectors_only"


@loop_over("path", ["/datasets", "/dataset/giops_day/votemper/timestamps", "/datasets/variables/all"])
def test_an_answer_that_the_caller_has_is_not_sent_again(client, path):
    first = client.get(API + path)
    again = client.get(API + path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_lists_are_the_same_bytes_every_time(client):
    assert len({client.get(API + "/datasets/variables/all").content for _ in range(3)}) == 1


def test_every_operation_is_documented(client):
    paths = client.get("/metadata/openapi.json").json()["paths"]
    operations = [operation for one in paths.values() for operation in one.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) >= 39
    assert all(one["summary"] and one["tags"] for one in operations)
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
    found = index(datasets=tmp_path / "datasets.json")
    with TestClient(create_app(found.catalogue)) as client:
        assert client.get(API + "/datasets").json() == []
        assert client.get(API + "/datasets/variables/all").json() == {}
        assert client.get(API + "/dataset/a").status_code == 200
        broken = client.get(API + "/dataset/b")
        assert broken.status_code == 404
        assert "gone.nc: it no longer exists" in broken.json()["message"]
        states = {one["id"]: one["status"] for one in client.get(API + "/datasets/status").json()}
        assert states == {"a": "served", "b": "broken"}


def test_levels_above_the_ground_and_of_other_kinds_have_labels(tmp_path, index, make):
    make(tmp_path / "a.nc", levels=[0.5, 10.4, 5000])
    with TestClient(create_app(index(folder=tmp_path).catalogue)) as client:
        labels = [one["value"] for one in client.get(API + "/dataset/a/thetao/depths").json()][2:]
    assert labels == ["0 m", "10 m", "5000 m"]


def test_a_long_list_of_time_steps_is_answered_whole(tmp_path, index, make):
    make(tmp_path / "a.nc", times=np.arange(20_000), units="hours since 1990-01-01", shape=(1, 1))
    with TestClient(create_app(index(folder=tmp_path).catalogue)) as client:
        found = client.get(API + "/dataset/a/thetao/timestamps").json()
    assert [one["id"] for one in found] == list(range(20_000))
    assert found[-1]["value"] == "1992-04-13T07:00:00+00:00"
