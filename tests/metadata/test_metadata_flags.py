"""Categories of variables: what the flags of a file name, in every spelling, and what is no category."""

import netCDF4
import numpy as np
import pytest
from tests.looping import loop_over

from ocean_common.i18n import get_translator
from ocean_metadata.catalogue.serializers import describe_variable, list_statuses, list_variables
from ocean_metadata.index.flags import add_flags, read_flags
from ocean_metadata.index.model import VariableHeader, VariableSpec


def header(dtype="i1", **attributes):
    return VariableHeader(name="kind", dtype=dtype, dimensions=("y", "x"), shape=(2, 2), attributes=attributes)


def described(variable, **config):
    """Return categories, their values and the notes of a variable."""
    spec, notes = add_flags(VariableSpec(key="kind", source="kind", **config), variable)
    return spec.categories, spec.category_values, [(note.kind, str(note.text)) for note in notes]


@loop_over(
    ("attributes", "categories", "values"),
    [
        ({"flag_values": [0, 1, 2], "flag_meanings": "water thin_ice land"}, ["water", "thin ice", "land"], [0, 1, 2]),
        ({"flag_values": [1, 2, 50], "flag_meanings": "a b c"}, ["a", "b", "c"], [1, 2, 50]),
        ({"flag_values": [-1, 0, 1], "flag_meanings": "a b c"}, ["a", "b", "c"], [-1, 0, 1]),
        ({"flag_values": [2, 0, 1], "flag_meanings": "c a b"}, ["a", "b", "c"], [0, 1, 2]),
        ({"flag_values": "0, 1, 2", "flag_meanings": "a, b, c"}, ["a", "b", "c"], [0, 1, 2]),
        ({"flag_values": "0b, 1b, 2b", "flag_meanings": "a b c"}, ["a", "b", "c"], [0, 1, 2]),
        ({"flag_values": [0, 1], "flag_meanings": "open water, sea ice"}, ["open water", "sea ice"], [0, 1]),
        ({"flag_values": [0, 1], "flag_meanings": ["open water", "ice"]}, ["open water", "ice"], [0, 1]),
        ({"flag_values": ["0", "1"], "flag_meanings": "a b"}, ["a", "b"], [0, 1]),
        ({"flag_values": [0.0, 1.0], "flag_meanings": "a b"}, ["a", "b"], [0, 1]),
        ({"flag_values": 3, "flag_meanings": "ice"}, ["ice"], [3]),
        ({"flag_values": [127, 255], "flag_meanings": "a b"}, ["b", "a"], [-1, 127]),
        ({"flag_values": [-1, 1], "flag_meanings": "a b", "_Unsigned": "true"}, ["b", "a"], [1, 255]),
        ({"flag_values": [0, 1, 2], "flag_meanings": "a b c", "_FillValue": 0}, ["b", "c"], [1, 2]),
        ({"flag_values": [0, 1], "flag_meanings": "a b", "scale_factor": 0.5, "add_offset": 3.0}, ["a", "b"], [3, 3.5]),
        ({"flag_values": [3.0, 3.5], "flag_meanings": "a b", "scale_factor": 0.5, "add_offset": 3.0}, ["a", "b"],
         [3, 3.5]),
    ],
)  # fmt: skip
def test_flags_of_a_file_are_categories_with_the_values_that_are_served(attributes, categories, values):
    assert described(header(**attributes)) == (categories, values, [])


def test_values_of_another_type_are_those_of_the_variable():
    assert described(header("f4", flag_values=[0, 1], flag_meanings="a b"))[1] == [0.0, 1.0]
    assert described(header("i2", flag_values=[100, 300], flag_meanings="a b"))[1] == [100.0, 300.0]


@loop_over(
    ("attributes", "told"),
    [
        ({"flag_values": [0, 1, 2], "flag_meanings": "a b"}, ("left out", "its 3 flag_values have 2 flag_meanings")),
        ({"flag_values": [0, 1]}, ("left out", "its 2 flag_values have 0 flag_meanings")),
        ({"flag_values": [0, 0], "flag_meanings": "a b"}, ("left out", "name a number twice")),
        ({"flag_meanings": "a b"}, ("left out", "its 0 flag_values have 2 flag_meanings")),
        ({"flag_masks": [1, 2], "flag_meanings": "a b"}, ("guessed", "it is a bit field")),
        ({"flag_masks": [3, 3], "flag_values": [1, 2], "flag_meanings": "a b"}, ("guessed", "it is a bit field")),
        ({"standard_name": "status_flag"}, ("guessed", "its standard name is that of flags")),
        ({"standard_name": "area_type"}, ("guessed", "its standard name is that of flags")),
    ],
)
def test_flags_that_name_no_categories_are_noted(attributes, told):
    categories, values, [(kind, text)] = described(header(**attributes))
    assert (categories, values, kind) == ([], [], told[0])
    assert told[1] in text


