"""Units of time axes as files have them, and the dates that numbers in them are: against cftime."""

import cftime
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_core.reference_dates import parse_reference_date
from ocean_core.time import CALENDARS, DAY, format_times, parse_time_units, to_calendar_seconds, unix_seconds

calendars = st.sampled_from(sorted(set(CALENDARS.values())))


def dates(values, units, calendar="", dtype="f8"):
    parsed = parse_time_units(units, calendar)
    return [
        text.removesuffix("+00:00")
        for text in format_times(unix_seconds(to_calendar_seconds(np.array(values, dtype), parsed), parsed.calendar))
    ]


@loop_over(
    ("text", "first"),
    [
        ("2000-01-31", "2000-01-31T00:00:00"), ("2000/1/31", "2000-01-31T00:00:00"),
        ("2000.01.31", "2000-01-31T00:00:00"), ("20000131", "2000-01-31T00:00:00"),
        ("20000131T060000Z", "2000-01-31T06:00:00"), ("20000131120000", "2000-01-31T12:00:00"),
        ("31-JAN-2000", "2000-01-31T00:00:00"), ("31-Jan-2000 12:30", "2000-01-31T12:30:00"),
        ("31 January 2000", "2000-01-31T00:00:00"), ("Jan 31, 2000", "2000-01-31T00:00:00"),
        ("31/01/2000", "2000-01-31T00:00:00"), ("01-01-1950 00:00:00", "1950-01-01T00:00:00"),
        ("2000-02", "2000-02-01T00:00:00"), ("2000", "2000-01-01T00:00:00"),
        ("2000-01-31 00Z +00:00", "2000-01-31T00:00:00"), ("1970-01-01 00:00:00 0:00", "1970-01-01T00:00:00"),
        ("2000-01-31 06", "2000-01-31T06:00:00"), ("2000-01-31 1200", "2000-01-31T12:00:00"),
        ("2000-01-31 00:00:0.0", "2000-01-31T00:00:00"), ("2000-01-31_06:00:00", "2000-01-31T06:00:00"),
        ("2000-01-31 00:00:00 BST", "2000-01-30T23:00:00"), ("2000-01-31 00:00:00 -3:30", "2000-01-31T03:30:00"),
        ("2000-01-31 12:00 +1", "2000-01-31T11:00:00"), ("2000-01-31T00:00:00 UTC+2", "2000-01-30T22:00:00"),
("2000-01-31 00:00 NST", "2000-01-31T03:30:00"), ("2000-01-31 00:00:00 (UTC)", "2000-01-31T00:00:00"),
    ],
)  # fmt: skip
def test_a_reference_date_is_read_as_it_is_written(text, first):
    assert dates([0, 1], f"days since {text}") == [first, f"{np.datetime64(first) + np.timedelta64(1, 'D')}"]
    rewritten = parse_time_units(f"hours since {text}").text  # what a CF reader gets
    assert cftime.num2date(0, rewritten, "proleptic_gregorian").isoformat() == first


@pytest.mark.filterwarnings("ignore::cftime._cftime.CFWarning")
@loop_over("calendar", ["standard", "julian"])
@loop_over("epoch", ["-4713-01-01 12:00:00", "-0001-12-31", "-4713-1-1 12:00"])
def test_the_real_calendars_have_no_year_0(calendar, epoch):
    expected = cftime.num2date(2458849.5, f"days since {epoch}", calendar)
    parsed = parse_time_units(f"days since {epoch}", calendar)
    assert dates([2458849.5], f"days since {epoch}", calendar) == [expected.isoformat()]
    assert parse_time_units(parsed.text, calendar).epoch == parsed.epoch


@loop_over("units", ["MJD", "Modified Julian Day", "modified Julian days since 1858-11-17 00:00:00"])
def test_modified_julian_days_count_from_17_november_1858(units):
    assert dates([58849, 58850.25], units) == ["2020-01-01T00:00:00", "2020-01-02T06:00:00"]
    assert cftime.num2date(58849, parse_time_units(units).text).isoformat() == "2020-01-01T00:00:00"


