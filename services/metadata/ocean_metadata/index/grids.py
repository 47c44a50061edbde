"""The grids of a file: where their cells are, read and checked, and colour limits from a small sample."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import msgspec
import numpy as np
import pyproj
from pyproj.exceptions import CRSError

from ocean_common.contracts.assets import Grid
from ocean_core.colour import sample_limits
from ocean_core.units import length_in_metres
from ocean_metadata.index import footprint
from ocean_metadata.index.detail import Detail, PlacedGrid
from ocean_metadata.index.file_header import FileHeader
from ocean_metadata.index.layout import Layout, Places, layout
from ocean_metadata.index.places import Floats, bounds
from ocean_metadata.index.plan import Wanted
from ocean_metadata.index.reading import floats
from ocean_metadata.index.reasons import Unreadable
from ocean_metadata.index.stores import Opened, opened

SAMPLE = 64  # values along each dimension
_OFF = 0.1  # of a cell: how far a mapping may be from the file's own latitude and longitude


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """Coordinates as read."""

    grid: Grid
    latitude: Floats  # (y, x) or (node,)
    longitude: Floats
    corners: Any = None  # (triangle, 3), from 0


def read_detail(path: str, header: FileHeader, asked: Wanted) -> Detail:
    """Read the coordinates of variables, one mask for each grid, and a sample of the unscaled."""
    found = Detail()
    known: dict[Places, int] = {}
    refused: dict[Places, str] = {}
    with opened(path) as data, _elsewhere(asked) as other:
        for name in asked.variables:
            lying = layout(name, header)
            places = lying.places
            if places is None:
                continue
            if places not in known and places not in refused:
                borrowed = {places.latitude, places.y_axis} & set(asked.borrowed)
                try:
                    located = _locate(other if borrowed and other else data, places, header)
                except Unreadable as reason:
                    refused[places] = str(reason)
                else:
                    known[places] = len(found.grids)
                    outline = _outline(data, name, lying, located)
                    found.grids.append(PlacedGrid(grid=located.grid, footprint=outline))
            if places in known:
                found.grid_of[name] = known[places]
            else:
                found.reasons[name] = refused[places]
        for name in asked.unscaled:
            found.scales[name] = sample_limits(_sample(data, name))
    return found


def _elsewhere(asked: Wanted) -> AbstractContextManager[Opened | None]:
    """The file that holds the coordinates, where it is another."""
    return opened(asked.places.path) if asked.places is not None else nullcontext()


def _locate(data: Opened, places: Places, header: FileHeader) -> Located:
    """Read the coordinates of a grid; raise what is wrong with them."""
    located = _LOCATE[places.kind](data, places, header)
    if not np.isfinite(located.latitude).any() or not np.isfinite(located.longitude).any():
        raise Unreadable("its latitude and longitude are empty")
    several = located.latitude.size > 1
    if several and np.ptp(located.latitude) == 0 and np.ptp(located.longitude) == 0:
        raise Unreadable("its latitude and longitude are the same in every cell")
    if np.nanmax(np.abs(located.latitude)) > 90.01:
        raise Unreadable("its latitudes lie beyond the poles")
    box = bounds(located.latitude, located.longitude)
    return msgspec.structs.replace(located, grid=msgspec.structs.replace(located.grid, bounds=box))


def _rectilinear(data: Opened, places: Places, _: FileHeader) -> Located:
    y, x = _coordinate(data, places.latitude), _coordinate(data, places.longitude)
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise Unreadable("its latitude and longitude have gaps")
    grid = _grid(places, (y.size, x.size), y, x)
    return Located(grid=grid, latitude=np.repeat(y[:, None], x.size, 1), longitude=np.repeat(x[None], y.size, 0))


def _curvilinear(data: Opened, places: Places, _: FileHeader) -> Located:
    latitude, longitude = (_flat(_coordinate(data, name)) for name in (places.latitude, places.longitude))
    return Located(grid=_grid(places, latitude.shape, latitude, longitude), latitude=latitude, longitude=longitude)


def _flat(values: Floats) -> Floats:
    """Places that are told at every time step: those of the first."""
    return values[0] if values.ndim == 3 else values


def _projected(data: Opened, places: Places, header: FileHeader) -> Located:
    """Places from the mapping, held against the file's own where it has them."""
    own = _curvilinear(data, _without_mapping(places), header) if places.latitude else None
    y, x = _coordinate(data, places.y_axis), _coordinate(data, places.x_axis)
    factor = length_in_metres(header.variables[str(places.y_axis)].text("units")) or 1.0
    for mapping in _mappings(header.variables[str(places.mapping)].attributes):
        try:
            longitude, latitude = _unproject(mapping, y * factor, x * factor)
        except (CRSError, KeyError, TypeError, ValueError):
            continue
        if own is None or _agree(latitude, longitude, own):
            grid = _grid(places, (y.size, x.size), y, x, repr(sorted(mapping.items())))
            grid = msgspec.structs.replace(grid, axis_factor=factor, mapping=mapping)
            return Located(grid=grid, latitude=latitude, longitude=longitude)
    if own is None:
        raise Unreadable("its grid mapping cannot be understood")
    return own


