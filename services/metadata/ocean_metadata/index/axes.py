"""Roles of variables and dimensions: which is latitude, longitude, time, depth, y, x, node or face.

CF attributes count first, then the usual names.
"""

import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import msgspec

from ocean_common.contracts.assets import DepthKind, Dimension, GridKind, Role
from ocean_core.errors import Message
from ocean_core.time import parse_time_units
from ocean_core.units import length_in_metres
from ocean_metadata.index.model import FileHeader, VariableHeader

_STAGGERED = r"([_-]?(rho|psi|u|v|t|f|w|c|vertical|grid_[tuvfw]))?"
_LATITUDE_UNITS = re.compile(r"(degree|radian)s?_?n(orth)?", re.IGNORECASE)
_LONGITUDE_UNITS = re.compile(r"(degree|radian)s?_?e(ast)?", re.IGNORECASE)
_LATITUDE_NAMES = re.compile(
    rf"(nav_|g)?lat(itude)?{_STAGGERED}|gphi[tuvf]|[ycve]?lat|lat(cell|vertex|edge)", re.IGNORECASE
)
_LONGITUDE_NAMES = re.compile(
    rf"(nav_|g)?lon(gitude)?{_STAGGERED}|glam[tuvf]|[xcve]?lon|lon(cell|vertex|edge)", re.IGNORECASE
)
_TIME_NAMES = re.compile(r"(ocean_|model_|valid_|x|n)?times?\d*(_counter|_centered|_instant)?|t|juld", re.IGNORECASE)
_LIKE_TIME = re.compile(  # of dimensions
    r"(\w+_)?x?n?(date)?times?_?\d*(_\w+)?|nt|(date|year|season|month|day|hour)s?", re.IGNORECASE
)
_TIME_STANDARD_NAMES = {"time", "forecast_reference_time", "forecast_period"}
_DEPTH_NAMES = re.compile(
    r"(nav_)?(depth|lev|level)s?[tuvw]?(_?\d*)?|z|zc|zt|s[tw]_ocean|s_(rho|w)|sig(ma|lay|lev)|height\w*|altitude|k",
    re.IGNORECASE,
)
_Y_NAMES = re.compile(
    r"y|yc|yh|yq|y[tu]_ocean|eta(_\w+)?|gridy|j|nj|nlat|rlat|lat(itude)?|row|south_north", re.IGNORECASE
)
_X_NAMES = re.compile(
    r"x|xc|xh|xq|x[tu]_ocean|xi(_\w+)?|gridx|i|ni|nlon|rlon|lon(gitude)?|col|west_east", re.IGNORECASE
)

_DEPTH_WORDS = re.compile(r"(nav_)?(depth|lev)|z", re.IGNORECASE)
_VERTICAL = re.compile(r"(depth|height|altitude|ocean_.*coordinate.*|.*sigma.*)")
_NOT_VERTICAL = re.compile(r"sea_floor|sea_surface|model_level_number")

_METRICS = re.compile(
    r"(mask(_\w+)?|\w+_mask|[tuvfw]mask(util)?|(wet|dry)?_?mask\w*|e[123][tuvfw](_0)?|gdep[tuvw](_0)?|hdep[tuvw]"
    r"|gl?am[tuvf]|gphi[tuvf]|ff(_[tf])?|mbathy|angle(_\w+)?|cosang|sinang|cos_?alpha|sin_?alpha|alpha|pm|pn|d[xy][tuvc]?|f|dndx|dmde"
    r"|n?(cells|edges|vertices)on(cell|edge|vertex)"
    r"|wet_(nodes|cells)(_prev_int)?|(grid_)?area|cell_area|nbe|nbsn|nbve|ntsn|ntve|art\d|aw0|awx|awy|a[12]u)",
    re.IGNORECASE,
)
_METRIC_STANDARD_NAMES = re.compile(
    r"area_type|(land|sea)_(area_)?(binary_)?mask.*|land_sea_mask.*|cell_(area|thickness)|grid_angle.*"
    r"|angle_of_rotation.*|status_flag|.*_flag"
)

