"""How the samples of a discrete sampling geometry lie in its arrays: padded, ragged, or a single one."""

from typing import Any

import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_metadata.observations.formats.digits import floats
from ocean_metadata.observations.formats.reasons import Unreadable

Ints = NDArray[np.intp]

_NAMES = {
    "time": ("time", "juld"), "latitude": ("latitude", "lat"), "longitude": ("longitude", "lon"),
    "depth": ("depth", "z", "altitude", "height", "pres", "pressure"),
}  # fmt: skip
_AXES = {"time": "T", "latitude": "Y", "longitude": "X", "depth": "Z"}
_STANDARD = {
    "time": ("time",), "latitude": ("latitude",), "longitude": ("longitude",),
    "depth": ("depth", "sea_water_pressure", "altitude", "height"),
}  # fmt: skip
_PLATFORM_ROLES = ("trajectory_id", "timeseries_id")


class Layout:
    """Every sample of a file in one row, and for each dimension the place of every sample on it."""

    def __init__(self, data: netCDF4.Dataset) -> None:
        self._data = data
        self._dims = self._sample_dimensions()
        shape = tuple(len(data.dimensions[name]) for name in self._dims)
        self.size = int(np.prod(shape))
        self._places = {name: each.ravel() for name, each in zip(self._dims, np.indices(shape), strict=True)}
        self._follow()
        roles = {str(getattr(one, "cf_role", "")).lower(): one for one in data.variables.values()}
        self._platform = next((roles[role] for role in _PLATFORM_ROLES if role in roles), None)
        self._profile = roles.get("profile_id")
        self.names = text_of(self._platform) if self._platform is not None else None
        self._profile_names = text_of(self._profile) if self._profile is not None else []
        self.named_profiles = any(not one.replace(".", "").isdecimal() for one in self._profile_names)

    def coordinate(self, role: str) -> Any:
        """The variable that holds a coordinate: the one with the most samples of those that say so."""
        found: list[tuple[int, int, Any]] = []
        for name, variable in self._data.variables.items():
            standard = str(getattr(variable, "standard_name", "")).lower()
            marks = [
                standard in _STANDARD[role],
                str(getattr(variable, "axis", "")).upper() == _AXES[role],
                name.lower() in _NAMES[role],
            ]
            if any(marks) and self._resolves(variable) and variable.dtype.kind in "fiu":
                found.append((marks.index(True), len(found), variable))
        return min(found, key=lambda one: one[:2])[2] if found else None

    def spread(self, variable: Any, values: Any) -> Any:
        """The value of every sample, shape (sample,)."""
        places = tuple(self._places[name] for name in variable.dimensions)
        return values[places] if places else np.broadcast_to(values, self.size).copy()

    def is_measured(self, variable: Any) -> bool:
        """Whether a variable has a number of its own for every sample, and is no coordinate."""
        coordinates = [self.coordinate(role) for role in _NAMES]
        standard = str(getattr(variable, "standard_name", "")).lower()
        return (
            variable.dtype != str
            and variable.dtype.kind in "fiu"
            and bool(variable.dimensions)
            and variable.dimensions[-1] == self._dims[-1]
            and self._resolves(variable)
            and not any(variable is one for one in coordinates)
            and standard not in ("time", "latitude", "longitude", "depth", "sea_water_pressure")
            and not any(hasattr(variable, name) for name in ("cf_role", "sample_dimension", "instance_dimension"))
        )

    def platform(self) -> Ints:
        """To which platform each sample belongs, shape (sample,)."""
        return self._along(self._platform) if self._platform is not None else np.zeros(self.size, dtype=np.intp)

    def profile(self) -> Ints | None:
        """To which profile each sample belongs, shape (sample,); None where there are none."""
        if self._profile is None:
            return None
        dims = [name for name in self._profile.dimensions if name in self._places]
        if dims and dims[-1] == self._dims[-1] and self._profile.dtype.kind in "fiu":
            # One number for every sample, that tells the profiles apart.
            found = floats(self._profile[...])[tuple(self._places[name] for name in dims)]
            numbers: Ints = np.nan_to_num(found, nan=-1).astype(np.intp)
            return numbers
        return self._along(self._profile)

    def profile_name(self, sample: int) -> str | None:
        """The name of the profile of a sample."""
        place = self.profile()
        if place is None or self._profile is None:
            return None
        number = int(place[sample])
        return self._profile_names[number] if number < len(self._profile_names) else str(number)

    def told(self, platform: int) -> dict[str, str]:
        """What else the file knows of a platform."""
        if self._platform is None or not self._platform.dimensions:
            return {}
        found = {}
        for name, variable in self._data.variables.items():
            mine = variable.dimensions[:1] == self._platform.dimensions[:1]
            texts = variable.dtype is str or variable.dtype.kind in "Siu"
            if mine and texts and not hasattr(variable, "sample_dimension") and not self._has_samples(variable):
                found[str(getattr(variable, "long_name", name))] = text_of(variable)[platform]
        return {key: text for key, text in found.items() if text}

    def _has_samples(self, variable: Any) -> bool:
        return len(variable.dimensions) > 1 and variable.dimensions[-1] == self._dims[-1]

    def _along(self, variable: Any) -> Ints:
        dims = [name for name in variable.dimensions if name in self._places]
        found: Ints = self._places[dims[0]] if dims else np.zeros(self.size, dtype=np.intp)
        return found

    def _resolves(self, variable: Any) -> bool:
        return all(name in self._places for name in variable.dimensions)

    def _sample_dimensions(self) -> tuple[str, ...]:
        """The dimensions of the samples: those that rows are counted on, or of the variable that has the most."""
        variables = self._data.variables.values()
        for variable in variables:
            if hasattr(variable, "sample_dimension"):
                return (str(variable.sample_dimension),)
        for variable in variables:
            if hasattr(variable, "instance_dimension"):
                return tuple(variable.dimensions)
        numbers = [one for one in variables if one.dtype is not str and one.dtype.kind in "fiu"]
        widest = max(numbers, key=lambda one: one.ndim, default=None)
        if widest is None or not widest.dimensions:
            raise Unreadable("it has no variable with samples")
        return tuple(widest.dimensions)

    def _follow(self) -> None:
        """From samples to their profiles, and from those to their platforms, as far as rows are counted."""
        for _ in range(2):
            for variable in self._data.variables.values():
                sample = getattr(variable, "sample_dimension", None)
                target = getattr(variable, "instance_dimension", None)
                if sample in self._places and variable.dimensions and variable.dimensions[0] not in self._places:
                    counts = _counts(variable)
                    if counts.min(initial=0) < 0 or counts.sum() > len(self._data.dimensions[sample]):
                        raise Unreadable("its {name} counts more samples than there are", name=variable.name)
                    self._resize(str(sample), int(counts.sum()))
                    rows = np.repeat(np.arange(counts.size), counts)
                    self._places[variable.dimensions[0]] = rows[self._places[sample]]
                elif target and target not in self._places and self._resolves(variable):
                    self._places[str(target)] = self.spread(variable, np.ma.filled(variable[...], 0)).astype(np.intp)

    def _resize(self, sample: str, count: int) -> None:
        """Leave out samples that belong to no row."""
        kept = self._places[sample] < count
        self._places = {name: each[kept] for name, each in self._places.items()}
        self.size = int(kept.sum())


def _counts(variable: Any) -> Ints:
    """How many samples each row has; what stands for none is none."""
    variable.set_auto_maskandscale(False)  # missing values are written here that whole numbers cannot have
    found = np.asarray(variable[...])
    rows: Ints = np.where(found == getattr(variable, "_FillValue", -1), 0, found).astype(np.intp)
    return rows


def text_of(variable: Any) -> list[str]:
    """The values of a variable as texts: of characters, strings or numbers."""
    values = variable[...]
    if variable.dtype is str:
        return [str(one).strip() for one in np.atleast_1d(values)]
    if variable.dtype.kind == "S":
        filled = np.atleast_2d(np.ma.filled(values, b""))
        return [b"".join(row).decode("utf-8", "replace").strip("\0 ") for row in filled]
    return [
        "" if one is np.ma.masked else f"{one:.15g}" if isinstance(one, float) else str(one)
        for one in np.ma.atleast_1d(values)
    ]
