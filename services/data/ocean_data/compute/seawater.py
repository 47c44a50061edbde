"""Properties of sea water by TEOS-10, from whatever a model calls temperature and salinity.

Formulas are those of the Gibbs SeaWater toolbox (IOC, SCOR and IAPSO, 2010), and of Hamme and Emerson (2004) for
nitrogen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import gsw
import numpy as np

from ocean_data.ports import Floats

Temperature = Literal["potential", "conservative", "in situ"]
Salinity = Literal["practical", "absolute"]

KELVIN = 273.15
REFERENCE = 35.16504 / 35  # g/kg of reference composition salinity per unit of practical salinity

# By CF standard names. All else is what ocean models have had for long: potential temperature, practical salinity.
TEMPERATURES: dict[str, Temperature] = {
    "sea_water_conservative_temperature": "conservative",
    "sea_water_temperature": "in situ",
}
SALINITIES: dict[str, Salinity] = {"sea_water_absolute_salinity": "absolute"}
KELVINS = {"k", "kelvin", "kelvins", "degk", "deg_k", "degree_k", "degrees_k", "degree_kelvin", "degrees_kelvin"}
FRACTIONS = {"kg kg-1", "kg/kg", "kg kg^-1", "kg.kg-1"}


@dataclass(frozen=True, kw_only=True)
class Water:
    """Sea water, as TEOS-10 wants it: arrays of one shape.

    Attributes
    ----------
    salinity : ndarray of float, shape (n,)
        Absolute salinity, g/kg.
    temperature : ndarray of float, shape (n,)
        Conservative temperature, degrees Celsius.
    pressure : ndarray of float, shape (n,)
        Sea pressure, dbar.
    longitude, latitude : ndarray of float, shape (n,)
        Degrees.
    """

    salinity: Floats
    temperature: Floats
    pressure: Floats
    longitude: Floats
    latitude: Floats

    @property
    def practical(self) -> Floats:
        """Practical salinity: (n,)."""
        return _known(
            gsw.SP_from_SA(self.salinity, self.pressure, self.longitude, self.latitude), self.salinity / REFERENCE
        )

    @property
    def potential(self) -> Floats:
        """Potential temperature, degrees Celsius: (n,)."""
        found: Floats = gsw.pt_from_CT(self.salinity, self.temperature)
        return found


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """What the numbers of temperature and salinity mean."""

    temperature: Temperature = "potential"
    salinity: Salinity = "practical"


def water(
    depth: Floats, place: tuple[Floats, Floats], temperature: Floats, salinity: Floats, kinds: Kinds = Kinds()
) -> Water:
    """Make sea water of what a model has.

    Parameters
    ----------
    depth : ndarray of float, shape (n,)
        m, positive down.
    place : two ndarrays of float, shape (n,)
        Latitude and longitude, degrees.
    temperature : ndarray of float, shape (n,)
        Degrees Celsius, of the kind ``kinds`` says.
    salinity : ndarray of float, shape (n,)
        Practical (no unit) or absolute (g/kg).
    """
    latitude, longitude = place
    pressure = gsw.p_from_z(-np.maximum(depth, 0.0), latitude)
    absolute = salinity
    if kinds.salinity == "practical":
        # Where the atlas of anomalies ends, the composition is taken for that of the reference.
        absolute = _known(gsw.SA_from_SP(salinity, pressure, longitude, latitude), salinity * REFERENCE)
    if kinds.temperature == "potential":
        temperature = gsw.CT_from_pt(absolute, temperature)
    elif kinds.temperature == "in situ":
        temperature = gsw.CT_from_t(absolute, temperature, pressure)
    return Water(salinity=absolute, temperature=temperature, pressure=pressure, longitude=longitude, latitude=latitude)


def _known(values: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isfinite(values), values, otherwise)


def sound_speed(one: Water) -> Floats:
    """Speed of sound, m/s: (n,)."""
    found: Floats = gsw.sound_speed(one.salinity, one.temperature, one.pressure)
    return found


def density(one: Water) -> Floats:
    """In-situ density, kg/m3: (n,)."""
    found: Floats = gsw.rho(one.salinity, one.temperature, one.pressure)
    return found


def heat_capacity(one: Water) -> Floats:
    """Isobaric heat capacity, J/(kg K): (n,)."""
    in_situ = gsw.t_from_CT(one.salinity, one.temperature, one.pressure)
    found: Floats = gsw.cp_t_exact(one.salinity, in_situ, one.pressure)
    return found


def adiabatic_lapse_rate(one: Water) -> Floats:
    """Adiabatic temperature gradient, K/Pa: (n,)."""
    found: Floats = gsw.adiabatic_lapse_rate_from_CT(one.salinity, one.temperature, one.pressure)
    return found


def oxygen_solubility(one: Water) -> Floats:
    """Oxygen in equilibrium with moist air at one atmosphere, umol/kg: (n,)."""
    found: Floats = gsw.O2sol_SP_pt(one.practical, one.potential)
    return found


def nitrogen_solubility(one: Water) -> Floats:
    """Nitrogen in equilibrium with moist air at one atmosphere, umol/kg: (n,)."""
    salinity, temperature = one.practical, one.potential
    y = np.log((298.15 - temperature) / (KELVIN + temperature))
    plain = np.polynomial.polynomial.polyval(y, (6.42931, 2.92704, 4.32531, 4.69149))
    salty = np.polynomial.polynomial.polyval(y, (-7.44129e-3, -8.02566e-3, -1.46775e-2))
    found: Floats = np.exp(plain + salinity * salty)
    return found


PROPERTIES: dict[str, Callable[[Water], Floats]] = {
    "sspeed": sound_speed,
    "density": density,
    "heatcap": heat_capacity,
    "tempgradient": adiabatic_lapse_rate,
    "oxygensaturation": oxygen_solubility,
    "nitrogensaturation": nitrogen_solubility,
}
