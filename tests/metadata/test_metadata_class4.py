"""Class 4: files into the catalogue, and what maps, lists and plots are told of them."""

import math
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from pyproj import Transformer
from tests.looping import loop_over
from tests.metadata.class4_files import DAY, values, write
from tests.metadata.serving import until

import class4 as demonstration
from ocean_common.arrays import unpack_array
from ocean_common.clients.metadata import MetadataClient
from ocean_core.errors import InvalidRequest, NotFound
from ocean_core.tiles import PROJECTIONS
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.database import connect, create_tables
from ocean_metadata.class4.indexer import Class4Indexer
from ocean_metadata.class4.map_points import is_in_view, root_mean_square_error
from ocean_metadata.class4.model import (
    FileSummary,
    ForecastLead,
    list_forecasts,
    parse_file_name,
    parse_profile_id,
)
from ocean_metadata.class4.reading import read_class4_file, read_content
from ocean_metadata.class4.store import Class4Repository, Class4Store
from ocean_metadata.index import scan
from ocean_metadata.index.storage import open_dataset

SAMPLES = os.environ.get("OCEAN_SAMPLES")
SAMPLE_DATA = Path(__file__).parents[2] / "deploy" / "sample_data"
GIOPS = DAY.removesuffix(".nc")
FOAM = GIOPS.replace("GIOPS_CONCEPTS_3.0", "FOAM_orca025")
LATER = GIOPS.replace("20200101", "20200102").replace("GIOPS_CONCEPTS_3.0", "BLUELINK")
RIOPS = GIOPS.replace("GIOPS_CONCEPTS_3.0", "RIOPS")


@pytest.fixture
def anyio_backend():
    return "asyncio"


def read_in_process(function, paths, stop):
    """Read files in this process: processes take a second to start."""
    for path in paths:
        if not stop.is_set():
            yield path, function(path)


class Filled:
    """A catalogue of Class 4 files, with the indexer that fills it."""

    def __init__(self, database, folder, riops=None, **more):
        self.engine = connect(database)
        create_tables(self.engine)
        self.store, self.stop = Class4Store(self.engine), threading.Event()
        folders = {"ocean_predict": folder, "riops_obs": riops}
        self.indexer = Class4Indexer(self.store, folders, self.stop, **({"read_each": read_in_process} | more))
        self.class4 = Class4Repository(self.engine)

    def run(self):
        result = self.indexer.run()
        self.class4.refresh()
        return result

    @property
    def reasons(self):
        return {file.id: file.reason and str(file.reason) for file in self.class4.index.files.values()}


@pytest.fixture
def fill(database):
    created = []

    def make(folder, riops=None, **more):
        created.append(Filled(database, folder, riops, **more))
        return created[-1]

    yield make
    for item in created:
        item.engine.dispose()


@pytest.fixture(scope="module")
def filled(new_database, tmp_path_factory):
    """Two models of one day, another day, and a file of RIOPS."""
    folder = tmp_path_factory.mktemp("class4")
    write(folder / "op" / "2020" / "20200101" / DAY)
    # The other model has no profile of the last place, and the others in another order.
    write(folder / "op" / f"{FOAM}.nc", profiles=(2, 0, 1, 3), seed=1)
    write(folder / "op" / f"{LATER}.nc")
    write(folder / "riops" / f"{RIOPS}.nc", without=("forecast", "persistence"))
    result = Filled(new_database(), folder / "op", folder / "riops")
    result.run()
    yield result
    result.engine.dispose()


@pytest.fixture(scope="module")
def maps(filled, sample_catalogue):
    with TestClient(create_app(sample_catalogue.catalogue, class4=filled.class4)) as result:
        yield result


