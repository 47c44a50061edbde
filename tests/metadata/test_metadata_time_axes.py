"""Time axes of files: what their dates are, and what is told where they have none."""

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocean_core.time import format_times
from ocean_metadata.index.time_axes import RawTimes, make_time_axis

ISO = ["2021-01-01T00:31:33Z", "2021-01-02T00:05:22Z"]


def write_file(path, define_time, dimensions=("time", "lat", "lon"), sizes=(2, 3, 4), **attributes):
    """Write a field whose times ``define_time`` writes."""
    with netCDF4.Dataset(path, "w") as data:
        for name, size in zip(dimensions, sizes, strict=True):
            data.createDimension(name, size)
        define_time(data)
        for name, units in (("lat", "degrees_north"), ("lon", "degrees_east")):
            axis = data.createVariable(name, "f8", (name,))
            axis.units = units
            axis[:] = np.arange(data.dimensions[name].size) + 40
        field = data.createVariable("sst", "f4", dimensions)
        field.setncatts({"units": "degC", **attributes})
        field[:] = np.arange(np.prod(sizes)).reshape(sizes)
    return path


def define_axis(values, name="time", kind="i4", dimensions=("time",), **attributes):
    def define(data):
        axis = data.createVariable(name, kind, dimensions)
        axis.setncatts(attributes)
        axis[:] = values

    return define


def define_characters(texts, name="time", **attributes):
    def define(data):
        length = data.createDimension("length", 32).size
        axis = data.createVariable(name, "S1", ("time", "length"))
        axis.setncatts(attributes)
        axis[:] = netCDF4.stringtochar(np.array(texts, f"S{length}"))

    return define


def define_strings(texts, **attributes):
    def define(data):
        axis = data.createVariable("time", str, ("time",))
        axis.setncatts(attributes)
        axis[:] = np.array(texts, object)

    return define


def index_axis(index, folder, define_time, name="a", **more):
    write_file(folder / f"{name}.nc", define_time, **more)
    result = index(folder=folder)
    record = result.dataset(name)
    (axis,) = record.times
    return record, axis, steps_of(result, record)


def steps_of(result, record):
    return result.catalogue._read_steps(record.id, record.revision, record.time)


TEXT_UNITS = "seconds since 1950-01-01 00:00:00"


def labels(steps):
    return [text[:19] for text in format_times(steps.seconds)]


@pytest.mark.parametrize(
    "define_time",
    [
        define_characters(ISO, standard_name="time"),
        define_characters([text.replace("T", "_").rstrip("Z") for text in ISO], name="Times"),
        define_strings(ISO, axis="T"),
        define_strings([text.replace("-", "").replace(":", "").replace("T", "").rstrip("Z") for text in ISO]),
    ],
)
def test_times_that_are_texts_are_read(tmp_path, index, define_time):
    record, axis, steps = index_axis(index, tmp_path, define_time)
    assert labels(steps) == [text.rstrip("Z") for text in ISO]
    assert (axis.dated, axis.units, record.state, record.depths) == (True, TEXT_UNITS, "served", [])


@pytest.mark.parametrize(
    "define_time",
    [
        define_axis([0, 21_600], standard_name="time", units="second"),
        define_axis([3, 5], units="days since yesterday"),
        define_axis([3, 5], units="days since 2000-02-30"),
        define_axis([3, 5], name="time", axis="T"),
        define_axis([1, 2], units="05/04/2022"),
        define_characters(["first", "second"], standard_name="time"),
        lambda data: None,
    ],
)
def test_steps_without_dates_are_numbered_and_noted(tmp_path, index, define_time):
    record, axis, steps = index_axis(index, tmp_path, define_time)
    assert (axis.dated, record.state, record.period, record.quantum) == (False, "partly", (None, None), None)
    assert (steps.raw.tolist(), steps.position.tolist(), record.depths) == ([0, 1], [0, 1], [])
    assert ["no dates" in str(note.text) for note in record.notes] == [True]


