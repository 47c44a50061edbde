"""Ways of platforms: the mean of every step of time, and how models are asked along them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.observations import PlatformTrack
from ocean_core.geometry import great_circle_distance, unwrap_longitudes
from ocean_core.time import Quantum, period_numbers
from ocean_plotting.plots.comparison import Agreement, Measure, pairs
from ocean_plotting.plots.coverage import Floats, array
from ocean_plotting.plots.soundings import measure_of

Outside = Literal["", "time", "grid"]


@dataclass(frozen=True, kw_only=True)
class Steps:
    """A way, a mean for each step of time in which the platform was seen."""

    seconds: Floats  # (step,): mean instants, whole seconds since 1970-01-01 UTC
    latitude: Floats  # (step,): degrees
    longitude: Floats  # (step,): degrees; they go on beyond ±180 where the way crosses the date line
    values: list[Floats]  # of each quantity, (step,); NaN where nothing was measured


def averaged(track: PlatformTrack, quantum: Quantum) -> Steps:
    """Average positions and values over steps of time.

    Parameters
    ----------
    track
        Ascending in time.
    quantum
        How long a step is: a part of the calendar, in UTC; weeks begin on Monday.
    """
    seconds = array(track.times) / 1000
    latitude, longitude = array(track.latitude), array(track.longitude)
    seen = np.isfinite(latitude) & np.isfinite(longitude)
    seconds, latitude = seconds[seen], latitude[seen]
    longitude = unwrap_longitudes(longitude[seen])
    firsts = np.flatnonzero(np.diff(period_numbers(seconds, quantum).astype(np.float64), prepend=-np.inf))
    return Steps(
        seconds=np.round(_mean(seconds, firsts)),
        latitude=_mean(latitude, firsts),
        longitude=_mean(longitude, firsts),
        values=[_mean(array(one.values)[seen], firsts) for one in track.variables],
    )


def _mean(values: Floats, firsts: NDArray[np.intp]) -> Floats:
    """The mean of each step, without what is missing; NaN where all of it is."""
    if not firsts.size:
        return np.empty(0)
    there = np.isfinite(values)
    count = np.add.reduceat(there.astype(np.float64), firsts)
    total = np.add.reduceat(np.where(there, values, 0.0), firsts)
    mean: Floats = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean


def instant(seconds: float) -> datetime:
    """An instant since 1970-01-01, UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def iso(seconds: Floats) -> list[str]:
    """Instants as ISO 8601, UTC."""
    return [instant(one).isoformat() for one in seconds.tolist()]


def travelled(latitude: Floats, longitude: Floats) -> float:
    """Length of a way (degrees) on great circles, km: of its means, so at least so far."""
    return float(great_circle_distance(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:]).sum())


class Modelled(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the model along a way."""

    variable: VariableInfo
    values: Array | None  # (step,), "<f8"; None: the way is outside of what the model has
    outside: Outside = ""
    revision: str = ""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform measured of one quantity."""

    key: str
    name: str
    units: str
    values: Array  # (step,), "<f8"

    @property
    def measure(self) -> Measure:
        """What it is."""
        return Measure(key=self.key, name=self.name, units=self.units)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """The way of a platform, what was measured on it, and what the model says there."""

    name: str
    seconds: Array  # (step,), "<f8": since 1970-01-01 UTC
    latitude: Array  # (step,), "<f8": degrees
    longitude: Array  # (step,), "<f8": degrees, on and on
    measured: list[Measured]
    modelled: list[Modelled]
    attribution: str = ""  # whom what was measured is owed to


@dataclass(frozen=True, kw_only=True)
class Along:
    """One quantity along every way: measured, modelled, or both in the same units."""

    name: str
    units: str
    variable: VariableInfo | None  # of the model
    measured: list[Floats]  # by way, (step,); empty: none
    modelled: list[Floats]

    @property
    def is_measured(self) -> bool:
        """Whether there is any measured value."""
        return any(np.isfinite(one).any() for one in self.measured)

    @property
    def is_modelled(self) -> bool:
        """Whether there is any of the model."""
        return any(np.isfinite(one).any() for one in self.modelled)

    @property
    def agreement(self) -> Agreement | None:
        """How well the model agrees with what was measured, on all ways together."""
        both = [(one, other) for one, other in zip(self.measured, self.modelled, strict=True) if one.size == other.size]
        if not both:
            return None
        return Agreement.of(np.concatenate([one[1] for one in both]), np.concatenate([one[0] for one in both]))


def along(ways: Sequence[Way]) -> list[Along]:
    """Put what was measured and what the model says of the same quantity together."""
    measures = list({each.key: each.measure for one in reversed(ways) for each in reversed(one.measured)}.values())[
        ::-1
    ]
    variables = [one.variable for one in ways[0].modelled]
    modelled = list(map(measure_of, variables))
    found = []
    for one, other in pairs(measures, modelled):
        leading = measures[one] if one is not None else modelled[other or 0]
        found.append(
            Along(
                name=leading.name,
                units=leading.units,
                variable=None if other is None else variables[other],
                measured=[_measured(way, leading) if one is not None else np.empty(0) for way in ways],
                modelled=[_modelled(way, other, leading) for way in ways],
            )
        )
    return found


def _measured(way: Way, wanted: Measure) -> Floats:
    found = next((one for one in way.measured if one.key == wanted.key), None)
    values = None if found is None else found.measure.given(array(found.values), wanted.units)
    return np.empty(0) if values is None else values


def _modelled(way: Way, number: int | None, wanted: Measure) -> Floats:
    if number is None or (given := way.modelled[number].values) is None:
        return np.empty(0)
    values = measure_of(way.modelled[number].variable).given(array(given), wanted.units)
    return np.empty(0) if values is None else values


def packed(values: Floats) -> Array:
    """An array that can be sent to another process."""
    return Array(dtype="<f8", shape=values.shape, data=np.ascontiguousarray(values, dtype="<f8").tobytes())
