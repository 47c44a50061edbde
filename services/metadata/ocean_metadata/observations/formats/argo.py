"""Argo profiles: the files of a whole float (`…_prof.nc`), of one profile (`R…`, `D…`), and of many floats."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.observations.formats import decoding
from ocean_metadata.observations.formats.quantities import SensorCounter, add_attribution, find_quantity
from ocean_metadata.observations.model import Cast, Floats, Platform, QuantitySamples

_GOOD_FLAGS = [b"1", b"2", b"5", b"8"]  # good, probably good, changed, interpolated: reference table 2
_GRADES = {"R": 0, "A": 1, "D": 2}
_ATTRIBUTES = (
    "PLATFORM_NUMBER", "PROJECT_NAME", "PI_NAME", "DATA_CENTRE", "PLATFORM_TYPE", "FLOAT_SERIAL_NO",
    "FIRMWARE_VERSION", "WMO_INST_TYPE", "POSITIONING_SYSTEM",
)  # fmt: skip


def is_argo(data: netCDF4.Dataset) -> bool:
    """Return whether a file has Argo's own variables."""
    return {"PLATFORM_NUMBER", "CYCLE_NUMBER", "JULD", "PRES", "DATA_MODE"} <= data.variables.keys()


def read_argo(path: Path, _: PlatformType | None = None) -> Iterator[Platform]:
    """Read one platform per float; a profile without a good time or position is left out."""
    with netCDF4.Dataset(path) as data:
        data.set_auto_mask(True)
        float_names = np.array(decoding.decode_texts(data["PLATFORM_NUMBER"][:]))
        for name in dict.fromkeys(float_names.tolist()):
            rows = np.flatnonzero(float_names == name)
            casts = list(_read_casts(data, rows))
            if not (name and casts):
                continue
            texts = {key: decoding.decode_texts(data[key][:])[rows[0]] for key in _ATTRIBUTES if key in data.variables}
            credit_texts = {key: text for key, text in texts.items() if key in {"PI_NAME", "DATA_CENTRE"}}
            attributes = {str(getattr(data[key], "long_name", key)): text for key, text in texts.items() if text}
            attributes = add_attribution(attributes, credit_texts, argo=True)
            yield Platform(key=f"argo:{name}", type="argo", name=name, attributes=attributes, casts=casts)


def _read_casts(data: netCDF4.Dataset, rows: NDArray[np.intp]) -> Iterator[Cast]:
    times = decoding.decode_times(data["JULD"])
    latitude, longitude = decoding.decode_floats(data["LATITUDE"][:]), decoding.decode_floats(data["LONGITUDE"][:])
    valid = _is_good(data, "JULD_QC") & _is_good(data, "POSITION_QC") & (times != decoding.NO_TIME)
    valid &= np.isfinite(latitude) & (abs(latitude) <= 90) & np.isfinite(longitude)
    cycles, directions = data["CYCLE_NUMBER"][:], _read_letters(data, "DIRECTION", "A")
    modes = _read_letters(data, "DATA_MODE", "R")
    counts: Counter[str] = Counter()
    for row in rows.tolist():
        key = f"{cycles[row]}{directions[row]}"
        counts[key] += 1  # a float may sample one ascent in two ways
        if valid[row]:
            yield Cast(
                key=key if counts[key] == 1 else f"{key}/{counts[key]}",
                time=int(times[row]),
                latitude=float(latitude[row]),
                longitude=float(longitude[row]),
                grade=_GRADES.get(modes[row], 0),
                quantities=list(_read_quantities(data, row, modes[row], float(latitude[row]))),
            )


def _read_quantities(data: netCDF4.Dataset, row: int, mode: str, latitude: float) -> Iterator[QuantitySamples]:
    """Read what is flagged good, adjusted where the mode of the parameter says so, at depths from the pressures."""
    names = decoding.decode_texts(data["STATION_PARAMETERS"][row])
    modes = dict.fromkeys(names, mode)
    if "PARAMETER_DATA_MODE" in data.variables:
        own_modes = np.ma.filled(data["PARAMETER_DATA_MODE"][row], b" ")
        modes |= {name: own.decode() for name, own in zip(names, own_modes, strict=True) if own.strip()}
    if "PRES" not in modes:
        return
    depth = decoding.pressure_to_depth(_read_good_values(data, "PRES", row, modes["PRES"]), "dbar", latitude)
    sensors = SensorCounter()
    for name in names:
        if name in {"", "PRES"} or name not in data.variables or data[name].ndim != 2:
            continue
        variable: Any = data[name]
        quantity = find_quantity(name, getattr(variable, "standard_name", None), getattr(variable, "long_name", None))
        values = _read_good_values(data, name, row, modes[name])
        yield from sensors.samples(quantity, getattr(variable, "units", None), depth, values)


def _read_good_values(data: netCDF4.Dataset, name: str, row: int, mode: str) -> Floats:
    """Read a parameter in one profile; NaN where its values are not good."""
    best = f"{name}_ADJUSTED" if mode in {"A", "D"} and f"{name}_ADJUSTED" in data.variables else name
    values = decoding.decode_floats(data[best][row])
    if f"{best}_QC" in data.variables:
        values[~np.isin(np.ma.filled(data[f"{best}_QC"][row], b" "), _GOOD_FLAGS)] = np.nan
    return values


def _is_good(data: netCDF4.Dataset, name: str) -> NDArray[np.bool_]:
    if name not in data.variables:
        return np.ones(len(data.dimensions["N_PROF"]), dtype=bool)
    return np.isin(np.ma.filled(data[name][:], b" "), _GOOD_FLAGS)


def _read_letters(data: netCDF4.Dataset, name: str, default: str) -> list[str]:
    if name not in data.variables:
        return [default] * len(data.dimensions["N_PROF"])
    return [letter.decode("ascii", "replace").strip() or default for letter in np.ma.filled(data[name][:], b" ")]
