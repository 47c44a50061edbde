"""CoverageJSON 1.0 (OGC 21-069r2): one coverage, or a collection of them where no domain type holds all.

=================================  ============================================================
one place                          Point, PointSeries, VerticalProfile; Grid over depth and time
points                             MultiPoint, MultiPointSeries; over depth, each point its own
transect                           Section, one at every time
trajectory                         Trajectory
parallels and meridians, or a map  Grid
cells of any other grid            MultiPoint or MultiPointSeries, one at every level
=================================  ============================================================

Beside the variables only the true depths are told: other things of places (land, the sea floor) have no axes of theirs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from ocean_common.contracts.assets import VariableInfo
from ocean_core.errors import UnsupportedFormat
from ocean_core.time import format_calendar_times, format_times
from ocean_core.units import canonical_units
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Extraction, Field, Parts, Values
from ocean_data.writing.metadata import attribution, plane_crs, variable_fields
from ocean_data.writing.numbers import nest_numbers

Json = dict[str, Any]

STANDARD_NAME = "http://vocab.nerc.ac.uk/standard_name/{}/"
UCUM = "http://www.opengis.net/def/uom/UCUM/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CALENDAR = "https://cfconventions.org/cf-conventions/cf-conventions.html#{}"
REAL_CALENDARS = {"standard", "gregorian", "proleptic_gregorian"}

# Units with another symbol in UCUM, by the core's spelling or in lower case; the others are the same, or unknown.
UCUM_SYMBOLS = {
    "degree_C": "Cel", "degree": "deg", "degree_north": "deg", "degrees_north": "deg", "degree_east": "deg",
    "degrees_east": "deg", "percent": "%", "1e-3": "10*-3", "1e3": "10*3", "day": "d", "days": "d", "hour": "h",
    "hours": "h",
}  # fmt: skip
SAME_SYMBOLS = {
    "1", "m", "km", "cm", "mm", "s", "d", "h", "K", "kg", "g", "mg", "ug", "mol", "mmol", "umol", "nmol", "l", "L",
    "ml", "Pa", "hPa", "kPa", "dbar", "bar", "W", "kW", "J", "N", "%", "rad", "deg", "Hz", "S", "mS", "V", "Sv",
}  # fmt: skip
_POWER = re.compile(r"([A-Za-z%]+)(?:\^|\*\*)?(-?\d+)?")
VERSION = "http://www.opengis.net/spec/covjson/1.0"
PLANE = "projection_{}_coordinate"
LINES = {"transect", "section"}

Arrays = dict[str, NDArray[Any]]


class CovJson:
    """Writes CoverageJSON."""

    media_type = "application/vnd.cov+json"
    suffix = "covjson"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """One piece: domains and ranges stand apart."""
        yield msgspec.json.encode(write_covjson(extraction, extraction.collect(parts), revision))


@dataclass(frozen=True, kw_only=True)
class Group:
    """Variables on the same dimensions: what goes into the same coverages."""

    extraction: Extraction
    dims: tuple[str, ...]
    x: Coordinate
    y: Coordinate
    t: list[str] | None
    z: NDArray[np.float64] | None  # of the levels, or of the one that all values have
    arrays: Arrays  # (time, level, place…): one of each where there is none

    @property
    def deep(self) -> bool:
        """True if there is a dimension of depth."""
        return any(name.startswith("depth") for name in self.dims)

    @property
    def alone(self) -> bool:
        """True if it is of one time, or of none."""
        return self.t is None or len(self.t) == 1

    def times(self) -> Json:
        return {} if self.t is None else {"t": {"values": self.t}}

    def levels(self) -> Json:
        return {} if self.z is None else {"z": {"values": nest_numbers(self.z)}}


def write_covjson(extraction: Extraction, values: dict[str, Values], revision: str) -> Json:
    """The whole."""
    groups = _groups(extraction, values)
    coverages = [coverage for group in groups for coverage in _coverages(group)]
    shown = {key for group in groups for key in group.arrays}
    parameters = {
        coverage.key: describe_parameter(coverage.variable) for coverage in extraction.fields if coverage.key in shown
    }
    document: Json = {"conformsTo": [VERSION], "parameters": parameters}
    beside = {
        "ocean:dataset": extraction.dataset,
        "ocean:kind": extraction.kind,
        "ocean:attribution": attribution(extraction),
        "ocean:revision": revision,
        "ocean:facts": {key: fact for key, fact in extraction.facts.items() if key != "crs_wkt"},
    }
    document |= {key: value for key, value in beside.items() if value}
    referencing = _referencing(extraction, groups)
    if len(coverages) == 1:
        coverage = coverages[0]
        return {"type": "Coverage", **document, "domain": coverage["domain"] | {"referencing": referencing}} | {
            "ranges": coverage["ranges"]
        }
    kinds = {coverage["domain"].get("domainType") for coverage in coverages}
    same = {"domainType": kinds.pop()} if len(kinds) == 1 and None not in kinds else {}
    return {"type": "CoverageCollection", **same, **document, "referencing": referencing, "coverages": coverages}


def _groups(extraction: Extraction, values: dict[str, Values]) -> list[Group]:
    fields_by_dims: dict[tuple[str, ...], list[Field]] = {}
    for field in variable_fields(extraction):
        fields_by_dims.setdefault(field.dims, []).append(field)
    depth_field = next((field for field in extraction.fields if field.auxiliary and field.key == "depth"), None)
    groups = []
    for dims, fields in fields_by_dims.items():
        arrays = {field.key: _standard(field.dims, values[field.key]) for field in fields}
        if depth_field is not None and set(depth_field.dims) <= set(dims) and depth_field.key not in arrays:
            array = next(iter(arrays.values()))
            arrays[depth_field.key] = np.broadcast_to(_standard(depth_field.dims, values[depth_field.key]), array.shape)
        x, y = _plane(extraction)
        groups.append(
            Group(
                extraction=extraction,
                dims=dims,
                x=x,
                y=y,
                t=_times(extraction) if "time" in dims or extraction.kind == "trajectory" else None,
                z=_levels(extraction, dims),
                arrays=arrays,
            )
        )
    return groups


def _standard(dims: tuple[str, ...], values: Values) -> Values:
    """With axes of time and depth, whether or not it has them."""
    if "time" not in dims:
        values = values[np.newaxis]
    if not any(name.startswith("depth") for name in dims):
        values = values[:, np.newaxis]
    return values


def _plane(extraction: Extraction) -> tuple[Coordinate, Coordinate]:
    """Return the coordinates x and y: of the plane of a map, else longitude and latitude."""
    x, y = extraction.coordinate("x"), extraction.coordinate("y")
    mapped = plane_crs(extraction.facts) is not None and x is not None and x.standard_name == PLANE.format("x")
    if not mapped:
        x, y = extraction.coordinate("longitude"), extraction.coordinate("latitude")
    if x is None or y is None:
        raise UnsupportedFormat(
            "{kind} have no places of their own: ask for json or csv",
            kind=extraction.kind,
            field="format",
            allowed=["json", "csv"],
        )
    return x, y


def _times(extraction: Extraction) -> list[str] | None:
    """ISO 8601; the dates of a model's own calendar as it names them."""
    time, raw, calendar = extraction.coordinate("time"), extraction.coordinate("raw_time"), extraction.calendar
    if time is None:
        return None
    if calendar in REAL_CALENDARS or raw is None or raw.units is None:
        return format_times(np.asarray(time.values), zone="Z")
    return format_calendar_times(np.asarray(raw.values), raw.units, calendar)


