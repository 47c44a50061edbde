"""Maps over HTTP and as drawings: fields lie where they should, tables and rasters have the fetched numbers."""

import asyncio
import io
import json
import re
import xml.etree.ElementTree as ET
from typing import ClassVar

import msgspec
import numpy as np
import pytest
import rasterio
from litestar.testing import TestClient
from matplotlib.text import Text
from msgspec.structs import replace
from PIL import Image
from pyproj import Transformer
from scipy.interpolate import RegularGridInterpolator
from tests.looping import loop_over
from tests.plotting.fakes import NOON, VARIABLES, FakeCatalogue, FakeNumbers, array, coordinate, info

from ocean_common.contracts.data import AreaRequest, Coverage, DifferenceRequest, Field, StatisticsRequest
from ocean_common.contracts.places import Area, AreaGeometry
from ocean_core.errors import NotFound, NothingInView
from ocean_core.tiles import PROJECTIONS
from ocean_plotting.app import create_app
from ocean_plotting.export import WRITERS
from ocean_plotting.export.geotiff import Raster, write_geotiff
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import compute_statistics
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.map_overlays import ARROW_OUTLINE, sample_relief
from ocean_plotting.plots.kind import Services
from ocean_plotting.plots.map import KIND
from ocean_plotting.workers import FigureRenderer

BARENTS = {"polygons": [[[70, 10], [70, 30], [76, 30], [76, 10], [70, 10]]], "innerrings": [], "name": "Barents Sea"}
QUERY = {  # of the web front end's area tab
    "area": [BARENTS], "bathymetry": True, "colormap": "default", "dataset": "arctic", "depth": 0, "interp": "gaussian",
    "contour": {"colormap": "default", "hatch": False, "legend": True, "levels": "auto", "variable": ""},
    "name": "", "neighbours": 10, "projection": "EPSG:3857", "radius": 25, "scale": "auto", "showarea": True,
    "quiver": {"colormap": "default", "magnitude": "length", "variable": ""}, "time": NOON, "variable": "votemper",
    "compare_to": None,
}  # fmt: skip
ARROWS = {"variable": "u,v", "magnitude": "length", "colormap": "default"}
LINES = {"variable": "vosaline", "levels": "31,33,35", "legend": True, "hatch": False, "colormap": "default"}
OTHER = {"dataset": "arctic", "variable": "votemper", "time": -1, "depth": 0, "scale": "auto", "scale_diff": "auto",
         "colormap": "default", "colormap_diff": "default"}  # fmt: skip
SIZES = ["3x2", "6x4", "11x5", "15x9", "5x12"]


def field_value(key, latitude, longitude):
    """What there is: zonal and known; nothing south of 69.5° N."""
    base = {"vosaline": 30.0, "kind": 0.0}.get(key, -1.0)
    values = base + (90 - np.abs(latitude)) / 4 + np.sin(np.radians(longitude))
    if key == "kind":
        values = np.clip(np.floor((latitude - 68) / 3), 0, 2)
    return np.where(latitude > 69.5, values, np.nan)


def parts(asked):
    """Keys and infos of what is answered: of a comparison each part of the first variable."""
    if (minus := getattr(asked, "minus", None)) is not None:
        keys = {"first": asked.variables[0], "second": (minus.variables or asked.variables)[0]}
        fields = [(f"{key}_{part}", info(key)) for part, key in keys.items()]
        difference = (asked.variables[0], info(asked.variables[0], zero_centered=True, colormap="balance"))
        return [*fields, difference] if keys["first"] == keys["second"] else fields
    if not asked.vector:
        return [(key, info(key)) for key in asked.variables]
    by_name = {"name": "Speed", "zero_centered": False}
    return [(part, replace(info("u", **(by_name if part == "magnitude" else {})), key=part)) for part in asked.vector]


def values_of(part, latitude, longitude):
    vectors = {"eastward": 0.3, "northward": -0.4, "magnitude": 0.5, "bearing": 143.13}
    if part in vectors:
        return np.where(latitude > 69.5, vectors[part], np.nan)
    return field_value(part, latitude, longitude)


