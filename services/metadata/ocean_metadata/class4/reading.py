"""Reads Class 4 files in blocks of profiles, since a day of them can be larger than the memory."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from ocean_common.arrays import pack_array
from ocean_common.contracts.observations import Class4Profile, Class4Values
from ocean_core.errors import Message
from ocean_core.geometry import Floats
from ocean_core.time import format_time, parse_time_units, to_calendar_seconds, unix_seconds
from ocean_metadata.class4.map_points import root_mean_square_error
from ocean_metadata.class4.model import FileSummary, ForecastLead, ProfilePoints, parse_file_name
from ocean_metadata.index import storage

_MAX_PROFILES = 200_000
_MAX_CELLS = 4_000_000  # of one profile
_BLOCK_CELLS = 4_000_000  # that are read at a time
_DEFAULT_TIME_UNITS = "days since 1950-01-01 00:00:00 utc"  # of the layout, where a file has none
_REQUIRED = ("latitude", "longitude", "depth", "observation", "best_estimate")
_PROFILE_VARIABLES = _REQUIRED[2:]
# Names and units of the layout, where a file has none of its own.
_NAMES = {"votemper": "Temperature", "TEMP": "Temperature", "vosaline": "Salinity", "PSAL": "Salinity"}
_DEFAULT_UNITS = {"Temperature": "Celsius", "Salinity": "PSU"}
# Fields of `Class4Values`, and the variables of the layout.
_MODEL_VARIABLES = {
    "best_estimate": "best_estimate",
    "analysis": "nrt_analysis",
    "climatology": "climatology",
    "forecasts": "forecast",
    "persistence": "persistence",
    "flags": "qc",
}
_WITH_LEADS = {"forecast", "persistence"}
_EARLIEST, _LATEST = -60_000_000_000, 200_000_000_000  # s since 1970: years 69 to 8307


class FileReading(msgspec.Struct, frozen=True, kw_only=True):
    """All that is read of a file in a state, or the reason why it cannot be served."""

    stamp: storage.Stamp
    reason: Message | None = None
    summary: bytes | None = None  # MessagePack of a FileSummary
    points: bytes | None = None  # MessagePack of ProfilePoints
    profiles: list[bytes] = []  # MessagePack of a Class4Profile each, compressed


class _Axes(NamedTuple):
    """Names of dimensions."""

    profile: str
    variable: str
    level: str


def read_class4_file(path: str) -> FileReading:
    """Read a file, or return the reason why that is not possible."""
    stamp = (0, 0)
    try:
        stamp = storage.read_stamp(path)
        about = parse_file_name(Path(path).name)
        if about is None:
            raise storage.Unreadable("its name is not one of Class 4")
        storage.check_size(path, stamp[0])
        with storage.open_dataset(path) as data:
            reading = read_content(data, Path(path).stem, about, stamp)
        if storage.read_stamp(path) != stamp:
            raise storage.Unreadable("it is being written")
    except storage.BROKEN as error:
        return FileReading(stamp=stamp, reason=storage.describe_error(error))
    return reading


def read_content(
    data: storage.OpenDataset, file: str, about: FileSummary, stamp: storage.Stamp, block_cells: int = _BLOCK_CELLS
) -> FileReading:
    """Read the profiles, so many cells at a time, or raise Unreadable."""
    axes, (count, variable_count, level_count) = _find_axes(data)
    leads, title = _read_leads(data, axes), storage.get_attribute(data, "title")
    title = title if isinstance(title, str) and title.strip() else None
    about = msgspec.structs.replace(about, title=title, leads=leads, profiles=count)
    errors, profiles = np.full(count, np.nan), list[bytes]()
    reader = _ProfileReader(data, file, axes, _read_texts(data, "varname", variable_count))
    step = max(1, block_cells // (variable_count * level_count * max(1, len(leads))))
    for start in range(0, count, step):
        block = slice(start, min(start + step, count))
        errors[block], block_profiles = reader.read_block(block)
        profiles += [zlib.compress(msgspec.msgpack.encode(profile), 1) for profile in block_profiles]
    latitude, longitude, error = map(pack_array, (reader.latitude, reader.longitude, errors))
    points = ProfilePoints(names=reader.names, latitude=latitude, longitude=longitude, error=error)
    encode = msgspec.msgpack.encode
    return FileReading(stamp=stamp, summary=encode(about), points=encode(points), profiles=profiles)


def _find_axes(data: storage.OpenDataset) -> tuple[_Axes, tuple[int, int, int]]:
    """Return the dimensions of the observations, by the names of the layout, else by their order, and their sizes."""
    missing = [name for name in _REQUIRED if name not in data.variables]
    if missing:
        raise storage.Unreadable("it has no {missing}, which a Class 4 file has", missing=", ".join(missing))
    observed = data.variables["observation"]
    if len(observed.dimensions) != 3:
        raise storage.Unreadable("observation is not of profiles, variables and levels")
    sizes = dict(zip(observed.dimensions, observed.shape, strict=True))
    layout = ("numobs", "numvars", "numdeps")
    axes = _Axes(*(layout if set(layout) == set(sizes) else observed.dimensions))
    profiles, variables, levels = (sizes[name] for name in axes)
    if not variables or not levels:
        raise storage.Unreadable("it has no variables or no levels")
    if profiles > _MAX_PROFILES or variables * levels > _MAX_CELLS:
        raise storage.Unreadable(
            "it has {profiles} profiles of {variables} variables and {levels} levels: too many",
            profiles=profiles,
            variables=variables,
            levels=levels,
        )
    return axes, (profiles, variables, levels)


class _ProfileReader:
    """Reads the profiles of a file, block by block."""

    def __init__(self, data: storage.OpenDataset, file: str, axes: _Axes, keys: list[str]) -> None:
        observed = data.variables["observation"]
        count = observed.shape[observed.dimensions.index(axes.profile)]
        self._file = file
        self._axes = axes
        self._keys = keys
        self._units = _read_units(data, keys)
        names = (*_PROFILE_VARIABLES, *_MODEL_VARIABLES.values())
        self._variables = {name: data.variables[name] for name in names if _has_layout(data, name, axes)}
        self._fields = {field: name for field, name in _MODEL_VARIABLES.items() if name in self._variables}
        for name in _PROFILE_VARIABLES:
            if name not in self._variables:
                raise storage.Unreadable("{name} is not of profiles, variables and levels", name=name)
        self.names = _read_texts(data, "id", count)
        self._instruments = _read_texts(data, "type", count) if "type" in data.variables else [""] * count
        self._times = _read_times(data, count)
        self.latitude = _read_position(data.variables["latitude"], count)
        self.longitude = _read_position(data.variables["longitude"], count)

    def read_block(self, block: slice) -> tuple[Floats, Iterator[Class4Profile]]:
        """Return the errors of a block's profiles, and the profiles."""
        observed = self._read("observation", block)
        depth = self._read("depth", block)
        modelled = {field: self._read(name, block) for field, name in self._fields.items()}
        errors = root_mean_square_error(observed[:, 0], modelled["best_estimate"][:, 0])
        return errors, (
            self._make_profile(index, observed[row], depth[row], {name: field[row] for name, field in modelled.items()})
            for row, index in enumerate(range(block.start, block.stop))
        )

    def _make_profile(self, index: int, observed: Floats, depth: Floats, modelled: dict[str, Floats]) -> Class4Profile:
        level = depth[0] if depth.ndim == 2 else depth
        valid = np.isfinite(level) & np.isfinite(observed).any(axis=0)
        return Class4Profile(
            file=self._file,
            index=index,
            name=self.names[index],
            instrument=self._instruments[index],
            latitude=float(self.latitude[index]),
            longitude=float(self.longitude[index]),
            time=self._times[index],
            depth=_pack_floats(level[valid]),
            variables=[
                Class4Values(
                    key=key,
                    name=_NAMES.get(key, key),
                    units=units,
                    observed=_pack_floats(observed[row][valid]),
                    **{name: _pack_floats(values[row][..., valid]) for name, values in modelled.items()},
                )
                for row, (key, units) in enumerate(zip(self._keys, self._units, strict=True))
            ],
        )

    def _read(self, name: str, block: slice) -> Floats:
        """Read values of shape (profile, variable, …, level), or (profile, level) without a dimension of variables."""
        variable, axes = self._variables[name], self._axes
        dimensions = variable.dimensions
        values = storage.read_floats(
            variable, tuple(block if name == axes.profile else slice(None) for name in dimensions)
        )
        extra = [name for name in dimensions if name not in axes]
        order = [name for name in (axes.profile, axes.variable, *extra, axes.level) if name in dimensions]
        return np.transpose(values, [dimensions.index(name) for name in order])


