"""The language of a request: `lang=` wins, then the Accept-Language header; English where neither is known.

An answer is told to vary by language (`Vary`, `Content-Language`, its entity tag) where its texts were asked for, and
only there: a handler asks with ``translate: NamedDependency[Translator]``; problems do so by themselves.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Annotated
from urllib.parse import parse_qs

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.openapi.spec import Example
from litestar.params import FromQuery, QueryParameter
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from ocean_common.i18n import ENGLISH, LANGUAGES, SOURCE, Language, Translator, get_translator

Lang = Annotated[
    Language | None,
    QueryParameter(
        description="The language of texts; without it, the Accept-Language header chooses.",
        examples=[Example(value="fr")],
    ),
]


class _RequestLanguage:
    """The language of the request that is answered, and whether the answer depends on it."""

    def __init__(self, language: Language, packages: Sequence[str]) -> None:
        self.language = language
        self.packages = tuple(packages)
        self.varies = False


_request_language: ContextVar[_RequestLanguage | None] = ContextVar("current", default=None)


def request_translator() -> Translator:
    """Return the translator for the language of the request; from here on the answer varies by it."""
    current = _request_language.get()
    if current is None:
        return ENGLISH
    current.varies = True
    return get_translator(current.language, *current.packages)


async def provide_translator(lang: FromQuery[Lang] = None) -> Translator:  # noqa: ARG001 - the layer read it; here it is documented
    """Provide ``translate`` for handlers whose answers have texts."""
    return request_translator()


def varies_by() -> str:
    """Return the language where the answer depends on it, as a part of its entity tag."""
    current = _request_language.get()
    return current.language if current is not None and current.varies else ""


def outgoing_language() -> dict[str, str]:
    """Return the header that names the language of errors to a neighbour."""
    current = _request_language.get()
    return {"accept-language": current.language} if current is not None and current.language != SOURCE else {}


def negotiated(lang: str | None, accept_language: str) -> Language:
    """The language to answer in.

    ``lang`` names one, or something else that does not count; ``accept_language`` is the header (RFC 9110 §12.5.4).
    """
    for language in LANGUAGES:
        if lang == language:
            return language
    best: tuple[float, Language] = (0.0, SOURCE)
    for one in accept_language.lower().split(","):
        tag, _, parameters = one.partition(";")
        primary = tag.strip().split("-")[0]
        wanted = next((each for each in LANGUAGES if primary == each), SOURCE if primary == "*" else None)
        if wanted and (weight := _weight(parameters)) > best[0]:
            best = (weight, wanted)
    return best[1]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


class Multilingual:
    """ASGI layer: finds the language of a request, and marks the answers that depend on it."""

    def __init__(self, app: ASGIApp, packages: Sequence[str]) -> None:
        self.app = app
        self.packages = packages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request in its language."""
        # Half an answer in French would be worse than none: a service without catalogues speaks English.
        current = _RequestLanguage(_asked(scope) if self.packages else SOURCE, self.packages)
        _request_language.set(current)

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start" and current.varies:
                headers = MutableScopeHeaders(message)
                headers["content-language"] = current.language
                others = [one.strip() for one in headers.get("vary", "").split(",") if one.strip()]
                if self.packages and "accept-language" not in [one.lower() for one in others]:
                    headers["vary"] = ", ".join([*others, "accept-language"])
            await send(message)

        await self.app(scope, receive, mark if scope["type"] == ScopeType.HTTP else send)


def _asked(scope: Scope) -> Language:
    query = scope["query_string"]
    lang = None
    if b"lang=" in query:
        told = parse_qs(query.decode("latin-1")).get("lang", [])
        lang = next((one for one in told if one in LANGUAGES), None)
    header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return negotiated(lang, header.decode("latin-1")) if lang or header else SOURCE
