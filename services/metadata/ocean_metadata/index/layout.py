"""How the variables of a file lie: which of their dimensions is time, depth, y, x, node or face."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import msgspec

from ocean_common.contracts.assets import Dimension, GridKind, Role
from ocean_core.time import parse_time_units
from ocean_metadata.index.coordinates import (
    is_latitude,
    is_longitude,
    is_metric,
    is_time,
    is_vertical,
    named_role,
    referenced,
)
from ocean_metadata.index.file_header import FileHeader, VariableHeader

_AXES_X = {"projection_x_coordinate", "grid_longitude"}
_AXES_Y = {"projection_y_coordinate", "grid_latitude"}
_PLANE = {"x", "y", "xc", "yc"}  # places of nodes and triangles in some plane, in metres
_POINT = re.compile(r"[_-]?(rho|psi|[uvfw])(_\w+)?$|^[uvf](?=mask)", re.IGNORECASE)
_OTHER_POINT = re.compile(r"(psi|[_i][uvf])$", re.IGNORECASE)  # of latitudes: not of the cells' centres
_CONNECTIVITY = ("nv", "ele", "tri", "elements", "element", "triangles")


class Places(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The names of the variables that say where the cells of a variable lie."""

    kind: GridKind
    dimensions: tuple[str, ...]  # (y, x), (node,) or (face,)
    latitude: str | None = None
    longitude: str | None = None
    y_axis: str | None = None
    x_axis: str | None = None
    mapping: str | None = None
    connectivity: str | None = None
    face: str | None = None  # dimension of the triangles
    corners_first: bool = False  # the connectivity is (3, face)
    face_latitude: str | None = None
    face_longitude: str | None = None

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The variables to read, and to compare between files."""
        names = (self.latitude, self.longitude, self.y_axis, self.x_axis, self.connectivity)
        return tuple(one for one in (*names, self.face_latitude, self.face_longitude) if one)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How one variable lies; without places it is not a map, and `reason` says why."""

    dimensions: list[Dimension]
    places: Places | None = None
    time: str | None = None  # variable with the times; of a scalar one the variable has no dimension
    depth: str | None = None  # dimension
    reason: str | None = None


class _Coordinates(NamedTuple):
    """The coordinate variables of a file."""

    latitudes: list[VariableHeader]
    longitudes: list[VariableHeader]
    times: list[VariableHeader]


@lru_cache(1024)
def data_variables(header: FileHeader) -> tuple[str, ...]:
    """Names of the variables that hold fields, in the order of the file."""
    pointed = referenced(header)
    numbers = [one for one in header.variables.values() if _is_field(one, header, pointed)]
    fields = [one.name for one in numbers if not is_metric(one)]
    on_maps = [one.name for one in numbers if layout(one.name, header).places is not None]
    # A file with nothing but masks, angles or depths of a grid is asked for these.
    return tuple(fields if not on_maps or set(fields) & set(on_maps) else [*fields, *on_maps])


def _is_field(one: VariableHeader, header: FileHeader, pointed: set[str]) -> bool:
    """A field has numbers and dimensions, and is neither a coordinate nor the description of a mesh."""
    if not one.numeric or not one.dimensions or one.name in header.dimensions or one.name in pointed:
        return False
    coordinate = is_latitude(one) or is_longitude(one) or is_time(one)
    if coordinate or one.attributes.get("cf_role") or one.text("grid_mapping_name"):
        return False
    bounds = one.name.endswith(("_bnds", "_bounds", "_vertices")) or one.name.startswith("bounds_")
    axis = one.text("axis").upper() in {"X", "Y", "Z", "T"} or one.name in _PLANE
    return not bounds and not axis and one.name not in _CONNECTIVITY


@lru_cache(4096)
def layout(name: str, header: FileHeader) -> Layout:
    """Find how a variable lies.

    Parameters
    ----------
    name : str
        Of a variable in ``header``.
    header : FileHeader
        Its file.

    Returns
    -------
    Layout
        Roles of its dimensions, in order, and the names of its coordinates.
    """
    one = header.variables[name]
    known = _Coordinates(
        [v for v in header.variables.values() if is_latitude(v)],
        [v for v in header.variables.values() if is_longitude(v)],
        [v for v in header.variables.values() if is_time(v)],
    )
    places = _places(one, header, known)
    roles: dict[str, Role] = {}
    if places is not None:
        roles |= dict(zip(places.dimensions, ("node",) if len(places.dimensions) == 1 else ("y", "x"), strict=True))
        if places.face in one.dimensions:
            roles[str(places.face)] = "face"
    time = _time(one, header, known.times, roles)
    depth = _depth(one, header, roles)
    dimensions = [
        Dimension(name=each, size=size, role=roles.get(each, "other"))
        for each, size in zip(one.dimensions, one.shape, strict=True)
    ]
    extra = [each for each in dimensions if each.role == "other" and each.size > 1]
    reason = None
    if places is None:
        reason = _why_nowhere(one, known)
    elif extra:
        reason = f"its dimension {extra[0].name} is neither time, depth nor place"
        places = None
    return Layout(dimensions=dimensions, places=places, time=time, depth=depth, reason=reason)


