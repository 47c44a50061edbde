"""Files as they are: packed, masked, in any order; and files that break, change or go."""

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace

import msgspec
import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient
from tests.data.area_twins import reading_of

from ocean_common.contracts.assets import Array
from ocean_common.contracts.data import AreaRequest, Coverage, PointsRequest
from ocean_core.errors import SourceUnreadable
from ocean_data.compute.equations import calculated_assets
from ocean_data.plan import areas
from ocean_data.plan.extraction import read_parts
from ocean_data.reading.calculated import Calculated
from ocean_data.reading.source import BLOCK, _together

LATITUDE, LONGITUDE = np.arange(-5.0, 6.0), np.arange(0.0, 360.0, 10.0)


def write(
    path, values, *, latitude=LATITUDE, longitude=LONGITUDE, dtype="f4", form="NETCDF4", fill=None, raw=False, **said
):
    """A small file: values (time, y, x)."""
    with netCDF4.Dataset(path, "w", format=form) as dataset:
        for name, size in zip(("time", "lat", "lon"), values.shape, strict=True):
            dataset.createDimension(name, size)
        time = dataset.createVariable("time", "f8", ("time",))
        time.units, time[:] = "hours since 2020-01-01", np.arange(values.shape[0])
        dataset.createVariable("lat", "f4", ("lat",))[:] = latitude
        dataset.createVariable("lon", "f4", ("lon",))[:] = longitude
        variable = dataset.createVariable("v", dtype, ("time", "lat", "lon"), fill_value=fill)
        variable.setncatts(said)
        variable.set_auto_maskandscale(not raw)
        variable[:] = values
    return path


def ramp(steps=2, rows=LATITUDE.size, columns=LONGITUDE.size):
    return np.arange(steps * rows * columns, dtype=float).reshape(steps, rows, columns)


def series(client, latitude=0.0, longitude=20.0, **more):
    where = {"latitude": latitude, "longitude": longitude}
    return client.get("/api/v2.0/data/made/v/timeseries", params=where | more)


@pytest.fixture
def served(app_over, described):
    """Serves a made file."""

    def serve(path):
        assets = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")
        return TestClient(app_over([assets]))

    return serve


HOLD = """
import sys
from ocean_data.reading.source import NetCDFSource
source = NetCDFSource(8, 1000)
with source._places["file"].open_file(source.signature(sys.argv[1])) as opened:
    opened.find("v")
print("open", flush=True)
sys.stdin.read()
"""


def test_a_file_in_the_open_file_cache_can_be_written_by_its_model(tmp_path):
    path = write(tmp_path / "a.nc", ramp(2))
    holding = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"open\n"
        with netCDF4.Dataset(path, "r+") as model:
            model["v"][0] = 0


def test_of_days_with_one_date_the_requested_one_is_read(tmp_path, app_over, described):
    """As 29 and 30 February of a calendar of 360 days do."""
    assets = described(write(tmp_path / "a.nc", ramp(2)), "v", kind="rectilinear", latitude="lat", longitude="lon")
    seconds = Array(dtype="<i8", shape=(2,), data=assets.steps.seconds.data[:8] * 2)
    assets = msgspec.structs.replace(assets, steps=msgspec.structs.replace(assets.steps, seconds=seconds))
    query = PointsRequest(dataset="made", variables=["v"], points=[(0.0, 20.0)], time="1")
    with TestClient(app_over([assets])) as client:
        answer = client.post("/internal/extractions", content=msgspec.msgpack.encode(query))
    result = msgspec.msgpack.decode(answer.content, type=Coverage)
    raw = next(coordinate for coordinate in result.coordinates if coordinate.name == "raw_time").values
    assert np.frombuffer(raw.data, raw.dtype).tolist() == [1]
    values = result.fields[0].values
    assert np.frombuffer(values.data, values.dtype).tolist() == [578.0]


