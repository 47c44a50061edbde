"""Texts in another language than the source's, which is English: whole ones, and templates that values are put into.

A template is what an f-string is without its values: ``there is no dataset {0!r}; see /api/v2.0/datasets``. A text
that was made from it is found again by what stands between the values, so that errors stay plain English where they
are raised, and are said in the caller's language where they leave the service.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from string import Formatter
from typing import NamedTuple

from babel.dates import format_date

_LONGEST = 4_000  # characters of a text that is looked for among the templates
_DEEPEST = 3  # templates within values of templates
_REPR = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"]+?)"""  # of a text, or of a number


class _Template(NamedTuple):
    pieces: tuple[str, ...]  # what stands between the values
    pattern: re.Pattern[str]
    text: str


class Catalogue:
    """Texts of one language by their English: ``{"Bottom": "Fond"}``."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)
        self._whole = {_plain(english): _plain(text) for english, text in texts.items() if not _fields(english)}
        # Numbered fields are those of f-strings; the named ones are filled by who says the text.
        numbered = {english: text for english, text in texts.items() if all(map(str.isdigit, _fields(english)))}
        made = [_template(english, text) for english, text in numbered.items() if _fields(english)]
        # The one that says most comes first.
        self._templates = sorted(made, key=lambda one: -sum(map(len, one.pieces)))

    def known(self, english: str) -> str | None:
        """The text of this English, if there is one."""
        return self._whole.get(english)

    def parted(self, english: str) -> tuple[str, dict[str, str]] | None:
        """The template that made a text, whichever its capitals, and the values as they were written."""
        lower = english.lower()
        if len(english) > _LONGEST or len(lower) != len(english):
            return None
        for one in self._templates:
            if all(piece in lower for piece in one.pieces) and (found := one.pattern.fullmatch(lower)):
                return one.text, {name[1:]: english[slice(*found.span(name))] for name in found.groupdict()}
        return None

    def template(self, english: str) -> str:
        """What to put values into; the English where there is no other."""
        return self._texts.get(english, english)

    def text(self, english: str, depth: int = 0) -> str:
        """The same in this language; English where nothing fits."""
        whole = self._whole.get(english)
        if whole is not None or len(english) > _LONGEST or depth > _DEEPEST:
            return english if whole is None else whole
        for one in self._templates:
            if all(piece in english for piece in one.pieces) and (found := one.pattern.fullmatch(english)):
                values = {name[1:]: self.text(value, depth + 1) for name, value in found.groupdict().items()}
                return _filled(one.text, values)
        return english


class Say:
    """Says texts in one language: ``say("Bottom")``, ``say("{count} datasets", count=3)``."""

    def __init__(self, language: str, texts: Catalogue, quantities: Catalogue) -> None:
        self.language = language
        self._texts = texts
        self._quantities = quantities

    def __call__(self, english: str, /, **values: object) -> str:
        """A text, or a template with its values."""
        if not values:
            return self._texts.text(english)
        return _filled(self._texts.template(english), {name: str(value) for name, value in values.items()})

    def day(self, day: date) -> str:
        """A day, its month in full: 05 April 2022, 5 avril 2022."""
        if self.language != "fr":
            return format_date(day, "dd MMMM y", self.language)
        text = format_date(day, "d MMMM y", self.language)
        return f"1er {text[2:]}" if day.day == 1 else text

    def quantity(self, *names: str | None) -> str | None:
        """What a quantity is called: the first of its display name, long name and standard name that is known."""
        return next((found for name in names if name and (found := self._quantity(name))), None)

    def _quantity(self, name: str, depth: int = 0) -> str | None:
        known = self._quantities.known(name.lower())
        if known is None and depth < _DEEPEST:
            known = self._made(name, depth + 1)
        return known[:1].upper() + known[1:] if known and name[:1].isupper() else known

    def _made(self, name: str, depth: int) -> str | None:
        """A name that is made of others."""
        # One of several sensors: "Sea water temperature 2".
        if counted := re.fullmatch(r"(.+) (\d{1,2})", name):
            one = self._quantity(counted[1], depth)
            return f"{one} {counted[2]}" if one else None
        # "Eastward part of current speed": what is within is left as it is where nobody knows it.
        if parted := self._quantities.parted(name):
            template, values = parted
            return _filled(template, {field: self._quantity(one, depth) or one for field, one in values.items()})
        return None


ENGLISH = Say("en", Catalogue({}), Catalogue({}))


def fields_of(template: str) -> list[str]:
    """The names of the values of a template."""
    return sorted(_fields(template))


def merged(catalogues: Sequence[Mapping[str, str]]) -> Catalogue:
    """One catalogue of several; of two texts for the same English, the last counts."""
    return Catalogue({english: text for one in catalogues for english, text in one.items()})


def _fields(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


def _plain(template: str) -> str:
    """A text without values, as it is said."""
    return "".join(piece for piece, _, _, _ in Formatter().parse(template))


def _template(english: str, text: str) -> _Template:
    """A template with the pattern of what it makes.

    A value ends where what follows it is found first: nothing is tried twice, however odd the values are.
    """
    parts = list(Formatter().parse(english))
    pieces = [piece for piece, _, _, _ in parts]
    pattern, seen = re.escape(pieces[0]), set[str]()
    for number, (_, name, _, conversion) in enumerate(parts):
        if name is None:
            continue
        follows = pieces[number + 1] if number + 1 < len(pieces) else ""
        last = number + 1 >= len(parts) - (parts[-1][1] is None)
        value = f"(?P=_{name})" if name in seen else f"(?P<_{name}>{_value(conversion, last=last)})"
        pattern += f"(?>{value}{re.escape(follows)})" if follows and not last else value + re.escape(follows)
        seen.add(name)
    return _Template(tuple(one for one in pieces if one), re.compile(pattern, re.DOTALL), text)


def _value(conversion: str | None, *, last: bool) -> str:
    return _REPR if conversion == "r" else ".*" if last else ".*?"


def _filled(template: str, values: Mapping[str, str]) -> str:
    """A template with its values: texts alone, so that nothing in a value is read as a field."""
    parts = []
    for piece, name, _, _ in Formatter().parse(template):
        parts.append(piece)
        if name is not None:
            parts.append(values[name])
    return "".join(parts)
