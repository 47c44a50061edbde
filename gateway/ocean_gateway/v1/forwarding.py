"""Requests to the services for clients of version 1.0, whose answers pass while they arrive."""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, urlencode

import httpx
import msgspec

from ocean_common.clients.http import segment
from ocean_common.service import API
from ocean_common.settings import split_addresses
from ocean_common.telemetry import outgoing_headers
from ocean_core.errors import InvalidRequest, RequestTooLarge, ServiceUnavailable
from ocean_core.rendezvous import choose_node

Service = Literal["metadata", "data", "plotting"]
Method = Literal["GET", "HEAD", "POST"]

# Traefik waits as long for the head of an answer; a page of a map requests two hundred tiles at once.
TIMEOUT = httpx.Timeout(120.0, connect=1.0)  # s
LIMITS = httpx.Limits(max_connections=256, max_keepalive_connections=64, keepalive_expiry=30.0)
MAX_DOCUMENT = 64 * 2**20  # bytes of an answer that is read whole, to be given another form
_TOO_LONG = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout)


class V2Request(msgspec.Struct, frozen=True, kw_only=True):
    """Request of version 2.0 that answers one of version 1.0, or a part of it."""

    service: Service
    path: str  # below /api/v2.0, percent-encoded
    query: dict[str, str] = {}
    body: Any = None  # JSON of a POST
    file_name: str | None = None  # that the answer gets, instead of its own

    @property
    def target(self) -> str:
        """Path and query."""
        return API + self.path + (f"?{urlencode(self.query, quote_via=quote, safe=',:')}" if self.query else "")


class V1Request(msgspec.Struct, frozen=True, kw_only=True):
    """Request of version 1.0: parts of its path, percent-encoded, and its query or form; a flag has an empty value."""

    segments: dict[str, str]
    parameters: dict[str, str]
    accept_language: str = ""
    posted: bool = False

    def required(self, name: str) -> str:
        """Return a parameter that must be there."""
        if not (text := self.parameters.get(name)):
            raise InvalidRequest("the parameter '{name}' is required", name=name, field=name)
        return text

    def segment(self, name: str) -> str:
        """Return a part of the path, or a required parameter, as a segment of a path."""
        return self.segments[name] if name in self.segments else segment(self.required(name))

    def chosen(self, *names: str) -> dict[str, str]:
        """Return the parameters of these names that were sent."""
        return {name: self.parameters[name] for name in names if name in self.parameters}


class ServiceForwarder:
    """Connections to all instances of the services. Equal requests go to the same instance, while it answers."""

    def __init__(self, urls: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._clients = {
            service: {address: _create_client(address, transport) for address in split_addresses(url)}
            for service, url in urls.items()
        }

    async def aclose(self) -> None:
        """Close the connections."""
        for clients in self._clients.values():
            for client in clients.values():
                await client.aclose()

    async def send(self, request: V2Request, headers: Mapping[str, str], method: Method = "GET") -> httpx.Response:
        """Send a request and return the answer once its head is there; the caller closes it."""
        clients = dict(self._clients[request.service])
        content = None if request.body is None else msgspec.json.encode(request.body)
        sent = {**headers, **outgoing_headers()}
        if content is not None:
            method, sent["content-type"] = "POST", "application/json"
        while clients:
            client = clients.pop(choose_node(request.target.encode(), list(clients)))
            url = client.base_url.copy_with(raw_path=request.target.encode())
            try:
                return await client.send(client.build_request(method, url, headers=sent, content=content), stream=True)
            except _TOO_LONG as error:
                text = "the {service} service took too long to respond; request less data"
                raise ServiceUnavailable(text, service=request.service) from error
            except httpx.TransportError:
                continue  # it is not there, or was ended before it answered: all requests may be sent twice
        text = "the {service} service is not available; try again in a few seconds"
        raise ServiceUnavailable(text, service=request.service)

    @staticmethod
    async def read(response: httpx.Response, service: str) -> bytes:
        """Read an answer whole and close it."""
        content = bytearray()
        try:
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > MAX_DOCUMENT:
                    raise RequestTooLarge("the answer is too large for this version; use {api}", api=API)
        except httpx.TransportError as error:
            raise ServiceUnavailable("the {service} service broke off its answer", service=service) from error
        finally:
            await response.aclose()
        return bytes(content)


def _create_client(address: str, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    socket = address.removeprefix("unix:") if address.startswith("unix:") else None
    return httpx.AsyncClient(
        base_url="http://local" if socket else address,
        timeout=TIMEOUT,
        transport=transport or httpx.AsyncHTTPTransport(uds=socket, limits=LIMITS),
        # The gateway compresses.
        headers={"accept": "*/*", "accept-encoding": "identity"},
    )
