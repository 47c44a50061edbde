"""What quantities are called in files, and their units, in one spelling."""

import re
from collections import Counter
from typing import NamedTuple


class Quantity(NamedTuple):
    """A quantity under the name that all files share."""

    key: str  # standard name
    name: str
    low: float = float("-inf")  # no sea has less
    high: float = float("inf")


_TEMPERATURE = Quantity("sea_water_temperature", "Sea water temperature", -5, 50)
_SALINITY = Quantity("sea_water_salinity", "Sea water salinity", 0, 60)
_SURFACE = Quantity("sea_surface_temperature", "Sea surface temperature", -5, 50)
_CONDUCTIVITY = Quantity("sea_water_electrical_conductivity", "Sea water conductivity")
_OXYGEN = Quantity("volume_fraction_of_oxygen_in_sea_water", "Dissolved oxygen")
_CHLOROPHYLL = Quantity("mass_concentration_of_chlorophyll_in_sea_water", "Chlorophyll fluorescence")
_SIGMA = Quantity("sea_water_sigma_theta", "Potential density minus 1000 kg/m³")
_SIGMA_T = Quantity("sea_water_sigma_t", "Density at the surface minus 1000 kg/m³")
_LIGHT = Quantity("downwelling_photosynthetic_radiative_flux_in_sea_water", "Photosynthetic active radiation")

# Names without their counter (TEMP_01, sal00, t090C), in lower case.
_SHORT = {
    "temp": _TEMPERATURE, "temperature": _TEMPERATURE, "t068": _TEMPERATURE, "t090": _TEMPERATURE,
    "tv290": _TEMPERATURE, "tv268": _TEMPERATURE, "te90": _TEMPERATURE, "sst": _SURFACE,
    "psal": _SALINITY, "sal": _SALINITY, "salinity": _SALINITY,
    "cndc": _CONDUCTIVITY, "crat": _CONDUCTIVITY, "cond": _CONDUCTIVITY, "conductivity": _CONDUCTIVITY,
    "c0s/m": _CONDUCTIVITY, "doxy": _OXYGEN, "sbeox0ml/l": _OXYGEN, "sigma_t": _SIGMA_T, "sigp": _SIGMA,
    "sigma-é00": _SIGMA, "flor": _CHLOROPHYLL, "fleco-afl": _CHLOROPHYLL, "flsp": _CHLOROPHYLL, "psar": _LIGHT,
    "par": _LIGHT,
}  # fmt: skip
_COUNTER = re.compile(r"_?\d{1,2}$")

_DEGREE = "degree_Celsius"
_UNITS = {
    **dict.fromkeys(
        ["degree_celsius", "degree_c", "degrees c", "deg c", "degc", "celsius", "°c", "degrees_celsius", "degrees_c",
         "its-90, deg c", "ipts-68, deg c", "its-90 deg c", "c", "deg_c"], _DEGREE),
    **dict.fromkeys(["psu", "pss-78", "1e-3", "0.001", "psu, pss-78", "pss-78, psu"], "psu"),
    "unitless": "1", "none": "1", "": "1", "m\\/s": "m s-1", "m/s": "m s-1", "seconds": "s", "volts": "V",
    "decibar": "dbar", "db": "dbar", "mg/m^3": "mg m-3", "kg/m**3": "kg m-3", "kg/m^3": "kg m-3",
    "sigma-theta, kg/m^3": "kg m-3",
}  # fmt: skip
_FROM_KELVIN = {"k", "kelvin", "kelvins", "degree_kelvin", "degk"}
_ZERO = 273.15  # K


class Apart:
    """Tells quantities apart that a file has several of: those of a second sensor are `…_2`."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def __call__(self, one: Quantity) -> Quantity:
        """The quantity, numbered from its second time on."""
        self._seen[one.key] += 1
        time = self._seen[one.key]
        return one if time == 1 else one._replace(key=f"{one.key}_{time}", name=f"{one.name} {time}")


def quantity(short: str, standard_name: str | None = None, long_name: str | None = None) -> Quantity:
    """A quantity by its standard name, by what it is often called, or else by its own name."""
    if standard_name and re.fullmatch(r"\w+", standard_name):
        shared = next((one for one in _SHORT.values() if one.key == standard_name), None)
        return shared or Quantity(standard_name, long_name or standard_name.replace("_", " ").capitalize())
    known = _known(short.lower())
    return known or Quantity(short, long_name or short)


def _known(name: str) -> Quantity | None:
    for one in (name, _COUNTER.sub("", name), name.rstrip("c")):
        if one in _SHORT:
            return _SHORT[one]
    return None


def unit(text: str | None) -> tuple[str, float]:
    """A unit in the spelling that all files share, and what is to be added to values in it."""
    plain = " ".join((text or "").split())
    if plain.lower() in _FROM_KELVIN:
        return _DEGREE, -_ZERO
    return _UNITS.get(plain.lower(), plain), 0.0