def test_values_of_steps_without_dates_are_kept(tmp_path, index):
    _, axis, steps = index_axis(index, tmp_path, define_axis([0, 21_600], units="second"))
    assert (steps.values.tolist(), axis.units) == ([0.0, 21_600.0], "second")


@pytest.mark.parametrize(
    ("units", "values", "first"),
    [("year", [1990, 1991], "1990-01-01T00:00:00"), ("years", [1990.5, 1991.5], "1990-07-02T12:00:00")],
)
def test_years_without_a_reference_date_are_of_our_era(tmp_path, index, units, values, first):
    record, _, steps = index_axis(index, tmp_path, define_axis(values, kind="f8", units=units))
    assert (labels(steps)[0], [note.kind for note in record.notes]) == (first, ["guessed"])


@pytest.mark.parametrize(
    ("units", "values"),
    [({}, [20200101, 20200103]), ({"units": "1"}, [20200101, 20200103]),
     ({"units": "julian day"}, [2458849.5, 2458851.5]), ({"units": "JD"}, [2458849.5, 2458851.5])],
)  # fmt: skip
def test_dates_and_julian_days_are_known_by_their_numbers(tmp_path, index, units, values):
    record, _, steps = index_axis(index, tmp_path, define_axis(values, kind="f8", standard_name="time", **units))
    assert labels(steps) == ["2020-01-01T00:00:00", "2020-01-03T00:00:00"]
    assert [note.kind for note in record.notes] == ["guessed"]


@pytest.mark.parametrize("values", [[20201301, 20201302], [1, 2], [150, 365]])
@pytest.mark.parametrize("units", ["", "julian day"])
def test_other_numbers_without_a_date_have_none(tmp_path, index, units, values):
    _, axis, _ = index_axis(index, tmp_path, define_axis(values, kind="f8", standard_name="time", units=units))
    assert (axis.dated, axis.units) == (False, units)


@pytest.mark.parametrize("name", ["bulk_time", "TIME2", "dates", "T", "day", "year"])
def test_a_dimension_named_after_time_is_no_depth(tmp_path, index, name):
    path = write_file(tmp_path / "a.nc", lambda data: None, dimensions=(name, "lat", "lon"))
    record = index(folder=path.parent).dataset("a")
    assert ([axis.dated for axis in record.times], record.depths) == ([False], [])


@pytest.mark.parametrize(
    ("values", "attributes"),
    [
        (np.arange(1, 13), {"units": "Month"}), (np.arange(12) + 0.5, {"units": "months"}),
        (np.arange(12), {"units": "month"}),
    ],
)  # fmt: skip
def test_twelve_months_of_no_year_are_a_climatology(tmp_path, index, values, attributes):
    record, axis, steps = index_axis(index, tmp_path, define_axis(values, kind="f8", **attributes), sizes=(12, 3, 4))
    assert labels(steps) == [f"0000-{month:02d}-15T00:00:00" for month in range(1, 13)]
    assert (steps.raw.tolist(), axis.climatology, record.quantum) == ([*range(1, 13)], True, "month")
    assert [note.kind for note in record.notes] == ["guessed"]


def test_a_variable_of_months_is_a_climatology(tmp_path, index):
    dimensions = ("month", "lat", "lon")
    define = define_axis(np.arange(1, 13), name="month", dimensions=("month",))
    record, axis, _ = index_axis(index, tmp_path, define, dimensions=dimensions, sizes=(12, 3, 4))
    assert (axis.climatology, axis.dated, record.depths) == (True, True, [])


@pytest.mark.parametrize("units", ["month", "day"])
def test_a_few_numbers_without_a_date_are_no_climatology(tmp_path, index, units):
    _, axis, _ = index_axis(index, tmp_path, define_axis([1, 2], units=units))
    assert not axis.dated


@pytest.mark.parametrize(
    ("parts", "is_climatology"),
    [
        ([RawTimes(np.arange(12) * 730.485, "hours since 0000-01-15")], True),
        ([RawTimes(np.arange(12), "months since 0001-01-15")], True),
        ([RawTimes(np.arange(300), "days since 0001-01-01", "noleap")], False),
        ([RawTimes(np.arange(12), "months since 2005-01-15", climatology=True)], True),
        ([RawTimes(np.arange(12), "months since 2005-01-15")], False),
    ],
)
def test_a_climatology_is_known_by_its_bounds_or_its_year(parts, is_climatology):
    axis, _, _ = make_time_axis(parts, [0])
    assert axis.climatology == is_climatology


