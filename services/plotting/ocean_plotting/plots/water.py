"""Temperature, salinity and the speed of sound at stations, as T–S diagrams and sound speed profiles need them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coverage
from ocean_common.errors import InvalidRequest
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
from ocean_plotting.plots.coverage import Read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.over_depth import OverDepth, asked_over_depth, refuse_unknown_depths
from ocean_plotting.plots.profile_columns import Profile
from ocean_plotting.plots.query_common import Fetched, named_as_asked


class Casts(Fetched, frozen=True, kw_only=True):
    """What is known of the water at every station, on the same levels."""

    coverage: Coverage
    temperature: str | None  # keys
    salinity: str | None
    sound: str | None


class Columns:
    """The water of casts: arrays (level, station)."""

    def __init__(self, fetched: Casts) -> None:
        self._fetched = fetched

    @cached_property
    def temperature(self) -> Profile:
        """As the data service has it."""
        return Profile(self._fetched.coverage, self._fetched.temperature)

    @cached_property
    def salinity(self) -> Profile:
        """As the data service has it."""
        return Profile(self._fetched.coverage, self._fetched.salinity)

    @cached_property
    def sound(self) -> Profile:
        """Speed of sound: the dataset's own, or made of temperature and salinity."""
        if self._fetched.sound:
            return Profile(self._fetched.coverage, self._fetched.sound)
        info = replace(self.temperature.info, standard_name=SOUND_SPEED, units="m s-1", zero_centered=False)
        return self.temperature.turned(info, self.water.sound_speed)

    @property
    def known(self) -> list[Profile]:
        """Of temperature and salinity those that the dataset has."""
        has = (self._fetched.temperature and self.temperature, self._fetched.salinity and self.salinity)
        return [one for one in has if one]

    @cached_property
    def water(self) -> SeaWater:
        """What TEOS-10 takes."""
        warm, salt = self.temperature, self.salinity
        latitude, longitude = np.array(warm.places, dtype=float).T
        return SeaWater(
            temperature=to_celsius(warm.values, warm.info.units),
            salinity=to_grams_per_kilogram(salt.values, salt.info.units),
            depth=warm.depths,
            latitude=latitude,
            longitude=longitude,
            temperature_kind=TEMPERATURES.get(warm.info.standard_name or "", "potential"),
            salinity_kind=SALINITIES.get(salt.info.standard_name or "", "practical"),
        )


async def fetch_water(near: Neighbours, query: OverDepth, *, sound: bool = False) -> Casts:
    """Find the variables and ask for them all at once, so that they are on the same levels.

    ``sound``: the speed of sound too, where the dataset has it; else it is made of the others.
    """
    listed = await near.listed.variables(query.dataset)
    warm, salt = temperature_of(listed), salinity_of(listed)
    fast = sound_speed_of(listed) if sound else None
    if not (fast or (warm and salt)):
        raise _lacking(query.dataset, warm, salt)
    found = [one.key for one in (warm, salt, fast) if one]
    with named_as_asked():
        coverage = await near.numbers.extract(asked_over_depth(query, found))
    refuse_unknown_depths([coverage], "$.dataset")
    return Casts(
        time=Read(coverage).time,
        revisions={query.dataset: coverage.revision},
        coverage=coverage,
        temperature=warm.key if warm else None,
        salinity=salt.key if salt else None,
        sound=fast.key if fast else None,
    )


def _lacking(dataset: str, warm: VariableInfo | None, salt: VariableInfo | None) -> InvalidRequest:
    missing = "no temperature" if salt else "no salinity" if warm else "neither temperature nor salinity"
    return InvalidRequest(
        "{dataset} has {missing} over depth, which this plot is made of",
        dataset=dataset,
        missing=missing,
        field="$.dataset",
    )


def in_celsius(info: VariableInfo) -> VariableInfo:
    """A temperature as it is drawn."""
    return replace(info, units=CELSIUS)


def temperature_of(listed: Sequence[VariableInfo]) -> VariableInfo | None:
    """Find the temperature of the water among variables: by its standard name, else by a key like `votemper`."""
    warm = [one for one in listed if not one.two_dimensional and unit_conversion(one.units or CELSIUS, CELSIUS)]
    return _named(warm, TEMPERATURES) or _like(warm, lambda key: "temp" in key or key.startswith("thetao"))


def salinity_of(listed: Sequence[VariableInfo]) -> VariableInfo | None:
    """Find the salinity among variables: by its standard name, else by a key like `vosaline`."""
    deep = [one for one in listed if not one.two_dimensional]
    return _named(deep, SALINITIES) or _like(deep, lambda key: "sal" in key or key == "so")


def sound_speed_of(listed: Sequence[VariableInfo]) -> VariableInfo | None:
    """Find the speed of sound among variables, by its standard name."""
    return _named([one for one in listed if not one.two_dimensional], {SOUND_SPEED: None})


def _named(listed: Sequence[VariableInfo], names: Mapping[str, object]) -> VariableInfo | None:
    return next((one for name in names for one in listed if one.standard_name == name), None)


def _like(listed: Sequence[VariableInfo], fits: Callable[[str], bool]) -> VariableInfo | None:
    return next((one for one in listed if one.standard_name is None and fits(one.key.lower())), None)
