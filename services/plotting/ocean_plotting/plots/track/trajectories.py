"""Trajectories of platforms: means over steps of time, and observed beside modelled values along them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Array, VariableInfo
from ocean_common.contracts.observations import PlatformTrack
from ocean_core.geometry import great_circle_distance, unwrap_longitudes
from ocean_core.time import Quantum, period_numbers
from ocean_plotting.plots.common.comparison import Agreement, Measure, match_measures
from ocean_plotting.plots.common.coverage import Floats, to_array

Outside = Literal["", "time", "grid"]


@dataclass(frozen=True, kw_only=True)
class TrajectorySteps:
    """A trajectory, averaged over each step of time in which the platform was seen."""

    seconds: Floats  # (step,): mean instants, whole seconds since 1970-01-01 UTC
    latitude: Floats  # (step,): degrees
    longitude: Floats  # (step,): degrees, continuous over the antimeridian
    values: list[Floats]  # of each quantity, (step,); NaN where nothing was measured


def average_track(track: PlatformTrack, quantum: Quantum) -> TrajectorySteps:
    """Average positions and values over steps of time.

    Parameters
    ----------
    track
        Ascending in time.
    quantum
        Length of a step: a part of the calendar, in UTC; weeks begin on Monday.
    """
    seconds = to_array(track.times) / 1000
    latitude, longitude = to_array(track.latitude), to_array(track.longitude)
    located = np.isfinite(latitude) & np.isfinite(longitude)
    seconds, latitude = seconds[located], latitude[located]
    longitude = unwrap_longitudes(longitude[located])
    starts = np.flatnonzero(np.diff(period_numbers(seconds, quantum).astype(np.float64), prepend=-np.inf))
    return TrajectorySteps(
        seconds=np.round(_average(seconds, starts)),
        latitude=_average(latitude, starts),
        longitude=_average(longitude, starts),
        values=[_average(to_array(variable.values)[located], starts) for variable in track.variables],
    )


def _average(values: Floats, starts: NDArray[np.intp]) -> Floats:
    """Return the mean of each step, without what is missing; NaN where all of it is."""
    if not starts.size:
        return np.empty(0)
    finite = np.isfinite(values)
    count = np.add.reduceat(finite.astype(np.float64), starts)
    total = np.add.reduceat(np.where(finite, values, 0.0), starts)
    mean: Floats = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean


def measure_length(latitude: Floats, longitude: Floats) -> float:
    """Return the length of a trajectory (degrees) on great circles, km: of its means, so at least so far."""
    return float(great_circle_distance(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:]).sum())


class ModelledValues(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the model along a trajectory."""

    variable: VariableInfo
    values: Array | None  # (step,), "<f8"; None: the trajectory is outside of the model
    outside: Outside = ""
    revision: str = ""


class MeasuredValues(msgspec.Struct, frozen=True, kw_only=True):
    """Measurements of one quantity along a trajectory."""

    key: str
    name: str
    units: str
    values: Array  # (step,), "<f8"

    @property
    def measure(self) -> Measure:
        """The quantity."""
        return Measure(key=self.key, name=self.name, units=self.units)


class Trajectory(msgspec.Struct, frozen=True, kw_only=True):
    """The trajectory of a platform, with measurements and model values along it."""

    name: str
    seconds: Array  # (step,), "<f8": since 1970-01-01 UTC
    latitude: Array  # (step,), "<f8": degrees
    longitude: Array  # (step,), "<f8": degrees, continuous
    measured: list[MeasuredValues]
    modelled: list[ModelledValues]
    attribution: str = ""  # of the measurements

    def positions(self) -> list[tuple[float, float]]:
        """Return latitude and longitude of every step."""
        return list(zip(to_array(self.latitude).tolist(), to_array(self.longitude).tolist(), strict=True))


@dataclass(frozen=True, kw_only=True)
class TrajectoryQuantity:
    """One quantity along every trajectory: measured, modelled, or both in the same units."""

    name: str
    units: str
    variable: VariableInfo | None  # of the model
    measured: list[Floats]  # by trajectory, (step,); empty: none
    modelled: list[Floats]

    @property
    def is_measured(self) -> bool:
        """True if there is any measured value."""
        return any(np.isfinite(values).any() for values in self.measured)

    @property
    def is_modelled(self) -> bool:
        """True if there is any value of the model."""
        return any(np.isfinite(values).any() for values in self.modelled)

    @property
    def agreement(self) -> Agreement | None:
        """Agreement of model and measurement on all trajectories together."""
        pairs = [pair for pair in zip(self.measured, self.modelled, strict=True) if pair[0].size == pair[1].size]
        if not pairs:
            return None
        measured, modelled = (np.concatenate(values) for values in zip(*pairs, strict=True))
        return Agreement.compute(modelled, measured)


def match_quantities(trajectories: Sequence[Trajectory]) -> list[TrajectoryQuantity]:
    """Match measured quantities with those of the model."""
    by_key = {
        values.key: values.measure for trajectory in reversed(trajectories) for values in reversed(trajectory.measured)
    }
    measures = list(by_key.values())[::-1]
    variables = [values.variable for values in trajectories[0].modelled]
    model_measures = [Measure.of_variable(info) for info in variables]
    quantities = []
    for number, index in match_measures(measures, model_measures):
        measure = measures[number] if number is not None else model_measures[index or 0]
        quantities.append(
            TrajectoryQuantity(
                name=measure.name,
                units=measure.units,
                variable=None if index is None else variables[index],
                measured=[
                    _read_measured(trajectory, measure) if number is not None else np.empty(0)
                    for trajectory in trajectories
                ],
                modelled=[_read_modelled(trajectory, index, measure) for trajectory in trajectories],
            )
        )
    return quantities


def _read_measured(trajectory: Trajectory, measure: Measure) -> Floats:
    measured = next((values for values in trajectory.measured if values.key == measure.key), None)
    values = None if measured is None else measured.measure.convert(to_array(measured.values), measure.units)
    return np.empty(0) if values is None else values


def _read_modelled(trajectory: Trajectory, index: int | None, measure: Measure) -> Floats:
    if index is None or (array := trajectory.modelled[index].values) is None:
        return np.empty(0)
    values = Measure.of_variable(trajectory.modelled[index].variable).convert(to_array(array), measure.units)
    return np.empty(0) if values is None else values
