"""JSON, CSV and NDJSON of any extraction."""

import csv
import io
import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.data import extractions
from tests.looping import loop_over

from ocean_common.contracts.data import ExtractedValues, PointValues
from ocean_data.writing import StreamWriter, format_numbers, shortest_decimals
from ocean_data.writing.covjson import COVJSON
from ocean_data.writing.geojson import GEOJSON
from ocean_data.writing.table import Csv, Ndjson
from ocean_data.writing.values import JSON

STREAMS = [JSON, Csv(), Ndjson(), COVJSON, GEOJSON]


def table(extraction):
    return list(csv.DictReader(io.StringIO(extractions.written(Csv(), extraction).decode(), newline="")))


def lines(extraction):
    return [json.loads(line) for line in extractions.written(Ndjson(), extraction).splitlines()]


def nan(values):
    return np.array(values, dtype=np.float64)


@given(arrays.arrays(np.float32, st.integers(0, 50), elements=st.floats(width=32)))
def test_float32_is_written_as_shortly_as_numpy_writes_it(values):
    written = format_numbers(values, b"")
    for value, text in zip(values, written, strict=True):
        if np.isfinite(value):
            assert float(text) == float(str(value))
            assert np.float32(float(text)) == value
        else:
            assert text == b""


@given(arrays.arrays(np.float64, st.integers(0, 50), elements=st.floats()))
def test_float64_reads_back_as_the_same_number(values):
    back = [float(text) if text else np.nan for text in format_numbers(values, b"")]
    np.testing.assert_array_equal(back, np.where(np.isfinite(values), values, np.nan))


def test_a_decimal_of_float32_keeps_its_shape():
    assert shortest_decimals(np.full((2, 3), 0.3, dtype=np.float32)).tolist() == [[0.3] * 3] * 2


@loop_over("name", extractions.KINDS)
def test_json_holds_every_value_and_fits_its_contract(name):
    extraction = extractions.KINDS[name]()
    if name in {"profile", "profiles", "series"}:
        return
    answer = msgspec.json.decode(extractions.written(JSON, extraction), type=ExtractedValues)
    values = extraction.collect(extractions.parts(extraction))
    for item in extraction.fields:
        held = answer.coordinates if item.auxiliary else answer.variables
        np.testing.assert_array_equal(nan(held[item.key].values), shortest_decimals(values[item.key]))
        assert tuple(held[item.key].dims) == item.dims
    for item in extraction.coordinates:
        if item.standard_name != "time" and not isinstance(item.values, list):
            np.testing.assert_array_equal(np.ravel(nan(answer.coordinates[item.name].values)), np.ravel(item.values))
    assert (answer.kind, answer.revision, answer.attribution) == (extraction.kind, "r1", "A centre")


def test_json_writes_times_as_people_read_them():
    answer = json.loads(extractions.written(JSON, extractions.area()))
    assert answer["coordinates"]["time"]["values"][1] == "1970-01-02T00:00:00+00:00"
    assert answer["variables"]["sst"]["values"][-1][-1][-1] is None
    assert answer["variables"]["sst"]["values"][0][0][:4] == [0.0, 0.1, 0.2, 0.3]


def test_one_variable_at_one_point_keeps_its_own_form():
    answer = msgspec.json.decode(extractions.written(JSON, extractions.profile(3)), type=PointValues)
    assert answer.depths == [0.5, 10.0]
    assert answer.values == [[0.0, 0.1], [0.2, 0.3], [0.4, None]]
    assert answer.times[0] == "1970-01-01T00:00:00+00:00"
    assert (answer.latitude, answer.longitude, answer.interpolation) == (47.5, -52.5, "nearest")


def test_pressures_stay_pressures():
    level = replace(extractions.depths((10.0, 400.0)), name="level", units="dbar", standard_name=None)
    profile = extractions.profile(1)
    profile = replace(profile, coordinates=[item for item in profile.coordinates if item.name != "depth"] + [level])
    answer = msgspec.json.decode(extractions.written(JSON, profile), type=PointValues)
    assert (answer.levels, answer.level_units, answer.depths) == ([10.0, 400.0], "dbar", [None, None])
    collection = msgspec.json.decode(extractions.written(GEOJSON, profile))
    assert (collection["levels"], collection["level_units"]) == ([10.0, 400.0], "dbar")
    header, first, *_ = extractions.written(Csv(), profile).decode().splitlines()
    assert header.split(",")[3] == "level (dbar)"
    assert first.split(",")[3] == "10.0"


def test_a_series_of_one_level_has_one_column():
    answer = msgspec.json.decode(extractions.written(JSON, extractions.series()), type=PointValues)
    assert (answer.depths, answer.values) == ([0.5], [[0.0], [0.1], [None]])


def test_a_series_at_the_bottom_has_its_depth():
    extraction = extractions.make_extraction(
        {"time": 3},
        [extractions.times(), *extractions.places((), [47.5], [-52.5])],
        {
            "thetao": (("time",), extractions.numbers(3), {}),
            "depth": (("time",), np.array([np.nan, 80.0, 80.0]), {"auxiliary": True, "units": "m"}),
        },
        kind="timeseries",
    )
    answer = msgspec.json.decode(extractions.written(JSON, extraction), type=PointValues)
    assert (answer.depths, answer.values) == ([80.0], [[0.0], [0.1], [None]])
    assert [row["depth (m)"] for row in table(extraction)] == ["", "80.0", "80.0"]


