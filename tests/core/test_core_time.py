"""Times of the core: against cftime, xarray, the standard library and dateutil."""

from datetime import UTC, datetime, timedelta

import cftime
import numpy as np
import pytest
import xarray as xr
from dateutil import parser
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_core.time import (
    CALENDARS,
    DAY,
    EPOCH,
    QUANTA,
    AmbiguousDateError,
    find_date_scale,
    format_duration,
    format_month_duration,
    format_time,
    format_times,
    infer_quantum,
    is_cf_time,
    month_of_middle,
    parse_instant,
    parse_iso_period,
    parse_period,
    parse_time_units,
    period_numbers,
    to_calendar_seconds,
    unix_seconds,
)

calendars = st.sampled_from(sorted(set(CALENDARS.values())))


def decoded(values, units, calendar=""):
    parsed = parse_time_units(units, calendar)
    return unix_seconds(to_calendar_seconds(np.asarray(values), parsed), parsed.calendar)


def written(date):
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}T{date.hour:02d}:{date.minute:02d}:{date.second:02d}"


@given(calendars, st.integers(-600_000, 400_000), st.integers(0, DAY - 1))
def test_every_calendar_is_decoded_as_cftime_decodes_it(calendar, day, clock):
    units = "seconds since 1850-03-04 06:00:00"
    value = day * DAY + clock
    expected = cftime.num2date(value, units, calendar)
    text = format_time(decoded([value], units, calendar)[0])
    try:
        datetime(expected.year, expected.month, expected.day)
    except ValueError:  # 30 February
        assert text[:19] == f"{written(expected)[:7]}-{text[8:10]}T23:59:59"
    else:
        assert text[:19] == written(expected)


@given(st.sampled_from(["standard", "proleptic_gregorian"]), st.lists(st.integers(-20_000, 40_000), min_size=1))
def test_dates_of_the_present_are_those_of_xarray(calendar, days):
    variable = xr.Variable(("time",), np.array(days), {"units": "days since 1958-02-03 04:05:06", "calendar": calendar})
    expected = xr.conventions.decode_cf_variable("time", variable).values.astype("datetime64[s]").astype(np.int64)
    assert decoded(days, "days since 1958-02-03 04:05:06", calendar).tolist() == expected.tolist()


@loop_over("calendar", ["noleap", "all_leap", "360_day", "julian"])
def test_model_dates_are_those_of_xarray(calendar):
    days = np.arange(0, 40_000, 7)
    attributes = {"units": "days since 1950-01-01", "calendar": calendar}
    dates = xr.conventions.decode_cf_variable("time", xr.Variable(("time",), days, attributes)).values
    result = format_times(decoded(days, attributes["units"], calendar))
    lacking = [(date.month, date.day) in {(2, 29), (2, 30)} for date in dates]
    assert [text[:10] for text, skip in zip(result, lacking, strict=True) if not skip] == [
        date.strftime("%Y-%m-%d") for date, skip in zip(dates, lacking, strict=True) if not skip
    ]


@given(calendars, st.lists(st.integers(-2_000_000, 8_000_000), min_size=2).map(sorted))
def test_hours_of_any_calendar_ascend(calendar, hours):
    assert np.all(np.diff(decoded(hours, "hours since 1990-06-15", calendar)) >= 0)


@given(calendars, st.integers(-3_000_000, 3_000_000))
def test_the_scale_of_a_calendar_is_even(calendar, number):
    units = parse_time_units("hours since 0000-01-01", calendar)
    seconds = to_calendar_seconds(np.array([number, number + 1]), units)
    assert np.diff(seconds).tolist() == [3600]


@loop_over("calendar", sorted(set(CALENDARS.values())))
@loop_over("year", [-4000, -401, -400, -1, 0, 1])
def test_years_before_the_first_continue_the_calendar(calendar, year):
    def write(item):  # the real calendars have no year 0
        number = item - 1 if item < 1 and calendar in {"standard", "julian"} else item
        return f"{number:05d}" if number < 0 else f"{number:04d}"

    epochs = [parse_time_units(f"days since {write(item)}-01-01", calendar).epoch for item in (year, year - 1)]
    assert (epochs[0] - epochs[1]) // DAY in {360, 365, 366}
    expected = (np.datetime64(year - 1970, "Y").astype("M8[M]") + 2).astype("M8[D]").astype("M8[s]") + 3 * DAY
    assert decoded([0], f"days since {write(year)}-03-04", calendar).tolist() == [expected.astype(np.int64)]


