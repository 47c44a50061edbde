"""All that a Class 4 file says: in blocks of profiles, since a day of them can be larger than the memory."""

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np

from ocean_common.contracts.class4 import Class4Profile, Class4Values
from ocean_core.time import format_time, parse_time_units, to_calendar_seconds, unix_seconds
from ocean_metadata.class4.names import FileName
from ocean_metadata.class4.records import About, Lead, Points
from ocean_metadata.class4.view import rms
from ocean_metadata.index.file_header import pack
from ocean_metadata.index.reading import Floats, floats
from ocean_metadata.index.reasons import Unreadable
from ocean_metadata.index.stores import Opened, Variable, attribute

MOST_PROFILES = 200_000
MOST_CELLS = 4_000_000  # of one profile
BLOCK = 4_000_000  # cells that are read at once
EPOCH = "days since 1950-01-01 00:00:00 utc"  # of the layout, where a file does not tell
NEEDED = ("latitude", "longitude", "depth", "observation", "best_estimate")
# What the layout calls its variables, where a file has no words for them.
NAMES = {"votemper": "Temperature", "TEMP": "Temperature", "vosaline": "Salinity", "PSAL": "Salinity"}
UNITS = {"Temperature": "Celsius", "Salinity": "PSU"}
# A field of `Class4Values`, and the variable of the layout.
OF_MODELS = {
    "best_estimate": "best_estimate",
    "analysis": "nrt_analysis",
    "climatology": "climatology",
    "forecasts": "forecast",
    "persistence": "persistence",
    "flags": "qc",
}
OF_LEADS = {"forecast", "persistence"}
EARLIEST, LATEST = -60_000_000_000, 200_000_000_000  # s since 1970: years that people have words for


class Encoded(NamedTuple):
    """A file as it is kept: MessagePack, of profiles compressed."""

    about: bytes
    points: bytes
    profiles: list[bytes]


class _Axes(NamedTuple):
    """The names of dimensions."""

    profile: str
    variable: str
    level: str


def read(data: Opened, name: FileName, at_once: int = BLOCK) -> Encoded:
    """Read a file, so many cells at once; or Unreadable."""
    axes, shape = _axes(data)
    count = shape[0]
    about = About(
        day=name.day,
        model=name.model,
        version=name.version,
        title=_title(data),
        variables=_texts(data, "varname", shape[1]),
        leads=_leads(data, axes),
        profiles=count,
    )
    errors, profiles = np.full(count, np.nan), list[bytes]()
    reader = _Reader(data, name.id, axes, about.variables)
    step = max(1, at_once // (shape[1] * shape[2] * max(1, len(about.leads))))
    for start in range(0, count, step):
        block = slice(start, min(start + step, count))
        errors[block], found = reader.block(block)
        profiles += [zlib.compress(msgspec.msgpack.encode(one), 1) for one in found]
    points = Points(
        names=reader.names,
        latitude=pack(reader.latitude),
        longitude=pack(reader.longitude),
        error=pack(errors),
    )
    return Encoded(msgspec.msgpack.encode(about), msgspec.msgpack.encode(points), profiles)


def _axes(data: Opened) -> tuple[_Axes, tuple[int, ...]]:
    """The dimensions of what was observed: by the names of the layout, else by their order."""
    missing = [name for name in NEEDED if name not in data.variables]
    if missing:
        raise Unreadable("it has no {missing}, which a Class 4 file has", missing=", ".join(missing))
    observed = data.variables["observation"]
    if len(observed.dimensions) != 3:
        raise Unreadable("observation is not of profiles, variables and levels")
    lengths = dict(zip(observed.dimensions, observed.shape, strict=True))
    layout = ("numobs", "numvars", "numdeps")
    axes = _Axes(*(layout if set(layout) == set(lengths) else observed.dimensions))
    shape = tuple(lengths[each] for each in axes)
    if not shape[1] or not shape[2]:
        raise Unreadable("it has no variables or no levels")
    if shape[0] > MOST_PROFILES or shape[1] * shape[2] > MOST_CELLS:
        raise Unreadable(
            "it has {shape} profiles of {rows} variables and {shape3} levels: too many",
            shape=shape[0],
            rows=shape[1],
            shape3=shape[2],
        )
    return axes, shape


class _Reader:
    """Reads the profiles of a file, block by block."""

    def __init__(self, data: Opened, file: str, axes: _Axes, keys: list[str]) -> None:
        observed = data.variables["observation"]
        count = observed.shape[observed.dimensions.index(axes.profile)]
        self._file = file
        self._axes = axes
        self._keys = keys
        self._units = _units(data, keys)
        self._variables = {
            name: data.variables[name] for name in (*NEEDED[2:], *OF_MODELS.values()) if _fits(data, name, axes)
        }
        self._present = {field: name for field, name in OF_MODELS.items() if name in self._variables}
        for name in NEEDED[2:]:
            if name not in self._variables:
                raise Unreadable("{name} is not of profiles, variables and levels", name=name)
        self.names = _texts(data, "id", count)
        self._instruments = _texts(data, "type", count) if "type" in data.variables else [""] * count
        self._times = _times(data, count)
        self.latitude = _one(data.variables["latitude"], count)
        self.longitude = _one(data.variables["longitude"], count)

    def block(self, block: slice) -> tuple[Floats, Iterator[Class4Profile]]:
        """The errors of a block's profiles, and the profiles."""
        observed = self._read("observation", block)
        depth = self._read("depth", block)
        found = {field: self._read(name, block) for field, name in self._present.items()}
        errors = rms(observed[:, 0], found["best_estimate"][:, 0])
        return errors, (
            self._profile(index, observed[at], depth[at], {field: each[at] for field, each in found.items()})
            for at, index in enumerate(range(block.start, block.stop))
        )

    def _profile(self, index: int, observed: Floats, depth: Floats, found: dict[str, Floats]) -> Class4Profile:
        level = depth[0] if depth.ndim == 2 else depth
        kept = np.isfinite(level) & np.isfinite(observed).any(axis=0)
        return Class4Profile(
            file=self._file,
            index=index,
            name=self.names[index],
            instrument=self._instruments[index],
            latitude=float(self.latitude[index]),
            longitude=float(self.longitude[index]),
            time=self._times[index],
            depth=_pack(level[kept]),
            variables=[
                Class4Values(
                    key=key,
                    name=NAMES.get(key, key),
                    units=units,
                    observed=_pack(observed[number][kept]),
                    **{field: _pack(each[number][..., kept]) for field, each in found.items()},
                )
                for number, (key, units) in enumerate(zip(self._keys, self._units, strict=True))
            ],
        )

    def _read(self, name: str, block: slice) -> Floats:
        """Values of shape (profile, variable, …, level), or (profile, level) where they are of no variable."""
        one, axes = self._variables[name], self._axes
        values = floats(one, tuple(block if each == axes.profile else slice(None) for each in one.dimensions))
        others = [each for each in one.dimensions if each not in axes]
        order = [each for each in (axes.profile, axes.variable, *others, axes.level) if each in one.dimensions]
        return np.transpose(values, [one.dimensions.index(each) for each in order])


def _fits(data: Opened, name: str, axes: _Axes) -> bool:
    """Whether a variable is there, and has the dimensions of the layout."""
    if name not in data.variables:
        return False
    own = data.variables[name].dimensions
    if name == "depth":
        return set(own) in ({axes.profile, axes.level}, set(axes))
    return set(axes) <= set(own) and len(own) == len(axes) + (name in OF_LEADS)


def _pack(values: Floats) -> Any:
    return pack(values.astype("<f4"))


def _one(variable: Variable, count: int) -> Floats:
    values = floats(variable)
    if values.shape != (count,):
        raise Unreadable("{name} is not of profiles", name=variable.name)
    return values


def _title(data: Opened) -> str | None:
    title = attribute(data, "title")
    return title if isinstance(title, str) and title.strip() else None


def _texts(data: Opened, name: str, count: int) -> list[str]:
    """Texts of characters, or numbers as texts; where a file has none, their numbers."""
    if name not in data.variables:
        return [str(number) for number in range(count)]
    values = np.asarray(data.variables[name][...])
    if values.dtype.kind == "S" and values.ndim == 2:
        texts = [b"".join(row.tolist()).decode("utf-8", "replace") for row in values]
    else:
        texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in values.tolist()]
    if len(texts) != count:
        raise Unreadable("{name} is not one text each", name=name)
    return [one.replace("\0", "").strip() for one in texts]


