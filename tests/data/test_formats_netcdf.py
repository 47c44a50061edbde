"""NetCDF of any extraction, read back by other libraries."""

import tracemalloc
from dataclasses import replace

import cftime
import netCDF4
import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy.io import netcdf_file
from tests.data import extractions
from tests.looping import loop_over

from ocean_core.errors import RequestTooLarge
from ocean_core.time import format_times, parse_time_units, to_calendar_seconds, unix_seconds
from ocean_data.writing import FileWriter
from ocean_data.writing.covjson import write_covjson
from ocean_data.writing.netcdf import CHUNK, NETCDF3_LIMITS, NetCdf, check_netcdf3_size, chunk_shape, lay_out

MODELS = {
    "NETCDF4": NetCdf(),
    "NETCDF4_CLASSIC": NetCdf("NETCDF4_CLASSIC"),
    "NETCDF3_CLASSIC": NetCdf("NETCDF3_CLASSIC"),
    "NETCDF3_64BIT_OFFSET": NetCdf("NETCDF3_64BIT_OFFSET"),
}


def saved(form, extraction, path, revision="r1"):
    form.save(extraction, extractions.parts(extraction), revision, str(path))
    return path


def opened(form, extraction, folder, **options):
    with xarray.open_dataset(saved(form, extraction, folder / "made.nc"), **options) as file:
        return file.load()


@pytest.mark.parametrize("model", MODELS)
@loop_over("name", extractions.KINDS)
def test_every_value_reads_back_in_every_model(model, name, tmp_path):
    extraction = extractions.KINDS[name]()
    file = opened(MODELS[model], extraction, tmp_path)
    values = extraction.collect(extractions.parts(extraction))
    for item in extraction.fields:
        np.testing.assert_array_equal(file[item.key].values, values[item.key])
        assert file[item.key].dtype == item.dtype
        assert file[item.key].attrs["units"] == item.variable.units
    for item in extraction.coordinates:
        if isinstance(item.values, list):
            assert file[item.name].values.tolist() == item.values
        elif item.standard_name == "time":
            np.testing.assert_array_equal(
                file[item.name].values.astype("datetime64[s]").astype(np.int64), np.asarray(item.values)
            )
        else:
            np.testing.assert_array_equal(np.ravel(file[item.name].values), np.ravel(item.values))


@pytest.mark.parametrize("model", NETCDF3_LIMITS)
@loop_over("name", extractions.KINDS)
def test_scipy_reads_the_same_from_netcdf3(model, name, tmp_path):
    extraction = extractions.KINDS[name]()
    path = saved(NetCdf(model), extraction, tmp_path / "made.nc")
    values = extraction.collect(extractions.parts(extraction))
    with netcdf_file(path, mmap=False, maskandscale=True) as file:
        for field in extraction.fields:
            held = file.variables[field.key]
            read = held.getValue() if held.shape == () else held[:]
            np.testing.assert_array_equal(
                np.ma.filled(np.ma.asarray(read, dtype=np.float64), np.nan), values[field.key]
            )


@pytest.mark.parametrize("model", MODELS)
def test_a_file_is_of_the_requested_model(model, tmp_path):
    assert isinstance(MODELS[model], FileWriter)
    with netCDF4.Dataset(saved(MODELS[model], extractions.points(), tmp_path / "made.nc")) as file:
        assert file.data_model == model


CALENDARS = {
    "360_day": [0, 58, 59, 60, 359, 720],  # 30 February among them
    "noleap": [0, 58, 59, 365, 730],
    "all_leap": [0, 59, 60, 366],
    "julian": [0, 59, 366],
    "standard": [0, 59, 366],
    "proleptic_gregorian": [0, 59, 366],
}


@pytest.mark.parametrize("model", MODELS)
@loop_over("calendar", CALENDARS)
def test_times_of_every_calendar_are_decoded_to_the_same_dates(model, calendar, tmp_path):
    raw, units = np.array(CALENDARS[calendar]), "days since 2000-01-01 12:00:00"
    extraction = extractions.make_extraction(
        {"time": raw.size},
        [extractions.times(raw.size), extractions.raw_times(raw, units), *extractions.places((), [1.0], [2.0])],
        {"sst": (("time",), extractions.numbers(raw.size), {})},
        kind="timeseries",
        used=[(extractions.assets(calendar, raw, units), None)],
    )
    coder = xarray.coders.CFDatetimeCoder(use_cftime=True)
    file = opened(MODELS[model], extraction, tmp_path, decode_times=coder)
    assert file.time.values.tolist() == cftime.num2date(raw, units, calendar).tolist()
    assert "raw_time" not in file


