"""Large answers, encoded once: kept as bytes with their entity tag until the catalogue changes."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import msgspec
from litestar import Response
from litestar.openapi import ResponseSpec

from ocean_common.caching import entity_tag

KEPT = 64 * 2**20  # bytes
JSON = "application/json"


class Encoded:
    """The last answers, as bytes; a key names all that they depend on, a revision included."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[bytes, str]] = OrderedDict()
        self._size = 0

    async def answer(
        self,
        key: Hashable,
        make: Callable[[], Any],
        encode: Callable[[Any], bytes] = msgspec.json.encode,
        media_type: str = JSON,
    ) -> Response[bytes]:
        """What was kept under ``key``; else ``make`` it, in a thread."""
        found = self._kept.get(key)
        if found is None:
            content = await asyncio.to_thread(lambda: encode(make()))
            found = self._kept[key] = (content, entity_tag(content))
            self._size = sum(len(each) for each, _ in self._kept.values())
            while self._size > KEPT and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1][0])
        self._kept.move_to_end(key)
        content, tag = found
        return Response(content, media_type=media_type, headers={"etag": tag})


def answers_with(kind: Any, description: str) -> dict[int, ResponseSpec]:
    """What an answer of ready bytes holds, for the OpenAPI document."""
    return {200: ResponseSpec(kind, description=description, media_type=JSON, generate_examples=False)}


def json_text(text: str | None) -> Response[bytes]:
    """A JSON string: Litestar would send the bare text."""
    return Response(msgspec.json.encode(text), media_type=JSON)
