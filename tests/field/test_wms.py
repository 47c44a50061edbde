"""The Web Map Service over the shipped data: as OWSLib reads it, with the pixels of tiles and of the nearest cells."""

import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import numpy as np
import pytest
import rasterio
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from owslib.util import ServiceException
from owslib.wms import WebMapService
from PIL import Image
from tests.field.one_process import OneProcess

from ocean_core.tiles import Tile
from ocean_plotting.palettes import colormap_colours, parse_scale, scale_colours

SHIPPED = Path(__file__).parents[2] / "deploy" / "sample_data"
GIOPS = "giops_day/votemper"
BOX = "36,-60,60,-30"  # south, west, north, east
NAMESPACE = "{http://www.opengis.net/ogc}"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The services over the shipped data."""
    folder, configuration = tmp_path_factory.mktemp("wms"), {}
    for name, entry in json.loads((SHIPPED / "datasets.json").read_text()).items():
        configuration[name] = entry | {"url": str(SHIPPED / entry["url"])}
    (folder / "datasets.json").write_text(json.dumps(configuration))
    with OneProcess(folder / "catalogue.sqlite", datasets=folder / "datasets.json") as services:
        yield services


@pytest.fixture(scope="module")
def http(served):
    """A client of the plotting service."""
    with served.listen("plotting") as base, httpx.Client(base_url=base, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def giops():
    """The model of the sample data, as xarray reads it."""
    with xr.open_dataset(next((SHIPPED / "idealised").glob("*.nc"))) as opened:
        yield opened.load()


MAP = {
    "service": "WMS", "version": "1.3.0", "request": "GetMap", "layers": GIOPS, "styles": "", "format": "image/png",
    "crs": "EPSG:4326", "bbox": BOX, "transparent": "TRUE", "width": 120, "height": 96,
}  # fmt: skip


def ask(http, path="/wms", **query):
    """Request a map, but for what is stated otherwise; None: without this parameter."""
    return http.get(path, params={key: value for key, value in (MAP | query).items() if value is not None})


def draw(http, path="/wms", **query):
    """The pixels of a map, (y, x, 4)."""
    response = ask(http, path, **query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == (MAP | query)["format"].partition(";")[0]
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGBA"))


def write_box(box):
    return ",".join(f"{number:.10f}" for number in box)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "gaussian"])
@pytest.mark.parametrize(
    ("layer", "tile"),
    [
        ("arctic_day/votemper", Tile("EPSG:3857", 4, 8, 3)),
        (GIOPS, Tile("EPSG:3857", 3, 2, 2)),
        ("arctic_day/votemper", Tile("EPSG:32661", 1, 1, 1)),
        ("nemo_global_month/tos", Tile("EPSG:3031", 1, 0, 1)),
    ],
)
def test_a_map_of_a_tile_is_that_tile(served, http, layer, tile, interpolation):
    left, bottom, right, top = tile.bounds
    box = (bottom, left, top, right) if tile.projection == "EPSG:32661" else tile.bounds
    query = {"layers": layer, "crs": tile.projection, "interpolation": interpolation, "width": 256, "height": 256}
    pixels = draw(http, **query | {"bbox": write_box(box)})
    older = draw(
        http, **query | {"version": "1.1.1", "crs": None, "srs": tile.projection, "bbox": write_box(tile.bounds)}
    )
    address = f"tiles/{layer}/-1/0/{tile.zoom}/{tile.x}/{tile.y}?projection={tile.projection}&interp={interpolation}"
    expected = np.asarray(Image.open(io.BytesIO(served.get(address).content)).convert("RGBA"))
    assert (expected[..., 3] > 0).any()
    np.testing.assert_array_equal(pixels, expected)
    np.testing.assert_array_equal(older, expected)


def expected_values(giops, time, depth, shape=(96, 120)):
    """Values of the nearest cells at the pixels of the box."""
    field = giops["votemper"].isel(time=time, depth=depth)
    rows, columns = shape
    latitude = 60 - (np.arange(rows) + 0.5) * 24 / rows
    longitude = -60 + (np.arange(columns) + 0.5) * 30 / columns
    return field.sel(latitude=latitude, longitude=longitude, method="nearest").to_numpy()


def colour_indices(pixels, colours):
    """Which of some colours each pixel has; -1 where it is transparent."""
    distance = np.abs(pixels[..., np.newaxis, :3].astype(int) - colours.astype(int)).sum(axis=-1)
    assert (distance.min(axis=-1)[pixels[..., 3] > 0] == 0).all()
    return np.where(pixels[..., 3] > 0, distance.argmin(axis=-1), -1)


@pytest.mark.parametrize(
    ("query", "time", "depth"),
    [
        ({}, -1, 0),
        ({"time": "current"}, -1, 0),
        ({"time": "2016-07-03T12:00:00.000Z"}, 2, 0),
        ({"time": "2016-07-03"}, 2, 0),
        ({"time": "2016-07-04T12:00:00Z,2016-07-05T12:00:00Z", "elevation": "50"}, 3, 4 - 1),
        ({"time": "2016-07-05/2016-07-08"}, 4, 0),
        ({"elevation": "499"}, -1, 8),
        ({"ELEVATION": "1500", "TIME": "2016-07-01T12:00:00Z"}, 0, 12 - 1),
    ],
)
def test_pixels_have_the_colours_of_the_values_of_the_nearest_cells(http, giops, query, time, depth):
    pixels = draw(http, colorscalerange="-2,30", styles="boxfill/grey", numcolorbands="50", **query)
    values = expected_values(giops, time, depth)
    band = np.clip(np.floor((values + 2) / 32 * 50), 0, 49)
    greys = np.linspace(0, 255, 50)
    shade = np.where(np.isnan(values), 0, 255 - greys[np.nan_to_num(band).astype(int)])
    near_edge = np.abs((values + 2) / 32 * 50 % 1 - 0.5) > 0.499
    assert ((pixels[..., 3] == 0) == np.isnan(values)).all()
    clear = ~np.isnan(values) & ~near_edge
    assert clear.any()
    assert (np.abs(pixels[..., 0] - shade)[clear] <= 1).all()


def test_the_palette_and_its_ends_are_those_that_are_asked_for(http, giops):
    values, scale = expected_values(giops, -1, 0), parse_scale("8,20")
    low, high, water = values < 8, values > 20, ~np.isnan(values)
    assert low.any()
    assert high.any()
    plain = draw(http, styles="boxfill/thermal", colorscalerange="8,20")
    indices = colour_indices(plain, scale_colours("thermal", scale))
    assert np.abs(indices - np.clip((values - 8) / 12 * 255, 0, 254.5))[water].max() <= 1
    ends = draw(
        http, styles="boxfill/thermal", colorscalerange="8,20", belowmincolor="0x010203", abovemaxcolor="transparent"
    )
    assert (ends[low & water] == (1, 2, 3, 255)).all()
    assert (ends[high & water, 3] == 0).all()
    assert len(np.unique(draw(http, numcolorbands="5")[..., :3].reshape(-1, 3), axis=0)) <= 6
    own = draw(http, colorscalerange="auto")
    finite = values[water]
    stated = draw(http, colorscalerange=f"{float(finite.min())!r},{float(finite.max())!r}")
    assert (np.abs(own.astype(int) - stated.astype(int)) > 3).mean() < 0.01


def test_backgrounds_formats_opacity_and_layers(http):
    clear, white = draw(http), draw(http, transparent="FALSE")
    land = clear[..., 3] == 0
    assert land.any()
    assert (white[land] == 255).all()
    assert (white[~land] == clear[~land]).all()
    assert (draw(http, transparent=None, bgcolor="0x00FF00")[land] == (0, 255, 0, 255)).all()
    assert (draw(http, format="image/webp")[~land] == clear[~land]).all()
    jpeg = draw(http, format="image/jpeg", bgcolor="#0000ff")
    assert (jpeg[..., 3] == 255).all()
    assert np.abs(jpeg[land].astype(int) - (0, 0, 255, 255)).mean() < 20
    assert (draw(http, format="image/png;mode=32bit") == clear).all()
    half = draw(http, opacity="50")
    assert (half[~land, 3] == 128).all()
    layers = draw(http, layers=f"{GIOPS},arctic_day/votemper", styles=",", bbox="55,-40,85,50")
    above = draw(http, layers="arctic_day/votemper", bbox="55,-40,85,50")
    below = draw(http, bbox="55,-40,85,50")
    expected = np.where(above[..., 3:] > 0, above, below)
    np.testing.assert_array_equal(layers, expected)
    assert (draw(http, "/wms/giops_day", layers="votemper") == clear).all()


def test_absent_dimensions_are_told(http):
    response = ask(http)
    assert response.headers["warning"] == (
        "99 Default value used: time=2016-07-10T12:00:00Z, 99 Default value used: elevation=0.5 m"
    )
    assert "Nearest value used: elevation=500 m" in ask(http, time="current", elevation="499").headers["warning"]
    assert "warning" not in ask(http, time="2016-07-10T12:00:00Z", elevation="0.5").headers


def test_maps_are_kept_by_revision(http):
    first = ask(http, time="2016-07-02")
    known = {"if-none-match": first.headers["etag"]}
    again = http.get(first.url, headers=known)
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "code", "status"),
    [
        ({"layers": None}, "LayerNotDefined", 400),
        ({"layers": "giops_day/nothing"}, "LayerNotDefined", 400),
        ({"layers": "nowhere/votemper"}, "LayerNotDefined", 400),
        ({"layers": "votemper"}, "LayerNotDefined", 400),
        ({"layers": ",".join([GIOPS] * 9), "styles": None}, "LayerNotDefined", 413),
        ({"styles": "boxfill/nothing"}, "StyleNotDefined", 400),
        ({"styles": "default,default"}, "StyleNotDefined", 400),
        ({"crs": "EPSG:9"}, "InvalidCRS", 400),
        ({"crs": None}, "InvalidCRS", 400),
        ({"version": "1.1.1", "crs": None, "srs": "EPSG:9"}, "InvalidSRS", 400),
        ({"format": "image/bmp"}, "InvalidFormat", 400),
        ({"time": "1850-01-01"}, "InvalidDimensionValue", 400),
        ({"time": "then"}, "InvalidDimensionValue", 400),
        ({"time": "2020-01-01/2020-02-01"}, "InvalidDimensionValue", 400),
        ({"time": "a/b"}, "InvalidDimensionValue", 400),
        ({"elevation": "99999"}, "InvalidDimensionValue", 400),
        ({"elevation": "deep"}, "InvalidDimensionValue", 400),
        ({"bbox": "60,-60,36,-30"}, None, 400),
        ({"bbox": "1,2,3"}, None, 400),
        ({"bbox": "nan,0,1,1"}, None, 400),
        ({"width": "0"}, None, 400),
        ({"width": "-5"}, None, 400),
        ({"width": "1e3000"}, None, 400),
        ({"width": "5000"}, None, 413),
        ({"width": "4096", "height": "4096"}, None, 413),
        ({"width": "2048", "height": "2048", "layers": ",".join([GIOPS] * 3), "styles": None}, None, 413),
        ({"width": "2048", "height": "2048", "interpolation": "gaussian"}, None, 413),
        ({"bgcolor": "red"}, None, 400),
        ({"colorscalerange": "5"}, None, 400),
        ({"colorscalerange": "-1,5", "logscale": "true"}, None, 400),
        ({"logscale": "true"}, None, 400),
        ({"opacity": "101"}, None, 400),
        ({"numcolorbands": "1"}, None, 400),
        ({"interpolation": "magic"}, None, 400),
        ({"request": "DescribeLayer"}, "OperationNotSupported", 400),
        ({"service": "WFS"}, None, 400),
    ],
)
def test_failures_have_the_form_of_the_standard(http, query, code, status):
    response = ask(http, **query)
    assert response.status_code == status, response.text
    older = query.get("version") == "1.1.1"
    media_type = "application/vnd.ogc.se_xml" if older else "text/xml"
    assert response.headers["content-type"].startswith(media_type)
    report = ET.fromstring(response.content)
    (exception,) = report.findall("ServiceException" if older else f"{NAMESPACE}ServiceException")
    assert exception.get("code") == code
    assert exception.text.strip()
    french = ask(http, lang="fr", **query)
    assert french.status_code == status
    assert french.content != response.content


def test_failures_are_pictures_where_that_is_asked_for(http):
    query = {"layers": "giops_day/nothing", "width": 300, "height": 200}
    blank = ask(http, exceptions="BLANK", **query)
    text = ask(http, exceptions="application/vnd.ogc.se_inimage", transparent="FALSE", **query)
    for response in (blank, text):
        assert response.headers["content-type"] == "image/png"
    picture = np.asarray(Image.open(io.BytesIO(blank.content)))
    assert picture.shape == (200, 300, 4)
    assert not picture[..., 3].any()
    written = np.asarray(Image.open(io.BytesIO(text.content)).convert("RGB"))
    assert 0 < (written != 255).any(axis=-1).sum() < written.size / 6


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
@pytest.mark.parametrize("path", ["/wms", "/wms/giops_day"])
def test_owslib_reads_the_capabilities_and_gets_maps_and_values(http, giops, version, path):
    service = WebMapService(str(http.base_url.join(path)), version=version)
    layer = service.contents[GIOPS]
    assert layer.queryable == 1
    assert {"EPSG:3857", "EPSG:4326", "EPSG:3413", "EPSG:32661", "EPSG:3031"} <= set(layer.crsOptions)
    assert layer.timepositions == ["2016-07-01T12:00:00Z/2016-07-10T12:00:00Z/P1D"]
    assert layer.defaulttimeposition == "2016-07-10T12:00:00Z"
    assert [float(text) for text in layer.elevations] == giops["depth"].to_numpy().tolist()
    assert layer.boundingBoxWGS84 == (-78.0, 32.0, -10.0, 66.0)
    assert layer.title == "Temperature (Celsius)"
    assert layer.keywords == ["sea_water_potential_temperature"]
    assert "boxfill/thermal" in layer.styles
    where = {"srs": "EPSG:3857", "bbox": (-6e6, 5e6, -4e6, 7e6), "size": (64, 64)}
    answer = service.getmap(layers=[GIOPS], styles=["default"], format="image/png", transparent=True, **where)
    assert Image.open(io.BytesIO(answer.read())).size == (64, 64)
    legend = httpx.get(layer.styles["default"]["legend"])
    assert legend.headers["content-type"] == "image/png"
    values = service.getfeatureinfo(
        layers=[GIOPS], query_layers=[GIOPS], info_format="application/json", xy=(32, 32), **where
    )
    properties = json.loads(values.read())["features"][0]["properties"]
    assert properties["layer"] == GIOPS
    with pytest.raises(ServiceException, match="nothing"):
        service.getmap(layers=["giops_day/nothing"], format="image/png", **where)


def test_all_layers_are_listed_once_with_their_dataset(http, served):
    service = WebMapService(str(http.base_url.join("/wms")), version="1.3.0")
    listed = served.get("datasets/variables/all").json()
    names = {f"{item['dataset_id']}/{item['variable_id']}" for items in listed.values() for item in items}
    assert {name for name, layer in service.contents.items() if layer.name} == names
    for version in ("1.3.0", "1.1.1"):
        french = http.get("/wms", params={"request": "GetCapabilities", "version": version, "lang": "fr"})
        assert "Température" in french.text
    french = http.get("/wms/giops_day", headers={"accept-language": "fr"})
    assert "Température" in french.text
    assert french.headers["content-language"] == "fr"
    assert 'version="1.3.0"' in french.text  # as QGIS asks, without a version


def test_values_are_those_of_the_nearest_cell(http, giops):
    values = expected_values(giops, 3, 2)
    query = {"request": "GetFeatureInfo", "query_layers": GIOPS, "time": "2016-07-04", "elevation": "25"}
    for row, column in ((10, 100), (50, 20), (90, 60), (95, 119), (0, 0)):
        response = ask(http, info_format="application/json", i=column, j=row, **query)
        assert response.status_code == 200, response.text
        (feature,) = response.json()["features"]
        longitude, latitude = feature["geometry"]["coordinates"]
        assert latitude == pytest.approx(60 - (row + 0.5) / 4, abs=1e-5)
        assert longitude == pytest.approx(-60 + (column + 0.5) / 4, abs=1e-5)
        value = feature["properties"]["value"]
        if np.isnan(values[row, column]):
            assert value is None
            continue
        assert value == pytest.approx(values[row, column], rel=1e-5)
        assert feature["properties"]["time"] == "2016-07-04T12:00:00Z"
        assert feature["properties"]["elevation"] == "25 m"
        xml = ET.fromstring(ask(http, info_format="text/xml", i=column, j=row, **query).content)
        assert float(xml.findtext("Feature/FeatureInfo/value")) == pytest.approx(value)
        for form in ("text/plain", "text/html"):
            page = ask(http, info_format=form, i=column, j=row, **query)
            assert page.headers["content-type"].startswith(form)
            assert "2016-07-04T12:00:00Z" in page.text
    for point, code in (({"i": 120, "j": 0}, "InvalidPoint"), ({"i": "x", "j": 0}, "InvalidPoint")):
        assert f'code="{code}"' in ask(http, **query, **point).text
    assert 'code="InvalidFormat"' in ask(http, info_format="text/csv", i=0, j=0, **query).text
    outside = ask(http, i=1, j=1, **query | {"bbox": "-60,0,-50,10"})
    assert outside.json()["features"][0]["properties"]["value"] is None


def test_legends_are_those_of_layers_or_their_colours_alone(http):
    query = {"request": "GetLegendGraphic", "layer": GIOPS}
    legend = http.get("/wms", params=query | {"colorscalerange": "0,10", "style": "boxfill/ice"})
    other = http.get("/wms", params=query)
    assert legend.headers["content-type"] == other.headers["content-type"] == "image/png"
    banded = http.get("/wms", params=query | {"numcolorbands": "4"})
    assert len({legend.content, other.content, banded.content}) == 3
    strip = {"request": "GetLegendGraphic", "colorbaronly": "true", "width": 4, "height": 256, "palette": "thermal"}
    pixels = np.asarray(Image.open(io.BytesIO(http.get("/wms", params=strip).content)))
    assert pixels.shape == (256, 4, 3)
    colours = colormap_colours("thermal")
    np.testing.assert_array_equal(pixels[[0, -1], 0], colours[[-1, 0]])
    wide = http.get("/wms", params=strip | {"vertical": "false", "width": 256, "height": 3, "numcolorbands": 4})
    assert len(np.unique(np.asarray(Image.open(io.BytesIO(wide.content)))[0], axis=0)) == 4
    assert 'code="StyleNotDefined"' in http.get("/wms", params=strip | {"palette": "nothing"}).text


def test_what_portals_ask_ncwms_is_answered(http, giops):
    def get(**query):
        response = http.get("/wms", params={"request": "GetMetadata"} | query)
        assert response.status_code == 200, response.text
        return response.json()

    menu = get(item="menu")
    assert GIOPS in {layer["id"] for dataset in menu["children"] for layer in dataset["children"]}
    details = get(item="layerDetails", layerName=GIOPS, time="2016-07-03T20:00:00Z")
    assert details["units"] == "Celsius"
    assert details["bbox"] == [-78.0, 32.0, -10.0, 66.0]
    assert details["zaxis"] == {"units": "m", "positive": False, "values": giops["depth"].to_numpy().tolist()}
    assert details["datesWithData"] == {"2016": {"6": list(range(1, 11))}}
    assert details["nearestTimeIso"] == "2016-07-03T12:00:00Z"
    assert details["defaultPalette"] in details["palettes"]
    assert get(item="timesteps", layerName=GIOPS, day="2016-07-03") == {"timesteps": ["12:00:00.000Z"]}
    assert get(item="timesteps", layerName=GIOPS, day="2017-07-03") == {"timesteps": []}
    window = {key: MAP[key] for key in ("crs", "bbox", "width", "height")}
    limits = get(item="minmax", layers=GIOPS, time="2016-07-03", **window)
    values = expected_values(giops, 2, 0)
    assert limits["min"] == pytest.approx(np.nanmin(values))
    assert limits["max"] == pytest.approx(np.nanmax(values))
    for query in ({"item": "animation"}, {}, {"item": "layerDetails"}, {"item": "timesteps", "layerName": GIOPS}):
        assert http.get("/wms", params={"request": "GetMetadata"} | query).status_code == 400


TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
NAMES = ["layers", "styles", "bbox", "width", "height", "time", "elevation", "crs", "format", "colorscalerange"]
NAMES += ["numcolorbands", "opacity", "bgcolor", "belowmincolor", "version", "exceptions", "i", "j", "query_layers"]


@settings(max_examples=150, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(NAMES), TEXTS | st.integers(-10, 300).map(str), max_size=3),
    operation=st.sampled_from(["GetMap", "GetFeatureInfo", "GetLegendGraphic", "GetCapabilities", "GetMetadata"]),
)
def test_any_text_is_answered_or_refused(http, changes, operation):
    response = ask(http, **{"request": operation, "i": 3, "j": 4, "layer": GIOPS, "item": "minmax"} | changes)
    assert response.status_code in {200, 400, 413}, response.text
    if response.headers["content-type"].startswith("text/xml"):
        ET.fromstring(response.content)


@settings(max_examples=60, deadline=None)
@given(
    box=st.tuples(*[st.floats(-400, 400)] * 4),
    size=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    crs=st.sampled_from(["EPSG:4326", "CRS:84"]),
)
def test_any_box_is_a_map_of_its_size_or_is_refused(http, box, size, crs):
    response = ask(http, crs=crs, bbox=",".join(map(repr, box)), width=size[0], height=size[1])
    across = box if crs == "CRS:84" else (box[1], box[0], box[3], box[2])
    assert response.status_code == (200 if across[0] < across[2] and across[1] < across[3] else 400)
    if response.status_code == 200:
        assert Image.open(io.BytesIO(response.content)).size == size


def test_gdal_reads_a_layer(http):
    address = http.base_url.join("/wms")
    layer = f"WMS:{address}?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS={GIOPS}&SRS=EPSG:4326&BBOX=-60,36,-30,60"
    with rasterio.open(layer) as opened:
        assert opened.crs.to_epsg() == 4326
        west, south, east, north = opened.bounds
        assert (west, south, east) == (-60, 36, -30)
        assert north == pytest.approx(60, abs=0.01)
        picture = opened.read(out_shape=(opened.count, 96, 120))
    plain = draw(http, format="image/jpeg", transparent="FALSE")[..., :3]
    assert np.abs(np.moveaxis(picture[:3], 0, -1).astype(int) - plain).mean() < 12


# Animations


def frames_of(content):
    """The frames of an animation, (y, x, 3) each, and how long the first is shown, ms."""
    with Image.open(io.BytesIO(content)) as picture:
        frames = []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            frames.append(np.asarray(picture.convert("RGB")))
        return frames, picture.info.get("duration")


@pytest.mark.parametrize(("form", "kind"), [("image/gif", "GIF"), ("image/apng", "PNG")])
def test_an_animation_has_the_maps_of_its_time_steps(http, form, kind):
    look = {"colorscalerange": "0,25", "transparent": "FALSE"}
    answer = ask(http, **look, format=form, time="2016-07-02/2016-07-04", framerate="2")
    assert answer.headers["content-type"] == form
    assert Image.open(io.BytesIO(answer.content)).format == kind
    frames, duration = frames_of(answer.content)
    assert duration == 500
    assert len(frames) == 3
    for day, frame in zip(("2016-07-02", "2016-07-03", "2016-07-04"), frames, strict=True):
        alone = ask(http, **look, format="image/png", time=day)
        expected = np.asarray(Image.open(io.BytesIO(alone.content)).convert("RGB"))
        # Above the corner with the time; a GIF has 256 colours.
        difference = np.abs(frame[:-24].astype(int) - expected[:-24].astype(int))
        assert difference.max() <= (0 if kind == "PNG" else 40)
        assert np.mean(difference) < 3
    listed, _ = frames_of(ask(http, **look, format=form, time="2016-07-02,2016-07-05T12:00:00Z").content)
    assert len(listed) == 2


def test_an_animation_that_is_too_long_or_without_limits_is_refused(http):
    for query, words in (
        ({"time": "2016-07-01/2016-07-10", "width": 2000, "height": 2000, "colorscalerange": "0,25"}, "at most"),
        ({"time": "2016-07-01/2016-07-02", "colorscalerange": "auto"}, "COLORSCALERANGE"),
        ({"time": "2016-07-01/2016-07-02", "framerate": "900"}, "FRAMERATE"),
        ({"time": "1999-01-01/1999-02-01"}, "no time step"),
    ):
        answer = http.get("/wms", params=MAP | query | {"format": "image/gif"})
        assert answer.status_code in {400, 413}, query
        assert words in answer.text