def get(client, path, **params):
    response = client.get(f"/api/v2.0/class4{path}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


def test_each_day_is_listed_once_with_the_file_of_giops(maps):
    assert get(maps, "") == {
        "ocean_predict": [
            {"name": "2020-01-01", "id": GIOPS, "title": None},
            {"name": "2020-01-02", "id": LATER, "title": None},
        ],
        "riops_obs": [{"name": "2020-01-01", "id": RIOPS, "title": None}],
    }


def test_the_errors_on_the_map_are_those_that_numpy_finds(maps):
    held = values()
    result = get(maps, "/ocean_predict", id=GIOPS)
    assert result["type"] == "FeatureCollection"
    reported = [feature["properties"] for feature in result["features"]]
    assert [feature["id"] for feature in reported] == [f"{GIOPS}/{number}" for number in range(5)]
    assert [feature["name"] for feature in reported] == [f"49010{number}" for number in range(5)]
    for number, feature in enumerate(reported):
        off = (held["best_estimate"] - held["observation"])[number, 0].astype(float)
        off = off[np.isfinite(off)]
        if not off.size:
            assert (feature["error"], feature["error_norm"]) == (None, None)
            continue
        assert feature["error"] == pytest.approx(np.sqrt(np.mean(off**2)), rel=1e-6)
        assert feature["error_norm"] == pytest.approx(min(feature["error"] / 1.5, 1))
    assert {(feature["type"], feature["class4_type"], feature["resolution"]) for feature in reported} == {
        ("class4", "ocean_predict", 0)
    }
    places = [feature["geometry"]["coordinates"] for feature in result["features"]]
    assert places == [[-30.5, 0.5], [5, 60], [179.5, -70], [-179.5, 10], [-160, 45]]


@loop_over(
    ("projection", "extent", "seen"),
    [
        ("EPSG:3857", "-5000000,-1000000,1000000,1000000", [0]),
        ("EPSG:3857", "19900000,-20037508,20300000,20037508", [2, 3]),  # over the date line
        ("EPSG:3857", "-20300000,0,-19900000,20037508", [3]),
        ("EPSG:3857", "-99000000,-20037508,99000000,20037508", [0, 1, 2, 3, 4]),
        ("EPSG:32661", "0,-3000000,4000000,0", [1]),
        ("EPSG:3031", "-1000000,-4000000,1000000,1000000", [2]),
    ],
)
def test_only_profiles_in_view_are_shown(maps, projection, extent, seen):
    result = get(maps, "/ocean_predict", id=GIOPS, projection=projection, extent=extent, resolution=9784)
    assert [int(feature["properties"]["id"].split("/")[1]) for feature in result["features"]] == seen


@given(
    latitude=st.floats(-84, 84), longitude=st.floats(-180, 179.9), projection=st.sampled_from(PROJECTIONS),
    size=st.floats(1e3, 1e6),
)  # fmt: skip
def test_a_view_around_a_place_shows_it(latitude, longitude, projection, size):
    x, y = Transformer.from_crs("EPSG:4326", projection, always_xy=True).transform(longitude, latitude)
    place = np.array([latitude]), np.array([longitude])
    assert is_in_view(*place, projection, (x - size, y - size, x + size, y + size)).all()
    assert not is_in_view(*place, projection, (x + size, y - size, x + 2 * size, y + size)).any()


@given(st.lists(st.tuples(st.floats(-5, 40), st.floats(-5, 40) | st.just(math.nan)), min_size=1, max_size=20))
def test_the_error_is_the_root_of_the_mean_square(pairs):
    observed, estimate = (np.array([item]) for item in zip(*pairs, strict=True))
    pair = [(item - other) ** 2 for item, other in pairs if not math.isnan(other)]
    expected = math.sqrt(sum(pair) / len(pair)) if pair else math.nan
    assert root_mean_square_error(observed, estimate)[0] == pytest.approx(expected, nan_ok=True)


def test_forecasts_are_named_by_the_dates_of_their_fields(maps):
    assert get(maps, "/forecasts/ocean_predict", id=f"{GIOPS}_3") == [
        {"id": "best", "value": "Best Estimate"},
        {"id": 0, "value": "31 December 2019"},
        {"id": 1, "value": "30 December 2019"},
    ]
    assert get(maps, "/forecasts/riops_obs", id=f"{RIOPS}/0") == [{"id": "best", "value": "Best Estimate"}]


@loop_over(
    ("leads", "told"),
    [
        ([ForecastLead(lead=0), ForecastLead(lead=1)], ["Lead time 0", "Lead time 1"]),
        ([ForecastLead(lead=12, units="hours")], ["Lead time 12 hours"]),
        (
            [ForecastLead(time=0, lead=9), ForecastLead(time=0, lead=33)],
            [f"01 January 1970, lead time {item}" for item in (9, 33)],
        ),
        ([ForecastLead()], ["Forecast"]),
    ],
)  # fmt: skip
def test_forecasts_without_dates_are_named_by_their_lead_time(leads, told):
    assert [item.value for item in list_forecasts(FileSummary(day="", model="", leads=leads))[1:]] == told


def test_a_file_that_is_not_there_is_answered_with_those_of_its_day(maps):
    query = GIOPS.replace("3.0", "2.3")
    response = maps.get("/api/v2.0/class4/ocean_predict", params={"id": query})
    assert response.status_code == 404
    assert response.json()["errors"][0]["allowed"] == [FOAM, GIOPS]


def test_other_models_of_the_day_are_listed(maps):
    assert get(maps, "/models/ocean_predict", id=f"{GIOPS}_0") == [{"id": FOAM, "value": "FOAM"}]
    assert get(maps, "/models/ocean_predict", id=f"{FOAM}_0") == [{"id": GIOPS, "value": "GIOPS"}]
    assert get(maps, "/models/riops_obs", id=f"{RIOPS}_0") == []


@loop_over(
    ("path", "params", "status"),
    [
        ("/argo", {"id": GIOPS}, 404),
        ("/ocean_predict", {}, 400),
        ("/ocean_predict", {"id": "../../etc/passwd"}, 404),
        ("/ocean_predict", {"id": GIOPS + "' OR 1=1 --"}, 404),
        ("/ocean_predict", {"id": RIOPS}, 404),
        ("/ocean_predict", {"id": GIOPS, "extent": "1,2,3"}, 400),
        ("/ocean_predict", {"id": GIOPS, "extent": "nan,0,1,1"}, 400),
        ("/ocean_predict", {"id": GIOPS, "extent": "1,0,0,1"}, 400),
        ("/ocean_predict", {"id": GIOPS, "projection": "EPSG:4326"}, 400),
        ("/models/ocean_predict", {"id": f"{GIOPS}_5"}, 404),
        ("/forecasts/argo", {"id": f"{GIOPS}_0"}, 404),
        ("/forecasts/ocean_predict", {"id": f"{GIOPS}_999999999999"}, 404),
        ("/forecasts/ocean_predict", {"id": f"class4_20200101_{'x' * 5_000}_profile"}, 404),
    ],
)
def test_wrong_questions_are_answered_with_problems(maps, path, params, status):
    response = maps.get(f"/api/v2.0/class4{path}", params=params)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_service_without_such_files_lists_none(client):
    assert get(client, "") == {"ocean_predict": [], "riops_obs": []}
    assert get(client, "/status") == []
    assert client.get("/api/v2.0/class4/ocean_predict", params={"id": GIOPS}).status_code == 404


def client_of(filled, sample_catalogue):
    return MetadataClient(
        "http://metadata", httpx.ASGITransport(create_app(sample_catalogue.catalogue, class4=filled.class4))
    )


@pytest.mark.anyio
async def test_the_client_has_the_values_of_the_file(filled, sample_catalogue):
    held = values()
    async with client_of(filled, sample_catalogue) as client:
        result = await client.class4([f"{GIOPS}_4", f"{GIOPS}_1"])
    last, second = result.profiles
    assert (last.file, last.index, last.name, last.time) == (GIOPS, 4, "490104", "2020-01-01T18:00:00+00:00")
    assert unpack_array(last.depth).tolist() == [1, 10]  # the rest was not observed
    assert [(item.key, item.name, item.units) for item in second.variables] == [
        ("votemper", "Temperature", "Celsius"),
        ("vosaline", "Salinity", "PSU"),
    ]
    for number, item in enumerate(second.variables):
        assert np.array_equal(unpack_array(item.observed), held["observation"][1, number])
        assert np.array_equal(unpack_array(item.best_estimate), held["best_estimate"][1, number])
        assert np.array_equal(unpack_array(item.climatology), held["climatology"][1, number])
        assert np.array_equal(unpack_array(item.forecasts), held["forecast"][1, number])
        assert np.array_equal(unpack_array(item.persistence), held["persistence"][1, number])
        assert not unpack_array(item.flags).any()
        assert item.analysis is None
    assert [item.id for item in result.forecasts] == ["best", 0, 1]


@pytest.mark.anyio
async def test_the_same_profile_is_found_in_another_models_file(filled, sample_catalogue):
    held = values(1)
    async with client_of(filled, sample_catalogue) as client:
        result = await client.class4([f"{GIOPS}_{number}" for number in (0, 2, 4)], models=[FOAM, LATER])
    foam, later = result.models
    assert (foam.model, [profile and profile.index for profile in foam.profiles]) == ("FOAM", [1, 0, None])
    for number, profile in zip((0, 2), foam.profiles, strict=False):
        assert profile.name == f"49010{number}"
        assert np.array_equal(unpack_array(profile.variables[0].best_estimate), held["best_estimate"][number, 0])
    assert later.profiles == [None] * 3  # of another day


@pytest.mark.anyio
@loop_over(
    ("ids", "error"),
    [
        ([], InvalidRequest),
        ([GIOPS], InvalidRequest),
        (["x"], NotFound),
        ([f"{GIOPS}_5"], NotFound),
        ([f"{GIOPS}_0"] * 101, InvalidRequest),
    ],
)
async def test_the_client_raises_what_the_service_says(filled, sample_catalogue, ids, error):
    async with client_of(filled, sample_catalogue) as client:
        with pytest.raises(error):
            await client.class4(ids)


@loop_over(
    ("name", "found"),
    [
        ("class4_20200101_GIOPS_TEST_profile.nc", ("2020-01-01", "GIOPS")),
        ("class4_20200101_RIOPS_profile.nc", ("2020-01-01", "RIOPS")),
        ("class4_20190501_GIOPS_CONCEPTS_2.3_profile.nc", ("2019-05-01", "GIOPS")),
        ("class4_20200231_GIOPS_TEST_profile.nc", None),
        ("class4_20200101_GIOPS_TEST_SST.nc", None),
        ("class4_2020010\N{SUPERSCRIPT ONE}_GIOPS_TEST_profile.nc", None),
    ],
)
def test_names_tell_day_and_model(name, found):
    taken = parse_file_name(name)
    assert (taken and (taken.day, taken.model)) == found


def test_profiles_are_named_with_a_line_or_a_slash():
    assert parse_profile_id(f"{GIOPS}_12") == parse_profile_id(f"{GIOPS}/12") == (GIOPS, 12)
    assert parse_profile_id(GIOPS) == (GIOPS, None)


def test_dimensions_in_another_order_mean_the_same(tmp_path):
    item, other = (write(tmp_path / name / DAY, turned=name == "b") for name in "ab")
    first, second = (read_class4_file(str(path)) for path in (item, other))
    assert (first.summary, first.points, first.profiles) == (second.summary, second.points, second.profiles)
    assert first.profiles


def test_blocks_of_any_size_hold_the_same(tmp_path):
    path = str(write(tmp_path / DAY))
    with open_dataset(path) as data:
        whole = read_class4_file(path)
        assert read_content(data, GIOPS, parse_file_name(DAY), whole.stamp, block_cells=1) == whole


def test_files_with_few_attributes_are_served(tmp_path, fill):
    few = ("id", "varname", "unitname", "juld", "climatology", "qc", "forecast", "persistence", "modeljuld", "leadtime")
    write(tmp_path / DAY, without=few)
    filled = fill(tmp_path)
    filled.run()
    assert filled.reasons == {GIOPS: None}


def test_unchanged_files_are_not_read_again(tmp_path, fill):
    write(tmp_path / DAY)
    write(tmp_path / f"{FOAM}.nc")
    filled = fill(tmp_path)
    assert (filled.run(), filled.run()) == (2, 0)
    assert fill(tmp_path).run() == 0  # another process


def test_changed_and_removed_files_are_followed(tmp_path, fill, sample_catalogue):
    write(tmp_path / DAY)
    write(tmp_path / f"{FOAM}.nc")
    filled = fill(tmp_path)
    filled.run()
    with TestClient(create_app(sample_catalogue.catalogue, class4=filled.class4)) as client:
        first = client.get("/api/v2.0/class4/ocean_predict", params={"id": GIOPS})
        again = client.get(str(first.url), headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        write(tmp_path / DAY, without=("qc",), latitude=np.full(5, 12.0))
        (tmp_path / f"{FOAM}.nc").unlink()
        assert filled.run() == 1
        second = client.get(str(first.url), headers={"if-none-match": first.headers["etag"]})
        assert second.status_code == 200
        assert {feature["geometry"]["coordinates"][1] for feature in second.json()["features"]} == {12}
        assert get(client, "/models/ocean_predict", id=f"{GIOPS}_0") == []


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.write_bytes(path.read_bytes()[:3000]), "it cannot be"),
        (lambda path: path.write_text("no NetCDF"), "it cannot be"),
        (lambda path: write(path, without=("observation",)), "it has no observation"),
        (lambda path: write(path, without=("best_estimate", "depth")), "it has no depth, best_estimate"),
    ],
)
def test_a_broken_file_is_reported_and_the_others_are_served(tmp_path, fill, sample_catalogue, harm, reason):
    harm(write(tmp_path / DAY))
    write(tmp_path / f"{FOAM}.nc")
    filled = fill(tmp_path)
    assert filled.run() == 2
    assert fill(tmp_path).run() == 0  # a broken file is not read for ever
    with TestClient(create_app(sample_catalogue.catalogue, class4=filled.class4)) as client:
        assert [item["id"] for item in get(client, "")["ocean_predict"]] == [FOAM]
        reported = {item["id"]: item["reason"] for item in get(client, "/status")}
        assert reported[FOAM] is None
        assert reported[GIOPS].startswith(reason)
        response = client.get("/api/v2.0/class4/ocean_predict", params={"id": GIOPS})
        assert response.status_code == 404
        assert reason in response.json()["detail"]


