"""Class 4 profiles, made ready to be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.class4 import Class4Profile, Class4Profiles, Class4Values
from ocean_plotting.plots.comparison import Measure
from ocean_plotting.plots.coverage import Floats, array

OBSERVED, CLIMATOLOGY = "observed", "climatology"  # keys of values, beside those of models: `model_key`


def model_key(number: int) -> str:
    """The key of a model's values: 0 for that of the file, then the others as asked for."""
    return f"model{number}"


@dataclass(frozen=True, kw_only=True)
class Matchup:
    """What was measured of a quantity in one profile, and what models say of it."""

    depth: Floats  # (level,): m
    values: dict[str, Floats]  # by key, each (level,) in the quantity's units; NaN: none

    def less(self, key: str, reference: str | None) -> Floats:
        """Values (level,) of a key, or their difference from those of another."""
        nothing = np.full(self.depth.shape, np.nan)
        values = self.values.get(key, nothing)
        return values if reference is None else values - self.values.get(reference, nothing)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A quantity in every profile."""

    measure: Measure
    profiles: list[Matchup]
    bad: int = 0  # observed values that are left out for their flags of quality
    foreign: list[int] = field(default_factory=list)  # models whose units measure something else

    @property
    def deepest(self) -> float:
        """Greatest depth (m) that has a value."""
        found = [
            one.depth[np.isfinite(values) & np.isfinite(one.depth)].max(initial=0.0)
            for one in self.profiles
            for values in one.values.values()
        ]
        return float(max(found, default=0.0))

    def has(self, key: str) -> bool:
        """Whether any profile has a value of a key."""
        return bool(np.isfinite(self.pooled(key)).any())

    def pooled(self, key: str) -> Floats:
        """The values of a key in all profiles, one after the other."""
        return np.concatenate([one.less(key, None) for one in self.profiles])


def read(found: Class4Profiles, lead: int | None) -> list[Quantity]:
    """Every quantity of the profiles, in their order.

    Parameters
    ----------
    lead
        The index of a forecast; None: the best estimate.
    """
    firsts = {values.key: values for one in reversed(found.profiles) for values in reversed(one.variables)}
    order = dict.fromkeys(values.key for one in found.profiles for values in one.variables)
    return [_quantity(found, firsts[key], lead) for key in order]


def _quantity(found: Class4Profiles, first: Class4Values, lead: int | None) -> Quantity:
    measure = Measure(key=first.key, name=first.name, units=first.units)
    profiles, foreign, bad = [], set[int](), 0
    for position, profile in enumerate(found.profiles):
        own = _of(profile, first.key)
        depth = array(profile.depth)
        values: dict[str, Floats] = {}
        if own is not None:
            observed, wrong = _observed(own)
            bad += wrong
            values = {OBSERVED: observed, model_key(0): _model(own, lead)}
            if own.climatology is not None:
                values[CLIMATOLOGY] = array(own.climatology)
        for number, model in enumerate(found.models, 1):
            there = model.profiles[position]
            other = _of(there, first.key) if there is not None else None
            if other is None or there is None:
                continue
            told = Measure(key=other.key, name=other.name, units=other.units).given(_model(other, lead), first.units)
            if told is None:
                foreign.add(number)
            else:
                values[model_key(number)] = _at(depth, array(there.depth), told)
        profiles.append(Matchup(depth=depth, values=values))
    return Quantity(measure=measure, profiles=profiles, bad=bad, foreign=sorted(foreign))


def _of(profile: Class4Profile, key: str) -> Class4Values | None:
    return next((one for one in profile.variables if one.key == key), None)


def _observed(values: Class4Values) -> tuple[Floats, int]:
    """What was measured and is good, and how many values are not."""
    observed = array(values.observed)
    if values.flags is None:
        return observed, 0
    flags = array(values.flags)
    wrong = np.isfinite(observed) & np.isfinite(flags) & (flags != 0)
    return np.where(wrong, np.nan, observed), int(wrong.sum())


def _model(values: Class4Values, lead: int | None) -> Floats:
    """The best estimate, or a forecast (level,); NaN where the file has none of this index."""
    if lead is None:
        return array(values.best_estimate)
    forecasts = _leads(values.forecasts)
    return forecasts[lead] if lead < len(forecasts) else np.full(array(values.observed).shape, np.nan)


def _leads(forecasts: Array | None) -> Sequence[Floats]:
    return [] if forecasts is None else list(array(forecasts))


def _at(depth: Floats, given: Floats, values: Floats) -> Floats:
    """Values of another file at the depths of the first: the same levels, though one may have more of them."""
    if given.shape == depth.shape and np.array_equal(given, depth, equal_nan=True):
        return values
    found = np.full(depth.shape, np.nan)
    for level, deep in enumerate(depth):
        same = np.flatnonzero(np.isclose(given, deep, rtol=0, atol=0.05))
        if same.size:
            found[level] = values[same[0]]
    return found
