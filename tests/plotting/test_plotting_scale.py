"""Legends: as bars and as stops, in the colours of the tiles and the language of the reader."""

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.looping import loop_over
from tests.plotting.fakes import info

from ocean_core.colour import CATEGORY_COLORMAP, COLORMAPS, Scale
from ocean_plotting.palettes import FEW, colormap_colours, make_palette, palette_indices
from ocean_plotting.tiles.legends import build_legend


def stops(client, path):
    response = client.get(f"/scale/arctic/{path}{'&' if '?' in path else '?'}format=json")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


def test_stops_describe_a_scale(client):
    reported = stops(client, "votemper/-5,30?colormap=thermal")
    assert {key: reported[key] for key in ("name", "units", "colormap", "min", "max", "kind")} == {
        "name": "Temperature", "units": "Celsius", "colormap": "thermal", "min": -5.0, "max": 30.0, "kind": "ramp",
    }  # fmt: skip
    values = [stop["value"] for stop in reported["stops"]]
    assert (values[0], values[-1]) == (-5, 30)
    assert values == sorted(set(values))
    assert all("label" not in stop for stop in reported["stops"])


def test_stops_have_the_colours_that_tiles_have(client):
    reported = stops(client, "votemper/-2,10?colormap=ice")
    tile = Image.open(io.BytesIO(client.get("/tiles/arctic/votemper/1/0/4/8/3?scale=-2,10&colormap=ice").content))
    painted = {tuple(colour[:3]) for colour in np.asarray(tile.convert("RGBA")).reshape(-1, 4) if colour[3]}
    assert len(painted) > 100
    assert painted <= {tuple(bytes.fromhex(stop["colour"][1:])) for stop in reported["stops"]}


def test_stops_of_a_logarithmic_scale_lie_at_equal_ratios(client):
    reported = stops(client, "votemper/0.01,10,log")
    values = np.array([stop["value"] for stop in reported["stops"]])
    assert reported["logarithmic"]
    assert (values[0], values[-1]) == (0.01, 10)
    np.testing.assert_allclose(values[1:] / values[:-1], 1000 ** (1 / 254), rtol=1e-4)
    picture = client.get("/scale/arctic/votemper/0.01,10,log")
    assert picture.status_code == 200
    assert picture.content != client.get("/scale/arctic/votemper/0.01,10").content


def test_categories_are_described_by_their_labels(client):
    reported = stops(client, "kind/0,1")
    assert (reported["kind"], reported["min"], reported["max"]) == ("categories", 0, 2)
    assert [(stop["value"], stop["label"]) for stop in reported["stops"]] == [(0, "mud"), (1, "sand"), (2, "rock")]
    assert len({stop["colour"] for stop in reported["stops"]}) == 3


@given(
    st.sampled_from(sorted(COLORMAPS)),
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
    st.floats(0, 1),
    st.booleans(),
)
def test_between_stops_is_the_colour_of_the_tile(colormap, low, width, part, logarithmic):
    scale, ramp = Scale(low, low + width, logarithmic and low > 1e-3), colormap_colours(colormap)
    legend = build_legend(info("votemper"), colormap, scale)
    value = float(scale.value(np.float64(part)))
    palette = make_palette(colormap, scale)
    painted = np.frombuffer(palette.colours, np.uint8).reshape(-1, 3)[
        palette_indices(np.array([[value]]), palette)[0, 0] - 1
    ]
    existing = np.array([list(bytes.fromhex(stop.colour[1:])) for stop in legend.stops])
    at = np.searchsorted([stop.value for stop in legend.stops], value)
    # It has a colour of the stops beside it; a step goes on from its stop.
    beside = existing[np.clip([at - 2, at - 1, at], 0, len(existing) - 1)]
    assert (beside == painted).all(axis=1).any()
    assert legend.kind == ("steps" if len(ramp) <= FEW else "ramp")


def test_the_name_is_in_the_language_of_the_reader(client):
    french = stops(client, "votemper/-5,30?lang=fr")
    assert french["name"] == "Température"
    bars = [client.get(f"/scale/arctic/votemper/-5.5,30?lang={lang}") for lang in ("en", "fr")]
    assert [bar.headers["content-language"] for bar in bars] == ["en", "fr"]
    assert bars[0].content != bars[1].content
    assert bars[0].headers["etag"] != bars[1].headers["etag"]


def test_the_magnitude_of_a_vector_has_the_colours_of_speeds(client):
    reported = stops(client, "u,v/0,1")
    assert (reported["variable"], reported["colormap"]) == ("u,v", "speed")
    assert reported["name"] == "Magnitude of Eastward and Northward Current"


@loop_over(
    ("path", "field"),
    [
        ("votemper/0,1?format=svg", "format"),
        ("votemper/1,0", "limits"),
        ("votemper/0,1,log", "limits"),
        ("votemper/0,1?colormap=nope", "colormap"),
    ],
)
def test_a_wrong_scale_is_refused_with_what_works(client, path, field):
    response = client.get(f"/scale/arctic/{path}")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)


def test_both_forms_are_documented(client):
    document = client.get("http://plotting/plotting/openapi.json").json()
    content = document["paths"]["/api/v2.0/scale/{dataset}/{variable}/{limits}"]["get"]["responses"]["200"]["content"]
    assert set(content) == {"image/png", "application/json"}
    assert content["application/json"]["schema"]["$ref"].endswith("Legend")
    tile = "/api/v2.0/tiles/{dataset}/{variable}/{time}/{depth}/{zoom}/{x}/{y}"
    assert set(document["paths"][tile]["get"]["responses"]["200"]["content"]) == {"image/png", "image/webp"}


def test_categories_without_an_own_colormap_have_the_one_of_categories(client):
    assert stops(client, "kind/0,1")["colormap"] == CATEGORY_COLORMAP
