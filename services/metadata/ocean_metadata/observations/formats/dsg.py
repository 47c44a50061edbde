"""Discrete sampling geometries (CF, chapter 9): moorings, casts, tracks of ships and drifters, gliders."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.observations import PlatformType
from ocean_core.geometry import MAX_LONGITUDE
from ocean_core.units import length_in_metres, unit_conversion
from ocean_metadata.observations.formats import decoding, quantities
from ocean_metadata.observations.model import Cast, Floats, Platform, QuantitySamples, format_instant

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

# Standard names, axis and usual names of the coordinates.
_COORDINATES = {
    "time": (("time",), "T", ("time", "juld")),
    "latitude": (("latitude",), "Y", ("latitude", "lat")),
    "longitude": (("longitude",), "X", ("longitude", "lon")),
    "depth": (("depth", "sea_water_pressure", "altitude", "height"), "Z",
              ("depth", "z", "altitude", "height", "pres", "pressure")),
}  # fmt: skip
_NOT_MEASURED = {"time", "latitude", "longitude", "depth", "sea_water_pressure"}
_PLATFORM_ROLES = ("trajectory_id", "timeseries_id")


def is_dsg(data: netCDF4.Dataset) -> bool:
    """Return whether a file says that it is a discrete sampling geometry."""
    declared = hasattr(data, "featureType") or "EGO" in _attribute(data, "data_type")
    return declared or any(hasattr(variable, "cf_role") for variable in data.variables.values())


def read_dsg(path: Path, platform_type: PlatformType | None = None) -> Iterator[Platform]:
    """Read the platforms of a file; samples without a time or a position are left out."""
    with netCDF4.Dataset(path) as data:
        data.set_auto_mask(True)
        layout = SampleLayout(data)
        time = layout.require_coordinate("time")
        times = layout.expand(time, decoding.decode_times(time))
        latitude = layout.read(layout.require_coordinate("latitude"))
        longitude = layout.read(layout.require_coordinate("longitude"))
        valid = (times != decoding.NO_TIME) & (abs(latitude) <= 90) & (abs(longitude) <= MAX_LONGITUDE)
        depth = _read_depth(layout, latitude)
        measured = list(_read_quantities(layout, data))
        platform_type = platform_type or _guess_type(data)
        file_attributes = _read_attributes(data)
        for index, name in enumerate(_platform_names(layout, data, path)):
            rows = np.flatnonzero(valid & (layout.platforms == index))
            casts = list(_split_casts(layout, rows, (times, latitude, longitude, depth), measured))
            if casts:
                own_attributes = layout.platform_attributes(index)
                attributes = {**file_attributes, **own_attributes}
                attributes = quantities.add_attribution(attributes, {**data.__dict__, **own_attributes})
                key = f"{platform_type}:{name}"
                yield Platform(key=key, type=platform_type, name=name, attributes=attributes, casts=casts)


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
        self.coordinates = {role: self._find_coordinate(role) for role in _COORDINATES}
        roles = {_attribute(variable, "cf_role").lower(): variable for variable in data.variables.values()}
        self._platform = next((roles[role] for role in _PLATFORM_ROLES if role in roles), None)
        self.platforms = self._along(self._platform)  # of each sample: (sample,)
        self.platform_names = None if self._platform is None else decoding.decode_texts(self._platform[...])
        profile = roles.get("profile_id")
        self.profiles = None if profile is None else self._profile_indices(profile)  # of each sample: (sample,)
        self.profile_names = [] if profile is None else decoding.decode_texts(profile[...])

    def require_coordinate(self, role: str) -> Any:
        """Return the variable of a coordinate without which a file cannot be read."""
        if self.coordinates[role] is None:
            raise decoding.UnreadableFile("it has no {role}", role=role)
        return self.coordinates[role]

    def expand(self, variable: Any, values: Any) -> Any:
        """Return the value of every sample, shape (sample,)."""
        indices = tuple(self._indices[name] for name in variable.dimensions)
        return values[indices] if indices else np.broadcast_to(values, self.size).copy()

    def read(self, variable: Any) -> Floats:
        """Read the number of every sample, shape (sample,); NaN where it is missing."""
        values: Floats = self.expand(variable, decoding.decode_floats(variable[...]))
        return values

    def is_measured(self, variable: Any) -> bool:
        """Return whether a variable has a number of its own for every sample, and is not a coordinate."""
        return (
            _is_numeric(variable)
            and variable.dimensions[-1:] == self._dims[-1:]
            and self._has_indices(variable)
            and not any(variable is coordinate for coordinate in self.coordinates.values())
            and _attribute(variable, "standard_name").lower() not in _NOT_MEASURED
            and not any(hasattr(variable, name) for name in ("cf_role", "sample_dimension", "instance_dimension"))
        )

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
                attributes[str(getattr(variable, "long_name", name))] = decoding.decode_texts(variable[...])[platform]
        return {key: text for key, text in attributes.items() if text}

    def _find_coordinate(self, role: str) -> Any:
        """Return the variable that holds a coordinate: by standard name, axis or name; None where there is none."""
        standard_names, axis, names = _COORDINATES[role]
        numeric = filter(_is_numeric, self._data.variables.values())
        variables = [variable for variable in numeric if self._has_indices(variable)]
        marked = [
            *(variable for variable in variables if _attribute(variable, "standard_name").lower() in standard_names),
            *(variable for variable in variables if _attribute(variable, "axis").upper() == axis),
            *(variable for variable in variables if variable.name.lower() in names),
        ]
        return marked[0] if marked else None

    def _profile_indices(self, profile: Any) -> Indices:
        dims = [name for name in profile.dimensions if name in self._indices]
        if not (dims[-1:] == [self._dims[-1]] and _is_numeric(profile)):
            return self._along(profile)
        # Every sample has a number that distinguishes the profiles.
        numbers = decoding.decode_floats(profile[...])[tuple(self._indices[name] for name in dims)]
        indices: Indices = np.nan_to_num(numbers, nan=-1).astype(np.intp)
        return indices

    def _along(self, variable: Any) -> Indices:
        """Return the index of every sample along the first dimension of a variable; 0 where it has none."""
        dims = [name for name in variable.dimensions if name in self._indices] if variable is not None else []
        return self._indices[dims[0]] if dims else np.zeros(self.size, dtype=np.intp)

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
        widest = max(filter(_is_numeric, variables), key=lambda variable: variable.ndim, default=None)
        if widest is None or not widest.dimensions:
            raise decoding.UnreadableFile("it has no variable with samples")
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
                        text = "its {name} counts more samples than there are"
                        raise decoding.UnreadableFile(text, name=variable.name)
                    # Samples that belong to no row are left out.
                    inside = self._indices[sample] < counts.sum()
                    self._indices = {name: index[inside] for name, index in self._indices.items()}
                    self.size = int(inside.sum())
                    rows = np.repeat(np.arange(counts.size), counts)
                    self._indices[variable.dimensions[0]] = rows[self._indices[sample]]
                elif target and target not in self._indices and self._has_indices(variable):
                    self._indices[str(target)] = self.expand(variable, np.ma.filled(variable[...], 0)).astype(np.intp)


def _attribute(owner: Any, name: str) -> str:
    return str(getattr(owner, name, ""))


def _is_numeric(variable: Any) -> bool:
    return variable.dtype is not str and variable.dtype.kind in "fiu"


def _read_counts(variable: Any) -> Indices:
    """Read the number of samples of each row; a missing one is 0."""
    variable.set_auto_maskandscale(False)  # missing values are written here that whole numbers cannot have
    values = np.asarray(variable[...])
    counts: Indices = np.where(values == getattr(variable, "_FillValue", -1), 0, values).astype(np.intp)
    return counts


def _read_depth(layout: SampleLayout, latitude: Floats) -> Floats:
    """Return the depth of each sample (m, positive down); 0 where there is no vertical coordinate."""
    variable = layout.coordinates["depth"]
    if variable is None:
        return np.zeros(layout.size)
    values, units = layout.read(variable), _attribute(variable, "units")
    if unit_conversion(units, "dbar"):
        return decoding.pressure_to_depth(values, units, latitude)
    sign = -1.0 if str(getattr(variable, "positive", "down")).lower() == "up" else 1.0
    return values * (sign * (length_in_metres(units) or 1.0))


def _guess_type(data: netCDF4.Dataset) -> PlatformType:
    names = ("title", "summary", "source", "platform", "keywords", "data_type")
    texts = " ".join([*(_attribute(data, name) for name in names), *data.variables])
    for hint, platform_type in _TYPE_HINTS:
        if re.search(hint, texts, re.IGNORECASE):
            return platform_type
    feature_type = _attribute(data, "featureType").lower().replace("_", "")
    return _FEATURE_TYPES.get(feature_type, "mission")


def _platform_names(layout: SampleLayout, data: netCDF4.Dataset, path: Path) -> list[str]:
    """Return the names of stations or trajectories, else of the file's only platform."""
    if layout.platform_names is not None:
        return [name or f"{path.stem} {index}" for index, name in enumerate(layout.platform_names)]
    for attribute in ("platform_code", "wmo_platform_code", "platform_name", "cruise", "id", "title"):
        if text := _attribute(data, attribute).strip():
            return [text]
    return [path.stem]