def test_the_day_0_of_a_month_is_the_day_before_it():
    assert dates([736330], "days since 0000-01-00 00:00:00", "proleptic_gregorian") == ["2016-01-01T00:00:00"]
    assert parse_time_units("days since 00-Jan-2000").text == "days since 1999-12-31 00:00:00"


@loop_over(
    ("units", "text"),
    [
        ("HRS since 2000-01-01", "hours since 2000-01-01"), ("Days Since 2000-01-01", "days since 2000-01-01"),
        ("d since 2000-01-01", "days since 2000-01-01"), ("msec since 2000-01-01", "milliseconds since 2000-01-01"),
        ("hour since 2000-01-01", "hour since 2000-01-01"),
        ("hours since 2000-01-01 00:00 -03:30", "hours since 2000-01-01 03:30:00"),
        ("months since 2000-01-01 00:00 +02:00", "months since 2000-01-01 00:00:00 +02:00"),
    ],
)  # fmt: skip
def test_units_are_written_in_full_and_in_utc(units, text):
    assert parse_time_units(units).text == text


@loop_over(
    ("date", "calendar", "exists"),
    [
        ("2000-02-30", "standard", False), ("2000-02-30", "360_day", True), ("2001-02-29", "noleap", False),
        ("2001-02-29", "all_leap", True), ("2001-04-31", "standard", False), ("1900-02-29", "standard", False),
        ("1900-02-29", "julian", True), ("2001-01-31", "360_day", False),
    ],
)  # fmt: skip
def test_a_day_that_its_month_lacks_in_the_calendar_is_no_date(date, calendar, exists):
    assert (parse_time_units(f"days since {date}", calendar) is not None) == exists


@loop_over("text", ["05/04/2022", "yesterday", "2000-13-01", "2000-01-32", "2000-01-01 local", "200001",
                                  "2000-01-01 25:00", "32-JAN-2000", "1-1-2000 00:00 XYZ", "0.0", ""])  # fmt: skip
def test_a_text_that_is_no_date_or_two_is_refused(text):
    assert parse_reference_date(text) is None
    assert parse_time_units(f"days since {text}") is None


def test_a_zone_with_several_meanings_is_named():
    assert [parse_time_units(f"days since 2000-01-01 00:00 {zone}").zone for zone in ("UTC", "+01:00", "BST")] == [
        "", "", "BST",
    ]  # fmt: skip


@given(
    st.sampled_from(["seconds", "minutes", "hours", "days", "milliseconds", "microseconds"]),
    st.tuples(st.integers(1600, 2300), st.integers(1, 12), st.integers(1, 28), st.integers(0, 23)),
    st.sampled_from(["", " UTC", "Z", " +02:00", " -0330"]),
    calendars,
    st.builds(
        lambda number, dtype: np.array([number]).astype(dtype),
        st.floats(-90_000, 90_000, width=32),
        st.sampled_from(["i4", "i8", "f4", "f8"]),
    ),
)
def test_any_axis_has_the_dates_of_cftime(unit, date, zone, calendar, value):
    units = f"{unit} since {date[0]}-{date[1]:02d}-{date[2]:02d} {date[3]:02d}:00:00{zone}"
    expected = cftime.num2date(value.astype("f8"), units, calendar)[0]
    parsed = parse_time_units(units, calendar)
    seconds = to_calendar_seconds(value, parsed)
    error = np.spacing(np.abs(value))[0] * parsed.seconds / 2 if value.dtype == "f4" else 0
    first = "1969-12-19" if calendar == "julian" else "1970-01-01"
    difference = seconds[0] - cftime.date2num(expected, f"seconds since {first}", calendar)
    assert abs(difference) <= max(1, error + 1)


