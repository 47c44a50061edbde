"""Names that all files share: of quantities, of their units, and of whom measurements are attributed to."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ocean_core.units import canonical_units
from ocean_metadata.observations.model import ATTRIBUTION, Floats, QuantitySamples


class Quantity(NamedTuple):
    """A quantity under the name that all files share."""

    key: str  # standard name
    name: str
    minimum: float = float("-inf")  # that occurs in a sea
    maximum: float = float("inf")


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
_BY_SHORT_NAME = {
    "temp": _TEMPERATURE, "temperature": _TEMPERATURE, "t068": _TEMPERATURE, "t090": _TEMPERATURE,
    "tv290": _TEMPERATURE, "tv268": _TEMPERATURE, "te90": _TEMPERATURE, "sst": _SURFACE,
    "psal": _SALINITY, "sal": _SALINITY, "salinity": _SALINITY,
    "cndc": _CONDUCTIVITY, "crat": _CONDUCTIVITY, "cond": _CONDUCTIVITY, "conductivity": _CONDUCTIVITY,
    "c0s/m": _CONDUCTIVITY, "doxy": _OXYGEN, "sbeox0ml/l": _OXYGEN, "sigma_t": _SIGMA_T, "sigp": _SIGMA,
    "sigma-é00": _SIGMA, "flor": _CHLOROPHYLL, "fleco-afl": _CHLOROPHYLL, "flsp": _CHLOROPHYLL, "psar": _LIGHT,
    "par": _LIGHT,
}  # fmt: skip
_BY_STANDARD_NAME = {quantity.key: quantity for quantity in _BY_SHORT_NAME.values()}
_COUNTER = re.compile(r"_?\d{1,2}$")

# The spellings of this database, and those that only instruments write; the others are the core's.
_UNITS = {"degree_C": "degree_Celsius", "PSU": "psu", "1e-3": "psu"}
_INSTRUMENT_UNITS = {
    "its-90, deg c": "degree_Celsius", "ipts-68, deg c": "degree_Celsius", "its-90 deg c": "degree_Celsius",
    "psu, pss-78": "psu", "pss-78, psu": "psu", "m\\/s": "m s-1", "volts": "V", "mg/m^3": "mg m-3",
    "kg/m**3": "kg m-3", "kg/m^3": "kg m-3", "sigma-theta, kg/m^3": "kg m-3",
}  # fmt: skip
_ZERO_CELSIUS = 273.15  # K


class SensorCounter:
    """Distinguishes the sensors of a file that measure the same quantity: the second is called ``…_2``."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def number(self, quantity: Quantity) -> Quantity:
        """Return the quantity, numbered from its second sensor on."""
        self._counts[quantity.key] += 1
        count = self._counts[quantity.key]
        if count == 1:
            return quantity
        return quantity._replace(key=f"{quantity.key}_{count}", name=f"{quantity.name} {count}")

    def samples(
        self, quantity: Quantity, units: str | None, depth: Floats, values: Floats
    ) -> Iterator[QuantitySamples]:
        """Yield the samples of the next sensor in the units of the database, if any has a value and a depth."""
        numbered, (unit, offset) = self.number(quantity), normalize_units(units)
        samples = QuantitySamples.where_finite(numbered.key, numbered.name, unit, depth, values + offset)
        if samples is not None:
            yield samples


def find_quantity(short_name: str, standard_name: str | None = None, long_name: str | None = None) -> Quantity:
    """Return a quantity by its standard name, by a usual short name, or else under its own name."""
    if standard_name and re.fullmatch(r"\w+", standard_name):
        name = long_name or standard_name.replace("_", " ").capitalize()
        return _BY_STANDARD_NAME.get(standard_name, Quantity(standard_name, name))
    lower = short_name.lower()
    for name in (lower, _COUNTER.sub("", lower), lower.rstrip("c")):
        if name in _BY_SHORT_NAME:
            return _BY_SHORT_NAME[name]
    return Quantity(short_name, long_name or short_name)


def normalize_units(text: str | None) -> tuple[str, float]:
    """Return units in the spelling of the database, and the offset to be added to values in them."""
    units = canonical_units(text or "")
    if units == "K":
        return _UNITS["degree_C"], -_ZERO_CELSIUS
    return _UNITS.get(units) or _INSTRUMENT_UNITS.get(units.lower(), units), 0.0


_ARGO = "International Argo Program"

# The attributes of CF, ACDD, OceanSITES, Argo and ODF, in lower case; of each row the first that has a value counts.
_PEOPLE = (
    "creator name", "principal investigator", "pi name", "name of the principal investigator", "chief scientist",
    "author",
)  # fmt: skip
_INSTITUTIONS = (
    "institution", "creator institution", "organization", "data assembly center",
    "data centre in charge of float data processing", "data centre",
)  # fmt: skip
_REFERENCES = ("citation", "acknowledgement", "acknowledgment", "publisher name", "references")
_NO_VALUE = {"", "unknown", "none", "n/a", "na", "null", "-", "not available", "not applicable"}

# Of Argo's reference table 4: the centres that send floats.
_ARGO_CENTRES = {
    "AO": "AOML", "BO": "BODC", "CI": "IOS", "CS": "CSIRO", "GE": "BSH", "HZ": "CSIO", "IF": "Ifremer", "IN": "INCOIS",
    "JA": "JMA", "JM": "JAMSTEC", "KM": "KMA", "KO": "KORDI", "MB": "MBARI", "ME": "MEDS", "NA": "NAVO", "NM": "NMDIS",
    "PM": "PMEL", "SI": "Scripps Institution of Oceanography", "UW": "University of Washington",
    "WH": "Woods Hole Oceanographic Institution",
}  # fmt: skip

_LICENCE = re.compile(r"\bCC0\b|\b(?:CC|ODC|OGL|NLOD)[- ]?(?:[A-Z]{2,4}[- ]?)*\d(?:\.\d)?\b|\bNLOD\b|\bOGL\b")
_MAX_ATTRIBUTION = 200  # characters: it stands beneath figures


def attribution_of(attributes: Mapping[str, object], *, argo: bool = False) -> str:
    """Return the people, their institution and a licence that has a short name; empty where nobody is named."""
    texts = {key.casefold().replace("_", " "): " ".join(str(text).split()) for key, text in attributes.items()}
    institution = _first_value(texts, _INSTITUTIONS)
    if argo:
        institution = _ARGO_CENTRES.get(institution, institution)
    names = (_first_value(texts, _PEOPLE), institution, _ARGO if argo else "")
    attribution = ", ".join(dict.fromkeys(filter(None, names))) or _first_value(texts, _REFERENCES)
    if attribution and (licence := _LICENCE.search(texts.get("license", ""))):
        attribution = f"{attribution} ({licence[0]})"
    if len(attribution) > _MAX_ATTRIBUTION:
        return f"{attribution[: _MAX_ATTRIBUTION - 1].rstrip()}…"
    return attribution


def add_attribution(
    attributes: Mapping[str, str], source: Mapping[str, object], *, argo: bool = False
) -> dict[str, str]:
    """Return the metadata of a platform with the attribution that its source names, where it names one."""
    attribution = attribution_of(source, argo=argo)
    return {**attributes, ATTRIBUTION: attribution} if attribution else dict(attributes)


def _first_value(texts: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((text for key in keys if (text := texts.get(key, "")).casefold() not in _NO_VALUE), "")