def test_a_square_curvilinear_grid_is_not_turned(tmp_path, app_over, described):
    """Where there are as many rows as columns, the shapes do not tell a turned grid from a right one."""
    east, north = np.meshgrid(np.arange(4.0), np.arange(60.0, 64.0))
    path = tmp_path / "square.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        for name in ("y", "x"):
            dataset.createDimension(name, 4)
        for name, values in (("lat", north), ("lon", east), ("v", north * 100 + east)):
            dataset.createVariable(name, "f8", ("y", "x"))[:] = values
    assets = described(path, "v", kind="curvilinear", latitude="lat", longitude="lon")
    with TestClient(app_over([assets])) as client:
        document = series(client, 61.0, 3.0).json()
    assert (document["cell"], document["values"]) == ([61.0, 3.0], [[6103.0]])


@pytest.mark.parametrize("form", ["NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"])
def test_a_file_of_any_format_is_read(tmp_path, served, form):
    with served(write(tmp_path / "a.nc", ramp(), form=form)) as client:
        assert series(client).json()["values"] == [[182.0], [578.0]]


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (LATITUDE[::-1], LONGITUDE),
        (LATITUDE, (LONGITUDE + 180) % 360 - 180),
        (LATITUDE, LONGITUDE + 70),
        (LATITUDE[::-1], np.roll((LONGITUDE + 180) % 360 - 180, 18)),
    ],
)
def test_the_order_and_convention_of_axes_do_not_matter(tmp_path, served, latitude, longitude):
    where = np.argmin(np.abs(latitude - 3)), np.argmin(np.abs((longitude - 200) % 360))
    with served(write(tmp_path / "a.nc", ramp(), latitude=latitude, longitude=longitude)) as client:
        for requests in (200.0, -160.0, 202.0):
            assert series(client, 3.2, requests).json()["values"][0] == [ramp()[(0, *where)]]


def test_packed_values_are_unpacked_and_their_fill_is_nothing(tmp_path, served):
    raw = np.full((1, 11, 36), 100, dtype="i2")
    raw[0, 5, 2], raw[0, 5, 3], raw[0, 5, 4] = -32767, 4000, -1
    output = {"scale_factor": 0.01, "add_offset": 5.0, "missing_value": np.int16(-1), "valid_max": np.int16(3000)}
    with served(write(tmp_path / "a.nc", raw, dtype="i2", fill=-32767, raw=True, **output)) as client:
        result = [series(client, 0, longitude).json()["values"][0][0] for longitude in (10, 20, 30, 40)]
    assert result == [pytest.approx(6.0), None, None, None]


def test_unsigned_bytes_are_what_they_say(tmp_path, served):
    raw = np.full((1, 11, 36), -2, dtype="i1")  # 254
    raw[0, 5, 2] = -1  # 255, the fill
    with served(write(tmp_path / "a.nc", raw, dtype="i1", fill=-1, raw=True, _Unsigned="true")) as client:
        assert series(client, 0, 10).json()["values"] == [[254.0]]
        assert series(client, 0, 20).json()["values"] == [[None]]


def test_a_range_that_makes_no_sense_masks_nothing(tmp_path, served):
    with served(write(tmp_path / "a.nc", ramp(), valid_min=1e20, valid_max=-1e20)) as client:
        assert series(client).json()["values"] == [[182.0], [578.0]]


def test_nan_is_null_in_json(tmp_path, served):
    values = ramp(1)
    values[0, 5, 1:5] = np.nan, np.inf, -np.inf, 1e37
    with served(write(tmp_path / "a.nc", values)) as client:
        for longitude in (10, 20, 30, 40):
            response = series(client, 0, longitude)
            assert response.json()["values"] == [[None]]
            assert "NaN" not in response.text


def test_a_replaced_file_is_read_again(tmp_path, served):
    path = write(tmp_path / "a.nc", ramp())
    with served(path) as client:
        tile = {"dataset": "made", "variable": "v", "time": "-1", "depth": "0", "zoom": 2, "x": 2, "y": 2}
        before = client.get("/internal/tile-field", params=tile).content
        assert series(client).json()["values"] == [[182.0], [578.0]]
        write(tmp_path / "new.nc", ramp() + 1000).replace(path)
        assert series(client).json()["values"] == [[1182.0], [1578.0]]
        assert client.get("/internal/tile-field", params=tile).content != before


