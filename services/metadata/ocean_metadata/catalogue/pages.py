"""Descriptions of datasets: for programs, as HTML pages without scripts, and in the vocabulary of schema.org."""

import base64
import hashlib
import re
from collections.abc import Collection, Iterable
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup

from ocean_common.contracts.metadata import DatasetPage, Link
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.geometry import wrap_longitude
from ocean_metadata.catalogue.completeness import rate_completeness
from ocean_metadata.catalogue.model import DatasetRecord, VariableRecord, copy_fields, list_notes
from ocean_metadata.catalogue.responses import vary_by_accept
from ocean_metadata.catalogue.serializers import label_climatology

API = "/api/v2.0"
_LIST = f"{API}/datasets"
MIN_DESCRIPTION, MAX_DESCRIPTION = 50, 5000  # characters that search engines accept
_MAX_VARIABLES = 100  # that are named for search engines
_LICENCES = (
    (r"\bcc[- ]?by[- ]?4\.0|creative commons attribution 4", "https://creativecommons.org/licenses/by/4.0/"),
    (r"\bcc[- ]?by[- ]?sa[- ]?4\.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    (r"\bcc0\b|public domain", "https://creativecommons.org/publicdomain/zero/1.0/"),
    (r"open government licence[ -]+canada", "https://open.canada.ca/en/open-government-licence-canada"),
    (r"open government licence", "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"),
)
STYLE = " ".join(files(__package__).joinpath("templates/style.css").read_text("utf-8").split())
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# Nothing is run or fetched, whatever a text in a file may contain.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def describe_dataset(record: DatasetRecord, translate: Translator = ENGLISH) -> DatasetPage:
    """Return the description of a dataset, with links to its resources whose titles are translated."""
    start, end = record.period
    return copy_fields(
        record,
        DatasetPage,
        value=record.name,
        start=start,
        end=end,
        license=licence_of(record),
        climatology=record.time is not None and record.times[record.time].climatology,
        time_steps=record.times[record.time].count if record.time is not None else 0,
        variables=len(record.visible_variables),
        depth_levels=max((len(axis.values) for axis in record.depths), default=0),
        completeness=rate_completeness(record).score,
        links=_links(record, translate),
    )


def licence_of(record: DatasetRecord) -> str | None:
    """Return the licence of the files; else the address of the one that the attribution names."""
    if text := str(record.attributes.get("license", "")).strip():
        return text
    attribution = (record.attribution or "").casefold()
    return next((url for pattern, url in _LICENCES if re.search(pattern, attribution)), None)


def dataset_address(record: DatasetRecord) -> str:
    """Return the path of a dataset."""
    return f"{API}/dataset/{quote(record.id, safe='')}"


def last_step_address(record: DatasetRecord, variable: VariableRecord) -> str:
    """Return the path of a NetCDF file with the last time step of a variable."""
    west, south, east, north = record.bounds or (-180.0, -90.0, 180.0, 90.0)
    if west > east:  # across the antimeridian
        west, east = -180.0, 180.0
    corners = f"min_range={south:g},{west:g}&max_range={north:g},{east:g}"
    path = f"{API}/subset/{quote(record.id, safe='')}/{quote(variable.key, safe='')}"
    return f"{path}?output_format=NETCDF4&{corners}&time=-1,-1&should_zip=0"


def _links(record: DatasetRecord, translate: Translator) -> list[Link]:
    address = dataset_address(record)
    links = [
        Link(rel="self", href=address, title=translate("This dataset")),
        Link(rel="alternate", href=address, title=translate("This dataset as a page"), type="text/html"),
        Link(rel="collection", href=_LIST, title=translate("All datasets")),
        Link(rel="variables", href=f"{address}/variables", title=translate("Variables")),
        Link(rel="completeness", href=f"{address}/completeness", title=translate("Completeness of the metadata")),
    ]
    for variable in record.visible_variables[:1]:
        key, name = quote(variable.key, safe=""), variable.name
        links += [
            Link(rel="times", href=f"{address}/{key}/times", title=translate("Times of {name}", name=name)),
            Link(rel="depths", href=f"{address}/{key}/depths", title=translate("Depth levels of {name}", name=name)),
            Link(
                rel="enclosure",
                href=last_step_address(record, variable),
                title=translate("{name} at the last time step", name=name),
                type="application/x-netcdf",
            ),
        ]
    return links


def linked_data(record: DatasetRecord, base_url: str, translate: Translator = ENGLISH) -> dict[str, Any]:
    """Describe a dataset as schema.org/Dataset (JSON-LD), by which search engines for data find it.

    ``base_url`` is the public address of the service, without a slash at its end.
    """
    address = f"{base_url}{API}/dataset/{record.id}"
    variables = record.visible_variables[:_MAX_VARIABLES]
    start, end = record.period
    creator = record.attributes.get("institution") or record.attribution
    keywords = [word.strip() for word in str(record.attributes.get("keywords", "")).split(",")]
    keywords += [record.group or "", record.subgroup or "", *(variable.standard_name or "" for variable in variables)]
    data: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": address,
        "name": record.name,
        "description": _describe_in_words(record, translate),
        "url": address,
        "identifier": str(record.attributes.get("id") or record.id),
        "version": record.revision,
        "isAccessibleForFree": True,
        "keywords": list(dict.fromkeys(filter(None, keywords))),
        "license": licence_of(record),
        "creditText": record.attribution,
        "creator": {"@type": "Organization", "name": str(creator)} if creator else None,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "Ocean Navigator", "url": f"{base_url}{_LIST}"},
        "spatialCoverage": _spatial_coverage(record),
        "temporalCoverage": f"{start}/{end}" if start and end else None,
        "variableMeasured": [
            {"@type": "PropertyValue", "name": variable.name, "unitText": variable.units}
            | ({"propertyID": variable.standard_name} if variable.standard_name else {})
            for variable in variables
        ],
        "distribution": [
            {
                "@type": "DataDownload",
                "name": translate("{name}, last time step", name=variable.name),
                "encodingFormat": "application/x-netcdf",
                "contentUrl": f"{base_url}{last_step_address(record, variable)}",
            }
            for variable in variables
        ],
    }
    return {name: value for name, value in data.items() if value not in (None, [], "")}


