"""Temperature and salinity: which variables they are, and what TEOS-10 makes of them.

Formulas are those of the Gibbs SeaWater toolbox (IOC, SCOR and IAPSO, 2010).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import gsw
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_core.units import unit_conversion

Floats = NDArray[np.float64]
Warmth = Literal["potential", "conservative", "in situ"]
Saltiness = Literal["practical", "absolute"]

CELSIUS = "degree_C"
REFERENCE = 35.16504 / 35  # g/kg of reference composition salinity per unit of practical salinity
FRACTIONS = {"kg kg-1", "kg/kg", "kg kg^-1", "kg.kg-1"}

# By CF standard names, the likeliest first. All else is what ocean models have had for long.
TEMPERATURES: dict[str, Warmth] = {
    "sea_water_potential_temperature": "potential",
    "sea_water_conservative_temperature": "conservative",
    "sea_water_temperature": "in situ",
}
SALINITIES: dict[str, Saltiness] = {
    "sea_water_practical_salinity": "practical",
    "sea_water_salinity": "practical",
    "sea_water_absolute_salinity": "absolute",
}
SOUND_SPEED = "speed_of_sound_in_sea_water"


def temperature_of(listed: Sequence[VariableInfo]) -> VariableInfo | None:
    """The temperature of the water among variables: by its standard name, else by a key like `votemper`."""
    warm = [one for one in listed if not one.two_dimensional and unit_conversion(one.units or CELSIUS, CELSIUS)]
    return _named(warm, TEMPERATURES) or _like(warm, lambda key: "temp" in key or key.startswith("thetao"))


def salinity_of(listed: Sequence[VariableInfo]) -> VariableInfo | None:
    """The salinity among variables: by its standard name, else by a key like `vosaline`."""
    deep = [one for one in listed if not one.two_dimensional]
    return _named(deep, SALINITIES) or _like(deep, lambda key: "sal" in key or key == "so")


def sound_speed_of(listed: Sequence[VariableInfo]) -> VariableInfo | None:
    """The speed of sound among variables, by its standard name."""
    return _named([one for one in listed if not one.two_dimensional], {SOUND_SPEED: None})


def _named(listed: Sequence[VariableInfo], names: Mapping[str, object]) -> VariableInfo | None:
    return next((one for name in names for one in listed if one.standard_name == name), None)


def _like(listed: Sequence[VariableInfo], fits: Callable[[str], bool]) -> VariableInfo | None:
    return next((one for one in listed if one.standard_name is None and fits(one.key.lower())), None)


def celsius(values: Floats, units: str) -> Floats:
    """Temperatures in degrees Celsius; without units they are."""
    factor, offset = unit_conversion(units or CELSIUS, CELSIUS) or (1.0, 0.0)
    return values * factor + offset


def per_thousand(values: Floats, units: str) -> Floats:
    """Salinities in g/kg, or practical ones as they are."""
    return values * 1000.0 if " ".join(units.casefold().split()) in FRACTIONS else values


def pressure(depth: Floats, latitude: Floats) -> Floats:
    """Sea pressure, dbar, at depths (m) and latitudes (degrees)."""
    found: Floats = gsw.p_from_z(-np.maximum(depth, 0.0), latitude)
    return found


@dataclass(frozen=True, kw_only=True)
class Water:
    """Sea water: arrays that broadcast.

    Attributes
    ----------
    temperature : ndarray of float
        Degrees Celsius, of the kind ``warmth`` says.
    salinity : ndarray of float
        Practical (no unit) or absolute (g/kg), as ``saltiness`` says.
    depth : ndarray of float
        m, positive down.
    latitude, longitude : ndarray of float
        Degrees.
    """

    temperature: Floats
    salinity: Floats
    depth: Floats
    latitude: Floats
    longitude: Floats
    warmth: Warmth = "potential"
    saltiness: Saltiness = "practical"

    @property
    def pressure(self) -> Floats:
        """Sea pressure, dbar."""
        return pressure(self.depth, self.latitude)

    @property
    def absolute(self) -> Floats:
        """Absolute salinity, g/kg."""
        if self.saltiness == "absolute":
            return self.salinity
        found = gsw.SA_from_SP(self.salinity, self.pressure, self.longitude, self.latitude)
        # Where the atlas of anomalies ends, the composition is taken for that of the reference.
        return np.where(np.isfinite(found), found, self.salinity * REFERENCE)

    @property
    def conservative(self) -> Floats:
        """Conservative temperature, degrees Celsius."""
        found = self.temperature
        if self.warmth == "potential":
            found = gsw.CT_from_pt(self.absolute, self.temperature)
        elif self.warmth == "in situ":
            found = gsw.CT_from_t(self.absolute, self.temperature, self.pressure)
        return found

    @property
    def potential_density(self) -> Floats:
        """Potential density less 1000 kg/m3, as it were at the surface: sigma-0, kg/m3."""
        found: Floats = gsw.sigma0(self.absolute, self.conservative)
        return found

    @property
    def sound_speed(self) -> Floats:
        """Speed of sound, m/s."""
        found: Floats = gsw.sound_speed(self.absolute, self.conservative, self.pressure)
        return found

    @property
    def freezing(self) -> Floats:
        """Temperature at which it would freeze at the surface, degrees Celsius, of the kind of its temperature."""
        found: Floats = gsw.CT_freezing(self.absolute, 0.0, 0.0)
        if self.warmth == "potential":
            found = gsw.pt_from_CT(self.absolute, found)
        elif self.warmth == "in situ":
            found = gsw.t_freezing(self.absolute, 0.0, 0.0)
        return found
