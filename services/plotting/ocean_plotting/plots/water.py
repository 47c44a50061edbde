"""Temperature, salinity and the speed of sound at stations, as T–S diagrams and sound speed profiles need them."""

from functools import cached_property

import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coverage
from ocean_common.errors import InvalidRequest
from ocean_plotting.plots import seawater
from ocean_plotting.plots.coverage import Read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.over_depth import OverDepth, asked_over_depth, refuse_unknown_depths
from ocean_plotting.plots.profile_columns import Profile
from ocean_plotting.plots.query_common import Fetched, named_as_asked
from ocean_plotting.plots.seawater import CELSIUS, SALINITIES, SOUND_SPEED, TEMPERATURES, Water


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
    def water(self) -> Water:
        """What TEOS-10 takes."""
        warm, salt = self.temperature, self.salinity
        latitude, longitude = np.array(warm.places, dtype=float).T
        return Water(
            temperature=seawater.celsius(warm.values, warm.info.units),
            salinity=seawater.per_thousand(salt.values, salt.info.units),
            depth=warm.depths,
            latitude=latitude,
            longitude=longitude,
            warmth=TEMPERATURES.get(warm.info.standard_name or "", "potential"),
            saltiness=SALINITIES.get(salt.info.standard_name or "", "practical"),
        )


async def fetch_water(near: Neighbours, query: OverDepth, *, sound: bool = False) -> Casts:
    """Find the variables and ask for them all at once, so that they are on the same levels.

    ``sound``: the speed of sound too, where the dataset has it; else it is made of the others.
    """
    listed = await near.listed.variables(query.dataset)
    warm, salt = seawater.temperature_of(listed), seawater.salinity_of(listed)
    fast = seawater.sound_speed_of(listed) if sound else None
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
