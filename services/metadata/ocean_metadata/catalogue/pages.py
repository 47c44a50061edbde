"""The pages that people read: a dataset, and the list of them. They need no script."""

from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from ocean_common.contracts.finding import Completeness, Lacking
from ocean_common.contracts.metadata import DatasetPage
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.geometry import wrap_longitude
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


def dataset_page(one: DatasetRecord, base: str, translate: Translator = ENGLISH) -> str:
    """A dataset as a page, with its description in schema.org's words.

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
    str
        A whole HTML document.
    """
    found = page(one, translate)
    return _document(
        one.name,
        found.links[0].href,
        translate,
        way=_way(one.name, translate),
        main=tag(
            "main",
            tag("h1", one.name),
            tag("p", one.help) if one.help else None,
            _facts(found, translate),
            tag("h2", translate("Variables")),
            _table(
                translate("The last time step of a variable can be taken as a NetCDF file."),
                tuple(map(translate, ("Variable", "Key", "Units", "Standard name", "Depth levels", "Data"))),
                (_variable(one, each, translate) for each in shown_variables(one)),
            ),
            tag("h2", translate("How well the files describe themselves")),
            _completeness(completeness(one, translate), translate),
            tag("h2", translate("More")),
            tag("ul", *(tag("li", tag("a", each.title, href=each.href)) for each in found.links[2:])),
        ),
        more=data_block(msgspec.json.encode(linked_data(one, base, translate))),
    )


def dataset_list(records: Iterable[DatasetRecord], translate: Translator = ENGLISH) -> str:
    """All datasets as a page."""
    rows = [_line(one, translate.language) for one in records]
    return _document(
        translate("Datasets"),
        LIST,
        translate,
        main=tag(
            "main",
            tag("h1", translate("Datasets")),
            tag("p", translate("{count} datasets can be asked for.", count=len(rows))),
            _table(
                translate("In the order of the configuration."),
                tuple(map(translate, ("Dataset", "Group", "From", "To", "Variables"))),
                rows,
            ),
        ),
    )


def _document(
    title: str,
    address: str,
    translate: Translator,
    *,
    main: Markup,
    way: Markup | None = None,
    more: Markup | None = None,
) -> str:
    others = [(language, name) for language, name in LANGUAGES.items() if language != translate.language]
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
        tag("a", translate("How the service is asked"), href="/docs"),
        *(tag("a", name, href=f"{address}?lang={each}", hreflang=each, lang=each) for each, name in others),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", way, main, footer), lang=translate.language)


def _way(name: str, translate: Translator) -> Markup:
    here = tag("li", tag("span", name, aria_current="page"))
    way = tag("ol", tag("li", tag("a", translate("Datasets"), href=f"{LIST}?lang={translate.language}")), here)
    return tag("nav", way, aria_label=translate("Where this page is"))


def _latitude(value: float, translate: Translator) -> str:
    return f"{_decimal(abs(value), translate)}° {'S' if value < 0 else 'N'}"


def _longitude(value: float, translate: Translator) -> str:
    turned = float(wrap_longitude(value))
    west = "O" if translate.language == "fr" else "W"
    return f"{_decimal(abs(turned), translate)}° {west if turned < 0 else 'E'}"


def _decimal(value: float, translate: Translator) -> str:
    return f"{value:.2f}".replace(".", "," if translate.language == "fr" else ".")


def _facts(found: DatasetPage, translate: Translator) -> Markup:
    area = None
    if found.bounds:
        west, south, east, north = found.bounds
        area = translate(
            "{south} to {north}, {west} to {east}",
            south=_latitude(south, translate),
            north=_latitude(north, translate),
            west=_longitude(west, translate),
            east=_longitude(east, translate),
        )
    facts = {
        translate("Id"): found.id,
        translate("Group"): " · ".join(each for each in (found.group, found.subgroup) if each) or None,
        translate("Time"): translate("{start} to {end}", start=found.start, end=found.end) if found.start else None,
        translate("Time steps"): str(found.time_steps) if found.time_steps else None,
        translate("Spacing"): found.quantum and translate(found.quantum),
        translate("Area"): area,
        translate("Depth levels"): str(found.depth_levels) if found.depth_levels else None,
        translate("Grid"): found.model_class,
        translate("Credit"): found.attribution,
        translate("Licence"): found.license,
        translate("Revision"): found.revision,
    }
    told = [(tag("dt", name), tag("dd", _text(value))) for name, value in facts.items() if value]
    return tag("dl", *(each for pair in told for each in pair))


def _text(value: str) -> Markup:
    """A text; an address is a link."""
    address = value.startswith(("https://", "http://")) and " " not in value
    return tag("a", value, href=value) if address else joined(value)


def _variable(one: DatasetRecord, each: VariableRecord, translate: Translator) -> Markup:
    levels = len(one.depths[each.depth].values) if each.depth is not None else "–"
    return tag(
        "tr",
        tag("th", each.name, scope="row"),
        tag("td", tag("code", each.key)),
        tag("td", each.units),
        tag("td", each.standard_name or "–"),
        tag("td", levels),
        tag(
            "td",
            tag("a", "NetCDF", href=last_step(one, each), aria_label=translate("NetCDF of {name}", name=each.name)),
        ),
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


def _completeness(found: Completeness, translate: Translator) -> Markup:
    told = translate(
        "{score} % of what CF and ACDD recommend: {present} of {recommended} attributes.",
        score=found.score,
        present=found.present,
        recommended=found.recommended,
    )
    if not found.missing:
        return tag("p", told)
    lacking = tag("ul", *(_lacking(each, translate) for each in found.missing))
    return joined(
        tag("p", told), tag("details", tag("summary", translate("What is missing, and what to write")), lacking)
    )


def _lacking(one: Lacking, translate: Translator) -> Markup:
    if not one.variables:
        return tag("li", tag("code", one.attribute), translate(": {advice}", advice=one.advice))
    told = translate(" of {variables}: {advice}", variables=", ".join(one.variables), advice=one.advice)
    return tag("li", tag("code", one.attribute), told)
