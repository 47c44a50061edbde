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
nine points of the dataset's box, "levels" those of the profile there, "tile" the share of coloured pixels of the map
tile around that point, at the zoom at which the dataset fills a tile.

| dataset | files | variable | steps | series | levels | tile |
|---|---|---|---|---|---|---|
"""


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
    return min(variables, key=lambda one: one["two_dimensional"])["id"]


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
    if state["status"] == "broken":
        return f"| {name} | {len(state['problems'])} | *{state['reason']}* | | | | |"
    key = richest(http.get(f"{API}/dataset/{name}/variables").json())
    times = http.get(f"{API}/dataset/{name}/{key}/timestamps").json()
    bounds = http.get(f"{API}/dataset/{name}").json()["bounds"]
    series, place = wettest(http, f"/data/{name}/{key}/timeseries", bounds)
    start = f"| {name} | {state['files']} | {key} | {len(times)} |"
    if place is None:
        return f"{start} *{series}* | | |"
    profile = asked(http, f"/data/{name}/{key}/profile", latitude=place[0], longitude=place[1], time="-1").json()
    levels = sum(value is not None for value in (profile["values"] or [[]])[0])
    tile = asked(http, f"/tiles/{name}/{key}/-1/0/{tile_of(place, bounds)}", interp="nearest")
    shown = np.asarray(Image.open(io.BytesIO(tile.content)).convert("RGBA"))[..., 3] > 0
    assert shown.any(), name
    return f"{start} {series} | {levels} | {shown.mean():.0%} |"


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