def test_the_columns_of_one_variable_at_one_point_are_always_the_same():
    header = extractions.written(Csv(), extractions.series()).split(b"\r\n")[0]
    assert header == b"time,latitude (degrees_north),longitude (degrees_east),depth (m),Thetao (degC)"


@loop_over("name", extractions.KINDS)
def test_every_value_is_in_a_row_of_its_own_place(name):
    extraction = extractions.KINDS[name]()
    values = extraction.collect(extractions.parts(extraction))
    rows = lines(extraction)
    for field in extraction.fields:
        if field.auxiliary:
            continue
        reported = nan([row[field.key] for row in rows if field.key in row])
        expected = shortest_decimals(values[field.key])
        if expected.size == reported.size:
            np.testing.assert_array_equal(reported, expected.ravel())
        else:  # repeated over the depths, which it has not
            np.testing.assert_array_equal(reported.reshape(-1, extractions.Z, extractions.P)[:, 1], expected)


def test_csv_and_ndjson_have_the_same_values():
    columns = {
        "time": "time",
        "latitude": "latitude (degrees_north)",
        "longitude": "longitude (degrees_east)",
        "depth": "depth (m)",
        "thetao": "Thetao (degC)",
        "zos": "Zos (m)",
    }
    for row, line in zip(table(extractions.points()), lines(extractions.points()), strict=True):
        for key, label in columns.items():
            assert row[label] == ("" if line[key] is None else str(line[key]))


def test_a_text_is_never_taken_for_a_formula_and_reads_back():
    assert [row["name"] for row in table(extractions.points(1))[:4]] == ["'=A1+1", 'b,"c"', "d\ne", "été"]


def test_a_name_that_begins_like_a_formula_is_made_safe_in_the_header():
    extraction = extractions.make_extraction(
        {}, extractions.places((), [1.0], [2.0]), {"x": ((), np.array(1.0), {"name": '@SUM("1,2")'})}
    )
    assert extractions.written(Csv(), extraction).split(b"\r\n")[0].endswith(b',"\'@SUM(""1,2"") (degC)"')


def test_variables_of_one_name_are_distinguished():
    fields = {key: ((), np.array(1.0), {"name": "Speed", "units": "m s-1"}) for key in ("u", "v")}
    extraction = extractions.make_extraction({}, extractions.places((), [1.0], [2.0]), fields)
    assert list(table(extraction)[0])[-2:] == ["u: Speed (m s-1)", "v: Speed (m s-1)"]


def test_variables_with_depths_of_their_own_have_rows_of_their_own():
    rows = lines(extractions.two_axes())
    assert len(rows) == extractions.P * (2 + 3)
    assert all(("thetao" in row) == ("depth" in row) for row in rows)
    assert all(("wo" in row) == ("depth_2" in row) for row in rows)


def test_a_variable_that_is_called_like_a_coordinate_keeps_a_column():
    extraction = extractions.make_extraction(
        {}, extractions.places((), [1.0], [2.0]), {"latitude": ((), np.array(7.0), {})}
    )
    assert lines(extraction) == [{"latitude": 1.0, "longitude": 2.0, "latitude_value": 7.0}]


@pytest.mark.parametrize("stream", [Csv(), Ndjson()], ids=["csv", "ndjson"])
@given(rows=st.integers(1, 7), count=st.integers(1, 7))
def test_rows_do_not_depend_on_the_parts_in_which_they_are_read(stream, rows, count):
    def parted(size):
        extraction = extractions.area(count, rows=size)
        return extractions.written(stream, extraction)

    assert parted(rows) == parted(count)


def test_rows_leave_before_the_next_part_is_read():
    extraction = extractions.area(6, rows=2)
    pieces = Csv().pieces(extraction, extractions.parts(extraction), "r1")
    next(pieces)
    assert extraction.body.seen == [slice(0, 2)]


@loop_over("stream", STREAMS)
def test_an_early_failure_comes_before_the_first_byte(stream):
    def broken():
        raise OSError("gone")
        yield

    assert isinstance(stream, StreamWriter)
    with pytest.raises(OSError, match="gone"):
        next(iter(stream.pieces(extractions.area(), broken(), "r1")))


def test_a_million_rows_are_cut_into_pieces():
    extraction = extractions.make_extraction(
        {"time": 1, "y": 1000, "x": 100},
        [extractions.times(1), *extractions.places(["y", "x"], np.arange(1000), np.arange(100))],
        {"sst": (("time", "y", "x"), np.ones((1, 1000, 100), dtype=np.float32), {})},
        kind="area",
    )
    pieces = list(Csv().pieces(extraction, extractions.parts(extraction), "r1"))
    assert len(pieces) == 5
    assert sum(piece.count(b"\r\n") for piece in pieces) == 100_001
