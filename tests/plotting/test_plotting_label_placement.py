"""Labels look for free places."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from ocean_plotting.figure.layout import LabelPlacer

SHARES = st.floats(0.02, 0.98)


def panel():
    figure = Figure(figsize=(4, 3))
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    return axes


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=15))
def test_labels_cover_neither_each_other_nor_the_points(points):
    axes = panel()
    room = LabelPlacer(axes)
    x, y = np.array(points).T
    room.keep_clear(x, y, 2.0)
    written = sum(room.label_point(item, f"{number}00 m", 4.0, fontsize=9) for number, item in enumerate(points))
    boxes = [item.get_window_extent() for item in axes.texts]
    assert len(boxes) == written
    assert not any(item.overlaps(other) for item, other in itertools.combinations(boxes, 2))
    for at in axes.transData.transform(points):
        assert not any(box.contains(*at) for box in boxes)
    frame = axes.get_window_extent()
    assert all(frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1) for box in boxes)


def test_a_label_on_a_line_is_turned_as_the_line_runs_and_gives_way():
    axes = panel()
    room = LabelPlacer(axes)
    line = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert room.label_line(line, "27.5", fontsize=9)
    assert room.label_line(line, "27.5", fontsize=9)
    first, second = axes.texts
    assert first.get_position() != second.get_position()
    steep = np.degrees(np.arctan2(*axes.transData.transform(line)[1, ::-1] - axes.transData.transform(line)[0, ::-1]))
    assert abs(first.get_rotation() - steep) < 1e-6


def test_where_there_is_no_room_nothing_is_written():
    axes = panel()
    room = LabelPlacer(axes)
    grid = np.linspace(0, 1, 40)
    x, y = np.meshgrid(grid, grid)
    room.keep_clear(x.ravel(), y.ravel(), 3.0)
    assert not room.label_point((0.5, 0.5), "1000 m", 4.0, fontsize=9)
    assert not room.label_line(np.array([[0.0, 0.5], [1.0, 0.5]]), "1000 m", fontsize=9)
    assert not axes.texts


def test_lines_stay_clear_between_their_points():
    axes = panel()
    room = LabelPlacer(axes)
    room.keep_clear([0.0, 1.0], [0.5, 0.5], 3.0, line=True)
    assert not room.label_line(np.array([[0.0, 0.5], [1.0, 0.5]]), "1000 m", fontsize=9)
