"""The gateway's own errors as Problem Details: Traefik asks for them here.

A router of dynamic/routes.yml names its service in a header. A request that has it and arrives here was meant for
a service without a live server (`failover` in dynamic/services.yml), whatever its path and method are.
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
from ocean_common.contracts.problem import Problem
from ocean_common.errors import NotFound, OceanError, ServiceUnavailable, TooBusy

SERVICE = b"x-ocean-service"
LATER = 2  # s: a service that died is back after about as long
SHOWN = 200  # characters of an address that nothing is served at

_KINDS: dict[int, tuple[type[OceanError], str]] = {
    HTTPStatus.TOO_MANY_REQUESTS: (TooBusy, "too many requests for the {} service; try again in a few seconds"),
    HTTPStatus.BAD_GATEWAY: (ServiceUnavailable, "the {} service broke off; try again in a few seconds"),
    HTTPStatus.SERVICE_UNAVAILABLE: (ServiceUnavailable, "the {} service is down; try again in a few seconds"),
    HTTPStatus.GATEWAY_TIMEOUT: (ServiceUnavailable, "the {} service took too long to answer; ask for less"),
}


class StandIn:
    """ASGI layer: answers in the place of the service that a request was meant for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as itself or as a stand-in."""
        meant = scope["type"] == ScopeType.HTTP and SERVICE in dict(scope["headers"])
        await self.app(
            _stand_in(scope) if meant and not scope["path"].startswith("/internal/") else scope, receive, send
        )


def _stand_in(scope: Scope) -> Scope:
    """The request for the error, in a copy: the log line keeps the address that was asked for."""
    path = f"/internal/errors/{HTTPStatus.SERVICE_UNAVAILABLE}"
    asked = cast("HTTPScope", copy(scope))
    asked["method"], asked["path"], asked["raw_path"] = HttpMethod.GET, path, path.encode()
    return asked


@get("/errors/{status:int}", sync_to_thread=False)
def failure(request: Request[Any, Any, Any], status: FromPath[int]) -> Response[Problem]:
    """Why a service did not answer."""
    kind, text = _KINDS[status] if status in _KINDS else _KINDS[HTTPStatus.SERVICE_UNAVAILABLE]
    problem = problems.to_problem(kind(text.format(request.headers.get(SERVICE.decode(), "requested"))))
    problem = msgspec.structs.replace(problem, status=status, title=HTTPStatus(status).phrase)
    return problems.response(problem, {"retry-after": str(LATER)})


@route("/no-route", http_method=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], sync_to_thread=False)
def no_route(request: Request[Any, Any, Any]) -> None:
    """Nothing is served at this address."""
    asked = request.headers.get("x-replaced-path", "this address")[:SHOWN]
    raise NotFound(f"nothing is served at {asked}; /docs shows what there is")
