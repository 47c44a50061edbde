"""Errors become Problem Details (RFC 9457), and a neighbour's problem becomes an error again: the one table."""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec

from ocean_common.contracts.common import FieldProblem, Problem
from ocean_common.i18n import request_translator
from ocean_common.telemetry import current_request_id
from ocean_core import errors
from ocean_core.errors import Message, OceanError, match_template

MEDIA_TYPE = "application/problem+json"

# 502 and 504 are not here: they are the gateway's words.
STATUS: dict[type[OceanError], HTTPStatus] = {
    kind: status
    for base, status in (
        (errors.NotFound, HTTPStatus.NOT_FOUND),
        (errors.InvalidRequest, HTTPStatus.BAD_REQUEST),
        (errors.Unauthorized, HTTPStatus.UNAUTHORIZED),
        (errors.PointOutsideGrid, HTTPStatus.UNPROCESSABLE_ENTITY),
        (errors.RequestTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (errors.AddressTooLong, HTTPStatus.REQUEST_URI_TOO_LONG),
        (errors.SourceUnreadable, HTTPStatus.SERVICE_UNAVAILABLE),
        (errors.Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    for kind in (base, *base.__subclasses__())
}
LATER = 2  # s after which to try again what does not work now: a service that died is back after about as long
BY_URN = {f"urn:ocean:{kind.__name__}": kind for kind in STATUS}

_UNREADABLE = re.compile(r"JSON is malformed|MessagePack data is malformed|Input data was truncated")
_MISSING = re.compile(r"Missing required \w+ parameter '(.+?)'")

# Texts of msgspec and Litestar about wrong values; the first template that fits.
FRAMEWORK_TEXTS = (
    Message("Expected `{expected}`, got `{actual}` - at `{path}`"),
    Message("Expected `{expected}`, got `{actual}`"),
    Message("Expected `array` of length {length}"),
    Message("Expected `{expected}` of at least length {length}, got {actual}"),
    Message("Expected `{expected}` of length >= {minimum} and <= {maximum}"),
    Message("Expected `{expected}` of length >= {minimum}"),
    Message("Expected `{expected}` of length <= {maximum}"),
    Message("Expected `{expected}` of length {length}, got {actual}"),
    Message("Expected `{expected}` of length {length}"),
    Message("Expected `{expected}` matching regex {pattern}"),
    Message("Expected `{expected}` that's a multiple of {factor}"),
    Message("Expected `{expected}` >= {minimum}"),
    Message("Expected `{expected}` <= {maximum}"),
    Message("Expected `{expected}` > {minimum}"),
    Message("Expected `{expected}` < {maximum}"),
    Message("Expected `{expected}`"),
    Message("Invalid enum value {value}"),
    Message("Invalid value {value}"),
    Message("Object missing required field `{name}`"),
    Message("Object contains unknown field `{name}`"),
    Message("JSON is malformed: {reason}"),
    Message("MessagePack data is malformed: {reason}"),
    Message("{reason} (byte {position})"),
)
_log = logging.getLogger(__name__)


def parse_framework_text(text: str) -> Message:
    """Return the message of a text that msgspec or Litestar made; one that is not known stays as it is."""
    if text == "'data'":  # Litestar tells of an absent body by the name of the argument
        return Message("a body is required")
    for message in FRAMEWORK_TEXTS:
        if values := match_template(message.template, text):
            reason = {"reason": parse_framework_text(values["reason"])} if "reason" in values else {}
            return Message(message.template, **{**values, **reason})
    return Message(text)


def to_problem(error: OceanError) -> Problem:
    """Return the problem that tells an expected failure to the caller."""
    detail = request_translator()(error.message)
    fields = [FieldProblem(field=error.field, message=detail, allowed=list(error.allowed))] if error.field else []
    return _make_problem(f"urn:ocean:{type(error).__name__}", STATUS[type(error)], detail, fields)


def from_problem(problem: Problem, retry_after: int | None = None) -> OceanError:
    """Return a neighbour's failure as an error of this service, so that its status reaches the caller.

    What its framework refused has no URN: a value that is wrong for it is wrong for our caller too; anything else (a
    route that a neighbour of another version lacks) is an outage.
    """
    refused = problem.status == HTTPStatus.BAD_REQUEST
    kind = BY_URN.get(problem.type, errors.InvalidRequest if refused else errors.ServiceUnavailable)
    first = problem.errors[0] if problem.errors else None
    return kind(
        problem.detail,
        field=first.field if first else None,
        allowed=first.allowed if first else (),
        retry_after=retry_after,
    )


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response[Problem]:
    """Return the answer that holds a problem."""
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def _describe_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Problem:
    """Describe a failure that Litestar found: no such route, a wrong method, a value of the wrong type."""
    status, translate = HTTPStatus(error.status_code), request_translator()
    detail, fields = error.detail or status.phrase, list[FieldProblem]()
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        fields = [
            FieldProblem(field=_name_field(request, entry), message=translate(parse_framework_text(entry["message"])))
            for entry in error.extra
        ]
        detail = "; ".join(f"{entry.field}: {entry.message}" for entry in fields)
    elif missing := _MISSING.match(detail):
        detail = translate("the parameter '{name}' is required", name=missing[1])
        fields = [FieldProblem(field=missing[1], message=detail)]
    elif _UNREADABLE.match(detail):
        detail = translate("the body cannot be read: {reason}", reason=parse_framework_text(detail))
        fields = [FieldProblem(field="$", message=detail)]
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        methods = (error.headers or {}).get("allow")
        other = translate("another method is needed")
        detail = translate("this address answers {methods}", methods=methods) if methods else other
    elif status == HTTPStatus.NOT_FOUND:
        detail = translate("nothing is served at this address, or a part of it is not of the right type; see /docs")
    else:
        detail = translate(parse_framework_text(detail))
    return _make_problem("about:blank", status, detail, fields)


def _make_problem(urn: str, status: HTTPStatus, detail: str, fields: Sequence[FieldProblem] = ()) -> Problem:
    return Problem(
        type=urn,
        title=request_translator()(status.phrase),
        status=status,
        detail=detail,
        message=detail,
        errors=list(fields),
        request_id=current_request_id.get(),
    )


def _name_field(request: Request[Any, Any, Any], entry: Mapping[str, Any]) -> str:
    """Return the path of a body's member, or the name of a parameter as clients write it."""
    key = str(entry.get("key") or "")
    if entry.get("source") == "query" and (handler := request.scope.get("route_handler")):
        parameter = handler.parsed_fn_signature.parameters.get(key)
        return getattr(parameter and parameter.kwarg_definition, "name", None) or key
    return ("$" if key in {"", "data"} else f"$.{key}") if entry.get("source") == "body" else key


def _answer_expected(_: Request[Any, Any, Any], error: OceanError) -> Response[Problem]:
    headers = {"www-authenticate": "Bearer"} if isinstance(error, errors.Unauthorized) else {}
    if seconds := error.retry_after or (LATER if isinstance(error, errors.Unavailable) else None):
        headers["retry-after"] = str(seconds)
    return problem_response(to_problem(error), headers)


def _answer_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    return problem_response(_describe_http_error(request, error), error.headers)


def _answer_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    _log.error("bug in %s %s", request.method, request.url.path, exc_info=error)
    detail = request_translator()("The service failed. The request id helps its operators to find out why.")
    return problem_response(_make_problem("about:blank", HTTPStatus.INTERNAL_SERVER_ERROR, detail))


HANDLERS: dict[int | type[Exception], Any] = {
    OceanError: _answer_expected,
    HTTPException: _answer_http,
    Exception: _answer_bug,
}


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Answer a failure with its problem: protocols with errors of their own take status, text and headers from it."""
    kind = next(kind for kind in (OceanError, HTTPException, Exception) if isinstance(error, kind))
    response: Response[Problem] = HANDLERS[kind](request, error)
    return response


def answer_ogc_problem(
    request: Request[Any, Any, Any], error: Exception, names: Mapping[str, str] | None = None
) -> Response[dict[str, Any]]:
    """Answer a failure with its problem and the members that OGC API – Common has for errors.

    ``names``: of parameters, by those of the request that was made of them.
    """
    response = answer_problem(request, error)
    body: dict[str, Any] = msgspec.to_builtins(response.content)
    for field in body.get("errors", []):
        field["field"] = (names or {}).get(field["field"].partition("[")[0], field["field"])
    body |= {"code": str(body["status"]), "description": body["detail"]}
    return Response(body, status_code=body["status"], media_type=MEDIA_TYPE, headers=dict(response.headers))


def document_errors(*kinds: type[OceanError]) -> dict[int, ResponseSpec]:
    """Describe the error answers of a route for its OpenAPI document: malformed requests, and these failures."""
    by_status: dict[int, list[str]] = {int(HTTPStatus.BAD_REQUEST): ["A parameter is missing or wrong."]}
    for kind in kinds:
        by_status.setdefault(int(STATUS[kind]), []).append(kind.__doc__ or kind.__name__)
    return {
        status: ResponseSpec(
            Problem,
            description=" ".join(dict.fromkeys(texts)),
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status, texts in sorted(by_status.items())
    }
