"""Discrete sampling geometries (CF, chapter 9): moorings, casts, tracks of ships and drifters, gliders."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.observations import PlatformType
from ocean_core.units import length_in_metres, unit_conversion
from ocean_metadata.observations.formats.decoding import (
    NO_TIME,
    Floats,
    UnreadableFile,
    decode_floats,
    decode_times,
    pressure_to_depth,
)
from ocean_metadata.observations.formats.quantities import (
    SensorCounter,
    add_attribution,
    find_quantity,
    normalize_units,
)
from ocean_metadata.observations.model import Cast, Platform, QuantitySamples, format_instant

Indices = NDArray[np.intp]

_FEATURE_TYPES: dict[str, PlatformType] = {
    "timeseries": "mooring", "timeseriesprofile": "mooring", "profile": "mission", "trajectory": "mission",
    "trajectoryprofile": "glider",
}  # fmt: skip
_TYPE_HINTS: list[tuple[str, PlatformType]] = [
    (r"drifter|drifting buoy|svp", "drifter"), (r"glider|slocum|seaglider|spray", "glider"),
    (r"\bseals?\b|turtle|meop|animal", "animal"),
]  # fmt: skip
_ATTRIBUTES = (
    "title", "institution", "project", "program", "creator_name", "platform", "wmo_id", "source", "license",
)  # fmt: skip
_BAD_FLAGS = [3, 4, 6, 9]  # suspect, failed, missing: of QARTOD and of Argo
_FLAG_NAME = re.compile(r"_qc\b|qc_|_flag\b|quality|status_flag", re.IGNORECASE)

_COORDINATE_NAMES = {
    "time": ("time", "juld"), "latitude": ("latitude", "lat"), "longitude": ("longitude", "lon"),
    "depth": ("depth", "z", "altitude", "height", "pres", "pressure"),
}  # fmt: skip
_AXES = {"time": "T", "latitude": "Y", "longitude": "X", "depth": "Z"}
_STANDARD_NAMES = {
    "time": ("time",), "latitude": ("latitude",), "longitude": ("longitude",),
    "depth": ("depth", "sea_water_pressure", "altitude", "height"),
}  # fmt: skip
_NOT_MEASURED = {"time", "latitude", "longitude", "depth", "sea_water_pressure"}
_PLATFORM_ROLES = ("trajectory_id", "timeseries_id")


def is_dsg(data: netCDF4.Dataset) -> bool:
    """Return whether a file says that it is a discrete sampling geometry."""
    declared = hasattr(data, "featureType") or "EGO" in str(getattr(data, "data_type", ""))
    return declared or any(hasattr(variable, "cf_role") for variable in data.variables.values())


def read_dsg(path: Path, platform_type: PlatformType | None = None) -> Iterator[Platform]:
    """Read the platforms of a file; samples without a time or a position are left out."""
    with netCDF4.Dataset(path) as data:
        data.set_auto_mask(True)
        layout = SampleLayout(data)
        times = layout.expand_coordinate("time", decode_times)
        latitude = layout.expand_coordinate("latitude", lambda variable: decode_floats(variable[...]))
        longitude = layout.expand_coordinate("longitude", lambda variable: decode_floats(variable[...]))
        valid = (times != NO_TIME) & (abs(latitude) <= 90) & (abs(longitude) <= 540)
        depth = _read_depth(layout, latitude)
        quantities = list(_read_quantities(layout, data))
        platform_type = platform_type or _guess_type(data)
        file_attributes = _read_attributes(data)
        for index, name in enumerate(_platform_names(layout, data, path)):
            rows = np.flatnonzero(valid & (layout.platform_indices() == index))
            casts = list(_split_casts(layout, rows, (times, latitude, longitude, depth), quantities))
            if casts:
                own_attributes = layout.platform_attributes(index)
                attributes = {**file_attributes, **own_attributes}
                yield Platform(
                    key=f"{platform_type}:{name}",
                    type=platform_type,
                    name=name,
                    attributes=add_attribution(attributes, {**data.__dict__, **own_attributes}),
                    casts=casts,
                )


class SampleLayout:
    """Arrangement of a file's samples (padded, ragged, or a single one), all put in one row.

    For each dimension it has the index of every sample along it.
    """

    def __init__(self, data: netCDF4.Dataset) -> None:
        self._data = data
        self._dims = self._sample_dimensions()
        shape = tuple(len(data.dimensions[name]) for name in self._dims)
        self.size = int(np.prod(shape))
        self._indices = {name: index.ravel() for name, index in zip(self._dims, np.indices(shape), strict=True)}
        self._follow_ragged_rows()
        roles = {str(getattr(variable, "cf_role", "")).lower(): variable for variable in data.variables.values()}
        self._platform = next((roles[role] for role in _PLATFORM_ROLES if role in roles), None)
        self._profile = roles.get("profile_id")
        self.platform_names = _read_texts(self._platform) if self._platform is not None else None
        self._profile_names = _read_texts(self._profile) if self._profile is not None else []
        self.has_profile_names = any(not name.replace(".", "").isdecimal() for name in self._profile_names)

    def coordinate(self, role: str) -> Any:
        """Return the variable that holds a coordinate: by standard name, axis or name; None where there is none."""
        candidates: list[tuple[int, int, Any]] = []
        for name, variable in self._data.variables.items():
            standard_name = str(getattr(variable, "standard_name", "")).lower()
            marks = [
                standard_name in _STANDARD_NAMES[role],
                str(getattr(variable, "axis", "")).upper() == _AXES[role],
                name.lower() in _COORDINATE_NAMES[role],
            ]
            if any(marks) and self._has_indices(variable) and variable.dtype.kind in "fiu":
                candidates.append((marks.index(True), len(candidates), variable))
        return min(candidates, key=lambda candidate: candidate[:2])[2] if candidates else None

    def expand(self, variable: Any, values: Any) -> Any:
        """Return the value of every sample, shape (sample,)."""
        indices = tuple(self._indices[name] for name in variable.dimensions)
        return values[indices] if indices else np.broadcast_to(values, self.size).copy()

    def expand_coordinate(self, role: str, decode: Callable[[Any], Any]) -> Any:
        """Return a coordinate of every sample, shape (sample,); without it a file cannot be read."""
        variable = self.coordinate(role)
        if variable is None:
            raise UnreadableFile("it has no {role}", role=role)
        return self.expand(variable, decode(variable))

    def is_measured(self, variable: Any) -> bool:
        """Return whether a variable has a number of its own for every sample, and is not a coordinate."""
        coordinates = [self.coordinate(role) for role in _COORDINATE_NAMES]
        return (
            variable.dtype != str
            and variable.dtype.kind in "fiu"
            and bool(variable.dimensions)
            and variable.dimensions[-1] == self._dims[-1]
            and self._has_indices(variable)
            and not any(variable is coordinate for coordinate in coordinates)
            and str(getattr(variable, "standard_name", "")).lower() not in _NOT_MEASURED
            and not any(hasattr(variable, name) for name in ("cf_role", "sample_dimension", "instance_dimension"))
        )

    def platform_indices(self) -> Indices:
        """Return the platform of each sample, shape (sample,)."""
        return self._along(self._platform) if self._platform is not None else np.zeros(self.size, dtype=np.intp)

    def profile_indices(self) -> Indices | None:
        """Return the profile of each sample, shape (sample,); None where there are no profiles."""
        if self._profile is None:
            return None
        dims = [name for name in self._profile.dimensions if name in self._indices]
        if dims and dims[-1] == self._dims[-1] and self._profile.dtype.kind in "fiu":
            # Every sample has a number that distinguishes the profiles.
            numbers = decode_floats(self._profile[...])[tuple(self._indices[name] for name in dims)]
            indices: Indices = np.nan_to_num(numbers, nan=-1).astype(np.intp)
            return indices
        return self._along(self._profile)

    def profile_name(self, sample: int) -> str | None:
        """Return the name of the profile of a sample."""
        indices = self.profile_indices()
        if indices is None:
            return None
        index = int(indices[sample])
        return self._profile_names[index] if index < len(self._profile_names) else str(index)

    def platform_attributes(self, platform: int) -> dict[str, str]:
        """Return the texts that the file has for each platform."""
        if self._platform is None or not self._platform.dimensions:
            return {}
        attributes = {}
        for name, variable in self._data.variables.items():
            has_samples = len(variable.dimensions) > 1 and variable.dimensions[-1] == self._dims[-1]
            is_text = variable.dtype is str or variable.dtype.kind in "Siu"
            of_platform = variable.dimensions[:1] == self._platform.dimensions[:1]
            if of_platform and is_text and not hasattr(variable, "sample_dimension") and not has_samples:
                attributes[str(getattr(variable, "long_name", name))] = _read_texts(variable)[platform]
        return {key: text for key, text in attributes.items() if text}

    def _along(self, variable: Any) -> Indices:
        dims = [name for name in variable.dimensions if name in self._indices]
        indices: Indices = self._indices[dims[0]] if dims else np.zeros(self.size, dtype=np.intp)
        return indices

    def _has_indices(self, variable: Any) -> bool:
        return all(name in self._indices for name in variable.dimensions)

    def _sample_dimensions(self) -> tuple[str, ...]:
        """Return the dimensions that row sizes count along, or those of the variable that has the most."""
        variables = self._data.variables.values()
        for variable in variables:
            if hasattr(variable, "sample_dimension"):
                return (str(variable.sample_dimension),)
        for variable in variables:
            if hasattr(variable, "instance_dimension"):
                return tuple(variable.dimensions)
        numeric = [variable for variable in variables if variable.dtype is not str and variable.dtype.kind in "fiu"]
        widest = max(numeric, key=lambda variable: variable.ndim, default=None)
        if widest is None or not widest.dimensions:
            raise UnreadableFile("it has no variable with samples")
        return tuple(widest.dimensions)

    def _follow_ragged_rows(self) -> None:
        """Index samples by their profiles, and those by their platforms, through row sizes and indices."""
        for _ in range(2):
            for variable in self._data.variables.values():
                sample = getattr(variable, "sample_dimension", None)
                target = getattr(variable, "instance_dimension", None)
                if sample in self._indices and variable.dimensions and variable.dimensions[0] not in self._indices:
                    counts = _read_counts(variable)
                    if counts.min(initial=0) < 0 or counts.sum() > len(self._data.dimensions[sample]):
                        raise UnreadableFile("its {name} counts more samples than there are", name=variable.name)
                    self._truncate(str(sample), int(counts.sum()))
                    rows = np.repeat(np.arange(counts.size), counts)
                    self._indices[variable.dimensions[0]] = rows[self._indices[sample]]
                elif target and target not in self._indices and self._has_indices(variable):
                    self._indices[str(target)] = self.expand(variable, np.ma.filled(variable[...], 0)).astype(np.intp)

    def _truncate(self, sample: str, count: int) -> None:
        """Leave out samples that belong to no row."""
        inside = self._indices[sample] < count
        self._indices = {name: index[inside] for name, index in self._indices.items()}
        self.size = int(inside.sum())


def _read_counts(variable: Any) -> Indices:
    """Read the number of samples of each row; a missing one is 0."""
    variable.set_auto_maskandscale(False)  # missing values are written here that whole numbers cannot have
    values = np.asarray(variable[...])
    counts: Indices = np.where(values == getattr(variable, "_FillValue", -1), 0, values).astype(np.intp)
    return counts


def _read_texts(variable: Any) -> list[str]:
    """Read a variable of characters, strings or numbers as texts."""
    values = variable[...]
    if variable.dtype is str:
        return [str(value).strip() for value in np.atleast_1d(values)]
    if variable.dtype.kind == "S":
        filled = np.atleast_2d(np.ma.filled(values, b""))
        return [b"".join(row).decode("utf-8", "replace").strip("\0 ") for row in filled]
    return [
        "" if value is np.ma.masked else f"{value:.15g}" if isinstance(value, float) else str(value)
        for value in np.ma.atleast_1d(values)
    ]


def _read_depth(layout: SampleLayout, latitude: Floats) -> Floats:
    """Return the depth of each sample (m, positive down); 0 where there is no vertical coordinate."""
    variable = layout.coordinate("depth")
    if variable is None:
        return np.zeros(layout.size)
    values, units = layout.expand(variable, decode_floats(variable[...])), str(getattr(variable, "units", ""))
    if unit_conversion(units, "dbar"):
        return pressure_to_depth(values, units, latitude)
    sign = -1.0 if str(getattr(variable, "positive", "down")).lower() == "up" else 1.0
    depth: Floats = values * (sign * (length_in_metres(units) or 1.0))
    return depth


def _guess_type(data: netCDF4.Dataset) -> PlatformType:
    names = ("title", "summary", "source", "platform", "keywords", "data_type")
    texts = " ".join([*(str(getattr(data, name, "")) for name in names), *data.variables])
    for hint, platform_type in _TYPE_HINTS:
        if re.search(hint, texts, re.IGNORECASE):
            return platform_type
    feature_type = str(getattr(data, "featureType", "")).lower().replace("_", "")
    return _FEATURE_TYPES.get(feature_type, "mission")


def _platform_names(layout: SampleLayout, data: netCDF4.Dataset, path: Path) -> list[str]:
    """Return the names of stations or trajectories, else of the file's only platform."""
    if layout.platform_names is not None:
        return [name or f"{path.stem} {index}" for index, name in enumerate(layout.platform_names)]
    for attribute in ("platform_code", "wmo_platform_code", "platform_name", "cruise", "id", "title"):
        if text := str(getattr(data, attribute, "")).strip():
            return [text]
    return [path.stem]