def _why_nowhere(one: VariableHeader, known: _Coordinates) -> str:
    if not known.latitudes or not known.longitudes:
        return "the file has no latitude and longitude"
    if any(set(each.dimensions) <= set(one.dimensions) and each.dimensions for each in known.latitudes):
        return "it lies along points, not on a grid"
    return "no latitude and longitude of the file have its dimensions"


def _places(one: VariableHeader, header: FileHeader, known: _Coordinates) -> Places | None:
    """The best description of where the cells are: triangles, axes, a mapping, or 2-D coordinates."""
    pair = _pair(one, known)
    if pair is None or (len(pair[0].dimensions) == 1 and pair[0].dimensions == pair[1].dimensions):
        mesh = _triangles(one, header, known)
        if mesh or pair:
            return mesh
    if pair and len(_plane(pair[0])) == 1:
        y, x = pair[0].dimensions[0], pair[1].dimensions[0]
        return Places(kind="rectilinear", dimensions=(y, x), latitude=pair[0].name, longitude=pair[1].name)
    projected = _projected(one, header)
    if pair:
        two = Places(kind="curvilinear", dimensions=_plane(pair[0]), latitude=pair[0].name, longitude=pair[1].name)
        # The reader of the coordinates decides whether the mapping can be trusted.
        if projected and projected.dimensions == two.dimensions:
            return msgspec.structs.replace(projected, latitude=two.latitude, longitude=two.longitude)
        return two
    return projected


def _pair(one: VariableHeader, known: _Coordinates) -> tuple[VariableHeader, VariableHeader] | None:
    """Latitude and longitude that share the variable's dimensions: those that it names, else those named like it."""
    named = one.text("coordinates").split()
    point = _POINT.search(one.name)
    found = []
    for north in known.latitudes:
        for east in known.longitudes:
            sizes = len(_plane(north)), len(_plane(east))
            inside = {*_plane(north), *_plane(east)} <= set(one.dimensions)
            same = north.dimensions == east.dimensions
            if not inside or sizes not in {(1, 1), (2, 2)} or (sizes == (2, 2) and not same):
                continue
            alike = _stem(north.name) == _stem(east.name)
            suffix = point is not None and north.name.lower().endswith((point[1] or point[0]).lower())
            rank = (
                north.name in named,
                east.name in named,
                not same or sizes == (2, 2),
                alike,
                suffix,
                not _OTHER_POINT.search(north.name),
                sizes == (1, 1),
            )
            found.append((rank, north, east))
    if not found:
        return None
    _, north, east = max(found, key=lambda each: each[0])
    return north, east


def _plane(coordinate: VariableHeader) -> tuple[str, ...]:
    """The dimensions of a coordinate without that of time: WRF writes the places anew at every step."""
    if len(coordinate.dimensions) == 3 and named_role(coordinate.dimensions[0]) == "time":
        return coordinate.dimensions[1:]
    return coordinate.dimensions


def _stem(name: str) -> str:
    """What is left of a coordinate's name: its point on the staggered grid."""
    return re.sub(r"latitude|longitude|lat|lon|gphi|glam", "", name.lower())


def _projected(one: VariableHeader, header: FileHeader) -> Places | None:
    """Axes in the plane of a grid mapping."""
    mappings = [each for each in header.variables.values() if each.text("grid_mapping_name")]
    wanted = one.text("grid_mapping").split(":")[0].strip()
    mapping = next((each for each in mappings if each.name == wanted), mappings[0] if len(mappings) == 1 else None)
    if mapping is None or mapping.text("grid_mapping_name") == "latitude_longitude":
        return None
    y = _axis(one.dimensions, header, _AXES_Y, "Y")
    x = _axis(one.dimensions, header, _AXES_X, "X")
    if y is None or x is None:
        return None
    return Places(
        kind="projected",
        dimensions=(y.dimensions[0], x.dimensions[0]),
        y_axis=y.name,
        x_axis=x.name,
        mapping=mapping.name,
    )


