"""Translate finished English texts by matching them against templates with numbered fields.

To be removed as soon as every text is a `Message`: see `tests/architecture/harvest.py`.
"""

import re
from collections.abc import Mapping
from string import Formatter

from ocean_core.messages import field_names, fill_template

_LONGEST = 4_000  # characters of a text that is matched
_DEEPEST = 3  # templates within values of templates
_REPR = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"]+?)"""  # of a text, or of a number


class FinishedTexts:
    """Finished texts of one language by their English."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        templates = [(_compile_template(english), english) for english in texts if "{" in english and _names(english)]
        self._templates = sorted(templates, key=lambda pair: -len(re.sub(r"\{.*?\}", "", pair[1])))

    def translate(self, english: str, depth: int = 0) -> str:
        """Return the text in this language; the English where nothing fits."""
        text = self._texts.get(english)
        if text is not None or len(english) > _LONGEST or depth > _DEEPEST:
            return english if text is None else text
        for pattern, template in self._templates:
            if match := pattern.fullmatch(english):
                values = {key[1:]: self.translate(value, depth + 1) for key, value in match.groupdict().items()}
                return fill_template(self._texts[template], values)
        return english


def _names(template: str) -> list[str]:
    try:
        names = field_names(template)
    except ValueError:
        return []
    # A text without values may have braces that are none of fields.
    return names if all(name.isidentifier() or name.isdigit() for name in names) else []


def _compile_template(english: str) -> re.Pattern[str]:
    """Compile a pattern in which a value ends where what follows it is found first."""
    parts = list(Formatter().parse(english))
    pieces = [piece for piece, _, _, _ in parts]
    pattern, seen = re.escape(pieces[0]), set[str]()
    for number, (_, name, _, conversion) in enumerate(parts):
        if name is None:
            continue
        follows = pieces[number + 1] if number + 1 < len(pieces) else ""
        last = number + 1 >= len(parts) - (parts[-1][1] is None)
        form = _REPR if conversion == "r" else ".*" if last else ".*?"
        value = f"(?P=_{name})" if name in seen else f"(?P<_{name}>{form})"
        pattern += f"(?>{value}{re.escape(follows)})" if follows and not last else value + re.escape(follows)
        seen.add(name)
    return re.compile(pattern, re.DOTALL)
