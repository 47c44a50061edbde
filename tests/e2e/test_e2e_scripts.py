"""Scripts that the service writes are run as their readers would run them, against the service that wrote them."""

import csv
import json
import subprocess
import sys

import netCDF4
import pytest

API = "/api/v2.0"
PROFILE = {"dataset": "arctic_day", "variable": "votemper", "station": [[73.0, 20.0]], "names": ['it\'s "here"\n']}
SUBSET = {
    "dataset_name": "arctic_day",
    "variables": "votemper",
    "min_range": "72,10",
    "max_range": "76,30",
    "time": "1454673600,1454673600",
    "output_format": "NETCDF4",
    "should_zip": "0",
}


def run_script(http, folder, query, kind, **more):
    requests = {"query": json.dumps(query), "lang": "python", "script_type": kind, **more}
    script = http.get(f"{API}/generate_script", params=requests)
    assert script.status_code == 200, script.text
    (folder / "script.py").write_text(script.text)
    completed = subprocess.run(
        [sys.executable, "script.py", "saved"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert completed.returncode == 0, completed.stderr
    return folder / "saved"


@pytest.mark.parametrize("kind", ["plot", "csv"])
def test_a_python_script_of_a_profile_saves_what_it_promises(http, tmp_path, kind):
    saved = run_script(http, tmp_path, {**PROFILE, "time": 1454673600}, kind, plot_type="profile")
    if kind == "plot":
        assert saved.read_bytes().startswith(b"\x89PNG")
    else:
        rows = list(csv.reader(saved.read_text().splitlines()))
        assert sum(row[:1] == ["73.0"] for row in rows) > 5


def test_a_python_script_of_a_subset_saves_the_file(http, tmp_path):
    saved = run_script(http, tmp_path, SUBSET, "subset")
    with netCDF4.Dataset(saved) as dataset:
        assert dataset["votemper"].shape[-1] > 5
