"""A dataset in the words of schema.org, so that search engines for data find it."""

from typing import Any

from ocean_common.i18n import ENGLISH, Translator
from ocean_metadata.catalogue.dataset_page import API, last_step, licence
from ocean_metadata.catalogue.model import DatasetRecord, VariableRecord
from ocean_metadata.catalogue.search_document import shown_variables
from ocean_metadata.catalogue.search_results import extent

SHORTEST, LONGEST = 50, 5000  # characters of a description that search engines take
_MOST = 100  # variables that are named


def linked_data(one: DatasetRecord, base: str, translate: Translator = ENGLISH) -> dict[str, Any]:
    """Describe a dataset as schema.org/Dataset.

    Parameters
    ----------
    one : DatasetRecord
        As the catalogue keeps it.
    base : str
        The public address of the service, without a slash at its end.
    translate : Translator
        Who says the texts.

    Returns
    -------
    dict
        JSON-LD; what is not known is left out.
    """
    address = f"{base}{API}/dataset/{one.id}"
    shown = shown_variables(one)[:_MOST]
    maker = one.attributes.get("institution") or one.attribution
    found: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": address,
        "name": one.name,
        "description": description(one, translate),
        "url": address,
        "identifier": str(one.attributes.get("id") or one.id),
        "version": one.revision,
        "isAccessibleForFree": True,
        "keywords": _keywords(one),
        "license": licence(one),
        "creditText": one.attribution,
        "creator": {"@type": "Organization", "name": str(maker)} if maker else None,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "Ocean Navigator", "url": f"{base}{API}/datasets"},
        "spatialCoverage": _place(one),
        "temporalCoverage": _period(one),
        "variableMeasured": [_measured(each) for each in shown],
        "distribution": [_download(one, each, base, translate) for each in shown],
    }
    return {name: value for name, value in found.items() if value not in (None, [], "")}


def _measured(each: VariableRecord) -> dict[str, str]:
    known = {"propertyID": each.standard_name} if each.standard_name else {}
    return {"@type": "PropertyValue", "name": each.name, "unitText": each.units, **known}


def _download(one: DatasetRecord, each: VariableRecord, base: str, translate: Translator) -> dict[str, str]:
    return {
        "@type": "DataDownload",
        "name": translate("{name}, last time step", name=each.name),
        "encodingFormat": "application/x-netcdf",
        "contentUrl": f"{base}{last_step(one, each)}",
    }


def description(one: DatasetRecord, translate: Translator = ENGLISH) -> str:
    """What the dataset is, in a paragraph that is long enough for search engines."""
    start, end = extent(one)
    names = ", ".join(each.name for each in shown_variables(one)[:_MOST])
    parts = [one.help or str(one.attributes.get("summary") or one.attributes.get("title") or one.name).strip()]
    if names:
        parts.append(translate("Variables: {names}.", names=names))
    if start and end:
        parts.append(translate("From {start} to {end}.", start=start[:10], end=end[:10]))
    text = " ".join(parts)
    if len(text) < SHORTEST:
        text = f"{text} {translate('Ocean data on a grid, served by Ocean Navigator.')}"
    return text[:LONGEST]


def _keywords(one: DatasetRecord) -> list[str]:
    told = [each.strip() for each in str(one.attributes.get("keywords", "")).split(",")]
    names = [each.standard_name for each in shown_variables(one)[:_MOST]]
    return list(dict.fromkeys(each for each in (*told, one.group, one.subgroup, *names) if each))


def _place(one: DatasetRecord) -> dict[str, Any] | list[dict[str, Any]] | None:
    """A box: south, west, north, east; two where it crosses the antimeridian."""
    if one.bounds is None:
        return None
    west, south, east, north = one.bounds
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    places = [
        {"@type": "Place", "geo": {"@type": "GeoShape", "box": f"{south:g} {left:g} {north:g} {right:g}"}}
        for left, right in parts
    ]
    return places[0] if len(places) == 1 else places


def _period(one: DatasetRecord) -> str | None:
    start, end = extent(one)
    return f"{start}/{end}" if start and end else None