def test_a_file_without_dates_is_left_out_of_its_family(tmp_path, index):
    for number, units in enumerate(["days since yesterday", "days since 2020-01-01", "days since 2020-01-01"]):
        write_file(tmp_path / f"a_2020010{number + 1}.nc", define_axis([number], units=units), sizes=(1, 3, 4))
    result = index(folder=tmp_path)
    (record,) = result.datasets.values()
    assert labels(steps_of(result, record)) == ["2020-01-02T00:00:00", "2020-01-03T00:00:00"]
    assert [(problem.name, "no dates" in str(problem.reason)) for problem in record.problems] == [
        ("a_20200101.nc", True)
    ]


@pytest.mark.parametrize("odd", [1, 2, 3])
@pytest.mark.parametrize("configured", [False, True])
def test_a_file_with_an_absurd_time_is_left_out_of_its_family(tmp_path, index, write, odd, configured):
    for day in (1, 2, 3):
        values = [1e9, 1e9 + 1] if day == odd else [10 * day, 10 * day + 1]
        axis = define_axis(values, kind="f8", units="days since 2000-01-01", standard_name="time")
        write_file(tmp_path / f"a_{day}.nc", axis)
    entries = {"a": {"url": f"{tmp_path}/a_*.nc", "variables": {"sst": {"name": "T"}}}}
    result = index(datasets=write(entries)) if configured else index(folder=tmp_path)
    (record,) = result.datasets.values()
    assert (record.state, record.times[0].dated, record.times[0].count) == ("partly", True, 4)
    (problem,) = record.problems
    assert (problem.name, "too far from 1970" in str(problem.reason)) == (f"a_{odd}.nc", True)


def test_configured_units_give_dates_to_all_files(tmp_path, index, write):
    path = write_file(tmp_path / "a.nc", define_axis([0, 24], units="hours"))
    entry = {"url": str(path), "time_dim_units": "hours since 2020-01-01", "variables": {"sst": {}}}
    record = index(datasets=write({"a": entry})).dataset("a")
    assert (record.times[0].dated, record.notes) == (True, [])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 1, 1, 2], [0, 1, 3]), ([0, np.nan, 1, 2], [0, 2, 3]), ([2, 1, 0, 0], [2, 1, 0])],
)
def test_equal_and_missing_times_are_left_out_and_noted(tmp_path, index, values, expected):
    define = define_axis(values, kind="f8", units="days since 2020-01-01")
    record, _, steps = index_axis(index, tmp_path, define, sizes=(4, 3, 4))
    assert (steps.position.tolist(), record.state) == (expected, "partly")
    assert "1 in a.nc" in str(record.notes[0].text)


def test_an_unknown_calendar_and_a_zone_with_several_meanings_are_told():
    parts = [RawTimes(np.arange(2), "days since 2000-01-01 00:00 BST", "martian", "time")]
    _, _, notes = make_time_axis(parts, [0])
    assert ["martian" in str(notes[0].text), "BST" in str(notes[1].text)] == [True, True]


def define_runs(runs, leads):
    def define(data):
        axis = data.createVariable("time", "i4", ("time",))
        axis.setncatts({"standard_name": "forecast_reference_time", "units": "hours since 2024-01-01"})
        axis[:] = runs
        axis = data.createVariable("step", "i4", ("step",))
        axis.setncatts({"standard_name": "forecast_period", "units": "hours"})
        axis[:] = leads
        axis = data.createVariable("valid_time", "i4", ("time", "step"))
        axis.setncatts({"standard_name": "time", "units": "hours since 2024-01-01"})
        axis[:] = np.add.outer(runs, leads)

    return define