class AreaNumbers(FakeNumbers):
    """Fields whose values are known everywhere; on grids of 1° where no other is stated."""

    def area(self, asked):
        if asked.projection:
            across = Transformer.from_crs("EPSG:4326", asked.projection, always_xy=True)
            left, bottom, right, top = asked.extent
            rows, columns = asked.shape
            x = left + (np.arange(columns) + 0.5) / columns * (right - left)
            y = top - (np.arange(rows) + 0.5) / rows * (top - bottom)
            longitude, latitude = across.transform(*np.meshgrid(x, y), direction="INVERSE")
            dims, places = {"y": rows, "x": columns}, [("y", "x"), ("y", "x")]
        else:
            latitude, longitude = np.arange(68.5, 80), np.arange(5.5, 36)
            dims = {"latitude": latitude.size, "longitude": longitude.size}
            places = [("latitude",), ("longitude",)]
        north, east = np.meshgrid(latitude, longitude, indexing="ij") if latitude.ndim == 1 else (latitude, longitude)
        fields = []
        for key, described in parts(asked):
            variable, _, part = key.partition("_")
            difference = 0.25 * np.cos(np.radians(east))
            values = values_of(variable, north, east) - (difference if part == "second" else 0.0)
            if isinstance(asked, DifferenceRequest) and not part:
                values = difference
            if asked.polygon is not None:
                inside = (north > 70) & (north < 76) & (east > 10) & (east < 30)
                values = np.where(inside, values, np.nan)
            fields.append(
                Field(variable=replace(described, key=key), dims=("time", *dims), values=array(values[np.newaxis]))
            )
        return Coverage(
            kind="area",
            dataset=asked.dataset,
            dims={"time": 1, **dims},
            coordinates=[
                coordinate("time", ("time",), [NOON]),
                coordinate("depth", (), [10.0]),
                *([coordinate("minus_depth", (), [25.0])] if isinstance(asked, DifferenceRequest) else []),
                coordinate("latitude", places[0], latitude),
                coordinate("longitude", places[1], longitude),
            ],
            fields=fields,
            facts=({"depth": "bottom"} if asked.depth == "bottom" else {})
            | ({"minus_time": "2016-02-01T12:00:00+00:00"} if isinstance(asked, DifferenceRequest) else {}),
        )

    def summary(self, asked):
        if self.columns.get("nothing"):
            raise NothingInView("no cell has its centre in this area", field="polygon")
        result = {"minimum": -1.5, "maximum": 6.5, "mean": 2.5, "deviation": 1.25, "count": 100}
        return Coverage(
            kind="statistics",
            dataset=asked.dataset,
            dims={"time": 1},
            coordinates=[coordinate("time", ("time",), [NOON])],
            fields=[
                Field(variable=replace(described, key=f"{key}_{name}"), dims=("time",), values=array(np.array([value])))
                for key, described in parts(asked)
                for name, value in result.items()
            ],
        )

    makers: ClassVar = {**FakeNumbers.makers, AreaRequest: area, DifferenceRequest: area, StatisticsRequest: summary}


class AreaCatalogue(FakeCatalogue):
    """One predefined area, and a vector variable."""

    async def area(self, key):
        if key != "seas/Barents":
            raise NotFound(f"there is no area {key!r}", field="key")
        rim = [(10.0, 70.0), (30.0, 70.0), (30.0, 76.0), (10.0, 76.0), (10.0, 70.0)]
        hole = [(18.0, 74.0), (20.0, 74.0), (19.0, 75.0), (18.0, 74.0)]
        return Area(key=key, name="Barents", geometry=AreaGeometry(coordinates=[[rim, hole]]))

    async def assets(self, dataset, variable):
        result = await super().assets(dataset, variable)
        return replace(result, components={"east": "u", "north": "v"}) if variable == "aice" else result


class Slope:
    """A sea floor that deepens northwards and eastwards, in a straight line."""

    version, spacing = "1", 1.0

    def heights(self, box, cells):
        west, south, east, north = box
        latitude, longitude = np.arange(south - 1, north + 2.0), np.arange(west - 1, east + 2.0)
        return latitude, longitude, self.at(latitude[:, np.newaxis], longitude[np.newaxis])

    @staticmethod
    def at(latitude, longitude):
        return -100.0 * (latitude - 60) - 20.0 * longitude


@pytest.fixture
def catalogue():
    return AreaCatalogue()