def _read_attributes(data: netCDF4.Dataset) -> dict[str, str]:
    texts = {name: _attribute(data, name).strip() for name in _ATTRIBUTES}
    return {name.replace("_", " ").capitalize(): text for name, text in texts.items() if text}


def _read_quantities(layout: SampleLayout, data: netCDF4.Dataset) -> Iterator[QuantitySamples]:
    """Read every variable along the samples that is not a coordinate, name or flag; NaN where its flag is bad.

    `depth` is not set yet: there are values for all samples of the file.
    """
    sensors = quantities.SensorCounter()
    for name, variable in data.variables.items():
        if not layout.is_measured(variable) or _FLAG_NAME.search(f"{name} {getattr(variable, 'long_name', '')}"):
            continue
        standard_name = getattr(variable, "standard_name", None)
        if "status_flag" in str(standard_name):
            continue
        units, offset = quantities.normalize_units(getattr(variable, "units", None))
        quantity = sensors.number(quantities.find_quantity(name, standard_name, getattr(variable, "long_name", None)))
        values = layout.read(variable) + offset
        flags = next((flags for key, flags in data.variables.items() if key.lower() == f"{name}_qc".lower()), None)
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
    measured: list[QuantitySamples],
) -> Iterator[Cast]:
    """Yield the samples of a platform by profile, or by time and position where there are no profiles."""
    if not rows.size:
        return
    times, latitude, longitude, depth = coordinates
    profiles, profile_names = layout.profiles, layout.profile_names
    parts = [times, latitude, longitude] if profiles is None else [profiles]
    order = rows[np.lexsort((rows, longitude[rows], latitude[rows], times[rows], parts[0][rows]))]
    changes = np.logical_or.reduce([np.diff(part[order]) != 0 for part in parts])
    has_names = any(not name.replace(".", "").isdecimal() for name in profile_names)
    counts: Counter[str] = Counter()
    for samples in np.split(order, np.flatnonzero(changes) + 1):
        start, name = samples[0], None
        if profiles is not None:
            index = int(profiles[start])
            name = profile_names[index] if index < len(profile_names) else str(index)
        key = name or format_instant(int(times[start]))
        counts[key] += 1
        in_file_order = np.sort(samples)
        at_depths = (
            QuantitySamples.where_finite(
                quantity.key, quantity.name, quantity.unit, depth[in_file_order], quantity.values[in_file_order]
            )
            for quantity in measured
        )
        yield Cast(
            key=key if counts[key] == 1 else f"{key}#{counts[key]}",
            time=int(times[start]),
            latitude=float(latitude[start]),
            longitude=float(longitude[start]),
            name=name if has_names else None,
            quantities=[quantity for quantity in at_depths if quantity is not None],
        )
