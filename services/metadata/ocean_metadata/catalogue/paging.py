"""Long lists in pages: Link headers (RFC 8288) lead from one to the next."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request


def linked(request: Request[Any, Any, Any], total: int, limit: int, offset: int) -> dict[str, str]:
    """The Link header of a page: first, prev, next and last, as far as there are such pages."""
    if not limit:
        return {}
    wanted = {"first": 0 if offset else None, "prev": max(0, offset - limit) if offset else None}
    wanted["next"] = offset + limit if offset + limit < total else None
    wanted["last"] = (total - 1) // limit * limit if offset + limit < total else None
    told = [f'<{_address(request, limit, at)}>; rel="{rel}"' for rel, at in wanted.items() if at is not None]
    return {"link": ", ".join(told)} if told else {}


def _address(request: Request[Any, Any, Any], limit: int, offset: int) -> str:
    """The address of this request with other pages."""
    others = [(name, value) for name, value in request.query_params.multi_items() if name not in {"limit", "offset"}]
    return f"{request.url.path}?{urlencode([*others, ('limit', limit), ('offset', offset)])}"
