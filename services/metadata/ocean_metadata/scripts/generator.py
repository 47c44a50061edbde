"""Programs that ask for what somebody saw on the map: a plot, its numbers, or a subset.

Whatever a query holds is data: it is parsed, and written again as literals of the program's language.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from ocean_common.contracts.plots import PLOT_KINDS
from ocean_common.errors import InvalidRequest, PlotKindNotFound

API = "/api/v2.0"
MAX_DEPTH = 16  # of lists within lists in a query

Wanted = Literal["plot", "csv", "subset"]
Json = Mapping[str, Any]

_SUFFIXES = {"plot": "png", "csv": "csv"}
_KEY = re.compile(r"[A-Za-z]\w*", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What a program asks for."""

    what: str  # for its first line
    url: str
    query: Json | None  # sent as JSON in the parameter `query`
    parameters: dict[str, str]  # the others
    file: str  # that the answer is saved as


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A program."""

    text: str
    suffix: str
    media_type: str


def parse(text: str) -> Json:
    """Read a query: a JSON object, not too deep."""
    try:
        query = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest("query is no JSON: {error}", error=str(error)[:120], field="query") from error
    if not isinstance(query, dict):
        raise InvalidRequest('query is no JSON object, as {"dataset": "giops_day"}', field="query")
    if _depth(query) > MAX_DEPTH:
        raise InvalidRequest(
            "query has lists within lists, more than {max_depth} deep", max_depth=MAX_DEPTH, field="query"
        )
    return query


def asking(query: Json, wanted: Wanted, plot_type: str | None, address: str) -> Asking:
    """Find out what a program is to ask of the server at ``address``."""
    return _subset(query, address) if wanted == "subset" else _plot(query, wanted, plot_type, address)


def write(asked: Asking, language: str) -> Script:
    """Write the program, in one of `LANGUAGES`."""
    return LANGUAGES[language](asked)


def _plot(query: Json, wanted: Wanted, plot_type: str | None, address: str) -> Asking:
    if not plot_type:
        raise InvalidRequest(
            "plot_type is required for {required}", required=wanted, field="plot_type", allowed=PLOT_KINDS
        )
    if plot_type not in PLOT_KINDS:
        raise PlotKindNotFound(
            "there is no plot {plot_type!r}; there are {plots}",
            plot_type=plot_type[:40],
            plots=", ".join(PLOT_KINDS),
            field="plot_type",
            allowed=PLOT_KINDS,
        )
    suffix = _SUFFIXES[wanted]
    return Asking(
        what=f"{plot_type} plot" if wanted == "plot" else f"numbers of a {plot_type} plot",
        url=f"{address}{API}/plot/{plot_type}",
        query=query,
        parameters={"save": "True", "format": suffix},
        file=f"ocean_navigator_{plot_type}.{suffix}",
    )


def _subset(query: Json, address: str) -> Asking:
    dataset, variables = query.get("dataset_name"), query.get("variables")
    if isinstance(variables, list) and all(isinstance(one, str) for one in variables):
        variables = ",".join(variables)
    if not (isinstance(dataset, str) and dataset and isinstance(variables, str) and variables):
        raise InvalidRequest("a query for a subset has dataset_name and variables, both texts", field="query")
    parameters = {
        key: _parameter(value, key)
        for key, value in query.items()
        if key not in {"dataset_name", "variables"} and value is not None
    }
    zipped = parameters.get("should_zip", "1").lower() in {"1", "true"}
    return Asking(
        what=f"subset of {dataset}",
        url=f"{address}{API}/subset/{_segment(dataset)}/{_segment(variables)}",
        query=None,
        parameters=parameters,
        file=f"{_UNSAFE.sub('_', dataset)[:80]}_subset.{'zip' if zipped else 'nc'}",
    )


def _parameter(value: Any, key: str) -> str:
    if not _KEY.fullmatch(key):
        raise InvalidRequest("{key!r} is no parameter of a subset", key=key[:40], field="query")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return ",".join(_parameter(one, key) for one in value)
    if isinstance(value, dict):
        raise InvalidRequest("{key} of a subset is a text, a number or a list", key=key[:40], field="query")
    return str(value)


def _segment(text: str) -> str:
    """One segment of a path; commas stay, and dots that would be the path above do not."""
    return quote(text, safe=",") if text.strip(".") else text.replace(".", "%2E")


def _depth(value: Any) -> int:
    """How deep lists and objects lie within each other; found without recursion."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        inner = [one for each in level for one in (each.values() if isinstance(each, dict) else each)]
        level = [one for one in inner if isinstance(one, dict | list)]
    return deepest


