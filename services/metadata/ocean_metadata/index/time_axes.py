"""Time axes of a dataset, from the coordinates of its files.

Where no date can be known, steps are numbered; what was guessed or left out is noted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Dimension
from ocean_core.errors import Message
from ocean_core.packing import Packing
from ocean_core.reference_dates import parse_reference_date
from ocean_core.time import (
    Calendar,
    Ints,
    TimeUnits,
    find_calendar,
    format_times,
    is_integral,
    parse_time_units,
    to_calendar_seconds,
    to_day_seconds,
    unix_seconds,
)
from ocean_metadata.catalogue.model import Note, StepArrays, TimeAxis
from ocean_metadata.index.axes import is_run_time
from ocean_metadata.index.model import FileHeader, VariableHeader

Floats = NDArray[np.float64]

_TEXT_UNITS = "seconds since 1950-01-01 00:00:00"
_MONTHS = np.arange(1, 13)
_MONTH_WORD = re.compile(r"months?|mon|months? of (the )?year", re.IGNORECASE)
_YEAR_WORD = re.compile(r"years?|yrs?|decimal years?", re.IGNORECASE)
_ERA_YEARS, _DATE_NUMBERS, _JULIAN_DAYS = "year as %Y.%f", "date as %Y%m%d", "days since -4713-01-01 12:00:00"
_JULIAN_WORD = re.compile(r"(true[\s_]+)?(jd|julian([\s_]+(days?|dates?))?)([\s_]+numbers?)?", re.IGNORECASE)
_GUESSES = {  # units that are guessed from the size of the numbers
    _ERA_YEARS: Message("its times are taken as years of our era"),
    _DATE_NUMBERS: Message("its times are taken as dates (YYYYMMDD)"),
    _JULIAN_DAYS: Message("its times are taken as Julian days, counted from noon of 1 January 4713 BC"),
}
DATES_ADVICE = Message(
    "write the units of the times: in the file, or into the configuration as {example}",
    example='"time_dim_units": "days since 2000-01-01"',
)


class RawTimes(NamedTuple):
    """Time coordinate of one file."""

    values: NDArray[np.generic]  # (time,), in `units`
    units: str
    calendar: str = ""
    name: str = ""
    file: str = ""  # its name, for notes
    climatology: bool = False  # it has the bounds of a climatology
    guess: Message | None = None  # what is guessed of its units


class MergedTimes(NamedTuple):
    """Times of one or several files on one scale."""

    raw: list[Ints]  # ids, one array for each file
    seconds: list[Ints]  # since 1970-01-01, by the date of the calendar; without dates as `raw`
    units: str  # of `raw`; without dates of `values`
    calendar: Calendar
    values: list[Floats] | None = None  # as in the files, where no date can be known


# Times of one file


def get_raw_times(header: FileHeader, name: str | None, dimension: Dimension | None = None, file: str = "") -> RawTimes:
    """Return the times of one file; a time dimension without a coordinate, or with texts without dates, is numbered."""
    variable = header.variables[name] if name is not None else None
    if name is None or variable is None:
        label, size = (dimension.name, header.dimensions[dimension.name]) if dimension else ("", 0)
        units = "month" if size == _MONTHS.size and _MONTH_WORD.fullmatch(label) else ""
        return RawTimes(np.arange(size) + (1 if units else 0), units, "", label, file)
    values = unpack_array(header.values[name]).ravel()
    if variable.numeric:
        values = _mask_fills(values, variable)
    units = _TEXT_UNITS if variable.is_text else _find_units(variable, values)
    if variable.is_text and not np.isfinite(values).any():
        values, units = np.arange(values.size), ""
    calendar, guess = variable.text("calendar"), None
    if units in _GUESSES and units != variable.text("units"):
        guess = _GUESSES[units]
        calendar = "standard" if units == _JULIAN_DAYS else calendar
    elif parse_time_units(units) is None and (reference := _find_reference_time(variable, header)):
        units, calendar = f"{units} since {reference[0]}", reference[1]
    return RawTimes(values, units, calendar, name, file, bool(variable.text("climatology")), guess)


def _mask_fills(values: NDArray[np.generic], variable: VariableHeader) -> NDArray[np.generic]:
    """Return times with NaN where nothing was written."""
    fills = {name: variable.attributes.get(name) for name in ("_FillValue", "missing_value")}
    nothing = np.isnan(Packing.from_attributes(fills, values.dtype).unpack(values, np.float64))
    if not nothing.any():
        return values
    return np.where(nothing, np.nan, values).astype(values.dtype if values.dtype.kind == "f" else np.float64)


def _find_units(variable: VariableHeader, values: NDArray[Any]) -> str:
    """Return the units of times: those of a variable called month are months; some are known by their numbers."""
    units = variable.text("units")
    word = variable.name if units in {"", "1"} else units
    numbers = values[np.isfinite(values.astype(np.float64))]
    low, high = (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 0.0)
    if _YEAR_WORD.fullmatch(word) and low >= 1000 and high < 3000:
        return _ERA_YEARS
    dates = parse_time_units(_DATE_NUMBERS) if units in {"", "1"} and is_integral(numbers) else None
    if dates and low >= 1800_01_01 and high <= 2100_12_31 and _are_dates([values], dates):
        return _DATE_NUMBERS
    if _JULIAN_WORD.fullmatch(word) and low >= 2_300_000 and high < 2_600_000:  # the years 1585 to 2406
        return _JULIAN_DAYS
    return "month" if _MONTH_WORD.fullmatch(word) else units


def _find_reference_time(variable: VariableHeader, header: FileHeader) -> tuple[str, str] | None:
    """Return the date from which lead times count, and its calendar; None if the file has no single one."""
    names = [name for name in header.values if is_run_time(header.variables[name])]
    if variable.text("standard_name").lower() != "forecast_period" or len(names) != 1:
        return None
    times, reference = unpack_array(header.values[names[0]]).ravel(), header.variables[names[0]]
    units = parse_time_units(reference.text("units"), reference.text("calendar"))
    if units is None or times.size != 1 or not np.isfinite(times[0]):
        return None
    seconds = unix_seconds(to_calendar_seconds(times, units), units.calendar)
    return format_times(seconds, "second")[0][:19], reference.text("calendar")


def explain_undated(parts: Mapping[int, RawTimes], configured_units: str | None = None) -> dict[int, Message]:
    """Return why the times of some files (number → times) have no dates, where those of others have."""
    alike: dict[tuple[str, str], list[int]] = {}
    for number, part in parts.items():
        alike.setdefault((part.units, part.calendar), []).append(number)
    reasons: dict[int, Message] = {}
    for (text, calendar), numbers in alike.items():
        units = parse_time_units(text, calendar) or parse_time_units(configured_units or "", calendar)
        if units is None:
            reasons |= dict.fromkeys(numbers, Message("its times have no dates (units {units!r})", units=text))
        elif not _are_dates([parts[number].values for number in numbers], units):
            reason = Message("its times are no dates, or too far from 1970 (units {units!r})", units=text)
            reasons |= {number: reason for number in numbers if not _are_dates([parts[number].values], units)}
    return reasons if len(reasons) < len(parts) else {}


def _are_dates(values: Sequence[NDArray[np.generic]], units: TimeUnits) -> bool:
    """Return whether all times that there are can be converted."""
    times = np.concatenate(values)
    try:
        unix_seconds(to_calendar_seconds(times[np.isfinite(times.astype(np.float64))], units), units.calendar)
    except ValueError:
        return False
    return True


def parse_text_times(texts: Sequence[str], calendar: str) -> Floats:
    """Parse times that are texts, (time,): in `_TEXT_UNITS`; NaN where a text is no date."""
    units = parse_time_units(_TEXT_UNITS, calendar)
    assert units is not None  # noqa: S101 - a day of every calendar
    dates = [parse_reference_date(text) for text in texts]
    seconds = [date and to_day_seconds(date, units.calendar) for date in dates]
    return np.array(seconds, dtype=np.float64) - units.epoch


# Time steps of several files


def make_time_axis(
    parts: Sequence[RawTimes], files: list[int], configured_units: str | None = None
) -> tuple[TimeAxis, StepArrays, list[Note]] | None:
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
    is_climatology = axis.values is None and _is_climatology(parts, axis, steps.seconds)
    time_axis = TimeAxis(
        units=axis.units,
        calendar=axis.calendar,
        files=np.unique(steps.file).tolist(),
        first=int(steps.seconds[0]),
        last=int(steps.seconds[-1]),
        count=order.size,
        dated=axis.values is None,
        climatology=is_climatology,
        ends=(int(steps.raw[0]), int(steps.raw[-1])),
    )
    return time_axis, steps, [*_list_notes(parts, axis, is_climatology=is_climatology)]


def merge_times(parts: Sequence[RawTimes], configured_units: str | None = None) -> MergedTimes:
    """Convert the times of several files to one scale.

    Whole numbers stay as they are in the file, in its units: those of the first file, or the configured ones. Other
    times become seconds since the same epoch. Steps whose dates cannot be known are numbered in the order of the files.
    """
    configured = parse_time_units(configured_units or "", parts[0].calendar)
    parsed = [parse_time_units(part.units, part.calendar) or configured for part in parts]
    all_units = [units for units in parsed if units is not None]
    if len(all_units) < len(parts):
        return _number_months(parts) or _number_steps(parts)
    try:
        return _convert_times(parts, all_units, configured or all_units[0])
    except ValueError:  # dates too far from 1970
        return _number_steps(parts)


def _convert_times(parts: Sequence[RawTimes], all_units: Sequence[TimeUnits], target: TimeUnits) -> MergedTimes:
    instants = [to_calendar_seconds(part.values, units) for part, units in zip(parts, all_units, strict=True)]
    seconds = [unix_seconds(times, units.calendar) for times, units in zip(instants, all_units, strict=True)]
    is_same = all(units == target for units in all_units)
    if is_same and all(_is_exact(part.values, times, target) for part, times in zip(parts, instants, strict=True)):
        raw = [part.values.astype(np.int64) for part in parts]
        if _are_ids(raw):
            return MergedTimes(raw, seconds, target.text, target.calendar)
        if target.seconds == 1e-9:
            raw = [times // 1000 for times in raw]
            return MergedTimes(raw, seconds, f"microseconds since {target.epoch_text}", target.calendar)
    if any(units.calendar != target.calendar for units in all_units):
        target = replace(target, calendar="standard")
        instants = seconds
    raw, text = [times - target.epoch for times in instants], f"seconds since {target.epoch_text}"
    length = int(target.seconds) if target.seconds >= 1 and not target.months and target.digits is None else 0
    if length and not any(np.any(times % length) for times in raw):
        whole = [times // length for times in raw]
        if _are_ids(whole):
            raw, text = whole, target.text
    if not _are_ids(raw):  # a second before the reference date
        raw, text = [times * 1000 for times in raw], f"milli{text}"
    return MergedTimes(raw, seconds, text, target.calendar)


def _are_ids(raw: Sequence[Ints]) -> bool:
    """Return whether whole numbers can be ids: exact in JSON, where numbers are doubles, and not -1 but for the last.

    In requests -1 stands for the last time step.
    """
    ids = np.concatenate(raw)
    return np.array_equal(ids.astype(np.float64).astype(np.int64), ids) and (-1 not in ids or ids.max() == -1)


def _is_exact(values: NDArray[np.generic], instants: Ints, units: TimeUnits) -> bool:
    """Return whether whole numbers are the instants, without rounding."""
    if not is_integral(values):
        return False
    if units.months or units.digits is not None or units.seconds < 1:
        return True
    return np.array_equal(values.astype(np.int64) * int(units.seconds) + units.epoch, instants)


def _number_steps(parts: Sequence[RawTimes]) -> MergedTimes:
    starts = np.cumsum([0, *(part.values.size for part in parts)])
    raw = [np.arange(start, start + part.values.size) for start, part in zip(starts, parts, strict=False)]
    units = parts[0].units if len({part.units for part in parts}) == 1 else ""
    return MergedTimes(raw, raw, units, "standard", [part.values.astype(np.float64) for part in parts])


# Climatologies


def _number_months(parts: Sequence[RawTimes]) -> MergedTimes | None:
    """Return the middles of the months of year 0, where the times are the twelve months of no year (1, or ½, to 12)."""
    values = np.concatenate([part.values.astype(np.float64) for part in parts])
    is_months = all(_MONTH_WORD.fullmatch(part.units) for part in parts)
    first = next((first for first in (1.0, 0.5, 0.0) if np.array_equal(np.sort(values), _MONTHS - 1 + first)), None)
    units = parse_time_units("months since -0001-12-15", "proleptic_gregorian")
    if not is_months or first is None or units is None:
        return None
    raw = [np.rint(part.values.astype(np.float64) + 1 - first).astype(np.int64) for part in parts]
    return MergedTimes(raw, [to_calendar_seconds(months, units) for months in raw], parts[0].units, "standard")


def _is_climatology(parts: Sequence[RawTimes], axis: MergedTimes, seconds: Ints) -> bool:
    """Return whether times are of no one year: the file says so, or they are in year 0, or the twelve months of year 1.

    Models begin in the year 1 too, hence only the usual form of a climatology counts there.
    """
    if any(part.climatology for part in parts) or parse_time_units(axis.units) is None:
        return True
    years = seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    months = seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    return bool(np.all(years == 0) or (np.all(years == 1) and np.array_equal(months, _MONTHS)))


# Notes


def _list_notes(parts: Sequence[RawTimes], axis: MergedTimes, *, is_climatology: bool) -> Iterator[Note]:
    """List what is guessed and what is left out of a time axis."""
    name = parts[0].name
    missing = Message("time steps without a time, as {count} in {file}, are left out")
    repeated = Message(
        "time steps with the time of an earlier one in the same file, as {count} in {file}, are left out"
    )
    for text, counts in (
        (missing, [part.values.size - raw.size for part, raw in zip(parts, axis.raw, strict=True)]),
        (repeated, [raw.size - np.unique(raw).size for raw in axis.raw]),
    ):
        if first := next(((count, part.file) for count, part in zip(counts, parts, strict=True) if count), None):
            yield Note(name, "left out", Message(text.template, count=first[0], file=first[1]))
    if axis.values is not None:
        text = Message("its times have no dates (units {units!r}): its steps are numbered", units=axis.units)
        yield Note(name, "left out", text, DATES_ADVICE)
        return
    for calendar in sorted({part.calendar for part in parts if find_calendar(part.calendar) is None}):
        text = Message("its calendar {calendar!r} is unknown: the standard calendar is assumed", calendar=calendar)
        yield Note(name, "guessed", text, Message("write the calendar as in the CF conventions into the file"))
    for units in sorted({part.units for part in parts}):
        if (parsed := parse_time_units(units)) and parsed.zone:
            text = Message("the time zone {zone} in {units!r} may have other meanings", zone=parsed.zone, units=units)
            yield Note(name, "guessed", text, DATES_ADVICE)
    for guess in dict.fromkeys(part.guess for part in parts if part.guess is not None):
        yield Note(name, "guessed", guess, DATES_ADVICE)
    if is_climatology and not any(part.climatology for part in parts):
        text = Message("its times are of the year 0 or 1, or of no year: they are taken as those of a climatology")
        yield Note(name, "guessed", text)
