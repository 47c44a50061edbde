"""CoverageJSON 1.0 (OGC 21-069r2): one coverage, or a collection of them where no domain type holds all.

=================================  ============================================================
one place                          Point, PointSeries, VerticalProfile; Grid over depth and time
points                             MultiPoint, MultiPointSeries; over depth, each point its own
transect                           Section, one at every time
trajectory                         Trajectory
parallels and meridians, or a map  Grid
cells of any other grid            MultiPoint or MultiPointSeries, one at every level
=================================  ============================================================

Beside the variables only the true depths are written: other things of places (land, the sea floor) have no axes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.data import Kind
from ocean_common.coverages import describe_parameter, ucum_symbol
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Extraction, Field, Values, place_dimensions
from ocean_data.writing import DocumentWriter, level_direction, nest_numbers, no_places

Json = dict[str, Any]

CALENDAR = "https://cfconventions.org/cf-conventions/cf-conventions.html#{}"
REAL_CALENDARS = {"standard", "gregorian", "proleptic_gregorian"}

LINES = {"transect", "section"}
# Domain types of one place and their axes, by whether there are several times, and levels.
ONE_PLACE: dict[tuple[bool, bool], tuple[str, list[str]]] = {
    (False, False): ("Point", []),
    (True, False): ("PointSeries", ["t"]),
    (False, True): ("VerticalProfile", ["z"]),
    (True, True): ("Grid", ["t", "z", "y", "x"]),
}

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Variables on the same dimensions: what goes into the same coverages."""

    kind: Kind
    places: tuple[str, ...]  # dimensions
    deep: bool  # there is a dimension of depth
    x: Coordinate
    y: Coordinate
    t: list[Any] | None
    z: NDArray[np.float64] | None  # of the levels, or of the one that all values have
    arrays: Arrays  # (time, level, place…): one of each where there is none
    inside: NDArray[np.bool_] | None = None  # which places are asked for; None: all

    @property
    def several_times(self) -> bool:
        return self.t is not None and len(self.t) > 1

    @property
    def columns(self) -> dict[str, Any]:
        # Of every place, or along the axes.
        return {name: nest_numbers(np.ravel(item.values)) for name, item in (("x", self.x), ("y", self.y))}

    @property
    def times(self) -> Json:
        return {} if self.t is None else {"t": {"values": self.t}}

    @property
    def levels(self) -> Json:
        return {} if self.z is None else {"z": {"values": nest_numbers(self.z)}}


def write_covjson(extraction: Extraction, values: dict[str, Values], revision: str) -> Json:
    """Return the coverage, or the collection of several."""
    groups = _groups(extraction, values)
    coverages = [coverage for group in groups for coverage in _coverages(group)]
    shown = {key for group in groups for key in group.arrays}
    parameters = {field.key: describe_parameter(field.variable) for field in extraction.fields if field.key in shown}
    document: Json = {"conformsTo": ["http://www.opengis.net/spec/covjson/1.0"], "parameters": parameters}
    beside = {
        "ocean:dataset": extraction.dataset,
        "ocean:kind": extraction.kind,
        "ocean:attribution": extraction.attribution,
        "ocean:revision": revision,
        "ocean:facts": {key: fact for key, fact in extraction.facts.items() if key != "crs_wkt"},
    }
    document |= {key: value for key, value in beside.items() if value}
    referencing = _referencing(extraction, groups)
    if len(coverages) == 1:
        (coverage,) = coverages
        domain = coverage["domain"] | {"referencing": referencing}
        return {"type": "Coverage", **document, "domain": domain, "ranges": coverage["ranges"]}
    kinds = {coverage["domain"].get("domainType") for coverage in coverages}
    same = {"domainType": kinds.pop()} if len(kinds) == 1 and None not in kinds else {}
    return {"type": "CoverageCollection", **same, **document, "referencing": referencing, "coverages": coverages}


def write_in_degrees(extraction: Extraction, values: dict[str, Values], revision: str) -> Json:
    """Return the same with longitudes and latitudes, where places lie on the plane of a map."""
    facts = {key: fact for key, fact in extraction.facts.items() if key not in {"crs", "crs_wkt"}}
    return write_covjson(replace(extraction, facts=facts), values, revision)