def test_a_response_from_a_file_that_is_not_indexed_yet_is_not_cached_by_revision(tmp_path, served):
    path = write(tmp_path / "a.nc", ramp())
    with served(path) as client:
        existing = series(client)
        assert existing.headers["cache-control"] == "public, max-age=60"
        assert existing.json()["revision"]
        write(tmp_path / "new.nc", ramp() + 1000).replace(path)
        newer = series(client)
        assert newer.headers["cache-control"] == "no-cache"
        assert newer.headers["etag"] != existing.headers["etag"]
        assert newer.json()["revision"] == ""


@pytest.mark.parametrize("missing", [1, 7, 300])
def test_the_end_of_a_classic_file_is_missed_however_little_is_cut(tmp_path, served, missing):
    path = write(tmp_path / "a.nc", ramp(), form="NETCDF3_CLASSIC")
    with served(path) as client:
        assert series(client).status_code == 200
        os.truncate(path, path.stat().st_size - missing)
        assert series(client).status_code == 503


@pytest.mark.parametrize("form", ["NETCDF4", "NETCDF3_CLASSIC"])
def test_a_truncated_file_is_reported_and_hides_no_other(tmp_path, app_over, described, form):
    paths = [write(tmp_path / f"{name}.nc", ramp(), form=form) for name in "ab"]
    assets = [
        described(path, "v", kind="rectilinear", latitude="lat", longitude="lon", dataset=name)
        for path, name in zip(paths, "ab", strict=True)
    ]
    with TestClient(app_over(assets)) as client:
        where = {"latitude": 0, "longitude": 20}
        assert client.get("/api/v2.0/data/a/v/timeseries", params=where).status_code == 200
        os.truncate(paths[0], paths[0].stat().st_size // 2)
        response = client.get("/api/v2.0/data/a/v/timeseries", params=where)
        assert response.status_code == 503
        assert response.json()["type"] == "urn:ocean:SourceUnreadable"
        assert "a.nc" in response.json()["detail"]
        assert str(tmp_path) not in response.text
        assert client.get("/api/v2.0/data/b/v/timeseries", params=where).status_code == 200


@pytest.mark.parametrize("content", [None, b"", b"not a file of numbers", b"\x89HDF\r\n\x1a\n" + b"\0" * 100])
def test_a_broken_or_vanished_file_is_reported(tmp_path, served, content):
    path = write(tmp_path / "a.nc", ramp())
    with served(path) as client:
        assert series(client).status_code == 200
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        response = series(client)
        assert response.status_code == 503
        assert "a.nc" in response.json()["detail"]
        shutil.copy(write(tmp_path / "again.nc", ramp()), path)
        assert series(client).status_code == 200


@pytest.mark.parametrize("change", ["rows", "steps", "name"])
def test_a_file_replaced_by_one_of_another_form_is_not_misread(tmp_path, served, change):
    path = write(tmp_path / "a.nc", ramp())
    with served(path) as client:
        other = tmp_path / "other.nc"
        if change == "rows":
            write(other, ramp(rows=5), latitude=np.arange(5.0))
        elif change == "steps":
            write(other, ramp(steps=1))
        else:
            write(other, ramp())
            with netCDF4.Dataset(other, "a") as opened:
                opened.renameVariable("v", "w")
        other.replace(path)
        assert series(client).status_code == 503


def test_a_file_with_another_dimension_is_reported_as_replaced(tmp_path, source, described):
    path = write(tmp_path / "a.nc", ramp())
    assets = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")
    with netCDF4.Dataset(tmp_path / "other.nc", "w") as dataset:
        for name, size in (("time", 2), ("depth", 3), ("lat", LATITUDE.size), ("lon", LONGITUDE.size)):
            dataset.createDimension(name, size)
        dataset.createVariable("v", "f4", ("time", "depth", "lat", "lon"))[:] = 1.0
    (tmp_path / "other.nc").replace(path)
    box = slice(0, 2), slice(0, 2)
    for read in (
        lambda variable: source.precision(variable, [0]),
        source.chunking,
        lambda variable: source.window(variable, 0, slice(None), box),
    ):
        with pytest.raises(SourceUnreadable, match="replaced by a file of another form") as failure:
            read(assets)
        assert failure.value.retry_after == 5


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path, source, described):
    path = write(tmp_path / "a.nc", ramp())
    assets = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")
    new = [write(tmp_path / f"{number}.nc", ramp() + 1000) for number in range(40)]
    cells = np.arange(396, dtype=np.int32)
    stop = threading.Event()

    def replace():
        for number, other in enumerate(new):
            other.replace(path) if number % 2 else shutil.copy(other, path)
        stop.set()

    writer = threading.Thread(target=replace)
    writer.start()
    while not stop.is_set():
        try:
            result = source.columns(assets, [0, 1], slice(None), cells)
        except SourceUnreadable:
            continue
        first = result[0, 0, 0]
        np.testing.assert_array_equal(result[:, 0], ramp().reshape(2, -1) + first)
        assert first in {0.0, 1000.0}
    writer.join()


