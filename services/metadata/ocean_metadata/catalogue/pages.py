"""HTML pages of datasets, from the templates beside this module. They need no script."""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Request, Response
from markupsafe import Markup

from ocean_common.contracts.metadata import DatasetPage
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.geometry import wrap_longitude
from ocean_metadata.catalogue.completeness import rate_completeness
from ocean_metadata.catalogue.dataset_page import API, describe_dataset, last_step_address, linked_data
from ocean_metadata.catalogue.model import DatasetRecord, dataset_period

DATASETS = f"{API}/datasets"
LANGUAGES = {"en": "English", "fr": "Français"}

STYLE = " ".join(files(__package__).joinpath("templates/style.css").read_text("utf-8").split())
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# Nothing is run or fetched, whatever a text in a file may contain.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def prefers_html(request: Request[Any, Any, Any]) -> bool:
    """Return whether the client prefers HTML to JSON, as browsers do; one that accepts anything gets JSON."""
    return request.accept.best_match([MediaType.JSON, MediaType.HTML]) == MediaType.HTML


def vary_by_accept(response: Response[bytes]) -> Response[bytes]:
    """Tell caches that the answer depends on the Accept header."""
    response.headers["vary"] = "accept"
    return response


def as_page(response: Response[bytes]) -> Response[bytes]:
    """Add the headers of a page, which runs and fetches nothing."""
    response.headers["content-security-policy"] = CONTENT_SECURITY_POLICY
    return vary_by_accept(response)


def render_dataset(record: DatasetRecord, base_url: str, translate: Translator = ENGLISH) -> str:
    """Render the page of a dataset, with its description in the vocabulary of schema.org.

    Parameters
    ----------
    record : DatasetRecord
        From the catalogue.
    base_url : str
        Public address of the service, without a slash at its end.
    translate : Translator
        To the language of the page.

    Returns
    -------
    str
        An HTML document.
    """
    page = describe_dataset(record, translate)
    variables = [
        {
            "name": variable.name,
            "key": variable.key,
            "units": variable.units,
            "standard_name": variable.standard_name,
            "levels": len(record.depths[variable.depth].values) if variable.depth is not None else "–",
            "address": last_step_address(record, variable),
        }
        for variable in record.visible_variables
    ]
    return _render(
        "dataset.html",
        translate,
        title=record.name,
        address=page.links[0].href,
        list_address=DATASETS,
        page=page,
        facts=_facts(page, translate),
        variables=variables,
        completeness=rate_completeness(record, translate),
        linked_data=linked_data(record, base_url, translate),
    )


def render_datasets(records: Iterable[DatasetRecord], translate: Translator = ENGLISH) -> str:
    """Render the page of all datasets."""
    datasets = []
    for record in records:
        start, end = dataset_period(record)
        dataset = {
            "name": record.name,
            "address": f"{API}/dataset/{quote(record.id, safe='')}",
            "group": " · ".join(name for name in (record.group, record.subgroup) if name),
            "start": (start or "–")[:10],
            "end": (end or "–")[:10],
            "variables": len(record.visible_variables),
        }
        datasets.append(dataset)
    return _render("datasets.html", translate, title=translate("Datasets"), address=DATASETS, datasets=datasets)


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
    environment.globals.update(style=Markup(STYLE), languages=LANGUAGES)  # noqa: S704  a file of ours
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # in the order of the keys
    environment.tests["web_address"] = _is_web_address
    return environment


def _is_web_address(text: str) -> bool:
    return text.startswith(("https://", "http://")) and " " not in text


def _facts(page: DatasetPage, translate: Translator) -> dict[str, str | None]:
    area = None
    if page.bounds:
        west, south, east, north = page.bounds
        area = translate(
            "{south} to {north}, {west} to {east}",
            south=_format_latitude(south, translate),
            north=_format_latitude(north, translate),
            west=_format_longitude(west, translate),
            east=_format_longitude(east, translate),
        )
    return {
        translate("Id"): page.id,
        translate("Group"): " · ".join(name for name in (page.group, page.subgroup) if name),
        translate("Time"): translate("{start} to {end}", start=page.start, end=page.end) if page.start else None,
        translate("Time steps"): str(page.time_steps) if page.time_steps else None,
        translate("Time resolution"): page.quantum and translate(page.quantum),
        translate("Area"): area,
        translate("Depth levels"): str(page.depth_levels) if page.depth_levels else None,
        translate("Grid"): page.model_class,
        translate("Credit"): page.attribution,
        translate("Licence"): page.license,
        translate("Revision"): page.revision,
    }


def _format_latitude(degrees: float, translate: Translator) -> str:
    return f"{_format_decimal(abs(degrees), translate)}° {'S' if degrees < 0 else 'N'}"


def _format_longitude(degrees: float, translate: Translator) -> str:
    wrapped = float(wrap_longitude(degrees))
    west = "O" if translate.language == "fr" else "W"
    return f"{_format_decimal(abs(wrapped), translate)}° {west if wrapped < 0 else 'E'}"


def _format_decimal(value: float, translate: Translator) -> str:
    return f"{value:.2f}".replace(".", "," if translate.language == "fr" else ".")
