"""Values through time: thinned without losing an extreme, as cells, as means, as trends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from tests.looping import loop_over

from ocean_plotting.plots.common import mooring_series as series

VALUES = st.floats(-100, 100) | st.just(np.nan)


@given(arrays(float, st.integers(1, 400), elements=VALUES), st.integers(1, 60))
def test_a_thinned_line_keeps_every_extreme(y, most):
    x = np.arange(float(len(y)))
    thin_x, thin_y = series.thin_line(x, y, most)
    assert thin_x.shape == thin_y.shape
    assert len(thin_x) <= max(2 * most, 1)
    assert (np.diff(thin_x) >= 0).all()
    for find in (np.fmin.reduce, np.fmax.reduce):
        assert find(thin_y) == pytest.approx(find(y), nan_ok=True)


def test_a_thinned_line_has_a_gap_where_the_long_one_has():
    y = np.ones(1000)
    y[400:600] = np.nan
    x, thin = series.thin_line(np.arange(1000.0), y, 50)
    assert np.isnan(thin[(x > 410) & (x < 580)]).all()
    assert np.isfinite(thin[(x < 390) | (x > 610)]).all()


def test_a_line_is_broken_where_instants_are_missing():
    x, y = series.break_at_gaps(np.array([0.0, 1, 2, 3, 10, 11]), np.arange(6.0))
    assert x.tolist() == [0, 1, 2, 3, 6.5, 10, 11]
    assert np.flatnonzero(np.isnan(y)).tolist() == [4]


def test_a_value_between_nothing_is_alone():
    y = np.array([1, np.nan, 2, 3, np.nan, 4])
    assert series.find_isolated(y).tolist() == [True, False, False, False, False, True]


def test_cells_go_half_way_and_leave_gaps():
    edges, index = series.make_time_cells(np.array([0.0, 1, 2, 9, 10]), least=1)
    assert edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 8.5, 9.5, 10.5]
    assert index.tolist() == [0, 1, 2, -1, 3, 4]


def test_an_instant_alone_lasts_as_long_as_its_quantum():
    edges, index = series.make_time_cells(np.array([5.0]), least=2)
    assert (edges.tolist(), index.tolist()) == ([4, 6], [0])


@given(st.lists(st.floats(0.01, 50), min_size=1, max_size=60))
def test_cells_are_in_order_and_hold_their_instants(steps):
    at = np.cumsum([0.0, *steps])
    edges, index = series.make_time_cells(at, least=1)
    assert (np.diff(edges) > -1e-9).all()
    stored = index >= 0
    assert index[stored].tolist() == list(range(len(at)))
    assert (edges[:-1][stored] <= at + 1e-9).all()
    assert (edges[1:][stored] >= at - 1e-9).all()


@given(arrays(float, st.tuples(st.integers(1, 200), st.just(2)), elements=VALUES), st.integers(1, 30))
def test_means_are_those_of_brute_force(values, most):
    result, count = series.average_neighbours(values, most), -(-len(values) // most)
    assert len(result) <= most
    for row, start in enumerate(range(0, len(values), count)):
        for column in (0, 1):
            part = values[start : start + count, column]
            part = part[np.isfinite(part)]
            expected = part.mean() if part.size else np.nan
            assert result[row, column] == pytest.approx(expected, nan_ok=True, abs=1e-9)


def test_a_trend_is_that_of_a_straight_line():
    random = np.random.default_rng(1)
    x = np.linspace(0, 10, 200)
    y = 0.3 * x + 0.2 * random.standard_normal(200)
    assert series.compute_trend(x, y) == pytest.approx(10 * stats.linregress(x, y).slope)
    y[::3] = np.nan
    present = np.isfinite(y)
    expected = np.ptp(x[present]) * stats.linregress(x[present], y[present]).slope
    assert series.compute_trend(x, y) == pytest.approx(expected)


@loop_over("y", [np.sin(np.linspace(0, 60, 200)), np.full(200, 3.0), np.full(200, np.nan)])
def test_a_series_that_rises_and_falls_has_no_trend(y):
    assert series.compute_trend(np.arange(200.0), y) == 0
