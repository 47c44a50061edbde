"""Translations: gettext catalogues that are installed with the packages, names of quantities, a request's translator.

A handler translates with ``translate: NamedDependency[Translator]``; problems do so by themselves. An answer varies by
language (`Vary`, `Content-Language`, its entity tag) where its texts were translated, and only there (`http`).
"""

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, get_args

from babel.dates import format_date
from babel.messages.pofile import read_po
from litestar.params import FromQuery
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_common.parameters import query_parameter
from ocean_core.errors import Message, fill_template, match_template

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
SOURCE: Language = "en"  # of the texts in the code

_MAX_NESTING = 3  # of names of quantities within names of quantities
_MAX_NAME = 400  # characters


class QuantityNames:
    """Names of quantities in one language by their English, in lower case.

    A template names what is made of others: ``difference of {0}`` for "Difference of Salinity".
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._names = {english: text for english, text in texts.items() if "{" not in english}
        # The template with the longest text of its own comes first.
        templates = sorted(set(texts) - set(self._names), key=lambda english: (-len(english), english))
        self._templates = [(english, texts[english]) for english in templates]

    def find(self, name: str, nesting: int = 0) -> str | None:
        """Return the name of a quantity, with the capital of the English one; None where there is none."""
        text = self._names.get(name.lower())
        if text is None and nesting < _MAX_NESTING and len(name) <= _MAX_NAME:
            text = self._compose(name, nesting + 1)
        return text[:1].upper() + text[1:] if text and name[:1].isupper() else text

    def find_first(self, names: Iterable[str | None]) -> str | None:
        """Return the name of the first of some quantities that has one."""
        return next((text for name in names if name and (text := self.find(name))), None)

    def extend(self, texts: Mapping[str, str] | None) -> "QuantityNames":
        """Return these names and those of some others, which come first."""
        if not texts:
            return self
        lower = {english.lower(): text for english, text in texts.items()}
        return QuantityNames(self._names | dict(self._templates) | lower)

    def _compose(self, name: str, nesting: int) -> str | None:
        # One of several sensors: "Sea water temperature 2".
        if numbered := re.fullmatch(r"(.+) (\d{1,2})", name):
            text = self.find(numbered[1], nesting)
            return f"{text} {numbered[2]}" if text else None
        for english, template in self._templates:
            if parts := match_template(english, name):
                # A part without a translation stays as it is: "Magnitude of UBAR and VBAR".
                return fill_template(template, {key: self.find(part, nesting) or part for key, part in parts.items()})
        return None


def join_components(name: str) -> str:
    """Write the words in which both names of a magnitude end only once: `Magnitude of u- and v-momentum component`."""
    parts = match_template("Magnitude of {first} and {second}", name)
    if not parts:
        return name
    first, second = (re.findall(r"[^\s-]+[\s-]*", part) for part in parts.values())
    shared = next(
        (count for count in range(min(len(first), len(second))) if first[-1 - count] != second[-1 - count]), 0
    )
    # A number alone is no name.
    if not shared or not re.search(r"[^\W\d]{3}", "".join(first[-shared:])):
        return name
    return f"Magnitude of {''.join(first[:-shared]).strip()} and {''.join(second)}"


class Translator:
    """Translates texts to one language: ``translate("Bottom")``, ``translate("{count} datasets", count=3)``."""

    def __init__(self, language: str, texts: Mapping[str, str], quantities: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts
        self._quantities = QuantityNames(quantities)

    def __call__(self, text: str | Message, /, **values: object) -> str:
        """Return a message, or a template with its values, in this language; English where it is not translated."""
        message = text if isinstance(text, Message) else Message(text, **values)
        return message.render(lambda template: self._texts.get(template, template))

    def day(self, day: date) -> str:
        """Return a day with its month in full: 05 April 2022, 5 avril 2022."""
        if self.language != "fr":
            return format_date(day, "dd MMMM y", self.language)
        text = format_date(day, "d MMMM y", self.language)
        return f"1er {text[2:]}" if day.day == 1 else text

    def quantity(self, *names: str | None) -> str | None:
        """Return the name of a quantity by the first of its display name, long name and standard name with one."""
        return self._quantities.find_first(names)

    def variable_name(self, info: VariableInfo) -> str:
        """Return a variable's configured name in this language, or that of its quantity, or its own name."""
        quantities = self._quantities.extend(info.translations.get(self.language))
        name = quantities.find_first((info.name, info.long_name, info.standard_name)) or join_components(info.name)
        return f"{name[:1].upper()}{name[1:]}" if info.name[:1].isupper() else name

    def dataset_name(self, info: VariableInfo) -> str:
        """Return the configured name of a variable's dataset in this language, or its name or id."""
        return info.translations.get(self.language, {}).get(info.dataset_label, info.dataset_label)

    def attribution(self, info: VariableInfo) -> str:
        """Return the configured credit of a variable's dataset in this language, or its credit; empty without one."""
        text = info.attribution or ""
        return info.translations.get(self.language, {}).get(text, text)

    def categories(self, info: VariableInfo) -> list[str]:
        """Return the names of a variable's categories in this language, or as they are."""
        names = self._quantities.extend(info.translations.get(self.language))
        return [names.find(category) or category for category in info.categories]

    def describe(self, info: VariableInfo) -> VariableInfo:
        """Return a variable with its names in this language."""
        if self.language == SOURCE:
            return info
        quantities = self._quantities.extend(info.translations.get(self.language))
        return replace(
            info,
            name=self.variable_name(info),
            long_name=quantities.find_first([info.long_name]) or info.long_name,
            dataset_name=self.dataset_name(info) if info.dataset_name else "",
            attribution=self.attribution(info) or None,
            categories=self.categories(info),
        )


