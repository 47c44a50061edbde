"""Field cases: each is a file, or a family of files, of which public bug reports tell, and the right answers."""

import csv
import io
import json

import netCDF4
import numpy as np
import pytest
import shapely
from PIL import Image
from tests.field.files import GLOBE, TIME_AXES, WRITERS, holes, sigma_heights, tilted, truth
from tests.field.one_process import OneProcess

AT = "latitude=42&longitude=-48"
HERE = truth(42, -48)
BOX = [[39.6, -50.4], [39.6, -40.6], [49.4, -40.6], [49.4, -50.4], [39.6, -50.4]]


class Services(OneProcess):
    """Answers of the services, as numbers."""

    def json(self, path, body=None):
        response = self.get(path, body)
        assert response.status_code == 200, f"{path}: {response.text[:400]}"
        return response.json()

    def value(self, key, where=AT, **more):
        """Return the value of dataset/variable at a point, at the last time if none is given."""
        query = "".join(f"&{name}={item}" for name, item in more.items())
        answer = self.json(f"data/{key}/point?{where}{query}")
        return np.ravel(answer["variables"][key.split("/")[1]]["values"]).tolist()[0]

    def values(self, key, where=AT, path="timeseries"):
        return np.ravel(self.json(f"data/{key}/{path}?{where}")["values"]).tolist()

    def dates(self, key):
        return [step["value"] for step in self.json(f"dataset/{key}/timestamps")]

    def statistics(self, key, box=None, polygon=None, **more):
        """Return count, minimum, maximum and mean of an area."""
        query = "".join(f"&{name}={item}" for name, item in more.items())
        path = f"data/{key}/statistics"
        answer = self.json(path, {"polygon": polygon}) if polygon else self.json(f"{path}?bbox={box}{query}")
        name = key.split("/")[1]
        return [
            np.ravel(answer["variables"][f"{name}_{part}"]["values"])[0]
            for part in ("count", "minimum", "maximum", "mean")
        ]

    def is_refused(self, path):
        return 400 <= self.get(path).status_code < 500

    def status(self, dataset):
        return next(item for item in self.json("datasets/status") if item["id"] == dataset)

    def plot(self, kind, form="csv", **query):
        response = self.get(f"plot/{kind}?format={form}&query={json.dumps(query)}")
        assert response.status_code == 200, response.text[:400]
        return response

    def column(self, kind, title, **query):
        """Return the numbers of a column of a plot's table."""
        lines = [line for line in self.plot(kind, **query).text.splitlines() if not line.startswith("//")]
        head, *rows = csv.reader(lines, skipinitialspace=True)
        number = next(number for number, name in enumerate(head) if title in name)
        return [float(row[number]) for row in rows]

    def drawn(self, path):
        """Return the share of a tile that is drawn."""
        response = self.get(path)
        assert response.status_code == 200, response.text[:400]
        return float((np.asarray(Image.open(io.BytesIO(response.content)).convert("RGBA"))[..., 3] > 0).mean())


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """Serve the files of all cases as one folder."""
    folder = tmp_path_factory.mktemp("cases")
    for name, write in WRITERS.items():
        (folder / name).mkdir()
        write(folder / name)
    with Services(folder.parent / "catalogue.sqlite3", folder=folder) as result:
        yield result


def map_of(dataset, variable, ring=BOX, **more):
    area = [{"polygons": [ring], "innerrings": [], "name": ""}]
    return {"dataset": dataset, "variable": variable, "time": -1, "depth": 0, "area": area, **more}


# Times