def _levels(extraction: Extraction, dims: tuple[str, ...]) -> NDArray[np.float64] | None:
    depth_dims = tuple(name for name in dims if name.startswith("depth"))
    levels = next(
        (
            coordinate
            for coordinate in extraction.coordinates
            if coordinate.name.startswith(("depth", "level"))
            and coordinate.dims == depth_dims
            and not isinstance(coordinate.values, list)
        ),
        None,
    )
    if levels is None and extraction.kind == "trajectory":
        levels = extraction.coordinate("depth")
    return None if levels is None else np.ravel(np.asarray(levels.values, dtype=np.float64))


def _referencing(extraction: Extraction, groups: Sequence[Group]) -> list[Json]:
    x, _ = _plane(extraction)
    crs = plane_crs(extraction.facts) if x.name == "x" else None
    references = [horizontal_reference(crs)]
    if any(group.z is not None for group in groups):
        real = any(group.name.startswith("depth") for group in extraction.coordinates)
        references.append(vertical_reference("Depth", "m") if real else vertical_reference("Level", "1"))
    if any(group.t is not None for group in groups):
        # Times that were given by the asker are of the real calendar.
        references.append(temporal_reference(extraction.calendar if extraction.coordinate("raw_time") else "standard"))
    return references


def _coverages(group: Group) -> list[Json]:
    """The coverages of a group."""
    places = [name for name in group.dims if name != "time" and not name.startswith("depth")]
    if group.extraction.kind == "trajectory":
        return [_trajectory(group)]
    if not places:
        return [_one(group, *_flat(group), group.arrays)]
    if group.y.dims == (places[0],) and group.x.dims == tuple(places[1:]):
        return [_grid(group)]
    x, y = _flat(group)
    arrays = {key: values.reshape(*values.shape[:2], -1) for key, values in group.arrays.items()}
    if group.deep and group.extraction.kind in LINES:
        return [_section(group, x, y, arrays, number) for number in range(len(group.t or [""]))]
    if group.deep and places == ["point"]:
        numbers = range(x.size)
        return [_one(group, x[n : n + 1], y[n : n + 1], {k: a[:, :, n] for k, a in arrays.items()}) for n in numbers]
    return [_points(group, x, y, arrays, level) for level in range(next(iter(arrays.values())).shape[1])]