def _read_attributes(data: netCDF4.Dataset) -> dict[str, str]:
    texts = {name: str(getattr(data, name, "")).strip() for name in _ATTRIBUTES}
    return {name.replace("_", " ").capitalize(): text for name, text in texts.items() if text}


def _read_quantities(layout: SampleLayout, data: netCDF4.Dataset) -> Iterator[QuantitySamples]:
    """Read every variable along the samples that is not a coordinate, name or flag; NaN where its flag is bad.

    `depth` is not set yet: there are values for all samples of the file.
    """
    sensors = SensorCounter()
    for name, variable in data.variables.items():
        if not layout.is_measured(variable) or _FLAG_NAME.search(f"{name} {getattr(variable, 'long_name', '')}"):
            continue
        standard_name = getattr(variable, "standard_name", None)
        if "status_flag" in str(standard_name):
            continue
        units, offset = normalize_units(getattr(variable, "units", None))
        quantity = sensors.number(find_quantity(name, standard_name, getattr(variable, "long_name", None)))
        values = layout.expand(variable, decode_floats(variable[...])) + offset
        flags = next(
            (data[flag_name] for flag_name in data.variables if flag_name.lower() == f"{name}_qc".lower()), None
        )
        if flags is not None and flags.dimensions == variable.dimensions:
            values[np.isin(layout.expand(flags, _read_flags(flags)), _BAD_FLAGS)] = np.nan
        yield QuantitySamples(key=quantity.key, name=quantity.name, unit=units, depth=np.empty(0), values=values)


