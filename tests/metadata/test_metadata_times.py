"""Times: from files to ids and dates."""

import cftime
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_core.time import format_times, parse_time_units, to_calendar_seconds
from ocean_metadata.index.time_axes import RawTimes, merge_times


def times(*values, units="days since 2000-01-01", calendar="", kind="f8"):
    return RawTimes(values=np.array(values, dtype=kind), units=units, calendar=calendar)


def shown(axis):
    return [label for part in axis.seconds for label in format_times(part)]


@loop_over(
    ("units", "first"),
    [
        ("seconds since 1970-01-01T00:00:00Z", "1970-01-01T00:00:00"),
        ("seconds since 1970-01-01 00:00:00 +00:00", "1970-01-01T00:00:00"),
        ("hours since 2021-05-04T12:00:00+00:00", "2021-05-04T12:00:00"),
        ("hours since 2000-01-01 00:00:00 -03:30", "2000-01-01T03:30:00"),
        ("days since 1800-01-01 00:00:0.0", "1800-01-01T00:00:00"),
        ("days since 1891-1-1 00:00:00", "1891-01-01T00:00:00"),
        ("hour since 0000-01-01 00:00:00", "0000-01-01T00:00:00"),
        ("Days Since 1950-01-01 00:00:00 UTC", "1950-01-01T00:00:00"),
        ("months since 1990-03-01", "1990-03-01T00:00:00"),
    ],
)
def test_units_are_understood_however_they_are_spelt(units, first):
    assert shown(merge_times([times(0, units=units)])) == [f"{first}+00:00"]


@given(st.lists(st.integers(-10_000, 100_000).filter(lambda value: value != -1), min_size=1, max_size=20))
def test_whole_numbers_stay_the_ids_of_the_file(values):
    axis = merge_times([times(*values)])
    assert axis.raw[0].tolist() == values
    assert axis.units == "days since 2000-01-01"


@loop_over(
    ("units", "values", "ids", "units_of_ids"),
    [
        ("days since 2000-01-01", [-2, -1, 0], [-172_800, -86_400, 0], "seconds since 2000-01-01"),
        ("seconds since 2000-01-01", [-1, 0], [-1000, 0], "milliseconds since 2000-01-01"),
        ("days since 2000-01-01", [-2, -1], [-2, -1], "days since 2000-01-01"),  # -1 is the last
        ("months since 2000-01-01", [-1, 0], [-2_678_400, 0], "seconds since 2000-01-01"),
        ("nanoseconds since 1970-01-01", [1577836800 * 10**9], [1577836800 * 10**9], "nanoseconds since 1970-01-01"),
        ("ns since 1970-01-01", [1577836800_123456001], [1577836800_123456], "microseconds since 1970-01-01"),
    ],
)
def test_ids_are_exact_numbers_of_json_and_none_is_the_word_for_the_last_step(units, values, ids, units_of_ids):
    axis = merge_times([times(*values, units=units, kind="i8")])
    assert (axis.raw[0].tolist(), axis.units) == (ids, units_of_ids)
    parsed = parse_time_units(units_of_ids)
    assert np.abs(to_calendar_seconds(axis.raw[0], parsed) - axis.seconds[0]).max() == 0


@given(st.floats(-10_000, 100_000))
def test_dates_are_those_of_cftime(value):
    units = "hours since 1975-06-07 08:09:10"
    seconds = int(merge_times([times(value, units=units)]).seconds[0][0])
    expected = cftime.num2pydate(value, units)
    assert abs(seconds - np.datetime64(expected, "us").astype(np.int64) / 1e6) <= 0.5 + 1e-4


def test_fractions_become_seconds_since_the_same_epoch():
    axis = merge_times([times(0.25, 1.5)])
    assert (axis.raw[0].tolist(), axis.units) == ([21_600, 129_600], "seconds since 2000-01-01")


def test_coarse_numbers_are_rounded_to_the_minute():
    hours = np.arange(10)
    values = (4160 + hours / 24).astype("f4")  # a step of float32 is 42 s there
    axis = merge_times([RawTimes(values=values, units="days since 2013-01-01")])
    assert (axis.seconds[0] - axis.seconds[0][0]).tolist() == (hours * 3600).tolist()


def test_files_with_other_units_are_brought_to_those_of_the_first():
    axis = merge_times([times(0, 1), times(48, 72, units="hours since 2000-01-01")])
    assert [item.tolist() for item in axis.raw] == [[0, 1], [2, 3]]
    assert axis.units == "days since 2000-01-01"


def test_the_configured_units_are_those_of_the_ids():
    axis = merge_times([times(0, 1)], configured_units="seconds since 1950-01-01 00:00:00")
    assert axis.units == "seconds since 1950-01-01 00:00:00"
    assert np.diff(axis.raw[0]).tolist() == [86_400]
    assert shown(axis) == ["2000-01-01T00:00:00+00:00", "2000-01-02T00:00:00+00:00"]


def test_times_without_dates_are_numbered_and_keep_their_values_and_units():
    axis = merge_times([times(3, units="second"), times(7, units="second")])
    assert ([item.tolist() for item in axis.raw], axis.units) == ([[0], [1]], "second")
    assert [item.tolist() for item in axis.values] == [[3.0], [7.0]]


def test_months_are_counted_on_the_calendar():
    axis = merge_times([times(0, 1, 13, units="months since 2000-01-15")])
    assert [label[:10] for label in shown(axis)] == ["2000-01-15", "2000-02-15", "2001-02-15"]


def test_ids_of_a_model_calendar_stay_unique_where_dates_do_not():
    axis = merge_times([times(*range(360), units="days since 2015-01-01", calendar="360_day")])
    assert len(set(axis.raw[0].tolist())) == 360
    assert np.all(np.diff(axis.seconds[0]) >= 0)


@loop_over("calendar", ["360_day", "all_leap", "noleap"])
def test_hours_of_a_model_calendar_ascend_with_their_ids(calendar):
    axis = merge_times([times(*range(0, 24 * 800, 6), units="hours since 2015-01-01", calendar=calendar)])
    assert np.all(np.diff(axis.raw[0]) > 0)
    assert np.all(np.diff(axis.seconds[0]) >= 0)


def test_nanoseconds_are_not_taken_for_seconds():
    result = to_calendar_seconds(np.array([1_500_000_000]), parse_time_units("nanoseconds since 1970-01-01"))
    assert result.tolist() == [2]


def test_times_that_are_too_far_away_are_numbered():
    axis = merge_times([times(0, 10**10, calendar="noleap")])
    assert (axis.raw[0].tolist(), axis.values[0].tolist()) == ([0, 1], [0.0, 1e10])