@pytest.mark.parametrize("name", [*TIME_AXES, "c_chartime"])
def test_an_axis_has_its_dates_or_none(services, name):
    values, _, dates = TIME_AXES.get(name, ([0, 1], {}, ["2021-01-01T00:31:33", "2021-01-02T00:05:22"]))
    key, steps = f"{name}/sst", len(values)
    listed = services.json(f"dataset/{key}/timestamps")
    if name == "t_months360far":  # the 15th stands for the month
        assert [step["value"][:7] for step in listed] == [date[:7] for date in dates]
    elif name == "t_month12":
        assert [step["label"].split(",")[0] for step in listed[:2]] == ["January", "February"]
    else:
        assert [step["value"][:19] for step in listed] == dates
    for step in {0, 1, steps - 1}:
        assert services.value(key, time=listed[step]["id"] if listed else step) == pytest.approx(HERE + 0.5 * step)
    assert services.value(key, time=-1) == pytest.approx(HERE + 0.5 * (steps - 1))
    assert services.is_refused(f"data/{key}/point?{AT}&time=1999-01-01")
    assert services.json(f"dataset/{key}/depths") == []
    assert (services.status(name)["status"] == "partly") == (not dates and not listed)
    if dates:
        box, times = "min_range=39,-51&max_range=44,-46", f"time={listed[0]['id']},{listed[-1]['id']}"
        subset = services.get(f"subset/{key}?{box}&{times}&output_format=NETCDF4&should_zip=0")
        with netCDF4.Dataset(name, memory=subset.content) as dataset:
            time = dataset["time"]
            exported = netCDF4.num2date(time[:], time.units, time.calendar)
        assert [date.isoformat()[:19] for date in exported] == dates
    answers = [services.get(f"dataset/{key}/{path}") for path in ("timestamps", "times")]
    answers.append(services.get(f"data/{key}/timeseries?{AT}&format=csv"))
    answers.append(services.plot("map", dataset=name, variable="sst", time=-1, area=map_of(name, "sst")["area"]))
    assert not any("1970" in answer.text for answer in answers)


def test_ids_of_nanoseconds_are_taken_back(services):
    ids = [step["id"] for step in services.json("dataset/t_ns/sst/timestamps")]
    assert all(int(float(number)) == number for number in ids)
    assert services.drawn(f"tiles/t_ns/sst/{ids[1]}/0/5/11/11?scale=0,20") > 0.05


def test_equal_times_are_listed_once(services):  # t_dup
    assert [date[:10] for date in services.dates("t_dup/sst")] == ["2020-01-01", "2020-01-02", "2020-01-03"]
    assert services.value("t_dup/sst", time="2020-01-03") == pytest.approx(HERE + 1)
    assert services.status("t_dup")["status"] == "partly"


@pytest.mark.parametrize("dataset", ["month_first", "month_mid"])
def test_listed_months_are_taken_back(services, dataset):  # month_listed
    listed = services.dates(f"{dataset}/sst")
    assert [services.value(f"{dataset}/sst", time=date) for date in listed] == pytest.approx(HERE + 0.5 * np.arange(4))
    period = f"{AT}&start={listed[1]}&end={listed[3]}"
    assert services.values(f"{dataset}/sst", period) == pytest.approx(HERE + 0.5 * np.arange(1, 4))
    times = {"starttime": listed[0], "endtime": listed[2], "station": [[42, -48]], "names": [None], "depth": 0}
    plotted = services.column("timeseries", "Temperature", dataset=dataset, variable="sst", **times)
    assert plotted == pytest.approx(HERE + 0.5 * np.arange(3))


def test_a_climatology_of_the_year_0_is_drawn(services):  # clim_year0
    listed = services.json("dataset/clim_year0/SST/timestamps")
    assert [int(step["value"][5:7]) for step in listed] == list(range(1, 13))
    query = map_of("clim_year0", "SST") | {"time": listed[3]["id"]}
    assert "April" in services.plot("map", "described", **query).json()["alt"]
    times = {"starttime": listed[0]["id"], "endtime": listed[11]["id"], "station": [[42, -48]], "names": [None]}
    plotted = services.column("timeseries", "SEA SURFACE", dataset="clim_year0", variable="SST", depth=0, **times)
    assert plotted == pytest.approx(HERE + 0.5 * np.arange(12))


