"""Folders of real files from many models, served without any configuration."""

import os
from pathlib import Path

import pytest
from tests.e2e.conftest import Run
from tests.e2e.test_e2e_tiles import check_legend

API = "/api/v2.0"
SAMPLES = os.environ.get("OCEAN_SAMPLES")
NETCDF = {".nc", ".nc4", ".cdf", ".grd"}


@pytest.mark.ci
@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES does not name a folder of sample files")
@pytest.mark.parametrize(
    "folder", ["robust", *(pytest.param(item, marks=pytest.mark.full) for item in ("regular", "nemo", "projected"))]
)
def test_every_file_of_a_folder_is_served_or_listed_with_its_reason(tmp_path, folder):
    run = Run(tmp_path / "state", "--data", str(Path(SAMPLES) / folder))
    try:
        run.wait()
        listed = {item["id"]: item for item in run.http.get(f"{API}/datasets").json()}
        states = run.http.get(f"{API}/datasets/status").json()
        counted = sum(item["files"] + len(item.get("problems", [])) for item in states)
        files = [path for path in (Path(SAMPLES) / folder).rglob("*") if path.suffix in NETCDF]
        assert counted == len(files)
        for item in states:
            assert (item["id"] in listed) == (item["status"] != "broken"), item
            assert item["status"] == "served" or item["reason"] or item["problems"], item
        for name in listed:
            ask_around(run.http, name)
            for variable in run.http.get(f"{API}/dataset/{name}/variables").json():
                if variable["scale"][1] - variable["scale"][0] > 1e-6:
                    check_legend(run.http, name, variable)
    finally:
        run.stop()


def ask_around(http, name):
    """Nothing of a dataset that is served ends in a failure."""
    variables = http.get(f"{API}/dataset/{name}/variables").json()
    assert variables, name
    for variable in variables[:2]:
        key = variable["id"]
        times = http.get(f"{API}/dataset/{name}/{key}/timestamps")
        depths = http.get(f"{API}/dataset/{name}/{key}/depths")
        assert times.is_success, times.text
        assert depths.is_success, depths.text
        time = times.json()[-1]["id"] if times.json() else 0
        for path in (
            f"{API}/tiles/{name}/{key}/{time}/0/1/0/0",
            f"{API}/data/{name}/{key}/timeseries?latitude=45&longitude=-30",
        ):
            assert http.get(path).status_code < 500, path
