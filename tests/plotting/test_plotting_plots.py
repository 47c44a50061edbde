"""Profile plots over HTTP: every format opens, numbers are the fetched ones, wrong queries are named."""

import base64
import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from litestar import Request
from PIL import Image
from tests.looping import loop_over
from tests.plotting.fakes import DEPTHS, info, profile_values

from ocean_common.contracts.common import PLOT_KINDS
from ocean_core.colour import Scale
from ocean_plotting.figure import legends
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.plots import KINDS
from ocean_plotting.plots.api import accepted_format

QUERY = {
    "dataset": "arctic",
    "names": [None, "Jan Mayen $x^2$"],
    "station": [[73.0, 20.0], [70.5, -5.25]],
    "showmap": True,
    "time": 1454673600,
    "variable": ["votemper", "vosaline"],
    "variable_range": [None, [20, 45]],
}
ALLOWED = ["png", "jpeg", "svg", "pdf", "ps", "eps", "tiff", "json", "described", "csv", "odv", "stats", "nc"]


def plot(client, query=QUERY, **parameters):
    return client.get("/plot/profile", params={"query": json.dumps(query), **parameters})


def problem(response, status=400):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["errors"][0]


def test_the_service_draws_every_kind_of_the_contract_and_no_other():
    assert sorted(KINDS) == list(PLOT_KINDS)


@loop_over(("asked", "form"), [("png", "PNG"), ("JPEG", "JPEG"), ("jpg", "JPEG"), ("tiff", "TIFF")])
def test_a_raster_has_the_requested_size(client, asked, form):
    response = plot(client, format=asked, size="6x4", dpi=50)
    image = Image.open(io.BytesIO(response.content))
    image.load()
    assert (image.format, image.size) == (form, (300, 200))
    assert response.headers["content-type"] == f"image/{form.lower()}"


def test_an_svg_keeps_its_text_as_text(client):
    response = plot(client, format="svg")
    assert response.headers["content-type"] == "image/svg+xml"
    words = "".join(ET.fromstring(response.content).itertext())
    for text in ("Temperature (°C)", "Salinity (PSU)", "Depth (m)", "5 February 2016", "Jan Mayen $x^2$", "MET Norway"):
        assert text in words


@loop_over(
    ("asked", "begins", "media_type"),
    [
        ("pdf", b"%PDF", "application/pdf"),
        ("ps", b"%!PS", "application/postscript"),
        ("eps", b"%!PS", "application/postscript"),
    ],
)
def test_a_page_begins_as_its_format_does(client, asked, begins, media_type):
    response = plot(client, {**QUERY, "showmap": False}, format=asked, size="4x3")
    assert response.content.startswith(begins)
    assert response.headers["content-type"] == media_type


def test_the_default_is_a_json_string_with_the_picture(client):
    response = plot(client)
    assert response.headers["content-type"] == "application/json"
    head, _, content = response.json().partition(",")
    assert head == "data:image/png;base64"
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    assert image.size == (1080, 648)
    assert "MET Norway" in image.text["Source"]
    assert "Temperature and Salinity" in image.text["Title"]


def test_a_table_has_the_fetched_values(client):
    response = plot(client, format="csv", save="True")
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["content-disposition"] == 'attachment; filename="profile_arctic_2016-02-05T1200.csv"'
    lines = response.text.splitlines()
    assert "// Dataset: Arctic model, daily" in lines
    assert lines[3] == "Latitude, Longitude, Depth (m), Temperature (°C), Salinity (PSU)"
    rows = np.array([[float(cell) for cell in line.split(", ")] for line in lines[4:]])
    wet = DEPTHS <= 2600
    assert len(rows) == 2 * wet.sum()
    for position, point in enumerate(QUERY["station"]):
        part = rows[position * wet.sum() : (position + 1) * wet.sum()]
        np.testing.assert_array_equal(part[:, 2], DEPTHS[wet])
        for column in (0, 1):
            fetched = profile_values(point, DEPTHS, column)[wet]
            np.testing.assert_array_equal(part[:, 3 + column].astype(np.float32), fetched.astype(np.float32))


