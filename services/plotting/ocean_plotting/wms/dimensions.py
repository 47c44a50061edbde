"""Time and elevation of a layer: as capabilities list them, and as requests name them."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Assets, DepthAxis, Steps
from ocean_core.errors import DepthNotFound, TimeNotFound
from ocean_core.time import DateScale, find_date_scale, parse_iso_period
from ocean_plotting.wms.parameters import parse_number

LAST = "-1"  # as the data service reads it
LEEWAY = 0.1  # of the extent of a vertical axis, beyond its ends


class Choice(NamedTuple):
    """Value of a dimension, as the data service reads it, and what the client is told of it."""

    value: str
    warning: str = ""


class ElevationAxis(NamedTuple):
    """Values of a vertical axis, one for each level."""

    values: tuple[float, ...]
    units: str
    symbol: str
    positive: str  # "down" or "up"

    @classmethod
    def of(cls, axis: DepthAxis) -> "ElevationAxis":
        """Return depths or heights in m, other values in their units, or the numbers of levels."""
        values = tuple(axis.values)
        if len(set(values)) != len(values) or not np.isfinite(values).all():
            return cls(tuple(float(number) for number in range(len(values))), "level", "", "down")
        if axis.kind == "depth":
            return cls(values, "ncwms:depth", "m", "down")
        if axis.kind == "height":
            return cls(values, "CRS:88", "m", "up")
        return cls(values, axis.units or "level", axis.units, "down")

    def format(self, level: int) -> str:
        """Write the value of a level."""
        return f"{self.values[level]:.9g}"


@lru_cache(maxsize=128)
def date_steps(steps: Steps) -> DateScale:
    """Return the dates of time steps."""
    return find_date_scale(unpack_array(steps.seconds), unpack_array(steps.raw), steps.units, steps.calendar)


def format_steps(dates: DateScale) -> list[str]:
    """Write dates in UTC."""
    return dates.format(zone="Z")


def choose_time(assets: Assets, text: str) -> Choice:
    """Choose the time step of a map: an instant, the first of a list or in an interval; else the last."""
    steps = assets.steps
    if steps is None:
        return Choice(LAST)
    first = text.split(",", maxsplit=1)[0].strip()
    if first.lower() in {"", "current"} or not steps.dated:
        if first.lower() in {"", "current"}:
            label = format_steps(date_steps(steps).take([-1]))[0] if steps.dated else str(unpack_array(steps.raw)[-1])
            return Choice(LAST, "" if first else f"99 Default value used: time={label}")
        return Choice(first)
    if "/" not in first:
        return Choice(first)
    step, _ = find_steps(date_steps(steps), first)
    return Choice(str(unpack_array(steps.raw)[step]))


def find_steps(dates: DateScale, text: str) -> tuple[int, int]:
    """Return the first time step of an interval `start/end`, and the first after it; TimeNotFound if it has none."""
    start, end, *_ = text.split("/")
    try:
        low = parse_iso_period(start, dates.calendar).first
        high = parse_iso_period(end, dates.calendar).last
    except (ValueError, OverflowError) as error:
        raise TimeNotFound("TIME {text!r} is no time", text=text[:80], field="time") from error
    first = int(np.searchsorted(dates.seconds, low))
    after = int(np.searchsorted(dates.seconds, high, side="right"))
    if first >= after:
        raise TimeNotFound("there is no time step from {start} to {end}", start=start[:40], end=end[:40], field="time")
    return first, after


def choose_level(assets: Assets, text: str) -> Choice:
    """Choose the level of a map: that of the nearest elevation; else the first."""
    if assets.depth is None or not assets.depth.values:
        return Choice("0")
    axis, first = ElevationAxis.of(assets.depth), text.split(",", maxsplit=1)[0].partition("/")[0].strip()
    if not first:
        return Choice("0", f"99 Default value used: elevation={axis.format(0)} {axis.symbol}".rstrip())
    if first == "bottom":
        return Choice(first)
    sought, values = parse_number(first, "elevation"), np.array(axis.values)
    margin = LEEWAY * float(np.ptp(values)) + 1e-6 * max(1.0, float(np.abs(values).max()))
    if not values.min() - margin <= sought <= values.max() + margin:
        raise DepthNotFound(
            "there is no elevation {text}; elevations go from {low} to {high}",
            text=first[:40],
            low=f"{values.min():.9g}",
            high=f"{values.max():.9g}",
            field="elevation",
        )
    level = int(np.abs(values - sought).argmin())
    is_exact = abs(values[level] - sought) <= 1e-6 * max(1.0, abs(sought))
    nearest = f"99 Nearest value used: elevation={axis.format(level)} {axis.symbol}".rstrip()
    return Choice(str(level), "" if is_exact else nearest)