def test_a_broken_file_is_looked_at_again_after_a_while(tmp_path, fill):
    path = tmp_path / DAY
    path.write_bytes(b"")
    filled = fill(tmp_path, retry=0)
    assert (filled.run(), filled.run()) == (1, 1)
    write(path)
    filled.run()
    assert filled.reasons == {GIOPS: None}


def test_a_pass_that_is_stopped_goes_on_where_it_was(tmp_path, fill):
    names = [DAY.replace("20200101", f"202001{day:02d}") for day in range(1, 6)]
    for name in names:
        write(tmp_path / name)

    def two(function, paths, stop):
        yield from read_in_process(function, paths[:2], stop)
        stop.set()

    first = fill(tmp_path, read_each=two)
    assert first.run() == 2
    assert len(first.reasons) == 2
    second = fill(tmp_path)
    assert second.run() == 3
    assert len(second.reasons) == 5


@pytest.mark.timeout(400)  # processes are started, which takes its time where others are at work
@pytest.mark.ci
def test_a_command_that_is_killed_goes_on_where_it_was(tmp_path):
    """Nothing is lost, and nothing is there twice."""
    names = [DAY.replace("20200101", f"2020{month:02d}{day:02d}") for month in (1, 2) for day in range(1, 26)]
    original = write(tmp_path / "original" / DAY)
    for folder in ("data", "files"):
        (tmp_path / folder).mkdir()
    for name in names:
        shutil.copy(original, tmp_path / "files" / name)
    database = tmp_path / "catalogue.sqlite3"
    reported = ["--database", database, "--folder", tmp_path / "data", "--class4", tmp_path / "files"]
    command = [sys.executable, "-m", "ocean_metadata.index", *map(str, reported)]
    engine = connect(str(database))
    create_tables(engine)
    store = Class4Store(engine)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    assert until(store.file_states)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    class4 = Class4Repository(engine)
    class4.refresh()
    assert [f"{file.id}.nc" for file in class4.index.files.values()] == sorted(names)
    assert {file.about.profiles for file in class4.index.files.values()} == {5}
    engine.dispose()


