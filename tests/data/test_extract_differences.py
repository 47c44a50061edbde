"""Differences: of times, datasets and climatologies, on one grid and in one unit."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tests.data.area_twins import ask, reading_of, values_of, write
from tests.looping import loop_over

from ocean_common.contracts.data import AreaRequest, DifferenceRequest, Minuend, PointsRequest, StatisticsRequest
from ocean_core.errors import InvalidRequest, TimeNotFound
from ocean_core.units import unit_conversion
from ocean_data.extraction import PLANS
from ocean_data.plan.extraction import read_values

AT = "/api/v2.0/data"
BOX = (0, -20, 40, 20)
LATITUDE, LONGITUDE = np.arange(-30.0, 31, 2), np.arange(-10.0, 51, 2)
NOON = 0.5 * np.ones(365) + np.arange(365)  # days of 2001


@pytest.fixture
def reading(source):
    return reading_of(source)


@pytest.fixture
def make_assets(described, tmp_path):
    """Assets of a made field: of a constant for each time, or of (time, latitude, longitude)."""

    def make(name, values, *, axes=(LATITUDE, LONGITUDE), **told):
        values = np.asarray(values, dtype=float)
        if values.ndim == 1:
            values = np.broadcast_to(values[:, np.newaxis, np.newaxis], (values.size, axes[0].size, axes[1].size))
        path = write(tmp_path / f"{name}.nc", *axes, values, times=len(values), **told)
        return described(path, "sst", kind="rectilinear", latitude="latitude", longitude="longitude", dataset=name)

    return make


def less(reading, mine, others, minus=None, **fields):
    """The plan of a difference, and its values."""
    query = DifferenceRequest(
        dataset=mine[0].dataset,
        variables=[item.variable.key for item in mine],
        minus=Minuend(dataset=others[0].dataset, **(minus or {})),
        **fields,
    )
    extraction = PLANS[DifferenceRequest](reading, [*mine, *others], query)
    return extraction, read_values(extraction, reading)


def test_two_times_of_a_dataset_are_compared_cell_by_cell(reading, shipped):
    arctic = shipped["arctic_day", "votemper"]
    box = (10, 70, 30, 80)
    extraction, result = less(
        reading, [arctic], [arctic], {"time": "2016-02-01"}, box=box, start="2016-02-02", end="2016-02-04", depth="all"
    )
    _, item = ask(reading, [arctic], AreaRequest, box=box, time="2016-02-01", depth="all")
    _, more = ask(reading, [arctic], AreaRequest, box=box, start="2016-02-02", end="2016-02-04", depth="all")
    np.testing.assert_allclose(result["votemper"], more["votemper"].astype("f8") - item["votemper"], rtol=1e-12)
    assert extraction.dims == {"time": 3, "depth": 17, "y": 51, "x": 53}
    assert extraction.facts["minus_time"].startswith("2016-02-01")
    info = extraction.fields[0].variable
    assert info.name.startswith("Difference of")
    assert info.zero_centered
    assert info.scale[0] == -info.scale[1]
    assert info.standard_name is None


def test_a_difference_from_itself_is_zero_on_any_grid(reading, shipped):
    for key, box in (
        (("ostia_month", "surface_temperature"), (170, -3, -170, 3)),
        (("nemo_global_month", "tos"), (60, -20, 90, 20)),
        (("arctic_day", "h"), (10, 70, 30, 80)),
    ):
        item = shipped[key]
        for more in ({}, {"projection": "EPSG:4326", "shape": (10, 12), "interpolation": "bilinear"}):
            _, result = less(reading, [item], [item], box=box, **more)
            values = result[item.variable.key]
            assert np.isfinite(values).any()
            assert np.nanmax(np.abs(values)) == 0


def test_another_grid_comes_to_the_cells_of_the_first(reading, make_assets):
    slope = LATITUDE[:, np.newaxis] + 2 * LONGITUDE
    own = make_assets("mine", slope[np.newaxis])
    fine = np.arange(-30.5, 31, 1.0), np.arange(-10.5, 51, 1.0)
    other = make_assets("other", (fine[0][:, np.newaxis] + 2 * fine[1])[np.newaxis] - 7, axes=fine)
    extraction, result = less(reading, [own], [other], box=BOX, interpolation="bilinear")
    np.testing.assert_allclose(result["sst"], 7.0, atol=1e-4)
    assert values_of(extraction, "latitude").tolist() == np.arange(-20, 21, 2).tolist()
    assert extraction.facts["interpolation"] == "bilinear"


def test_a_difference_is_the_same_at_points(reading, shipped):
    tos, sst = shipped["nemo_global_month", "tos"], shipped["ostia_month", "surface_temperature"]
    minus = {"start": "2007-01-01", "end": "2007-03-31"}
    box = (100, -4, 140, 4)
    extraction, result = less(reading, [tos], [sst], minus, box=box, start="2015-01-01", interpolation="bilinear")
    assert extraction.dims["time"] == 3
    assert [item[:7] for item in values_of(extraction, "minus_time")] == ["2007-01", "2007-02", "2007-03"]
    _, area = ask(reading, [tos], AreaRequest, box=box, start="2015-01-01")
    latitude, longitude = values_of(extraction, "latitude"), values_of(extraction, "longitude")
    wet = np.isfinite(area["tos"][0])
    places = list(zip(latitude[wet], longitude[wet], strict=True))
    _, points = ask(reading, [sst], PointsRequest, points=places, interpolation="bilinear", **minus)
    expected = area["tos"][:, wet].astype("f8") - (points["surface_temperature"] - 273.15)
    np.testing.assert_allclose(result["tos"][:, wet], expected, atol=1e-9)


@loop_over(
    ("given", "wanted", "factor", "offset"),
    [
        ("K", "degC", 1, -273.15),
        ("degree_Celsius", "kelvin", 1, 273.15),
        ("cm s-1", "m/s", 0.01, 0),
        ("meter second-1", "cm/s", 100, 0),
        ("%", "1", 0.01, 0),
        ("PSU", "1e-3", 1, 0),
        ("mg m-3", "mg m^-3", 1, 0),
        ("metres", "m", 1, 0),
    ],
)
def test_units_that_mean_the_same_are_converted(given, wanted, factor, offset):
    result = unit_conversion(given, wanted)
    assert result == pytest.approx((factor, offset))


@loop_over(("given", "wanted"), [("K", "m"), ("1e-3", "1"), ("league?", "m"), ("", "K")])
def test_other_units_are_not(given, wanted):
    assert unit_conversion(given, wanted) is None


def test_kelvin_less_celsius_is_a_difference_in_kelvin(reading, make_assets):
    warm, cold = make_assets("warm", [300.0], units="K"), make_assets("cold", [20.0], units="degC")
    extraction, result = less(reading, [warm], [cold], box=BOX)
    np.testing.assert_allclose(result["sst"], 300 - 293.15, rtol=1e-6)
    assert extraction.fields[0].variable.units == "K"
    _, result = less(reading, [cold], [warm], box=BOX)
    np.testing.assert_allclose(result["sst"], 293.15 - 300, rtol=1e-5)


def test_values_in_other_units_are_not_compared(reading, make_assets):
    with pytest.raises(InvalidRequest, match="cannot be compared") as refused:
        less(reading, [make_assets("one", [1.0])], [make_assets("two", [1.0], units="m")], box=BOX)
    assert refused.value.field == "minus.variables"


def test_a_monthly_climatology_is_taken_from_each_month(reading, make_assets):
    middles = np.array([15, 45, 74, 105, 135, 166, 196, 227, 258, 288, 319, 349])
    climate = make_assets("climate", np.arange(1.0, 13), first=middles)
    model = make_assets("model", np.zeros(365), first=NOON + 365 * 10 + 3)  # 2011
    extraction, result = less(
        reading, [model], [climate], {"climatology": True}, box=BOX, start="2011-01-30", end="2011-02-02"
    )
    assert result["sst"][:, 0, 0].tolist() == [-1, -1, -2, -2]
    assert extraction.dims["time"] == 4


def test_a_daily_climatology_is_taken_from_each_day_and_leap_days_too(reading, make_assets):
    climate = make_assets("climate", np.arange(1.0, 366), first=NOON)
    model = make_assets("model", np.zeros(3), first=np.array([1153.5, 1154.5, 1155.5]))  # 28 February to 1 March 2004
    _, result = less(reading, [model], [climate], {"climatology": True}, box=BOX, start="2004-01-01")
    assert result["sst"][:, 0, 0].tolist() == [-59, -59, -60]


def test_a_climatology_begins_at_any_month(reading, make_assets):
    july_to_june = np.array([196, 227, 258, 288, 319, 349, 380, 410, 439, 470, 500, 531])
    climate = make_assets("climate", [7.0, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6], first=july_to_june)
    model = make_assets("model", np.zeros(365), first=NOON)
    _, result = less(reading, [model], [climate], {"climatology": True}, box=BOX, time="2001-03-10")
    assert result["sst"][0, 0, 0] == -3


@pytest.mark.full
@pytest.mark.skipif("OCEAN_SAMPLES" not in os.environ, reason="OCEAN_SAMPLES names no folder of sample files")
def test_a_year_less_its_climatology_is_what_xarray_says(reading, described):
    folder = Path(os.environ["OCEAN_SAMPLES"]) / "regular"
    reported = {"kind": "rectilinear", "latitude": "lat", "longitude": "lon"}
    model, climate = folder / "cobe_sst_1997.nc", folder / "cobe_sst_ltm_1981-2010.nc"
    pair = [described(model, "sst", **reported)], [described(climate, "sst", dataset="climate", **reported)]
    box = (160, -40, -100, 40)
    extraction, result = less(reading, *pair, {"climatology": True}, box=box, start="1997-01-01")
    with xr.open_dataset(model) as dataset, xr.open_dataset(climate, decode_times=False) as other:
        anomaly = dataset.sst.astype("f8").values - other.sst.astype("f8").values
        held = (
            (np.abs(dataset.lat.values) <= 40)[:, np.newaxis]
            & (dataset.lon.values >= 160)
            & (dataset.lon.values <= 260)
        )
        expected = anomaly[:, held]
    wet = np.isfinite(expected)
    assert extraction.dims["time"] == 12
    np.testing.assert_allclose(result["sst"].reshape(12, -1)[wet], expected[wet], atol=1e-5)


def test_a_dataset_with_several_steps_a_month_is_no_climatology(reading, make_assets):
    model = make_assets("model", np.zeros(800), first=0.5 + np.arange(800))
    with pytest.raises(InvalidRequest, match="no climatology"):
        less(reading, [model], [model], {"climatology": True}, box=BOX)
    with pytest.raises(InvalidRequest, match="leave its time out"):
        less(reading, [model], [model], {"climatology": True, "time": "2001-01-01"}, box=BOX)


def test_the_same_days_belong_together_whatever_their_hour(reading, make_assets):
    noon, midnight = (
        make_assets("noon", np.arange(365.0), first=NOON),
        make_assets("midnight", np.arange(365.0) - 3, first=NOON - 0.5),
    )
    _, result = less(reading, [noon], [midnight], box=BOX, start="2001-05-01", end="2001-05-03")
    np.testing.assert_allclose(result["sst"], 3)
    assert result["sst"].shape[0] == 3


@pytest.mark.parametrize(("minus", "field"), [({"time": "never"}, "minus.time"), ({"depth": "x"}, "minus.depth")])
def test_an_error_of_the_subtracted_dataset_names_its_own_field(reading, make_assets, minus, field):
    item, other = make_assets("one", np.zeros(3)), make_assets("other", np.zeros(3))
    with pytest.raises(InvalidRequest) as refused:
        less(reading, [item], [other], minus, box=BOX)
    assert refused.value.field == field


def test_a_time_that_the_other_dataset_lacks_is_reported(reading, make_assets):
    early, late = make_assets("early", np.zeros(365), first=NOON), make_assets("late", np.zeros(365), first=NOON + 1000)
    with pytest.raises(TimeNotFound, match=r"late has no time step at 2001-12-31") as refused:
        less(reading, [early], [late], box=BOX)
    assert refused.value.field == "minus.time"
    with pytest.raises(InvalidRequest, match="choose as many"):
        less(reading, [early], [late], {"start": "2003-11-01"}, box=BOX, time="2001-01-01")


def test_a_variable_without_time_is_subtracted_from_all_times(reading, shipped):
    zeta, depth = shipped["arctic_day", "zeta"], shipped["arctic_day", "h"]
    _, result = less(reading, [zeta], [depth], box=(15, 70, 30, 78), start="2016-02-01")
    _, sea = ask(reading, [zeta], AreaRequest, box=(15, 70, 30, 78), start="2016-02-01")
    _, floor = ask(reading, [depth], AreaRequest, box=(15, 70, 30, 78))
    np.testing.assert_allclose(result["zeta"], sea["zeta"].astype("f8") - floor["h"])
    with pytest.raises(InvalidRequest, match="at which time"):
        less(reading, [depth], [zeta], box=(15, 70, 30, 78))
    _, turned = less(reading, [depth], [zeta], {"time": "2016-02-01"}, box=(15, 70, 30, 78))
    np.testing.assert_allclose(turned["h"], -result["zeta"][0])


def test_levels_are_compared_with_their_like(reading, shipped):
    arctic = shipped["arctic_day", "votemper"]
    box = (15, 70, 30, 78)
    with pytest.raises(InvalidRequest, match="same levels"):
        less(reading, [arctic], [arctic], {"depth": "0"}, box=box, depth="all")
    _, result = less(reading, [arctic], [arctic], {"depth": "3"}, box=box, depth="0")
    _, top = ask(reading, [arctic], AreaRequest, box=box, depth="0")
    _, below = ask(reading, [arctic], AreaRequest, box=box, depth="3")
    np.testing.assert_allclose(result["votemper"], top["votemper"].astype("f8") - below["votemper"])


def test_bearings_differ_by_the_shorter_way(reading, shipped):
    pair = [shipped["wcofs_hour", "u_sur"], shipped["wcofs_hour", "v_sur"]]
    parts = {"box": (-125, 44, -124, 45), "vector": ["bearing", "magnitude"]}
    times = [str(time_) for time_ in np.frombuffer(pair[0].steps.raw.data, "<i8")[[0, -1]]]
    _, result = less(reading, pair, pair, {"time": times[0]}, time=times[1], **parts)
    (_, early), (_, late) = (ask(reading, pair, AreaRequest, time=time_, **parts) for time_ in times)
    turned = np.radians(late["bearing"] - early["bearing"])
    np.testing.assert_allclose(result["bearing"], np.degrees(np.arctan2(np.sin(turned), np.cos(turned))), atol=1e-6)
    np.testing.assert_allclose(result["magnitude"], late["magnitude"] - early["magnitude"], atol=1e-12)


def test_as_many_variables_are_taken_as_there_are(reading, shipped):
    arctic = shipped["arctic_day", "votemper"]
    query = DifferenceRequest(dataset="arctic_day", variables=["votemper"], minus=Minuend(dataset="x"), box=BOX)
    with pytest.raises(InvalidRequest, match="as many variables"):
        PLANS[DifferenceRequest](reading, [arctic] * 3, query)


def test_a_difference_is_answered_by_box_and_by_polygon(client, shipped):
    where = f"{AT}/arctic_day/votemper/difference"
    got = client.get(where, params={"bbox": "10,70,30,76", "time": "2016-02-02", "minus_time": "2016-02-01"})
    ring = [[10, 70], [30, 70], [30, 76], [10, 76], [10, 70]]
    body = {
        "polygon": {"type": "Polygon", "coordinates": [ring]},
        "time": "2016-02-02",
        "minus": {"dataset": "arctic_day", "time": "2016-02-01"},
    }
    posted = client.post(where, content=json.dumps(body))
    assert got.status_code == posted.status_code == 200
    assert got.json()["variables"] == posted.json()["variables"]
    with xr.open_dataset(shipped["arctic_day", "votemper"].files[0].path) as opened:
        held = (opened.latitude >= 70) & (opened.latitude <= 76) & (opened.longitude >= 10) & (opened.longitude <= 30)
        expected = (opened.temperature[1, 0].astype("f8") - opened.temperature[0, 0]).where(held).mean()
    values = np.array(got.json()["variables"]["votemper"]["values"], dtype=float)
    assert np.nanmean(values) == pytest.approx(float(expected), rel=1e-6)
    response = client.get(
        f"{AT}/arctic_day/votemper/estimate/difference", params={"bbox": "10,70,30,76", "minus_time": "2016-02-01"}
    )
    assert response.json()["steps"] == 2


@loop_over(
    ("params", "status"),
    [
        ({"minus_dataset": "nowhere"}, 404),
        ({"minus_variables": "nothing"}, 404),
        ({"minus_variables": "votemper,zeta"}, 400),
        ({"minus_time": "never"}, 400),
        ({"climatology": "true", "minus_time": "2016-02-01"}, 400),
        ({"minus_deep": "3"}, 400),
    ],
)
def test_a_wrong_difference_is_a_problem(client, params, status):
    answer = client.get(f"{AT}/arctic_day/votemper/difference", params={"bbox": "10,70,30,76", **params})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_both_sides_come_on_the_cells_and_in_the_units_of_the_first(reading, make_assets):
    rng = np.random.default_rng(7)
    fields = rng.normal(10, 3, (2, 1, LATITUDE.size, LONGITUDE.size))
    warm, kelvin = make_assets("warm", fields[0], units="degC"), make_assets("kelvin", fields[1] + 273.15, units="K")
    _, values = less(reading, [warm], [kelvin], box=BOX, parts=("first", "second", "difference"))
    assert [*values] == ["sst_first", "sst_second", "sst"]
    np.testing.assert_allclose(values["sst_first"] - values["sst_second"], values["sst"], atol=1e-9)
    window = np.ix_([0], np.flatnonzero(abs(LATITUDE) <= 20), np.flatnonzero((LONGITUDE >= 0) & (LONGITUDE <= 40)))
    np.testing.assert_allclose(values["sst_second"], fields[1][window], atol=1e-4)


def test_other_quantities_are_refused_alone_and_come_without_a_difference_beside_each_other(reading, make_assets):
    warm, salt = make_assets("warm", [8.0], units="degC"), make_assets("salt", [35.0], units="PSU")
    with pytest.raises(InvalidRequest, match="cannot be compared"):
        less(reading, [warm], [salt], box=BOX)
    extraction, values = less(reading, [warm], [salt], box=BOX, parts=("first", "second", "difference"))
    assert [field.variable.units for field in extraction.variables] == ["degC", "PSU"]
    assert (values["sst_first"] == 8).all()
    assert (values["sst_second"] == 35).all()


def test_statistics_of_a_comparison_are_those_of_its_cells(reading, make_assets):
    fields = np.random.default_rng(3).normal(10, 3, (2, 1, LATITUDE.size, LONGITUDE.size))
    first, second = make_assets("one", fields[0], units="degC"), make_assets("two", fields[1] + 273.15, units="K")
    parts = ("first", "second", "difference")
    query = StatisticsRequest(
        dataset="one", variables=["sst"], box=BOX, quantiles=(), minus=Minuend(dataset="two"), parts=parts
    )
    result = read_values(PLANS[StatisticsRequest](reading, [first, second], query), reading)
    _, cells = less(reading, [first], [second], box=BOX, parts=parts)
    for key in ("sst_first", "sst_second", "sst"):
        assert result[f"{key}_minimum"] == pytest.approx(cells[key].min())
        assert result[f"{key}_maximum"] == pytest.approx(cells[key].max())
        assert result[f"{key}_count"] == cells[key].size