def test_runs_and_lead_times_are_refused_by_name(services):  # fmrc2d
    assert "runs and lead times" in services.status("fmrc2d")["reason"]


# Families


def test_a_file_without_dates_is_left_out(services):  # fam_badtime
    assert [date[:10] for date in services.dates("fam_badtime/sst")] == ["2020-01-01", "2020-01-03"]
    assert services.values("fam_badtime/sst") == pytest.approx([HERE, HERE + 2])
    assert "fam_badtime_20200102" in json.dumps(services.status("fam_badtime")["problems"])
    assert "fam_badtime" not in services.json("datasets/filter/date?target_date=1970-01-01")


@pytest.mark.parametrize(("name", "tolerance"), [("fam_units", 1e-4), ("control_packed", 1e-3)])
def test_each_file_has_its_own_units_and_packing(services, name, tolerance):
    assert services.values(f"{name}/sst") == pytest.approx(HERE + np.arange(3), abs=tolerance)


def test_a_file_with_other_depths_is_a_dataset_of_its_own(services):  # fam_depths
    for dataset, depths, more in (("fam_depths_20200101", [0, 10, 50], 0), ("fam_depths_20200102", [0, 20, 100], 1)):
        profile = services.json(f"data/{dataset}/temp/profile?{AT}&time=-1")
        assert profile["depths"] == depths
        assert np.ravel(profile["values"]) == pytest.approx(HERE + more + 0.01 * np.array(depths), abs=1e-4)
    assert services.status("fam_depths_20200101")["status"] == "partly"


def test_rounded_places_are_one_grid(services, tmp_path):  # fam_round, fam_round_config
    assert services.values("fam_round/sst") == pytest.approx([HERE, HERE + 1])
    assert services.status("fam_round")["status"] == "served"
    WRITERS["fam_round_config"](tmp_path)
    (tmp_path / "datasets.json").write_text('{"all": {"url": "fam_round_config_*.nc"}}')
    with Services(tmp_path / "catalogue.sqlite3", datasets=tmp_path / "datasets.json") as configured:
        assert configured.values("all/sst") == pytest.approx([HERE, HERE + 1])
        assert configured.status("all")["status"] == "served"


# Odd attributes


def test_a_factor_that_is_text_costs_no_other_variable(services):  # packing_text
    assert services.value("packing_text/sst", "latitude=45&longitude=-45") == 55
    assert services.value("packing_text/scaletext", "latitude=45&longitude=-45") == pytest.approx(5.55)


def test_a_stray_grid_mapping_hides_nothing(services):  # stray_mapping
    values = [services.value(f"stray_mapping/{name}", time=-1) for name in ("sst", "other")]
    assert values == pytest.approx([HERE + 0.5, HERE + 1.5])


# Places


def test_radians_are_places(services):  # x_radians
    assert services.value("x_radians/sst", "latitude=45&longitude=-45") == pytest.approx(truth(45, -45))
    assert services.is_refused("data/x_radians/sst/point?latitude=0.785&longitude=-0.785")
    assert services.statistics("x_radians/sst", "-46.5,43.5,-42.5,47.5")[0] == 16


@pytest.mark.parametrize("name", ["land_zero", "fill999", "dummy_window"])
def test_cells_without_a_place_take_no_part(services, name):
    latitude, longitude, hole = holes(name)
    places = ~hole
    box = -80, -80, 20, 80
    if name == "dummy_window":
        box = -2.05, -2.05, 2.05, 2.05
        places &= (np.abs(latitude) < 2.05) & (np.abs(longitude) < 2.05)
    values = truth(latitude, longitude)[places]
    wanted = values.size, values.min(), values.max()
    assert services.statistics(f"{name}/temp", ",".join(map(str, box)))[:3] == pytest.approx(wanted, abs=1e-3)
    if name != "dummy_window":
        assert services.is_refused(f"data/{name}/temp/point?latitude=0&longitude=0")