def _flat(group: Group) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.ravel(np.asarray(group.x.values)), np.ravel(np.asarray(group.y.values))


def _one(group: Group, x: NDArray[Any], y: NDArray[Any], arrays: Arrays) -> Json:
    """One place; the arrays are (time, level)."""
    axes = {"x": {"values": nest_numbers(x)}, "y": {"values": nest_numbers(y)}, **group.levels(), **group.times()}
    if group.deep and not group.alone:
        return _coverage(
            "Grid", axes, ["t", "z", "y", "x"], {k: a[..., np.newaxis, np.newaxis] for k, a in arrays.items()}
        )
    if group.deep:
        return _coverage("VerticalProfile", axes, ["z"], {key: values[0] for key, values in arrays.items()})
    if not group.alone:
        return _coverage("PointSeries", axes, ["t"], {key: values[:, 0] for key, values in arrays.items()})
    return _coverage("Point", axes, [], {key: values[0, 0] for key, values in arrays.items()})


def _grid(group: Group) -> Json:
    x, y = _flat(group)
    axes = {"x": {"values": nest_numbers(x)}, "y": {"values": nest_numbers(y)}, **group.levels(), **group.times()}
    names = [*(["t"] if group.t is not None else []), *(["z"] if group.deep else []), "y", "x"]
    shape = [len(axes[name]["values"]) for name in names]
    return _coverage("Grid", axes, names, {key: values.reshape(shape) for key, values in group.arrays.items()})


def _section(group: Group, x: NDArray[Any], y: NDArray[Any], arrays: Arrays, number: int) -> Json:
    """The slice at one time."""
    columns = [nest_numbers(x), nest_numbers(y)]
    composite = _tuples(["x", "y"], columns)
    if group.t is not None:
        composite = _tuples(["t", "x", "y"], [[group.t[number]] * x.size, *columns])
    axes = {"composite": composite, **group.levels()}
    kind = None if group.t is None else "Section"
    return _coverage(kind, axes, ["z", "composite"], {key: values[number] for key, values in arrays.items()})


def _points(group: Group, x: NDArray[Any], y: NDArray[Any], arrays: Arrays, level: int) -> Json:
    """Places at one level."""
    finite = np.isfinite(x) & np.isfinite(y)
    columns, names = [nest_numbers(x[finite]), nest_numbers(y[finite])], ["x", "y"]
    if group.z is not None:
        columns, names = [*columns, [float(group.z[level])] * len(columns[0])], ["x", "y", "z"]
    axes = {"composite": _tuples(names, columns), **group.times()}
    at_level = {key: values[:, level][:, finite] for key, values in arrays.items()}
    if group.alone:
        return _coverage("MultiPoint", axes, ["composite"], {key: values[0] for key, values in at_level.items()})
    return _coverage("MultiPointSeries", axes, ["t", "composite"], at_level)