def test_a_station_on_land_has_no_rows_and_is_named_in_the_figure(client):
    query = {**QUERY, "station": [[85, 0], [70, 0]], "names": None}
    assert plot(client, query, format="csv").text.count("85.0, 0.0") == 0
    assert "85.00°\N{NO-BREAK SPACE}N, 0.00°: no data" in plot(client, query, format="svg").text


def test_equal_requests_give_equal_bytes(client):
    for form in ("png", "pdf", "csv"):
        first, second = (plot(client, format=form, size="6x4") for _ in range(2))
        assert first.content == second.content


def test_the_body_of_a_post_is_the_same_question(client, numbers):
    response = client.post("/plot/profile", params={"format": "png"}, json=QUERY)
    same = plot(client, format="png")
    assert Image.open(io.BytesIO(response.content)).tobytes() == Image.open(io.BytesIO(same.content)).tobytes()
    assert numbers.asked[:1] == numbers.asked[1:]


def test_the_query_of_the_front_end_s_ctd_tab_is_understood(client, numbers):
    query = {
        **QUERY, "variable": "votemper,vosaline", "colormap": "default", "scale": "auto", "depth": 0,
        "interp": "gaussian", "station": [[73.0, 20.0, "moored"]], "names": [None],
        "time": "2016-02-05T12:00:00Z", "quantum": "day",
    }  # fmt: skip
    del query["variable_range"]
    assert plot(client, query, format="png").status_code == 200
    requests = numbers.asked[0]
    assert [item.variables for item in numbers.asked] == [["votemper", "vosaline"]]
    assert requests.points == [(73.0, 20.0)]
    assert (requests.time, requests.interpolation) == ("2016-02-05T12:00:00Z", "gaussian")