HORIZONTAL: set[Role] = {"y", "x", "node", "face"}
_AXES_X = {"projection_x_coordinate", "grid_longitude"}
_AXES_Y = {"projection_y_coordinate", "grid_latitude"}
_PLANE = {"x", "y", "xc", "yc"}  # positions of nodes and triangles in a plane, in metres
_POINT = re.compile(r"[_-]?(rho|psi|[uvfw])(_\w+)?$|^[uvf](?=mask)", re.IGNORECASE)
_OTHER_POINT = re.compile(r"(psi|[_i][uvf])$", re.IGNORECASE)  # of latitudes that are not those of the cells' centres
_CONNECTIVITY = (
    *("nv", "ele", "tri", "elements", "element", "triangles", "elem", "elem_nodes", "element_nodes", "triag_nodes"),
    *("face_nodes", "SCHISM_hgrid_face_nodes", "Mesh2_face_nodes", "mesh2d_face_nodes", "vertex_of_cell"),
    *("verticesOnCell", "triangle_nodes"),
)
_CORNERS = range(3, 13)  # that faces have at most


# Coordinates


def is_latitude(variable: VariableHeader) -> bool:
    """Return True for degrees north: by standard name, units or name."""
    return _is_horizontal(variable, "latitude", _LATITUDE_UNITS, _LATITUDE_NAMES)


def is_longitude(variable: VariableHeader) -> bool:
    """Return True for degrees east: by standard name, units or name."""
    return _is_horizontal(variable, "longitude", _LONGITUDE_UNITS, _LONGITUDE_NAMES)


def _is_horizontal(
    variable: VariableHeader, standard_name: str, units: re.Pattern[str], names: re.Pattern[str]
) -> bool:
    if not variable.numeric:
        return False
    if variable.text("standard_name") == standard_name or units.fullmatch(variable.text("units")):
        return True
    foreign = variable.text("units").lower().startswith(("m", "km", "count"))
    is_named = names.fullmatch(variable.name) is not None or variable.text("long_name").lower() == standard_name
    return is_named and not foreign and variable.text("standard_name") in {"", standard_name}


def is_time(variable: VariableHeader) -> bool:
    """Return True for the times of fields, in numbers or texts, not for those of their production."""
    standard_name = variable.text("standard_name").lower()
    if standard_name not in {"", "time"} or not (variable.numeric or variable.is_text):
        return False
    if standard_name == "time" or variable.text("axis").upper() == "T":
        return True
    if len(variable.element_dimensions) > 1:  # t may be the temperature
        return False
    if _TIME_NAMES.fullmatch(variable.name):
        return True
    is_like_time = has_dates(variable) or _LIKE_TIME.fullmatch(variable.name) is not None
    return variable.name in variable.dimensions and is_like_time


def is_run_time(variable: VariableHeader) -> bool:
    """Return True for the time of a single run of a forecast."""
    is_single = math.prod(variable.shape) == 1
    return is_single and variable.numeric and variable.text("standard_name").lower() == "forecast_reference_time"


def has_dates(variable: VariableHeader) -> bool:
    """Return True for times whose dates can be known: texts, and numbers in units since a date."""
    return not variable.numeric or parse_time_units(variable.text("units"), variable.text("calendar")) is not None


def names_time(dimension: str, header: FileHeader) -> bool:
    """Return True for a dimension of time: by the attributes of its coordinate, or by its name."""
    variable = header.variables.get(dimension)
    if variable is None:
        return _LIKE_TIME.fullmatch(dimension) is not None or role_by_name(dimension) == "time"
    if variable.text("standard_name").lower() in _TIME_STANDARD_NAMES or variable.text("axis").upper() == "T":
        return True
    units = variable.text("units")
    is_lead_time = not variable.text("standard_name") and parse_time_units(f"{units} since 1970-01-01") is not None
    return is_time(variable) or is_lead_time or parse_time_units(units) is not None


