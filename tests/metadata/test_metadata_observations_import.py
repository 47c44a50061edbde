"""Observations come in as they are in their files, each once, whatever happens meanwhile."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import gsw
import msgspec
import netCDF4
import numpy as np
import pytest
import xarray as xr
from tests.looping import loop_over
from tests.metadata.observing import SHIPPED, array, make_glider, observing, platform, shipped

from ocean_metadata.catalogue.database import DatabaseUnusable
from ocean_metadata.observations.formats.quantities import attribution_of
from ocean_metadata.observations.schema import create_tables

__all__ = ["observing", "shipped"]

PATIENCE = 100.0  # s


def profile(stored, number, key="sea_water_temperature"):
    """Depths and values of one quantity at a station."""
    [result] = stored.read_stations([number])
    [item] = [variable for variable in result.variables if variable.key == key]
    return array(item.depth), array(item.values)


def test_adjusted_values_of_an_argo_float_are_those_of_its_file(shipped):
    with xr.open_dataset(SHIPPED / "argo_2902696_prof.nc") as data:
        for place in (0, 20, 50):
            row = data.isel(N_PROF=place)
            number = shipped.station("argo:2902696", f"{int(row.CYCLE_NUMBER)}A")
            for key, name in (("sea_water_temperature", "TEMP"), ("sea_water_salinity", "PSAL")):
                good = np.isin(row[f"{name}_ADJUSTED_QC"].values, [b"1", b"2", b"5", b"8"])
                good &= np.isin(row["PRES_ADJUSTED_QC"].values, [b"1", b"2", b"5", b"8"])
                depth, values = profile(shipped.stored, number, key)
                assert values.astype("f4").tolist() == row[f"{name}_ADJUSTED"].values[good].tolist()
                expected = -gsw.z_from_p(row.PRES_ADJUSTED.values[good].astype(float), float(row.LATITUDE))
                assert depth == pytest.approx(expected, abs=1e-3)


def test_raw_values_of_an_argo_float_leave_out_what_is_flagged(shipped):
    with netCDF4.Dataset(SHIPPED / "argo_13857_prof.nc") as data:
        bad = np.argwhere(data["TEMP_QC"][:] == b"3")
        row = int(bad[0][0])
        good = np.ma.filled(data["TEMP_QC"][row] == b"1", False)
        expected = data["TEMP"][row][good]
    depth, values = profile(shipped.stored, shipped.station("argo:13857", f"{row + 1}A"))
    assert values.astype("f4").tolist() == expected.tolist()
    assert depth.size == values.size == good.sum()


def test_positions_of_drifters_are_those_of_their_file(shipped):
    track = shipped.stored.read_track(shipped.platform("drifter:UIB-2022-TILL-02"), None, None, [])
    with xr.open_dataset(SHIPPED / "drifters_barents_2022.nc") as data:
        row = data.isel(trajectory=1).dropna("obs")
        assert array(track.latitude).tolist() == row.lat.values.tolist()
        assert array(track.longitude).tolist() == row.lon.values.tolist()
        assert array(track.times).tolist() == row.time.values.astype("datetime64[ms]").astype(int).tolist()


def test_casts_of_a_ragged_file_are_those_of_their_rows(shipped):
    with netCDF4.Dataset(SHIPPED / "dsg_profiles_ecofoci.nc") as data:
        rows = np.split(np.arange(1268), np.cumsum(data["rowSize"][:])[:-1])
        names = ["".join(item.astype(str)).strip() for item in np.ma.filled(data["id"][:], b"")]
        platform_key = f"mission:{data.id}"
        for place in (0, 13, 29):
            depth, values = profile(shipped.stored, shipped.station(platform_key, names[place]))
            assert depth.tolist() == data["depth"][rows[place]].tolist()
            assert values.astype("f4").tolist() == data["temp"][rows[place]].tolist()


def test_a_mooring_has_a_station_a_day(shipped):
    track = shipped.stored.read_track(shipped.platform("mooring:0n110w"), None, None, ["sea_surface_temperature"])
    with netCDF4.Dataset(SHIPPED / "dsg_timeseries_tao.nc") as data:
        first = int(data["rowSize"][:2].sum())
        rows = slice(first, first + int(data["rowSize"][2]))
        expected = np.ma.filled(data["T_25"][rows], np.nan)
        assert np.array_equal(array(track.variables[0].values).astype("f4"), expected, equal_nan=True)
        assert (array(track.times) / 1000).tolist() == data["time"][rows].tolist()


def test_a_ship_measures_on_its_way(shipped):
    key = "surface_partial_pressure_of_carbon_dioxide_in_sea_water"
    track = shipped.stored.read_track(shipped.platform("mission:33HQ20150714"), None, None, [key])
    with netCDF4.Dataset(SHIPPED / "dsg_trajectory_socat.nc") as data:
        assert array(track.variables[0].values).astype("f4").tolist() == data["fCO2_recommended"][:413].tolist()
    assert track.variables[0].units == "uatm"


def test_a_glider_has_its_profiles_without_what_failed(observing, tmp_path):
    [outcome] = observing.bring(make_glider(tmp_path / "glider.nc", bad=[0, 4]))
    assert outcome.stations == 6
    number = observing.station("glider:unit_1-20240601", "1")
    depth, values = profile(observing.stored, number)
    with xr.open_dataset(tmp_path / "glider.nc") as data:
        stored = [1, 2, 3, 5, 6, 7, 8]
        assert values.astype("f4").tolist() == data.temperature.values[stored].tolist()
        assert depth == pytest.approx(-gsw.z_from_p(data.pressure.values[stored].astype(float), 39.0), rel=1e-6)
    assert len(profile(observing.stored, number, "sea_water_practical_salinity")[1]) == 9


@pytest.mark.parametrize("said", [{"featureType": "trajectory"}, {"data_type": "EGO glider time-series data"}])
def test_a_glider_without_profiles_has_a_station_a_sample(observing, tmp_path, said):
    with netCDF4.Dataset(tmp_path / "ego.nc", "w") as data:
        data.setncatts({**said, "title": "Seaglider", "platform_code": "68452"})
        data.createDimension("TIME", 4)
        for name, standard, units, values in [
            ("TIME", "time", "days since 1950-01-01T00:00:00Z", [26_000, 26_000.25, 26_000.5, 26_000.75]),
            ("LATITUDE", "latitude", "degree_north", [60, 60.1, 99, 60.3]),
            ("LONGITUDE", "longitude", "degree_east", [359, 359.1, 359.2, 359.3]),
            ("PRES", "sea_water_pressure", "decibar", [10, 20, 30, 40]),
            ("TEMP", "sea_water_temperature", "degree_Celsius", [8, 7, 6, 5]),
        ]:
            variable = data.createVariable(name, "f8", ("TIME",))
            variable.setncatts({"standard_name": standard, "units": units})
            variable[:] = values
        flags = data.createVariable("TEMP_QC", "S1", ("TIME",))
        flags[:] = np.array([b"1", b"1", b"1", b"4"])
    [outcome] = observing.bring(tmp_path / "ego.nc")
    assert (outcome.problem, outcome.stations) == (None, 3)
    track = observing.stored.read_track(observing.platform("glider:68452"), None, None, ["sea_water_temperature"])
    assert array(track.longitude) == pytest.approx([-1, -0.9, -0.7])
    assert array(track.times).tolist() == [(day - 7305) * 86_400_000 for day in (26_000, 26_000.25, 26_000.75)]
    assert np.array_equal(array(track.variables[0].values), [8, 7, np.nan], equal_nan=True)
    assert array(track.variables[0].depth)[:2] == pytest.approx(-gsw.z_from_p([10, 20], [60, 60.1]))


def test_a_glider_may_have_one_profile_a_file(observing, tmp_path):
    for number in (1, 2):
        with netCDF4.Dataset(tmp_path / f"{number}.nc", "w") as data:
            data.setncatts({"featureType": "trajectoryProfile", "title": "Slocum glider"})
            data.createDimension("time", 3)
            data.createDimension("letters", 6)
            name = data.createVariable("trajectory", "S1", ("letters",))
            name.cf_role = "trajectory_id"
            name[:] = np.array(list("unit_2"), "S1")
            profile_id = data.createVariable("profile_id", "i4", ())
            profile_id.cf_role = "profile_id"
            profile_id[...] = 1_717_200_000 + number
            for item, standard, units, values in [
                ("time", "time", "seconds since 1970-01-01", np.array([0, 9, 18]) + 1_717_200_000 + number),
                ("lat", "latitude", "degrees_north", [40, 40.01, 40.02]),
                ("lon", "longitude", "degrees_east", [-70, -70.01, -70.02]),
                ("depth", "depth", "m", [1, 2, 3]),
                ("temperature", "sea_water_temperature", "Celsius", [9, 8, 7]),
            ]:
                variable = data.createVariable(item, "f8", ("time",))
                variable.setncatts({"standard_name": standard, "units": units})
                variable[:] = values
    assert [item.stations for item in observing.bring(tmp_path)] == [1, 1]
    depth, values = profile(observing.stored, observing.station("glider:unit_2", "1717200002"))
    assert (depth.tolist(), values.tolist()) == ([1, 2, 3], [9, 8, 7])


def test_the_same_files_twice_change_nothing(observing, tmp_path):
    path = shutil.copy(SHIPPED / "argo_13857_prof.nc", tmp_path / "first.nc")
    observing.bring(path)
    before = observing.tables()
    assert [item.stations for item in observing.bring(path)] == [None]
    copy = shutil.copy(path, tmp_path / "copy.nc")
    assert [item.stations for item in observing.bring(copy)] == [None]
    os.utime(path, ns=(0, 0))
    assert [item.stations for item in observing.bring(path)] == [None]
    assert observing.tables() == before


def test_a_file_that_is_read_in_another_way_now_is_imported_again(observing, tmp_path):
    path = make_glider(tmp_path / "glider.nc")
    observing.bring(path)
    assert [item.stations for item in observing.bring(path, kind="animal")] == [6]
    assert [item.stations for item in observing.bring(path)] == [None]  # what was said of it is kept
    with observing.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT key FROM platforms").scalars().all() == ["animal:unit_1-20240601"]
    state = observing.store.imported_files()[str(path)]
    older = state._replace(digest=f"0 animal:{state.digest.partition(':')[2]}")
    observing.store.update_state(str(path), older)
    assert [item.stations for item in observing.bring(path)] == [6]
    assert observing.store.imported_files()[str(path)] == state


@loop_over(
    ("file", "platform", "owed"),
    [
        ("argo_13857_prof.nc", "argo:13857", "BOB MOLINARI, AOML, International Argo Program"),
        ("argo_2902696_prof.nc", "argo:2902696", "JIANPING XU, CSIO, International Argo Program"),
        ("drifters_barents_2022.nc", None, "Gaute Hope and Knut Frode Dagestad"),
        ("dsg_profiles_ecofoci.nc", None, "Phyllis Stabeno, Margaret Sullivan, PMEL EcoFOCI"),
        ("dsg_timeseries_tao.nc", None, ""),  # says nothing of it
    ],
)
def test_the_credits_of_a_file_are_sent_with_its_values(shipped, file, platform, owed):
    with shipped.engine.connect() as connection:
        number, station, key = connection.exec_driver_sql(
            "SELECT s.platform, s.id, p.key FROM stations s JOIN platforms p ON p.id = s.platform"
            f" JOIN imports i ON i.id = s.source WHERE i.path LIKE '%%{file}' ORDER BY s.id LIMIT 1"
        ).one()
    assert platform in (None, key)
    assert shipped.stored.metadata("platform", number).get("Attribution", "") == owed
    assert [item.attribution for item in shipped.stored.read_stations([station])] == [owed]
    assert shipped.stored.read_track(number, None, None, []).attribution == owed


@loop_over(
    ("told", "owed"),
    [
        ({"creator_name": "A. B.", "institution": "C", "license": "CC-BY-4.0"}, "A. B., C (CC-BY-4.0)"),
        ({"creator_name": "C", "institution": "C"}, "C"),
        ({"institution": "unknown", "pi_name": "N/A", "citation": "Cite\n  us", "license": "CC0"}, "Cite us (CC0)"),
        ({"Name of the principal investigator": "A", "license": "It may be used for free."}, "A"),
        ({"CHIEF_SCIENTIST": "A", "ORGANIZATION": "B"}, "A, B"),
        ({"license": "CC BY 4.0"}, ""),
        ({"institution": 7}, "7"),
        ({"acknowledgement": "a" * 500}, "a" * 199 + "…"),
    ],
)
def test_every_attribute_for_credits_is_read(told, owed):
    assert attribution_of(told) == owed


def test_an_argo_data_centre_is_given_by_its_name():
    assert attribution_of({"DATA_CENTRE": "IF"}, argo=True) == "Ifremer, International Argo Program"
    assert attribution_of({"DATA_CENTRE": "ZZ"}, argo=True) == "ZZ, International Argo Program"
    assert attribution_of({}, argo=True) == "International Argo Program"


def test_a_corrected_file_replaces_its_own_and_nothing_else(observing, tmp_path):
    observing.store.finish_import(observing.store.begin_import("other"), observing.store.imported_files()["other"], set(
        observing.store.write_platform(observing.store.begin_import("other"), platform(temperature=[1.0])))
    )  # fmt: skip
    path = make_glider(tmp_path / "glider.nc")
    observing.bring(path)
    number = observing.station("glider:unit_1-20240601", "2")
    make_glider(path, profiles=4, bad=[9])
    [outcome] = observing.bring(path)
    assert outcome.stations == 4
    assert observing.station("glider:unit_1-20240601", "2") == number  # links to it go on
    assert len(profile(observing.stored, number)[1]) == 8
    assert observing.count("stations") == 5
    assert observing.count("holdings") == 2 + 4 * 3


def test_a_dependency_that_was_checked_further_is_not_overridden(observing, tmp_path):
    observing.bring(SHIPPED / "argo_2902696_prof.nc")
    before = observing.tables()
    raw = shutil.copy(SHIPPED / "argo_2902696_prof.nc", tmp_path / "R2902696.nc")
    with netCDF4.Dataset(raw, "a") as data:
        data["DATA_MODE"][:] = b"R"
    [outcome] = observing.bring(raw)
    assert (outcome.stations, observing.tables()) == (0, before)


def test_a_file_can_be_forgotten(observing, tmp_path):
    path = make_glider(tmp_path / "glider.nc")
    observing.bring(path)
    assert observing.store.remove_file(str(path)) == 6
    assert observing.store.remove_file(str(path)) is None
    assert [observing.count(name) for name in ("stations", "samples", "holdings", "platforms", "imports")] == [0] * 5


@pytest.mark.parametrize("content", [b"", b"CDF\x01 nothing", b"\x89HDF\r\n\x1a\n" + bytes(600)])
@pytest.mark.parametrize("name", ["a.nc", "a.odf", "a.cnv", "a.cnv.gz"])
def test_a_broken_file_is_reported_and_the_others_are_imported(observing, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    make_glider(tmp_path / "z.nc")
    broken, sound = observing.bring(tmp_path)
    assert broken.problem
    assert sound.stations == 6


def test_the_same_quantity_in_another_unit_is_another_one(observing):
    source = observing.store.begin_import("a")
    for key, unit in (("drifter:1", "m"), ("drifter:2", "km")):
        item = platform(key, speed=[1.0])
        casts = [
            msgspec.structs.replace(cast, quantities=[msgspec.structs.replace(cast.quantities[0], unit=unit)])
            for cast in item.casts
        ]
        observing.store.write_platform(source, msgspec.structs.replace(item, casts=casts))
    assert [key for key, _ in observing.stored.datatypes()] == ["speed", "speed [km]"]


CAST = """\
* Sea-Bird SBE 9 Data File:
* NMEA Latitude = 10 30.00 S
* NMEA Longitude = 175 15.00 E
** Station: A7
** Cruise: tan2024
# name 0 = prDM: Pressure, Digiquartz [db]
# name 1 = t090C: Temperature [ITS-90, deg C]
# name 2 = tv290C: Temperature, 2 [ITS-90, deg C]
# name 3 = sal00: Salinity, Practical [PSU]
# name 4 = flag: 0.000e+00
# start_time = Feb 03 2024 04:05:06 [Instrument's time stamp]
# bad_flag = -9.990e-29
*END*
      5.000    20.5000    20.5001    35.1000  0.000e+00
     10.000    20.4000 -9.990e-29    35.2000  0.000e+00
