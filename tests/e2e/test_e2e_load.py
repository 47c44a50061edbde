"""Many clients at once on ranges and subsets: no failure, and no value but the right one."""

import asyncio
import time

import httpx
import netCDF4
import numpy as np
import pytest
import xarray as xr
from tests.e2e.conftest import ROOT

API = "/api/v2.0"
CLIENTS = 64
FILE = ROOT / "deploy" / "sample_data" / "regular" / "ostia_monthly.nc"
BOXES = [(-5, 170, 5, 179), (-4, -160, 4, -150), (-2, -120, 3, -100)]  # south, west, north, east
STEPS = range(0, 50, 7)
RANGE = "/range/ostia_month/surface_temperature/nearest/25/10/EPSG:3857"
WEST = 20037508.342789244 / 180  # m of EPSG:3857 in a degree


def subset(box, step, times):
    south, west, north, east = box
    return f"{API}/subset/ostia_month/surface_temperature", {
        "min_range": f"{south},{west}",
        "max_range": f"{north},{east}",
        "time": f"{times[step]},{times[step]}",
        "output_format": "NETCDF4",
        "should_zip": "0",
    }


def inside(box, whole, step):
    """The values that a subset must hold, from the file itself."""
    south, west, north, east = box
    longitude = (whole.longitude + 180) % 360 - 180
    present = (longitude >= west) & (longitude <= east)
    part = whole.surface_temperature[step].sel(longitude=present)
    return np.sort(part.sel(latitude=slice(south, north)).values.ravel())


async def run_client(http, number, until, asked, failures):
    counts = 0
    while not counts or time.monotonic() < until:
        path, params, check = asked[(number + counts) % len(asked)]
        response = await http.get(path, params=params)
        if response.status_code != 200:
            failures.append(f"{path}: {response.status_code} {response.text[:300]}")
        elif (wrong := check(response)) is not None:
            failures.append(f"{path} {params}: {wrong}")
        counts += 1
    return counts


def check_range(expected):
    return lambda response: None if response.json() == expected else f"{response.json()} is not {expected}"


def check_subset(expected):
    def check(response):
        with netCDF4.Dataset("subset.nc", memory=response.content) as dataset:
            got = np.sort(np.ma.filled(dataset["surface_temperature"][...], np.nan).ravel())
        return None if np.allclose(got, expected, rtol=1e-6, equal_nan=True) else "other values"

    return check


def questions(http):
    times = [item["id"] for item in http.get(f"{API}/dataset/ostia_month/surface_temperature/timestamps").json()]
    with xr.open_dataset(FILE, decode_times=False) as opened:
        full = opened.load()
    requests = []
    for box in BOXES:
        for step in STEPS:
            path, params = subset(box, step, times)
            requests.append((path, params, check_subset(inside(box, full, step))))
            south, west, north, east = box
            extent = f"{west * WEST},{south * WEST},{east * WEST},{north * WEST}"
            path = f"{API}{RANGE}/{extent}/0/{times[step]}"
            expected = http.get(path)
            assert expected.status_code == 200, expected.text
            requests.append((path, {}, check_range(expected.json())))
    return requests


async def together(base, seconds, asked):
    failures = []
    until = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=base, timeout=60, limits=limits) as http:
        clients = (run_client(http, number, until, asked, failures) for number in range(CLIENTS))
        counts = await asyncio.gather(*clients)
    return sum(counts), failures


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=[pytest.mark.full, pytest.mark.timeout(400)])])
@pytest.mark.ci
def test_many_clients_at_once_get_the_right_ranges_and_subsets(run, http, seconds):
    answered, failures = asyncio.run(together(run.web, seconds, questions(http)))
    assert not failures, f"{len(failures)} of {answered}: {failures[:3]}"
    assert answered >= CLIENTS
