"""What is the same in every language: units, the length of texts, the names of files."""

import re
from textwrap import wrap

# Spellings of units that files use, beside what the pattern below reads.
UNITS = {
    "1": "", "none": "", "unitless": "", "dimensionless": "", "nondimensional": "", "no units": "", "unknown": "",
    "degree_c": "°C", "degrees_c": "°C", "deg_c": "°C", "degc": "°C", "deg c": "°C", "celsius": "°C", "c": "°C",
    "degree celsius": "°C", "degrees celsius": "°C", "degree_celsius": "°C", "degrees_celsius": "°C", "°c": "°C",
    "kelvin": "K", "degk": "K", "degree_k": "K", "degrees_k": "K",
    "meter": "m", "meters": "m", "metre": "m", "metres": "m",
    "degree": "°", "degrees": "°", "degrees_true": "°",
    "percent": "%", "psu": "PSU", "practical_salinity_unit": "PSU", "1e-3": "10⁻³", "0.001": "10⁻³",
}  # fmt: skip
WORDS = {
    "meter": "m", "meters": "m", "metre": "m", "metres": "m", "second": "s", "seconds": "s", "sec": "s",
    "kilogram": "kg", "kilograms": "kg", "day": "d", "days": "d", "hour": "h", "hours": "h", "watt": "W", "watts": "W",
    "degree_C": "°C", "degC": "°C", "celsius": "°C", "Celsius": "°C", "kelvin": "K",
}  # fmt: skip
NO_BREAK = "\N{NO-BREAK SPACE}"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# Line breaks, control characters, marks that turn the direction of writing, and what is no character.
_CONTROL = re.compile(r"[ \x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
_FACTOR = re.compile(r"(/?)\s*([A-Za-zµ°%_]+)(?:\s*(?:\^|\*\*)?\s*([-+]?\d+))?[\s.*]*")


def units(text: str) -> str:
    """Typeset units: `m s-1` and `m/s` as m s⁻¹, `degree_C` as °C; empty for a pure number."""
    stripped = text.strip()
    if (known := UNITS.get(stripped.lower())) is not None:
        return known
    parts, end = [], 0
    while end < len(stripped):
        factor = _FACTOR.match(stripped, end)
        if factor is None:
            return stripped  # not of this kind: as the file has it
        power = int(factor[3] or 1) * (-1 if factor[1] else 1)
        parts.append(WORDS.get(factor[2], factor[2]) + (str(power).translate(SUPERSCRIPT) if power != 1 else ""))
        end = factor.end()
    return NO_BREAK.join(parts)


def one_line(text: str) -> str:
    """Put ``text`` on one line; what no font draws and no XML may hold becomes a blank."""
    return _CONTROL.sub(" ", text).strip(" ")


def folded(text: str, letters: int, lines: int = 2) -> list[str]:
    """Break ``text`` into at most ``lines`` lines of so many letters, and show if some was left out."""
    rows = wrap(one_line(text), letters) or [""]
    if len(rows) <= lines:
        return rows
    return [*rows[: lines - 1], shortened(" ".join(rows[lines - 1 :]), letters)]


def shortened(text: str, most: int) -> str:
    """Cut ``text`` to ``most`` characters on one line, and show that it was cut."""
    line = one_line(text)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def file_name(kind: str, dataset: str, iso: str, extension: str) -> str:
    """Name a file that is saved: profile_giops_day_2016-02-05T1200.png."""
    time = re.sub(r"[^0-9T-]", "", iso.replace(":", "")[:15])
    parts = (kind, re.sub(r"[^A-Za-z0-9._-]+", "-", dataset)[:80], time)
    return f"{'_'.join(filter(None, parts))}.{extension}"
