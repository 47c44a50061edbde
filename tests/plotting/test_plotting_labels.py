"""Positions, units and times as people write them."""

import re
import unicodedata
from datetime import datetime

import pytest
from babel.dates import format_datetime
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over
from tests.plotting.fakes import info

from ocean_common.i18n import get_translator
from ocean_core.time import DateParts
from ocean_plotting.figure import labels
from ocean_plotting.figure.labels import LabelFormatter, TimePrecision

NB = "\N{NO-BREAK SPACE}"
ENGLISH, FRENCH = LabelFormatter(), LabelFormatter(get_translator("fr", "ocean_plotting"))


@loop_over(
    ("written", "typeset"),
    [
        ("m s-1", f"m{NB}s⁻¹"),
        ("m/s", f"m{NB}s⁻¹"),
        ("meter second-1", f"m{NB}s⁻¹"),
        ("m s^-1", f"m{NB}s⁻¹"),
        ("kg m-3", f"kg{NB}m⁻³"),
        ("mmol/m3", f"mmol{NB}m⁻³"),
        ("degree_C", "°C"),
        ("Celsius", "°C"),
        ("K", "K"),
        ("1", ""),
        ("", ""),
        ("PSU", "PSU"),
        ("(0 - 1)", "(0 - 1)"),
    ],
)
def test_units_are_typeset(written, typeset):
    assert labels.typeset_units(written) == typeset


@given(st.text(max_size=40))
def test_any_unit_is_written_somehow(text):
    assert isinstance(labels.typeset_units(text), str)


@loop_over(
    ("degrees", "written"),
    [
        (-45, f"45.0°{NB}W"),
        (315, f"45.0°{NB}W"),
        (0, "0.0°"),
        (180, "180.0°"),
        (-180, "180.0°"),
        (179.99, "180.0°"),
        (360, "0.0°"),
        (-0.01, "0.0°"),
    ],
)
def test_a_longitude_is_written_on_the_right_side(degrees, written):
    assert ENGLISH.longitude(degrees) == written


@given(st.floats(-720, 720))
def test_a_longitude_is_the_same_whichever_way_round_the_world(degrees):
    written = ENGLISH.longitude(degrees, 3)
    result = re.fullmatch(r"(\d+\.\d{3})°(?:\s([EW]))?", written)
    value = float(result[1]) * (-1 if result[2] == "W" else 1)
    apart = abs((value - degrees + 180) % 360 - 180)
    assert apart < 0.00051
    assert float(result[1]) <= 180


@given(st.floats(-90, 90))
def test_a_latitude_has_no_sign(degrees):
    assert re.fullmatch(r"\d+\.\d°(\s[NS])?", ENGLISH.latitude(degrees))


@loop_over(
    ("words", "quantum", "written"),
    [
        (ENGLISH, "day", "1 February 2016"),
        (ENGLISH, "month", "February 2016"),
        (ENGLISH, "year", "2016"),
        (ENGLISH, None, f"1 February 2016 12:05{NB}UTC"),
        (FRENCH, "day", "1er février 2016"),
        (FRENCH, "month", "février 2016"),
        (FRENCH, "hour", f"1er février 2016 12:05{NB}UTC"),
    ],
)
def test_a_time_is_as_exact_as_its_quantum(words, quantum, written):
    assert words.time("2016-02-01T12:05:00+00:00", TimePrecision(quantum)) == written


@pytest.mark.parametrize(
    ("iso", "quantum", "english", "french"),
    [
        ("2015-02-30T00:00:00+00:00", "day", "30 February 2015", "30 février 2015"),
        ("0000-04-16T12:00:00+00:00", "month", "April 0000", "avril 0000"),
        ("-0044-03-01T06:00:00Z", None, f"1 March −0044 06:00{NB}UTC", f"1er mars −0044 06:00{NB}UTC"),
        ("12000-12-01T00:00:00+00:00", "year", "12000", "12000"),
    ],
)
def test_dates_of_every_calendar_and_year_are_written(iso, quantum, english, french):
    precision = TimePrecision(quantum)
    assert (ENGLISH.time(iso, precision), FRENCH.time(iso, precision)) == (english, french)


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), st.sampled_from(["en", "fr"]))
def test_dates_are_written_as_babel_writes_them(date, language):
    formatter = FRENCH if language == "fr" else ENGLISH
    parts = DateParts.of((date.replace(microsecond=0) - datetime(1970, 1, 1)).total_seconds())
    for pattern in ("d MMM", "LLLL", "LLL", "MMMM", "HH:mm"):
        written = formatter.date(parts, pattern)
        assert written.replace("1er", "1", 1) == format_datetime(date, pattern, locale=language)