@loop_over(
    ("change", "field"),
    [
        ({"station": [[1]]}, "$.station[0]"),
        ({"station": [[73, 20], 5]}, "$.station[1]"),
        ({"station": [[147, 20]]}, "$.station[0][0]"),
        ({"station": [[7, 2000]]}, "$.station[0][1]"),
        ({"station": [["a", 20]]}, "$.station[0][0]"),
        ({"station": []}, "$.station"),
        ({"station": {"a": 1}}, "$.station"),
        ({"variable": ""}, "$.variable"),
        ({"variable": 5}, "$.variable"),
        ({"variable": ["u"] * 9}, "$.variable"),
        ({"variable_range": [[5, 3]]}, "$.variable_range[0]"),
        ({"variable_range": [[5]]}, "$.variable_range[0]"),
        ({"interp": "cubic"}, "$.interp"),
        ({"radius": -1}, "$.radius"),
        ({"dataset": 5}, "$.dataset"),
        ({"dataset": "nowhere"}, "$.dataset"),
        ({"names": "Jan"}, "$.names"),
        ({"time": "soon"}, "$.time"),
        ({"plotTitle": "x" * 301}, "$.plotTitle"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(client, change, field):
    status = 404 if change == {"dataset": "nowhere"} else 400
    assert problem(plot(client, {**QUERY, **change}), status)["field"] == field
    assert problem(client.post("/plot/profile", json={**QUERY, **change}), status)["field"] == field


@pytest.mark.parametrize("ask", ["get", "post"])
def test_a_wrong_word_is_answered_with_the_words_that_there_are(client, ask):
    query = {**QUERY, "interp": "cubic"}
    response = plot(client, query) if ask == "get" else client.post("/plot/profile", json=query)
    assert problem(response)["allowed"] == ["nearest", "bilinear", "gaussian", "inverse"]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [({"station": [[70, 0], [-70, 0]]}, 422, "$.station[1]"), ({"variable": "nope"}, 404, "$.variable")],
)
def test_an_error_of_the_data_service_names_the_member_of_the_query(client, change, status, field):
    assert problem(plot(client, {**QUERY, **change}), status)["field"] == field


@loop_over("name", ["nul\0", "\x1b[31mred", "bell\a", "\ufffe", "a\nb\tc", "\u202eabc", "$\\frac{"])
def test_any_name_makes_a_well_formed_picture(client, name):
    query = {**QUERY, "names": [name, None], "plotTitle": name}
    words = "".join(ET.fromstring(plot(client, query, format="svg").content).itertext())
    assert not any(character in words for character in "\0\x1b\a\ufffe\u202e")


@loop_over("text", ["", "{", "[]", "5", '"x"', "null", '{"dataset": NaN}', "\x00", "{" * 3000])
def test_an_invalid_query_is_refused(client, text):
    assert client.get("/plot/profile", params={"query": text}).status_code == 400


@loop_over("body", [b"", b"{", b"[]", b"5", b'{"dataset": "arctic"}', b"\xff\xfe", b"[" * 5000])
def test_a_body_that_is_no_query_is_refused(client, body):
    response = client.post("/plot/profile", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("form", ["png", "csv"])
def test_levels_without_a_depth_are_not_drawn_at_the_surface(client, numbers, form):
    numbers.metres = False
    assert problem(plot(client, format=form))["field"] == "$.variable"


def test_ten_thousand_stations_are_too_many(client):
    query = {**QUERY, "station": [[70, 0]] * 10_000}
    assert problem(client.post("/plot/profile", json=query), 413)["field"] == "$.station"


@loop_over(
    ("parameters", "status", "field"),
    [
        ({"size": "1e9x1e9"}, 400, "size"),
        ({"size": "100x5"}, 400, "size"),
        ({"size": "0x0"}, 400, "size"),
        ({"size": "nan"}, 400, "size"),
        ({"dpi": 1_000_000}, 400, "dpi"),
        ({"dpi": -72}, 400, "dpi"),
        ({"dpi": "a"}, 400, "dpi"),
        ({"size": "40x40", "dpi": 600}, 413, "dpi"),
        ({"save": "perhaps"}, 400, "save"),
    ],
)
def test_a_size_beyond_the_bounds_is_refused(client, parameters, status, field):
    assert problem(plot(client, **parameters), status)["field"] == field


@loop_over("form", ["geotiff", "gif", ""])
def test_a_format_that_there_is_not_is_refused_with_those_that_there_are(client, form):
    assert problem(plot(client, format=form))["allowed"] == ALLOWED


def test_an_unknown_kind_of_plot_is_answered_with_the_kinds_that_there_are(client):
    unknown = client.get("/plot/nope?query={}")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:ocean:PlotKindNotFound")
    assert "profile" in unknown.json()["message"]


@loop_over("size", ["6x4", "11x5", "15x9"])
def test_every_station_is_listed_with_its_whole_position(client, size):
    places = [[60.25 + n, -170.25 + n] for n in range(10)]
    query = {**QUERY, "names": None, "station": places}
    words = plot(client, query, format="svg", size=size).text.replace("\N{NO-BREAK SPACE}", " ")
    assert all(f"{latitude:.2f}° N, {-longitude:.2f}° W<" in words for latitude, longitude in places)


def test_names_too_long_for_the_list_are_folded_and_end_with_an_ellipsis(client):
    query = {**QUERY, "names": ["a mooring in the northern Norwegian Sea, the second of nine", None]}
    words = plot(client, query, format="svg", size="6x4").text
    assert "…<" in words
    assert "a mooring in the northern" not in words.partition("</metadata>")[2]


def test_a_figure_of_one_station_says_where_in_its_title(client):
    query = {**QUERY, "station": [[73, 20]], "names": ["Bear Island"]}
    assert "Temperature and Salinity profile at Bear Island" in plot(client, query, format="svg").text


def test_panels_in_a_row_name_their_depths_once(client):
    query = {**QUERY, "variable": "votemper,vosaline,u,v"}
    assert plot(client, query, format="svg").text.count(">Depth (m)<") == 2


def test_an_empty_panel_has_no_depths(client):
    words = plot(client, {**QUERY, "station": [[85, 0]], "names": None, "showmap": False}, format="svg").text
    assert words.count(">no data at these stations<") == 2
    assert ">0<" not in words


@pytest.mark.parametrize("size", ["2x2", "3x2", "40x2", "2x40", "15x9"])
@pytest.mark.parametrize("stations", [1, 30])
def test_a_figure_of_any_shape_is_drawn_without_a_warning(client, size, stations):
    places = [[60 + n / 2, 9 * n] for n in range(stations)]
    query = {**QUERY, "names": ["a very long name of a station " * 3] * stations, "station": places}
    assert plot(client, query, format="png", size=size, dpi=30).status_code == 200


def test_the_colour_bar_of_a_long_name_keeps_its_units():
    long = info("votemper", name="Dissolved Organic Nitrogen Concentration at the Bottom of it All", units="mmol m-3")
    bar = legends.draw_layer_legend(long, Scale(0.0, 1.0), "iron", DrawContext()).figure.axes[0]
    assert bar.get_ylabel().endswith("… (mmol\N{NO-BREAK SPACE}m⁻³)")


def test_the_colour_bar_of_categories_has_room_for_its_name():
    kinds = info("kind", categories=["a category of many words", "sand"])
    figure = legends.draw_layer_legend(kinds, Scale(0.0, 1.0), "seabed lithology", DrawContext()).figure
    figure.draw_without_rendering()
    assert figure.axes[0].yaxis.label.get_window_extent().x1 <= figure.bbox.x1


def test_the_colour_bar_is_a_transparent_picture(client):
    response = client.get("/scale/arctic/votemper/-5,30")
    image = Image.open(io.BytesIO(response.content))
    assert (response.headers["content-type"], image.mode) == ("image/png", "RGBA")
    assert image.getpixel((0, 0))[3] == 0
    assert client.get("/scale/arctic/votemper/1.5000,22.2500").status_code == 200
    assert client.get("/scale/arctic/u,v/0,1").status_code == 200
    assert client.get("/scale/arctic/kind/0,1").status_code == 200
    assert problem(client.get("/scale/arctic/votemper/nan,nan"))["field"] == "limits"
    assert problem(client.get("/scale/arctic/u,/0,1"))["field"] == "variable"
    assert problem(client.get("/scale/arctic/u,v,u/0,1"))["field"] == "variable"
    assert problem(client.get("/scale/arctic/nope/0,1"), 404)["field"] == "variable"


def test_the_colormaps_are_listed_with_the_default_first(client):
    listed = client.get("/plot/colormaps").json()
    assert listed[0] == {"id": "default", "value": "Default for Variable"}
    assert len(listed) == 48
    assert {"balance", "waveheight", "waveperiod", "BuYlRd", "temperature-old"} < {item["id"] for item in listed}


def test_the_chart_of_colormaps_answers_with_and_without_a_slash(client):
    first = client.get("/plot/colormaps.png")
    assert Image.open(io.BytesIO(first.content)).format == "PNG"
    assert client.get("/plot/colormaps.png/").content == first.content


def test_the_document_says_what_every_route_answers(app):
    document = app.openapi_schema.to_schema()
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    assert set(operations) == {
        *("getTile", "getTilejson", "getWms", "getDatasetWms", "getScale", "listColormaps", "getColormapChart"),
        *("getTileMatrixSets", "getTileMatrixSet", "getStyles", "getCollectionMap", "getStyledMap"),
        *("getCollectionTileSets", "getCollectionTileSet", "getCollectionTile"),
        *("getStyledTileSets", "getStyledTileSet", "getStyledTile", "getWmts", "getDatasetWmts"),
        *("getVectorTile", "getTopographyTile", "getDepthContourTile"),
        *(f"{ask}{kind.capitalize()}Plot" for kind in KINDS for ask in ("get", "post")),
    }
    assert {"image/png", "text/csv", "application/pdf"} < set(
        operations["getProfilePlot"]["responses"]["200"]["content"]
    )
    query = document["components"]["schemas"]["ProfileQuery"]["properties"]
    assert query["interp"]["enum"] == ["nearest", "bilinear", "gaussian", "inverse"]
    for operation in operations.values():
        assert operation["summary"]
        assert all(parameter["description"] for parameter in operation.get("parameters", []))


def test_the_accept_header_chooses_the_format_of_a_plot():
    """What front ends send means the data URL that it always meant."""
    formats = ["png", "svg", "json", "described", "csv", "nc"]
    for accept, expected in (
        ("", "json"),
        ("*/*", "json"),
        ("application/json, text/plain, */*", "json"),
        ("image/png", "png"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "png"),
        ("text/csv;q=0.9, image/svg+xml", "svg"),
        ("application/x-netcdf", "nc"),
        ("video/mp4", "json"),
    ):
        scope = {"type": "http", "headers": [(b"accept", accept.encode())] if accept else []}
        assert accepted_format(Request(scope), formats) == expected, accept
