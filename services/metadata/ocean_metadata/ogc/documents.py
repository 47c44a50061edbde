"""Documents of OGC API: landing page, conformance, and collections with their extents, parameters and queries."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ocean_common.contracts.assets import DepthAxis
from ocean_common.coverages import describe_parameter
from ocean_common.i18n import Translator
from ocean_core.time import find_date_scale
from ocean_metadata.catalogue.model import DatasetRecord, StepArrays, TimeAxis, VariableRecord
from ocean_metadata.catalogue.pages import dataset_address, licence_of
from ocean_metadata.catalogue.serializers import describe_variable, split_into_runs

PATH = "/ogc"
JSON, HTML = "application/json", "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AXIS["Longitude",EAST],AXIS["Latitude",NORTH]]'
)
_TRS = 'TIMECRS["DateTime",TDATUM["Gregorian Calendar"],CS[TemporalDateTime,1],AXIS["Time (T)",future]]'
_DEPTH_VRS = 'VERTCS["Depth",VERT_DATUM["Sea surface",2005],UNIT["{unit}",1.0],AXIS["Depth",{direction}]]'
_LEVEL_VRS = 'VERTCS["Level",VERT_DATUM["Model",2005],UNIT["{unit}",1.0],AXIS["Level",{direction}]]'
MOST_TIMES = 5_000  # that are listed one by one; of more, those of even spacing are repetitions

_EDR = ("core", "collections", "queries", "json", "geojson", "covjson", "html")
_MAPS = ("core", "collection-map", "spatial-subsetting", "datetime", "crs", "scaling", "background", "png", "jpeg")
_TILES = ("core", "tileset", "tilesets-list", "geodata-tilesets", "png", "datetime")
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/core",
    *(f"http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/{name}" for name in _EDR),
    *(f"https://www.opengis.net/spec/ogcapi-edr-1/1.2/conf/{name}" for name in (*_EDR, "oas31")),
)
OF_MAPS = (
    *(f"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/{name}" for name in _MAPS),
    *(f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}" for name in _TILES),
)
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0"
FORMATS = ("CoverageJSON", "GeoJSON", "CSV", "NetCDF")
_DISTANCES = ["km", "m", "mi", "nmi", "ft"]
# What a client has to say beside the place, by query.
QUERIES: dict[str, dict[str, Any]] = {
    "position": {},
    "radius": {"within_units": _DISTANCES},
    "area": {},
    "cube": {"height_units": ["m"]},
    "trajectory": {},
    "corridor": {"width_units": _DISTANCES, "height_units": ["m"]},
    "locations": {},
}

Json = dict[str, Any]


def make_link(href: str, rel: str, media_type: str, title: str) -> Json:
    """Return a link of a document."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def write_landing(base_url: str, translate: Translator) -> Json:
    """Return the landing page; ``base_url``: the public address, without a slash at its end."""
    root = base_url + PATH
    return {
        "title": "Ocean Navigator",
        "description": translate("Ocean models as collections: values at points, along lines and in areas."),
        "links": [
            make_link(root, "self", JSON, translate("This page")),
            make_link(f"{root}?f=html", "alternate", HTML, translate("All datasets")),
            make_link(f"{base_url}/openapi.json", "service-desc", OPENAPI, translate("The API as an OpenAPI document")),
            make_link(f"{base_url}/docs", "service-doc", HTML, translate("Documentation of the API")),
            make_link(f"{root}/conformance", "conformance", JSON, translate("What of the standards is followed")),
            make_link(f"{root}/collections", "data", JSON, translate("All datasets")),
        ],
    }


def write_collections(
    records: Sequence[DatasetRecord],
    base_url: str,
    pages: Mapping[str, str],
    interfaces: Collection[str],
    translate: Translator,
) -> Json:
    """Return a page of collections; ``pages``: addresses of other pages by their relation."""
    root = f"{base_url}{PATH}/collections"
    return {
        "links": [
            make_link(root, "self", JSON, translate("All datasets")),
            make_link(f"{root}?f=html", "alternate", HTML, translate("All datasets")),
            *(
                make_link(base_url + href, relation, JSON, translate("More datasets"))
                for relation, href in pages.items()
            ),
        ],
        "collections": [write_collection(record, {}, base_url, interfaces, translate) for record in records],
    }