ENGLISH = Translator(SOURCE, {}, {})


@cache
def get_translator(language: Language, *packages: str) -> Translator:
    """Return the translator for the texts of some packages, and of those that all services share."""
    if language == SOURCE:
        return ENGLISH
    texts: dict[str, str] = {}
    quantities: dict[str, str] = {}
    for package in ("ocean_core", "ocean_common", *packages):
        texts |= read_catalogue(package, "messages", language)
        quantities |= read_catalogue(package, "quantities", language)
    return Translator(language, texts, quantities)


def read_catalogue(package: str, domain: str, language: Language) -> dict[str, str]:
    """Read the texts of a gettext catalogue that is installed with a package; none where it has no such file."""
    file = files(package).joinpath("locale", language, "LC_MESSAGES", f"{domain}.po")
    if not file.is_file():
        return {}
    with file.open("rb") as content:
        return {
            str(text.id): str(text.string) for text in read_po(content) if text.id and text.string and not text.fuzzy
        }


Lang = Annotated[
    Language | None,
    query_parameter("The language of texts; without it, the Accept-Language header chooses.", "fr"),
]


@dataclass
class RequestLanguage:
    """Language of the request that is answered, and the packages with the texts of its answer."""

    language: Language
    packages: tuple[str, ...]
    varies: bool = False  # the answer does, once a text was translated


request_language: ContextVar[RequestLanguage | None] = ContextVar("request_language", default=None)


def request_translator() -> Translator:
    """Return the translator for the language of the request; from here on the answer varies by it."""
    current = request_language.get()
    if current is None:
        return ENGLISH
    current.varies = True
    return get_translator(current.language, *current.packages)


async def provide_translator(lang: FromQuery[Lang] = None) -> Translator:  # noqa: ARG001 - the layer read it; here it is documented
    """Provide ``translate`` for handlers whose answers have texts."""
    return request_translator()


def outgoing_language() -> dict[str, str]:
    """Return the header that names the language of errors to a neighbour."""
    current = request_language.get()
    return {"accept-language": current.language} if current is not None and current.language != SOURCE else {}
