"""The pages that people read: a dataset, and the list of them. They need no script."""

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from ocean_common.contracts.finding import Completeness, Lacking
from ocean_common.contracts.metadata import DatasetPage
from ocean_common.texts import ENGLISH, Say
from ocean_metadata.catalogue.completeness import completeness
from ocean_metadata.catalogue.dataset_page import API, last_step, page
from ocean_metadata.catalogue.linked_data import linked_data
from ocean_metadata.catalogue.markup import Markup, data_block, joined, tag
from ocean_metadata.catalogue.model import DatasetRecord, VariableRecord
from ocean_metadata.catalogue.search_document import shown_variables
from ocean_metadata.catalogue.search_results import extent
from ocean_metadata.catalogue.style import STYLE

LIST = f"{API}/datasets"
LANGUAGES = {"en": "English", "fr": "Français"}


def dataset_page(one: DatasetRecord, base: str, say: Say = ENGLISH) -> str:
    """A dataset as a page, with its description in schema.org's words.

    Parameters
    ----------
    one : DatasetRecord
        As the catalogue keeps it.
    base : str
        The public address of the service, without a slash at its end.
    say : Say
        Who says the texts.

    Returns
    -------
    str
        A whole HTML document.
    """
    found = page(one, say)
    return _document(
        one.name,
        found.links[0].href,
        say,
        way=_way(one.name, say),
        main=tag(
            "main",
            tag("h1", one.name),
            tag("p", one.help) if one.help else None,
            _facts(found, say),
            tag("h2", say("Variables")),
            _table(
                say("The last time step of a variable can be taken as a NetCDF file."),
                tuple(map(say, ("Variable", "Key", "Units", "Standard name", "Depth levels", "Data"))),
                (_variable(one, each, say) for each in shown_variables(one)),
            ),
            tag("h2", say("How well the files describe themselves")),
            _completeness(completeness(one, say), say),
            tag("h2", say("More")),
            tag("ul", *(tag("li", tag("a", each.title, href=each.href)) for each in found.links[2:])),
        ),
        more=data_block(msgspec.json.encode(linked_data(one, base, say))),
    )


def dataset_list(records: Iterable[DatasetRecord], say: Say = ENGLISH) -> str:
    """All datasets as a page."""
    rows = [_line(one, say.language) for one in records]
    return _document(
        say("Datasets"),
        LIST,
        say,
        main=tag(
            "main",
            tag("h1", say("Datasets")),
            tag("p", say("{count} datasets can be asked for.", count=len(rows))),
            _table(
                say("In the order of the configuration."),
                tuple(map(say, ("Dataset", "Group", "From", "To", "Variables"))),
                rows,
            ),
        ),
    )


def _document(
    title: str, address: str, say: Say, *, main: Markup, way: Markup | None = None, more: Markup | None = None
) -> str:
    others = [(language, name) for language, name in LANGUAGES.items() if language != say.language]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Ocean Navigator"),
        tag("style", Markup(STYLE)),
        *(tag("link", rel="alternate", hreflang=each, href=f"{address}?lang={each}") for each in LANGUAGES),
        tag("link", rel="alternate", hreflang="x-default", href=address),
        more,
    )
    footer = tag(
        "footer",
        tag("a", say("How the service is asked"), href="/docs"),
        *(tag("a", name, href=f"{address}?lang={each}", hreflang=each, lang=each) for each, name in others),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", way, main, footer), lang=say.language)


def _way(name: str, say: Say) -> Markup:
    here = tag("li", tag("span", name, aria_current="page"))
    way = tag("ol", tag("li", tag("a", say("Datasets"), href=f"{LIST}?lang={say.language}")), here)
    return tag("nav", way, aria_label=say("Where this page is"))


def _latitude(value: float, say: Say) -> str:
    return f"{_decimal(abs(value), say)}° {'S' if value < 0 else 'N'}"


def _longitude(value: float, say: Say) -> str:
    turned = (value + 180.0) % 360.0 - 180.0
    west = "O" if say.language == "fr" else "W"
    return f"{_decimal(abs(turned), say)}° {west if turned < 0 else 'E'}"


def _decimal(value: float, say: Say) -> str:
    return f"{value:.2f}".replace(".", "," if say.language == "fr" else ".")


def _facts(found: DatasetPage, say: Say) -> Markup:
    area = None
    if found.bounds:
        west, south, east, north = found.bounds
        area = say(
            "{south} to {north}, {west} to {east}",
            south=_latitude(south, say),
            north=_latitude(north, say),
            west=_longitude(west, say),
            east=_longitude(east, say),
        )
    facts = {
        say("Id"): found.id,
        say("Group"): " · ".join(each for each in (found.group, found.subgroup) if each) or None,
        say("Time"): say("{start} to {end}", start=found.start, end=found.end) if found.start else None,
        say("Time steps"): str(found.time_steps) if found.time_steps else None,
        say("Spacing"): found.quantum and say(found.quantum),
        say("Area"): area,
        say("Depth levels"): str(found.depth_levels) if found.depth_levels else None,
        say("Grid"): found.model_class,
        say("Credit"): found.attribution,
        say("Licence"): found.license,
        say("Revision"): found.revision,
    }
    told = [(tag("dt", name), tag("dd", _text(value))) for name, value in facts.items() if value]
    return tag("dl", *(each for pair in told for each in pair))


def _text(value: str) -> Markup:
    """A text; an address is a link."""
    address = value.startswith(("https://", "http://")) and " " not in value
    return tag("a", value, href=value) if address else joined(value)


def _variable(one: DatasetRecord, each: VariableRecord, say: Say) -> Markup:
    levels = len(one.depths[each.depth].values) if each.depth is not None else "–"
    return tag(
        "tr",
        tag("th", each.name, scope="row"),
        tag("td", tag("code", each.key)),
        tag("td", each.units),
        tag("td", each.standard_name or "–"),
        tag("td", levels),
        tag("td", tag("a", "NetCDF", href=last_step(one, each), aria_label=say("NetCDF of {name}", name=each.name))),
    )


def _line(one: DatasetRecord, language: str) -> Markup:
    start, end = extent(one)
    return tag(
        "tr",
        tag("th", tag("a", one.name, href=f"{API}/dataset/{quote(one.id, safe='')}?lang={language}"), scope="row"),
        tag("td", " · ".join(each for each in (one.group, one.subgroup) if each)),
        tag("td", (start or "–")[:10]),
        tag("td", (end or "–")[:10]),
        tag("td", len(shown_variables(one))),
    )


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[Markup]) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    table = tag("table", tag("caption", caption), head, tag("tbody", *rows))
    return tag("div", table, class_="wide", role="region", aria_label=caption, tabindex="0")


def _completeness(found: Completeness, say: Say) -> Markup:
    told = say(
        "{score} % of what CF and ACDD recommend: {present} of {recommended} attributes.",
        score=found.score,
        present=found.present,
        recommended=found.recommended,
    )
    if not found.missing:
        return tag("p", told)
    lacking = tag("ul", *(_lacking(each, say) for each in found.missing))
    return joined(tag("p", told), tag("details", tag("summary", say("What is missing, and what to write")), lacking))


def _lacking(one: Lacking, say: Say) -> Markup:
    if not one.variables:
        return tag("li", tag("code", one.attribute), say(": {advice}", advice=one.advice))
    told = say(" of {variables}: {advice}", variables=", ".join(one.variables), advice=one.advice)
    return tag("li", tag("code", one.attribute), told)
