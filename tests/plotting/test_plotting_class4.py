"""Class 4 plots: profiles, models and errors; values of tables are those of the files."""

import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image
from tests.looping import loop_over
from tests.plotting.casts import overlapping
from tests.plotting.measured import FILE, LEVELS, OTHER, Measured, class4, floats, observed, rows

from ocean_common.contracts.observations import Class4Values
from ocean_plotting.plots import class4 as kind
from ocean_plotting.plots.class4 import CLIMATOLOGY, OBSERVED, read_quantities
from ocean_plotting.plots.common.comparison import Agreement
from ocean_plotting.plots.common.coverage import to_array as array

ONE = f"{FILE}_0"
SIZES = ["3x2", "6x4", "11x5", "15x9"]


@pytest.fixture
def catalogue():
    return Measured()


def plot(client, change=None, **parameters):
    query = {"class4id": ONE, "class4type": "ocean_predict", "dataset": "arctic_day", **(change or {})}
    return client.get("/plot/class4", params={"query": json.dumps(query), **parameters})


def drawn(context, found, **query):
    requests = kind.Class4Query(class4id=ONE, **query)
    return kind.KIND.draw(requests, kind.Class4Data(time="", revisions={}, profiles=found), context)


def lines(axes):
    """What is drawn in a panel, without the line at zero."""
    return [line for line in axes.get_lines() if len(line.get_xdata()) > 2]


def test_the_plots_of_the_front_end_are_drawn(client, catalogue):
    query = {"forecast": "best", "showmap": True, "climatology": True, "error": "none", "models": []}
    response = plot(client, query, format="png", size="6x4")
    assert Image.open(io.BytesIO(response.content)).size == (432, 288)
    assert catalogue.asked == [([ONE], "ocean_predict", [])]
    assert response.headers["cache-control"] == "no-cache"  # observations have no revision
    assert response.headers["etag"]


def test_any_other_type_means_the_observations_of_riops(client, catalogue):
    plot(client, {"class4type": "riops"}, format="csv")
    assert catalogue.asked[0][1] == "riops_obs"


def test_a_panel_shows_what_was_measured_what_models_say_and_the_climatology(context):
    picture = drawn(context(), class4(models=[OTHER]))
    panel = picture.figure.axes[0]
    values = [item.get_xdata() for item in lines(panel)]
    best = observed() + 1 + LEVELS / 1000
    for expected in (observed(), best, best - 3, observed() - 0.5):
        assert any(np.allclose(item, expected, atol=1e-5) for item in values)
    assert panel.get_xlabel() == "Temperature (°C)"
    low, high = panel.get_ylim()
    assert low > 400 > high
    labels = [item.get_text() for item in picture.figure.legends[0].get_texts()]
    assert labels == ["Observed", "GIOPS, best estimate", "FOAM, best estimate", "Climatology"]


def test_a_forecast_is_drawn_instead_of_the_best_estimate(context):
    picture = drawn(context("fr"), class4(), forecast="0", climatology=False)
    labels = [item.get_text() for item in picture.figure.legends[0].get_texts()]
    assert "5 février 2016" in labels[1]
    values = [item.get_xdata() for item in lines(picture.figure.axes[0])]
    assert any(np.allclose(item, observed() + 1.1 + LEVELS / 1000, atol=1e-5) for item in values)
    assert len(values) == 2


@pytest.mark.parametrize(("error", "shift"), [("observation", 1.0), ("climatology", 1.5)])
def test_errors_are_drawn_about_zero(context, error, shift):
    picture = drawn(context(), class4(), error=error)
    panel = picture.figure.axes[0]
    low, high = panel.get_xlim()
    assert low == pytest.approx(-high)
    assert any(np.allclose(line.get_xdata(), shift + LEVELS / 1000, atol=1e-5) for line in lines(panel))
    assert any(list(line.get_xdata()) == [0, 0] for line in panel.get_lines())
    expected = shift + LEVELS / 1000
    assert f"bias {expected.mean():.2f}, RMSE {np.sqrt((expected**2).mean()):.2f}" in panel.get_title("left")
    assert f"{expected.mean():.2f}" in picture.info.alt


def test_errors_from_a_climatology_that_there_is_not_say_so(context):
    picture = drawn(context(), class4(climatology=None), error="climatology")
    assert "the file has no climatology" in [text.get_text() for text in picture.figure.axes[0].texts]


def test_the_table_has_the_values_of_the_file(client):
    names, cells = rows(plot(client, {"class4id": f"{ONE},{FILE}_1", "models": [OTHER]}, format="csv").text)
    assert names == [
        "ID", "Latitude", "Longitude", "Depth (m)", "Temperature Model (°C)", "Temperature Observed (°C)",
        "Temperature Model FOAM (°C)", "Temperature Climatology (°C)",
    ]  # fmt: skip
    assert [cell[0] for cell in cells] == [ONE] * len(LEVELS) + [f"{FILE}_1"] * len(LEVELS)
    result = np.array([cell[3:] for cell in cells[: len(LEVELS)]], dtype=np.float32).T
    best = (observed() + 1 + LEVELS / 1000).astype(np.float32)
    np.testing.assert_array_equal(result[0], LEVELS.astype(np.float32))
    np.testing.assert_array_equal(result[1], best)
    np.testing.assert_array_equal(result[2], observed().astype(np.float32))
    np.testing.assert_array_equal(result[4], (observed() - 0.5).astype(np.float32))