@pytest.mark.parametrize(
    ("units", "raw", "calendar", "expected"),
    [
        ("weeks since 1999-12-31 12:00:00", [0, 2], "standard", "1999-12-31 12:00:00"),
        ("fortnights since 2000-01-01", [1, 3], "noleap", "2000-01-01"),
        ("months since 2000-01-01", [0, 1], "standard", "2000-01-01"),
        ("years since 1990-03-01", [1, 30], "360_day", "1990-03-01"),
        ("nanoseconds since 1980-01-06", [0, 86_400 * 10**9], "proleptic_gregorian", "1980-01-06"),
        ("day as %Y%m%d.%f", [20000131, 20000229], "standard", "1950-01-01"),
        ("days since -4713-01-01 12:00:00", [2_451_545, 2_451_546], "standard", "1950-01-01 00:00:00"),
    ],
)
def test_times_in_units_that_no_reader_knows_count_from_their_own_date(tmp_path, units, raw, calendar, expected):
    parsed, raw = parse_time_units(units, calendar), np.array(raw)
    own = to_calendar_seconds(raw, parsed)
    extraction = extractions.area(2)
    time = replace(extraction.coordinates[0], values=unix_seconds(own, calendar))
    extraction = replace(
        extraction,
        coordinates=[time, extractions.raw_times(raw, units), *extraction.coordinates[1:]],
        used=[(extractions.assets(calendar, raw, units), None)],
        calendar=calendar,
    )
    with netCDF4.Dataset(saved(NetCdf("NETCDF3_64BIT_OFFSET"), extraction, tmp_path / "made.nc")) as file:
        time = file["time"]
        assert time.units == f"seconds since {expected}"
        dates = cftime.num2date(time[:], time.units, time.calendar)
    assert [f"{date:%Y-%m-%dT%H:%M:%S}" for date in dates] == format_times(own, zone="", calendar=calendar)


def test_long_times_do_not_lose_a_second_in_netcdf3(tmp_path):
    raw, units = np.array([2**31, 2**31 + 1]), "seconds since 1970-01-01"
    extraction = extractions.area(2)
    extraction = replace(
        extraction,
        coordinates=[extractions.times(2), extractions.raw_times(raw, units), *extraction.coordinates[1:]],
        used=[(extractions.assets("standard", raw, units), None)],
    )
    file = opened(NetCdf("NETCDF3_CLASSIC"), extraction, tmp_path)
    assert file.time.values.tolist() == raw.astype("datetime64[s]").astype("datetime64[ns]").tolist()


def test_a_file_has_the_attributes_of_the_conventions(tmp_path):
    with netCDF4.Dataset(saved(NetCdf(), extractions.points(), tmp_path / "made.nc")) as file:
        assert file.Conventions == "CF-1.11, ACDD-1.3"
        assert (file.title, file.id, file.revision, file.acknowledgement) == ("Made", "made", "r1", "A centre")
        assert (file.geospatial_lat_min, file.geospatial_lat_max) == (47.0, 50.0)
        assert file.time_coverage_end == "1970-01-03T00:00:00Z"
        assert file.interpolation == "nearest"
        thetao = file["thetao"]
        assert thetao.coordinates == "latitude longitude name"
        assert (thetao.standard_name, thetao.units) == ("sea_water_temperature", "degC")
        assert (file["depth"].positive, file["depth"].axis, file["time"].axis) == ("down", "Z", "T")
        assert file.dimensions["time"].isunlimited()


@pytest.mark.parametrize(
    ("name", "feature"),
    [
        ("point", "point"),
        ("series", "timeSeries"),
        ("profiles", "timeSeriesProfile"),
        ("trajectory", "trajectory"),
        ("area", None),
        ("transect", None),
    ],
)
def test_samples_of_places_have_their_geometry(name, feature, tmp_path):
    with netCDF4.Dataset(
        saved(NetCdf("NETCDF3_64BIT_OFFSET"), extractions.KINDS[name](), tmp_path / "made.nc")
    ) as file:
        assert getattr(file, "featureType", None) == feature