def test_the_gregorian_calendar_starts_on_15_october_1582():
    assert [text[:10] for text in format_times(decoded([0, 1], "days since 1582-10-04"))] == [
        "1582-10-04",
        "1582-10-15",
    ]
    proleptic = format_times(decoded([0, 1], "days since 1582-10-04", "proleptic_gregorian"))
    assert [text[:10] for text in proleptic] == ["1582-10-04", "1582-10-05"]


def test_a_day_that_its_month_lacks_is_the_last_second_of_the_month():
    result = format_times(decoded([0, 1, 2, 3], "days since 2015-02-28", "360_day"))
    assert [text[:19] for text in result] == [
        "2015-02-28T00:00:00", "2015-02-28T23:59:59", "2015-02-28T23:59:59", "2015-03-01T00:00:00",
    ]  # fmt: skip


def test_months_are_counted_on_the_calendar():
    assert [text[:10] for text in format_times(decoded([0, 1, 13], "months since 2000-01-15"))] == [
        "2000-01-15", "2000-02-15", "2001-02-15",
    ]  # fmt: skip
    assert format_times(decoded([-1], "years since 2000-01-15 06:00")) == ["1999-01-15T06:00:00+00:00"]


def test_times_too_far_away_are_refused():
    with pytest.raises(ValueError, match="too far"):
        decoded([10**9], "days since 2000-01-01", "noleap")


@loop_over("units", ["unknown", "", "m", "days", "days since yesterday", "moons since 2000-01-01",
                                   "days since 2000-13-01", "days since 2000-01-32"])  # fmt: skip
def test_invalid_time_units_are_not_guessed(units):
    assert parse_time_units(units) is None


def test_units_a_cf_reader_decodes():
    assert is_cf_time(np.array([3]), "days since 2000-01-01", "noleap")
    assert not is_cf_time(np.array([3]), "months since 2000-01-01", "standard")
    assert not is_cf_time(np.array([3]), "1", "standard")


@given(calendars, st.lists(st.integers(-600_000, 400_000), min_size=1, max_size=5), st.integers(0, DAY - 1))
def test_dates_are_written_and_read_as_cftime_names_them(calendar, days, clock):
    units = "seconds since 1850-03-04 06:00:00"
    raw = np.sort(days) * DAY + clock
    dates = find_date_scale(decoded(raw, units, calendar), raw, units, calendar)
    texts = dates.format(zone="Z")
    assert texts == [f"{written(date)}Z" for date in cftime.num2date(raw, units, calendar)]
    assert [parse_iso_period(text, dates.calendar).first for text in texts] == dates.seconds.tolist()
    at_day = [parse_iso_period(text[:10], dates.calendar) for text in texts]
    assert all(day.first <= second <= day.last for day, second in zip(at_day, dates.seconds.tolist(), strict=True))
    assert all(day.last - day.first == DAY - 1 for day in at_day)


@given(st.integers(-15_000 * 366 * DAY, 100_000 * 365 * DAY))
def test_instants_of_any_year_are_read_as_they_are_written(second):
    (text,) = format_times(np.array([second]))
    assert parse_iso_period(text) == parse_period(text) == (second, second)
    year = text.rsplit("-", 2)[0]
    assert parse_iso_period(text.replace(year, f"{int(year):+07d}", 1)).first == second  # as ECMAScript writes years


@loop_over(
    ("text", "first", "last"),
    [
        ("0000-01-16", "0000-01-16T00:00:00", "0000-01-16T23:59:59"),
        ("-0044-03-15T12:30Z", "-0044-03-15T12:30:00", "-0044-03-15T12:30:00"),
        ("12000-02", "12000-02-01T00:00:00", "12000-02-29T23:59:59"),
        ("20160201T1200", "2016-02-01T12:00:00", "2016-02-01T12:00:00"),
        ("2016-02-01T12:00:00 02:00", "2016-02-01T10:00:00", "2016-02-01T10:00:00"),
    ],
)
def test_a_period_has_both_ends(text, first, last):
    assert format_times(np.array(parse_iso_period(text)), zone="") == [first, last]


def test_a_day_that_a_calendar_lacks_is_an_empty_period_in_it():
    lacking = parse_iso_period("2015-01-31", "360_day")
    assert lacking.first == lacking.last + 1 == parse_iso_period("2015-02-01", "360_day").first
    with pytest.raises(ValueError, match="no such day"):
        parse_iso_period("2015-02-30", "noleap")


