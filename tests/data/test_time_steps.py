"""Time steps as requests name them: by their integers, and by dates of every calendar and year."""

import cftime
import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.data import extractions
from tests.data.area_twins import write
from tests.data.conftest import array
from tests.looping import loop_over

from ocean_common.contracts.assets import Steps
from ocean_common.contracts.data import PointsRequest
from ocean_core.errors import InvalidRequest, TimeNotFound
from ocean_core.time import parse_time_units, to_calendar_seconds, unix_seconds
from ocean_data.plan.times import Axis, find_step, select_instants

LATITUDE, LONGITUDE = np.arange(40.0, 44), np.arange(-50.0, -46)


def make_steps(raw, units, calendar="standard", **more):
    parsed, raw = parse_time_units(units, calendar), np.asarray(raw)
    seconds = unix_seconds(to_calendar_seconds(raw, parsed), parsed.calendar) if parsed else raw
    return Steps(
        raw=array(raw, "<i8"),
        seconds=array(seconds, "<i8"),
        file=array(np.zeros(raw.size), "<i4"),
        position=array(np.arange(raw.size), "<i4"),
        units=units,
        calendar=calendar,
        **more,
    )


def with_steps(steps, quantum=None):
    made = extractions.assets("standard", np.arange(2), "days since 2000-01-01")
    return replace(made, steps=steps, variable=replace(made.variable, quantum=quantum, dated=steps.dated))


def select(assets, **times):
    return select_instants([assets], PointsRequest(dataset="made", variables=["thetao"], points=[], **times))


def steps_of(assets, **times):
    return select(assets, **times).steps[0].tolist()


@loop_over(
    ("calendar", "raw"),
    [("360_day", range(700, 800)), ("all_leap", range(50, 70)), ("julian", range(-36_600, -36_400))],
)
def test_every_day_of_a_calendar_is_found_by_its_own_date(calendar, raw):
    units = "days since 2001-01-01"
    steps = make_steps(raw, units, calendar)
    dates = [date.strftime("%Y-%m-%d") for date in cftime.num2date(list(raw), units, calendar)]
    axis, assets = Axis.of(steps), with_steps(steps)
    assert [find_step(axis, date) for date in dates] == list(range(len(dates)))
    assert [axis.label(step)[:10] for step in range(len(dates))] == dates
    assert steps_of(assets, start=dates[3], end=dates[-4]) == list(range(3, len(dates) - 3))


def test_a_day_that_a_model_calendar_lacks_ends_a_period_and_is_no_step():
    assets = with_steps(make_steps(range(20, 40), "days since 2001-01-01", "360_day"))
    assert steps_of(assets, end="2001-01-31") == list(range(10))
    assert steps_of(assets, start="2001-01-31") == list(range(10, 20))
    with pytest.raises(TimeNotFound, match="2001-01-30T00:00:00"):
        steps_of(assets, time="2001-01-31")
    with pytest.raises(InvalidRequest):
        steps_of(assets, time="2001-02-31")


@loop_over("first", ["-0044-03-01", "0000-01-01", "1999-12-01", "12000-01-01"])
def test_steps_of_every_year_are_found_by_the_dates_that_are_listed(first):
    days = np.datetime64(first, "D") + np.arange(0, 90, 7)
    steps = make_steps(days.astype("datetime64[s]").astype(np.int64), "seconds since 1970-01-01", "proleptic_gregorian")
    axis, assets = Axis.of(steps), with_steps(steps)
    labels = [axis.label(step) for step in range(days.size)]
    assert [find_step(axis, label) for label in labels] == list(range(days.size))
    assert [find_step(axis, label.replace("+", " ")) for label in labels] == list(range(days.size))  # not encoded
    assert steps_of(assets, start=labels[2], end=labels[5].partition("T")[0]) == [2, 3, 4, 5]


@given(st.sampled_from([0, 14, 15, 15.5, 27]), st.sampled_from(["standard", "noleap", "360_day"]), st.data())
def test_monthly_steps_are_found_by_the_15th_wherever_they_lie_in_their_month(day, calendar, data):
    starts = [cftime.datetime(1997 + number // 12, number % 12 + 1, 1, calendar=calendar) for number in range(14)]
    hours = [24 * day + cftime.date2num(start, "hours since 1997-01-01", calendar) for start in starts]
    assets = with_steps(make_steps(np.array(hours, dtype=int), "hours since 1997-01-01", calendar), "month")
    listed = [f"{start.year}-{start.month:02d}-15T00:00:00" for start in starts]
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, 13)] * 2)))
    cut = data.draw(st.sampled_from([10, 19]))
    assert steps_of(assets, time=listed[first][:cut]) == [first]
    assert steps_of(assets, start=listed[first][:cut], end=listed[last][:cut]) == list(range(first, last + 1))
    assert steps_of(assets, time=listed[first][:7]) == [first]


def test_an_exact_date_goes_before_the_month():
    assets = with_steps(make_steps([0, 14, 31], "days since 1997-01-01"), "month")
    assert steps_of(assets, time="1997-01-15") == [1]
    assert steps_of(assets, time="1997-01-01") == [0]
    with pytest.raises(TimeNotFound):
        steps_of(assets, time="1997-01-16")


@loop_over("number", [1577836800000000000, 2**62, -(2**62), 10**15])
def test_long_integers_are_steps(number):
    axis = Axis.of(make_steps([number, number + 1000], "nanoseconds since 1970-01-01"))
    assert [find_step(axis, str(number + more)) for more in (0, 1000)] == [0, 1]
    for absent in (str(number + 1), "9" * 25, "-" + "9" * 25):
        with pytest.raises(TimeNotFound):
            find_step(axis, absent)


