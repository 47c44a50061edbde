"""TileJSON through the gateway: its addresses are those of tiles."""

import io
import re
from urllib.parse import urlsplit

import jsonschema
import numpy as np
import pytest
from PIL import Image
from tests.looping import loop_over

API = "/api/v2.0"
# What TileJSON 3.0.0 requires of the members that are used (section 3).
SCHEMA = {
    "type": "object",
    "required": ["tilejson", "tiles"],
    "properties": {
        "tilejson": {"const": "3.0.0"},
        "tiles": {"type": "array", "minItems": 1, "items": {"pattern": r"^http.*/\{z\}/\{x\}/\{y\}"}},
        "bounds": {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "number"}},
        "center": {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "number"}},
        "minzoom": {"type": "integer", "minimum": 0, "maximum": 30},
        "maxzoom": {"type": "integer", "minimum": 0, "maximum": 30},
        "version": {"pattern": r"^\d+\.\d+\.\d+$"},
        "scheme": {"enum": ["xyz", "tms"]},
    },
}


@loop_over(
    ("dataset", "variable"),
    [("giops_day", "votemper"), ("arctic_day", "x_velocity,y_velocity"), ("ostia_month", "surface_temperature"),
     ("sfbofs_hour", "temp"), ("wcofs_hour", "u_sur")],
)  # fmt: skip
def test_the_addresses_are_those_of_tiles(http, dataset, variable):
    answer = http.get(f"{API}/tilejson/{dataset}/{variable}", params={"scale": "0,20", "interp": "nearest"})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    jsonschema.validate(document, SCHEMA)
    west, south, east, north = document["bounds"]
    longitude, latitude, zoom = document["center"]
    assert west <= longitude <= east
    assert south <= latitude <= north
    assert document["minzoom"] <= zoom <= document["maxzoom"] + 1
    x = int((longitude + 180) / 360 * 2**zoom)
    y = int((1 - np.arcsinh(np.tan(np.radians(latitude))) / np.pi) / 2 * 2**zoom)
    address = urlsplit(document["tiles"][0].format(z=zoom, x=x, y=y))
    tile = http.get(f"{address.path}?{address.query}")
    assert tile.status_code == 200, tile.text
    assert "immutable" in tile.headers["cache-control"]
    assert np.asarray(Image.open(io.BytesIO(tile.content)).convert("RGBA"))[..., 3].any()
    legend = urlsplit(document["legend"])
    assert http.get(f"{legend.path}?{legend.query}").headers["content-type"] == "image/png"


def test_it_is_kept_by_revision_and_in_the_language_of_the_reader(http):
    english = http.get(f"{API}/tilejson/giops_day/votemper")
    assert (
        http.get(f"{API}/tilejson/giops_day/votemper", headers={"if-none-match": english.headers["etag"]}).status_code
        == 304
    )
    french = http.get(f"{API}/tilejson/giops_day/votemper", params={"lang": "fr"}).json()
    assert french["name"] == "Température"
    assert re.search("rev=[0-9a-f]+", french["tiles"][0])


@pytest.mark.parametrize(
    ("address", "status"),
    [("nothing/votemper", 404), ("giops_day/nothing", 404), ("giops_day/votemper?interp=cubic", 400),
     ("giops_day/votemper?scale=5", 400), ("giops_day/votemper?colormap=none", 400), ("giops_day/a,b,c", 400)],
)  # fmt: skip
def test_bad_requests_are_refused(http, address, status):
    answer = http.get(f"{API}/tilejson/{address}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