def test_the_script_makes_the_demonstration_again(tmp_path):
    demonstration.make(tmp_path)
    shipped = sorted((SAMPLE_DATA / "class4").glob("class4_1997*.nc"))
    assert [path.name for path in shipped] == sorted(path.name for path in tmp_path.iterdir())
    for path in shipped:
        with netCDF4.Dataset(path) as dataset, netCDF4.Dataset(tmp_path / path.name) as created:
            assert {name: dataset.getncattr(name) for name in dataset.ncattrs()} == {
                name: created.getncattr(name) for name in created.ncattrs()
            }
            for name in dataset.variables:
                old, new = dataset[name][:], created[name][:]
                if old.dtype.kind == "S":
                    assert (old == new).all()
                else:
                    assert np.array_equal(np.ma.getmaskarray(old), np.ma.getmaskarray(new))
                    assert np.ma.allclose(old, new, rtol=0, atol=2e-3)


def test_the_demonstration_says_what_it_is(fill, sample_catalogue):
    filled = fill(SAMPLE_DATA / "class4")
    assert filled.run() == 3
    with TestClient(create_app(sample_catalogue.catalogue, class4=filled.class4)) as client:
        days = {day["name"]: day for day in get(client, "")["ocean_predict"]}
        assert days["2016-07-10"]["title"] == "Demonstration: idealised casts beside the idealised North Atlantic"
        day = days["1997-07-29"]
        assert (day["name"], day["id"]) == ("1997-07-29", "class4_19970729_ATLANTIC_demo_profile")
        assert (
            day["title"]
            == "Demonstration: Argo of July to September 1997 beside a Met Office analysis of December 1984"
        )
        features = get(client, "/ocean_predict", id=day["id"])["features"]
        assert [0 < item["properties"]["error"] < 2 for item in features] == [True] * 4
        assert get(client, "/models/ocean_predict", id=f"{day['id']}_0") == [
            {"id": "class4_19970729_OSTIA_demo_profile", "value": "OSTIA"}
        ]


