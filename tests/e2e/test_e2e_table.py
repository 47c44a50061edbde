"""Every sample file, asked for numbers and a picture through the gateway."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.e2e.conftest import Run

API = "/api/v2.0"
SAMPLES = os.environ.get("OCEAN_SAMPLES")
# What is no field on a map: observations along points, and the files that cannot be read as one.
REFUSED = {
    "argo_13857_prof", "argo_2902696_prof", "argo_R13857_001", "class4_20200101_GIOPS_TEST_profile",
    "drifters_barents_2022", "dsg_profiles_ecofoci", "dsg_timeseries_tao", "dsg_trajectory_socat",
    "mom5_empty_time", "salishseacast_ssh_test", "sentinel6_groups", "tiny",
}  # fmt: skip
METRES = 20037508.342789244 / np.pi  # of EPSG:3857 in a radian


def points(bounds):
    west, south, east, north = bounds
    east += 360 * (east < west)  # across the antimeridian
    for share in (0.5, 0.25, 0.75):
        for other in (0.5, 0.25, 0.75):
            longitude = west + other * (east - west)
            yield south + share * (north - south), (longitude + 180) % 360 - 180


def asked(http, path, **params):
    response = http.get(API + path, params=params)
    assert response.status_code in {200, 400, 422}, f"{path} {params}: {response.text}"
    return response


def tile_of(place, bounds):
    """The tile around a point: zoom, x, y of the Web Mercator square."""
    west, _, east, _ = bounds
    width = (east - west) % 360 or (360 if east > west else 1)  # degrees; all around, or one point
    zoom = max(0, int(np.log2(360 / width)))
    x = (place[1] + 180) / 360
    y = 0.5 - np.arcsinh(np.tan(np.radians(place[0]))) / (2 * np.pi)
    return "/".join(str(int(part)) for part in (zoom, x * 2**zoom, y * 2**zoom))


def richest(variables):
    """A variable with depth, if there is one."""
    return min(variables, key=lambda item: item["two_dimensional"])["id"]


def wettest(http, series, bounds):
    """The series with the most values, and where it is."""
    answers = [(asked(http, series, latitude=y, longitude=x, depth=0), (y, x)) for y, x in points(bounds)]
    wet = [
        (sum(row[0] is not None for row in answer.json()["values"]), place)
        for answer, place in answers
        if answer.status_code == 200
    ]
    return max(wet) if wet else (answers[0][0].json()["detail"], None)


def check_dataset(http, state):
    name = state["id"]
    assert (state["status"] == "broken") == (name in REFUSED), f"{name}: {state['reason']}"
    if state["status"] == "broken":
        return
    key = richest(http.get(f"{API}/dataset/{name}/variables").json())
    bounds = http.get(f"{API}/dataset/{name}").json()["bounds"]
    series, place = wettest(http, f"/data/{name}/{key}/timeseries", bounds)
    assert place is not None, f"{name}: {series}"
    profile = good(http, f"/data/{name}/{key}/profile", latitude=place[0], longitude=place[1], time="-1").json()
    point = good(http, f"/data/{name}/{key}/point", latitude=place[0], longitude=place[1], time="-1", depth=0).json()
    assert flat(point["variables"][key]["values"]) == profile["values"][0][:1], name
    assert area(http, name, key, place, bounds), name
    low, high = limits(http, name, key, bounds)
    assert low <= high, name
    tile = asked(http, f"/tiles/{name}/{key}/-1/0/{tile_of(place, bounds)}", interp="nearest")
    shown = np.asarray(Image.open(io.BytesIO(tile.content)).convert("RGBA"))[..., 3] > 0
    assert shown.any(), name


def good(http, path, **params):
    response = http.get(API + path, params=params)
    assert response.status_code == 200, f"{response.url}: {response.text[:500]}"
    return response


def flat(values):
    return [item for value in values for item in flat(value)] if isinstance(values, list) else [values]


def area(http, name, key, place, bounds):
    """How many cells of a tenth of the dataset's box have values."""
    west, south, east, north = bounds
    half = max(1e-3, ((east - west) % 360 or 360) / 20), max(1e-3, (north - south) / 20)
    box = (place[1] - half[0], max(-90, place[0] - half[1]), place[1] + half[0], min(90, place[0] + half[1]))
    west, east = ((item + 180) % 360 - 180 for item in box[::2])
    while True:  # coarse grids have no cell in so small a box
        asked = {"bbox": f"{west},{box[1]},{east},{box[3]}", "time": "-1", "depth": 0}
        response = http.get(f"{API}/data/{name}/{key}/area", params=asked)
        if response.status_code == 200:
            break
        assert response.status_code in {404, 413, 422}, f"{response.url}: {response.text[:500]}"
        assert (east - west) % 360 < 170, f"{response.url}: {response.text[:500]}"
        box = (box[0] - half[0], max(-90, box[1] - half[1]), box[2] + half[0], min(90, box[3] + half[1]))
        west, east = ((item + 180) % 360 - 180 for item in box[::2])
    return sum(entry is not None for entry in flat(response.json()["variables"][key]["values"]))


def limits(http, name, key, bounds):
    """The range of the dataset's box."""
    west, south, east, north = bounds
    east += 360 * (east < west)
    rows = (METRES * np.arcsinh(np.tan(np.radians(np.clip(item, -85, 85)))) for item in (south, north))
    y0, y1 = (float(item) for item in rows)
    x0, x1 = (METRES * np.radians(item) for item in (west, east))
    extent = f"{x0 - 1},{y0 - 1},{x1 + 1},{y1 + 1}"
    document = good(http, f"/range/{name}/{key}/nearest/25/10/EPSG:3857/{extent}/0/-1").json()
    return document["min"], document["max"]


@pytest.mark.full
@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES does not name a folder of sample files")
def test_every_sample_file_gives_numbers_and_a_picture_or_says_why_not(tmp_path):
    run = Run(tmp_path / "state", "--data", str(Path(SAMPLES)))
    try:
        run.wait()
        states = run.http.get(f"{API}/datasets/status").json()
        for state in states:
            check_dataset(run.http, state)
    finally:
        run.stop()
    assert len(states) > 40
