"""Requirements of OGC API – Common, EDR, Maps and Tiles, WMTS and STAC, each with what is checked of it.

`python tests/e2e/conformance.py` writes the table of docs/conformance.md.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
from covjson_pydantic.coverage import Coverage, CoverageCollection
from edr_pydantic.capabilities import ConformanceModel, LandingPageModel
from edr_pydantic.collections import Collection, Collections
from PIL import Image

TABLE = Path(__file__).parents[2] / "docs" / "conformance.md"
ROOT = "/ogc"
COMMON = "ogcapi-common-1/1.0/req/core"
EDR = "ogcapi-edr-1/1.1/req"
MAPS = "ogcapi-maps-1/1.0/req"
TILES = "ogcapi-tiles-1/1.0/req"
QUERIES = ("position", "radius", "area", "cube", "trajectory", "corridor")


class Requirement(NamedTuple):
    """Requirement of a standard, and how it is checked."""

    id: str
    text: str
    check: Callable[[httpx.Client], None]


REQUIREMENTS: list[Requirement] = []


def requires(identifier: str, text: str) -> Callable[[Callable[[httpx.Client], None]], Callable[[httpx.Client], None]]:
    """Register a check of a requirement."""

    def register(check: Callable[[httpx.Client], None]) -> Callable[[httpx.Client], None]:
        REQUIREMENTS.append(Requirement(identifier, text, check))
        return check

    return register


def get(http: httpx.Client, path: str, status: int = 200, **query: Any) -> httpx.Response:
    """Ask, and check the status."""
    response = http.get(path, params={name.replace("_", "-"): value for name, value in query.items()})
    assert response.status_code == status, f"{response.url}: {response.status_code} {response.text[:300]}"
    return response


def follow(http: httpx.Client, href: str, **query: Any) -> httpx.Response:
    """Ask at a link, which has the public address."""
    address = urlsplit(href)
    assert address.scheme in {"http", "https"}, href
    return get(http, address.path, **query)


def links(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The links of a document by their relation; each has an address and a type."""
    assert all(link["href"] and link["rel"] and link["type"] for link in document["links"])
    return {link["rel"]: link for link in document["links"]}


def collections(http: httpx.Client) -> Iterator[dict[str, Any]]:
    """Every collection: all kinds of grids."""
    for item in get(http, f"{ROOT}/collections").json()["collections"]:
        yield get(http, f"{ROOT}/collections/{item['id']}").json()


def middle(collection: dict[str, Any]) -> tuple[float, float]:
    """Return the centre of the bounds."""
    west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
    return (west + (east if east >= west else east + 360.0)) / 2, (south + north) / 2


def ask(http: httpx.Client, collection: dict[str, Any], query: str, status: int = 200, **more: Any) -> httpx.Response:
    """Query a collection around its centre, of the first parameter and over its whole interval, as CITE does."""
    x, y = middle(collection)
    line = f"LINESTRING({x - 0.5} {y - 0.5},{x + 0.5} {y + 0.5})"
    ring = f"{x - 1} {y - 1},{x + 1} {y - 1},{x + 1} {y + 1},{x - 1} {y + 1},{x - 1} {y - 1}"
    places: dict[str, dict[str, Any]] = {
        "position": {"coords": f"POINT({x} {y})"},
        "radius": {"coords": f"POINT({x} {y})", "within": 100, "within_units": "km"},
        "area": {"coords": f"POLYGON(({ring}))"},
        "cube": {"bbox": f"{x - 0.5},{y - 0.5},{x + 0.5},{y + 0.5}"},
        "trajectory": {"coords": line},
        "corridor": {"coords": line, "corridor_width": 60, "width_units": "km"},
    }
    temporal = collection["extent"].get("temporal")
    when = {"datetime": "/".join(temporal["interval"][0])} if temporal else {}
    first = next(iter(collection["parameter_names"]))
    path = f"{ROOT}/collections/{collection['id']}/{query}"
    return get(http, path, status, **{"parameter_name": first, **places[query], **when, **more})


