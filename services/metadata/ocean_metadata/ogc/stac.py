"""SpatioTemporal Asset Catalog 1.1.0: a catalogue, a collection for each dataset, and its item with what opens it."""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import quote

from ocean_common.i18n import Translator
from ocean_metadata.catalogue.model import DatasetRecord
from ocean_metadata.catalogue.pages import dataset_address, last_step_address, licence_of
from ocean_metadata.ogc.documents import HTML, JSON, list_keywords, make_link

PATH = "/stac"
VERSION = "1.1.0"
GEOJSON = "application/geo+json"
WORLD = (-180.0, -90.0, 180.0, 90.0)

Json = dict[str, Any]


def write_catalog(records: Sequence[DatasetRecord], base_url: str, translate: Translator) -> Json:
    """Return the root, with a link to each collection; ``base_url``: the public address, without a slash."""
    root = base_url + PATH
    return {
        "type": "Catalog",
        "stac_version": VERSION,
        "id": "ocean-navigator",
        "title": "Ocean Navigator",
        "description": translate("Ocean models as collections: values at points, along lines and in areas."),
        "links": [
            make_link(root, "self", JSON, translate("This page")),
            make_link(root, "root", JSON, translate("This page")),
            *(make_link(_address(record, base_url), "child", JSON, record.name) for record in records),
        ],
    }


def write_collection(record: DatasetRecord, base_url: str, translate: Translator) -> Json:
    """Return the collection of a dataset."""
    root, address = base_url + PATH, _address(record, base_url)
    licence = licence_of(record) or ""
    links = [
        make_link(address, "self", JSON, translate("This dataset")),
        make_link(root, "root", JSON, translate("All datasets")),
        make_link(root, "parent", JSON, translate("All datasets")),
        make_link(base_url + dataset_address(record), "about", HTML, translate("This dataset as a page")),
    ]
    if has_item(record):
        links.append(make_link(f"{address}/items/{quote(record.id, safe='')}", "item", GEOJSON, record.name))
    if licence.startswith("http"):
        links.append(make_link(licence, "license", HTML, translate("Licence")))
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "id": record.id,
        "title": record.name,
        "description": record.help or record.name,
        "license": "other",
        "keywords": list_keywords(record),
        **({"providers": [{"name": record.attribution, "roles": ["producer"]}]} if record.attribution else {}),
        "extent": {
            "spatial": {"bbox": [list(record.bounds or WORLD)]},
            "temporal": {"interval": [list(_find_period(record))]},
        },
        "links": links,
    }


def has_item(record: DatasetRecord) -> bool:
    """Return whether a dataset has dates, which every item must have."""
    return _find_period(record)[0] is not None


def write_item(record: DatasetRecord, base_url: str, interfaces: Collection[str], translate: Translator) -> Json:
    """Return the item of a dataset, whose assets are the interfaces that open it; ``interfaces``: those that are on."""
    root, address, name = base_url + PATH, _address(record, base_url), quote(record.id, safe="")
    west, south, east, north = record.bounds or WORLD
    start, end = _find_period(record)
    assets: Json = {
        key: {"href": f"{base_url}/{key}/{name}", "type": kind, "title": title, "roles": ["data"]}
        for key, kind, title in (
            ("opendap", "application/octet-stream", "OPeNDAP"),
            ("zarr", "application/vnd.zarr; version=3", "Zarr"),
            ("wms", "text/xml", "WMS"),
            ("wmts", "application/xml", "WMTS"),
        )
        if key in interfaces
    }
    if "ogc" in interfaces:
        href = f"{base_url}/ogc/collections/{name}"
        assets["edr"] = {"href": href, "type": JSON, "title": "OGC API – EDR", "roles": ["data"]}
    if record.visible_variables:
        href = base_url + last_step_address(record, record.visible_variables[0])
        title = translate("{name} at the last time step", name=record.visible_variables[0].name)
        assets["netcdf"] = {"href": href, "type": "application/x-netcdf", "title": title, "roles": ["data"]}
    return {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": record.id,
        "collection": record.id,
        "bbox": [west, south, east, north],
        "geometry": _write_box(west, south, east, north),
        "properties": {
            "title": record.name,
            "datetime": None,
            "start_datetime": start,
            "end_datetime": end,
        },
        "links": [
            make_link(f"{address}/items/{name}", "self", GEOJSON, record.name),
            make_link(root, "root", JSON, translate("All datasets")),
            make_link(address, "parent", JSON, translate("This dataset")),
            make_link(address, "collection", JSON, translate("This dataset")),
        ],
        "assets": assets,
    }


def _address(record: DatasetRecord, base_url: str) -> str:
    return f"{base_url}{PATH}/collections/{quote(record.id, safe='')}"


def _find_period(record: DatasetRecord) -> tuple[str | None, str | None]:
    """Return the first and the last instant, in UTC."""
    if record.time is None or not record.times[record.time].dated:
        return None, None
    first, last = record.times[record.time].period.format(zone="Z")
    return first, last


def _write_box(west: float, south: float, east: float, north: float) -> Json:
    """Return a box as GeoJSON, cut where it crosses the antimeridian."""
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    rings = [[[[w, south], [e, south], [e, north], [w, north], [w, south]]] for w, e in parts]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}
