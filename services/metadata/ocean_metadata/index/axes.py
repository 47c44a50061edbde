"""Depth and time axes of a dataset, from the coordinates of its files."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import DepthAxis, Dimension
from ocean_core.time import (
    Calendar,
    Ints,
    TimeUnits,
    is_integral,
    parse_time_units,
    to_calendar_seconds,
    unix_seconds,
)
from ocean_core.units import length_in_metres
from ocean_metadata.catalogue.model import TimeAxis, TimePart
from ocean_metadata.index.coordinates import depth_kind
from ocean_metadata.index.file_header import FileHeader, unpack

# The heights of the levels of SELFE and SCHISM, which count them from the sea floor.
_FLOOR_FIRST = {"zval", "zcor", "zcoords", "zCoordinates"}


class RawTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Time coordinate of one file."""

    values: NDArray[np.generic]  # (time,), in `units`
    units: str
    calendar: str = ""


class MergedTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Times of one or several files on one scale."""

    raw: list[Ints]  # ids, one array for each file
    seconds: list[Ints]  # since 1970-01-01, by the calendar's own date
    units: str  # of `raw`
    calendar: Calendar


def depth_axis(name: str, header: FileHeader) -> DepthAxis:
    """The levels along a dimension, in the order of the file; numbered from the surface if there is no coordinate."""
    one = header.variables.get(name)
    if one is None or name not in header.values:
        numbers = [float(each) for each in range(header.dimensions[name])]
        floor_first = any(name in header.variables[each].dimensions for each in _FLOOR_FIRST & header.variables.keys())
        return DepthAxis(name=name, kind="index", values=numbers[::-1] if floor_first else numbers)
    kind = depth_kind(one)
    values = unpack(header.values[name]).astype(np.float64)
    if kind in {"depth", "height"}:
        values = values * (length_in_metres(one.text("units")) or 1.0)
    if kind == "depth" and values.size and np.nanmax(values) <= 0:
        values = np.abs(values)  # told as heights below the surface
    if kind == "sigma" and one.text("positive").lower() == "up" and values.size and np.nanmin(values) >= 0:
        values = values - 1.0  # told from the floor up: CF has 0 at the surface and -1 at the floor
    return DepthAxis(name=name, kind=kind, values=np.nan_to_num(values).tolist())


def raw_times(header: FileHeader, name: str | None, along: Dimension | None) -> RawTimes:
    """The times of one file; a time dimension without a coordinate is numbered."""
    if name is None:
        return RawTimes(values=np.arange(header.dimensions[along.name] if along else 0), units="")
    one = header.variables[name]
    values = np.atleast_1d(unpack(header.values[name]))
    return RawTimes(values=values, units=one.text("units"), calendar=one.text("calendar"))


def time_axis(
    parts: list[RawTimes], files: list[int], configured: str | None
) -> tuple[TimeAxis, list[TimePart]] | None:
    """The steps of several files on one scale; of an instant that two files hold, the later file's."""
    positions = [np.flatnonzero(np.isfinite(each.values.astype(np.float64))) for each in parts]
    axis = merge_times(
        [msgspec.structs.replace(each, values=each.values[kept]) for each, kept in zip(parts, positions, strict=True)],
        configured,
    )
    seen: set[int] = set()
    steps = []
    for file, raw, seconds, position in reversed(list(zip(files, axis.raw, axis.seconds, positions, strict=True))):
        new = np.array([each not in seen for each in raw.tolist()], dtype=bool)
        _, first = np.unique(raw, return_index=True)
        new &= np.isin(np.arange(raw.size), first)
        seen.update(raw.tolist())
        if new.any():
            steps.append(
                TimePart(
                    file=file,
                    raw=raw[new].astype("<i8").tobytes(),
                    seconds=seconds[new].astype("<i8").tobytes(),
                    position=position[new].astype("<i4").tobytes(),
                )
            )
    if not steps:
        return None
    every = np.concatenate([np.frombuffer(each.seconds, "<i8") for each in steps])
    return (
        TimeAxis(
            units=axis.units,
            calendar=axis.calendar,
            files=sorted(each.file for each in steps),
            first=int(every.min()),
            last=int(every.max()),
            count=int(every.size),
        ),
        steps[::-1],
    )


def merge_times(parts: Sequence[RawTimes], configured: str | None = None) -> MergedTimes:
    """Convert the times of several files to one scale.

    Whole numbers stay as they are in the file, in its units: those of the first file, or the configured ones.
    Others become seconds since the same epoch. Times whose units are not understood are numbered, in units of "1":
    the data are worth more than their dates.

    Parameters
    ----------
    parts : sequence of RawTimes
        Time coordinate of every file, in order.
    configured : str, optional
        Units that a configuration gives to the raw times.

    Returns
    -------
    MergedTimes
        One array of ids and one of seconds for each file, in the order given.
    """
    calendar = parts[0].calendar
    parsed = [
        parse_time_units(part.units, part.calendar) or parse_time_units(configured or "", calendar) for part in parts
    ]
    target = parse_time_units(configured or "", calendar) or parsed[0]
    all_units = [units for units in parsed if units is not None]
    if target is None or len(all_units) < len(parts):
        return _number_steps(parts)
    try:
        return _convert_times(parts, all_units, target)
    except ValueError:  # dates that no calendar of people has
        return _number_steps(parts)


def _convert_times(parts: Sequence[RawTimes], all_units: Sequence[TimeUnits], target: TimeUnits) -> MergedTimes:
    instants = [to_calendar_seconds(part.values, units) for part, units in zip(parts, all_units, strict=True)]
    seconds = [unix_seconds(times, units.calendar) for times, units in zip(instants, all_units, strict=True)]
    if all(units.text == target.text for units in all_units) and all(is_integral(part.values) for part in parts):
        raw = [part.values.astype(np.int64) for part in parts]
        return MergedTimes(raw=raw, seconds=seconds, units=target.text, calendar=target.calendar)
    elapsed = [times - target.epoch for times in instants]
    length = int(target.seconds) if target.seconds >= 1 and not target.months else 0
    if length and not any(np.any(times % length) for times in elapsed):
        raw = [times // length for times in elapsed]
        return MergedTimes(raw=raw, seconds=seconds, units=target.text, calendar=target.calendar)
    units = f"seconds since {target.epoch_text}"
    return MergedTimes(raw=elapsed, seconds=seconds, units=units, calendar=target.calendar)


def _number_steps(parts: Sequence[RawTimes]) -> MergedTimes:
    starts = np.cumsum([0, *(part.values.size for part in parts)])
    raw = [np.arange(start, start + part.values.size) for start, part in zip(starts, parts, strict=False)]
    return MergedTimes(raw=raw, seconds=raw, units="1", calendar="standard")
