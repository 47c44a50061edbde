"""Words on pictures in the reader's language: names, units, positions, numbers, times."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from babel.dates import format_date, format_time, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal

from ocean_common.contracts.assets import VariableInfo
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.geometry import wrap_longitude
from ocean_plotting.figure.labels import NO_BREAK, SUPERSCRIPT, units

MINUS = "\N{MINUS SIGN}"
EXTREMES = (1e-4, 1e6)  # sizes of numbers beyond which they are written with a power of ten
LETTERS = {"fr": {"W": "O"}}  # of the compass


class Words:
    """Writes what is on a picture in one language; ``translate`` has its texts."""

    def __init__(self, translate: Translator = ENGLISH) -> None:
        self.translate = translate
        self.language = translate.language

    def number(self, value: float, digits: int | None = None) -> str:
        """Write a number with so many decimals, or with four significant digits: −1,25."""
        size = abs(value)
        if digits is None and size and not EXTREMES[0] <= size < EXTREMES[1]:
            mantissa, _, power = f"{value:.3g}".partition("e")
            return f"{self.ticked(mantissa)}{NO_BREAK}×{NO_BREAK}10{str(int(power)).translate(SUPERSCRIPT)}"
        if digits is None:
            digits = max(0, 3 - int(f"{size:e}".partition("e")[2])) if size else 0
            return self.ticked(format_decimal(float(f"{value:.{digits}f}"), "0.######", self.language))
        return self.ticked(format_decimal(value, f"0.{'0' * digits}" if digits else "0", self.language))

    def ticked(self, english: str) -> str:
        """Write a number that was formatted in English as this language does."""
        written = english.replace("-", MINUS)
        return written.replace(".", ",") if self.language == "fr" else written

    def latitude(self, degrees: float, digits: int = 1) -> str:
        """Write a latitude as 45.0° N."""
        return self._position(degrees, "N", "S", digits)

    def longitude(self, degrees: float, digits: int = 1) -> str:
        """Write a longitude as 45.0° W, whichever way round the world it was given."""
        wrapped = float(wrap_longitude(degrees))
        if round(abs(wrapped), digits) == 180.0:
            return f"{self.number(180.0, digits)}°"
        return self._position(wrapped, "E", "W", digits)

    def place(self, where: tuple[float, float], digits: int = 2) -> str:
        """Write a point, latitude first."""
        return f"{self.latitude(where[0], digits)}, {self.longitude(where[1], digits)}"

    def name(self, info: VariableInfo) -> str:
        """Call a variable by its name in this language, where there is one."""
        known = self.translate.quantity(info.name, info.long_name, info.standard_name) or info.name
        return f"{known[:1].upper()}{known[1:]}" if info.name[:1].isupper() else known

    def quantity(self, info: VariableInfo) -> str:
        """Name an axis: Temperature (°C)."""
        return self.measured(self.name(info), info.units)

    def measured(self, name: str, unit: str) -> str:
        """Put units behind a name."""
        typeset = units(unit)
        return f"{name} ({typeset})" if typeset else name

    def value(self, value: float, unit: str, digits: int | None = None) -> str:
        """Write a value with its units: 3.2 °C."""
        typeset = units(unit)
        return f"{self.number(value, digits)}{NO_BREAK}{typeset}" if typeset else self.number(value, digits)

    def instant(self, iso: str, quantum: str | None = None) -> str:
        """Write an ISO 8601 time as exactly as the spacing of the data is worth."""
        try:
            time = datetime.fromisoformat(iso)
        except ValueError:
            return iso  # of a calendar that has a 30 February
        match quantum:
            case "year":
                return f"{time.year}"
            case "month" | "season":
                return format_date(time, "LLLL y", self.language)
            case "day":
                return self._day(time)
        clock = format_time(time, "HH:mm", locale=self.language)
        return f"{self._day(time)} {clock}{NO_BREAK}UTC"

    def span(self, first: str, last: str, quantum: str | None = None) -> str:
        """Write from when to when, or the one instant that it is."""
        begin, end = self.instant(first, quantum), self.instant(last, quantum)
        return begin if begin == end else self.translate("{begin} to {end}", begin=begin, end=end)

    def lasting(self, seconds: float) -> str:
        """Write how long something takes, about: 3 days, 18 years."""
        return str(format_timedelta(timedelta(seconds=abs(seconds)), locale=self.language, threshold=1.5))

    def listing(self, names: Sequence[str]) -> str:
        """Join names: a, b and c."""
        return str(format_list(names, "standard", self.language)).replace(", and ", " and ")

    def quantities(self, names: Sequence[str]) -> str:
        """Join names of quantities: Temperature and Salinity; in French the first alone begins with a capital."""
        first, *others = names
        return self.listing([first, *(others if self.language == "en" else map(_lower, others))])

    def _day(self, time: datetime) -> str:
        written = format_date(time, "d MMMM y", self.language)
        return f"1er{written[1:]}" if self.language == "fr" and time.day == 1 else written

    def _position(self, degrees: float, positive: str, negative: str, digits: int) -> str:
        size = self.number(abs(degrees), digits)
        if round(abs(degrees), digits) == 0.0:
            return f"{size}°"
        letter = positive if degrees > 0 else negative
        return f"{size}°{NO_BREAK}{LETTERS.get(self.language, {}).get(letter, letter)}"


def _lower(name: str) -> str:
    """A name within a sentence; CO2 and SST stay."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name
