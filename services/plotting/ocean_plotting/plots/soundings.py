"""Observed profiles and the model's columns at their places, made ready to be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.observations import ObservedStation
from ocean_plotting.plots.comparison import Measure, pairs
from ocean_plotting.plots.coverage import Floats, array

Level = tuple[Floats, Floats]  # depths (m) and values, (n,) each, downwards
SURFACE = 5.0  # m
NOTHING: Level = (np.empty(0), np.empty(0))


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One quantity at every station: measured, modelled, or both in the same units."""

    name: str  # of what was measured, or of the model's variable
    units: str
    variable: VariableInfo | None  # of the model
    measured: list[Level]  # by station
    modelled: list[Level]

    @property
    def is_measured(self) -> bool:
        """Whether there is any measured value."""
        return any(depth.size for depth, _ in self.measured)

    @property
    def deepest(self) -> float:
        """Greatest depth (m) that has a measured value; where nothing was measured, that has a value at all."""
        return _deepest(self.measured) or _deepest(self.modelled)

    def at_observed(self, station: int) -> tuple[Floats, Floats, Floats]:
        """Depths (m) at which a station was measured, the values, and the model's, linear between its levels."""
        depth, value = self.measured[station]
        return depth, value, interpolated(depth, self.modelled[station])

    def pooled(self) -> tuple[Floats, Floats]:
        """Measured values of all stations, and the model's at the same depths."""
        each = [self.at_observed(station) for station in range(len(self.measured))]
        return np.concatenate([one[1] for one in each]), np.concatenate([one[2] for one in each])


def compared(
    stations: Sequence[ObservedStation],
    chosen: Sequence[Measure],
    columns: Sequence[tuple[VariableInfo, list[Level]]],
) -> list[Compared]:
    """Put what was measured and what the model says of the same quantity together.

    Parameters
    ----------
    chosen
        What is wanted of that which was measured.
    columns
        The model's variables, each with its column at every station.
    """
    modelled = [measure_of(info) for info, _ in columns]
    empty = [NOTHING] * len(stations)
    found = []
    for one, other in pairs(chosen, modelled):
        measured = [_measured(station, chosen[one]) for station in stations] if one is not None else empty
        info, given = columns[other] if other is not None else (None, empty)
        if one is None or other is None:
            name, units = (info.name, info.units) if info else (chosen[one or 0].name, chosen[one or 0].units)
        else:
            name, units = chosen[one].name, chosen[one].units
            given = [(depth, _given(modelled[other], values, units)) for depth, values in given]
        found.append(Compared(name=name, units=units, variable=info, measured=measured, modelled=given))
    return found


def levelled(quantities: Sequence[Compared], station: int) -> tuple[Floats, Floats]:
    """The depths (row,) of a station in m, and what stands there, (2 × quantity, row): measured, modelled, ….

    Rows are all depths at which anything was measured, each as often as one quantity was there (casts go down and
    up); where nothing was, the model's own levels.
    """
    taken = [one.measured[station] for one in quantities]
    if not any(depth.size for depth, _ in taken):
        taken = [one.modelled[station] for one in quantities]
    every = np.unique(np.concatenate([depth for depth, _ in taken]))
    counts = np.array([[np.count_nonzero(depth == one) for depth, _ in taken] for one in every]).max(axis=1, initial=0)
    depths = np.repeat(every, counts)
    values = []
    for one in quantities:
        values += [_placed(depths, one.measured[station]), interpolated(depths, one.modelled[station])]
    return depths, np.array(values).reshape(len(values), -1)


def _placed(depths: Floats, level: Level) -> Floats:
    """Values on rows that have their depths, in their order."""
    found = np.full(depths.shape, np.nan)
    for one in np.unique(level[0]):
        here = level[1][level[0] == one]
        first = int(np.searchsorted(depths, one))
        found[first : first + len(here)] = here
    return found


def measure_of(info: VariableInfo) -> Measure:
    """A variable of a model as a measure."""
    return Measure(key=info.key, name=info.name, units=info.units, standard_name=info.standard_name or "")


def interpolated(depth: Floats, column: Level) -> Floats:
    """Values of a column at depths (m), linear between its levels.

    Above its first level that level's value holds, since a model's first level stands for the water above it; below
    its last there is none. That of the surface alone holds for what is measured there, some metres down.
    """
    if not column[0].size:
        return np.full(depth.shape, np.nan)
    if column[0].size == 1:  # of the surface alone
        return np.where(np.abs(depth - column[0][0]) <= SURFACE, column[1][0], np.nan)
    return np.asarray(np.interp(depth, *column, right=np.nan), dtype=np.float64)


def _measured(station: ObservedStation, measure: Measure) -> Level:
    found = next((one for one in station.variables if one.key == measure.key), None)
    if found is None:
        return NOTHING
    depth, values = array(found.depth), array(found.values)
    there = np.isfinite(depth) & np.isfinite(values)
    depth, values = depth[there], values[there]
    own = Measure(key=found.key, name=found.name, units=found.units)
    values = _given(own, values, measure.units)
    order = np.argsort(depth, kind="stable")
    return depth[order], values[order]


def _given(measure: Measure, values: Floats, units: str) -> Floats:
    """Values in other units; none where these measure something else."""
    found = measure.given(values, units)
    return np.full(values.shape, np.nan) if found is None else found


def _deepest(levels: Sequence[Level]) -> float:
    return max((float(depth[np.isfinite(values)].max(initial=0.0)) for depth, values in levels), default=0.0)