@given(st.floats(-1500, 1500), st.sampled_from(["months", "years"]))
def test_parts_of_months_of_30_days_are_those_of_cftime(number, unit):
    if unit == "years":
        expected = cftime.num2date(number * 12, "months since 1960-01-01", "360_day")
    else:
        expected = cftime.num2date(number, "months since 1960-01-01", "360_day")
    seconds = to_calendar_seconds(np.array([number]), parse_time_units(f"{unit} since 1960-01-01", "360_day"))
    assert abs(seconds[0] - cftime.date2num(expected, "seconds since 1970-01-01", "360_day")) <= 1


@pytest.mark.parametrize("calendar", ["noleap", "all_leap"])
@given(number=st.floats(-300, 300))
def test_parts_of_years_are_those_of_the_calendar(calendar, number):
    length = 365 if calendar == "noleap" else 366
    seconds = to_calendar_seconds(np.array([number]), parse_time_units("years since 2000-01-01", calendar))
    expected = cftime.num2date(number * length, "days since 2000-01-01", calendar)
    assert abs(seconds[0] - cftime.date2num(expected, "seconds since 1970-01-01", calendar)) <= 1


def test_half_months_are_the_middles_of_the_calendars_months():
    assert dates([0.5, 1.5, 700.5], "months since 1960-01-01") == [
        "1960-01-16T12:00:00", "1960-02-15T12:00:00", "2018-05-16T12:00:00",
    ]  # fmt: skip
    assert dates([700.5, 701.5], "months since 1960-01-01", "360", "f4") == [
        "2018-05-16T00:00:00", "2018-06-16T00:00:00",
    ]  # fmt: skip


def test_fortnights_have_14_days():
    assert dates([2], "fortnights since 2000-01-01") == ["2000-01-29T00:00:00"]


@loop_over(
    ("units", "values", "expected"),
    [
        ("day as %Y%m%d.%f", [20150101.5, 20150228.25], ["2015-01-01T12:00:00", "2015-02-28T06:00:00"]),
        ("month as %Y%m.%f", [201502.0, 201502.5], ["2015-02-01T00:00:00", "2015-02-15T00:00:00"]),
        ("year as %Y.%f", [2015.0, 2015.5], ["2015-01-01T00:00:00", "2015-07-02T12:00:00"]),
        ("YYYYMMDD", [20150101, 20151231], ["2015-01-01T00:00:00", "2015-12-31T00:00:00"]),
        ("yyyymmddHH", [2015010106], ["2015-01-01T06:00:00"]),
    ],
)
def test_numbers_that_are_dates_are_read(units, values, expected):
    assert dates(values, units) == expected


@loop_over(("values", "dtype"), [([20151301], "i4"), ([20150100], "i4"), ([5], "i4"), ([20150101], "f4")])
def test_numbers_that_are_no_dates_are_refused(values, dtype):
    with pytest.raises(ValueError, match="numbers"):
        to_calendar_seconds(np.array(values, dtype), parse_time_units("day as %Y%m%d.%f"))


@given(st.sampled_from([DAY, 21_600, 10_800, 3600, 1800, 900, 600]), st.integers(0, 30_000), st.integers(2, 60))
def test_single_precision_times_of_an_even_series_are_exact(step, first, count):
    seconds = first * DAY + step * np.arange(count)
    error = np.spacing(np.float32(seconds[-1] / DAY)) * DAY / 2
    result = to_calendar_seconds((seconds / DAY).astype("f4"), parse_time_units("days since 1970-01-01"))
    if 2 * error < step:
        assert result.tolist() == seconds.tolist()


def test_single_precision_times_that_agree_with_no_interval_stay():
    steps = 26000 + np.arange(6) / 512  # of 168.75 s
    expected = np.datetime64("2021-03-09") + np.rint(168.75 * np.arange(6)).astype("timedelta64[s]")
    assert dates(steps, "days since 1950-01-01", dtype="f4") == [str(text) for text in expected]