@given(calendars.filter(lambda calendar: calendar != "standard"), st.integers(-(10**10), 10**10))
def test_a_month_that_is_written_as_its_15th_is_read_as_the_whole_of_it(calendar, second):
    seconds = np.array([second])
    (text,) = format_times(seconds, "month", calendar=calendar)
    month = month_of_middle(parse_iso_period(text, calendar), calendar)
    assert month.first <= second <= month.last
    assert month == parse_iso_period(text[:-12], calendar)
    assert month_of_middle(parse_iso_period(f"{text[:-11]}16", calendar), calendar) is None


@given(st.integers(-(10**10), 10**10))
def test_an_instant_is_read_as_it_is_written(seconds):
    assert parse_instant(format_time(seconds)) == EPOCH + timedelta(seconds=seconds)
    assert parse_period(format_time(seconds)) == (seconds, seconds)


@loop_over("text", ["", "yesterday", "2016-02-30", "0001-01-01T00:00+02:00", "12"])
def test_a_text_that_is_no_instant_is_refused(text):
    with pytest.raises((ValueError, OverflowError)):
        parse_instant(text)


@given(st.dates(datetime(1800, 1, 1).date(), datetime(2200, 1, 1).date()), st.sampled_from(["%d %B %Y", "%b %d, %Y"]))
def test_a_date_is_its_whole_day_as_dateutil_finds_it(day, form):
    first = int((parser.parse(day.strftime(form)).replace(tzinfo=UTC) - EPOCH).total_seconds())
    assert parse_period(day.strftime(form)) == (first, first + DAY - 1)


def test_a_date_that_may_be_two_days_names_both():
    with pytest.raises(AmbiguousDateError) as refused:
        parse_period("05/04/2022 12:00")
    assert refused.value.readings == ("2022-04-05", "2022-05-04")


@given(st.text(max_size=70))
def test_any_text_is_a_period_or_a_value_error(text):
    try:
        first, last = parse_period(text)
    except (ValueError, OverflowError):
        return
    assert first <= last


@given(st.datetimes(datetime(1600, 1, 1), datetime(2300, 1, 1)), st.sampled_from(QUANTA))
def test_instants_of_one_period_have_its_number(date, quantum):
    date = date.replace(microsecond=0)
    starts = {
        "year": date.replace(month=1, day=1, hour=0, minute=0, second=0),
        "month": date.replace(day=1, hour=0, minute=0, second=0),
        "week": (date - timedelta(days=date.weekday())).replace(hour=0, minute=0, second=0),
        "day": date.replace(hour=0, minute=0, second=0),
        "hour": date.replace(minute=0, second=0),
        "minute": date.replace(second=0),
    }
    start, instant = ((item.replace(tzinfo=UTC) - EPOCH) // timedelta(seconds=1) for item in (starts[quantum], date))
    before, first, number = period_numbers(np.array([start - 1, start, instant]), quantum).tolist()
    assert (before + 1, first) == (first, number)


@given(st.integers(0, 10**9))
def test_durations_add_up(seconds):
    text = format_duration(seconds).removeprefix("P").replace("T", "")
    total, number = 0, ""
    for letter in text:
        if letter.isdigit():
            number += letter
        else:
            total, number = total + int(number) * {"D": DAY, "H": 3600, "M": 60, "S": 1}[letter], ""
    assert total == seconds


def test_durations_of_months():
    assert [format_month_duration(months) for months in (1, 12, 15)] == ["P1M", "P1Y", "P1Y3M"]


def test_the_spacing_suggests_the_quantum():
    steps = {"hour": 3600, "day": 5 * DAY, "month": 30 * DAY, "season": 91 * DAY, "year": 365 * DAY}
    assert [infer_quantum(14 * DAY + np.arange(5) * step) for step in steps.values()] == list(steps)
    assert infer_quantum(np.array([5])) is None


def test_dates_of_one_month_are_not_monthly():
    assert infer_quantum(np.array([11, 24, 74]) * DAY) == "day"  # 12 and 25 January, 16 March
    assert infer_quantum(np.array([0, 28, 56]) * DAY) == "day"  # 1 and 29 January, 26 February
    assert infer_quantum(np.array([31, 59]) * DAY) == "month"  # 1 February and March
    assert infer_quantum(np.array([0, 30, 60]) * DAY, "360_day") == "month"


def test_a_month_is_written_as_its_middle_day():
    seconds = np.array(["2015-01-16T12:00", "2015-02-01"], dtype="datetime64[s]").astype(np.int64)
    assert format_times(seconds, "month") == ["2015-01-15T00:00:00", "2015-02-15T00:00:00"]
    assert format_times(seconds, zone="Z") == ["2015-01-16T12:00:00Z", "2015-02-01T00:00:00Z"]
