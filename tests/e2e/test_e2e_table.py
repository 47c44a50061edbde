"""Every sample file, asked for numbers and a picture through the gateway: the table in docs/sample-files.md."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.e2e.conftest import ROOT, Run

API = "/api/v2.0"
SAMPLES = os.environ.get("OCEAN_SAMPLES")
REPORT = ROOT / "docs" / "sample-files.md"
HEAD = """# Every sample file

Written by `make test-all` from the folder that `OCEAN_SAMPLES` names: each NetCDF file, or family of files, served
without any configuration and asked through the gateway. "Series" is the number of steps with a value at the wettest of
nine points of the dataset's box, "levels" those of the profile there, "area" the cells with a value in a box around
that point, "range" the limits in view on a map of the dataset's box, "tile" the share of coloured pixels of the map
tile around that point, at the zoom at which the dataset fills a tile. The value of `point` is that of the profile.

| dataset | files | variable | steps | series | levels | area | range | tile |
|---|---|---|---|---|---|---|---|---|
"""
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


def row(http, state):
    name = state["id"]
    assert (state["status"] == "broken") == (name in REFUSED), f"{name}: {state['reason']}"
    if state["status"] == "broken":
        return f"| {name} | {len(state['problems'])} | *{state['reason']}* | | | | | | |"
    key = richest(http.get(f"{API}/dataset/{name}/variables").json())
    times = http.get(f"{API}/dataset/{name}/{key}/timestamps").json()
    bounds = http.get(f"{API}/dataset/{name}").json()["bounds"]
    series, place = wettest(http, f"/data/{name}/{key}/timeseries", bounds)
    assert place is not None, f"{name}: {series}"
    start = f"| {name} | {state['files']} | {key} | {len(times)} |"
    profile = good(http, f"/data/{name}/{key}/profile", latitude=place[0], longitude=place[1], time="-1").json()
    levels = sum(value is not None for value in (profile["values"] or [[]])[0])
    point = good(http, f"/data/{name}/{key}/point", latitude=place[0], longitude=place[1], time="-1", depth=0).json()
    assert flat(point["variables"][key]["values"]) == profile["values"][0][:1], name
    cells = area(http, name, key, place, bounds)
    low, high = limits(http, name, key, bounds)
    tile = asked(http, f"/tiles/{name}/{key}/-1/0/{tile_of(place, bounds)}", interp="nearest")
    shown = np.asarray(Image.open(io.BytesIO(tile.content)).convert("RGBA"))[..., 3] > 0
    assert shown.any(), name
    return f"{start} {series} | {levels} | {cells} | {low:.3g} … {high:.3g} | {shown.mean():.0%} |"


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
    cells = sum(entry is not None for entry in flat(response.json()["variables"][key]["values"]))
    assert cells, name
    return cells


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
        rows = [row(run.http, state) for state in sorted(states, key=lambda state: state["id"])]
    finally:
        run.stop()
    assert len(rows) > 40
    REPORT.write_text(HEAD + "\n".join(rows) + "\n")
