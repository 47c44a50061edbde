"""Errors become Problem Details (RFC 9457), and a neighbour's problem becomes an error again: the one table."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec

from ocean_common.contracts.common import FieldProblem, Problem
from ocean_common.language import request_translator
from ocean_common.telemetry import current_request_id
from ocean_core import errors
from ocean_core.errors import OceanError

MEDIA_TYPE = "application/problem+json"

# 502 and 504 are not here: they are the gateway's words.
STATUS: dict[type[OceanError], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.DatasetNotFound: HTTPStatus.NOT_FOUND,
    errors.VariableNotFound: HTTPStatus.NOT_FOUND,
    errors.TimeNotFound: HTTPStatus.NOT_FOUND,
    errors.DepthNotFound: HTTPStatus.NOT_FOUND,
    errors.TileNotFound: HTTPStatus.NOT_FOUND,
    errors.NothingInView: HTTPStatus.NOT_FOUND,
    errors.PlotKindNotFound: HTTPStatus.NOT_FOUND,
    errors.InvalidRequest: HTTPStatus.BAD_REQUEST,
    errors.UnsupportedFormat: HTTPStatus.BAD_REQUEST,
    errors.NotSupported: HTTPStatus.BAD_REQUEST,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.PointOutsideGrid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RequestTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.AddressTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.SourceUnreadable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.TooBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ServiceUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
LATER = 2  # s after which to try again what does not work now: a service that died is back after about as long
BY_URN = {f"urn:ocean:{kind.__name__}": kind for kind in STATUS}

_UNREAD = re.compile(r"JSON is malformed|MessagePack data is malformed|Input data was truncated")
_MISSING = re.compile(r"Missing required \w+ parameter '(.+?)'")
_log = logging.getLogger(__name__)


def to_problem(error: OceanError) -> Problem:
    """Tell an expected failure to the caller."""
    status, translate = STATUS[type(error)], request_translator()
    detail = translate(error.message)
    wrong = [FieldProblem(field=error.field, message=detail, allowed=list(error.allowed))] if error.field else []
    return Problem(
        type=f"urn:ocean:{type(error).__name__}",
        title=translate(status.phrase),
        status=status,
        detail=detail,
        message=detail,
        errors=wrong,
        request_id=current_request_id(),
    )


def from_problem(problem: Problem, retry_after: int | None = None) -> OceanError:
    """Take a neighbour's failure for our own, so that its status reaches the caller.

    What its framework refused has no name of ours: a value that it finds wrong is wrong for our caller too; anything
    else (a route that a neighbour of another version lacks) is an outage.
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


def response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response[Problem]:
    """Write a problem as the answer."""
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def _of_http(error: HTTPException) -> Problem:
    """A failure that Litestar found: no such route, a wrong method, a value of the wrong type."""
    status, translate = HTTPStatus(error.status_code), request_translator()
    detail, wrong = error.detail or status.phrase, []
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        # Litestar tells of an absent body by the name of the argument.
        wrong = [
            FieldProblem(
                field=_field(one),
                message=translate("a body is required" if one["message"] == "'data'" else one["message"]),
            )
            for one in error.extra
        ]
        detail = "; ".join(f"{one.field}: {one.message}" for one in wrong)
    elif missing := _MISSING.match(detail):
        detail = translate("the parameter '{name}' is required", name=missing[1])
        wrong = [FieldProblem(field=missing[1], message=detail)]
    elif _UNREAD.match(detail):
        detail = translate("the body cannot be read: {why}", why=detail)
        wrong = [FieldProblem(field="$", message=detail)]
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("allow")
        detail = (
            translate("this address answers {methods}", methods=allowed)
            if allowed
            else translate("another method is needed")
        )
    elif status == HTTPStatus.NOT_FOUND:
        detail = translate("nothing is served at this address, or a part of it is not of the right type; see /docs")
    return Problem(
        type="about:blank",
        title=translate(status.phrase),
        status=status,
        detail=detail,
        message=detail,
        errors=wrong,
        request_id=current_request_id(),
    )


def _field(wrong: Mapping[str, Any]) -> str:
    """A body's members are named by their path, parameters by their name."""
    key = str(wrong.get("key") or "")
    return ("$" if key in {"", "data"} else f"$.{key}") if wrong.get("source") == "body" else key


def _answer_expected(_: Request[Any, Any, Any], error: OceanError) -> Response[Problem]:
    headers = {"www-authenticate": "Bearer"} if isinstance(error, errors.Unauthorized) else {}
    if seconds := error.retry_after or (LATER if isinstance(error, errors.Unavailable) else None):
        headers["retry-after"] = str(seconds)
    return response(to_problem(error), headers)


def _answer_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    return response(_of_http(error), error.headers)


def _answer_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    _log.error("bug in %s %s", request.method, request.url.path, exc_info=error)
    status, translate = HTTPStatus.INTERNAL_SERVER_ERROR, request_translator()
    detail = translate("The service failed. The request id helps its operators to find out why.")
    return response(
        Problem(
            type="about:blank",
            title=translate(status.phrase),
            status=status,
            detail=detail,
            message=detail,
            request_id=current_request_id(),
        )
    )


HANDLERS: dict[int | type[Exception], Any] = {
    OceanError: _answer_expected,
    HTTPException: _answer_http,
    Exception: _answer_bug,
}


def documented(*kinds: type[OceanError]) -> dict[int, ResponseSpec]:
    """The error answers of a route, for its OpenAPI document: malformed requests, and these failures."""
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


def decode(content: bytes) -> Problem | None:
    """Read the body of a neighbour's error answer; None where it is no problem of ours."""
    try:
        return msgspec.json.decode(content, type=Problem)
    except msgspec.DecodeError:
        return None
