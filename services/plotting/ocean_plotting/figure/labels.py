"""Labels on pictures and in tables: names, units, positions, numbers and times in the reader's language."""

import re
from collections.abc import Sequence
from datetime import timedelta
from textwrap import wrap
from typing import Literal, NamedTuple

import numpy as np
from babel.dates import format_timedelta, get_month_names
from babel.lists import format_list
from babel.numbers import format_decimal
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.geometry import wrap_longitude
from ocean_core.time import DateParts, split_iso_time
from ocean_core.units import canonical_units

# Symbols of units in the spelling of the core, or in lower case; the others are read by the pattern below.
SYMBOLS = {
    "1": "", "no units": "", "unknown": "", "degree_C": "°C", "degree": "°", "degrees_true": "°", "percent": "%",
    "1e-3": "10⁻³",
}  # fmt: skip
UNIT_SYMBOLS = {
    "meter": "m", "meters": "m", "metre": "m", "metres": "m", "second": "s", "seconds": "s", "sec": "s",
    "kilogram": "kg", "kilograms": "kg", "day": "d", "days": "d", "hour": "h", "hours": "h", "watt": "W", "watts": "W",
    "degree_C": "°C", "degC": "°C", "celsius": "°C", "Celsius": "°C", "kelvin": "K",
}  # fmt: skip
NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PLAIN_NUMBERS = (1e-4, 1e6)  # sizes of numbers beyond which they are written with a power of ten
DATE_PATTERNS = {"year": "y", "month": "LLLL y", "season": "LLLL y", "day": "d MMMM y"}  # by quantum
MOST_CATEGORIES = 8  # that a sentence lists
SEPARATOR = "  ·  "  # between the parts of a subtitle