@pytest.mark.parametrize("model", MODELS)
def test_the_projection_of_a_map_is_in_its_file(model, tmp_path):
    with netCDF4.Dataset(saved(MODELS[model], extractions.mapped(), tmp_path / "made.nc")) as file:
        assert file["sst"].grid_mapping == "crs"
        assert file["sst"].coordinates == "latitude longitude"
        assert CRS.from_cf(file["crs"].__dict__).equals(CRS.from_epsg(3857), ignore_axis_order=True)


def test_terrain_following_levels_have_their_depths(tmp_path):
    file = opened(NetCdf("NETCDF3_64BIT_OFFSET"), extractions.levels(), tmp_path)
    assert file.temp.dims == ("time", "level", "point")
    assert "depth" in file.temp.coords


def test_labels_of_values_are_flags(tmp_path):
    with netCDF4.Dataset(saved(NetCdf(), extractions.series(), tmp_path / "made.nc")) as file:
        assert (file["land"].flag_values.tolist(), file["land"].flag_meanings) == ([0.0, 1.0], "sea land")


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    rows=st.integers(1, 6),
    double=st.booleans(),
    timed=st.booleans(),
    model=st.sampled_from([*NETCDF3_LIMITS]),
)
@settings(deadline=None, max_examples=40)
def test_any_shape_reads_back_from_netcdf3_whichever_parts_it_comes_in(
    tmp_path_factory, *, sizes, rows, double, timed, model
):
    names = ["time" if timed else "y", "depth", "p", "q"][: len(sizes)]
    shape = dict(zip(names, sizes, strict=True))
    values = extractions.numbers(*sizes, dtype=np.float64 if double else np.float32)
    fields = {
        "a": (tuple(names), values, {}),
        "b": ((names[0],), extractions.numbers(sizes[0], dtype=np.float32), {}),
        "c": (tuple(names[1:]), extractions.numbers(*sizes[1:]) if sizes[1:] else np.array(1.5), {}),
    }
    extraction = extractions.make_extraction(shape, [], fields, rows=rows)
    path = saved(NetCdf(model), extraction, tmp_path_factory.mktemp("any") / "made.nc")
    with netCDF4.Dataset(path) as file:
        for key, (_, expected, _) in fields.items():
            read = np.ma.filled(np.ma.asarray(file[key][...], dtype=np.float64), np.nan)
            np.testing.assert_array_equal(read, expected)


def test_the_values_do_not_depend_on_the_parts(tmp_path):
    files = []
    for rows in (1, 7):
        path = saved(NetCdf("NETCDF3_64BIT_OFFSET"), extractions.area(7, rows=rows), tmp_path / f"{rows}.nc")
        with xarray.open_dataset(path) as file:
            files.append(file.load())
    xarray.testing.assert_identical(*files)


def huge(y, x, *, fields=1, time=0):
    """An extraction of which no value is in memory."""
    dims = {**({"time": time} if time else {}), "y": y, "x": x}
    item = np.broadcast_to(np.float32(1.0), tuple(dims.values()))
    names = {f"sst{number}": (tuple(dims), item, {}) for number in range(fields)}
    return extractions.make_extraction(dims, [extractions.times(time)] if time else [], names, rows=1)


@pytest.mark.parametrize(
    ("model", "extraction", "fits"),
    [
        ("NETCDF3_CLASSIC", huge(30_000, 10_000), True),  # 1.2 GB: records of one row
        ("NETCDF3_CLASSIC", huge(2**15, 2**14, time=2), False),  # a record of 2 GiB
        ("NETCDF3_64BIT_OFFSET", huge(2**15, 2**14, time=2), True),
        ("NETCDF3_64BIT_OFFSET", huge(2**15, 2**15, time=2), False),  # a record of 4 GiB
        ("NETCDF3_CLASSIC", huge(2**14, 2**14, fields=3, time=1), False),  # the last begins beyond 2 GiB
        ("NETCDF3_64BIT_OFFSET", huge(2**14, 2**14, fields=3, time=1), True),
        ("NETCDF3_CLASSIC", huge(2**12, 2**12, time=1_000), True),  # 64 GiB: many small records
    ],
)
def test_a_request_too_large_for_a_format_is_refused_before_anything_is_read(model, extraction, fits, tmp_path):
    layout = lay_out(extraction, "r1", classic=True)
    if fits:
        check_netcdf3_size(layout, layout.first, model)
        return
    with pytest.raises(RequestTooLarge, match="ask for a smaller area"):
        saved(NetCdf(model), extraction, tmp_path / "made.nc")
    assert extraction.body.seen == []


