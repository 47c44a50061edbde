"""Errors of the gateway as Problem Details; Traefik requests them here.

The routers of dynamic/routes.yml put the name of their service into a header. If a request with that header arrives
here, its service has no live server (`failover` in dynamic/services.yml), whatever the path and method are.
"""

from copy import copy
from http import HTTPStatus
from typing import Any, cast

import msgspec
from litestar import Request, Response, get, route
from litestar.enums import HttpMethod, ScopeType
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from ocean_common import problems
from ocean_common.contracts.common import Problem
from ocean_core.errors import NotFound, OceanError, ServiceUnavailable, TooBusy

SERVICE_HEADER = b"x-ocean-service"
RETRY_AFTER = 2  # s: a service that ended is back after about this time
MAX_ADDRESS = 200  # characters of an unknown address in the error message

_ERRORS: dict[int, tuple[type[OceanError], str]] = {
    429: (TooBusy, "too many requests for the {service} service; try again in a few seconds"),
    502: (ServiceUnavailable, "the {service} service closed the connection; try again in a few seconds"),
    503: (ServiceUnavailable, "the {service} service is not available; try again in a few seconds"),
    504: (ServiceUnavailable, "the {service} service took too long to respond; request less data"),
}


class FailoverMiddleware:
    """ASGI layer that answers requests of services without a live server with 503."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        is_failover = scope["type"] == ScopeType.HTTP and SERVICE_HEADER in dict(scope["headers"])
        if is_failover and not scope["path"].startswith("/internal/"):
            scope = cast("HTTPScope", copy(scope))  # the log line keeps the requested address
            path = "/internal/errors/503"
            scope["method"], scope["path"], scope["raw_path"] = HttpMethod.GET, path, path.encode()
        await self.app(scope, receive, send)


@get("/errors/{status:int}", sync_to_thread=False)
def get_error(request: Request[Any, Any, Any], status: FromPath[int]) -> Response[Problem]:
    """Error of a service that did not respond."""
    error, message = _ERRORS.get(status, _ERRORS[503])
    service = request.headers.get(SERVICE_HEADER.decode(), "requested")
    problem = problems.to_problem(error(message, service=service))
    problem = msgspec.structs.replace(problem, status=status, title=HTTPStatus(status).phrase)
    return problems.problem_response(problem, {"retry-after": str(RETRY_AFTER)})


@route("/no-route", http_method=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], sync_to_thread=False)
def raise_not_found(request: Request[Any, Any, Any]) -> None:
    """Error of an address without a route."""
    address = request.headers.get("x-replaced-path", "this address")[:MAX_ADDRESS]
    raise NotFound("{address} not found; see /docs", address=address)