@pytest.fixture
def numbers():
    return AreaNumbers()


def plot(client, change=None, **parameters):
    query = {**QUERY, **(change or {})}
    return client.get("/plot/map", params={"query": json.dumps(query), "format": "png", "size": "6x4", **parameters})


def problem(response, status=400):
    assert response.status_code == status, response.text
    return response.json()["errors"][0]


def fetched(change=None, size=(6, 4), form="png"):
    query = msgspec.convert({**QUERY, **(change or {})}, KIND.query)
    catalogue = AreaCatalogue()
    services = Services(data=AreaNumbers(), metadata=catalogue)
    output = Output(format=form, width=size[0], height=size[1])

    async def ask():
        settled = await KIND.resolve(services, query)
        return settled, await KIND.fetch(services, settled, output)

    return asyncio.run(ask())


def drawn(context, change=None, size="6x4", language="en"):
    query, result = fetched(change, tuple(map(float, size.split("x"))))
    return KIND.draw(query, result, context(language, size)), result


def test_the_query_of_the_front_end_is_understood(client, numbers):
    response = plot(client, size="15x9")
    assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
    field = next(item for item in numbers.asked if isinstance(item, AreaRequest) and item.projection)
    assert (field.projection, field.interpolation, field.time, field.depth) == ("EPSG:3857", "gaussian", str(NOON), "0")
    assert max(field.shape) == 500
    left, bottom, right, top = field.extent
    assert (right - left) / (top - bottom) == pytest.approx(field.shape[1] / field.shape[0], rel=0.01)
    assert len(numbers.asked) == 2  # the field and its statistics


@loop_over("projection", [None, *PROJECTIONS])
def test_every_pixel_has_the_colour_of_its_value(context, projection):
    picture, result = drawn(context, {"projection": projection, "bathymetry": False, "scale": "0,8"})
    image = picture.figure.axes[0].images[0]
    left, bottom, right, top = result.view.extent
    assert image.get_extent() == [left, right, bottom, top]
    pixels = np.asarray(image.get_array())
    rows, columns = pixels.shape[:2]
    x, y = np.meshgrid(*result.view.cells((rows, columns)))
    expected = field_value("votemper", *result.view.earth(x, y))
    np.testing.assert_array_equal(pixels[..., 3] == 0, np.isnan(expected))
    level = np.argsort(expected[np.isfinite(expected)], kind="stable")
    assert len(np.unique(pixels[np.isfinite(expected)][level][:, :3], axis=0)) > 20


def test_the_map_fills_its_room_and_the_bar_is_as_long(context):
    for size in SIZES:
        picture, result = drawn(context, size=size)
        figure = picture.figure
        chart, bar = (axis.get_window_extent() for axis in figure.axes[:2])
        assert chart.width / chart.height == pytest.approx(result.view.aspect, rel=1e-3)
        assert (bar.y0, bar.y1) == pytest.approx((chart.y0, chart.y1), abs=0.5)
        assert bar.x0 > chart.x1


def unseen(figure):
    """Labels of ticks beyond the ends of their axes, which are not drawn."""
    result = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-6 * (high - low)
            ticks = [tick for tick in axis.get_major_ticks() if not low - slack <= tick.get_loc() <= high + slack]
            result |= {id(label) for tick in ticks for label in (tick.label1, tick.label2)}
    return result


def overlapping(picture):
    """Texts that cover one another, or run out of the figure; those that lie on a map, on the land or sea, may."""
    figure = picture.figure
    figure.draw_without_rendering()
    left_out = unseen(figure) | {id(item) for axes in figure.axes for item in axes.texts if item.get_clip_on()}
    texts = [item for item in figure.findobj(Text) if item.get_visible() and item.get_text().strip()]
    texts = [item for item in texts if id(item) not in left_out and item.get_rotation() in {0.0, 90.0}]
    boxes = [(item.get_text(), item.get_window_extent()) for item in texts]
    frame = figure.bbox
    bad = [text for text, box in boxes if box.x0 < -1 or box.x1 > frame.x1 + 1 or box.y0 < -1 or box.y1 > frame.y1 + 1]
    for number, (text, box) in enumerate(boxes):
        for other, another in boxes[number + 1 :]:
            apart = box.shrunk(0.98, 0.8).overlaps(another.shrunk(0.98, 0.8))
            bad += [(text, other)] if apart and text != other else []
    return bad


