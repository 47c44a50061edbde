"""Constraint expressions of OPeNDAP against numpy's own slices."""

from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocean_common.contracts.assets import File
from ocean_core.errors import InvalidRequest
from ocean_data.plan.constraint import parse_constraint
from ocean_data.reading.aggregation import JoinedVariable, split_ranges

FILE = File(path="a.nc", size=1, mtime_ns=1)
SST = JoinedVariable(
    name="sst",
    source="sst",
    first=FILE,
    dimensions=("time", "y", "x"),
    shape=(5, 7, 9),
    dtype=np.dtype("f4"),
    attributes={},
    stored=None,
)
NAMES = replace(SST, name="names", dimensions=("y", "length"), shape=(7, 20), dtype=np.dtype("S1"))
ODD = replace(SST, name="odd name (x)", dimensions=("y",), shape=(7,))
NUMBER = replace(SST, name="number", dimensions=(), shape=())
VARIABLES = {item.name: item for item in (SST, NAMES, ODD, NUMBER)}


@st.composite
def slices(draw, shape=SST.shape):
    """Ranges of an array: as text, and as numpy has them."""
    texts, parts = [], []
    for size in shape:
        first = draw(st.integers(0, size - 1))
        last = draw(st.integers(first, size - 1))
        step = draw(st.integers(1, size))
        form = draw(st.sampled_from(["one", "two", "three"]))
        texts.append({"one": f"[{first}]", "two": f"[{first}:{last}]", "three": f"[{first}:{step}:{last}]"}[form])
        stop, by = (first + 1, 1) if form == "one" else (last + 1, step if form == "three" else 1)
        parts.append(slice(first, stop, by))
    return "".join(texts), tuple(parts)


@given(slices(), st.booleans())
def test_ranges_are_first_step_and_last_inclusive(asked, encoded):
    text, parts = asked
    query = "sst" + (quote(text) if encoded else text)
    ((variable, ranges),) = parse_constraint(query, VARIABLES)
    values = np.arange(np.prod(SST.shape)).reshape(SST.shape)
    assert variable is SST
    np.testing.assert_array_equal(values[np.ix_(*ranges)], values[parts])


@given(slices(), st.integers(1, 4000))
def test_parts_of_ranges_hold_every_number_once_in_their_order(asked, most):
    ((_, ranges),) = parse_constraint("sst" + asked[0], VARIABLES)
    values = np.arange(np.prod(SST.shape)).reshape(SST.shape)
    parts = [values[np.ix_(*part)].ravel() for part in split_ranges(ranges, 4, most)]
    np.testing.assert_array_equal(np.concatenate(parts), values[asked[1]].ravel())
    spans = [np.prod([part[-1] - part[0] + 1 for part in ranges]) for ranges in split_ranges(ranges, 4, most)]
    assert all(4 * span <= most or span == 1 for span in spans)


def test_an_answer_has_the_order_of_the_description_not_of_the_request():
    names = [item.variable.name for item in parse_constraint("number,sst[0][0][0],names", VARIABLES)]
    assert names == ["sst", "names", "number"]
    assert [item.variable.name for item in parse_constraint("", VARIABLES)] == list(VARIABLES)


def test_texts_have_no_range_of_characters():
    ((_, ranges),) = parse_constraint("names[2:3]", VARIABLES)
    assert ranges == (range(2, 4), range(20))


@pytest.mark.parametrize(
    "query", ["odd%20name%20(x)", "odd%2520name%2520%2528x%2529", "sst.sst[0][0][0],odd%2520name%2520%2528x%2529[1]"]
)
def test_names_may_be_encoded_as_the_description_has_them(query):
    assert parse_constraint(query, VARIABLES)[-1].variable is ODD


REFUSED = """salt sst[0] sst[0][0][9] sst[2:1][0][0] sst[0:0:1][0][0] sst[-1][0][0] sst[0][0][0][0] sst[ sst[] sst.other
sst,sst[0][0][0] sst&time>3 &time>3 , number[0] sst[0:1:2:3][0][0] sst[99999999999999999999][0][0]"""


@pytest.mark.parametrize("query", [*REFUSED.split(), "a" * 30_000])
def test_what_is_no_part_of_the_dataset_is_refused(query):
    with pytest.raises(InvalidRequest) as refusal:
        parse_constraint(query, VARIABLES)
    assert refusal.value.field == "constraint"


@given(st.text(alphabet="sst[]:0123456789,.&%2number ", max_size=40))
def test_any_text_is_read_or_refused(query):
    with suppress(InvalidRequest):
        parse_constraint(query, VARIABLES)
