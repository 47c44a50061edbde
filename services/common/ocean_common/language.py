"""The language of a request: `lang=` wins, then the Accept-Language header; English where neither is known.

An answer varies by language (`Vary`, `Content-Language`, its entity tag) where its texts were translated, and only
there: a handler translates with ``translate: NamedDependency[Translator]``; problems do so by themselves.
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
from ocean_common.parameters import parse_qualities

Lang = Annotated[
    Language | None,
    QueryParameter(
        description="The language of texts; without it, the Accept-Language header chooses.",
        examples=[Example(value="fr")],
    ),
]


class _RequestLanguage:
    """Language of the request that is answered; the answer varies by it once a text was translated."""

    def __init__(self, language: Language, packages: Sequence[str]) -> None:
        self.language = language
        self.packages = tuple(packages)
        self.varies = False


_request_language: ContextVar[_RequestLanguage | None] = ContextVar("request_language", default=None)


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


def answer_language() -> str:
    """Return the language where the answer depends on it, as a part of its entity tag."""
    current = _request_language.get()
    return current.language if current is not None and current.varies else ""


def outgoing_language() -> dict[str, str]:
    """Return the header that names the language of errors to a neighbour."""
    current = _request_language.get()
    return {"accept-language": current.language} if current is not None and current.language != SOURCE else {}


def negotiate_language(lang: str | None, accept_language: str) -> Language:
    """Return the language to answer in.

    Parameters
    ----------
    lang : str or None
        The query parameter; one that is no language does not count.
    accept_language : str
        The header (RFC 9110 §12.5.4).
    """
    if lang in LANGUAGES:
        return lang
    best: tuple[float, Language] = (0.0, SOURCE)
    for tag, quality in parse_qualities(accept_language).items():
        primary = tag.split("-")[0]
        language = next((choice for choice in LANGUAGES if primary == choice), SOURCE if primary == "*" else None)
        if language and quality > best[0]:
            best = (quality, language)
    return best[1]


class Multilingual:
    """ASGI layer that finds the language of a request and marks the answers that depend on it."""

    def __init__(self, app: ASGIApp, packages: Sequence[str]) -> None:
        self.app = app
        self.packages = packages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in its language."""
        # Half an answer in French would be worse than none: a service without catalogues speaks English.
        current = _RequestLanguage(_language_of(scope) if self.packages else SOURCE, self.packages)
        _request_language.set(current)

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start" and current.varies:
                headers = MutableScopeHeaders(message)
                headers["content-language"] = current.language
                names = [name.strip() for name in headers.get("vary", "").split(",") if name.strip()]
                if self.packages and "accept-language" not in map(str.lower, names):
                    headers["vary"] = ", ".join([*names, "accept-language"])
            await send(message)

        await self.app(scope, receive, mark if scope["type"] == ScopeType.HTTP else send)


def _language_of(scope: Scope) -> Language:
    query = scope["query_string"]
    languages = parse_qs(query.decode("latin-1")).get("lang", []) if b"lang=" in query else []
    lang = next((language for language in languages if language in LANGUAGES), None)
    header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return negotiate_language(lang, header.decode("latin-1")) if lang or header else SOURCE