@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES does not name the folder of sample files")
@pytest.mark.anyio
async def test_a_real_file_without_units_is_served(tmp_path, fill, sample_catalogue):
    name = "class4_20200101_GIOPS_TEST_profile"
    source = tmp_path / f"{name}.nc"
    shutil.copyfile(Path(SAMPLES) / "obs" / source.name, source)
    filled = fill(tmp_path, read_each=scan.map_in_processes)
    assert filled.run() == 1
    with xr.open_dataset(source, decode_times=False) as data:
        held = data.load()
    app = create_app(sample_catalogue.catalogue, class4=filled.class4)
    with TestClient(app) as client:
        result = [item["properties"]["error"] for item in get(client, "/ocean_predict", id=name)["features"]]
        assert get(client, "/forecasts/ocean_predict", id=f"{name}_0")[:2] == [
            {"id": "best", "value": "Best Estimate"},
            {"id": 0, "value": "Lead time 0"},
        ]
    off = (held.best_estimate - held.observation).isel(numvars=0).astype(float)
    expected = np.sqrt((off**2).mean("numdeps")).values
    assert np.allclose(np.array(result, float), expected, equal_nan=True)
    assert None in result
    async with client_of(filled, sample_catalogue) as client:
        (profile,) = (await client.class4([f"{name}_1"])).profiles
    assert (profile.name, profile.instrument) == ("1901606", "846")
    assert [item.units for item in profile.variables] == ["Celsius", "PSU"]
    wet = np.isfinite(held.observation.values[1, 1])
    assert np.array_equal(unpack_array(profile.variables[1].observed), held.observation.values[1, 1][wet])
    assert np.array_equal(unpack_array(profile.variables[1].forecasts), held.forecast.values[1, 1][:, wet])
    assert np.array_equal(unpack_array(profile.depth), held.depth.values[1][wet])
    assert profile.time == "2020-01-01T05:37:36+00:00"