def peak(count, path):
    """The most memory that a file of so many megabytes takes."""
    extraction = extractions.make_extraction(
        {"time": count, "y": 512, "x": 512},
        [extractions.times(count)],
        {"sst": (("time", "y", "x"), np.broadcast_to(np.float32(1.5), (count, 512, 512)), {})},
        rows=4,
    )
    tracemalloc.start()
    size = saved(NetCdf("NETCDF3_64BIT_OFFSET"), extraction, path).stat().st_size
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > count * 2**20
    return most


def test_memory_stays_flat_when_a_file_grows_tenfold(tmp_path):
    path = tmp_path / "made.nc"
    assert peak(200, path) < 1.2 * peak(20, path) < 60 * 2**20


def test_a_part_that_cannot_be_read_closes_the_file(tmp_path):
    def broken():
        yield slice(0, 2), {"sst": np.ones((2, 3, 5), dtype=np.float32)}
        raise OSError("gone")

    path = tmp_path / "made.nc"
    with pytest.raises(OSError, match="gone"):
        NetCdf().save(extractions.area(), broken(), "r1", str(path))
    path.unlink()
    saved(NetCdf(), extractions.area(), path)


def test_chunks_hold_about_a_megabyte_and_no_more_rows_than_are_written_together():
    plan = lay_out(huge(3_000, 2_000, time=100), "r1", classic=False)
    variable = next(variable for variable in plan.variables if variable.key)
    assert chunk_shape(variable, plan, 8) == (1, CHUNK // 2_000, 2_000)
    small = lay_out(extractions.area(50, rows=8), "r1", classic=False)
    assert chunk_shape(next(variable for variable in small.variables if variable.key), small, 8) == (8, 3, 5)


def test_large_responses_are_compressed_and_small_ones_are_not(tmp_path):
    fields = {
        "large": (("time", "y"), extractions.numbers(2, 1000), {}),
        "small": (("time",), extractions.numbers(2), {}),
    }
    extraction = extractions.make_extraction({"time": 2, "y": 1000}, [extractions.times(2)], fields)
    with netCDF4.Dataset(saved(NetCdf(), extraction, tmp_path / "made.nc")) as file:
        assert file["large"].filters()["zlib"]
        assert file["large"].filters()["shuffle"]
        assert not file["small"].filters()["zlib"]


def test_a_mesh_is_recognised_by_the_ugrid_conventions(tmp_path):
    with netCDF4.Dataset(saved(NetCdf("NETCDF3_64BIT_OFFSET"), extractions.mesh(), tmp_path / "made.nc")) as file:
        assert "UGRID-1.0" in file.Conventions
        topology = file[file["zeta"].mesh]
        assert (topology.cf_role, file["zeta"].location) == ("mesh_topology", "node")
        triangles = file[topology.face_node_connectivity]
        assert (triangles.start_index, triangles[:].tolist()) == (0, [[0, 1, 2], [1, 2, 3]])
        assert topology.node_coordinates.split() == ["longitude", "latitude"]


@pytest.mark.parametrize(
    ("values", "units", "symbol", "direction"),
    [
        ([-0.1, -0.9], "1", "1", "up"),  # sigma
        ([0.0, 1.0], "1", "1", "down"),  # numbers
        ([10.0, 500.0], "dbar", "dbar", "down"),
        ([24.5, 27.8], "kg m-3", "kg.m-3", "down"),
    ],
)
def test_levels_have_their_units_and_the_direction_in_which_they_grow(tmp_path, values, units, symbol, direction):
    extraction = extractions.levels()
    level = replace(extraction.coordinate("level"), values=np.resize(values, extractions.Z), units=units)
    coordinates = [level if item.name == "level" else item for item in extraction.coordinates]
    extraction = replace(extraction, coordinates=coordinates)
    with netCDF4.Dataset(saved(NetCdf(), extraction, tmp_path / "made.nc")) as file:
        assert (file["level"].units, file["level"].positive) == (units, direction)
    document = write_covjson(extraction, extraction.collect(extractions.parts(extraction)), "r1")
    (system,) = (item["system"] for item in document["referencing"] if item["coordinates"] == ["z"])
    (axis,) = system["cs"]["csAxes"]
    assert (axis["unit"]["symbol"], axis["direction"]) == (symbol, direction)
