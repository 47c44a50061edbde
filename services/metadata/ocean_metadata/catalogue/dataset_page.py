"""One dataset: what it is, where and when, and what can be asked of it."""

import re
from urllib.parse import quote

from ocean_common.contracts.finding import Link
from ocean_common.contracts.metadata import DatasetPage
from ocean_common.i18n import ENGLISH, Translator
from ocean_metadata.catalogue.completeness import completeness
from ocean_metadata.catalogue.model import DatasetRecord, VariableRecord
from ocean_metadata.catalogue.search_document import shown_variables
from ocean_metadata.catalogue.search_results import extent

API = "/api/v2.0"
_LICENCES = (
    (r"\bcc[- ]?by[- ]?4\.0|creative commons attribution 4", "https://creativecommons.org/licenses/by/4.0/"),
    (r"\bcc[- ]?by[- ]?sa[- ]?4\.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    (r"\bcc0\b|public domain", "https://creativecommons.org/publicdomain/zero/1.0/"),
    (
        r"open government licence[ -]+canada",
        "https://open.canada.ca/en/open-government-licence-canada",
    ),
    (r"open government licence", "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"),
)


def page(one: DatasetRecord, translate: Translator = ENGLISH) -> DatasetPage:
    """What a dataset is, for programs and for the page that people read.

    Parameters
    ----------
    one : DatasetRecord
        As the catalogue keeps it.
    translate : Translator
        Who says the titles of links.

    Returns
    -------
    DatasetPage
        With links to everything that follows from it.
    """
    start, end = extent(one)
    return DatasetPage(
        id=one.id,
        value=one.name,
        quantum=one.quantum,
        help=one.help,
        attribution=one.attribution,
        revision=one.revision,
        bounds=one.bounds,
        start=start,
        end=end,
        model_class=one.model_class,
        group=one.group,
        subgroup=one.subgroup,
        license=licence(one),
        time_steps=one.times[one.time].count if one.time is not None else 0,
        variables=len(shown_variables(one)),
        depth_levels=max((len(axis.values) for axis in one.depths), default=0),
        completeness=completeness(one).score,
        links=_links(one, translate),
    )


def licence(one: DatasetRecord) -> str | None:
    """What the files say of their licence; else the one that the attribution names."""
    told = str(one.attributes.get("license", "")).strip()
    if told:
        return told
    credit = (one.attribution or "").casefold()
    return next((url for pattern, url in _LICENCES if re.search(pattern, credit)), None)


def last_step(one: DatasetRecord, variable: VariableRecord) -> str:
    """The address of a NetCDF file with the last time step of a variable."""
    west, south, east, north = one.bounds or (-180.0, -90.0, 180.0, 90.0)
    if west > east:  # around the antimeridian
        west, east = -180.0, 180.0
    corners = f"min_range={south:g},{west:g}&max_range={north:g},{east:g}"
    path = f"{API}/subset/{quote(one.id, safe='')}/{quote(variable.key, safe='')}"
    return f"{path}?output_format=NETCDF4&{corners}&time=-1,-1&should_zip=0"


def _links(one: DatasetRecord, translate: Translator) -> list[Link]:
    at = f"{API}/dataset/{quote(one.id, safe='')}"
    found = [
        Link(rel="self", href=at, title=translate("This dataset")),
        Link(rel="alternate", href=at, title=translate("This dataset as a page"), type="text/html"),
        Link(rel="collection", href=f"{API}/datasets", title=translate("All datasets")),
        Link(rel="variables", href=f"{at}/variables", title=translate("Variables")),
        Link(rel="completeness", href=f"{at}/completeness", title=translate("What the files do not say of themselves")),
    ]
    shown = shown_variables(one)
    if shown:
        key = quote(shown[0].key, safe="")
        found += [
            Link(rel="times", href=f"{at}/{key}/times", title=translate("Times of {name}", name=shown[0].name)),
            Link(
                rel="depths", href=f"{at}/{key}/depths", title=translate("Depth levels of {name}", name=shown[0].name)
            ),
            Link(
                rel="enclosure",
                href=last_step(one, shown[0]),
                title=translate("{name} at the last time step", name=shown[0].name),
                type="application/x-netcdf",
            ),
        ]
    return found
