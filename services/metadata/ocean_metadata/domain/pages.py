"""The pages that people read: a dataset, and the list of them. They need no script."""

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from ocean_common.contracts.finding import Completeness, Lacking
from ocean_common.contracts.metadata import DatasetPage
from ocean_metadata.domain.completeness import completeness
from ocean_metadata.domain.described import shown_variables
from ocean_metadata.domain.found import extent
from ocean_metadata.domain.linked_data import linked_data
from ocean_metadata.domain.markup import Markup, data_block, joined, tag
from ocean_metadata.domain.page import API, last_step, page
from ocean_metadata.domain.records import DatasetRecord, VariableRecord
from ocean_metadata.domain.style import STYLE

LIST = f"{API}/datasets"


def dataset_page(one: DatasetRecord, base: str) -> str:
    """A dataset as a page, with its description in schema.org's words.

    Parameters
    ----------
    one : DatasetRecord
        As the catalogue keeps it.
    base : str
        The public address of the service, without a slash at its end.

    Returns
    -------
    str
        A whole HTML document.
    """
    found = page(one)
    return _document(
        one.name,
        _way(one.name),
        tag(
            "main",
            tag("h1", one.name),
            tag("p", one.help) if one.help else None,
            _facts(found),
            tag("h2", "Variables"),
            _table(
                "The last time step of a variable can be taken as a NetCDF file.",
                ("Variable", "Key", "Units", "Standard name", "Depth levels", "Data"),
                (_variable(one, each) for each in shown_variables(one)),
            ),
            tag("h2", "How well the files describe themselves"),
            _completeness(completeness(one)),
            tag("h2", "More"),
            tag("ul", *(tag("li", tag("a", each.title, href=each.href)) for each in found.links[2:])),
        ),
        data_block(msgspec.json.encode(linked_data(one, base))),
    )


def dataset_list(records: Iterable[DatasetRecord]) -> str:
    """All datasets as a page."""
    rows = [_line(one) for one in records]
    return _document(
        "Datasets",
        None,
        tag(
            "main",
            tag("h1", "Datasets"),
            tag("p", f"{len(rows)} datasets can be asked for."),
            _table("In the order of the configuration.", ("Dataset", "Group", "From", "To", "Variables"), rows),
        ),
    )


def _document(title: str, way: Markup | None, main: Markup, more: Markup | None = None) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Ocean Navigator"),
        tag("style", Markup(STYLE)),
        more,
    )
    footer = tag("footer", tag("a", "How the service is asked", href="/docs"))
    return "<!doctype html>\n" + tag("html", head, tag("body", way, main, footer), lang="en")


def _way(name: str) -> Markup:
    here = tag("li", tag("span", name, aria_current="page"))
    return tag("nav", tag("ol", tag("li", tag("a", "Datasets", href=LIST)), here), aria_label="Where this page is")


def _facts(found: DatasetPage) -> Markup:
    area = None
    if found.bounds:
        west, south, east, north = found.bounds
        area = f"{south:.2f}° to {north:.2f}° north, {west:.2f}° to {east:.2f}° east"
    facts = {
        "Id": found.id,
        "Group": " · ".join(each for each in (found.group, found.subgroup) if each) or None,
        "Time": f"{found.start} to {found.end}" if found.start else None,
        "Time steps": str(found.time_steps) if found.time_steps else None,
        "Spacing": found.quantum,
        "Area": area,
        "Depth levels": str(found.depth_levels) if found.depth_levels else None,
        "Grid": found.model_class,
        "Credit": found.attribution,
        "Licence": found.license,
        "Revision": found.revision,
    }
    told = [(tag("dt", name), tag("dd", _text(value))) for name, value in facts.items() if value]
    return tag("dl", *(each for pair in told for each in pair))


def _text(value: str) -> Markup:
    """A text; an address is a link."""
    address = value.startswith(("https://", "http://")) and " " not in value
    return tag("a", value, href=value) if address else joined(value)


def _variable(one: DatasetRecord, each: VariableRecord) -> Markup:
    levels = len(one.depths[each.depth].values) if each.depth is not None else "–"
    return tag(
        "tr",
        tag("th", each.name, scope="row"),
        tag("td", tag("code", each.key)),
        tag("td", each.units),
        tag("td", each.standard_name or "–"),
        tag("td", levels),
        tag("td", tag("a", "NetCDF", href=last_step(one, each), aria_label=f"NetCDF of {each.name}")),
    )


def _line(one: DatasetRecord) -> Markup:
    start, end = extent(one)
    return tag(
        "tr",
        tag("th", tag("a", one.name, href=f"{API}/dataset/{quote(one.id, safe='')}"), scope="row"),
        tag("td", " · ".join(each for each in (one.group, one.subgroup) if each)),
        tag("td", (start or "–")[:10]),
        tag("td", (end or "–")[:10]),
        tag("td", len(shown_variables(one))),
    )


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[Markup]) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    table = tag("table", tag("caption", caption), head, tag("tbody", *rows))
    return tag("div", table, class_="wide", role="region", aria_label=caption, tabindex="0")


def _completeness(found: Completeness) -> Markup:
    told = f"{found.score} % of what CF and ACDD recommend: {found.present} of {found.recommended} attributes."
    if not found.missing:
        return tag("p", told)
    lacking = tag("ul", *(_lacking(each) for each in found.missing))
    return joined(tag("p", told), tag("details", tag("summary", "What is missing, and what to write"), lacking))


def _lacking(one: Lacking) -> Markup:
    where = f" of {', '.join(one.variables)}" if one.variables else ""
    return tag("li", tag("code", one.attribute), f"{where}: {one.advice}")