@pytest.mark.parametrize(
    ("west", "south", "east", "north"),
    [(-101, -21, 111, 21), (-91, -21, 91, 21), (-1, 59, 181, 87), (169, -21, 191, 21), (-179.5, -89, 179.5, 89)],
)
def test_a_polygon_is_as_wide_as_its_numbers_say(services, west, south, east, north):  # wide_polygon
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    latitude, longitude = np.meshgrid(*GLOBE, indexing="ij")
    inside = np.any(
        [shapely.contains_xy(shapely.Polygon(ring), longitude + turn, latitude) for turn in (0, 360)], axis=0
    )
    values, weights = truth(latitude, longitude)[inside], np.cos(np.radians(latitude[inside]))
    wanted = inside.sum(), values.min(), values.max(), np.average(values, weights=weights)
    found = services.statistics("wide_polygon/sst", polygon={"type": "Polygon", "coordinates": [ring]})
    assert found == pytest.approx(wanted, abs=2e-3)
    table = services.column("map", "Temperature", **map_of("wide_polygon", "sst", [[y, x] for x, y in ring]))
    assert (len(table), min(table), max(table)) == pytest.approx(wanted[:3], abs=6e-3)


@pytest.mark.parametrize("longitude", [-536, -228, -180, 180, 316, 540])
def test_longitudes_are_wrapped_in_every_route(services, longitude):  # far_longitudes
    value = truth(40, (longitude + 180) % 360 - 180)
    assert services.value("far_longitudes/sst", f"latitude=40&longitude={longitude}") == pytest.approx(value, abs=1e-4)
    assert "far_longitudes" in services.json(f"datasets/filter/location?latitude=40&longitude={longitude}")
    station = {"station": [[40, longitude]], "names": [None], "starttime": 0, "endtime": 0, "depth": 0}
    plotted = services.column("timeseries", "Temperature", dataset="far_longitudes", variable="sst", **station)
    assert plotted == pytest.approx([value], abs=1e-4)


@pytest.mark.parametrize("dataset", ["quads_raw", "quads_one", "quads_zero"])
def test_quads_and_triangles_are_one_mesh(services, dataset):  # mesh_quads
    for latitude, longitude in ((45.23, -59.78), (45.42, -59.57), (45.3, -59.8)):
        where = f"latitude={latitude}&longitude={longitude}"
        value = services.value(f"{dataset}/temp", where, time=0, interpolation="bilinear")
        assert value == pytest.approx(truth(latitude, longitude), abs=2e-3)
    assert services.is_refused(f"data/{dataset}/temp/point?latitude=45.7&longitude=-59.78")


# Depths and masks


@pytest.mark.parametrize(
    ("name", "variable", "depths"),
    [
        ("z_cm", "temp", [5, 50, 200, 1000]),
        ("z_up", "temp", [0.5, 50, 200, 1000, 4000]),
        ("control_plain", "temp", [0, 10, 50, 200]),
    ],
)
def test_levels_are_depths_in_metres_from_the_surface_down(services, name, variable, depths):
    where = "latitude=47&longitude=-45"
    profile = services.json(f"data/{name}/{variable}/profile?{where}")
    assert profile["depths"] == depths
    wanted = truth(47, -45, np.array(depths))
    assert np.ravel(profile["values"]) == pytest.approx(wanted, abs=1e-3)
    assert services.value(f"{name}/{variable}", where, depth=0) == pytest.approx(wanted[0], abs=1e-4)
    shallow = services.value(f"{name}/{variable}", "latitude=42&longitude=-45", depth="bottom")
    assert shallow == pytest.approx(truth(42, -45, depths[-2]), abs=1e-3)
    station = {"station": [[47, -45]], "names": [None], "time": -1}
    plotted = services.column("profile", "Depth", dataset=name, variable=[variable], **station)
    assert plotted == pytest.approx(depths, abs=0.5)