def _literal(value: Any, scalar: Callable[[Any], str], indent: str = "") -> str:
    """A value over lines that people can read: objects and lists of lists are broken up, other lists are not."""
    deeper = indent + "    "
    if isinstance(value, dict) and value:
        inner = [f"{deeper}{scalar(key)}: {_literal(one, scalar, deeper)}" for key, one in value.items()]
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return "[\n" + ",\n".join(deeper + _literal(one, scalar, deeper) for one in value) + f"\n{indent}]"
    if isinstance(value, list):
        return "[" + ", ".join(map(scalar, value)) + "]"
    return "{}" if isinstance(value, dict) else scalar(value)


def _comment(text: str) -> str:
    """A text that stays on its line, whatever is in it."""
    return ascii(text)[1:-1]


def _python(asked: Asking) -> Script:
    parameters = f"PARAMETERS = {_literal(asked.parameters, ascii)}\n"
    if asked.query is not None:
        parameters = f"QUERY = {_literal(asked.query, ascii)}\n\n{parameters}PARAMETERS['query'] = json.dumps(QUERY)\n"
    text = f"""\
#!/usr/bin/env python3
# Ocean Navigator: {_comment(asked.what)}.
# It needs Python 3.8 or later, and nothing else. Its first argument is the name of the file to save.

import json
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request

ADDRESS = {asked.url!a}
{parameters}
FILE = sys.argv[1] if len(sys.argv) > 1 else {asked.file!a}

try:
    with urllib.request.urlopen(ADDRESS + "?" + urllib.parse.urlencode(PARAMETERS), timeout=600) as answer:
        with open(FILE, "wb") as file:
            shutil.copyfileobj(answer, file)
except urllib.error.HTTPError as error:
    said = error.read().decode("utf-8", "replace")
    try:
        said = json.loads(said)["detail"]
    except (ValueError, KeyError, TypeError):
        pass
    sys.exit("The server answered {{}}: {{}}".format(error.code, said))
except urllib.error.URLError as error:
    sys.exit("The server cannot be reached: {{}}".format(error.reason))
print("saved", FILE)
"""
    return Script(text=text, suffix="py", media_type="application/x-python")


def _r(asked: Asking) -> Script:
    parameters = "".join(f",\n  {_r_text(key)} = {_r_text(value)}" for key, value in asked.parameters.items())
    query = ""
    if asked.query is not None:
        query = f"query <- {_r_text(_literal(asked.query, json.dumps))}\n\n"
        parameters = ",\n  'query' = query" + parameters
    text = f"""\
# Ocean Navigator: {_comment(asked.what)}.
# It needs R 3.3 or later, and nothing else. Its first argument is the name of the file to save.

address <- {_r_text(asked.url)}
{query}parameters <- c({parameters.removeprefix(",")}
)

file <- commandArgs(trailingOnly = TRUE)[1]
if (is.na(file)) file <- {_r_text(asked.file)}

encoded <- vapply(parameters, utils::URLencode, "", reserved = TRUE)
options(timeout = 600)
utils::download.file(
  paste0(address, "?", paste(names(parameters), encoded, sep = "=", collapse = "&")),
  file, mode = "wb"
)
cat("saved", file, "\\n")
"""
    return Script(text=text, suffix="r", media_type="text/plain")


def _r_text(text: str) -> str:
    """A literal of R: ASCII only, so that no locale reads it otherwise."""
    written = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + "".join(one if one == "\n" or " " <= one <= "~" else _r_escaped(one) for one in written) + "'"


def _r_escaped(one: str) -> str:
    """A character that R cannot have, the zero, is left out."""
    return f"\\U{{{ord(one):x}}}" if one != "\0" else ""


def _curl(asked: Asking) -> Script:
    given = dict(asked.parameters)
    if asked.query is not None:
        given = {"query": _literal(asked.query, json.dumps), **given}
    data = "".join(f"  --data-urlencode {_shell(f'{key}={value}')} \\\n" for key, value in given.items())
    text = f"""\
#!/bin/sh
# Ocean Navigator: {_comment(asked.what)}.
# It needs curl. Its first argument is the name of the file to save.

curl --fail-with-body --silent --show-error --globoff --get \\
{data}  --output "${{1:-{asked.file}}}" \\
  {_shell(asked.url)}
"""
    return Script(text=text, suffix="sh", media_type="application/x-sh")


def _shell(text: str) -> str:
    return "'" + text.replace("\0", "").replace("'", "'\\''") + "'"


LANGUAGES: dict[str, Callable[[Asking], Script]] = {"python": _python, "r": _r, "curl": _curl}