def is_vertical(variable: VariableHeader) -> bool:
    """Return True for a vertical coordinate: depth, height, sigma or anything with an up and a down."""
    if not variable.numeric:
        return False
    standard_name = variable.text("standard_name")
    if variable.text("axis").upper() == "Z":
        return True
    if _VERTICAL.fullmatch(standard_name) and not _NOT_VERTICAL.search(standard_name):
        return True
    return variable.name in variable.dimensions and _is_named_vertical(variable)


def _is_named_vertical(variable: VariableHeader) -> bool:
    is_named = variable.text("positive").lower() in {"up", "down"} or _DEPTH_NAMES.fullmatch(variable.name) is not None
    return variable.numeric and is_named


def depth_kind(variable: VariableHeader) -> DepthKind:
    """Return the kind of the values of a vertical coordinate."""
    standard_name, units = variable.text("standard_name"), variable.text("units")
    is_sigma = "sigma" in standard_name or "s_coordinate" in standard_name
    if is_sigma or re.match(r"s_(rho|w)|sig(ma|lay|lev)", variable.name):
        return "sigma"
    if length_in_metres(units) is None:
        return "depth" if not units and _DEPTH_WORDS.match(variable.name) else "index"
    up = variable.text("positive").lower() == "up"
    is_height = standard_name in {"height", "altitude"} or variable.name.startswith(("height", "alt"))
    return "height" if is_height or (up and standard_name != "depth") else "depth"


def vertical_coordinate(dimension: str, header: FileHeader) -> VariableHeader | None:
    """Return the vertical coordinate along a dimension: the variable of its name, else one along it alone."""
    if (variable := header.variables.get(dimension)) is not None:
        return variable if is_vertical(variable) and dimension in variable.dimensions else None
    others = [
        other
        for other in header.variables.values()
        if other.dimensions == (dimension,) and (is_vertical(other) or _is_named_vertical(other))
    ]
    return max(others, key=lambda other: length_in_metres(other.text("units")) is not None, default=None)


def is_metric(variable: VariableHeader) -> bool:
    """Return True for the description of a grid: masks, angles, cell sizes."""
    if _METRIC_STANDARD_NAMES.fullmatch(variable.text("standard_name").lower()):
        return True
    return _METRICS.fullmatch(variable.name) is not None and not variable.text("standard_name").startswith("sea_")


def role_by_name(dimension: str) -> Role:
    """Return the role of a dimension without a coordinate variable."""
    table: tuple[tuple[Role, re.Pattern[str]], ...] = (
        ("time", _TIME_NAMES), ("y", _Y_NAMES), ("x", _X_NAMES), ("depth", _DEPTH_NAMES),
    )  # fmt: skip
    return next((role for role, names in table if names.fullmatch(dimension)), "other")


def list_references(header: FileHeader) -> set[str]:
    """List the names that other variables refer to as bounds, coordinates, grid mappings or meshes."""
    names: set[str] = set()
    for variable in header.variables.values():
        for attribute in ("bounds", "climatology", "coordinates", "grid_mapping", "edges"):
            names.update(variable.text(attribute).split())
        if variable.text("cf_role") == "mesh_topology":
            texts = [value for value in variable.attributes.values() if isinstance(value, str)]
            names.update(word for text in texts for word in text.split())
        # Formula terms refer to fields as well (sea surface height, bathymetry): these stay data.
    return names


# Kinds of discrete samples: CF chapter 9.
_FEATURES = {
    "point": Message("its values are at single points, not on a grid"),
    "timeseries": Message("its values are time series at stations, not on a grid"),
    "profile": Message("its values are profiles at stations, not on a grid"),
    "timeseriesprofile": Message("its values are profiles at stations, not on a grid"),
    "trajectory": Message("its values are along a track, not on a grid"),
    "trajectoryprofile": Message("its values are profiles along a track, not on a grid"),
}

# Layout of variables


