"""Every sample file is served, or listed with its reason (`OCEAN_SAMPLES` names their folder)."""

import os
from functools import cache
from pathlib import Path

import cftime
import netCDF4
import pytest

SAMPLES = os.environ.get("OCEAN_SAMPLES")
pytestmark = [
    pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES does not name the folder of sample files"),
    pytest.mark.xdist_group("sample files of metadata"),  # each folder is indexed once
]
FOLDERS = ["regular", "nemo", "projected", "robust", "roms", "unstructured", "topo", "obs"]


@pytest.fixture(scope="module")
def folders(index_once):
    """Each folder, indexed once."""
    return cache(lambda name: index_once(folder=Path(SAMPLES or ".") / name))


@pytest.fixture
def indexed(folders, request):
    return folders(request.param)


@pytest.mark.parametrize("indexed", FOLDERS, indirect=True)
def test_every_file_is_served_or_listed_with_its_reason(indexed):
    for dataset in indexed.datasets.values():
        assert dataset.reason if dataset.state == "broken" else dataset.variables
        assert all(item.scale[0] < item.scale[1] for item in dataset.variables)
        for item in dataset.problems:
            assert item.reason
            assert "/" not in item.name


@pytest.mark.parametrize("indexed", FOLDERS, indirect=True)
def test_times_are_those_of_cftime(indexed):
    checked = 0
    for dataset in indexed.datasets.values():
        if dataset.time is None or dataset.time_dim_units == "1" or "0000-01-01" in dataset.time_dim_units:
            continue
        axis = dataset.times[dataset.time]
        for name in ("time", "time_counter", "ocean_time", "TIME", "time_centered"):
            with netCDF4.Dataset(dataset.files[0].path) as data:
                variable = data.variables.get(name)
                units = getattr(variable, "units", "")
                if variable is None or " since " not in units or not variable.size:
                    continue
                calendar = getattr(variable, "calendar", "standard")
                first = cftime.num2date(variable[...].ravel()[0], units, calendar)
            reported = axis.first
            days = cftime.date2num(cftime.datetime(*first.timetuple()[:6], calendar="proleptic_gregorian"),
                                   "seconds since 1970-01-01", "proleptic_gregorian")  # fmt: skip
            assert abs(reported - days) <= 60
            checked += 1
    assert checked or not any(dataset.times for dataset in indexed.datasets.values())


@pytest.mark.parametrize(
    ("indexed", "served"),
    [
        ("regular", {"cobe_sst": 24, "coads_climatology": 3, "oisst_tasmania_2003_2004": 731, "ostia_monthly": 54}),
        ("nemo", {"nemo_1m_grid-T": 3, "nemo_test": 2, "ctorca_gdt13": 5, "cross180_Uu": 1}),
        ("robust", {"access_om2_u_noleap": 3, "rotated_pole": 1}),
        ("projected", {"arctic20_roms_z": 5, "arome_wind_20160114": 3}),
    ],
    indirect=["indexed"],
)
def test_real_files_are_served_with_all_their_steps(indexed, served):
    result = {name: item.times[item.time].count for name, item in indexed.datasets.items() if item.time is not None}
    assert {name: result.get(name) for name in served} == served
