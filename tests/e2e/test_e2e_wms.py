"""The Web Map Service through the gateway, as OWSLib and a web map use it."""

import io

import numpy as np
import pytest
from owslib.wms import WebMapService
from PIL import Image

MAP = {
    "request": "GetMap", "layers": "arctic_day/votemper", "styles": "", "crs": "EPSG:3413", "width": 256, "height": 256,
    "format": "image/png", "transparent": "true", "bbox": "500000,-2200000,2700000,0",
}  # fmt: skip


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_owslib_draws_what_the_capabilities_list(run, version):
    service = WebMapService(f"{run.web}/wms", version=version)
    layer = service.contents["arctic_day/votemper"]
    assert layer.defaulttimeposition in ",".join(layer.timepositions)
    for operation in ("GetMap", "GetFeatureInfo"):
        assert service.getOperationByName(operation).methods[0]["url"].startswith(run.web)
    bbox = layer.boundingBoxWGS84
    image = service.getmap(
        layers=[layer.name], styles=["boxfill/ice"], srs="EPSG:4326", bbox=bbox, size=(200, 100), format="image/png",
        transparent=True, time=layer.defaulttimeposition, elevation=layer.elevations[1],
    )  # fmt: skip
    pixels = np.asarray(Image.open(io.BytesIO(image.read())).convert("RGBA"))
    assert pixels.shape == (100, 200, 4)
    assert 0 < (pixels[..., 3] > 0).sum() < 20_000


def test_a_map_is_kept_and_read_by_pages_of_other_origins(http):
    response = http.get("/wms", params=MAP, headers={"origin": "https://example.org"})
    assert response.headers["content-type"] == "image/png"
    assert response.headers["access-control-allow-origin"] == "*"
    assert "Warning" in response.headers["access-control-expose-headers"]
    assert response.headers["warning"].startswith("99 Default value used: time=2016-02-05")
    again = http.get("/wms", params=MAP, headers={"if-none-match": response.headers["etag"]})
    assert again.status_code == 304
    assert http.head("/wms/arctic_day", params=MAP).status_code == 200


def test_values_legends_and_failures(http):
    point = MAP | {"request": "GetFeatureInfo", "query_layers": MAP["layers"], "i": "128", "j": "128"}
    (feature,) = http.get("/wms", params=point).json()["features"]
    assert feature["properties"]["units"] == "Celsius"
    legend = http.get("/wms", params={"request": "GetLegendGraphic", "layer": MAP["layers"]})
    assert legend.headers["content-type"] == "image/png"
    failure = http.get("/wms", params=MAP | {"layers": "arctic_day/nothing"}, headers={"accept-language": "fr"})
    assert failure.status_code == 400
    assert 'code="LayerNotDefined"' in failure.text
    assert http.get("/wms/arctic_day/more").status_code == 404
    assert http.get("/wmsx").headers["content-type"] == "application/problem+json"
