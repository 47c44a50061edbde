"""Dates along axes: on the data, as exact as these are, in the reader's language, and never over each other."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from tests.looping import loop_over

from ocean_common.i18n import get_translator
from ocean_plotting.figure import time_axis
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import LabelFormatter, TimePrecision

FRENCH = LabelFormatter(get_translator("fr", "ocean_plotting"))


def seconds(*given, unit="s"):
    return np.arange(*given, dtype=f"datetime64[{unit}]").astype("datetime64[s]").astype(float)


def labelled(instants, quantum, size=(15, 9), *, down=False, words=None, climatology=False):
    figure = Figure(figsize=size)
    axes = figure.add_subplot()
    at = time_axis.seconds_to_days(instants)
    room = 0.02 * (at[-1] - at[0]) or 0.5
    (axes.set_ylim if down else axes.set_xlim)(at[0] - room, at[-1] + room)
    context = DrawContext(width=size[0], height=size[1], labels=words or LabelFormatter())
    time_axis.label_time_axis(axes, instants, TimePrecision(quantum, climatology), context, vertical=down)
    figure.draw_without_rendering()
    return axes.yaxis if down else axes.xaxis


def texts(axis):
    return [ticklabel.get_text() for ticklabel in axis.get_ticklabels()]


def test_days_are_labelled_at_their_instants_and_the_year_once():
    noons = seconds("2016-02-01T12", "2016-02-06T12", 24, unit="h")
    axis = labelled(noons, "day")
    assert texts(axis) == ["1 Feb\n2016", "2 Feb", "3 Feb", "4 Feb", "5 Feb"]
    np.testing.assert_allclose(axis.get_ticklocs(), time_axis.seconds_to_days(noons))


def test_dates_are_in_the_reader_s_language():
    axis = labelled(seconds("2016-02-01T12", "2016-02-04T12", 24, unit="h"), "day", words=FRENCH)
    assert texts(axis) == ["1er févr.\n2016", "2 févr.", "3 févr."]


def test_months_of_data_in_mid_month_are_labelled_where_the_data_are():
    months = (np.arange("2015-01", "2015-04", dtype="datetime64[M]").astype("datetime64[D]") + 14).astype(
        "datetime64[s]"
    )
    axis = labelled(months.astype(float), "month")
    assert texts(axis) == ["Jan\n2015", "Feb", "Mar"]
    np.testing.assert_allclose(axis.get_ticklocs(), time_axis.seconds_to_days(months.astype(float)))


@loop_over("first", ["-0003-01-16", "0000-01-16", "1581-11-16", "9999-08-16", "12000-01-16"])
def test_every_year_is_labelled(first):
    instants = np.datetime64(first) + np.arange(0, 360, 30)
    axis = labelled(instants.astype("datetime64[s]").astype(float), "month")
    assert texts(axis)[0].startswith(("Jan\n", "Nov\n", "Aug\n"))
    assert f"{abs(int(first[:-6])):04d}" in texts(axis)[0]


def test_a_climatology_is_labelled_without_years():
    months = np.arange("0000-01", "0001-01", dtype="datetime64[M]").astype("datetime64[s]").astype(float)
    assert texts(labelled(months, "month", climatology=True))[:3] == ["Jan", "Feb", "Mar"]
    days = seconds("0000-01-30", "0000-02-03", unit="D")
    assert texts(labelled(days, "day", climatology=True)) == ["30 Jan", "31 Jan", "1 Feb", "2 Feb"]


@loop_over(("quantum", "colon"), [("day", False), ("month", False), ("hour", True), (None, True)])
def test_no_label_is_more_exact_than_the_data(quantum, colon):
    axis = labelled(seconds("2016-02-01", "2016-02-02T06", 6, unit="h"), quantum)
    assert any(":" in text for text in texts(axis)) == colon


def test_one_instant_is_written_in_full():
    assert texts(labelled(seconds("2016-02-01", "2016-02-02", unit="D"), "day")) == ["1 February 2016"]


@given(
    start=st.datetimes(min_value=np.datetime64("1850-01-01", "s").item(), max_value=np.datetime64("2200", "s").item()),
    steps=st.tuples(st.integers(1, 400 * 86_400), st.integers(1, 3000)),
    quantum=st.sampled_from(["hour", "day", "month", "year", None]),
    size=st.sampled_from([(3, 2), (6, 4), (15, 9)]),
    drawn=st.fixed_dictionaries({"down": st.booleans(), "words": st.sampled_from([LabelFormatter(), FRENCH])}),
)
def test_labels_never_overlap(start, steps, quantum, size, drawn):
    instants = np.datetime64(start, "s").astype(float) + steps[0] * np.arange(steps[1])
    axis = labelled(instants, quantum, size, **drawn)
    boxes = [ticklabel.get_window_extent() for ticklabel in axis.get_ticklabels() if ticklabel.get_text()]
    assert boxes
    assert len(boxes) <= time_axis.MOST_LABELS
    assert not any(ticklabel.overlaps(other) for ticklabel, other in itertools.pairwise(boxes))
