"""Time axes of a dataset, from the coordinates of its files."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Dimension
from ocean_core.time import Calendar, Ints, TimeUnits, is_integral, parse_time_units, to_calendar_seconds, unix_seconds
from ocean_metadata.catalogue.model import StepArrays, TimeAxis
from ocean_metadata.index.model import FileHeader

Floats = NDArray[np.float64]


class RawTimes(NamedTuple):
    """Time coordinate of one file."""

    values: NDArray[np.generic]  # (time,), in `units`
    units: str
    calendar: str = ""


class MergedTimes(NamedTuple):
    """Times of one or several files on one scale."""

    raw: list[Ints]  # ids, one array for each file
    seconds: list[Ints]  # since 1970-01-01, by the date of the calendar; without dates as `raw`
    units: str  # of `raw`; without dates of `values`
    calendar: Calendar
    values: list[Floats] | None = None  # as in the files, where no date can be known


def get_raw_times(header: FileHeader, name: str | None, dimension: Dimension | None) -> RawTimes:
    """Return the times of one file; a time dimension without a coordinate is numbered."""
    if name is None:
        return RawTimes(values=np.arange(header.dimensions[dimension.name] if dimension else 0), units="")
    units, calendar = header.variables[name].text("units"), header.variables[name].text("calendar")
    return RawTimes(np.atleast_1d(unpack_array(header.values[name])), units, calendar)


def make_time_axis(
    parts: list[RawTimes], files: list[int], configured_units: str | None
) -> tuple[TimeAxis, StepArrays] | None:
    """Make the time steps of several files on one scale; an instant in two files is that of the later file."""
    positions = [np.flatnonzero(np.isfinite(part.values.astype(np.float64))) for part in parts]
    finite = [part._replace(values=part.values[position]) for part, position in zip(parts, positions, strict=True)]
    axis = merge_times(finite, configured_units)
    steps = StepArrays(
        raw=np.concatenate(axis.raw),
        seconds=np.concatenate(axis.seconds),
        file=np.repeat(files, [raw.size for raw in axis.raw]),
        position=np.concatenate(positions),
        values=np.concatenate(axis.values) if axis.values is not None else np.empty(0),
    )
    # Of steps with one id the first in the last file.
    order = np.lexsort((steps.position, -steps.file, steps.raw))
    order = order[np.diff(steps.raw[order], prepend=steps.raw[order[:1]] - 1) != 0]
    order = order[np.lexsort((steps.raw[order], steps.seconds[order]))]
    if not order.size:
        return None
    steps = steps.take(order)
    time_axis = TimeAxis(
        units=axis.units,
        calendar=axis.calendar,
        files=np.unique(steps.file).tolist(),
        first=int(steps.seconds[0]),
        last=int(steps.seconds[-1]),
        count=order.size,
        dated=axis.values is None,
        ends=(int(steps.raw[0]), int(steps.raw[-1])),
    )
    return time_axis, steps


def merge_times(parts: Sequence[RawTimes], configured_units: str | None = None) -> MergedTimes:
    """Convert the times of several files to one scale.

    Whole numbers stay as they are in the file, in its units: those of the first file, or the configured ones. Other
    times become seconds since the same epoch. Steps whose dates cannot be known are numbered in the order of the files.
    """
    configured = parse_time_units(configured_units or "", parts[0].calendar)
    parsed = [parse_time_units(part.units, part.calendar) or configured for part in parts]
    target = configured or parsed[0]
    all_units = [units for units in parsed if units is not None]
    if target is None or len(all_units) < len(parts):
        return _number_steps(parts)
    try:
        return _convert_times(parts, all_units, target)
    except ValueError:  # dates too far from 1970
        return _number_steps(parts)


def _convert_times(parts: Sequence[RawTimes], all_units: Sequence[TimeUnits], target: TimeUnits) -> MergedTimes:
    instants = [to_calendar_seconds(part.values, units) for part, units in zip(parts, all_units, strict=True)]
    seconds = [unix_seconds(times, units.calendar) for times, units in zip(instants, all_units, strict=True)]
    if all(units.text == target.text for units in all_units) and all(is_integral(part.values) for part in parts):
        raw = [part.values.astype(np.int64) for part in parts]
        return MergedTimes(raw, seconds, target.text, target.calendar)
    raw, text = [times - target.epoch for times in instants], f"seconds since {target.epoch_text}"
    length = int(target.seconds) if target.seconds >= 1 and not target.months else 0
    if length and not any(np.any(times % length) for times in raw):
        raw, text = [times // length for times in raw], target.text
    return MergedTimes(raw, seconds, text, target.calendar)


def _number_steps(parts: Sequence[RawTimes]) -> MergedTimes:
    starts = np.cumsum([0, *(part.values.size for part in parts)])
    raw = [np.arange(start, start + part.values.size) for start, part in zip(starts, parts, strict=False)]
    units = parts[0].units if len({part.units for part in parts}) == 1 else ""
    return MergedTimes(raw, raw, units, "standard", [part.values.astype(np.float64) for part in parts])