class Placement(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Names of the variables that place the cells of a variable."""

    kind: GridKind
    dimensions: tuple[str, ...]  # (y, x), (node,) or (face,)
    latitude: str | None = None
    longitude: str | None = None
    y_axis: str | None = None
    x_axis: str | None = None
    mapping: str | None = None
    connectivity: str | None = None
    face: str | None = None  # dimension of the faces
    corners_first: bool = False  # the connectivity is (corner, face)
    face_latitude: str | None = None
    face_longitude: str | None = None

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Variables to read, and to compare between files."""
        names = (self.latitude, self.longitude, self.y_axis, self.x_axis, self.connectivity)
        return tuple(name for name in (*names, self.face_latitude, self.face_longitude) if name)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Roles of the dimensions of a variable; without a placement it is not on a map, and `reason` tells why."""

    dimensions: list[Dimension]
    placement: Placement | None = None
    time: str | None = None  # variable of the times; with a scalar one the variable has no time dimension
    depth: str | None = None  # dimension
    reason: Message | None = None


class _Coordinates(NamedTuple):
    latitudes: list[VariableHeader]
    longitudes: list[VariableHeader]
    times: list[VariableHeader]


@lru_cache(1024)
def list_fields(header: FileHeader) -> tuple[str, ...]:
    """List the variables that hold fields, in the order of the file."""
    references = list_references(header)
    candidates = [variable for variable in header.variables.values() if _is_field(variable, header, references)]
    fields = [variable.name for variable in candidates if not is_metric(variable)]
    on_maps = [variable.name for variable in candidates if find_layout(variable.name, header).placement is not None]
    # A file with only masks, angles or depths of a grid serves these.
    return tuple(fields if not on_maps or set(fields) & set(on_maps) else [*fields, *on_maps])


def _is_field(variable: VariableHeader, header: FileHeader, references: set[str]) -> bool:
    """Return True for numbers with dimensions that are neither a coordinate nor part of a mesh."""
    name = variable.name
    if not variable.numeric or not variable.dimensions or name in header.dimensions or name in references:
        return False
    is_coordinate = is_latitude(variable) or is_longitude(variable) or is_time(variable)
    if is_coordinate or variable.attributes.get("cf_role"):
        return False
    is_bounds = name.endswith(("_bnds", "_bounds", "_vertices")) or name.startswith("bounds_")
    is_axis = variable.text("axis").upper() in {"X", "Y", "Z", "T"} or name in _PLANE
    return not is_bounds and not is_axis and name not in _CONNECTIVITY


@lru_cache(4096)
def find_layout(name: str, header: FileHeader) -> Layout:
    """Find the roles of the dimensions of a variable, and its coordinates."""
    variable = header.variables[name]
    coordinates = _Coordinates(
        *([other for other in header.variables.values() if has(other)] for has in (is_latitude, is_longitude, is_time))
    )
    placement = _find_placement(variable, header, coordinates)
    roles: dict[str, Role] = {}
    if placement is not None:
        spatial: tuple[Role, ...] = ("y", "x")
        if len(placement.dimensions) == 1:
            spatial = ("face",) if placement.face else ("node",)
        roles |= dict(zip(placement.dimensions, spatial, strict=True))
    time = _find_time(variable, header, coordinates.times, roles)
    second_times = [name for name in variable.dimensions if name not in roles and names_time(name, header)]
    roles |= dict.fromkeys(second_times, "other")
    depth = _find_depth(variable, header, roles)
    dimensions = [
        Dimension(name=dimension, size=size, role=roles.get(dimension, "other"))
        for dimension, size in zip(variable.dimensions, variable.shape, strict=True)
    ]
    extra = [dimension for dimension in dimensions if dimension.role == "other" and dimension.size > 1]
    if placement and placement.kind == "curvilinear" and header.feature_type in _FEATURES:
        placement = None  # one row for each trajectory or station
    reason = None if placement else _explain_no_placement(variable, header, coordinates)
    if placement and extra:
        reason = Message("its dimension {dimension} is neither time, depth nor horizontal", dimension=extra[0].name)
        if extra[0].name in second_times:
            first = next((name for name, role in roles.items() if role == "time"), "time")
            reason = Message(
                "it has two axes of time ({dimensions}), as the runs and lead times of forecasts: "
                "only files with one run, or with one time axis of valid times, can be served",
                dimensions=", ".join(name for name in variable.dimensions if name in {first, *second_times}),
            )
        placement = None
    return Layout(dimensions=dimensions, placement=placement, time=time, depth=depth, reason=reason)


def _explain_no_placement(variable: VariableHeader, header: FileHeader, coordinates: _Coordinates) -> Message:
    if (reason := explain_samples(header)) is not None:
        return reason
    if variable.text("location") == "edge":
        return Message("its values are on the edges of a mesh, which are not served")
    if not coordinates.latitudes or not coordinates.longitudes:
        return Message("the file has no latitude and longitude")
    dimensions = set(variable.dimensions)
    inside = [item for item in coordinates.latitudes if item.dimensions and set(item.dimensions) <= dimensions]
    if face := next((item.dimensions[0] for item in inside if len(item.dimensions) > 2), None):
        return Message(
            "its cells are on several faces ({dimension}), as of a cubed sphere, which are not served", dimension=face
        )
    if inside:
        return Message("its values are at points, not on a grid")
    return Message("no latitude and longitude of the file have its dimensions")


def explain_samples(header: FileHeader) -> Message | None:
    """Explain that a file holds discrete samples: as it says, or since latitudes are one for each time."""
    variables = header.variables.values()
    times, latitudes = ([item for item in variables if has(item)] for has in (is_time, is_latitude))
    moves = any(
        len(item.dimensions) == 1 and item.dimensions in {time.dimensions for time in times} for item in latitudes
    )
    return _FEATURES.get(header.feature_type) or (_FEATURES["trajectory"] if moves else None)


def _find_placement(variable: VariableHeader, header: FileHeader, coordinates: _Coordinates) -> Placement | None:
    """Return the best description of the cells: triangles, axes, a grid mapping, or 2-D coordinates."""
    pair = _find_coordinate_pair(variable, coordinates)
    if pair is None or (len(pair[0].dimensions) == 1 and pair[0].dimensions == pair[1].dimensions):
        mesh = _find_mesh(variable, header, coordinates)
        if mesh or pair:
            return mesh
    if pair and len(_horizontal_dimensions(pair[0])) == 1:
        y, x = pair[0].dimensions[0], pair[1].dimensions[0]
        return Placement(kind="rectilinear", dimensions=(y, x), latitude=pair[0].name, longitude=pair[1].name)
    projected = _find_projected(variable, header)
    if pair:
        dimensions = _horizontal_dimensions(pair[0])
        # The reader of the coordinates decides whether the grid mapping is right.
        if projected and projected.dimensions == dimensions:
            return msgspec.structs.replace(projected, latitude=pair[0].name, longitude=pair[1].name)
        return Placement(kind="curvilinear", dimensions=dimensions, latitude=pair[0].name, longitude=pair[1].name)
    return projected


def _find_coordinate_pair(
    variable: VariableHeader, coordinates: _Coordinates
) -> tuple[VariableHeader, VariableHeader] | None:
    """Return latitude and longitude on the variable's dimensions: those in `coordinates`, else those named like it."""
    names = variable.text("coordinates").split()
    point = _POINT.search(variable.name)
    candidates = []
    for latitude, longitude in product(coordinates.latitudes, coordinates.longitudes):
        rows, columns = _horizontal_dimensions(latitude), _horizontal_dimensions(longitude)
        sizes = len(rows), len(columns)
        is_inside = {*rows, *columns} <= set(variable.dimensions)
        is_same = latitude.dimensions == longitude.dimensions
        if not is_inside or sizes not in {(1, 1), (2, 2)} or (sizes == (2, 2) and not is_same):
            continue
        rank = (
            latitude.name in names,
            longitude.name in names,
            not is_same or sizes == (2, 2),
            _strip_coordinate_name(latitude.name) == _strip_coordinate_name(longitude.name),
            point is not None and latitude.name.lower().endswith((point[1] or point[0]).lower()),
            not _OTHER_POINT.search(latitude.name),
            sizes == (1, 1),
        )
        candidates.append((rank, (latitude, longitude)))
    return max(candidates, key=lambda candidate: candidate[0], default=(None, None))[1]


def _horizontal_dimensions(coordinate: VariableHeader) -> tuple[str, ...]:
    """Return the dimensions of a coordinate without time: WRF repeats coordinates at every step."""
    if len(coordinate.dimensions) == 3 and role_by_name(coordinate.dimensions[0]) == "time":
        return coordinate.dimensions[1:]
    return coordinate.dimensions


def _strip_coordinate_name(name: str) -> str:
    """Return the point on the staggered grid that the name of a coordinate has."""
    return re.sub(r"latitude|longitude|lat|lon|gphi|glam", "", name.lower())


def _find_projected(variable: VariableHeader, header: FileHeader) -> Placement | None:
    mappings = {other.name: other for other in header.variables.values() if other.text("grid_mapping_name")}
    # Data may have the attributes of a mapping themselves: for them alone.
    shared = [other for other in mappings.values() if math.prod(other.shape) == 1]
    own = mappings.get(variable.name) or (shared[0] if len(shared) == 1 else None)
    mapping = mappings.get(variable.text("grid_mapping").split(":")[0].strip(), own)
    if mapping is None or mapping.text("grid_mapping_name") == "latitude_longitude":
        return None
    y = _find_axis(variable.dimensions, header, _AXES_Y, "Y")
    x = _find_axis(variable.dimensions, header, _AXES_X, "X")
    if y is None or x is None:
        return None
    # An axis has its own name as its dimension.
    return Placement(kind="projected", dimensions=(y.name, x.name), y_axis=y.name, x_axis=x.name, mapping=mapping.name)


def _find_axis(
    dimensions: Iterable[str], header: FileHeader, standard_names: set[str], letter: str
) -> VariableHeader | None:
    axes = [axis for name in dimensions if (axis := header.variables.get(name)) and axis.dimensions == (name,)]
    by_standard_name = [axis for axis in axes if axis.text("standard_name") in standard_names]
    by_letter = [axis for axis in axes if axis.text("axis").upper() == letter]
    by_name = [axis for axis in axes if role_by_name(axis.name) == letter.lower()]
    return next(iter(by_standard_name + by_letter + by_name), None)


def _find_mesh(variable: VariableHeader, header: FileHeader, coordinates: _Coordinates) -> Placement | None:
    """Return a mesh: nodes with latitude and longitude, and the connectivity of its faces."""
    pairs = [
        (latitude, longitude)
        for latitude, longitude in product(coordinates.latitudes, coordinates.longitudes)
        if len(latitude.dimensions) == 1 and latitude.dimensions == longitude.dimensions
    ]
    meshes = [other for other in header.variables.values() if other.text("cf_role") == "mesh_topology"]
    nodes_of_meshes = {name for mesh in meshes for name in mesh.text("node_coordinates").split()}
    # A mesh has coordinates of edges too: its node coordinates come first.
    pairs.sort(key=lambda pair: not nodes_of_meshes.issuperset({pair[0].name, pair[1].name}))
    for table, face in list_connectivities(header):
        nodes = next((pair for pair in pairs if pair[0].dimensions != (face,)), None)
        if nodes is None or not {face, *nodes[0].dimensions}.intersection(variable.dimensions):
            continue
        placement = Placement(
            kind="triangles",
            dimensions=nodes[0].dimensions,
            latitude=nodes[0].name,
            longitude=nodes[1].name,
            connectivity=table.name,
            corners_first=table.dimensions[0] != face,
        )
        if face not in variable.dimensions:
            return placement
        centres = next(((pair[0].name, pair[1].name) for pair in pairs if pair[0].dimensions == (face,)), (None, None))
        return msgspec.structs.replace(
            placement, dimensions=(face,), face=face, face_latitude=centres[0], face_longitude=centres[1]
        )
    return None


def list_connectivities(header: FileHeader) -> Iterator[tuple[VariableHeader, str]]:
    """List variables that may be the connectivity of a mesh, each with its dimension of faces."""
    variables = header.variables.values()
    meshes = [other for other in variables if other.text("cf_role") == "mesh_topology"]
    faces = {mesh.text("face_node_connectivity"): mesh.text("face_dimension") for mesh in meshes}
    by_role = [table.name for table in variables if table.text("cf_role") == "face_node_connectivity"]
    for name in dict.fromkeys([*faces, *by_role, *_CONNECTIVITY]):
        table = header.variables.get(name)
        if table is None or not table.numeric or len(table.dimensions) != 2 or max(table.shape) < 3:
            continue
        first, last = table.dimensions
        others = {item for other in variables for item in other.dimensions if set(other.dimensions) != {first, last}}
        if faces.get(name) in table.dimensions:
            yield table, faces[name]
        elif (first in others) != (last in others):
            yield table, first if first in others else last
        elif table.shape[0] == table.shape[1]:  # three triangles: UGRID has them first, FVCOM and SELFE last
            yield table, first if name in faces or name in by_role else last
        else:
            yield table, last if table.shape[0] in _CORNERS and table.shape[1] not in _CORNERS else first


def _find_time(
    variable: VariableHeader, header: FileHeader, times: list[VariableHeader], roles: dict[str, Role]
) -> str | None:
    """Return the variable of the times, and set the role of its dimension."""
    names = variable.text("coordinates").split()
    rest = [dimension for dimension in variable.dimensions if dimension not in roles]
    axes = [time for time in times if is_time_axis(time)]
    if candidates := [time for time in axes if _time_dimension(time) in rest]:
        best = max(
            candidates,
            # A coordinate of zeros without units may be beside the right one.
            key=lambda time: (
                has_dates(time),
                time.name in names,
                time.name in time.dimensions,
                time.text("standard_name") == "time",
            ),
        )
        roles[str(_time_dimension(best))] = "time"
        return best.name
    if named := [dimension for dimension in rest if names_time(dimension, header)]:
        dimension = max(named, key=lambda name: header.dimensions[name] > 1)
        roles[dimension] = "time"
        return dimension if dimension in header.values else None
    scalar = [time for time in axes if _time_dimension(time) is None and has_dates(time)]
    return scalar[0].name if scalar and len(scalar) == len(axes) else None


def is_time_axis(variable: VariableHeader) -> bool:
    """Return True for times along at most one dimension: others have the length 1, as that of a single forecast run."""
    return sum(size > 1 for _, size in zip(variable.element_dimensions, variable.shape, strict=False)) <= 1


def _time_dimension(time: VariableHeader) -> str | None:
    """Return the dimension of a time axis, of several the one that is longer than 1; None for a scalar."""
    sizes = dict(zip(time.element_dimensions, time.shape, strict=False))
    return max(sizes, key=lambda name: sizes[name] > 1, default=None)


def _find_depth(variable: VariableHeader, header: FileHeader, roles: dict[str, Role]) -> str | None:
    """Return the vertical dimension, and set its role: it has a vertical coordinate, or it is the only one left."""
    rest = [dimension for dimension in variable.dimensions if dimension not in roles]
    vertical = [name for name in rest if name in header.variables and is_vertical(header.variables[name])]
    by_name = [name for name in rest if role_by_name(name) == "depth"]
    only = [name for name in rest if header.dimensions[name] > 1] if len(rest) == 1 else []
    dimension = next(iter(vertical + by_name + only), None)
    if dimension is not None:
        roles[dimension] = "depth"
    return dimension
