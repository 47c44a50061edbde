"""Levels of files in any units, sign and order: from the surface down, in metres where they are lengths."""

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_common.arrays import pack_array
from ocean_common.i18n import get_translator
from ocean_metadata.catalogue.serializers import list_depths
from ocean_metadata.index.depth_axis import make_depth_axis
from ocean_metadata.index.model import FileHeader, VariableHeader, digest_structure
from ocean_metadata.index.scan import read_header

LENGTHS = {"m": 1.0, "Meters": 1.0, "centimeters": 0.01, "cm": 0.01, "feet": 0.3048, "ft": 0.3048, "fathom": 1.828804,
           "kilometres": 1000.0, "km": 1000.0}  # fmt: skip


def header(values, name="depth", dimension=None, others=(), **attributes):
    """Return the header of a file with levels; without values, with a dimension alone."""
    dimension, count = dimension or name, len(values)
    names = [*([name] if attributes or np.isfinite(values).any() else []), *others]
    variables = {
        item: VariableHeader(
            name=item,
            dtype="<f8",
            dimensions=(dimension,),
            shape=(count,),
            attributes=attributes if item == name else {},
        )
        for item in names
    }
    return FileHeader(
        structure=digest_structure(variables),
        dimensions={dimension: count},
        variables=variables,
        attributes={},
        groups=[],
        values={name: pack_array(np.array(values, dtype=float))} if name in names else {},
        prints={},
    )


def labels(axis, language="en"):
    return [depth.value for depth in list_depths(axis, get_translator(language, "ocean_metadata"))[2:]]


@given(
    st.lists(st.integers(1, 50_000), min_size=1, max_size=12, unique=True),
    st.sampled_from(sorted(LENGTHS)),
    st.sampled_from(["up", "down"]),
    st.randoms(use_true_random=False),
)
def test_levels_are_depths_in_metres_from_the_surface_down(numbers, units, positive, random):
    metres = [number / 10 for number in numbers]
    random.shuffle(metres)
    sign = -1 if positive == "up" else 1
    stored = [sign * value / LENGTHS[units] for value in metres]
    axis, _ = make_depth_axis("lev", header(stored, "lev", units=units, positive=positive, axis="Z"))
    assert axis.kind == "depth"
    assert axis.values == pytest.approx(sorted(metres), rel=1e-5)
    order = axis.order or range(len(metres))
    assert [metres[level] for level in order] == sorted(metres)


@loop_over(
    ("values", "attributes", "expected", "note"),
    [
        ([500, 5_000], {"units": "cm", "positive": "down"}, ["5 m", "50 m"], "converted to metres"),
        ([0.12, 0.4], {"units": "m", "positive": "down"}, ["0.1 m", "0.4 m"], None),
        ([0.2, 5.6], {"units": "m"}, ["0 m", "6 m"], None),
        ([-2.0, 0, 10], {"units": "m", "positive": "down"}, ["2 m above", "0 m", "10 m"], None),
        ([-40, -3, 1.5], {"units": "m"}, ["2 m above", "3 m", "40 m"], None),
        ([-40, -3], {"units": "m", "positive": "down"}, ["3 m", "40 m"], "their sign is changed"),
        ([3, 40], {"units": "m", "positive": "up"}, ["3 m", "40 m"], "called positive upwards"),
        ([3, 40], {}, ["3 m", "40 m"], "no units"),
        ([400, 10], {"units": "decibar", "positive": "down"}, ["10 dbar", "400 dbar"], None),
        ([10, 1000], {"units": "hPa", "standard_name": "air_pressure"}, ["1000 hPa", "10 hPa"], None),
        ([27.8, 24.5], {"units": "kg m-3", "positive": "down"}, ["24.5 kg m-3", "27.8 kg m-3"], None),
        ([1, 2, 3], {"units": "1"}, ["level 1 of 3", "level 2 of 3", "level 3 of 3"], None),
        ([5, np.nan], {"units": "m"}, ["level 1 of 2", "level 2 of 2"], "missing"),
    ],
)
def test_levels_are_labelled_and_notes_tell_what_was_guessed(values, attributes, expected, note):
    axis, notes = make_depth_axis("depth", header(values, **attributes))
    assert labels(axis) == expected
    texts = [str(item.text) for item in notes]
    assert len(texts) == (note is not None)
    assert all(note in text for text in texts)


def test_heights_above_the_ground_go_up():
    axis, _ = make_depth_axis("height", header([10, 2], "height", units="m", positive="up", standard_name="height"))
    assert (axis.kind, axis.values, axis.order) == ("height", [2, 10], [1, 0])
    assert labels(axis) == ["2 m above", "10 m above"]


@loop_over("attributes", [{"standard_name": "ocean_s_coordinate_g2", "positive": "up"}, {}])
def test_levels_from_the_sea_floor_up_are_turned_around(attributes):
    values = [-0.9, -0.5, -0.1] if attributes else [np.nan] * 3
    axis, _ = make_depth_axis("s_rho", header(values, "s_rho", **attributes))
    assert axis.order == [2, 1, 0]
    assert labels(axis) == ["level 1 of 3", "level 2 of 3", "level 3 of 3"]
    assert labels(axis, "fr")[0] == "niveau 1 sur 3"


@loop_over(("others", "order"), [(["z_rho"], [2, 1, 0]), (["thickness"], [])])
def test_heights_of_models_that_count_from_the_sea_floor_tell_the_order(others, order):
    axis, _ = make_depth_axis("nz", header([np.nan] * 3, "nz", others=others))
    assert (axis.kind, axis.values, axis.order) == ("index", [0, 1, 2], order)


def test_a_coordinate_of_another_name_has_the_depths_of_a_dimension(tmp_path):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as dataset:
        dataset.createDimension("nz", 3)
        for name, values, units in (("thickness", [1, 2, 3], "m"), ("depth", [300, 200, 100], "cm")):
            variable = dataset.createVariable(name, "f4", ("nz",))
            variable.units = units
            variable[:] = values
    axis, _ = make_depth_axis("nz", read_header(str(tmp_path / "a.nc")).header)
    assert (axis.name, axis.values, axis.order) == ("depth", [1, 2, 3], [2, 1, 0])