def _has_layout(data: storage.OpenDataset, name: str, axes: _Axes) -> bool:
    """Return whether a variable exists with the dimensions of the layout."""
    if name not in data.variables:
        return False
    dimensions = data.variables[name].dimensions
    if name == "depth":
        return set(dimensions) in ({axes.profile, axes.level}, set(axes))
    return set(axes) <= set(dimensions) and len(dimensions) == len(axes) + (name in _WITH_LEADS)


def _pack_floats(values: Floats) -> Any:
    return pack_array(values.astype("<f4"))


def _read_position(variable: storage.Variable, count: int) -> Floats:
    values = storage.read_floats(variable)
    if values.shape != (count,):
        raise storage.Unreadable("{name} is not of profiles", name=variable.name)
    return values


def _read_texts(data: storage.OpenDataset, name: str, count: int) -> list[str]:
    """Read characters or numbers as texts; where a file has none, their indices."""
    if name not in data.variables:
        return [str(index) for index in range(count)]
    texts = storage.read_texts(data.variables[name])
    if len(texts) != count:
        raise storage.Unreadable("{name} is not one text each", name=name)
    return [text.replace("\0", "").strip() for text in texts]


def _read_units(data: storage.OpenDataset, keys: list[str]) -> list[str]:
    """Read the units; where a file has numbers instead of words, those of the layout."""
    return [
        _DEFAULT_UNITS.get(_NAMES.get(key, ""), "") if not text or text.lstrip("-").isdecimal() else text
        for key, text in zip(keys, _read_texts(data, "unitname", len(keys)), strict=True)
    ]


