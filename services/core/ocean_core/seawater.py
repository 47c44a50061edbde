"""Properties of sea water by TEOS-10, from whatever a model calls temperature and salinity, and sound channels.

Formulas are those of the Gibbs SeaWater toolbox (IOC, SCOR and IAPSO, 2010), and of Hamme and Emerson (2004) for
nitrogen. Columns of sound speed are (column, level), from the surface down: m/s at depths in m, NaN below the floor.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import gsw
import numpy as np
from numpy.typing import NDArray

from ocean_core.units import unit_conversion

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Temperature = Literal["potential", "conservative", "in situ"]
Salinity = Literal["practical", "absolute"]

KELVIN = 273.15
REFERENCE_SALINITY = 35.16504 / 35  # g/kg of reference composition salinity per unit of practical salinity

# By CF standard names, the most usual first. Other variables are what ocean models have had for long: potential
# temperature and practical salinity.
TEMPERATURES: dict[str, Temperature] = {
    "sea_water_potential_temperature": "potential",
    "sea_water_conservative_temperature": "conservative",
    "sea_water_temperature": "in situ",
}
SALINITIES: dict[str, Salinity] = {
    "sea_water_practical_salinity": "practical",
    "sea_water_salinity": "practical",
    "sea_water_absolute_salinity": "absolute",
}
SOUND_SPEED = "speed_of_sound_in_sea_water"
CELSIUS = "degree_C"
FRACTION_UNITS = {"kg kg-1", "kg/kg", "kg kg^-1", "kg.kg-1"}

CUTOFF_FREQUENCY = 2755.03  # Hz
DEEPEST_SUBSURFACE_CHANNEL = 1000.0  # m
DUCT = 0.2652  # of the cutoff frequency of a duct: f = 0.2652 c / (height sqrt(dc / c))


@dataclass(frozen=True, kw_only=True)
class SeaWater:
    """Sea water: arrays that broadcast."""

    temperature: Floats  # degrees Celsius, of the kind `temperature_kind`
    salinity: Floats  # practical (no unit) or absolute (g/kg)
    depth: Floats  # m, positive down
    latitude: Floats  # degrees
    longitude: Floats
    temperature_kind: Temperature = "potential"
    salinity_kind: Salinity = "practical"

    @cached_property
    def pressure(self) -> Floats:  # dbar
        return sea_pressure(self.depth, self.latitude)

    @cached_property
    def absolute_salinity(self) -> Floats:  # g/kg
        if self.salinity_kind == "absolute":
            return self.salinity
        salinity = gsw.SA_from_SP(self.salinity, self.pressure, self.longitude, self.latitude)
        # Outside the atlas of anomalies the composition is that of reference sea water.
        return np.where(np.isfinite(salinity), salinity, self.salinity * REFERENCE_SALINITY)

    @cached_property
    def conservative_temperature(self) -> Floats:  # degrees Celsius
        temperature = self.temperature
        if self.temperature_kind == "potential":
            temperature = gsw.CT_from_pt(self.absolute_salinity, temperature)
        elif self.temperature_kind == "in situ":
            temperature = gsw.CT_from_t(self.absolute_salinity, temperature, self.pressure)
        return temperature

    @property
    def practical_salinity(self) -> Floats:  # no unit
        salinity = gsw.SP_from_SA(self.absolute_salinity, self.pressure, self.longitude, self.latitude)
        return np.where(np.isfinite(salinity), salinity, self.absolute_salinity / REFERENCE_SALINITY)

    @property
    def potential_temperature(self) -> Floats:  # degrees Celsius
        temperature: Floats = gsw.pt_from_CT(self.absolute_salinity, self.conservative_temperature)
        return temperature

    @property
    def sound_speed(self) -> Floats:  # m/s
        speed: Floats = gsw.sound_speed(self.absolute_salinity, self.conservative_temperature, self.pressure)
        return speed

    @property
    def density(self) -> Floats:  # in situ, kg/m3
        density: Floats = gsw.rho(self.absolute_salinity, self.conservative_temperature, self.pressure)
        return density

    @property
    def potential_density_anomaly(self) -> Floats:  # sigma-0: that at the surface less 1000 kg/m3
        anomaly: Floats = gsw.sigma0(self.absolute_salinity, self.conservative_temperature)
        return anomaly

    @property
    def heat_capacity(self) -> Floats:  # isobaric, J/(kg K)
        in_situ = gsw.t_from_CT(self.absolute_salinity, self.conservative_temperature, self.pressure)
        capacity: Floats = gsw.cp_t_exact(self.absolute_salinity, in_situ, self.pressure)
        return capacity

    @property
    def adiabatic_lapse_rate(self) -> Floats:  # K/Pa
        rate: Floats = gsw.adiabatic_lapse_rate_from_CT(
            self.absolute_salinity, self.conservative_temperature, self.pressure
        )
        return rate

    @property
    def oxygen_solubility(self) -> Floats:  # in moist air at one atmosphere, umol/kg
        solubility: Floats = gsw.O2sol_SP_pt(self.practical_salinity, self.potential_temperature)
        return solubility

    @property
    def nitrogen_solubility(self) -> Floats:  # in moist air at one atmosphere, umol/kg
        temperature = self.potential_temperature
        scaled = np.log((298.15 - temperature) / (KELVIN + temperature))
        fresh = np.polynomial.polynomial.polyval(scaled, (6.42931, 2.92704, 4.32531, 4.69149))
        saline = np.polynomial.polynomial.polyval(scaled, (-7.44129e-3, -8.02566e-3, -1.46775e-2))
        solubility: Floats = np.exp(fresh + self.practical_salinity * saline)
        return solubility

    @property
    def freezing_temperature(self) -> Floats:  # at the surface, degrees Celsius, of the kind `temperature_kind`
        freezing = gsw.t_freezing if self.temperature_kind == "in situ" else gsw.CT_freezing
        temperature: Floats = freezing(self.absolute_salinity, 0.0, 0.0)
        if self.temperature_kind == "potential":
            temperature = gsw.pt_from_CT(self.absolute_salinity, temperature)
        return temperature


def sea_pressure(depth: Floats, latitude: Floats) -> Floats:
    """Convert depths (m, positive down) at latitudes (degrees) to sea pressure, dbar."""
    pressure: Floats = gsw.p_from_z(-np.maximum(depth, 0.0), latitude)
    return pressure


def to_celsius(values: Floats, units: str) -> Floats:
    """Convert temperatures to degrees Celsius; without a unit of temperature they are returned as they are."""
    factor, offset = unit_conversion(units or CELSIUS, CELSIUS) or (1.0, 0.0)
    return values * factor + offset


def to_grams_per_kilogram(values: Floats, units: str) -> Floats:
    """Convert salinities in kg/kg to g/kg; in other units or none, they are returned as they are."""
    return values * 1000.0 if " ".join(units.casefold().split()) in FRACTION_UNITS else values


def sonic_layer_depth(depth: Floats, speed: Floats) -> Floats:
    """Find the depth of the fastest sound above the deep sound channel, m: (column,); NaN where that is the surface."""
    level = _sonic_layer(speed)
    return np.where(level > 0, _at_level(depth, level), np.nan)


def deep_sound_channel(depth: Floats, speed: Floats) -> Floats:
    """Find the depth of the slowest sound, m: (column,)."""
    return np.where(np.isfinite(speed).any(axis=1), _at_level(depth, _slowest(speed)), np.nan)


def channel_bottom(depth: Floats, speed: Floats, sea_floor: Floats | None = None) -> Floats:
    """Find the depth below the channel where sound is as fast again as at the sonic layer depth, m: (column,).

    NaN where there is no sonic layer, or where the sea floor, (column,), m, comes first.
    """
    layer, levels = _sonic_layer(speed), speed.shape[1]
    last = np.full(layer.shape, levels - 1)
    bottom = _crossing_depth(depth, speed, _slowest(speed), last, _at_level(speed, layer))
    bottom = np.where(layer > 0, bottom, np.nan)
    return bottom if sea_floor is None else np.where(bottom > sea_floor, np.nan, bottom)


def depth_excess(depth: Floats, speed: Floats, sea_floor: Floats) -> Floats:
    """Height of the water between the bottom of the deep sound channel and the sea floor, m: (column,)."""
    return sea_floor - channel_bottom(depth, speed, sea_floor)


def subsurface_channel(depth: Floats, speed: Floats, cutoff: float = CUTOFF_FREQUENCY) -> Floats:
    """Return 1 where the top 1000 m hold a channel for sound above the frequency ``cutoff`` (Hz), else 0: (column,).

    The channel is about the first local minimum of speed, if there is a second one below it: from the first maximum
    above it, or else from the surface, to the first maximum below. It holds sound if the speeds at both of its limits
    exceed that at its axis by what the height of the duct and the frequency require. NaN over land.
    """
    shallow = np.logical_and.accumulate((depth < DEEPEST_SUBSURFACE_CHANNEL) & np.isfinite(speed), axis=1)
    maxima, minima = _turning_levels(speed, shallow)
    axis, above = minima[0], maxima[0] < minima[0]
    upper, lower = np.where(above, maxima[0], 0), np.where(above, maxima[1], maxima[0])
    possible = (minima[1] >= 0) & (lower >= 0)
    slowest, upper_speed = _at_level(speed, axis), _at_level(speed, upper)
    end = _crossing_depth(depth, speed, axis, lower, upper_speed)
    height = np.where(np.isnan(end), _at_level(depth, lower), end) - _at_level(depth, upper)
    with np.errstate(all="ignore"):
        required = slowest / (cutoff * height / (DUCT * slowest)) ** 2
        holds = (upper_speed - slowest > required) & (_at_level(speed, lower) - slowest > required)
    return np.where(shallow[:, 0], (possible & holds).astype(np.float64), np.nan)


def slowest_sound(depths: Floats, speeds: Floats) -> tuple[float, float]:
    """Find the depth (m) and speed (m/s) of the slowest sound in a column, (n,) from the surface down."""
    level = int(speeds.argmin())
    return float(depths[level]), float(speeds[level])


@dataclass(frozen=True, kw_only=True)
class SoundChannel:
    """The channel about the slowest sound of a column; depths in m, speeds in m/s."""

    axis: float  # depth of the slowest sound
    slowest: float
    top: float  # the conjugate depths: between them sound is trapped
    bottom: float
    limit: float  # speed at both


def find_sound_channel(depths: Floats, speeds: Floats) -> SoundChannel | None:
    """Find the channel about the slowest sound: its limit is the lesser of the greatest speeds above and below.

    Depths (m, downwards) and speeds (m/s), (n,), are linear between, without gaps. None where sound is slowest at the
    surface or at the bottom: it is bent towards that, and no channel holds it.
    """
    axis = int(speeds.argmin()) if len(speeds) else 0
    if axis == 0 or axis == len(speeds) - 1:
        return None
    limit, slowest = float(min(speeds[:axis].max(), speeds[axis + 1 :].max())), float(speeds[axis])
    if limit <= slowest:
        return None
    return SoundChannel(
        axis=float(depths[axis]),
        slowest=slowest,
        top=_conjugate_depth(depths[axis::-1], speeds[axis::-1], limit),
        bottom=_conjugate_depth(depths[axis:], speeds[axis:], limit),
        limit=limit,
    )


def _conjugate_depth(depths: Floats, speeds: Floats, limit: float) -> float:
    """Find the first depth, going away from the axis, at which the speed reaches ``limit``."""
    level = int((speeds >= limit).argmax())
    return float(np.interp(limit, speeds[level - 1 : level + 1], depths[level - 1 : level + 1]))


def _at_level(values: Floats, level: Indices) -> Floats:
    """Take the value at one level of each column: (column,)."""
    return np.take_along_axis(values, level[:, np.newaxis], axis=1)[:, 0]


def _slowest(speed: Floats) -> Indices:
    """Find the level of the slowest sound, the upper of two: (column,); 0 over land."""
    level: Indices = np.where(np.isnan(speed), np.inf, speed).argmin(axis=1)
    return level


def _sonic_layer(speed: Floats) -> Indices:
    """Find the level of the fastest sound above the slowest, the upper of two: (column,); 0 where there is none."""
    above = np.arange(speed.shape[1]) < _slowest(speed)[:, np.newaxis]
    level: Indices = np.where(above & np.isfinite(speed), speed, -np.inf).argmax(axis=1)
    return level


def _crossing_depth(depth: Floats, speed: Floats, first: Indices, last: Indices, limit: Floats) -> Floats:
    """Find the depth where the speed first rises to ``limit`` between two levels: (column,); NaN if it never does."""
    upper, lower = speed[:, :-1], speed[:, 1:]
    level = np.arange(upper.shape[1])
    first, last, limit = first[:, np.newaxis], last[:, np.newaxis], limit[:, np.newaxis]
    below_floor = np.logical_or.accumulate(np.isnan(lower) & (level >= first), axis=1)
    crosses = (upper <= limit) & (limit <= lower) & (lower > upper) & (level >= first) & (level < last) & ~below_floor
    if not crosses.any():
        return np.full(len(speed), np.nan)
    at = crosses.argmax(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (limit[:, 0] - _at_level(upper, at)) / (_at_level(lower, at) - _at_level(upper, at))
    top = _at_level(depth, at)
    return np.where(crosses.any(axis=1), top + share * (_at_level(depth, at + 1) - top), np.nan)


def _turning_levels(speed: Floats, inside: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """Find the levels of the first two maxima and the first two minima inside each column: (2, column) each.

    ``inside``, (column, level): the first levels of each column that are searched. Of level parts it is the middle; -1
    where there are fewer.
    """
    columns, levels = speed.shape
    turns = np.full((2, 2, columns), -1)
    trend, since = np.zeros(columns), np.zeros(columns, dtype=np.intp)
    for level in range(1, levels):
        change = np.where(inside[:, level], np.sign(speed[:, level] - speed[:, level - 1]), 0.0)
        for kind, direction in enumerate((1.0, -1.0)):
            turned = (trend == direction) & (change == -direction)
            for place in (0, 1):
                chosen = turned & (turns[kind, place] < 0)
                turns[kind, place, chosen] = (since[chosen] + level - 1) // 2
                turned &= ~chosen
        moved = change != 0
        trend[moved], since[moved] = change[moved], level
    return turns[0], turns[1]