def _describe_in_words(record: DatasetRecord, translate: Translator) -> str:
    """Return a paragraph that is long enough for search engines."""
    start, end = (text and text.partition("T")[0] for text in record.period)
    names = ", ".join(variable.name for variable in record.visible_variables[:_MAX_VARIABLES])
    title = record.attributes.get("summary") or record.attributes.get("title") or record.name
    parts = [record.help or str(title).strip()]
    if names:
        parts.append(translate("Variables: {names}.", names=names))
    if start and end:
        parts.append(translate("From {start} to {end}.", start=start, end=end))
    if len(" ".join(parts)) < MIN_DESCRIPTION:
        parts.append(translate("Ocean data on a grid, served by Ocean Navigator."))
    return " ".join(parts)[:MAX_DESCRIPTION]


def _spatial_coverage(record: DatasetRecord) -> dict[str, Any] | list[dict[str, Any]] | None:
    """Return a box of south, west, north, east; two where it crosses the antimeridian."""
    if record.bounds is None:
        return None
    west, south, east, north = record.bounds
    places = [
        {"@type": "Place", "geo": {"@type": "GeoShape", "box": f"{south:g} {left:g} {north:g} {right:g}"}}
        for left, right in ([(west, east)] if west <= east else [(west, 180.0), (-180.0, east)])
    ]
    return places[0] if len(places) == 1 else places


# Pages


def as_page(response: Response[bytes]) -> Response[bytes]:
    """Add the headers of a page, which runs and fetches nothing."""
    response.headers["content-security-policy"] = CONTENT_SECURITY_POLICY
    return vary_by_accept(response)


def list_programs(record: DatasetRecord, base_url: str, interfaces: Collection[str]) -> dict[str, str]:
    """Return lines that open a dataset in other programs, by the names of these; ``interfaces``: those that are on."""
    variable = next((variable.source for variable in record.visible_variables if variable.source), None)
    if variable is None:
        return {}
    opendap, zarr = f"{base_url}/opendap/{quote(record.id)}", f"{base_url}/zarr/{quote(record.id)}"
    programs: dict[str, str] = {}
    if "opendap" in interfaces:
        programs |= {
            "Python, xarray": f'xarray.open_dataset("{opendap}")["{variable}"]',
            "Python, netCDF4": f'netCDF4.Dataset("{opendap}")["{variable}"]',
            "R, ncdf4": f'ncvar_get(nc_open("{opendap}"), "{variable}")',
            "Matlab": f'ncread("{opendap}", "{variable}")',
            "CDO": f"cdo infon -selname,{variable} {opendap}",
            "NCO": f"ncks -v {variable} {opendap} {record.id}.nc",
            "Panoply, Ferret, GrADS": opendap,
        }
    if "zarr" in interfaces:
        programs["Python, xarray (Zarr)"] = f'xarray.open_zarr("{zarr}")["{variable}"]'
    if "wms" in interfaces:
        wms = f"{base_url}/wms/{quote(record.id)}"
        programs |= {"QGIS, OpenLayers, Leaflet (WMS)": wms, "Python, OWSLib": f'owslib.wms.WebMapService("{wms}")'}
    if "wmts" in interfaces:
        programs["QGIS, GDAL (WMTS)"] = f"{base_url}/wmts/{quote(record.id)}/1.0.0/WMTSCapabilities.xml"
    if "ogc" in interfaces:
        programs["OGC API – EDR"] = f"{base_url}/ogc/collections/{quote(record.id)}"
    if "stac" in interfaces:
        programs["STAC"] = f"{base_url}/stac/collections/{quote(record.id)}"
    return programs


