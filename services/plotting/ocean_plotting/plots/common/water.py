"""Temperature, salinity and sound speed at stations, for T–S diagrams and sound speed profiles."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage
from ocean_core.errors import InvalidRequest
from ocean_core.messages import Message
from ocean_core.seawater import (
    CELSIUS,
    SALINITIES,
    SOUND_SPEED,
    TEMPERATURES,
    SeaWater,
    to_celsius,
    to_grams_per_kilogram,
)
from ocean_core.units import unit_conversion
from ocean_plotting.plots.common.coverage import CoverageReader
from ocean_plotting.plots.common.profiles import Profile, StationProfileQuery, check_depths, make_profile_request
from ocean_plotting.plots.common.query import PlotData, map_error_fields
from ocean_plotting.plots.common.services import Services


class WaterData(PlotData, frozen=True, kw_only=True):
    """Temperature, salinity and sound speed at every station, on the same levels."""

    coverage: Coverage
    temperature: str | None  # keys
    salinity: str | None
    sound: str | None


class WaterProfiles:
    """Profiles of the water: arrays (level, station)."""

    def __init__(self, data: WaterData) -> None:
        self._data = data

    @cached_property
    def temperature(self) -> Profile:
        """Temperature of the dataset."""
        return Profile(self._data.coverage, self._data.temperature)

    @cached_property
    def salinity(self) -> Profile:
        """Salinity of the dataset."""
        return Profile(self._data.coverage, self._data.salinity)

    @cached_property
    def sound(self) -> Profile:
        """Sound speed: the dataset's own, or computed from temperature and salinity."""
        if self._data.sound:
            return Profile(self._data.coverage, self._data.sound)
        info = replace(self.temperature.info, standard_name=SOUND_SPEED, units="m s-1", zero_centered=False)
        return self.temperature.with_values(info, self.water.sound_speed)

    @property
    def temperature_and_salinity(self) -> list[Profile]:
        """Temperature and salinity, those that the dataset has."""
        profiles = (self._data.temperature and self.temperature, self._data.salinity and self.salinity)
        return [profile for profile in profiles if profile]

    @cached_property
    def water(self) -> SeaWater:
        """Sea water of all levels and stations."""
        temperature, salinity = self.temperature, self.salinity
        latitude, longitude = np.array(temperature.places, dtype=float).T
        return SeaWater(
            temperature=to_celsius(temperature.values, temperature.info.units),
            salinity=to_grams_per_kilogram(salinity.values, salinity.info.units),
            depth=temperature.depths,
            latitude=latitude,
            longitude=longitude,
            temperature_kind=TEMPERATURES.get(temperature.info.standard_name or "", "potential"),
            salinity_kind=SALINITIES.get(salinity.info.standard_name or "", "practical"),
        )


def find_temperature(variables: Sequence[VariableInfo]) -> VariableInfo | None:
    """Find the temperature of the water: by its standard name, else by a key like `votemper`."""
    candidates = [
        info for info in variables if not info.two_dimensional and unit_conversion(info.units or CELSIUS, CELSIUS)
    ]
    return _find_by_standard_name(candidates, TEMPERATURES) or _find_by_key(
        candidates, lambda key: "temp" in key or key.startswith("thetao")
    )


def find_salinity(variables: Sequence[VariableInfo]) -> VariableInfo | None:
    """Find the salinity: by its standard name, else by a key like `vosaline`."""
    candidates = [info for info in variables if not info.two_dimensional]
    return _find_by_standard_name(candidates, SALINITIES) or _find_by_key(
        candidates, lambda key: "sal" in key or key == "so"
    )


def find_sound_speed(variables: Sequence[VariableInfo]) -> VariableInfo | None:
    """Find the sound speed by its standard name."""
    return _find_by_standard_name([info for info in variables if not info.two_dimensional], {SOUND_SPEED: None})


def _find_by_standard_name(infos: Sequence[VariableInfo], names: Mapping[str, object]) -> VariableInfo | None:
    return next((info for name in names for info in infos if info.standard_name == name), None)


def _find_by_key(infos: Sequence[VariableInfo], fits: Callable[[str], bool]) -> VariableInfo | None:
    return next((info for info in infos if info.standard_name is None and fits(info.key.lower())), None)


async def fetch_water(services: Services, query: StationProfileQuery, *, sound: bool = False) -> WaterData:
    """Find the variables and request them all at once, so that they are on the same levels.

    ``sound``: the sound speed too, where the dataset has it; else it is computed from the others.
    """
    variables = await services.metadata.variables(query.dataset)
    temperature, salinity = find_temperature(variables), find_salinity(variables)
    sound_speed = find_sound_speed(variables) if sound else None
    if not (sound_speed or (temperature and salinity)):
        missing = Message("neither temperature nor salinity")
        if temperature or salinity:
            missing = Message("no salinity") if temperature else Message("no temperature")
        raise InvalidRequest(
            "{dataset} has {missing} over depth, which this plot is made of",
            dataset=query.dataset,
            missing=missing,
            field="$.dataset",
        )
    keys = [info.key for info in (temperature, salinity, sound_speed) if info]
    with map_error_fields():
        coverage = await services.data.extract(make_profile_request(query, keys))
    check_depths([Profile(coverage)], "$.dataset")
    return WaterData(
        time=CoverageReader(coverage).time,
        revisions={query.dataset: coverage.revision},
        coverage=coverage,
        temperature=temperature.key if temperature else None,
        salinity=salinity.key if salinity else None,
        sound=sound_speed.key if sound_speed else None,
    )
