"""Which cells of a grid have a place on the Earth, against what was written into the coordinates."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_core.cells import find_usable_cells

FILLS = [-999.0, 1e20, 9999.0, 999.0, 0.0, -1.0, np.nan, 9.96921e36]


def make_grid(shape, corner, step, turn):
    y, x = np.meshgrid(*(step * np.arange(size) for size in shape), indexing="ij")
    south, west = corner
    return south + x * np.sin(turn) + y * np.cos(turn), west + x * np.cos(turn) - y * np.sin(turn)


@settings(max_examples=200, deadline=None)
@given(
    corner=st.tuples(st.floats(-40, 40), st.floats(-179, 179)), step=st.floats(0.01, 1.5), turn=st.floats(0, 1.5),
    fill=st.sampled_from(FILLS), holes=st.lists(st.tuples(st.integers(0, 15), st.integers(0, 20)), max_size=4),
)  # fmt: skip
def test_blocks_of_fill_values_are_left_out_and_nothing_else(corner, step, turn, fill, holes):
    latitude, longitude = make_grid((16, 21), corner, step, turn)
    hole = np.zeros(latitude.shape, bool)
    for row, column in holes:
        hole[row : row + 3, column : column + 4] = True
    # A hole that lies where its fill value is cannot be told from cells.
    hole &= np.hypot(latitude - fill, longitude - fill) > 8 * step if np.isfinite(fill) else True
    latitude, longitude = np.where(hole, fill, latitude), np.where(hole, fill, longitude)
    np.testing.assert_array_equal(find_usable_cells(latitude, longitude), ~hole)


def test_a_cell_at_zero_stays_where_the_grid_leads_there():
    latitude, longitude = make_grid((9, 9), (-2.0, -2.0), 0.5, 0.0)
    assert find_usable_cells(latitude, longitude).all()
    # Models repeat columns where the circle of longitudes is closed.
    repeated = [np.concatenate([values, values[:, 3:6]], axis=1) for values in (latitude, longitude)]
    assert find_usable_cells(*repeated).all()


@loop_over(("row", "column"), [(2, 6), (0, 0), (8, 8), (4, 0)])
def test_a_single_zero_within_a_grid_near_zero_is_a_fill_value(row, column):
    latitude, longitude = make_grid((9, 9), (-2.2, -2.3), 0.5, 0.2)
    latitude[row, column] = longitude[row, column] = 0.0
    usable = find_usable_cells(latitude, longitude)
    assert np.argwhere(~usable).tolist() == [[row, column]]


def test_nodes_of_a_mesh_at_zero_are_left_out_if_there_are_several():
    latitude, longitude = np.array([0.0, 10.0, 0.0, 3.0]), np.array([0.0, 20.0, 0.0, 3.0])
    assert find_usable_cells(latitude, longitude).tolist() == [False, True, False, True]
    assert find_usable_cells(latitude[1:], longitude[1:]).tolist() == [True, True, True]
    assert find_usable_cells(np.zeros((1, 1)), np.zeros((1, 1))).all()