def test_several_forecast_runs_in_a_file_are_refused_by_name(tmp_path, index):
    write_file(
        tmp_path / "a.nc", define_runs([0, 12], [0, 6, 12]), ("time", "step", "lat", "lon"), (2, 3, 3, 4),
        coordinates="valid_time",
    )  # fmt: skip
    record = index(folder=tmp_path).datasets["a"]
    assert "runs and lead times" in str(record.left_out[0].reason)


@pytest.mark.parametrize(("run", "lead"), [("reftime", "leadtime"), ("time", "step")])
def test_runs_and_lead_times_without_standard_names_are_refused_as_well(tmp_path, index, run, lead):
    def define(data):
        for name, values, units in ((run, [0, 12], "hours since 2024-01-01"), (lead, [0, 6, 12], "hours")):
            axis = data.createVariable(name, "i4", (name,))
            axis.units = units
            axis[:] = values

    write_file(tmp_path / "a.nc", define, (run, lead, "lat", "lon"), (2, 3, 3, 4))
    record = index(folder=tmp_path).datasets["a"]
    assert "runs and lead times" in str(record.left_out[0].reason)


@pytest.mark.parametrize(("kind", "fill"), [("i4", -999), ("i8", -999), ("f4", -999.0), ("f8", 9.96921e36)])
def test_steps_whose_time_was_not_written_are_left_out(tmp_path, index, kind, fill):
    def define(data):
        axis = data.createVariable("time", kind, ("time",), fill_value=fill if fill == -999 else None)
        axis.set_auto_mask(False)
        axis.units = "days since 2020-01-01"
        axis[:] = [0, fill, 2]

    record, _, steps = index_axis(index, tmp_path, define, sizes=(3, 3, 4))
    assert labels(steps) == ["2020-01-01T00:00:00", "2020-01-03T00:00:00"]
    assert steps.position.tolist() == [0, 2]
    assert (record.state, record.notes[0].kind) == ("partly", "left out")


@pytest.mark.parametrize(("runs", "leads"), [([12], [0, 6, 12]), ([0, 12, 24], [6])])
def test_a_forecast_with_one_run_or_one_lead_time_has_its_valid_times(tmp_path, index, runs, leads):
    sizes = (len(runs), len(leads), 3, 4)
    _, _, steps = index_axis(
        index, tmp_path, define_runs(runs, leads), dimensions=("time", "step", "lat", "lon"), sizes=sizes
    )
    hours = np.add.outer(runs, leads).ravel()
    assert labels(steps) == [
        str(np.datetime64("2024-01-01T00:00:00") + np.timedelta64(int(hour), "h")) for hour in hours
    ]


def test_lead_times_count_from_the_reference_time_of_their_run(tmp_path, index):
    def define_run(start):
        def define(data):
            reference = data.createVariable("forecast_reference_time", "f8", ())
            reference.setncatts({"units": "hours since 2000-01-01", "standard_name": "forecast_reference_time"})
            reference[...] = start
            define_axis([0, 1, 2], name="step", dimensions=("step",), units="days", standard_name="forecast_period")(
                data
            )

        return define

    for number in (0, 1):
        write_file(tmp_path / f"run_{number}.nc", define_run(24 * number), ("step", "lat", "lon"), (3, 3, 4))
    result = index(folder=tmp_path)
    (record,) = result.datasets.values()
    steps = steps_of(result, record)
    assert [label[:10] for label in labels(steps)] == ["2000-01-01", "2000-01-02", "2000-01-03", "2000-01-04"]
    assert steps.file.tolist() == [0, 1, 1, 1]


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6),
    st.text(max_size=40) | st.sampled_from(["days since 2000-01-01", "month", "day as %Y%m%d.%f", "hours since 0-1-1"]),
    st.sampled_from(["", "360_day", "noleap", "martian"]),
)
def test_any_axis_has_dates_or_a_note(values, units, calendar):
    axis, steps, notes = make_time_axis([RawTimes(np.array(values), units, calendar, "time", "a.nc")], [0])
    assert axis.dated or any("no dates" in str(note.text) for note in notes)
    assert np.all(np.diff(steps.seconds) >= 0)
    assert len(set(steps.raw.tolist())) == steps.raw.size