def read_coverage(response: httpx.Response) -> dict[str, Any]:
    """Return an answer, valid as CoverageJSON; the model that checks it has no sections."""
    document: dict[str, Any] = response.json()
    assert response.headers["content-type"].startswith("application/vnd.cov+json")
    if '"Section"' not in response.text:
        kind = CoverageCollection if document["type"] == "CoverageCollection" else Coverage
        kind.model_validate_json(response.text)
    systems = document["referencing"] if "referencing" in document else document["domain"]["referencing"]
    assert systems[0]["system"]["id"].endswith("/CRS84")
    return document


# OGC API – Common


@requires(f"{COMMON}/root-op", "The landing page answers with and without a slash at its end")
def check_root(http: httpx.Client) -> None:
    assert get(http, ROOT).json() == get(http, f"{ROOT}/").json()


@requires(f"{COMMON}/root-success", "It links the API document, conformance and collections, with public addresses")
def check_landing(http: httpx.Client) -> None:
    response = get(http, ROOT)
    LandingPageModel.model_validate_json(response.text)
    found = links(response.json())
    assert {"self", "service-desc", "service-doc", "conformance", "data"} <= set(found)
    assert all(link["href"].startswith(str(http.base_url).rstrip("/")) for link in found.values())


@requires(f"{COMMON}/api-definition-success", "The API document is OpenAPI, and has every path that is served")
def check_definition(http: httpx.Client) -> None:
    document = follow(http, links(get(http, ROOT).json())["service-desc"]["href"]).json()
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    assert {f"{ROOT}/collections/{{dataset}}/{query}" for query in QUERIES} <= set(paths)
    assert {f"{ROOT}/collections", f"{ROOT}/collections/{{dataset}}/map", f"{ROOT}/tileMatrixSets"} <= set(paths)


@requires(f"{COMMON}/conformance-success", "Conformance classes are listed, those of EDR 1.0 core among them")
def check_conformance(http: httpx.Client) -> None:
    response = get(http, f"{ROOT}/conformance")
    ConformanceModel.model_validate_json(response.text)
    assert "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/core" in response.json()["conformsTo"]


@requires("ogcapi-common-2/1.0/req/collections/rc-md-op", "All listed datasets are collections, in pages with links")
def check_collections(http: httpx.Client) -> None:
    response = get(http, f"{ROOT}/collections")
    Collections.model_validate_json(response.text)
    names = [item["id"] for item in response.json()["collections"]]
    assert names == [item["id"] for item in get(http, "/api/v2.0/datasets").json()]
    page = get(http, f"{ROOT}/collections", limit=2).json()
    following = follow(http, links(page)["next"]["href"], limit=2, offset=2).json()
    assert [item["id"] for item in page["collections"] + following["collections"]] == names[:4]


@requires("ogcapi-common-2/1.0/req/collections/src-md-success", "A collection alone is that of the list")
def check_collection(http: httpx.Client) -> None:
    for item in get(http, f"{ROOT}/collections").json()["collections"]:
        response = get(http, f"{ROOT}/collections/{item['id']}")
        Collection.model_validate_json(response.text)
        alone = response.json()
        assert alone["parameter_names"] == item["parameter_names"]
        assert alone["extent"]["spatial"] == item["extent"]["spatial"]
        if "temporal" in alone["extent"]:
            ends = alone["extent"]["temporal"]["interval"][0]
            values = alone["extent"]["temporal"]["values"]
            assert [values[0], values[-1]] == ends


@requires(f"{COMMON}/query-param-unknown", "Unknown parameters are refused with their names")
def check_unknown(http: httpx.Client) -> None:
    problem = get(http, f"{ROOT}/collections", 400, unknown="1").json()
    assert "unknown" in problem["description"]
    assert problem["code"] == "400"