# Line breaks, control characters, marks that turn the direction of writing, and what is no character.
_CONTROL = re.compile(r"[ \x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
_DATE_SYMBOLS = re.compile(r"LLLL?|MMMM?|HH|mm|\b[dy]\b")
_MONTH_WIDTHS: dict[str, Literal["stand-alone", "format"]] = {"L": "stand-alone", "M": "format"}
_FACTOR = re.compile(r"(/?)\s*([A-Za-zµ°%_]+)(?:\s*(?:\^|\*\*)?\s*([-+]?\d+))?[\s.*]*")


def typeset_units(text: str) -> str:
    """Typeset units: `m s-1` and `m/s` as m s⁻¹, `degree_C` as °C; empty for a pure number."""
    stripped = canonical_units(text)
    symbol = SYMBOLS.get(stripped, SYMBOLS.get(stripped.lower()))
    if symbol is not None:
        return symbol
    factors, end = [], 0
    while end < len(stripped):
        factor = _FACTOR.match(stripped, end)
        if factor is None:
            return stripped  # in a notation of its own: as in the file
        power = int(factor[3] or 1) * (-1 if factor[1] else 1)
        exponent = str(power).translate(SUPERSCRIPT) if power != 1 else ""
        factors.append(UNIT_SYMBOLS.get(factor[2], factor[2]) + exponent)
        end = factor.end()
    return NO_BREAK.join(factors)


def to_one_line(text: str) -> str:
    """Put ``text`` on one line; what no font draws and no XML may hold becomes a blank."""
    return _CONTROL.sub(" ", text).strip(" ")


def fold_lines(text: str, letters: int, lines: int = 2) -> list[str]:
    """Break ``text`` into at most ``lines`` lines of so many letters, with an ellipsis if some is left out."""
    # A word longer than a line begins one, and has a hyphen where it is broken.
    broken = re.sub(rf"\b[^\W\d_]{{{letters - 1}}}(?=[^\W\d_]{{2,}}\b)", r"\g<0>- ", to_one_line(text))
    rows = wrap(broken, letters) or [""]
    if len(rows) <= lines:
        return rows
    return [*rows[: lines - 1], shorten(" ".join(rows[lines - 1 :]), letters)]


def shorten(text: str, most: int) -> str:
    """Cut ``text`` to ``most`` characters on one line, with an ellipsis if it was longer."""
    line = to_one_line(text)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def make_file_name(kind: str, dataset: str, iso: str, extension: str) -> str:
    """Name a file that is saved: profile_arctic_day_2016-02-05T1200.png."""
    time = re.sub(r"[^0-9T-]", "", iso.replace(":", "")[:15])
    parts = (kind, re.sub(r"[^A-Za-z0-9._-]+", "-", dataset)[:80], time)
    return f"{'_'.join(filter(None, parts))}.{extension}"


def join_parts(*parts: str) -> str:
    """Join the parts of a subtitle, without the empty ones."""
    return SEPARATOR.join(filter(None, parts))


class TimePrecision(NamedTuple):
    """Parts of dates that are written: as exact as the spacing of the data, and without the year of a climatology."""

    quantum: str | None = None
    climatology: bool = False
    dated: bool = True

    @classmethod
    def of(cls, info: VariableInfo, quantum: str | None = None) -> "TimePrecision":
        """Return that of a variable's times, or of the quantum that a query has."""
        return cls(quantum or info.quantum, info.climatology, info.dated)


EXACT = TimePrecision()


def without_year(pattern: str) -> str:
    """Leave the year out of a pattern of dates."""
    return pattern.replace(" y", "").replace("y", "")


class LabelFormatter:
    """Formats names, numbers, positions and times in one language; ``translate`` has its texts."""

    def __init__(self, translate: Translator = ENGLISH) -> None:
        self.translate = translate
        self.language = translate.language

    def number(self, value: float, digits: int | None = None) -> str:
        """Format a number with so many decimals, or with four significant digits: −1,25."""
        size = abs(value)
        if digits is None and size and not PLAIN_NUMBERS[0] <= size < PLAIN_NUMBERS[1]:
            mantissa, _, power = f"{value:.3g}".partition("e")
            exponent = str(int(power)).translate(SUPERSCRIPT)
            return f"{self.localize_number(mantissa)}{NO_BREAK}×{NO_BREAK}10{exponent}"
        if digits is None:
            digits = max(0, 3 - int(f"{size:e}".partition("e")[2])) if size else 0
            return self.localize_number(format_decimal(float(f"{value:.{digits}f}"), "0.######", self.language))
        return self.localize_number(format_decimal(value, f"0.{'0' * digits}" if digits else "0", self.language))

    def localize_number(self, english: str) -> str:
        """Turn a number that was formatted in English into this language's."""
        text = english.replace("-", MINUS)
        return text.replace(".", ",") if self.language == "fr" else text

    def list_categories(self, name: str, info: VariableInfo, values: NDArray[np.floating]) -> str:
        """List the categories among values, or the numbers of flags, in a sentence: the most frequent first."""
        numbers, counts = np.unique(values[np.isfinite(values)], return_counts=True)
        names = dict(zip(np.round(info.category_numbers, 6), self.translate.categories(info), strict=True))
        texts = [names.get(round(number, 6), f"{number:g}") for number in numbers[np.argsort(-counts, kind="stable")]]
        shown = [*texts[:MOST_CATEGORIES], *(["…"] if len(texts) > MOST_CATEGORIES else [])]
        return self.translate("{name}, the most frequent first: {categories}.", name=name, categories=", ".join(shown))

    def latitude(self, degrees: float, digits: int = 1) -> str:  # 45.0° N
        return self._degrees(degrees, "N", "S", digits)

    def longitude(self, degrees: float, digits: int = 1) -> str:
        """Format a longitude of any turn: 45.0° W."""
        wrapped = float(wrap_longitude(degrees))
        if round(abs(wrapped), digits) == 180.0:
            return f"{self.number(180.0, digits)}°"
        return self._degrees(wrapped, "E", "W", digits)

    def position(self, point: tuple[float, float]) -> str:
        """Format latitude and longitude of a point."""
        return f"{self.latitude(point[0], 2)}, {self.longitude(point[1], 2)}"

    def variable_name(self, info: VariableInfo) -> str:
        """Return a variable's name in this language, where there is one."""
        return self.translate.variable_name(info)

    def dataset_name(self, info: VariableInfo) -> str:
        """Return the name of a variable's dataset in this language, where there is one."""
        return self.translate.dataset_name(info)

    def title(self, title: str, info: VariableInfo) -> str:
        """Return the title of a file: that of the figure, and the dataset."""
        return f"{title} ({self.dataset_name(info)})"

    def credit(self, *infos: VariableInfo) -> str:
        """Return the credits of values, each once; the name of a dataset that has none."""
        return "; ".join(dict.fromkeys(self.translate.attribution(info) or self.dataset_name(info) for info in infos))

    def quantity_name(self, name: str) -> str:
        return self.translate.quantity(name) or name

    def axis_label(self, info: VariableInfo) -> str:
        return self.with_units(self.variable_name(info), info.units)

    @staticmethod
    def with_units(name: str, units: str) -> str:
        """Put units behind a name: Temperature (°C)."""
        typeset = typeset_units(units)
        return f"{name} ({typeset})" if typeset else name

    def value(self, value: float, units: str, digits: int | None = None) -> str:
        """Format a value with its units: 3.2 °C."""
        typeset = typeset_units(units)
        return f"{self.number(value, digits)}{NO_BREAK}{typeset}" if typeset else self.number(value, digits)

    def range(self, values: NDArray[np.floating], units: str) -> dict[str, str]:
        """Format the least and the greatest of values, of which one must be finite, by their names in texts."""
        finite = values[np.isfinite(values)]
        return {"low": self.number(float(finite.min())), "high": self.value(float(finite.max()), units)}

    def span(self, values: NDArray[np.floating], units: str) -> str:
        """Format the least and the greatest of values, or the one that they all are: 5 m to 10 m."""
        low, high = (self.value(float(end), units) for end in (values.min(), values.max()))
        return low if low == high else self.translate("{low} to {high}", low=low, high=high)

    def time(self, iso: str, precision: TimePrecision = EXACT) -> str:
        """Format an ISO 8601 time as exactly as the data are worth."""
        return self._mark_climatology(self._format_time(iso, precision), precision)

    def date(self, date: DateParts, pattern: str = "d MMMM y") -> str:
        """Format a date by a pattern of CLDR; in French the first day of a month is an ordinal number."""

        def format_part(match: re.Match[str]) -> str:
            symbol, is_french = match[0], self.language == "fr"
            if symbol[0] in _MONTH_WIDTHS:
                width: Literal["wide", "abbreviated"] = "wide" if len(symbol) == 4 else "abbreviated"
                return str(get_month_names(width, _MONTH_WIDTHS[symbol[0]], self.language)[date.month])
            if symbol == "d":
                return "1er" if is_french and date.day == 1 and pattern.startswith("d ") else str(date.day)
            if symbol == "y":
                return f"{MINUS if date.year < 0 else ''}{abs(date.year):04d}"
            return f"{date.hour if symbol == 'HH' else date.minute:02d}"

        return _DATE_SYMBOLS.sub(format_part, pattern)

    def time_span(self, first: str, last: str, precision: TimePrecision = EXACT) -> str:
        """Format two ISO 8601 times as "begin to end", or as one if they read the same."""
        begin, end = self._format_time(first, precision), self._format_time(last, precision)
        span = begin if begin == end else self.translate("{begin} to {end}", begin=begin, end=end)
        return self._mark_climatology(span, precision)

    def _format_time(self, iso: str, precision: TimePrecision) -> str:
        try:
            date = split_iso_time(iso)
        except ValueError:
            return iso
        pattern = DATE_PATTERNS.get(precision.quantum or "", f"d MMMM y HH:mm{NO_BREAK}UTC")
        if precision.climatology:
            pattern = without_year(pattern)
        return self.date(date, pattern)

    def _mark_climatology(self, text: str, precision: TimePrecision) -> str:
        if not precision.climatology:
            return text
        return self.translate("{date}, climatology", date=text) if text else self.translate("climatology")

    def duration(self, seconds: float) -> str:
        """Format a duration roughly: 3 days, 18 years."""
        return str(format_timedelta(timedelta(seconds=abs(seconds)), locale=self.language, threshold=1.5))

    def join_names(self, names: Sequence[str]) -> str:
        """Join names: a, b and c."""
        return str(format_list(names, "standard", self.language)).replace(", and ", " and ")

    def join_quantities(self, names: Sequence[str]) -> str:
        """Join names of quantities: Temperature and Salinity; in French only the first has a capital."""
        first, *rest = names
        if self.language == "fr":  # CO2 and SST stay
            rest = [name[:1].lower() + name[1:] if name[1:2].islower() else name for name in rest]
        return self.join_names([first, *rest])

    def _degrees(self, degrees: float, positive: str, negative: str, digits: int) -> str:
        size = self.number(abs(degrees), digits)
        if round(abs(degrees), digits) == 0.0:
            return f"{size}°"
        letter = positive if degrees > 0 else negative
        return f"{size}°{NO_BREAK}{letter.replace('W', 'O') if self.language == 'fr' else letter}"
