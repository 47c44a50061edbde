"""The OGC interfaces through the gateway: requirement by requirement, and as clients read them."""

import json

import numpy as np
import pystac
import pystac.stac_io
import pytest
import xarray as xr
from owslib.ogcapi.edr import EnvironmentalDataRetrieval
from owslib.ogcapi.maps import Maps
from owslib.wmts import WebMapTileService
from tests.e2e import conformance
from tests.looping import loop_over


@loop_over(("name", "check"), [(item.id, item.check) for item in conformance.REQUIREMENTS])
def test_requirements_are_met(http, name, check):
    del name
    check(http)


def test_the_table_of_requirements_is_that_of_the_checks():
    assert conformance.TABLE.read_text("utf-8") == conformance.write_table()


def test_owslib_reads_collections_maps_and_tiles(run, http):
    base = str(http.base_url).rstrip("/")
    client = EnvironmentalDataRetrieval(f"{base}/ogc/")
    found = client.query_data(
        "giops_day", "position", coords="POINT(-40 45)", parameter_names=["votemper"], datetime_="2016-07-03"
    )
    point = {"latitude": 45, "longitude": -40, "time": "2016-07-03", "depth": "all"}
    expected = http.get("/api/v2.0/data/giops_day/votemper/profile", params=point).json()
    assert found["ranges"]["votemper"]["values"] == expected["values"][0]
    picture = Maps(f"{base}/ogc/").map("giops_day", bbox=[-60, 40, -40, 50], width=300, height=200)
    assert picture.getvalue().startswith(b"\x89PNG")
    tiles = WebMapTileService(f"{base}/wmts/giops_day/1.0.0/WMTSCapabilities.xml")
    address = tiles.buildTileResource(
        layer="giops_day/votemper", tilematrixset="EPSG:3857", tilematrix="3", row=2, column=2, format="image/png",
        style="thermal", time="2016-07-03T12:00:00Z", level="0",
    )  # fmt: skip
    assert http.get(address.removeprefix(base)).content.startswith(b"\x89PNG")


@pytest.mark.parametrize("dataset", ["giops_day", "arctic_day"])
def test_xarray_opens_a_cube_of_every_grid(http, dataset):
    address = f"{str(http.base_url).rstrip('/')}/ogc/collections/{dataset}"
    described = http.get(f"/ogc/collections/{dataset}").json()
    x, y = conformance.middle(described)
    times = described["extent"]["temporal"]["values"]
    opened = xr.open_dataset(
        address, engine="edr", parameter_names=["votemper"], bbox=(x - 1, y - 1, x + 1, y + 1),
        datetime=f"{times[0]}/{times[1]}",
        session=http,
    )  # fmt: skip
    values = opened["votemper"].load()
    row, column = values.sizes["y"] // 2, values.sizes["x"] // 2
    at = {"latitude": float(values.y[row]), "longitude": float(values.x[column]), "depth": "all"}
    series = http.get(
        f"/api/v2.0/data/{dataset}/votemper/timeseries", params={**at, "start": times[0], "end": times[1]}
    ).json()
    found = values.transpose("t", "z", "y", "x").values[:, :, row, column]
    np.testing.assert_allclose(found, np.array(series["values"], dtype=float), rtol=1e-6)


class GatewayIO(pystac.stac_io.DefaultStacIO):
    """Reads over the client of the test, which closes what it opens."""

    def __init__(self, http):
        super().__init__()
        self._http = http

    def read_text_from_href(self, href):
        return self._http.get(href).text


def test_pystac_walks_the_catalogue(http):
    catalogue = pystac.Catalog.from_file(f"{str(http.base_url).rstrip('/')}/stac", stac_io=GatewayIO(http))
    names = [child.id for child in catalogue.get_children()]
    assert names == [item["id"] for item in http.get("/api/v2.0/datasets").json()]
    items = [item for child in catalogue.get_children() for item in child.get_items()]
    assert len(items) >= 5
    for item in items:
        assert item.get_collection().id == item.id
        assert json.dumps(item.to_dict())


def test_failures_are_told_in_the_language_of_the_reader(http):
    refused = http.get(
        "/ogc/collections/giops_day/position",
        params={"coords": "POINT(-40 45)", "parameter-name": "nothing"},
        headers={"accept-language": "fr"},
    )
    problem = refused.json()
    assert refused.status_code == 404
    assert problem["errors"][0]["field"] == "parameter-name"
    assert problem["description"].startswith("giops_day n'a pas de variable 'nothing'")
