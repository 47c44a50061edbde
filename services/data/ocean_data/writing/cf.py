"""Any extraction as a NetCDF dataset: its dimensions, variables and attributes by the CF and ACDD conventions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_core.time import format_times, is_cf_time
from ocean_data import __version__
from ocean_data.plan.extraction import Coordinate, Extraction, Field, calendar, coordinate
from ocean_data.writing.crs import FACTS, grid_mapping
from ocean_data.writing.words import answered, attribution, is_time

Attribute = str | int | float | NDArray[Any]

CONVENTIONS = "CF-1.11, ACDD-1.3"
FILL = 9.969209968386869e36  # the library's own: exact in both types
LENGTH = "name_length"  # dimension of texts that are arrays of characters
# A dimension is called like the coordinate along it: that makes it a coordinate variable.
ALONG = {"y": "latitude", "x": "longitude"}
FEATURES = {
    frozenset(): "point",
    frozenset({"time"}): "timeSeries",
    frozenset({"depth"}): "profile",
    frozenset({"time", "depth"}): "timeSeriesProfile",
}
PLACED = {"point", "profile", "timeseries"}  # kinds that are of one place if there is no dimension of points
AXES = {"latitude": "Y", "longitude": "X", "projection_y_coordinate": "Y", "projection_x_coordinate": "X", "depth": "Z"}

MESH = "node"  # the dimension of a mesh of triangles
TOPOLOGY: dict[str, Attribute] = {
    "cf_role": "mesh_topology",
    "topology_dimension": 2,
    "node_coordinates": "longitude latitude",
    "face_node_connectivity": "triangles",
}

_NAME = re.compile(r"[^A-Za-z0-9_.@+-]")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable of the file."""

    name: str
    dims: tuple[str, ...]
    dtype: np.dtype[Any]  # object: texts
    attributes: dict[str, Attribute]
    values: NDArray[Any] | None = None  # None: they are read
    key: str | None = None  # by which they are read


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What stands in the file."""

    dims: dict[str, int]
    first: str | None  # the dimension whose rows are read in parts
    variables: Sequence[Variable]
    attributes: dict[str, Attribute] = field(default_factory=dict)


def layout(extraction: Extraction, revision: str, *, classic: bool) -> Layout:
    """Lay out a file; ``classic``: with the types of NetCDF-3, which have no texts and no long integers."""
    names = _dimension_names(extraction)
    known = [_coordinate(extraction, one, names) for one in extraction.coordinates if one.name != "raw_time"]
    taken = {one.name for one in known} | set(names.values())
    mapping = grid_mapping(extraction.facts)
    mesh = coordinate(extraction, "triangles")
    read = [_field(one, names, taken) for one in extraction.fields]
    beside = [*known, *(made for made, one in zip(read, extraction.fields, strict=True) if one.auxiliary)]
    own = {one.key for one in answered(extraction)}
    read = [_referring(one, beside, mapping is not None) if one.key in own else one for one in read]
    if mesh is not None:
        read = [_on_mesh(one, names[MESH]) for one in read]
        known.append(
            Variable(name="mesh", dims=(), dtype=np.dtype("i4"), attributes=TOPOLOGY, values=np.array(0, dtype="i4"))
        )
    if mapping is not None:
        known.append(
            Variable(name="crs", dims=(), dtype=np.dtype("i4"), attributes=mapping, values=np.array(0, dtype="i4"))
        )
    dims = {names[name]: size for name, size in extraction.dims.items()}
    first = next(iter(dims), None)
    made = Layout(dims=dims, first=first, variables=[*known, *read], attributes=_told(extraction, revision))
    return _classic(made) if classic else made


def filled(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values as they are written: the fill value where there is nothing."""
    if values.dtype.kind != "f":
        return values.astype(dtype, copy=False)
    return np.where(np.isfinite(values), values, FILL).astype(dtype, copy=False)


def _dimension_names(extraction: Extraction) -> dict[str, str]:
    along = {one.dims[0]: one.name for one in reversed(extraction.coordinates) if len(one.dims) == 1}
    names = {one.name for one in extraction.coordinates}
    found = {}
    for dim in extraction.dims:
        wanted = ALONG.get(dim) or dim.replace("depth", "level")
        there = dim not in names and any(one.name == wanted and one.dims == (dim,) for one in extraction.coordinates)
        found[dim] = _safe(wanted if there and dim in along else dim)
    return found


def _safe(name: str) -> str:
    """A name that every version of NetCDF takes."""
    cleaned = _NAME.sub("_", name)
    return cleaned if re.match(r"[A-Za-z_]", cleaned) else f"_{cleaned}"


def _coordinate(extraction: Extraction, one: Coordinate, names: dict[str, str]) -> Variable:
    dims = tuple(names[name] for name in one.dims)
    shape = tuple(extraction.dims[name] for name in one.dims)
    told = {"standard_name": one.standard_name, "long_name": one.long_name, "units": one.units}
    attributes: dict[str, Attribute] = {key: text for key, text in told.items() if text}
    if isinstance(one.values, list):
        texts = np.array(one.values, dtype=object).reshape(shape)
        if one.name == "name":
            attributes["cf_role"] = "timeseries_id"
        attributes.pop("units", None)
        return Variable(name=_safe(one.name), dims=dims, dtype=texts.dtype, attributes=attributes, values=texts)
    values = np.asarray(one.values).reshape(shape)
    if one.name == "triangles":
        attributes |= {"cf_role": "face_node_connectivity", "start_index": 0}
    if is_time(one):
        values, when = _time(extraction, values)
        attributes |= when
    axis = "T" if is_time(one) else AXES.get(one.standard_name or one.name)
    if axis is None and one.name.startswith(("depth", "level")):
        axis = "Z"
    if axis and dims in {(), (_safe(one.name),)}:
        attributes["axis"] = axis
    if axis == "Z":
        attributes["positive"] = "down"
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        attributes["_FillValue"] = FILL
    return Variable(name=_safe(one.name), dims=dims, dtype=values.dtype, attributes=attributes, values=values)