@requires(f"{COMMON}/html-definition", "Browsers are led to pages for people")
def check_html(http: httpx.Client) -> None:
    for path in (ROOT, f"{ROOT}/collections", f"{ROOT}/collections/giops_day"):
        response = http.get(path, headers={"accept": "text/html"}, follow_redirects=True)
        assert response.headers["content-type"].startswith("text/html")


# EDR


@requires(f"{EDR}/core/rc-collection-info", "A collection has extents, units and observed properties of its parameters")
def check_parameters(http: httpx.Client) -> None:
    for collection in collections(http):
        assert "CRS84" in collection["crs"]
        for parameter in collection["parameter_names"].values():
            assert parameter["type"] == "Parameter"
            assert parameter["observedProperty"]["label"]
        for query in collection["data_queries"].values():
            assert query["link"]["href"].startswith("http")


def _make_query_check(query: str) -> Callable[[httpx.Client], None]:
    def check(http: httpx.Client) -> None:
        for collection in collections(http):
            response = ask(http, collection, query)
            document = read_coverage(response)
            found = document.get("coverages") or [document]
            assert all(coverage["ranges"] for coverage in found)
        assert ask(http, collection, query, 400, coords="POINT()", bbox="1,2").json()["code"] == "400"

    return check


for name in QUERIES:
    requires(
        f"{EDR}/edr/{name}-success", f"`{name}` answers at the centre of every collection, and refuses no geometry"
    )(_make_query_check(name))


@requires(f"{EDR}/edr/REQ_rc-coords-definition", "Missing, empty and foreign geometries are refused with 400")
def check_coords(http: httpx.Client) -> None:
    for query, wrong in (
        ("position", ("", "POINT()", "POLYGON((0 0,1 1,1 0,0 0))")),
        ("area", ("POLYGON()", "POINT(1 1)")),
        ("trajectory", ("LINESTRING()", "LINESTRINGM()", "LINESTRINGZ()", "LINESTRINGZM()")),
    ):
        for coords in wrong:
            get(http, f"{ROOT}/collections/giops_day/{query}", 400, coords=coords, parameter_name="votemper")


@requires(f"{EDR}/core/datetime-definition", "Instants, intervals, open ends, lists and repetitions select times")
def check_datetime(http: httpx.Client) -> None:
    at = {"coords": "POINT(-40 45)", "parameter_name": "votemper", "z": "0.5"}

    def times(text: str) -> list[str]:
        document = get(http, f"{ROOT}/collections/giops_day/position", **at, datetime=text).json()
        found: list[str] = document["domain"]["axes"]["t"]["values"]
        return found

    days = [f"2016-07-{day:02d}T12:00:00Z" for day in range(1, 11)]
    assert times(f"{days[0]}/{days[2]}") == days[:3]
    assert times(f"../{days[2]}") == days[:3]
    assert times(f"{days[7]}/..") == days[7:]
    assert times(",".join(days[::4])) == days[::4]
    assert times(f"R3/{days[0]}/P2D") == days[:6:2]
    assert times("2016-07-02") == days[1:2]


@requires(f"{EDR}/edr/z-definition", "Single values, intervals, lists and repetitions of `z` select levels")
def check_levels(http: httpx.Client) -> None:
    at = {"coords": "POINT(-40 45)", "parameter_name": "votemper", "datetime": "2016-07-02"}

    def levels(text: str) -> list[float]:
        document = get(http, f"{ROOT}/collections/giops_day/position", **at, z=text).json()
        found: list[float] = document["domain"]["axes"]["z"]["values"]
        return found

    assert levels("50") == [50]
    assert levels("10/80") == [10, 25, 50, 80]
    assert levels("../20") == [0.5, 10]
    assert levels("10,1000") == [10, 1000]
    assert levels("R3/25/25") == [25, 50, 80]


@requires(f"{EDR}/edr/rc-f-definition", "Every format that is announced is answered; others are refused")
def check_formats(http: httpx.Client) -> None:
    collection = get(http, f"{ROOT}/collections/giops_day").json()
    for form in collection["output_formats"]:
        assert ask(http, collection, "position", f=form).content
    ask(http, collection, "position", 400, f="GRIB3")
    ask(http, collection, "position", 400, crs="EPSG:99999")