def test_values_with_a_bad_flag_are_left_out_and_counted(context):
    result = class4(flags=np.array([0, 0, 4, 0, 1, 0]))
    quantity = read_quantities(result, None)[0]
    assert quantity.flagged == 2
    assert np.isnan(quantity.values[OBSERVED]).tolist() == [False, False, True, False, True, False]
    table = kind.KIND.table(
        kind.Class4Query(class4id=ONE), kind.Class4Data(time="", revisions={}, profiles=result), context()
    )
    assert ("Note", "Temperature: 2 observed values are left out for their quality") in table.header


def test_other_models_are_put_on_the_levels_of_the_profile():
    result = class4(models=[OTHER])
    other = result.models[0].profiles[0]
    best = floats([280, 281, 999, 282, 283])
    values = Class4Values(key="votemper", name="T", units="K", observed=floats([0] * 5), best_estimate=best)
    longer = replace(other, depth=floats([2, 20, 35, 50, 100]), variables=[values])
    result.models[0].profiles[0] = longer
    model1 = read_quantities(result, None)[0].values["model1"]
    np.testing.assert_allclose(model1, [6.85, 7.85, 8.85, 9.85, np.nan, np.nan], atol=1e-4)


def test_agreement_is_that_of_brute_force():
    values, reference = np.array([1.0, np.nan, 4, 5]), np.array([0.0, 2, np.nan, 7])
    result = Agreement.compute(values - reference)
    assert result.bias == pytest.approx((1 - 2) / 2)
    assert result.error == pytest.approx(np.sqrt((1 + 4) / 2))
    assert Agreement.compute(np.array([np.nan])) is None


@loop_over(
    ("change", "field"),
    [
        ({"class4id": ""}, "$.class4id"),
        ({"class4id": 5}, "$.class4id"),
        ({"forecast": "soon"}, "$.forecast"),
        ({"forecast": 7}, "$.forecast"),
        ({"forecast": -1}, "$.forecast"),
        ({"error": "both"}, "$.error"),
        ({"models": 5}, "$.models"),
        ({"climatology": "yes"}, "$.climatology"),
        ({"class4id": "nowhere_0"}, "$.class4id"),
        ({"models": ["nowhere"]}, "$.models"),
    ],
)
def test_a_wrong_member_is_named(client, change, field):
    response = plot(client, change)
    assert response.status_code == (404 if "nowhere" in str(change) else 400)
    assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize(("number", "error"), [(1, "none"), (3, "observation"), (30, "none")])
def test_no_words_lie_on_each_other(context, language, size, number, error):
    result = class4(range(number), models=[OTHER, OTHER.replace("FOAM", "BLUELINK")])
    picture = drawn(context(language, size), result, error=error)
    assert overlapping(picture.figure) == []


@pytest.mark.parametrize("form", ["svg", "pdf", "eps", "tiff", "jpeg", "json", "described", "csv"])
def test_every_format_is_written(client, form):
    response = plot(client, {"models": [OTHER]}, format=form, size="3x2", save="True")
    assert response.status_code == 200, response.text
    assert "class4_arctic_day_2016-02-05T0600" in response.headers["content-disposition"]
    if form == "svg":
        words = "".join(ET.fromstring(response.content).itertext())
        assert "Temperature (°C)" in words


def test_a_file_of_a_query_without_a_dataset_has_a_name(client):
    response = plot(client, {"dataset": None}, format="csv", save="True")
    assert response.headers["content-disposition"] == 'attachment; filename="class4_2016-02-05T0600.csv"'


@pytest.mark.parametrize(
    ("days", "when"), [((5, 5), "5 February 2016 06:00\u00a0UTC"), ((5, 6), "5 February 2016 to 6 February 2016")]
)
def test_profiles_of_one_time_have_its_hour_as_a_single_one_has(context, days, when):
    profiles = class4(ids=(0, 1))
    times = [f"2016-02-{day:02}T06:00:00+00:00" for day in days]
    profiles = replace(
        profiles,
        profiles=[replace(profile, time=time) for profile, time in zip(profiles.profiles, times, strict=True)],
    )
    assert f", {when}." in drawn(context(), profiles).info.alt


def test_the_climatology_is_separate_from_models():
    quantity = read_quantities(class4(), None)[0]
    np.testing.assert_allclose(quantity.values[CLIMATOLOGY], observed() - 0.5, atol=1e-5)
    assert array(floats([1])).tolist() == [1.0]
