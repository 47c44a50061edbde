"""HTML pages of datasets, from the templates beside this module. They need no script."""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup

from ocean_common.contracts.metadata import DatasetPage
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.geometry import wrap_longitude
from ocean_metadata.catalogue.completeness import rate_completeness
from ocean_metadata.catalogue.dataset_page import API, dataset_address, describe_dataset, last_step_address, linked_data
from ocean_metadata.catalogue.model import DatasetRecord
from ocean_metadata.catalogue.responses import vary_by_accept

_LIST = f"{API}/datasets"
STYLE = " ".join(files(__package__).joinpath("templates/style.css").read_text("utf-8").split())
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# Nothing is run or fetched, whatever a text in a file may contain.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def as_page(response: Response[bytes]) -> Response[bytes]:
    """Add the headers of a page, which runs and fetches nothing."""
    response.headers["content-security-policy"] = CONTENT_SECURITY_POLICY
    return vary_by_accept(response)


def render_dataset(record: DatasetRecord, base_url: str, translate: Translator = ENGLISH) -> str:
    """Render the page of a dataset, with its description in the vocabulary of schema.org.

    ``base_url`` is the public address of the service, without a slash at its end.
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
        start, end = record.period
        dataset = {
            "name": record.name,
            "address": dataset_address(record),
            "group": _join_groups(record),
            "start": (start or "–")[:10],
            "end": (end or "–")[:10],
            "variables": len(record.visible_variables),
        }
        datasets.append(dataset)
    return _render("datasets.html", translate, title=translate("Datasets"), address=_LIST, datasets=datasets)


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


def _format_degrees(degrees: float, letters: str, translate: Translator) -> str:
    """Format a latitude or longitude with the first of two letters, or the second if it is negative."""
    number = f"{abs(degrees):.2f}".replace(".", "," if translate.language == "fr" else ".")
    return f"{number}° {letters[degrees < 0]}"
