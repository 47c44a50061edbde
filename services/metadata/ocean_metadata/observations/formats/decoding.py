"""Values of files as numbers: samples, instants, depths, and the lines and tables of text files."""

import gzip
from pathlib import Path
from typing import Any

import gsw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ocean_core.errors import MessageError
from ocean_core.time import parse_time_units, unix_seconds
from ocean_core.units import unit_conversion

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]  # ms since 1970-01-01

NO_TIME = np.iinfo(np.int64).min
_ROUNDING = 10  # ms; days with eight decimals are no more exact than that
_MAX_TEXT = 200_000_000  # bytes, unpacked: no cast is so large


class UnreadableFile(MessageError):
    """A file that no reader understands, or that is broken; the message is for the operator."""


def decode_floats(values: Any) -> Floats:
    """Return any numbers as float64, NaN where they are masked.

    Single precision keeps its digits: 28.592 does not become 28.591999.
    """
    array = np.ma.asanyarray(values)
    if array.dtype == np.float32:
        return np.ma.filled(array, np.nan).astype("U").astype(np.float64)
    return np.ma.filled(array.astype(np.float64), np.nan)


def decode_times(variable: Any) -> Instants:
    """Return the instants of a netCDF variable, `NO_TIME` where there is none."""
    text = str(getattr(variable, "units", ""))
    units = parse_time_units(text, str(getattr(variable, "calendar", "")))
    if units is None or units.months:
        raise UnreadableFile("its times are in {text!r}, which is not understood", text=text)
    epoch = int(unix_seconds(np.array([units.epoch]), units.calendar)[0])
    # The digits of single precision are not those of the time: it is as exact as it is.
    values = np.ma.filled(np.ma.asanyarray(variable[...]).astype(np.float64), np.nan)
    instants = np.full(values.shape, NO_TIME, dtype=np.int64)
    valid = np.isfinite(values) & (abs(values) * units.seconds < 1e12)
    exact = epoch * 1000 + np.rint(values[valid] * units.seconds * 1000).astype(np.int64)
    rounded = (exact + 500) // 1000 * 1000
    instants[valid] = np.where(abs(exact - rounded) <= _ROUNDING, rounded, exact)
    return instants


def pressure_to_depth(pressure: Floats, units: str, latitude: ArrayLike) -> Floats:
    """Return depths (m, positive down) of sea pressures; in units that are no pressure they are taken for dbar."""
    factor, offset = unit_conversion(units, "dbar") or (1.0, 0.0)
    depth: Floats = -gsw.z_from_p(pressure * factor + offset, latitude)
    return depth


def decode_texts(values: Any) -> list[str]:
    """Return characters, strings or numbers as texts without blanks around them."""
    array = np.ma.atleast_1d(values)
    if array.dtype.kind == "S":
        rows = np.atleast_2d(np.ma.filled(array, b" "))
        return [b"".join(row).decode("utf-8", "replace").strip("\0 ") for row in rows]
    return [
        "" if value is np.ma.masked else f"{value:.15g}" if isinstance(value, float) else str(value).strip()
        for value in array
    ]


def read_text_table(path: Path, end_of_header: str, format_name: str) -> tuple[list[str], list[str]]:
    """Return the lines of the header and of the table of a text file, packed or not."""
    open_file = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with open_file(path, "rb") as file:
            content: bytes = file.read(_MAX_TEXT + 1)
    except (OSError, EOFError) as error:
        raise UnreadableFile("it cannot be read: {error}", error=error) from error
    if len(content) > _MAX_TEXT:
        raise UnreadableFile("it is larger than {limit:,} bytes", limit=_MAX_TEXT)
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = content.decode("latin-1").splitlines()
    end = next((number for number, line in enumerate(lines) if line.strip() == end_of_header), None)
    if end is None:
        raise UnreadableFile("it is not {format}: there is no line {mark}", format=format_name, mark=end_of_header)
    return lines[:end], lines[end + 1 :]


def parse_table(rows: list[str], columns: int) -> Floats:
    """Return rows of numbers, shape (row, column)."""
    if not any(row.strip() for row in rows):
        raise UnreadableFile("it has no data")
    try:
        table: Floats = np.loadtxt(rows, comments=None, quotechar="'", ndmin=2)
    except ValueError as error:
        raise UnreadableFile("its data are not rows of numbers: {error}", error=error) from error
    if table.shape[1] != columns:
        raise UnreadableFile(
            "its rows have {count} values, of {columns} columns", count=table.shape[1], columns=columns
        )
    return table