def write_collection(
    record: DatasetRecord,
    steps: Mapping[int, StepArrays],
    base_url: str,
    interfaces: Collection[str],
    translate: Translator,
) -> Json:
    """Return a collection; ``interfaces``: those that are on, of which `maps` are linked.

    ``steps``: those of its time axis, or none: its times are not listed then.
    """
    root = f"{base_url}{PATH}/collections/{quote(record.id, safe='')}"
    page = base_url + dataset_address(record)
    licence = licence_of(record) or ""
    links = [
        make_link(root, "self", JSON, translate("This dataset")),
        make_link(root, "collection", JSON, translate("This dataset")),
        make_link(page, "alternate", HTML, translate("This dataset as a page")),
        make_link(f"{root}/position", "data", "application/vnd.cov+json", translate("Values at points")),
    ]
    if "maps" in interfaces:
        links += [
            make_link(f"{root}/map", f"{OGC_REL}/map", "image/png", translate("Map")),
            make_link(f"{root}/map/tiles", f"{OGC_REL}/tilesets-map", JSON, translate("Map tiles")),
            make_link(f"{root}/styles", f"{OGC_REL}/styles", JSON, translate("Variables")),
        ]
    if licence.startswith("http"):
        links.append(make_link(licence, "license", HTML, translate("Licence")))
    variables = record.visible_variables
    return {
        "id": record.id,
        "title": record.name,
        "description": "\n\n".join(filter(None, (record.help, record.attribution))),
        "keywords": list_keywords(record),
        "links": links,
        "extent": describe_extent(record, steps),
        "data_queries": {name: _describe_query(root, name, others) for name, others in QUERIES.items()},
        "crs": ["CRS84"],
        "output_formats": list(FORMATS),
        "parameter_names": {variable.key: _describe_parameter(record, variable) for variable in variables},
    }


def list_keywords(record: DatasetRecord) -> list[str]:
    """Return the groups and the standard names of a dataset."""
    names = [variable.standard_name for variable in record.visible_variables]
    return list(dict.fromkeys(filter(None, (record.group, record.subgroup, *names))))


def _describe_query(root: str, name: str, others: Mapping[str, Any]) -> Json:
    variables = {
        "query_type": name,
        "title": name,
        "output_formats": ["GeoJSON"] if name == "locations" else list(FORMATS),
        "default_output_format": "GeoJSON" if name == "locations" else FORMATS[0],
        "crs_details": [{"crs": "CRS84", "wkt": _WKT}],
        **others,
    }
    return {"link": {"href": f"{root}/{name}", "rel": "data", "variables": variables}}


def _describe_parameter(record: DatasetRecord, variable: VariableRecord) -> Json:
    """Describe a variable; its extent only where it has other axes than the collection."""
    described = {"id": variable.key, **_use_one_language(describe_parameter(describe_variable(record, variable)))}
    extent: Json = {}
    depth = None if variable.depth is None else record.depths[variable.depth]
    if depth is not None and depth is not main_depth_axis(record):
        extent |= _describe_levels(depth)
    if variable.time is not None and variable.time != record.time:
        extent |= _describe_times(record.times[variable.time], None)
    return {**described, "extent": extent} if extent else described


def _use_one_language(value: Any) -> Any:
    """Replace texts by language, as CoverageJSON has them, by the texts alone."""
    if isinstance(value, dict):
        return value["en"] if value.keys() == {"en"} else {key: _use_one_language(item) for key, item in value.items()}
    return [_use_one_language(item) for item in value] if isinstance(value, list) else value


def main_depth_axis(record: DatasetRecord) -> DepthAxis | None:
    """Return the depth axis that most variables have."""
    axes = [variable.depth for variable in record.visible_variables if variable.depth is not None]
    return record.depths[max(axes, key=axes.count)] if axes else None


def describe_extent(record: DatasetRecord, steps: Mapping[int, StepArrays]) -> Json:
    """Return the extent of a collection in space, depth and time; without dates it has none in time."""
    bounds = record.bounds or (-180.0, -90.0, 180.0, 90.0)
    extent: Json = {"spatial": {"bbox": [list(bounds)], "crs": "CRS84"}}
    if record.time is not None:
        extent |= _describe_times(record.times[record.time], steps.get(record.time))
    axis = main_depth_axis(record)
    return extent | (_describe_levels(axis) if axis is not None else {})


def _describe_levels(axis: DepthAxis) -> Json:
    values = [f"{value:.9g}" for value in axis.levels]
    is_depth = axis.kind in {"depth", "height"}
    # Levels come from the surface down.
    direction = "DOWN" if is_depth or axis.levels[-1:] >= axis.levels[:1] else "UP"
    vrs = (_DEPTH_VRS if is_depth else _LEVEL_VRS).format(
        unit="metre" if is_depth else axis.units or "1", direction=direction
    )
    ends = sorted((axis.levels[0], axis.levels[-1])) if axis.levels else []
    return {"vertical": {"interval": [[f"{end:.9g}" for end in ends]], "values": values, "vrs": vrs}}


def _describe_times(axis: TimeAxis, steps: StepArrays | None) -> Json:
    if not axis.dated or axis.count == 0:
        return {}
    first, last = axis.period.format(zone="Z")
    values = [f"{first}/{last}"] if steps is None else _list_times(axis, steps)
    return {"temporal": {"interval": [[first, last]], "values": values, "trs": _TRS}}


def _list_times(axis: TimeAxis, steps: StepArrays) -> list[str]:
    dates = find_date_scale(steps.seconds, steps.raw, axis.units, axis.calendar)
    if axis.count <= MOST_TIMES:
        return dates.format(zone="Z")
    runs = split_into_runs(dates.seconds, dates.calendar)[:MOST_TIMES]
    starts = dates.take([run.first for run in runs]).format(zone="Z")
    return [
        start if run.step is None else f"R{run.last - run.first + 1}/{start}/{run.step}"
        for run, start in zip(runs, starts, strict=True)
    ]
