"""Calendars against cftime."""

import cftime
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocean_metadata.catalogue.calendars import Dates, dates, day_numbers, unix_days
from ocean_metadata.catalogue.time import instants, parse_units, unix_seconds

CALENDARS = ["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]


@pytest.mark.parametrize("calendar", CALENDARS)
@given(day=st.integers(-650_000, 400_000))
def test_days_have_the_names_that_cftime_gives_them(calendar, day):
    units = "days since 1850-03-04 06:00:00"
    expected = cftime.num2date(day, units, calendar)
    found = dates(instants(np.array([day]), parse_units(units, calendar)) // 86_400, calendar)
    assert tuple(int(part[0]) for part in found) == (expected.year, expected.month, expected.day)


@pytest.mark.parametrize("calendar", CALENDARS)
@given(day=st.integers(-700_000, 700_000))
def test_numbering_undoes_naming(calendar, day):
    assert day_numbers(dates(np.array([day]), calendar), calendar).tolist() == [day]


@given(day=st.integers(0, 40_000))
def test_real_dates_are_unix_days(day):
    named = np.datetime64(day, "D").astype(object)
    parts = Dates(*(np.array([part]) for part in (named.year, named.month, named.day)))
    assert unix_days(parts).tolist() == [day]


def test_the_thirtieth_of_february_becomes_the_last_day_of_its_month():
    units = parse_units("days since 2015-02-28", "360_day")
    seconds = unix_seconds(instants(np.array([0, 1, 2, 3]), units), "360_day")
    found = np.datetime_as_string(seconds.astype("datetime64[s]"), unit="D").tolist()
    assert found == ["2015-02-28", "2015-02-28", "2015-02-28", "2015-03-01"]