def _trajectory(group: Group) -> Json:
    x, y = _flat(group)
    columns, names = [group.t, nest_numbers(x), nest_numbers(y)], ["t", "x", "y"]
    if group.z is not None and group.z.size == x.size:
        columns, names = [*columns, nest_numbers(group.z)], [*names, "z"]
    axes: Json = {"composite": _tuples(names, columns)}
    if group.z is not None and group.z.size != x.size:
        axes |= group.levels()
    return _coverage("Trajectory", axes, ["composite"], {key: values.ravel() for key, values in group.arrays.items()})


def _tuples(names: list[str], columns: Sequence[Any]) -> Json:
    return {"dataType": "tuple", "coordinates": names, "values": list(zip(*columns, strict=True))}


def _coverage(kind: str | None, axes: Json, names: list[str], arrays: Arrays) -> Json:
    domain = {"type": "Domain", **({"domainType": kind} if kind else {}), "axes": axes}
    return {
        "type": "Coverage",
        "domain": domain,
        "ranges": {key: _range(names, values) for key, values in arrays.items()},
    }


def _range(names: list[str], values: NDArray[Any]) -> Json:
    return {
        "type": "NdArray",
        "dataType": "float",
        "axisNames": names,
        "shape": list(values.shape),
        "values": nest_numbers(values.ravel()),
    }


def ucum_symbol(units: str) -> str | None:
    """Return the UCUM symbol of units as CF writes them; None if they are not known."""
    text = canonical_units(units) if units.strip() else ""
    symbol = UCUM_SYMBOLS.get(text, UCUM_SYMBOLS.get(text.lower()))
    if symbol is not None:
        return symbol
    symbols: list[str] = []
    for number, group in enumerate(text.split("/")):
        pieces = [_POWER.fullmatch(piece) for piece in re.split(r"[ .]+", group.strip())]
        if text == "1":
            return text
        for piece in pieces:
            if piece is None or piece[1] not in SAME_SYMBOLS:
                return None
            power = int(piece[2] or 1) * (-1 if number else 1)
            symbols.append(piece[1] if power == 1 else f"{piece[1]}{power}")
    return ".".join(symbols)


def describe_parameter(info: VariableInfo) -> Json:
    """A variable as CoverageJSON tells it."""
    observed: Json = {"label": {"en": (info.standard_name or info.name).replace("_", " ")}}
    if info.standard_name:
        observed["id"] = STANDARD_NAME.format(info.standard_name)
    parameter: Json = {
        "type": "Parameter",
        "label": {"en": info.name},
        "description": {"en": info.long_name or info.name},
        "observedProperty": observed,
    }
    if info.categories:
        ids = [f"#{number}" for number in range(len(info.categories))]
        observed["categories"] = [
            {"id": category, "label": {"en": label}} for category, label in zip(ids, info.categories, strict=True)
        ]
        parameter["categoryEncoding"] = {category: number for number, category in enumerate(ids)}
    elif info.units:
        symbol = ucum_symbol(info.units)
        parameter["unit"] = {
            "label": {"en": info.units},
            "symbol": {"value": symbol, "type": UCUM} if symbol else info.units,
        }
    return parameter


def horizontal_reference(crs: CRS | None) -> Json:
    """The reference system of x and y."""
    if crs is None or crs.is_geographic:
        return {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": CRS84}}
    authority = crs.to_authority()
    system: Json = {"type": "ProjectedCRS", "description": {"en": crs.name}}
    if authority:
        system["id"] = "http://www.opengis.net/def/crs/{}/0/{}".format(*authority)
    return {"coordinates": ["x", "y"], "system": system}


def vertical_reference(name: str, units: str) -> Json:
    """The reference system of z."""
    axis = {"name": {"en": name}, "direction": "down", "unit": {"symbol": units}}
    return {"coordinates": ["z"], "system": {"type": "VerticalCRS", "cs": {"csAxes": [axis]}}}


def temporal_reference(calendar: str) -> Json:
    """The reference system of t."""
    name = "Gregorian" if calendar in REAL_CALENDARS else CALENDAR.format(calendar)
    return {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": name}}
