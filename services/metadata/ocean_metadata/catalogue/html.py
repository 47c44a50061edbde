"""Pages beside JSON at one address: the Accept header chooses."""

from typing import Any

from litestar import MediaType, Request, Response

from ocean_metadata.catalogue.style import POLICY


def prefers_html(request: Request[Any, Any, Any]) -> bool:
    """Whether the caller likes HTML better than JSON, as browsers do; who takes anything gets JSON."""
    return request.accept.best_match([MediaType.JSON, MediaType.HTML]) == MediaType.HTML


def varying(response: Response[bytes]) -> Response[bytes]:
    """Tell caches that there are two answers."""
    response.headers["vary"] = "accept"
    return response


def as_page(response: Response[bytes]) -> Response[bytes]:
    """A page that runs nothing and fetches nothing."""
    response.headers["content-security-policy"] = POLICY
    return varying(response)
