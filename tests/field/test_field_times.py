"""Any axis of random CF units and calendars has the dates of cftime in every answer, or none and a note."""

import json

import cftime
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.field.files import SMALL, TEMPERATURE, regular, truth
from tests.field.one_process import OneProcess

CALENDARS = ("standard", "gregorian", "proleptic_gregorian", "julian", "noleap", "365_day", "all_leap", "360_day")
UNITS = {"days": 1, "Day": 1, "d": 1, "hours": 24, "hr": 24, "minutes": 1440, "secs": 86400, "s": 86400, "moons": 1}
CLOCKS = ("", " 00:00:00", " 12:30:00", "T06:00:00Z", " 18:00 -03:30", " 00:00:00.0 UTC")
EPOCHS = st.tuples(st.integers(10, 2400), st.integers(1, 12), st.integers(1, 31), st.sampled_from(CLOCKS))
AXES = st.tuples(
    st.sampled_from(list(UNITS)),
    EPOCHS,
    st.sampled_from(CALENDARS),
    st.lists(st.integers(-4 * 365, 4 * 365), min_size=2, max_size=5, unique=True),  # quarters of days
)


def dates_of_cftime(values, units, calendar):
    """Return the dates, to the second and without a zone; None if there are none."""
    try:
        dates = cftime.num2date(values, units, calendar, only_use_cftime_datetimes=True)
    except ValueError:
        return None
    return [date.strftime("%Y-%m-%dT%H:%M:%S").replace(" ", "0").zfill(19) for date in dates]


@settings(max_examples=settings().max_examples // 10)
@given(axes=st.lists(AXES, min_size=10, max_size=10))
def test_every_answer_has_the_dates_of_cftime_or_none(axes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("axes")
    (folder / "data").mkdir()
    written = []
    for number, (word, (year, month, day, clock), calendar, quarters) in enumerate(axes):
        units, values = f"{word} since {year:04}-{month:02}-{day:02}{clock}", np.array(quarters) * UNITS[word] / 4
        field = truth(42, -48, hours=np.arange(values.size))[:, np.newaxis, np.newaxis] + np.zeros((4, 4))
        name = f"axis{'abcdefghij'[number]}"
        times = values, {"units": units, "calendar": calendar}
        regular(folder / "data" / f"{name}.nc", SMALL, times, sst=(("time", "lat", "lon"), field, TEMPERATURE))
        written.append((name, values, dates_of_cftime(values, units, calendar)))
    with OneProcess(folder / "catalogue.sqlite3", folder=folder / "data") as services:
        notes = {item["id"]: item["notes"] for item in services.get("datasets/status").json()}
        for name, values, dates in written:
            listed = [step["value"] for step in services.get(f"dataset/{name}/sst/timestamps").json()]
            series = services.get(f"data/{name}/sst/timeseries?latitude=42&longitude=-48").json()
            if dates is None:
                assert (listed, series["times"]) == ([], [])
                assert "no dates" in json.dumps(notes[name])
                continue
            order = np.argsort(values)
            wanted = [dates[step] for step in order]
            is_monthly = not listed[0].endswith("+00:00")  # the 15th stands for a month
            assert [text[: 7 if is_monthly else 19] for text in listed] == [
                text[: 7 if is_monthly else 19] for text in wanted
            ]
            assert [text[:19] for text in series["times"]] == wanted
            np.testing.assert_allclose(np.ravel(series["values"]), truth(42, -48, hours=order), atol=1e-4)
            for text, step in zip(listed, order, strict=True):
                answer = services.get(
                    f"data/{name}/sst/point?latitude=42&longitude=-48&time={text.replace('+', '%2B')}"
                )
                value = np.ravel(answer.json()["variables"]["sst"]["values"])[0]
                assert abs(value - truth(42, -48, hours=step)) < 1e-4