def test_sigma_levels_and_land_of_a_grid(services):  # roms_sigma
    latitude, longitude = tilted(12, 10, (45, -60), 0.1, angle=20)
    where = f"latitude={latitude[6, 4]}&longitude={longitude[6, 4]}"
    for step, surface in enumerate((3.0, -1.0)):
        depths = -sigma_heights(np.array([-0.1, -0.3, -0.5, -0.7, -0.9]), 100.0, surface)
        profile = services.json(f"data/roms_sigma/temp/profile?{where}&time={3600 * step}")
        assert profile["depths"] == pytest.approx(depths, abs=0.01)
        values = truth(latitude[6, 4], longitude[6, 4], depths, hours=step)
        assert np.ravel(profile["values"]) == pytest.approx(values, abs=1e-3)
    land = f"latitude={latitude[5, 1]}&longitude={longitude[5, 1]}"
    assert services.value("roms_sigma/temp", land, depth=0) is None
    assert services.statistics("roms_sigma/zeta", "-62,44,-57,48", time=0)[:2] == [84, 3]


def test_a_mask_hides_land(services):  # mask_sea
    assert services.value("mask_sea/sst", "latitude=45&longitude=-48") is None
    count, least, *_ = services.statistics("mask_sea/sst", "-50.4,39.6,-40.6,49.4")
    assert (count, least) == (60, pytest.approx(truth(40, -46), abs=1e-4))
    table = services.column("map", "Temperature", **map_of("mask_sea", "sst"))
    assert (len(table), min(table)) == (60, pytest.approx(truth(40, -46), abs=6e-3))
    assert 0.02 < services.drawn("tiles/mask_sea/sst/0/0/4/5/5?scale=0,20&interp=nearest") < 0.06


# Comparisons and scales


def test_a_comparison_is_in_one_unit(services):  # compare_units
    path = "data/cmp_a/sst/difference?minus_dataset=cmp_b&minus_time=-1&time=-1&bbox=-49.5,40.5,-44.5,45.5"
    answer = services.json(f"{path}&interpolation=bilinear")
    assert np.ravel(answer["variables"]["sst"]["values"]) == pytest.approx([0.25] * 25, abs=1e-3)
    ring = [[40.5, -49.5], [40.5, -44.5], [45.5, -44.5], [45.5, -49.5], [40.5, -49.5]]
    compared = {"dataset": "cmp_b", "variable": "sst", "time": -1, "depth": 0}
    query = map_of("cmp_a", "sst", ring, interp="bilinear", compare_to=compared)
    assert services.column("map", "ifference", **query) == pytest.approx([0.25] * 25, abs=6e-3)


@pytest.mark.parametrize("variable", ["flat", "tiny", "zero", "narrow", "flux"])
def test_the_range_in_view_is_a_scale_after_rounding(services, variable):  # auto_scale
    extent = "EPSG:3857/-4000000,3000000,-2000000,5000000"
    limits = services.json(f"range/auto_scale/{variable}/nearest/25/10/{extent}/0/0")
    scale = f"{limits['min']:.4f},{limits['max']:.4f}"
    assert services.drawn(f"tiles/auto_scale/{variable}/0/0/2/1/1?scale={scale}") > 0.9
    assert services.get(f"scale/auto_scale/{variable}/{scale}?format=json").status_code == 200


def test_the_cases_are_those_of_the_reports():
    """Name each case with its files; the test of each stands above, beside its name."""
    names = """auto_scale c_chartime clim_year0 compare_units control_packed control_plain dummy_window fam_badtime
        fam_depths fam_round fam_round_config fam_units far_longitudes fill999 fmrc2d land_zero mask_sea mesh_quads
        month_listed packing_text roms_sigma stray_mapping t_absday t_dup t_f32hourly t_month12 t_months360far t_ns
        t_second t_slash t_tz00 wide_polygon x_radians z_cm z_up"""
    assert sorted(WRITERS) == names.split()