@requires(f"{EDR}/edr/no-data", "A place without data is answered with 204")
def check_no_data(http: httpx.Client) -> None:
    response = get(
        http, f"{ROOT}/collections/giops_day/position", 204, coords="POINT(100 -60)", parameter_name="votemper"
    )
    assert not response.content


@requires(f"{EDR}/edr/locations", "Locations are listed as GeoJSON, and each is answered as an area")
def check_locations(http: httpx.Client) -> None:
    listed = get(http, f"{ROOT}/collections/giops_day/locations").json()["features"]
    assert listed
    address = urlsplit(listed[0]["properties"]["edrqueryendpoint"]).path
    at = {"parameter_name": "votemper", "datetime": "2016-07-02", "z": "10"}
    by_name = get(http, address, **at).json()
    rings = "),(".join(",".join(f"{x} {y}" for x, y in ring) for ring in listed[0]["geometry"]["coordinates"][0])
    by_shape = get(http, f"{ROOT}/collections/giops_day/area", coords=f"POLYGON(({rings}))", **at).json()
    assert by_name["ranges"] == by_shape["ranges"]


@requires(f"{EDR}/core/rc-413", "Too large a request is refused with 413 and a part that would fit")
def check_budget(http: httpx.Client) -> None:
    many = {"bbox": "-78,32,-10,66", "resolution_x": 9000, "resolution_y": 9000, "parameter_name": "votemper"}
    problem = get(http, f"{ROOT}/collections/giops_day/cube", 413, **many).json()
    assert "limit" in problem["description"]
    assert problem["code"] == "413"


# Maps and tiles


def read_picture(response: httpx.Response) -> Image.Image:
    """Return the pixels of a picture."""
    return Image.open(io.BytesIO(response.content)).convert("RGBA")


@requires(f"{MAPS}/core/map-success", "A collection has a map of its bounds, with its box and system in headers")
def check_map(http: httpx.Client) -> None:
    for collection in collections(http):
        found = {link["rel"]: link["href"] for link in collection["links"]}
        response = follow(http, found["http://www.opengis.net/def/rel/ogc/1.0/map"], width=64)
        assert read_picture(response).width == 64
        assert "CRS84" in response.headers["content-crs"]
        assert len(response.headers["content-bbox"].split(",")) == 4


@requires(f"{MAPS}/spatial-subsetting/bbox-success", "The map of the box of a tile has the pixels of that tile")
def check_map_box(http: httpx.Client) -> None:
    half = 20037508.342789244
    left, top, side = -half + 2 * half / 4, half - half / 4 * 1, half / 4
    box = ",".join(map(repr, (left, top - side, left + side, top)))
    style = f"{ROOT}/collections/giops_day/styles/votemper/map"
    drawn = get(http, style, crs="EPSG:3857", bbox_crs="EPSG:3857", bbox=box, width=256, height=256, f="png")
    tile = get(http, "/api/v2.0/tiles/giops_day/votemper/-1/0/3/2/1", interp="nearest")
    assert read_picture(drawn).tobytes() == read_picture(tile).tobytes()


@requires(f"{MAPS}/crs/crs-definition", "Maps are drawn in the projection that is asked for; others are refused")
def check_map_crs(http: httpx.Client) -> None:
    for code in ("EPSG:3857", "EPSG:3995", "[OGC:CRS84]", "http://www.opengis.net/def/crs/EPSG/0/4326"):
        get(http, f"{ROOT}/collections/arctic_day/map", crs=code, width=32)
    get(http, f"{ROOT}/collections/arctic_day/map", 400, crs="EPSG:2154", width=32)


