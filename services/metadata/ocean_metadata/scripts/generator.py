"""Generates programs that repeat a request of the map: a plot, its numbers, or a subset.

A query is data: it is parsed, and written again as literals of the program's language.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from ocean_common.contracts.common import PLOT_KINDS
from ocean_common.parameters import parse_choice
from ocean_common.problems import parse_framework_text
from ocean_core.errors import InvalidRequest, Message, PlotKindNotFound

API = "/api/v2.0"
_NO_PLOT = Message("there is no plot {value!r}; there are {choices}")
_MAX_NESTING = 16  # of lists within lists in a query

ScriptType = Literal["plot", "csv", "subset"]
Json = Mapping[str, Any]

_PARAMETER_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class ScriptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request that a program makes."""

    title: str  # for the program's first line
    url: str
    query: Json | None  # sent as JSON in the parameter `query`
    parameters: dict[str, str]  # all other parameters
    file: str  # name of the file that the program saves


def parse_query(text: str) -> Json:
    """Parse a query: a JSON object, not nested too deeply."""
    try:
        query = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest(
            "query is not JSON: {error}", error=parse_framework_text(str(error)[:120]), field="query"
        ) from error
    if not isinstance(query, dict):
        raise InvalidRequest('query is not a JSON object such as {"dataset": "arctic_day"}', field="query")
    if _nesting(query) > _MAX_NESTING:
        raise InvalidRequest("query is nested more than {max_depth} levels deep", max_depth=_MAX_NESTING, field="query")
    return query


def generate_script(request: ScriptRequest, language: str) -> str:
    """Generate the program that makes a request, in one of `LANGUAGES`."""
    return _environment().get_template(f"{language}.jinja").render(request=request)


def make_request(query: Json, script_type: ScriptType, plot_type: str | None, server: str) -> ScriptRequest:
    """Return the request for a plot, its numbers or a subset from the server at an address."""
    if script_type == "subset":
        return _subset_request(query, server)
    if not plot_type:
        raise InvalidRequest(
            "plot_type is required for {required}", required=script_type, field="plot_type", allowed=PLOT_KINDS
        )
    parse_choice(plot_type, PLOT_KINDS, "plot_type", _NO_PLOT, PlotKindNotFound)
    suffix = "png" if script_type == "plot" else "csv"
    return ScriptRequest(
        title=f"{plot_type} plot" if script_type == "plot" else f"numbers of a {plot_type} plot",
        url=f"{server}{API}/plot/{plot_type}",
        query=query,
        parameters={"save": "True", "format": suffix},
        file=f"ocean_navigator_{plot_type}.{suffix}",
    )


def _subset_request(query: Json, server: str) -> ScriptRequest:
    dataset, variables = query.get("dataset_name"), query.get("variables")
    if isinstance(variables, list) and all(isinstance(variable, str) for variable in variables):
        variables = ",".join(variables)
    if not (isinstance(dataset, str) and dataset and isinstance(variables, str) and variables):
        raise InvalidRequest("a query for a subset needs dataset_name and variables, both strings", field="query")
    parameters = {
        name: _format_parameter(value, name)
        for name, value in query.items()
        if name not in {"dataset_name", "variables"} and value is not None
    }
    zipped = parameters.get("should_zip", "1").lower() in {"1", "true"}
    return ScriptRequest(
        title=f"subset of {dataset}",
        url=f"{server}{API}/subset/{_quote_segment(dataset)}/{_quote_segment(variables)}",
        query=None,
        parameters=parameters,
        file=f"{_UNSAFE.sub('_', dataset)[:80]}_subset.{'zip' if zipped else 'nc'}",
    )


def _format_parameter(value: Any, name: str) -> str:
    if not _PARAMETER_NAME.fullmatch(name):
        raise InvalidRequest("{key!r} is not a parameter of a subset", key=name[:40], field="query")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return ",".join(_format_parameter(element, name) for element in value)
    if isinstance(value, dict):
        raise InvalidRequest("{key} of a subset must be a string, a number or a list", key=name[:40], field="query")
    return str(value)


def _quote_segment(text: str) -> str:
    """Quote one segment of a path; commas stay, and dots that would mean the parent path do not."""
    return quote(text, safe=",") if text.strip(".") else text.replace(".", "%2E")


def _nesting(value: Any) -> int:
    """Return how deeply lists and objects are nested; computed without recursion."""
    depth, level = 0, [value]
    while level:
        depth += 1
        inner = [item for value in level for item in (value.values() if isinstance(value, dict) else value)]
        level = [item for item in inner if isinstance(item, dict | list)]
    return depth


def _literal(value: Any, scalar: Callable[[Any], str], indent: str = "") -> str:
    """Write a value over readable lines: objects and lists of lists are broken up, other lists are not."""
    deeper = indent + "    "
    if isinstance(value, dict) and value:
        members = [f"{deeper}{scalar(key)}: {_literal(item, scalar, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(deeper + _literal(item, scalar, deeper) for item in value) + f"\n{indent}]"
    if isinstance(value, list):
        return "[" + ", ".join(map(scalar, value)) + "]"
    return "{}" if isinstance(value, dict) else scalar(value)


class ProgramText(str):
    """Text of a program: only a filter makes it, so that no value can get out of its quotes."""

    __slots__ = ()


def _r_literal(text: str) -> ProgramText:
    """Return a literal of R in ASCII, which every locale reads alike, without null characters, which it cannot have."""
    escaped = text.replace("\0", "").replace("\\", "\\\\").replace("'", "\\'")
    return ProgramText("'" + re.sub(r"[^\n -~]", lambda match: f"\\U{{{ord(match[0]):x}}}", escaped) + "'")


def _require_literal(value: object) -> object:
    if not isinstance(value, ProgramText):
        raise TypeError(f"{value!r} is not quoted: a filter is missing in the template")
    return value


@cache
def _environment() -> Environment:
    environment = Environment(  # noqa: S701  not HTML, and `finalize` refuses what no filter has quoted
        loader=PackageLoader(__package__),
        undefined=StrictUndefined,
        finalize=_require_literal,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "comment": lambda text: ProgramText(ascii(text)[1:-1]),  # on one line
        "python": lambda value: ProgramText(_literal(value, ascii)),
        "json": lambda value: _literal(value, json.dumps),
        "r": _r_literal,
        "shell": lambda text: ProgramText("'" + text.replace("\0", "").replace("'", "'\\''") + "'"),
        "file_name": lambda name: ProgramText(_UNSAFE.sub("_", name)),
    }
    return environment


# Suffix and media type of a program in each language.
LANGUAGES = {"python": ("py", "application/x-python"), "r": ("r", "text/plain"), "curl": ("sh", "application/x-sh")}