COVJSON = DocumentWriter("application/vnd.cov+json", "covjson", write_covjson)
COVJSON_CRS84 = DocumentWriter("application/vnd.cov+json", "covjson", write_in_degrees)


def _groups(extraction: Extraction, values: dict[str, Values]) -> list[Group]:
    fields_by_dims: dict[tuple[str, ...], list[Field]] = {}
    for field in extraction.variables:
        fields_by_dims.setdefault(field.dims, []).append(field)
    depth = next((field for field in extraction.fields if field.auxiliary and field.key == "depth"), None)
    x, y = _plane(extraction)
    groups = []
    for dims, fields in fields_by_dims.items():
        arrays = {field.key: _with_all_axes(field, values) for field in fields}
        if depth is not None and set(depth.dims) <= set(dims) and depth.key not in arrays:
            shape = next(iter(arrays.values())).shape
            arrays[depth.key] = np.broadcast_to(_with_all_axes(depth, values), shape)
        t = _times(extraction) if "time" in dims or extraction.kind == "trajectory" else None
        depth_dims, places = tuple(name for name in dims if name.startswith("depth")), place_dimensions(dims)
        z, deep = _levels(extraction, depth_dims), bool(depth_dims)
        inside = extraction.inside if places == extraction.places else None
        groups.append(
            Group(kind=extraction.kind, places=places, deep=deep, x=x, y=y, t=t, z=z, arrays=arrays, inside=inside)
        )
    return groups


def _with_all_axes(field: Field, values: dict[str, Values]) -> Values:
    """Return the values with axes of time and depth, whether or not the field has them."""
    array = values[field.key]
    if "time" not in field.dims:
        array = array[np.newaxis]
    return array if any(name.startswith("depth") for name in field.dims) else array[:, np.newaxis]


def _plane(extraction: Extraction) -> tuple[Coordinate, Coordinate]:
    """Return the coordinates x and y: of the plane of a map, else longitude and latitude."""
    x, y = extraction.coordinate("x"), extraction.coordinate("y")
    if x is None or x.standard_name != "projection_x_coordinate" or extraction.crs is None:
        x, y = extraction.coordinate("longitude"), extraction.coordinate("latitude")
    if x is None or y is None:
        raise no_places(extraction)
    return x, y


def _times(extraction: Extraction) -> list[Any] | None:
    """Return times in ISO 8601, the dates of a model's own calendar as it names them; of undated steps their values."""
    time = extraction.coordinate("time")
    if time is None:
        return None
    return time.format_times("Z") if time.is_time else list(nest_numbers(np.asarray(time.values)))


def _levels(extraction: Extraction, depth_dims: tuple[str, ...]) -> NDArray[np.float64] | None:
    levels = next(
        (
            item
            for item in extraction.coordinates
            if item.name.startswith(("depth", "level"))
            and item.dims == depth_dims
            and not isinstance(item.values, list)
        ),
        extraction.coordinate("depth") if extraction.kind == "trajectory" else None,
    )
    return None if levels is None else np.ravel(np.asarray(levels.values, dtype=np.float64))


def _referencing(extraction: Extraction, groups: Sequence[Group]) -> list[Json]:
    """Return the reference systems of x and y, z, and t."""
    crs = extraction.crs if groups[0].x.name == "x" else None
    system: Json = {"type": "GeographicCRS", "id": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
    if crs is not None and not crs.is_geographic:
        system = {"type": "ProjectedCRS", "description": {"en": crs.name}}
        if authority := crs.to_authority():
            system["id"] = "http://www.opengis.net/def/crs/{}/0/{}".format(*authority)
    references: list[Json] = [{"coordinates": ["x", "y"], "system": system}]
    if any(group.z is not None for group in groups):
        level = min(
            (item for item in extraction.coordinates if item.name.startswith(("depth", "level"))),
            key=attrgetter("name"),
        )
        symbol = ucum_symbol(level.units or "1") or level.units
        name = "Depth" if level.name.startswith("depth") else "Level"
        axis = {"name": {"en": name}, "direction": level_direction(level), "unit": {"symbol": symbol}}
        references.append({"coordinates": ["z"], "system": {"type": "VerticalCRS", "cs": {"csAxes": [axis]}}})
    time = extraction.coordinate("time")
    if any(group.t is not None for group in groups) and time is not None and time.is_time:
        calendar = extraction.calendar
        name = "Gregorian" if calendar in REAL_CALENDARS else CALENDAR.format(calendar)
        references.append({"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": name}})
    return references