def test_configured_categories_come_before_those_of_the_file():
    flags = header(flag_values=[5, 9], flag_meanings="a b")
    assert described(flags, categories=["x", "y"]) == (["x", "y"], [5, 9], [])
    assert described(flags, categories=["x", "y", "z"]) == (["x", "y", "z"], [], [])


def test_a_variable_without_flags_is_none():
    assert read_flags(header(units="1")) is None
    assert described(header("f4", units="1")) == ([], [], [])


# Through the index


@pytest.fixture
def ice(tmp_path, make):
    """A file with classes of ice, a bit field, and a quality flag of another variable."""
    path = make(tmp_path / "ice.nc")
    with netCDF4.Dataset(path, "a") as data:
        cells = data["thetao"].dimensions[-2:]
        for name, attributes in {
            "kind": {"flag_values": np.array([1, 2, 7], "i1"), "flag_meanings": "open_water thin_ice land"},
            "bits": {"flag_masks": np.array([1, 2], "i1"), "flag_meanings": "cloud ice"},
            "quality": {"flag_values": np.array([0, 1], "i1"), "flag_meanings": "good bad",
                        "standard_name": "quality_flag"},
        }.items():  # fmt: skip
            variable = data.createVariable(name, "i1", cells)
            variable[:] = 1
            variable.setncatts(attributes)
    return path


def test_categories_reach_catalogue_and_neighbours(ice, index, tmp_path):
    indexed = index(folder=tmp_path)
    record = indexed.dataset("ice")
    listed = {item.id: item for item in list_variables(record)}
    assert (listed["kind"].data_categories, listed["bits"].data_categories) == (True, False)
    assert listed["kind"].scale == (1, 7)
    kind, bits, quality = (describe_variable(record, record.variable(key)) for key in ("kind", "bits", "quality"))
    assert (kind.categories, kind.category_values) == (["open water", "thin ice", "land"], [1, 2, 7])
    assert (bits.categories, bits.flags) == ([], {"flag_masks": [1, 2], "flag_meanings": "cloud ice"})
    assert [info.is_discrete for info in (kind, bits, quality)] == [True, True, True]
    assert "quality" not in listed  # it can be requested


def test_notes_of_flags_are_told_in_french(ice, index, tmp_path):
    snapshot = index(folder=tmp_path).datasets
    texts = []
    for language in ("en", "fr"):
        [status] = list_statuses(type("S", (), {"datasets": snapshot})(), get_translator(language, "ocean_metadata"))
        texts.append({note.name: note.text for note in status.notes})
    assert texts[0]["bits"].startswith("it is a bit field (flag_masks)")
    assert texts[1]["bits"].startswith("c'est un champ de bits (flag_masks)")


def test_configured_categories_have_names_in_french(ice, index, write):
    labels = {"en": ["open water", "ice", "land"], "fr": ["eau libre", "glace", "terre"]}
    variables = {"kind": {"data_categories": labels}}
    record = index(datasets=write({"all": {"url": "ice.nc", "variables": variables}})).dataset("all")
    info = describe_variable(record, record.variable("kind"))
    assert (info.categories, info.category_values) == (labels["en"], [1, 2, 7])
    assert get_translator("fr").categories(info) == labels["fr"]


def test_an_equation_of_categories_alone_is_left_out(ice, index, write):
    variables = {"thetao": {}, "kind": {}, "twice": {"equation": "kind * 2"}, "masked": {"equation": "thetao * kind"}}
    variables["again"] = {"equation": "kind - 1", "data_categories": ["a", "b"]}
    record = index(datasets=write({"all": {"url": "ice.nc", "variables": variables}})).dataset("all")
    assert {variable.key for variable in record.visible_variables} == {"thetao", "kind", "masked", "again"}
    assert "only numbers that stand for categories" in str(record.left_out[0].reason)


def test_files_with_the_same_flags_in_other_words_are_one_series(tmp_path, make, index):
    for day, flags in enumerate([([0, 1], "water ice"), ([1, 0], "ice, water"), ([0, 1], "ice water")]):
        path = make(tmp_path / f"day_{day}.nc", times=[day])
        with netCDF4.Dataset(path, "a") as data:
            data["thetao"].setncatts({"flag_values": np.array(flags[0], "f4"), "flag_meanings": flags[1]})
            data["thetao"].units = "1"
    indexed = index(folder=tmp_path)
    assert sorted(record.times[0].count for record in indexed.datasets.values()) == [1, 2]