def _time(extraction: Extraction, seconds: NDArray[Any]) -> tuple[NDArray[Any], dict[str, Attribute]]:
    """Times as in the files, so that the dates of every calendar are kept; else seconds since 1970."""
    raw = coordinate(extraction, "raw_time")
    if raw is not None and raw.units:
        values, named = np.asarray(raw.values).reshape(seconds.shape), calendar(extraction)
        if is_cf_time(values.ravel()[:1], raw.units, named):
            return values, {"units": raw.units, "calendar": named}
    return seconds, {"units": "seconds since 1970-01-01 00:00:00", "calendar": "proleptic_gregorian"}


def _field(one: Field, names: dict[str, str], taken: set[str]) -> Variable:
    info, dtype = one.variable, np.dtype(one.dtype)
    told = {"standard_name": info.standard_name, "long_name": info.long_name or info.name, "units": info.units}
    attributes: dict[str, Attribute] = {key: text for key, text in told.items() if text}
    attributes["_FillValue"] = np.array(FILL, dtype=dtype)
    if info.categories:
        attributes["flag_values"] = np.arange(len(info.categories), dtype=dtype)
        attributes["flag_meanings"] = " ".join(re.sub(r"\W+", "_", label) for label in info.categories)
    if one.auxiliary and one.key == "depth":
        attributes["positive"] = "down"
    name = _safe(one.key)
    name = f"{name}_value" if name in taken else name
    taken.add(name)
    dims = tuple(names[dim] for dim in one.dims)
    return Variable(name=name, dims=dims, dtype=dtype, attributes=attributes, key=one.key)


def _referring(one: Variable, beside: Sequence[Variable], mapped: bool) -> Variable:
    """A variable that names its coordinates: those that are not dimensions of their own."""
    named = [other.name for other in beside if (other.name,) != other.dims and set(other.dims) <= set(one.dims)]
    added: dict[str, Attribute] = {"coordinates": " ".join(named)} if named else {}
    if mapped and len(one.dims) >= 2:
        added["grid_mapping"] = "crs"
    return replace(one, attributes=one.attributes | added)


def _on_mesh(one: Variable, nodes: str) -> Variable:
    """A variable at the nodes of a mesh, by the UGRID conventions."""
    if nodes not in one.dims:
        return one
    return replace(one, attributes=one.attributes | {"mesh": "mesh", "location": "node"})


def _told(extraction: Extraction, revision: str) -> dict[str, Attribute]:
    """What is told of the whole file."""
    words = {
        "Conventions": CONVENTIONS if coordinate(extraction, "triangles") is None else f"{CONVENTIONS}, UGRID-1.0",
        "title": extraction.title or extraction.dataset,
        "id": extraction.dataset,
        "source": f"dataset {extraction.dataset}",
        "history": f"{extraction.kind} extracted by Ocean Navigator data {__version__}",
        "acknowledgement": attribution(extraction),
        "revision": revision,
        "standard_name_vocabulary": "CF Standard Name Table",
        "featureType": _feature(extraction),
    }
    found: dict[str, Attribute] = {key: text for key, text in words.items() if text}
    found |= {_safe(key): value for key, value in extraction.facts.items() if key not in {*FACTS, *found}}
    for name, stem in (("latitude", "lat"), ("longitude", "lon"), ("depth", "vertical")):
        one = coordinate(extraction, name)
        if one is not None and not isinstance(one.values, list) and np.isfinite(one.values).any():
            found[f"geospatial_{stem}_min"] = float(np.nanmin(one.values))
            found[f"geospatial_{stem}_max"] = float(np.nanmax(one.values))
    time = coordinate(extraction, "time")
    if time is not None and len(time.values):
        ends = format_times(np.array([np.min(np.asarray(time.values)), np.max(np.asarray(time.values))]), zone="Z")
        found["time_coverage_start"], found["time_coverage_end"] = ends
    return found


def _feature(extraction: Extraction) -> str | None:
    """The discrete sampling geometry, where the file is one."""
    dims = set(extraction.dims)
    if extraction.kind == "trajectory":
        return "trajectory"
    if dims == {"point"}:
        return "point"
    return FEATURES.get(frozenset(dims)) if extraction.kind in PLACED else None


def _classic(made: Layout) -> Layout:
    """The same with the types of NetCDF-3."""
    texts = [one for one in made.variables if one.dtype == object]
    dims = dict(made.dims)
    if texts:
        longest = max(len(str(text).encode()) for one in texts for text in np.ravel(one.values))  # type: ignore[arg-type]  # texts are known
        dims[LENGTH] = max(4, -(-longest // 4) * 4)
    variables = [_narrowed(one, dims.get(LENGTH, 0)) for one in made.variables]
    return replace(made, dims=dims, variables=variables)


def _narrowed(one: Variable, length: int) -> Variable:
    if one.values is None:
        return one
    if one.dtype == object:
        joined = b"".join(str(text).encode().ljust(length, b"\0") for text in np.ravel(one.values))
        characters = np.frombuffer(joined, dtype="S1").reshape(*one.values.shape, length)
        attributes = one.attributes | {"_Encoding": "utf-8"}
        return replace(one, dims=(*one.dims, LENGTH), dtype=characters.dtype, values=characters, attributes=attributes)
    if one.dtype == np.int64:
        small = not one.values.size or np.abs(one.values).max() < 2**31
        values = one.values.astype("i4" if small else "f8")
        return replace(one, dtype=values.dtype, values=values)
    return one