@requires(f"{TILES}/core/tc-success", "Tiles, by row and column, are those of the API, for each tile matrix set")
def check_tiles(http: httpx.Client) -> None:
    root = f"{ROOT}/collections/giops_day/styles/votemper/map/tiles"
    for item in get(http, root).json()["tilesets"]:
        template = next(link["href"] for link in item["links"] if link["rel"] == "item")
        address = urlsplit(template).path
        tile = get(http, address.format(tileMatrix=1, tileRow=0, tileCol=0), datetime="2016-07-02", z="10")
        code = "EPSG:" + item["crs"].rpartition("/")[2]
        same = get(http, "/api/v2.0/tiles/giops_day/votemper/2016-07-02/1/1/0/0", projection=code)
        assert tile.content == same.content


@requires(f"{TILES}/core/tc-error", "Tiles and tile matrix sets that do not exist are refused with 404")
def check_no_tile(http: httpx.Client) -> None:
    root = f"{ROOT}/collections/giops_day/map/tiles"
    get(http, f"{root}/WebMercatorQuad/1/2/0", 404)
    get(http, f"{root}/UTM/1/0/0", 404)


@requires(f"{TILES}/tileset/description", "A tile set has its system, matrices and bounds")
def check_tile_set(http: httpx.Client) -> None:
    item = get(http, f"{ROOT}/collections/giops_day/map/tiles/WebMercatorQuad").json()
    assert item["dataType"] == "map"
    assert item["tileMatrixSetURI"].endswith("/WebMercatorQuad")
    definition = follow(http, next(link["href"] for link in item["links"] if "tiling-scheme" in link["rel"])).json()
    first = definition["tileMatrices"][0]
    assert abs(first["scaleDenominator"] - 559082264.0287178) < 1e-3
    assert (first["matrixWidth"], first["tileWidth"]) == (1, 256)


# WMTS and STAC


@requires("wmts/1.0.0/getCapabilities/resource", "Capabilities list layers whose addresses answer with tiles")
def check_wmts(http: httpx.Client) -> None:
    names = {"w": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}
    document = ET.fromstring(get(http, "/wmts/giops_day/1.0.0/WMTSCapabilities.xml").text)
    for layer in document.iterfind(".//w:Layer", names):
        template = layer.find("w:ResourceURL", names).attrib["template"]
        values = {item.findtext("ows:Identifier", "", names): item.findtext("w:Default", "", names)
                  for item in layer.iterfind("w:Dimension", names)}  # fmt: skip
        style = layer.findtext("w:Style/ows:Identifier", "", names)
        address = urlsplit(
            template.format(**values, Style=style, TileMatrixSet="EPSG:3857", TileMatrix=3, TileCol=2, TileRow=2)
        )
        assert http.get(f"{address.path}?{address.query}").headers["content-type"] == "image/png"


@requires("stac/1.1.0/catalog", "Every dataset with dates is an item whose assets answer")
def check_stac(http: httpx.Client) -> None:
    catalogue = get(http, "/stac").json()
    children = [link["href"] for link in catalogue["links"] if link["rel"] == "child"]
    assert len(children) == len(get(http, "/api/v2.0/datasets").json())
    for href in children:
        collection = follow(http, href).json()
        assert collection["stac_version"] == "1.1.0"
        for link in collection["links"]:
            if link["rel"] == "item":
                item = follow(http, link["href"]).json()
                assert {"opendap", "zarr", "wms", "wmts", "edr", "netcdf"} == set(item["assets"])


HEAD = """# Conformance of the OGC interfaces

Requirements that are checked through the gateway on every collection of the sample data (regular, curvilinear and
projected grids, and a mesh): `tests/e2e/test_e2e_ogc.py`. WMS has its own tests: `tests/field/test_wms.py`. This table
is written by `python tests/e2e/conformance.py`. The identifiers are named after those of the standards; they were not
compared with the texts, and the suites of CITE were not run.

| requirement | what is checked |
|---|---|
"""


def write_table() -> str:
    """Return the page of requirements."""
    return HEAD + "".join(f"| `{item.id}` | {item.text} |\n" for item in REQUIREMENTS)


if __name__ == "__main__":
    TABLE.write_text(write_table(), encoding="utf-8")