def _coverages(group: Group) -> list[Json]:
    """Return the coverages of a group."""
    places = group.places
    if group.kind == "trajectory":
        return [_trajectory(group)]
    if not places:
        return [_one_place(group, group.columns, group.arrays)]
    if group.y.dims == places[:1] and group.x.dims == places[1:]:
        names = [*(["t"] if group.t is not None else []), *(["z"] if group.deep else []), "y", "x"]
        return [_on_axes(group, "Grid", names, group.columns, group.arrays)]
    arrays = {key: values.reshape(*values.shape[:2], -1) for key, values in group.arrays.items()}
    if group.deep and group.kind in LINES:
        return [_section(group, arrays, number) for number in range(len(group.t or [""]))]
    if group.deep and places == ("point",):
        columns = [{"x": [x], "y": [y]} for x, y in zip(*group.columns.values(), strict=True)]
        return [
            _one_place(group, column, {key: values[:, :, number] for key, values in arrays.items()})
            for number, column in enumerate(columns)
        ]
    return [_points(group, arrays, level) for level in range(next(iter(arrays.values())).shape[1])]


def _one_place(group: Group, columns: dict[str, Any], arrays: Arrays) -> Json:
    kind, names = ONE_PLACE[group.several_times, group.deep]
    return _on_axes(group, kind, names, columns, arrays)


def _on_axes(group: Group, kind: str, names: list[str], columns: dict[str, Any], arrays: Arrays) -> Json:
    """Return a coverage whose values lie along axes."""
    axes = {name: {"values": column} for name, column in columns.items()} | group.levels | group.times
    shape = [len(axes[name]["values"]) for name in names]
    return _coverage(kind, axes, names, {key: values.reshape(shape) for key, values in arrays.items()})


def _section(group: Group, arrays: Arrays, number: int) -> Json:
    """Return the section at one time."""
    columns = group.columns
    if group.t is not None:
        columns = {"t": [group.t[number]] * len(columns["x"])} | columns
    axes = _composite(columns) | group.levels
    kind = None if group.t is None else "Section"
    return _coverage(kind, axes, ["z", "composite"], {key: values[number] for key, values in arrays.items()})


def _points(group: Group, arrays: Arrays, level: int) -> Json:
    """Return the places at one level."""
    x, y = np.ravel(np.asarray(group.x.values)), np.ravel(np.asarray(group.y.values))
    finite = np.isfinite(x) & np.isfinite(y) & (True if group.inside is None else group.inside.ravel())
    columns = {"x": nest_numbers(x[finite]), "y": nest_numbers(y[finite])}
    if group.z is not None:
        columns["z"] = [float(group.z[level])] * len(columns["x"])
    axes = _composite(columns) | group.times
    at_level = {key: values[:, level][:, finite] for key, values in arrays.items()}
    if group.several_times:
        return _coverage("MultiPointSeries", axes, ["t", "composite"], at_level)
    return _coverage("MultiPoint", axes, ["composite"], {key: values[0] for key, values in at_level.items()})


def _trajectory(group: Group) -> Json:
    columns, levels = {"t": group.t} | group.columns, group.levels
    if group.z is not None and group.z.size == len(columns["x"]):
        columns, levels = columns | {"z": nest_numbers(group.z)}, {}
    arrays = {key: values.ravel() for key, values in group.arrays.items()}
    return _coverage("Trajectory", _composite(columns) | levels, ["composite"], arrays)


def _composite(columns: dict[str, Any]) -> Json:
    """Return the axis of tuples: the values of several coordinates at each place."""
    values = list(zip(*columns.values(), strict=True))
    return {"composite": {"dataType": "tuple", "coordinates": list(columns), "values": values}}


def _coverage(kind: str | None, axes: Json, names: list[str], arrays: Arrays) -> Json:
    domain = {"type": "Domain", **({"domainType": kind} if kind else {}), "axes": axes}
    ranges = {
        key: {
            "type": "NdArray",
            "dataType": "float",
            "axisNames": names,
            "shape": list(values.shape),
            "values": nest_numbers(values.ravel()),
        }
        for key, values in arrays.items()
    }
    return {"type": "Coverage", "domain": domain, "ranges": ranges}