def _axis(dimensions: Iterable[str], header: FileHeader, meanings: set[str], letter: str) -> VariableHeader | None:
    own = [header.variables[each] for each in dimensions if each in header.variables]
    own = [each for each in own if each.dimensions == (each.name,)]
    by_meaning = [each for each in own if each.text("standard_name") in meanings]
    by_letter = [each for each in own if each.text("axis").upper() == letter]
    by_name = [each for each in own if named_role(each.name) == letter.lower()]
    return next(iter(by_meaning + by_letter + by_name), None)


def _triangles(one: VariableHeader, header: FileHeader, known: _Coordinates) -> Places | None:
    """A mesh: nodes with latitude and longitude, and a table of the three corners of every triangle."""
    pairs = [
        (north, east)
        for north in known.latitudes
        for east in known.longitudes
        if len(north.dimensions) == 1 and north.dimensions == east.dimensions
    ]
    meshes = [each for each in header.variables.values() if each.text("cf_role") == "mesh_topology"]
    meant = {name for mesh in meshes for name in mesh.text("node_coordinates").split()}
    # A mesh has places of edges too: what it calls its nodes comes first.
    pairs.sort(key=lambda pair: not meant.issuperset({pair[0].name, pair[1].name}))
    for table, face in _tables(header, meshes):
        nodes = next((pair for pair in pairs if pair[0].dimensions != (face,)), None)
        if nodes is None or not {face, *nodes[0].dimensions}.intersection(one.dimensions):
            continue
        found = Places(
            kind="triangles",
            dimensions=nodes[0].dimensions,
            latitude=nodes[0].name,
            longitude=nodes[1].name,
            connectivity=table.name,
            corners_first=table.dimensions[0] != face,
        )
        if face not in one.dimensions:
            return found
        centres = next(((pair[0].name, pair[1].name) for pair in pairs if pair[0].dimensions == (face,)), (None, None))
        return msgspec.structs.replace(
            found, dimensions=(face,), face=face, face_latitude=centres[0], face_longitude=centres[1]
        )
    return None


def _tables(header: FileHeader, meshes: Iterable[VariableHeader]) -> Iterator[tuple[VariableHeader, str]]:
    """Variables that may be a mesh's connectivity, each with its dimension of triangles."""
    told = {mesh.text("face_node_connectivity"): mesh.text("face_dimension") for mesh in meshes}
    for name in [*told, *_CONNECTIVITY]:
        table = header.variables.get(name)
        if table is None or len(table.dimensions) != 2 or 3 not in table.shape:
            continue
        first, last = table.dimensions
        if told.get(name) in table.dimensions:
            yield table, told[name]
        elif table.shape == (3, 3):  # three triangles: UGRID has them first, FVCOM and SELFE last
            yield table, first if name in told else last
        else:
            yield table, last if table.shape[0] == 3 else first


def _time(one: VariableHeader, header: FileHeader, times: list[VariableHeader], roles: dict[str, Role]) -> str | None:
    """The variable with the times of ``one``, and the role of its dimension."""
    named = one.text("coordinates").split()
    along = [each for each in times if len(each.dimensions) == 1 and each.dimensions[0] in one.dimensions]
    along = [each for each in along if each.dimensions[0] not in roles]
    if along:
        best = max(
            along,
            # A coordinate of zeros without units may stand beside the true one.
            key=lambda each: (
                parse_time_units(each.text("units")) is not None,
                each.name in named,
                each.name in each.dimensions,
                each.text("standard_name") == "time",
            ),
        )
        roles[best.dimensions[0]] = "time"
        return best.name
    for each in one.dimensions:
        if each not in roles and each not in header.variables and named_role(each) == "time":
            roles[each] = "time"
            return None
    scalar = [each for each in times if not each.dimensions and parse_time_units(each.text("units")) is not None]
    return scalar[0].name if scalar and not any(each.dimensions for each in times) else None


def _depth(one: VariableHeader, header: FileHeader, roles: dict[str, Role]) -> str | None:
    """The vertical dimension of ``one``: it has a vertical coordinate, or it is the only one left."""
    left = [each for each in one.dimensions if each not in roles]
    vertical = [each for each in left if each in header.variables and is_vertical(header.variables[each])]
    named = [each for each in left if named_role(each) == "depth"]
    only = [each for each in left if header.dimensions[each] > 1] if len(left) == 1 else []
    found = next(iter(vertical + named + only), None)
    if found is not None:
        roles[found] = "depth"
    return found
