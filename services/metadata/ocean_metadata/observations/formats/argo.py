"""Argo profiles: the files of a whole float (`…_prof.nc`), of one profile (`R…`, `D…`), and of many floats."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gsw
import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.observations.formats.credits import attribution, credited
from ocean_metadata.observations.formats.digits import Floats, floats
from ocean_metadata.observations.formats.instants import milliseconds
from ocean_metadata.observations.formats.names import Apart, quantity, unit
from ocean_metadata.observations.records import Cast, Measured, Platform

_GOOD = [b"1", b"2", b"5", b"8"]  # good, probably good, changed, interpolated: reference table 2
_GRADES = {"R": 0, "A": 1, "D": 2}
_ABOUT = (
    "PLATFORM_NUMBER", "PROJECT_NAME", "PI_NAME", "DATA_CENTRE", "PLATFORM_TYPE", "FLOAT_SERIAL_NO",
    "FIRMWARE_VERSION", "WMO_INST_TYPE", "POSITIONING_SYSTEM",
)  # fmt: skip
_OWED = ("PI_NAME", "DATA_CENTRE")


def is_argo(data: netCDF4.Dataset) -> bool:
    """Whether a file has Argo's own variables."""
    return {"PLATFORM_NUMBER", "CYCLE_NUMBER", "JULD", "PRES", "DATA_MODE"} <= data.variables.keys()


def read(path: Path, _: PlatformType | None = None) -> Iterator[Platform]:
    """One platform a float; a profile whose time or position is not good is left out."""
    with netCDF4.Dataset(path) as data:
        data.set_auto_mask(True)
        floats_of = np.array(_texts(data, "PLATFORM_NUMBER"))
        for number in dict.fromkeys(floats_of.tolist()):
            rows = np.flatnonzero(floats_of == number)
            casts = list(_casts(data, rows))
            about = {_called(data, name): _texts(data, name)[rows[0]] for name in _ABOUT if name in data.variables}
            told = {key: text for key, text in about.items() if text}
            owed = {name: _texts(data, name)[rows[0]] for name in _OWED if name in data.variables}
            if number and casts:
                about = credited(told, attribution(owed, argo=True))
                yield Platform(key=f"argo:{number}", type="argo", name=number, attributes=about, casts=casts)


def _casts(data: netCDF4.Dataset, rows: NDArray[np.intp]) -> Iterator[Cast]:
    times = milliseconds(data["JULD"])
    latitude, longitude = floats(data["LATITUDE"][:]), floats(data["LONGITUDE"][:])
    sound = _good(data, "JULD_QC") & _good(data, "POSITION_QC") & (times >= 0 - 2**62)
    sound &= np.isfinite(latitude) & (abs(latitude) <= 90) & np.isfinite(longitude)
    cycles, directions = data["CYCLE_NUMBER"][:], _letters(data, "DIRECTION", "A")
    seen: dict[str, int] = {}
    for row in rows.tolist():
        key = f"{cycles[row]}{directions[row]}"
        seen[key] = seen.get(key, 0) + 1  # a float may sample one ascent in two ways
        if sound[row]:
            yield Cast(
                key=key if seen[key] == 1 else f"{key}/{seen[key]}",
                time=int(times[row]),
                latitude=float(latitude[row]),
                longitude=float(longitude[row]),
                grade=_GRADES.get(_letters(data, "DATA_MODE", "R")[row], 0),
                measured=list(_measured(data, row, float(latitude[row]))),
            )


def _measured(data: netCDF4.Dataset, row: int, latitude: float) -> Iterator[Measured]:
    """What is flagged good, adjusted where the mode of the parameter says so, at depths from its pressures."""
    listed = np.ma.filled(data["STATION_PARAMETERS"][row], b" ")
    names = [b"".join(each).decode("ascii", "replace").strip() for each in listed]
    modes = dict.fromkeys(names, _letters(data, "DATA_MODE", "R")[row])
    if "PARAMETER_DATA_MODE" in data.variables:
        own = np.ma.filled(data["PARAMETER_DATA_MODE"][row], b" ")
        modes |= {name: mode.decode() for name, mode in zip(names, own, strict=True) if mode.strip()}
    if "PRES" not in modes:
        return
    pressure = _values(data, "PRES", row, modes["PRES"])
    depth: Floats = -gsw.z_from_p(pressure, latitude)
    apart = Apart()
    for name in names:
        if name in {"", "PRES"} or name not in data.variables or data[name].ndim != 2:
            continue
        variable = data[name]
        known = quantity(name, getattr(variable, "standard_name", None), getattr(variable, "long_name", None))
        known = apart(known)
        values = _values(data, name, row, modes[name])
        kept = np.isfinite(values) & np.isfinite(depth)
        if not kept.any():
            continue
        units, shift = unit(getattr(variable, "units", None))
        yield Measured(key=known.key, name=known.name, unit=units, depth=depth[kept], values=values[kept] + shift)


def _values(data: netCDF4.Dataset, name: str, row: int, mode: str) -> Floats:
    """The good values of a parameter in one profile; NaN where they are not."""
    best = f"{name}_ADJUSTED" if mode in {"A", "D"} and f"{name}_ADJUSTED" in data.variables else name
    values = floats(data[best][row])
    flags = f"{best}_QC"
    if flags in data.variables:
        values[~np.isin(np.ma.filled(data[flags][row], b" "), _GOOD)] = np.nan
    return values


def _good(data: netCDF4.Dataset, name: str) -> NDArray[np.bool_]:
    if name not in data.variables:
        return np.ones(len(data.dimensions["N_PROF"]), dtype=bool)
    return np.isin(np.ma.filled(data[name][:], b" "), _GOOD)


def _texts(data: netCDF4.Dataset, name: str) -> list[str]:
    return [b"".join(row).decode("utf-8", "replace").strip("\0 ") for row in np.ma.filled(data[name][:], b" ")]


def _letters(data: netCDF4.Dataset, name: str, default: str) -> list[str]:
    if name not in data.variables:
        return [default] * len(data.dimensions["N_PROF"])
    return [one.decode("ascii", "replace").strip() or default for one in np.ma.filled(data[name][:], b" ")]


def _called(data: netCDF4.Dataset, name: str) -> str:
    variable: Any = data[name]
    return str(getattr(variable, "long_name", name))