"""


def test_two_sensors_of_one_cast_are_distinguished(observing, tmp_path):
    (tmp_path / "a.cnv").write_text(CAST)
    assert [variable.problem for variable in observing.bring(tmp_path)] == [None]
    [station] = observing.stored.read_stations([1])
    assert (station.latitude, station.longitude, station.time) == (-10.5, 175.25, "2024-02-03T04:05:06+00:00")
    assert {variable.key: array(variable.values).tolist() for variable in station.variables} == {
        "sea_water_salinity": [35.1, 35.2],
        "sea_water_temperature": [20.5, 20.4],
        "sea_water_temperature_2": [20.5001],
    }
    assert array(station.variables[0].depth) == pytest.approx(-gsw.z_from_p([5, 10], -10.5))


def command(database, *words):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OCEAN_")}
    words = (sys.executable, "-W", "error", "-m", "ocean_metadata.observations", "--database", str(database), *words)
    return subprocess.Popen(words, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


@pytest.mark.ci
@pytest.mark.timeout(400)  # processes are started, which takes its time where others are at work
def test_an_import_that_is_killed_goes_on_and_nothing_is_doubled(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    for number in range(8):
        path = make_glider(files / f"{number}.nc", profiles=700, levels=4)
        with netCDF4.Dataset(path, "a") as data:
            data["trajectory"][0] = f"unit_{number}"
    database = tmp_path / "o.sqlite3"
    counts = []
    for _ in range(2):
        running = command(database, "import", str(files))
        end = time.monotonic() + PATIENCE
        before = counts[-1] if counts else 0
        while time.monotonic() < end and running.poll() is None:
            if stations(database) > before:
                running.send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
        running.communicate()
        counts.append(stations(database))
    running = command(database, "import", str(files))
    assert running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT platform) FROM stations").fetchone() == (5600, 8)
        assert connection.execute("SELECT count(*) FROM samples").fetchone() == (5600 * 4 * 2,)
        assert connection.execute("SELECT count(*) FROM holdings").fetchone() == (5600 * 3,)
        assert connection.execute("SELECT count(*) FROM imports WHERE digest IS NOT NULL").fetchone() == (8,)
    connection.close()
    assert counts[0] > 0


def stations(database):
    if not Path(database).exists():
        return 0
    connection = sqlite3.connect(database, timeout=10)
    try:
        return connection.execute("SELECT count(*) FROM stations").fetchone()[0]
    except sqlite3.OperationalError:  # there are no tables yet
        return 0
    finally:
        connection.close()


@pytest.mark.ci
def test_the_command_says_what_is_wrong(tmp_path):
    (tmp_path / "bad.nc").write_text("nothing")
    for words, code, output in [
        (("import", str(tmp_path / "nowhere")), 1, "there is no such file or folder"),
        (("import", str(tmp_path)), 2, "bad.nc"),
        (("forget", str(tmp_path / "bad.nc")), 2, "was never imported"),
    ]:
        running = command(tmp_path / "o.sqlite3", *words)
        _, reported = running.communicate(timeout=PATIENCE)
        assert running.returncode == code
        assert output in reported


def table(folder, name, rows):
    (folder / f"{name}.json").write_text(json.dumps(rows))


def test_a_folder_of_tables_is_one_source(observing, tmp_path):
    table(tmp_path, "platforms", [{"id": 5, "type": "animal", "unique_id": "animal_seal 1"}])
    table(tmp_path, "platform_metadata", [{"platform_id": 5, "key": "species", "value": "grey seal"}])
    table(tmp_path, "stations", [
        {"id": 1, "platform_id": 5, "time": "2020-02-02T12:00:00Z", "latitude": 50, "longitude": 190, "name": None}
    ])  # fmt: skip
    table(tmp_path, "samples", [{"station_id": 1, "datatype_key": "temp", "value": 280.5, "depth": 3}])
    table(tmp_path, "datatypes", [{"key": "temp", "name": "Temperature", "unit": "K"}])
    [outcome] = observing.bring(tmp_path)
    assert (outcome.problem, outcome.stations) == (None, 1)
    [result] = observing.stored.read_stations([1])
    assert (result.longitude, result.platform_type, result.time) == (-170.0, "animal", "2020-02-02T12:00:00+00:00")
    [item] = result.variables
    assert (item.key, item.units) == ("sea_water_temperature", "degree_Celsius")
    assert array(item.values)[0] == pytest.approx(7.35)


@pytest.mark.parametrize(
    ("column", "depths"),
    [
        ("prDE: Pressure, Digiquartz [psi]", -gsw.z_from_p(np.array([5, 10]) * 0.6894757, -10.5)),
        ("depSF: Depth [salt water, ft]", np.array([5, 10]) * 0.3048),
        ("depSM: Depth [salt water, m]", np.array([5, 10])),
    ],
)
def test_depths_of_a_cast_are_metres_whatever_its_units_are(observing, tmp_path, column, depths):
    (tmp_path / "a.cnv").write_text(CAST.replace("prDM: Pressure, Digiquartz [db]", column))
    assert [item.problem for item in observing.bring(tmp_path)] == [None]
    [station] = observing.stored.read_stations([1])
    assert array(station.variables[0].depth) == pytest.approx(depths, rel=1e-5)


def test_the_same_units_in_another_spelling_are_the_same_quantity(observing):
    source = observing.store.begin_import("a")
    for key, unit in (("drifter:1", "umol/kg"), ("drifter:2", "umol kg-1")):
        item = platform(key, oxygen=[1.0])
        casts = [
            msgspec.structs.replace(cast, quantities=[msgspec.structs.replace(cast.quantities[0], unit=unit)])
            for cast in item.casts
        ]
        observing.store.write_platform(source, msgspec.structs.replace(item, casts=casts))
    assert [key for key, _ in observing.stored.datatypes()] == ["oxygen"]


def test_a_database_of_another_version_is_refused_and_left_as_it_is(observing):
    with observing.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE observations_version SET version_num = '0002'")
    with pytest.raises(DatabaseUnusable, match="another version: 0002"):
        create_tables(observing.engine)