def render_dataset(
    record: DatasetRecord, base_url: str, translate: Translator = ENGLISH, interfaces: Collection[str] = ()
) -> str:
    """Render the page of a dataset, with its description in the vocabulary of schema.org.

    ``interfaces``: those over which other programs can open it: `opendap`, `zarr`, `wms`, `wmts`, `ogc`, `stac`.
    """
    page = describe_dataset(record, translate)
    return _render(
        "dataset.html",
        translate,
        title=record.name,
        address=page.links[0].href,
        page=page,
        facts=_facts(page, translate),
        record=record,
        notes=list_notes(record),
        programs=list_programs(record, base_url, interfaces),
        completeness=rate_completeness(record, translate),
        linked_data=linked_data(record, base_url, translate),
    )


def render_datasets(records: Iterable[DatasetRecord], translate: Translator = ENGLISH) -> str:
    """Render the page of all datasets."""
    return _render("datasets.html", translate, title=translate("Datasets"), address=_LIST, datasets=list(records))


# Types of services in catalogues of THREDDS, by interface.
THREDDS_SERVICES = {"opendap": "OPENDAP", "zarr": "ZARR", "wms": "WMS"}


def render_thredds_catalog(
    records: Iterable[DatasetRecord], interfaces: Collection[str], translate: Translator = ENGLISH
) -> str:
    """Render all datasets as a THREDDS catalogue (InvCatalog 1.0), from which Panoply, IDV and siphon open them."""
    services = {name: kind for name, kind in THREDDS_SERVICES.items() if name in interfaces}
    title = translate("Datasets")
    return _environment().get_template("catalog.xml").render(title=title, services=services, datasets=list(records))


def _join_groups(dataset: DatasetRecord | DatasetPage) -> str:
    return " · ".join(name for name in (dataset.group, dataset.subgroup) if name)


def _render(template: str, translate: Translator, **values: Any) -> str:
    return _environment().get_template(template).render(translate=translate, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        style=Markup(STYLE),  # noqa: S704  a file of ours
        languages={"en": "English", "fr": "Français"},
        list_address=_LIST,
        dataset_address=dataset_address,
        last_step_address=last_step_address,
        join_groups=_join_groups,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # in the order of the keys
    environment.tests["web_address"] = lambda text: text.startswith(("https://", "http://")) and " " not in text
    return environment


def _facts(page: DatasetPage, translate: Translator) -> dict[str, str | None]:
    area = None
    if page.bounds:
        west, south, east, north = page.bounds
        west_letter = "O" if translate.language == "fr" else "W"
        area = translate(
            "{south} to {north}, {west} to {east}",
            south=_format_degrees(south, "NS", translate),
            north=_format_degrees(north, "NS", translate),
            west=_format_degrees(float(wrap_longitude(west)), f"E{west_letter}", translate),
            east=_format_degrees(float(wrap_longitude(east)), f"E{west_letter}", translate),
        )
    return {
        translate("Id"): page.id,
        translate("Group"): _join_groups(page),
        translate("Time"): _format_period(page, translate),
        translate("Time steps"): str(page.time_steps) if page.time_steps else None,
        translate("Time resolution"): page.quantum and translate(page.quantum),
        translate("Area"): area,
        translate("Depth levels"): str(page.depth_levels) if page.depth_levels else None,
        translate("Grid"): page.model_class,
        translate("Credit"): page.attribution,
        translate("Licence"): page.license,
        translate("Revision"): page.revision,
    }


def _format_period(page: DatasetPage, translate: Translator) -> str | None:
    if page.start is None or page.end is None:
        return None
    if page.climatology:
        return label_climatology([page.start, page.end], page.quantum, translate)
    return translate("{start} to {end}", start=page.start, end=page.end)


def _format_degrees(degrees: float, letters: str, translate: Translator) -> str:
    """Format a latitude or longitude with the first of two letters, or the second if it is negative."""
    number = f"{abs(degrees):.2f}".replace(".", "," if translate.language == "fr" else ".")
    return f"{number}° {letters[degrees < 0]}"