OPTIONS = {
    "plain": {},
    "all": {"quiver": ARROWS, "contour": LINES, "projection": None},
    "coloured": {"quiver": {**ARROWS, "magnitude": "color"}, "contour": {**LINES, "hatch": True}},
    "polar": {"projection": "EPSG:32661", "area": [{"polygons": [[[75, 0], [75, 120], [75, 240], [75, 0]]]}]},
    "long": {
        "area": [{**BARENTS, "name": "the western and the central part of the Barents Sea, and what lies beyond"}]
    },
    "categories": {"variable": "kind"},
    "compared": {"compare_to": OTHER},
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(("size", "language"), [*((item, "en") for item in SIZES), ("6x4", "fr"), ("11x5", "fr")])
def test_no_label_covers_another(context, option, size, language):
    if option == "compared" and size == "3x2":
        size = "7x5"
    assert overlapping(drawn(context, OPTIONS[option], size, language)[0]) == []


def test_meridians_and_parallels_are_named_where_they_meet_the_frame(context):
    picture, result = drawn(context, {"projection": None}, "15x9")
    axes = picture.figure.axes[0]
    left, bottom, *_ = result.view.extent
    for label in axes.get_xticklabels():
        at = float(label.get_position()[0])
        east = result.view.earth(np.array(at), np.array(bottom))[1]
        assert label.get_text() == f"{round(float(east))}°\N{NO-BREAK SPACE}E"
        assert east == pytest.approx(round(float(east)), abs=0.02)
    for label in axes.get_yticklabels():
        north = result.view.earth(np.array(left), np.array(float(label.get_position()[1])))[0]
        assert label.get_text() == f"{round(float(north))}°\N{NO-BREAK SPACE}N"
        assert north == pytest.approx(round(float(north)), abs=0.02)
    assert len(axes.get_xticklabels()) >= 3
    assert len(axes.get_yticklabels()) >= 3


def test_comparing_draws_both_in_one_scale_and_their_difference_in_its_own(context):
    picture, _ = drawn(context, {"compare_to": {**OTHER, "scale_diff": "-2,2"}}, "15x9")
    titles = [axis.get_title(loc="left").split(" · ")[:2] for axis in picture.figure.axes if axis.images]
    assert titles[0] == ["5 February 2016", "at 10\N{NO-BREAK SPACE}m"]
    assert titles[1] == ["1 February 2016", "at 25\N{NO-BREAK SPACE}m"]
    assert titles[2] == ["The first less the second"]
    bars = [axis.get_ylim() for axis in picture.figure.axes if not axis.images]
    assert bars[0] == bars[1]
    assert bars[2] == (-2.0, 2.0)
    assert "from −1.5 to 6.5" in picture.info.alt.partition("The first less the second")[2]


def test_the_scale_of_one_dataset_is_that_of_both(context):
    for scales in ({"scale": "-3,9"}, {"compare_to": {**OTHER, "scale": "-3,9"}}):
        picture, _ = drawn(context, {"compare_to": OTHER} | scales, "15x9")
        assert [axis.get_ylim() for axis in picture.figure.axes if not axis.images][:2] == [(-3.0, 9.0)] * 2


def test_different_quantities_are_drawn_beside_each_other(context, client):
    compared = {"compare_to": {**OTHER, "variable": "vosaline"}}
    picture, _ = drawn(context, compared, "15x9")
    titles = [axis.get_title(loc="left") for axis in picture.figure.axes if axis.images]
    assert [title.partition(" · ")[0] for title in titles] == ["Temperature", "Salinity"]
    assert picture.info.title.startswith("Temperature and Salinity, Barents Sea")
    labels = [axis.get_ylabel() for axis in picture.figure.axes if not axis.images]
    assert labels == ["Temperature (°C)", "Salinity (PSU)"]
    table = plot(client, compared, format="csv").text
    assert "Temperature (°C), Salinity (arctic) (PSU)\n" in table
    assert "Difference" not in table
    assert "Difference" not in plot(client, compared, format="stats").text
    assert plot(client, compared, format="geotiff").status_code == 200


def test_numbers_of_a_comparison_are_of_the_cells_of_the_first(client, numbers):
    assert plot(client, {"compare_to": {**OTHER, "depth": 3, "time": None}}).status_code == 200
    compared = [(type(item), item.minus, item.parts) for item in numbers.asked]
    assert {kind for kind, *_ in compared} == {DifferenceRequest, StatisticsRequest}
    assert {(minus.dataset, minus.time, minus.depth) for _, minus, _ in compared} == {("arctic", None, "3")}
    assert {parts for *_, parts in compared} == {("first", "second", "difference")}
    rows = plot(client, {"compare_to": OTHER}, format="stats").text.splitlines()
    assert rows[-6] == "Statistic, Temperature (°C), Temperature (arctic) (°C), Difference (°C)"
    assert rows[-5] == "Min, -1.5, -1.5, -1.5"
    assert any(row.startswith("// Compared with: Arctic model, daily") for row in rows)


def test_a_map_is_written_for_ocean_data_view(client):
    lines = [line.split("\t") for line in plot(client, format="odv").text.splitlines() if not line.startswith("//")]
    assert lines[0][-2:] == ["Depth [m]", "Temperature [Celsius]"]
    assert len(lines) == 1 + 6 * 20
    assert lines[1][2:6] == ["C", "2016-02-05T12:00:00.000", "10.5", "70.5"]
    assert float(lines[1][-1]) == pytest.approx(field_value("votemper", 70.5, 10.5), abs=1e-6)


def test_the_relief_is_interpolated_into_the_plane(context):
    _, result = drawn(context, {"projection": None})
    shape = result.view.shape(30)
    latitude, longitude = result.view.earth(*np.meshgrid(*result.view.cells(shape)))
    np.testing.assert_allclose(sample_relief(Slope(), result.view, shape), Slope.at(latitude, longitude), atol=1e-6)


def test_the_relief_between_its_points_is_that_of_scipy(context):
    class Rough(Slope):
        @staticmethod
        def at(latitude, longitude):
            return 100 * np.sin(latitude * 7) * np.cos(longitude * 5)

    _, result = drawn(context, {"projection": "EPSG:3857"})
    shape, view = result.view.shape(40), result.view
    rows, columns, heights = Rough().heights(view.box(), 40)
    latitude, longitude = view.earth(*np.meshgrid(*view.cells(shape)))
    expected = RegularGridInterpolator((rows, columns), heights)(np.stack([latitude, longitude], -1))
    np.testing.assert_allclose(sample_relief(Rough(), view, shape), expected, atol=1e-6)


def test_each_level_of_lines_is_named_once(context):
    picture, _ = drawn(context, {"contour": LINES, "bathymetry": False}, "15x9")
    by_name = [text.get_text() for text in picture.figure.axes[0].texts]
    assert [text for text in by_name if text in {"31", "33", "35"}] in (
        ["33"],
        ["33", "35"],
        ["35"],
        ["31", "33", "35"],
    )
    legend = picture.figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["31", "33", "35"]
    assert legend.get_title().get_text() == "Salinity (PSU)"


def test_hatching_is_explained(context):
    picture, _ = drawn(context, {"contour": {**LINES, "hatch": True}, "bathymetry": False}, "15x9")
    texts = [text.get_text() for text in picture.figure.legends[0].get_texts()]
    assert texts == ["< 31", "31 – 33", "33 – 35", "> 35"]


@loop_over("magnitude", ["length", "color", "none"])
def test_arrows_show_the_magnitude_as_requested(context, magnitude):
    picture, _ = drawn(context, {"quiver": {**ARROWS, "magnitude": magnitude}, "bathymetry": False}, "11x5")
    axes = picture.figure.axes[0]
    (created,) = [item for item in axes.collections if type(item).__name__ == "Quiver"]
    lengths = np.hypot(created.U, created.V)
    np.testing.assert_allclose(lengths, 0.5 if magnitude == "length" else 1.0)
    assert 200 < len(lengths) < 900
    keys = [item for item in axes.artists if type(item).__name__ == "QuiverKey"]
    assert [item.text.get_text() for item in keys] == (
        ["0.5\N{NO-BREAK SPACE}m\N{NO-BREAK SPACE}s⁻¹"] * (magnitude == "length")
    )
    assert (len(picture.figure.axes) == 3) == (magnitude == "color")
    # A rim, where the map may have their colours.
    assert bool(created.get_linewidth()[0] == ARROW_OUTLINE) == (magnitude == "color")


def test_a_variable_with_components_is_enough_for_arrows(client, numbers):
    assert plot(client, {"quiver": {**ARROWS, "variable": "aice"}}).status_code == 200
    assert ["u", "v"] in [item.variables for item in numbers.asked]


def test_two_variables_are_a_vector_of_which_the_magnitude_is_shown(client, numbers):
    assert "Speed" in plot(client, {"variable": "u,v"}, format="svg").text
    assert all(item.vector == ["magnitude"] for item in numbers.asked)


def test_a_predefined_area_is_looked_up_with_its_holes(client, numbers):
    response = plot(client, {"area": ["seas/Barents"]}, format="svg")
    assert "Temperature at 10\N{NO-BREAK SPACE}m, Barents" in "".join(ET.fromstring(response.content).itertext())
    summed = next(item for item in numbers.asked if isinstance(item, StatisticsRequest))
    assert [len(item) for item in summed.polygon["coordinates"]] == [2]
    assert problem(plot(client, {"area": ["seas/none"]}), 404)["field"] == "$.area[0]"


def test_the_alternative_text_has_quantity_place_time_and_range(client):
    alt = json.loads(plot(client, format="described").content)["alt"]
    assert alt.startswith(
        "Temperature at 10\N{NO-BREAK SPACE}m, Barents Sea, 5 February 2016. In the area from −1.5 to 6.5"
    )


def test_an_area_without_data_is_drawn_and_says_so(client, numbers):
    numbers.columns["nothing"] = 1
    south = {"area": [{"polygons": [[[60, 10], [60, 12], [62, 12], [62, 10]]]}], "scale": "auto"}
    response = plot(client, south, format="svg")
    assert response.status_code == 200
    assert "No data in the area" in response.text


@loop_over("form", ["png", "jpeg", "svg", "pdf", "ps", "eps", "tiff", "json", "described"])
def test_every_form_of_picture_is_made(client, form):
    response = plot(client, {"quiver": ARROWS, "contour": {**LINES, "hatch": True}}, format=form, dpi=40)
    assert response.status_code == 200
    assert len(response.content) > 2000


def test_a_vector_format_holds_the_field_as_one_image_and_the_bar_as_another(client):
    assert plot(client, format="svg").text.count("<image") == 2


def test_a_table_has_a_row_for_each_cell_in_the_area_with_its_value(client, numbers):
    response = plot(client, {"quiver": ARROWS}, format="csv", save="True")
    assert re.search(r'filename="map_arctic_.*\.csv"', response.headers["content-disposition"])
    lines = response.text.splitlines()
    assert "// Area: Barents Sea" in lines
    titles = next(item for item in lines if not item.startswith("//")).split(", ")
    assert titles[:4] == ["Latitude", "Longitude", "Depth (m)", "Temperature (°C)"]
    assert [item.rpartition(" ")[0] for item in titles[4:]] != []
    rows = np.array([[float(cell) for cell in line.split(", ")] for line in lines if line[0].isdigit()])
    assert len(rows) == 6 * 20
    np.testing.assert_array_equal(
        rows[:, 3].astype(np.float32), field_value("votemper", *rows[:, :2].T).astype(np.float32)
    )
    np.testing.assert_array_equal(rows[:, 2], 10)
    np.testing.assert_allclose(rows[:, 4:], [[0.3, -0.4, 143.13]] * len(rows), rtol=1e-6)
    assert all(item.projection is None for item in numbers.asked)


def test_a_table_of_a_comparison_has_both_and_the_difference(client):
    response = plot(client, {"compare_to": OTHER}, format="csv")
    rows = np.array(
        [[float(cell) for cell in line.split(", ")] for line in response.text.splitlines() if line[0].isdigit()]
    )
    np.testing.assert_allclose(rows[:, 3] - rows[:, 4], rows[:, 5], atol=1e-5)
    np.testing.assert_allclose(rows[:, 5], 0.25 * np.cos(np.radians(rows[:, 1])), rtol=1e-5)


def test_statistics_are_those_of_the_data_service(client, numbers):
    lines = plot(client, format="stats").text.splitlines()
    assert [item.rpartition(", ")[2] for item in lines[-5:]] == ["-1.5", "6.5", "2.5", "1.25", "100"]
    assert all(isinstance(item, StatisticsRequest) for item in numbers.asked)
    query, result = fetched(form="stats")
    assert [item.mean for item in compute_statistics(KIND.table(query, result, DrawContext()))] == [2.5]


def test_a_file_has_the_model_s_own_cells_in_the_area(client, numbers):
    assert plot(client, format="nc").content == b"netcdf of votemper"
    requests = numbers.asked[-1]
    assert (requests.projection, requests.shape) == (None, None)
    assert requests.polygon["type"] == "MultiPolygon"
    plot(client, {"compare_to": OTHER}, format="nc")
    assert isinstance(numbers.asked[-1], DifferenceRequest)


GEOGRAPHY = {
    "Barents": [[70, 10], [70, 30], [76, 30], [76, 10]],
    "Pacific": [[-5, 170], [-5, -170], [5, -170], [5, 170]],
    "tall": [[0, 10], [0, 14], [40, 14], [40, 10]],
    "Arctic": [[75, 0], [75, 120], [75, 240]],
    "slanting": [[50, -60], [51, -61], [71, -21], [70, -20]],
}


@loop_over("where", GEOGRAPHY)
@loop_over("projection", [None, *PROJECTIONS])
def test_a_georeferenced_image_has_its_values_where_they_belong(context, where, projection):
    change = {"area": [{"polygons": [GEOGRAPHY[where]]}], "projection": projection}
    query, result = fetched(change, form="geotiff")
    content = WRITERS["geotiff"](KIND.raster(query, result, context()), Output(format="geotiff"))
    with rasterio.MemoryFile(content) as file, file.open() as image:
        assert (image.count, image.dtypes, image.compression.name) == (1, ("float32",), "deflate")
        values = image.read(1, masked=True)
        left, bottom, right, top = result.view.extent
        assert tuple(image.bounds) == pytest.approx((left, bottom, right, top))
        back = Transformer.from_crs(image.crs.to_wkt(), "EPSG:4326", always_xy=True)
        rows, columns = np.mgrid[0 : image.height : 7, 0 : image.width : 7]
        to = image.transform
        x, y = to.c + to.a * (columns.ravel() + 0.5), to.f + to.e * (rows.ravel() + 0.5)
        longitude, latitude = back.transform(x, y)
    expected = field_value("votemper", np.array(latitude), np.array(longitude))
    shown = values[rows.ravel(), columns.ravel()]
    near = np.abs(np.array(latitude) - 69.5) > 0.01
    np.testing.assert_array_equal(np.ma.getmaskarray(shown)[near], np.isnan(expected)[near])
    pair = near & np.isfinite(expected)
    np.testing.assert_allclose(shown[pair].filled(np.nan), expected[pair], atol=1e-3)


def test_texts_of_a_georeferenced_image_are_utf_8():
    raster = Raster(
        values=np.zeros((2, 2), np.float32), extent=(0.0, 0.0, 1.0, 1.0), projection="EPSG:3857",
        name="Température (°C)", source="Modèle d'été",
    )  # fmt: skip
    with rasterio.MemoryFile(write_geotiff(raster, Output(format="geotiff"))) as file, file.open() as image:
        assert image.tags()["TIFFTAG_IMAGEDESCRIPTION"].startswith("Température (°C); ; Modèle d'été")


def test_a_georeferenced_image_is_served(client):
    response = plot(client, format="geotiff", save="True")
    assert response.headers["content-type"] == "image/tiff"
    assert ".tif" in response.headers["content-disposition"]
    assert Image.open(io.BytesIO(response.content)).mode == "F"


@loop_over(
    ("change", "field"),
    [
        ({"area": []}, "$.area"),
        ({"area": "seas/Barents"}, "$.area"),
        ({"area": [{"polygons": []}]}, "$.area[0].polygons"),
        ({"area": [{"polygons": [[[70, 10], [71, 10]]]}]}, "$.area[0].polygons[0]"),
        ({"area": [{"polygons": [[[70, 10], [70, 10], [70, 10]]]}]}, "$.area[0].polygons[0]"),
        ({"area": [{"polygons": [[[70, 10], [70, 11], [70, 12]]]}]}, "$.area"),
        ({"area": [{"polygons": [[[170, 10], [71, 10], [72, 11]]]}]}, "$.area[0].polygons[0][0]"),
        ({"area": [{"polygons": [[[70, "x"], [71, 10], [72, 11]]]}]}, "$.area[0].polygons[0][0][1]"),
        ({"area": [{**BARENTS, "innerrings": [[[70, 10]]]}]}, "$.area[0].innerrings[0]"),
        ({"area": [5]}, "$.area[0]"),
        ({"projection": "EPSG:4326"}, "$.projection"),
        ({"depth": "all"}, "$.depth"),
        ({"scale": "nan,nan"}, "$.scale"),
        ({"scale": "5,3"}, "$.scale"),
        ({"colormap": "pink"}, "$.colormap"),
        ({"variable": "u,v,votemper"}, "$.variable"),
        ({"quiver": {"variable": "votemper"}}, "$.quiver.variable"),
        ({"quiver": {**ARROWS, "magnitude": "size"}}, "$.quiver.magnitude"),
        ({"quiver": {**ARROWS, "colormap": "pink"}}, "$.quiver.colormap"),
        ({"quiver": 5.5}, "$.quiver"),
        ({"contour": {**LINES, "levels": "a,b"}}, "$.contour.levels"),
        ({"contour": {**LINES, "levels": ",".join(map(str, range(50)))}}, "$.contour.levels"),
        ({"contour": {**LINES, "levels": "nan"}}, "$.contour.levels"),
        ({"contour": {**LINES, "colormap": "pink"}}, "$.contour.colormap"),
        ({"compare_to": {**OTHER, "scale": "x"}}, "$.compare_to.scale"),
        ({"compare_to": {**OTHER, "scale_diff": "1"}}, "$.compare_to.scale_diff"),
        ({"compare_to": {**OTHER, "colormap_diff": "pink"}}, "$.compare_to.colormap_diff"),
        ({"compare_to": {**OTHER, "depth": "all"}}, "$.compare_to.depth"),
        ({"interp": "cubic"}, "$.interp"),
        ({"time": "soon"}, "$.time"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(client, change, field):
    assert problem(plot(client, change))["field"] == field


@loop_over(
    ("change", "field"),
    [
        ({"variable": "nope"}, "$.variable"),
        ({"quiver": {**ARROWS, "variable": "nope,v"}}, "$.quiver.variable"),
        ({"contour": {**LINES, "variable": "nope"}}, "$.contour.variable"),
    ],
)
def test_an_unknown_variable_is_named_by_its_path(client, change, field):
    assert problem(plot(client, change), 404)["field"] == field


@loop_over("none", [None, False, "", "none", {"variable": ""}, {"variable": "none"}, {}])
def test_arrows_and_lines_are_switched_off_in_every_spelling(client, numbers, none):
    numbers.asked.clear()  # of the case before
    assert plot(client, {"quiver": none, "contour": none, "compare_to": False}).status_code == 200
    assert len(numbers.asked) == 2


def test_equal_requests_give_equal_bytes(client):
    assert plot(client).content == plot(client).content


def test_the_fakes_have_the_variables_that_are_drawn():
    assert {"votemper", "vosaline", "u", "v", "kind"} <= set(VARIABLES)


def test_a_service_without_a_coast_draws_maps_as_well(catalogue, numbers):
    app = create_app(catalogue=catalogue, numbers=numbers, drawing=FigureRenderer())
    with TestClient(app, base_url="http://plotting/api/v2.0") as client:
        assert plot(client).status_code == 200


@loop_over("size", ["4x3", "6x4", "8x3", "10x4", "12x4", "15x9"])
def test_all_maps_have_their_statistics_or_none(context, size):
    picture, _ = drawn(context, {"compare_to": OTHER}, size)
    written = [any("In the area" in text.get_text() for text in axes.texts) for axes in picture.figure.axes]
    maps = sum(bool(axes.images) for axes in picture.figure.axes if axes.get_label() != "<colorbar>")
    assert sum(written) in {0, 3}, maps