def plan_over(source, variables, **how):
    reading = reading_of(source)
    query = AreaRequest(
        dataset="made",
        variables=[variable.variable.key for variable in variables],
        box=(0, -90, 360, 90),
        start="0",
        **how,
    )
    return replace(areas.plan_area(reading, variables, query), rows=1), reading


@pytest.mark.parametrize("of", ["the file", "an equation"])
def test_an_answer_in_parts_ends_where_its_file_is_replaced(tmp_path, source, described, of):
    path = write(tmp_path / "a.nc", ramp(3))
    query = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")
    if of == "an equation":
        query = calculated_assets("made", "v * 2", {"v": query})
        source = Calculated(source, reading_of(source).grids, 1000)
    extraction, reading = plan_over(source, [query])
    parts = read_parts(extraction, reading)
    next(parts)
    write(tmp_path / "new.nc", ramp(3) + 1000).replace(path)
    with pytest.raises(SourceUnreadable, match="was replaced while it was read") as failure:
        next(parts)
    assert failure.value.retry_after


def test_two_variables_are_never_of_an_old_and_of_a_new_file(tmp_path, source, described):
    path = write(tmp_path / "a.nc", ramp(1))
    item = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")
    other = msgspec.structs.replace(item, variable=msgspec.structs.replace(item.variable, key="w"))
    extraction, reading = plan_over(source, [item, other])
    new = write(tmp_path / "new.nc", ramp(1) + 1000)

    class Changing:
        """The source, whose file is replaced before it reads the second variable."""

        def window(self, variable, *args):
            if variable is other:
                new.replace(path)
            return source.window(variable, *args)

        def __getattr__(self, name):
            return getattr(source, name)

    with pytest.raises(SourceUnreadable, match="was replaced while it was read"):
        next(read_parts(extraction, replace(reading, source=Changing())))


@pytest.mark.parametrize("steps", [1, 3])
def test_a_single_read_does_not_check_its_file_twice(tmp_path, source, described, steps):
    path = write(tmp_path / "a.nc", ramp(steps))
    query = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")
    extraction, _ = plan_over(source, [query])
    assert extraction.files() == [str(path)]
    assert extraction.once == (steps == 1)


def test_cells_that_lie_together_are_read_together_whatever_their_order():
    cells = np.random.default_rng(3).permutation(90 * 70)[:800].astype(np.int32)
    boxes = _together(cells, (90, 70))
    assert sorted(np.concatenate([some for some, _, _ in boxes])) == [*range(800)]
    assert len(boxes) == np.unique([cells // 70 // BLOCK, cells % 70 // BLOCK], axis=1).shape[1]
    for some, (rows, columns), (y, x) in boxes:
        np.testing.assert_array_equal((rows.start + y) * 70 + columns.start + x, cells[some])
        assert rows.stop - rows.start <= BLOCK
