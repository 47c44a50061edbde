"""Categories with numbers of their own: a colour and a name for each in every picture, and steps for lines."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from msgspec.structs import replace
from PIL import Image
from tests.plotting.casts import coverage as cast_coverage
from tests.plotting.casts import overlapping
from tests.plotting.fakes import NOON, array, coordinate, info

from ocean_common.contracts.data import Coverage, Field, TileField
from ocean_common.i18n import get_translator
from ocean_core.colour import Scale
from ocean_plotting.figure.axes import make_steps
from ocean_plotting.figure.labels import LabelFormatter
from ocean_plotting.figure.legends import add_colour_bar, choose_shading, draw_layer_legend
from ocean_plotting.palettes import category_positions, scale_colours
from ocean_plotting.plots import profile, timeseries
from ocean_plotting.plots.common.mooring_series import MooringData, average_neighbours
from ocean_plotting.plots.profile import ProfileData, ProfileQuery
from ocean_plotting.plots.timeseries import TimeseriesQuery
from ocean_plotting.tiles.legends import build_legend
from ocean_plotting.tiles.store import TileStyle, render_tile

NAMES = ["open water", "thin ice", "land-fast ice", "land"]
ICE = replace(
    info("kind"),
    name="Ice",
    categories=NAMES,
    category_values=[-1.0, 1.0, 2.0, 50.0],
    translations={"fr": dict(zip(NAMES, ["eau libre", "glace mince", "banquise côtière", "terre"], strict=True))},
)
BITS = replace(info("kind"), categories=[], flags={"flag_masks": [1, 2]})
DAY = 86400


def test_numbers_have_the_positions_of_their_categories():
    numbers = np.array([[-1, 1, 2], [50, 1.4, np.nan], [0, 49, 1e9]], np.float32)
    expected = [[0, 1, 2], [3, np.nan, np.nan], [np.nan, np.nan, np.nan]]
    np.testing.assert_array_equal(category_positions(ICE, numbers), expected)
    packed = replace(ICE, categories=["a", "b", "c"], category_values=[0.1, 0.2, 0.3])
    np.testing.assert_array_equal(category_positions(packed, np.array([0.1, 0.2, 0.3], np.float32)), [0, 1, 2])
    assert category_positions(info("votemper"), numbers) is numbers


def test_a_tile_has_a_colour_for_each_category_and_none_for_other_numbers():
    values = np.full((256, 256), np.nan, np.float32)
    values[0, :6] = [-1, 1, 2, 50, 3, 0]
    content = render_tile(
        TileField(variable=ICE, values=array(values), revision="r1"), TileStyle(None, None, "image/png")
    )
    tile = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    colours = scale_colours("seabed lithology", Scale(0, 1), 4)
    np.testing.assert_array_equal(tile[0, :4, :3], colours)
    assert tile[0, :, 3].tolist() == [255] * 4 + [0] * 252


def test_a_legend_has_the_numbers_and_names_of_the_categories(context):
    legend = build_legend(ICE, "seabed lithology", Scale(0, 1))
    assert [(stop.value, stop.label) for stop in legend.stops] == list(zip([-1, 1, 2, 50], NAMES, strict=True))
    assert (legend.min, legend.max, legend.kind) == (-1, 50, "categories")
    axes = draw_layer_legend(ICE, Scale(0, 1), "seabed lithology", context()).figure.axes[0]
    assert [text.get_text().replace("\n", " ") for text in axes.get_yticklabels()] == NAMES


@pytest.mark.parametrize("count", [13, 20])
def test_a_legend_of_many_categories_does_not_cut_their_names(context, count):
    kinds = replace(ICE, categories=[f"Sandy mud of kind {number}" for number in range(count)], category_values=[])
    figure = draw_layer_legend(kinds, Scale(0, 1), "seabed lithology", context()).figure
    figure.draw_without_rendering()
    labels = figure.axes[0].get_yticklabels()
    assert [text.get_text() for text in labels] == kinds.categories
    assert max(text.get_window_extent().x1 for text in labels) <= figure.bbox.x1


def test_pictures_have_the_colours_of_tiles_and_names_in_the_language(context):
    drawing = context("fr")
    shading = choose_shading(drawing, ICE, np.array([1.0]))
    painted = shading.colours(shading.norm(np.array([-1, 1, 2, 50, 3, np.nan])), bytes=True)
    np.testing.assert_array_equal(painted[:4, :3], scale_colours("seabed lithology", Scale(0, 1), 4))
    assert painted[:, 3].tolist() == [255] * 4 + [0, 0]
    figure = Figure(figsize=drawing.size)
    bar = add_colour_bar(figure, figure.add_subplot(), shading, drawing)
    labels = [text.get_text().replace("\n", " ") for text in bar.ax.get_yticklabels()]
    assert labels == ["eau libre", "glace mince", "banquise côtière", "terre"]


def series_of(variable, values):
    """A series at two stations, on days, (time, point)."""
    return Coverage(
        kind="timeseries",
        dataset="arctic",
        dims={"time": len(values), "point": 2},
        coordinates=[
            coordinate("time", ("time",), NOON + DAY * np.arange(len(values))),
            coordinate("latitude", ("point",), [73.0, 70.0]),
            coordinate("longitude", ("point",), [20.0, 0.0]),
        ],
        fields=[Field(variable=variable, dims=("time", "point"), values=array(np.array(values, float)))],
        revision="r1",
    )


def drawn_series(context, variable, values):
    query = TimeseriesQuery(dataset="arctic", variable="kind", station=[[73.0, 20.0], [70.0, 0.0]])
    data = MooringData(time="", revisions={}, info=variable, coverages=[series_of(variable, values)])
    return timeseries.KIND.draw(query, data, context)


def test_a_series_of_categories_has_steps_between_their_names(context):
    picture = drawn_series(context(), ICE, [[-1, 2], [50, 2], [50, 7]])
    panel = picture.figure.axes[0]
    assert [text.get_text().replace("\n", " ") for text in panel.get_yticklabels()] == NAMES
    first, second = (line.get_ydata() for line in panel.lines[:2])
    np.testing.assert_allclose(first, [0 - 0.04, 0 - 0.04, *[3 - 0.04] * 4])
    np.testing.assert_allclose(second, [*[2 + 0.04] * 4, np.nan, np.nan])
    np.testing.assert_allclose(np.diff(panel.lines[0].get_xdata()), [0.5, 0, 1, 0, 0.5])
    assert "Ice, the most frequent first: land-fast ice, land, open water, 7." in picture.info.alt
    assert "rises" not in picture.info.alt


def test_a_series_of_bits_has_numbers_on_its_axis(context):
    picture = drawn_series(context(), BITS, [[1, 3], [1, 2], [1, 3]])
    assert "Sea Floor, the most frequent first: 1, 3, 2." in picture.info.alt
    assert picture.figure.axes[0].lines[0].get_ydata().tolist() == [1] * 6


def test_a_profile_of_categories_has_steps_above_their_names(context):
    depths = np.array([0.0, 10, 30])
    values = np.array([[[-1.0], [-1], [50]]])
    fields = [Field(variable=ICE, dims=("time", "depth", "point"), values=array(values))]
    data = ProfileData(time="", revisions={}, coverages=[cast_coverage(fields, [(45.0, -40.0)], depths)])
    query = ProfileQuery(dataset="arctic", variable="kind", station=[[45.0, -40.0]])
    picture = profile.KIND.draw(query, data, context())
    panel = picture.figure.axes[0]
    assert panel.lines[0].get_xdata().tolist() == [0, 0, 0, 0, 3, 3]
    assert panel.lines[0].get_ydata().tolist() == [0, 5, 5, 20, 20, 30]
    assert [text.get_text() for text in panel.get_xticklabels()] == NAMES
    assert "Ice, the most frequent first: open water, land." in picture.info.alt
    assert not overlapping(picture.figure)
    table = profile.KIND.table(query, data, context())
    assert table.columns[-1].values.tolist() == [-1, -1, 50]


def test_of_many_categories_some_have_names(context):
    many = replace(ICE, categories=[f"class {number}" for number in range(60)], category_values=[])
    picture = drawn_series(context(size="5x4"), many, [[0, 1], [2, 59]])
    shown = [text.get_text() for text in picture.figure.axes[0].get_yticklabels()]
    assert 3 < len(shown) < 30
    assert not overlapping(picture.figure)


def test_neighbours_of_categories_are_not_averaged():
    values = np.array([1.0, 50, 50, -1, -1, 2, 2])
    assert set(average_neighbours(values, 3, discrete=True)) <= {1, 50, -1, 2}


def test_steps_change_half_way():
    positions, values = make_steps(np.array([0.0, 2, 6]), np.array([1.0, 2, 3]))
    assert (positions.tolist(), values.tolist()) == ([0, 1, 1, 4, 4, 6], [1, 1, 2, 2, 3, 3])
    assert [part.tolist() for part in make_steps(np.array([4.0]), np.array([1.0]))] == [[4, 4], [1, 1]]


def test_categories_of_a_sentence_are_in_the_language():
    labels = LabelFormatter(get_translator("fr", "ocean_plotting"))
    sentence = labels.list_categories("Glace", ICE, np.array([1.0, 1, 50]))
    assert sentence == "Glace, par ordre de fréquence\N{NO-BREAK SPACE}: glace mince, terre."