def _read_flags(variable: Any) -> Any:
    flags = np.ma.filled(variable[...], b" " if variable.dtype.kind == "S" else 0)
    return np.char.replace(flags, b" ", b"0").astype(int) if flags.dtype.kind == "S" else flags


def _split_casts(
    layout: SampleLayout,
    rows: Indices,
    coordinates: tuple[Any, Floats, Floats, Floats],
    quantities: list[QuantitySamples],
) -> Iterator[Cast]:
    """Yield the samples of a platform by profile, or by time and position where there are no profiles."""
    if not rows.size:
        return
    times, latitude, longitude, depth = coordinates
    profiles = layout.profile_indices()
    parts = [times, latitude, longitude] if profiles is None else [profiles]
    order = rows[np.lexsort((rows, longitude[rows], latitude[rows], times[rows], parts[0][rows]))]
    changes = np.logical_or.reduce([np.diff(part[order]) != 0 for part in parts])
    counts: dict[str, int] = {}
    for samples in np.split(order, np.flatnonzero(changes) + 1):
        start = samples[0]
        name = layout.profile_name(start)
        key = name or format_instant(int(times[start]))
        counts[key] = counts.get(key, 0) + 1
        in_file_order = np.sort(samples)
        at_depths = (
            QuantitySamples.where_finite(
                quantity.key, quantity.name, quantity.unit, depth[in_file_order], quantity.values[in_file_order]
            )
            for quantity in quantities
        )
        yield Cast(
            key=key if counts[key] == 1 else f"{key}#{counts[key]}",
            time=int(times[start]),
            latitude=float(latitude[start]),
            longitude=float(longitude[start]),
            name=name if layout.has_profile_names else None,
            quantities=[quantity for quantity in at_depths if quantity is not None],
        )