def _mappings(attributes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The CF attributes; then a PROJ text beside them, which often knows the radius of the Earth that they lack."""
    yield dict(attributes)
    for name in ("proj4", "proj4_string", "proj4text"):
        if isinstance(text := attributes.get(name), str):
            with suppress(CRSError):
                yield {
                    "grid_mapping_name": attributes["grid_mapping_name"],
                    "crs_wkt": pyproj.CRS.from_proj4(text).to_wkt(),
                }


def _triangles(data: Opened, places: Places, header: FileHeader) -> Located:
    latitude, longitude = _coordinate(data, places.latitude), _coordinate(data, places.longitude)
    table = _coordinate(data, places.connectivity)
    table = table.T if places.corners_first else table
    if not np.isfinite(table).any():
        raise Unreadable("its triangles have no nodes")
    start = header.variables[str(places.connectivity)].attributes.get("start_index")
    first = int(start) if start is not None else (0 if np.nanmin(table) == 0 else 1)
    corners = table[np.isfinite(table).all(axis=1)].astype(np.intp) - first
    if not corners.size or corners.min() < 0 or corners.max() >= latitude.size:
        raise Unreadable("its triangles name nodes that do not exist")
    if places.face is None:
        grid = _grid(places, latitude.shape, latitude, longitude, corners.tobytes())
    else:
        own = [_coordinate(data, name) for name in (places.face_latitude, places.face_longitude) if name]
        grid = _grid(places, table.shape[:1], latitude, longitude, table.tobytes(), "face", *own)
        grid = msgspec.structs.replace(grid, location="face")
    grid = msgspec.structs.replace(grid, start_index=first)
    return Located(grid=grid, latitude=latitude, longitude=longitude, corners=corners)


_LOCATE = {
    "rectilinear": _rectilinear,
    "curvilinear": _curvilinear,
    "projected": _projected,
    "triangles": _triangles,
}


def _coordinate(data: Opened, name: str | None) -> Floats:
    return floats(data.variables[str(name)])


def _grid(places: Places, shape: tuple[int, ...], *content: Floats | bytes | str) -> Grid:
    """A grid named by what its coordinates hold, so that equal grids share."""
    digest = hashlib.blake2b(places.kind.encode(), digest_size=12)
    for part in content:
        digest.update(part.encode() if isinstance(part, str) else part if isinstance(part, bytes) else part.tobytes())
    return Grid(
        id=digest.hexdigest(),
        kind=places.kind,
        shape=shape,
        latitude=places.latitude,
        longitude=places.longitude,
        y_axis=places.y_axis,
        x_axis=places.x_axis,
        connectivity=places.connectivity,
        corners_first=places.corners_first,
        face_latitude=places.face_latitude,
        face_longitude=places.face_longitude,
    )


def _without_mapping(places: Places) -> Places:
    return Places(
        kind="curvilinear", dimensions=places.dimensions, latitude=places.latitude, longitude=places.longitude
    )


def _unproject(mapping: Mapping[str, Any], y: Floats, x: Floats) -> tuple[Floats, Floats]:
    crs = pyproj.CRS.from_cf(dict(mapping))
    # To the mapping's own ellipsoid: a change of datum would move the cells by kilometres.
    base = crs.source_crs if crs.is_geographic and crs.is_derived else crs.geodetic_crs
    to_degrees = pyproj.Transformer.from_crs(crs, base, always_xy=True)
    longitude, latitude = to_degrees.transform(*np.meshgrid(x, y))
    if not np.isfinite(latitude).all():
        raise ValueError
    return longitude, latitude


def _agree(latitude: Floats, longitude: Floats, own: Located) -> bool:
    """Whether two descriptions of the cells are the same to a part of a cell."""
    if latitude.shape != own.latitude.shape or min(latitude.shape) < 2:
        return False

    def metres(north: Floats, east: Floats, other_north: Floats, other_east: Floats) -> Floats:
        found: Floats = pyproj.Geod(a=6_371_000, b=6_371_000).inv(east, north, other_east, other_north)[2]
        return found

    cell = np.nanmedian(metres(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:]))
    off = metres(latitude, longitude, own.latitude, own.longitude)
    return bool(np.nanmax(off) <= _OFF * cell)


def _outline(data: Opened, name: str, lying: Layout, located: Located) -> str | None:
    if located.corners is not None:
        return footprint.of_triangles(located.latitude, located.longitude, located.corners)
    roles = {each.name: each.role for each in lying.dimensions}
    variable = data.variables[name]
    if 0 in variable.shape:
        return None
    field = floats(variable, tuple(slice(None) if roles[each] in {"y", "x"} else 0 for each in variable.dimensions))
    order = [roles[each] for each in variable.dimensions if roles[each] in {"y", "x"}]
    wet = np.isfinite(field if order == ["y", "x"] else field.T)
    return footprint.of_quads(located.latitude, located.longitude, wet)


def _sample(data: Opened, name: str) -> Floats:
    """At most a few thousand values: of the last two dimensions, at the first and last of the others."""
    variable = data.variables[name]
    if 0 in variable.shape:
        return np.array([])
    inner = [slice(None, None, max(1, size // SAMPLE)) for size in variable.shape[-2:]]
    outer = len(variable.shape) - len(inner)
    found = [floats(variable, (*([place] * outer), *inner)) for place in ((0, -1) if outer else (0,))]
    return np.concatenate([each.ravel() for each in found])
