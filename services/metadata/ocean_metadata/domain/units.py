"""One spelling for each unit: files spell degrees Celsius in ten ways."""

import re

_SPELLINGS = {
    "degree_C": ("c", "celsius", "degc", "deg c", "deg_c", "degree_c", "degrees_c", "degree c", "degrees c",
                 "degree celsius", "degrees celsius", "degree_celsius", "degrees_celsius", "°c", "ºc"),
    "K": ("k", "kelvin", "kelvins", "degk", "deg k", "degree_k", "degrees_k", "degrees k", "degree k"),
    "m": ("m", "meter", "meters", "metre", "metres"),
    "m s-1": ("m/s", "m s-1", "m.s-1", "m s^-1", "ms-1", "m/sec", "meter second-1", "meters second-1", "meters s-1",
              "metre s-1", "meter/sec", "meters/second", "m s**-1", "metres/second"),
    "1": ("", "1", "none", "-", "unitless", "dimensionless", "non-dimensional", "nondimensional"),
    "1e-3": ("1e-3", "1e-03", "0.001", "1.e-3"),
    "PSU": ("psu", "pss", "pss-78", "practical_salinity_unit", "practical salinity units"),
    "degree": ("degree", "degrees", "deg"),
    "Pa": ("pa", "pascal", "pascals"),
    "s": ("s", "sec", "second", "seconds"),
}  # fmt: skip
_CANONICAL = {each: one for one, spellings in _SPELLINGS.items() for each in spellings}


def canonical(units: str) -> str:
    """The usual spelling of ``units``; what is not known stays as it is."""
    plain = re.sub(r"\s+", " ", units.strip())
    return _CANONICAL.get(plain.lower(), plain)
