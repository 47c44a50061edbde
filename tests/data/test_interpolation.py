"""What holds for every interpolation, on any field and mask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.looping import loop_over

from ocean_common.contracts.assets import DepthAxis
from ocean_data.compute import depth
from ocean_data.compute.interpolation import gather, stencil
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.rectilinear import Rectilinear

KINDS = ["nearest", "bilinear", "gaussian", "inverse"]
LATITUDE, LONGITUDE = np.linspace(-4, 4, 9), np.linspace(175, 185, 11)
GRIDS = [Rectilinear(LATITUDE, LONGITUDE), Curvilinear(*np.meshgrid(LATITUDE, LONGITUDE, indexing="ij"))]

fields = arrays.arrays(np.float64, 99, elements=st.floats(-50, 50) | st.just(np.nan))
points = st.tuples(st.floats(-4, 4), st.floats(175, 185))
hows = st.fixed_dictionaries(
    {
        "grid": st.sampled_from(GRIDS),
        "kind": st.sampled_from(KINDS),
        "radius": st.floats(1, 500),
        "neighbours": st.integers(1, 50),
    }
)
anything = given(field=fields, point=points, how=hows)


def value(field, point, how):
    created = stencil(latitude=np.array(point[:1]), longitude=np.array(point[1:]), **how)
    return gather(field[np.newaxis], created)[0, 0], created


@anything
def test_a_value_lies_between_its_wet_cells_and_land_stays_land(field, point, how):
    result, created = value(field, point, how)
    assert np.isnan(result) == np.isnan(field[created.home[0]])
    if np.isfinite(result):
        used = field[np.r_[created.home[0], created.cells[0][created.cells[0] >= 0]]]
        assert np.nanmin(used) - 1e-9 <= result <= np.nanmax(used) + 1e-9


@anything
def test_a_constant_field_is_reproduced_whatever_the_mask(field, point, how):
    flat = np.where(np.isnan(field), np.nan, 7.25)
    result, _ = value(flat, point, how)
    assert np.isnan(result) or result == pytest.approx(7.25, rel=1e-12)


@anything
def test_the_other_convention_of_longitude_gives_the_same(field, point, how):
    latitude, longitude = point[0], round(point[1], 4) + 0.00003  # not half way between two cells
    local, _ = value(field, (latitude, longitude), how)
    present, _ = value(field, (latitude, longitude - 360), how)
    assert local == pytest.approx(present, rel=1e-6, abs=1e-6, nan_ok=True)


def test_a_point_on_a_centre_has_the_value_of_the_cell():
    field = np.arange(99.0)
    for kind in ("nearest", "bilinear", "inverse"):
        for grid in GRIDS:
            how = {"grid": grid, "kind": kind, "radius": 100.0, "neighbours": 10}
            result, _ = value(field, (LATITUDE[3], LONGITUDE[4]), how)
            assert result == pytest.approx(3 * 11 + 4, abs=1e-4)


def test_the_bottom_is_the_deepest_wet_cell_of_its_column():
    deep, shelf, land, hollow = [7.0, 5.0, 3.0], [8.0, 6.0, np.nan], [np.nan] * 3, [9.0, np.nan, 4.0]
    columns = np.array([deep, shelf, land, hollow]).T
    levels = depth.bottom_level(columns, [2, 1, 0])
    assert levels.tolist() == [2, 1, -1, 2]
    np.testing.assert_array_equal(depth.bottom_values(columns, levels), [3.0, 6.0, np.nan, 4.0])


@loop_over(
    ("kind", "values", "deepest", "metres"),
    [
        ("depth", [0.0, 10.0, 100.0], 2, [0.0, 10.0, 100.0]),
        ("depth", [100.0, 10.0, 0.0], 0, [100.0, 10.0, 0.0]),
        ("height", [-100.0, -10.0, 0.0], 0, [100.0, 10.0, 0.0]),
        ("sigma", [-0.9, -0.5, -0.1], 0, [None] * 3),
        ("index", [0.0, 1.0, 2.0], 2, [None] * 3),
    ],
)
def test_levels_are_counted_as_in_the_file_and_deep_is_deep(kind, values, deepest, metres):
    axis = DepthAxis(name="z", kind=kind, values=values)
    assert depth.deepest_first(axis)[0] == deepest
    np.testing.assert_array_equal(depth.metres(axis), np.array(metres, dtype=float))
