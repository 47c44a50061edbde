"""Dates as people write them: against the standard library and dateutil."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from dateutil import parser
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_core.errors import InvalidRequest
from ocean_metadata.catalogue.responses import parse_period_parameter

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1), timezones=ZONES).map(
    lambda instant: instant.replace(microsecond=0)
)
WRITTEN = ["%Y-%m-%dT%H:%M:%S%z", "%Y%m%dT%H%M%S%z", "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %Y %H:%M:%S GMT%z"]


def seconds(instant):
    return int((instant - EPOCH).total_seconds())


def between(first, last):
    return seconds(datetime.fromisoformat(first + "+00:00")), seconds(datetime.fromisoformat(last + "+00:00"))


@given(INSTANTS, st.sampled_from(WRITTEN))
def test_an_instant_is_found_however_it_is_written(instant, form):
    reported = instant.strftime(form)
    assert parse_period_parameter(reported, "x") == (seconds(instant), seconds(instant))


@given(
    st.dates(datetime(1800, 1, 1).date(), datetime(2200, 1, 1).date()),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%B %d, %Y", "%b %d %Y", "%A, %d %B %Y"]),
)
def test_a_date_is_its_whole_day_as_dateutil_finds_it(day, form):
    reported = day.strftime(form)
    first = seconds(parser.parse(reported).replace(tzinfo=UTC))
    assert parse_period_parameter(reported, "x") == (first, first + 86_399)


@loop_over(
    ("told", "first", "last"),
    [
        ("2022-04-05T00:00:00.000Z", "2022-04-05T00:00:00", "2022-04-05T00:00:00"),
        ("2022-04-05T00:00:00", "2022-04-05T00:00:00", "2022-04-05T00:00:00"),
        ("2022-04-05T12:00 02:00", "2022-04-05T10:00:00", "2022-04-05T10:00:00"),  # a plus sign in an address
        ("2022-04-05 06h", "2022-04-05T06:00:00", "2022-04-05T06:00:00"),
        ("2022-02", "2022-02-01T00:00:00", "2022-02-28T23:59:59"),
        ("2020", "2020-01-01T00:00:00", "2020-12-31T23:59:59"),
        ("2022-W14-2", "2022-04-05T00:00:00", "2022-04-05T23:59:59"),
        ("5 avril 2022", "2022-04-05T00:00:00", "2022-04-05T23:59:59"),
        ("1er Août 2021", "2021-08-01T00:00:00", "2021-08-01T23:59:59"),
        ("décembre 2020", "2020-12-01T00:00:00", "2020-12-31T23:59:59"),
        ("mar 5 avril 2022 à 12h30", "2022-04-05T12:30:00", "2022-04-05T12:30:00"),
        ("25/12/2022", "2022-12-25T00:00:00", "2022-12-25T23:59:59"),
        ("12/25/2022", "2022-12-25T00:00:00", "2022-12-25T23:59:59"),
        ("Sat, 5 Mar 2022 00:00 EST", "2022-03-05T05:00:00", "2022-03-05T05:00:00"),
    ],
)  # fmt: skip
def test_usual_texts_are_understood(told, first, last):
    assert parse_period_parameter(told, "x") == between(first, last)


@loop_over(
    "told", ["", "x", "yesterday", "2022-02-31", "2022-13", "99999999999", "2022-04-05T25:00", "ju 2020",
             "2022-04-05'; DROP TABLE datasets; --", "2" * 10_000, "\x00", "５ April"],
)  # fmt: skip
def test_an_invalid_date_is_refused_with_an_example(told):
    with pytest.raises(InvalidRequest, match="2022-04-05") as refused:
        parse_period_parameter(told, "target_date")
    assert refused.value.field == "target_date"


def test_a_date_that_may_mean_two_days_is_refused():
    with pytest.raises(InvalidRequest, match="2022-04-05 or 2022-05-04"):
        parse_period_parameter("05/04/2022", "x")


@given(st.text(max_size=70))
def test_no_text_is_a_failure_of_the_service(told):
    try:
        first, last = parse_period_parameter(told, "x")
    except InvalidRequest:
        return
    assert first <= last