def _read_times(data: storage.OpenDataset, count: int) -> list[str | None]:
    """Read the times of the profiles in ISO 8601; None where there is none."""
    if "juld" not in data.variables:
        return [None] * count
    variable = data.variables["juld"]
    seconds = _read_seconds(variable, storage.get_attribute(variable, "units", _DEFAULT_TIME_UNITS))
    if len(seconds) != count:
        raise storage.Unreadable("juld is not of profiles")
    return [None if instant is None else format_time(instant) for instant in seconds]


def _read_leads(data: storage.OpenDataset, axes: _Axes) -> list[ForecastLead]:
    """Read the dates and lead times of the forecasts, where the file has them."""
    if not _has_layout(data, "forecast", axes):
        return []
    forecast = data.variables["forecast"]
    (count,) = (size for name, size in zip(forecast.dimensions, forecast.shape, strict=True) if name not in axes)
    dates: list[int | None] = [None] * count
    leads: list[float | None] = [None] * count
    units = ""
    if "modeljuld" in data.variables and storage.get_attribute(data.variables["modeljuld"], "units"):
        dates = _read_seconds(data.variables["modeljuld"], storage.get_attribute(data.variables["modeljuld"], "units"))
    if "leadtime" in data.variables:
        units = str(storage.get_attribute(data.variables["leadtime"], "units", "")).strip().lower()
        leads = [float(lead) if np.isfinite(lead) else None for lead in storage.read_floats(data.variables["leadtime"])]
    if len(dates) != count or len(leads) != count:
        raise storage.Unreadable("modeljuld or leadtime is not of forecasts")
    return [ForecastLead(time=time, lead=lead, units=units) for time, lead in zip(dates, leads, strict=True)]


def _read_seconds(variable: storage.Variable, units_text: Any) -> list[int | None]:
    """Read instants as s since 1970-01-01 UTC; None where there is none, or one beyond the years of a calendar."""
    units = parse_time_units(str(units_text), str(storage.get_attribute(variable, "calendar", "")))
    values = storage.read_floats(variable).ravel()
    if units is None:
        return [None] * len(values)
    valid = np.isfinite(values) & (np.abs(values * units.seconds) < _LATEST)
    seconds = unix_seconds(to_calendar_seconds(np.where(valid, values, 0.0), units), units.calendar)
    valid &= (seconds > _EARLIEST) & (seconds < _LATEST)
    return [int(instant) if is_valid else None for instant, is_valid in zip(seconds, valid, strict=True)]
