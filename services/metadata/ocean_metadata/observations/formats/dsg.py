"""Discrete sampling geometries (CF, chapter 9): moorings, casts, tracks of ships and drifters, gliders."""

import re
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
from ocean_metadata.observations.formats.instants import MISSING, milliseconds
from ocean_metadata.observations.formats.layout import Layout
from ocean_metadata.observations.formats.names import Apart, quantity, unit
from ocean_metadata.observations.formats.reasons import Unreadable
from ocean_metadata.observations.records import Cast, Measured, Platform
from ocean_metadata.observations.times import iso

_TYPES: dict[str, PlatformType] = {
    "timeseries": "mooring", "timeseriesprofile": "mooring", "profile": "mission", "trajectory": "mission",
    "trajectoryprofile": "glider",
}  # fmt: skip
_HINTS: list[tuple[str, PlatformType]] = [
    (r"drifter|drifting buoy|svp", "drifter"), (r"glider|slocum|seaglider|spray", "glider"),
    (r"\bseals?\b|turtle|meop|animal", "animal"),
]  # fmt: skip
_ABOUT = ("title", "institution", "project", "program", "creator_name", "platform", "wmo_id", "source", "license")
_FLAGGED_BAD = [3, 4, 6, 9]  # suspect, failed, missing: in QARTOD's and in Argo's flags
_QUALITY = re.compile(r"_qc\b|qc_|_flag\b|quality|status_flag", re.IGNORECASE)


def is_dsg(data: netCDF4.Dataset) -> bool:
    """Whether a file says that it is one."""
    said = hasattr(data, "featureType") or "EGO" in str(getattr(data, "data_type", ""))
    return said or any(hasattr(one, "cf_role") for one in data.variables.values())


def read(path: Path, kind: PlatformType | None = None) -> Iterator[Platform]:
    """The platforms of a file; what has no time or no place is left out."""
    with netCDF4.Dataset(path) as data:
        data.set_auto_mask(True)
        layout = Layout(data)
        times, latitude, longitude = (_spread(layout, role) for role in ("time", "latitude", "longitude"))
        sound = (times != MISSING) & (abs(latitude) <= 90) & (abs(longitude) <= 540)
        depth = _depth(layout, latitude)
        measured = list(_variables(layout, data))
        kind = kind or _kind(data)
        for number, name in enumerate(_platforms(layout, data, path)):
            mine = np.flatnonzero(sound & (layout.platform() == number))
            casts = list(_casts(layout, mine, (times, latitude, longitude, depth), measured))
            if casts:
                told = layout.told(number)
                owed = attribution({**data.__dict__, **told})
                about = credited({**_about(data), **told}, owed)
                yield Platform(key=f"{kind}:{name}", type=kind, name=name, attributes=about, casts=casts)


def _spread(layout: Layout, role: str) -> Any:
    variable = layout.coordinate(role)
    if variable is None:
        raise Unreadable("it has no {role}", role=role)
    return layout.spread(variable, milliseconds(variable) if role == "time" else floats(variable[...]))


def _depth(layout: Layout, latitude: Floats) -> Floats:
    """Depth of each sample (m, positive down); 0 where there is no vertical coordinate."""
    variable = layout.coordinate("depth")
    if variable is None:
        return np.zeros(layout.size)
    found = layout.spread(variable, floats(variable[...]))
    if str(getattr(variable, "units", "")).lower() in {"dbar", "db", "decibar", "decibars"}:
        deep: Floats = -gsw.z_from_p(found, latitude)
        return deep
    depth: Floats = -found if str(getattr(variable, "positive", "down")).lower() == "up" else found
    return depth


def _kind(data: netCDF4.Dataset) -> PlatformType:
    words = " ".join(
        str(getattr(data, name, "")) for name in ("title", "summary", "source", "platform", "keywords", "data_type")
    )
    for hint, kind in _HINTS:
        if re.search(hint, f"{words} {' '.join(data.variables)}", re.IGNORECASE):
            return kind
    return _TYPES.get(str(getattr(data, "featureType", "")).lower().replace("_", ""), "mission")


def _platforms(layout: Layout, data: netCDF4.Dataset, path: Path) -> list[str]:
    """The names of the platforms: of stations or trajectories, else of the file's own platform."""
    if layout.names is not None:
        return [name or f"{path.stem} {number}" for number, name in enumerate(layout.names)]
    for name in ("platform_code", "wmo_platform_code", "platform_name", "cruise", "id", "title"):
        if found := str(getattr(data, name, "")).strip():
            return [found]
    return [path.stem]


def _about(data: netCDF4.Dataset) -> dict[str, str]:
    told = {name: str(getattr(data, name, "")).strip() for name in _ABOUT}
    return {name.replace("_", " ").capitalize(): text for name, text in told.items() if text}


Variable = tuple[str, str, str, Floats]  # key, name, unit, (sample,) values


def _variables(layout: Layout, data: netCDF4.Dataset) -> Iterator[Variable]:
    """What was measured: every variable along the samples that is no coordinate, name or flag."""
    apart = Apart()
    for name, variable in data.variables.items():
        if not layout.is_measured(variable) or _QUALITY.search(f"{name} {getattr(variable, 'long_name', '')}"):
            continue
        if "status_flag" in str(getattr(variable, "standard_name", "")):
            continue
        units, shift = unit(getattr(variable, "units", None))
        known = apart(quantity(name, getattr(variable, "standard_name", None), getattr(variable, "long_name", None)))
        values = layout.spread(variable, floats(variable[...])) + shift
        flags = next((data[one] for one in data.variables if one.lower() == f"{name}_qc".lower()), None)
        if flags is not None and flags.dimensions == variable.dimensions:
            values[np.isin(layout.spread(flags, _flags(flags)), _FLAGGED_BAD)] = np.nan
        yield known.key, known.name, units, values


def _flags(variable: Any) -> Any:
    found = np.ma.filled(variable[...], b" " if variable.dtype.kind == "S" else 0)
    return np.char.replace(found, b" ", b"0").astype(int) if found.dtype.kind == "S" else found


def _casts(
    layout: Layout, mine: NDArray[np.intp], where: tuple[Any, Floats, Floats, Floats], measured: list[Variable]
) -> Iterator[Cast]:
    """The samples of a platform by profile, or by time and place where there are no profiles."""
    times, latitude, longitude, depth = where
    profiles = layout.profile()
    first = profiles if profiles is not None else times
    order = mine[np.lexsort((mine, longitude[mine], latitude[mine], times[mine], first[mine]))]
    if not order.size:
        return
    parts = [first] if profiles is not None else [times, latitude, longitude]
    changes = np.logical_or.reduce([np.diff(one[order]) != 0 for one in parts])
    seen: dict[str, int] = {}
    for some in np.split(order, np.flatnonzero(changes) + 1):
        start = some[0]
        name = layout.profile_name(start)
        key = name or iso(int(times[start])) or ""
        seen[key] = seen.get(key, 0) + 1
        yield Cast(
            key=key if seen[key] == 1 else f"{key}#{seen[key]}",
            time=int(times[start]),
            latitude=float(latitude[start]),
            longitude=float(longitude[start]),
            name=name if layout.named_profiles else None,
            measured=list(_samples(np.sort(some), depth, measured)),
        )


def _samples(some: NDArray[np.intp], depth: Floats, measured: list[Variable]) -> Iterator[Measured]:
    for key, name, units, values in measured:
        kept = some[np.isfinite(values[some]) & np.isfinite(depth[some])]
        if kept.size:
            yield Measured(key=key, name=name, unit=units, depth=depth[kept], values=values[kept])