def test_times_of_a_climatology_have_no_year():
    monthly, daily = TimePrecision("month", climatology=True), TimePrecision("day", climatology=True)
    january, march = "0000-01-16T00:00:00+00:00", "0000-03-16T00:00:00+00:00"
    assert ENGLISH.time(january, monthly) == "January, climatology"
    assert FRENCH.time(january, monthly) == "janvier, climatologie"
    assert ENGLISH.time(january, daily) == "16 January, climatology"
    assert FRENCH.time_span(january, march, monthly) == f"janvier{NB}– mars, climatologie"
    assert ENGLISH.time(january, TimePrecision("year", climatology=True)) == "climatology"


def test_french_numbers_have_a_comma_and_the_west_is_called_ouest():
    assert FRENCH.longitude(-45.5) == f"45,5°{NB}O"
    assert FRENCH.latitude(-45.5) == f"45,5°{NB}S"
    assert FRENCH.value(-1.25, "degree_C") == f"−1,25{NB}°C"
    assert FRENCH.join_names(["a", "b", "c"]) == "a, b et c"


def test_in_french_the_first_of_several_quantities_alone_begins_with_a_capital():
    names = ["Temperature", "Salinity", "CO2"]
    assert ENGLISH.join_quantities(names) == "Temperature, Salinity and CO2"
    assert FRENCH.join_quantities(["Température", "Salinité", "CO2"]) == "Température, salinité et CO2"


@loop_over(
    ("value", "written"),
    [
        (0, "0"),
        (-1.5, "−1.5"),
        (1234.567, "1235"),
        (0.012346, "0.01235"),
        (1e-9, f"1{NB}×{NB}10⁻⁹"),
        (2.5e7, f"2.5{NB}×{NB}10⁷"),
    ],
)
def test_a_number_has_four_digits_that_matter(value, written):
    assert ENGLISH.number(value) == written


@given(st.floats(-9e5, 9e5))
def test_a_written_number_is_the_number(value):
    mantissa, _, power = ENGLISH.number(value).replace("−", "-").partition(f"{NB}×{NB}10")
    written = float(f"{mantissa}e{unicodedata.normalize('NFKC', power).replace('−', '-') or 0}")
    assert written == pytest.approx(value, rel=6e-3, abs=1e-9)


def test_a_file_name_holds_nothing_that_a_path_or_header_could_misread():
    name = labels.make_file_name("profile", '../a"b\r\nc', "2016-02-05T12:00:00+00:00", "png")
    assert name == "profile_..-a-b-c_2016-02-05T1200.png"


@given(st.text(), st.integers(4, 30), st.integers(1, 3))
def test_folded_text_fits_and_says_nothing_else(text, letters, lines):
    rows = labels.fold_lines(text, letters, lines)
    assert len(rows) <= lines
    assert all(len(row) <= letters for row in rows)
    output = "".join(rows).removesuffix("…")
    assert re.sub("[ -]", "", labels.to_one_line(text)).startswith(re.sub("[ -]", "", output)) or "…" in text


def test_a_word_longer_than_a_line_begins_one_and_is_broken_with_a_hyphen():
    assert labels.fold_lines("arctic intermediate water", 11, 3) == ["arctic", "intermedia-", "te water"]
    assert labels.fold_lines("sea_surface_height", 11, 2) == ["sea_surface", "_height"]


def test_a_credit_names_each_owner_once():
    owners = [info("u", attribution=owner) for owner in ("MET Norway", "MET Norway", "DFO", "")]
    assert ENGLISH.credit(*owners) == "MET Norway; DFO; Arctic model, daily"