def _units(data: Opened, keys: list[str]) -> list[str]:
    """As the file tells; where it has numbers instead of words, as the layout has them."""
    told = _texts(data, "unitname", len(keys))
    return [
        UNITS.get(NAMES.get(key, ""), "") if not text or text.lstrip("-").isdecimal() else text
        for key, text in zip(keys, told, strict=True)
    ]


def _times(data: Opened, count: int) -> list[str | None]:
    """ISO 8601; None where there is no time."""
    if "juld" not in data.variables:
        return [None] * count
    variable = data.variables["juld"]
    found = _seconds(variable, attribute(variable, "units", EPOCH))
    if len(found) != count:
        raise Unreadable("juld is not of profiles")
    return [None if one is None else format_time(one) for one in found]


def _leads(data: Opened, axes: _Axes) -> list[Lead]:
    """The forecasts, by their dates and lead times where the file tells them."""
    if not _fits(data, "forecast", axes):
        return []
    one = data.variables["forecast"]
    count = next(size for each, size in zip(one.dimensions, one.shape, strict=True) if each not in axes)
    dates: list[int | None] = [None] * count
    leads: list[float | None] = [None] * count
    units = ""
    if "modeljuld" in data.variables and attribute(data.variables["modeljuld"], "units"):
        dates = _seconds(data.variables["modeljuld"], attribute(data.variables["modeljuld"], "units"))
    if "leadtime" in data.variables:
        units = str(attribute(data.variables["leadtime"], "units", "")).strip().lower()
        leads = [float(each) if np.isfinite(each) else None for each in floats(data.variables["leadtime"])]
    if len(dates) != count or len(leads) != count:
        raise Unreadable("modeljuld or leadtime is not of forecasts")
    return [Lead(time=time, lead=lead, units=units) for time, lead in zip(dates, leads, strict=True)]


def _seconds(variable: Variable, units: Any) -> list[int | None]:
    """Seconds since 1970-01-01 UTC; None where there is no time, or none that a calendar of people has."""
    understood = parse_time_units(str(units), str(attribute(variable, "calendar", "")))
    values = floats(variable).ravel()
    if understood is None:
        return [None] * len(values)
    known = np.isfinite(values) & (np.abs(values * understood.seconds) < LATEST)
    found = unix_seconds(to_calendar_seconds(np.where(known, values, 0.0), understood), understood.calendar)
    known &= (found > EARLIEST) & (found < LATEST)
    return [int(one) if fine else None for one, fine in zip(found, known, strict=True)]