def test_steps_without_dates_have_numbers_alone():
    steps = make_steps(range(3), "Furlongs", dated=False, values=array([0.5, 1.5, 2.5], "<f8"))
    assets = with_steps(steps)
    assert steps_of(assets, time="1") == [1]
    assert steps_of(assets, start="1", end="-1") == [1, 2]
    with pytest.raises(InvalidRequest, match="0 to 2"):
        steps_of(assets, time="1970-01-01")
    with pytest.raises(TimeNotFound, match="the nearest are 2"):
        steps_of(assets, time="3")
    assert select(assets, start="1", end="2").values.tolist() == [1.5, 2.5]


@pytest.fixture
def serve(described, app_over, tmp_path):
    """Serves a file of four time steps, whose values are 0, 1, 2 and 3."""

    def run(steps, quantum=None):
        values = np.broadcast_to(np.arange(4.0)[:, np.newaxis, np.newaxis], (4, 4, 4))
        file = write(tmp_path / "made.nc", LATITUDE, LONGITUDE, values, times=4)
        assets = described(file, "sst", kind="rectilinear", latitude="latitude", longitude="longitude")
        about = replace(assets.variable, quantum=quantum, dated=steps.dated)
        return TestClient(app_over([replace(assets, steps=steps, variable=about)]))

    return run


def at_point(client, kind, **params):
    return client.get(f"/api/v2.0/data/made/sst/{kind}", params={"latitude": 42, "longitude": -48, **params})


def test_the_end_of_february_of_a_model_calendar_has_its_own_dates_in_every_format(serve, tmp_path):
    steps = make_steps([57, 58, 59, 60], "days since 2001-01-01", "360_day")
    dates = ["2001-02-28", "2001-02-29", "2001-02-30", "2001-03-01"]
    with serve(steps) as client:
        series = at_point(client, "timeseries").json()
        assert [time[:10] for time in series["times"]] == dates
        for form in ("csv", "ndjson", "covjson", "geojson"):
            text = at_point(client, "timeseries", format=form).text
            assert all(f"{date}T00:00:00" in text for date in dates), form
        for number, date in enumerate(dates):
            point = at_point(client, "point", time=date).json()
            assert point["variables"]["sst"]["values"] == [number]
        corners = "min_range=40,-50&max_range=43,-47&should_zip=0"
        answer = client.get(f"/api/v2.0/subset/made/sst?{corners}&time=2001-02-29,2001-02-30")
        assert "20010229-20010230" in answer.headers["content-disposition"]
        (tmp_path / "subset.nc").write_bytes(answer.content)
        with xr.open_dataset(tmp_path / "subset.nc", decode_times=xr.coders.CFDatetimeCoder(use_cftime=True)) as subset:
            assert [date.isoformat()[:10] for date in subset.time.values] == dates[1:3]
            assert subset.attrs["time_coverage_end"] == "2001-02-30T00:00:00Z"
            assert subset.sst.values[:, 0, 0].tolist() == [1, 2]


def test_times_of_a_year_zero_are_exported_as_the_dates_that_they_are(serve, tmp_path):
    steps = make_steps(366 + 730 * np.arange(4), "hours since 0000-01-01")
    with serve(steps, "month") as client:
        series = at_point(client, "timeseries", start="0000-01-15", end="0000-03-15").json()
        assert [time[:7] for time in series["times"]] == ["0000-01", "0000-02", "0000-03"]
        for form in ("NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_NC"):
            path = f"min_range=40,-50&max_range=43,-47&should_zip=0&time=0000-01-15,-1&output_format={form}"
            answer = client.get(f"/api/v2.0/subset/made/sst?{path}")
            (tmp_path / "subset.nc").write_bytes(answer.content)
            with netCDF4.Dataset(tmp_path / "subset.nc") as subset:
                time = subset["time"]
                assert "1970" not in time.units
                dates = cftime.num2date(time[:], time.units, time.calendar, has_year_zero=True)
            assert [(date.year, date.month) for date in dates] == [(0, 1), (0, 2), (0, 3), (0, 4)], form


def test_no_export_has_a_date_of_steps_without_dates(serve, tmp_path):
    steps = make_steps(range(4), "furlong", dated=False, values=array([0.5, 1.5, 2.5, 3.5], "<f8"))
    with serve(steps) as client:
        point = at_point(client, "point", time="2").json()
        assert point["variables"]["sst"]["values"] == [2]
        assert point["coordinates"]["time"]["values"] == [2.5]
        assert point["coordinates"]["time"]["units"] == "furlong"
        assert at_point(client, "timeseries").json()["times"] == []
        for form in ("json", "csv", "ndjson", "covjson", "geojson"):
            answer = at_point(client, "timeseries", format=form)
            assert answer.status_code == 200
            assert "1970" not in answer.text, form
        for form in ("NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_NC"):
            path = f"min_range=40,-50&max_range=43,-47&should_zip=0&time=1,3&output_format={form}"
            answer = client.get(f"/api/v2.0/subset/made/sst?{path}")
            assert b"1970" not in answer.content
            (tmp_path / "subset.nc").write_bytes(answer.content)
            with netCDF4.Dataset(tmp_path / "subset.nc") as subset:
                assert subset["time"].units == "furlong"
                assert subset["time"][:].tolist() == [1.5, 2.5, 3.5]
