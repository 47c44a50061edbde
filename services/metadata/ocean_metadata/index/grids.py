"""Grids of a file: positions of cells, read and checked, outlines of wet cells, and samples for colour limits."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from ocean_common.contracts.assets import Dimension, Grid
from ocean_common.contracts.metadata import NoteKind
from ocean_core.cells import POLE, MaskMeaning, find_land, find_usable_cells, place_axis, reverse_meaning
from ocean_core.colour import Limits, sample_limits
from ocean_core.errors import Message
from ocean_core.geometry import TURN, Bounds, longitude_near, smallest_span, split_at_antimeridian, wrap_longitude
from ocean_core.units import angle_in_degrees, length_in_metres
from ocean_metadata.catalogue.model import GridRecord, Note, copy_fields
from ocean_metadata.index.axes import HORIZONTAL, Layout, Placement, find_layout
from ocean_metadata.index.mask_meaning import has_vague_name
from ocean_metadata.index.masks import MaskRequest, find_mask
from ocean_metadata.index.model import DatasetSpec, FileHeader
from ocean_metadata.index.selection import BorrowedCoordinates, Member, SourceFile, find_scale, select_variables
from ocean_metadata.index.storage import (
    BROKEN,
    Floats,
    OpenDataset,
    Unreadable,
    describe_error,
    open_dataset,
    read_floats,
)

SAMPLE = 64  # values along each dimension
OUTLINE_BLOCKS = 72  # along each dimension of a grid: an outline, not a coast
_TOLERANCE = 0.1  # of a cell: largest distance of a grid mapping from the latitude and longitude in the file
_OUTLINE_TRIANGLES = 20_000
_TRIANGLE = 3  # corners that a face has at least
_MASK_NUMBERS = 4_000_000  # of a mask that follows the time: so many are looked through
_FILLS = 3  # different latitudes beyond the poles: more are positions in other units, or wrong
_WATER = 2.0  # of masks with 1 for land; greater numbers are percentages
_PERCENT = 100.0
_SOUTH, _WEST = (re.compile(rf"{name}$|[\s_]{name[0]}$", re.IGNORECASE) for name in ("south", "west"))  # of units
_PRECISION = 0.001  # degrees, of outlines


class DetailRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Coordinates, masks and samples to read of one file."""

    file: int
    variables: list[str]
    unscaled: list[str]
    borrowed: BorrowedCoordinates | None = None
    masks: dict[str, MaskRequest] = {}  # variable → its land mask


class FileDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Grids and colour limits of variables of a file, which its header does not have."""

    request: DetailRequest
    grids: list[GridRecord] = []
    grid_of: dict[str, int] = {}  # variable → index into `grids`
    reasons: dict[str, Message] = {}  # variable → why it has no grid
    unreadable: dict[str, Message] = {}  # variable → why its values cannot be read in this file
    scales: dict[str, Limits] = {}  # of the variables without a scale
    masks: dict[str, MaskRequest] = {}  # variable → land mask, of those from which it hides something
    notes: list[Note] = []


class CellPositions(NamedTuple):
    """Grid with its coordinates."""

    grid: Grid
    latitude: Floats  # (y, x) or (node,)
    longitude: Floats
    corners: Any = None  # (face, most corners), from 0; the first again where one has fewer
    notes: tuple[Note, ...] = ()


def list_details(spec: DatasetSpec, sources: Sequence[SourceFile]) -> list[DetailRequest]:
    """List the details to read, of each variable in the first file that holds it."""
    by_file: dict[int, list[Member]] = {}
    for member in select_variables(spec, sources).members:
        by_file.setdefault(member.files[0], []).append(member)
    return [
        DetailRequest(
            file=number,
            variables=sorted({member.spec.source for member in members}),
            unscaled=sorted({member.spec.source for member in members if find_scale(member) is None}),
            borrowed=sources[number].borrowed,
            masks={
                member.spec.source: mask for member in members if (mask := find_mask(spec, member, sources)) is not None
            },
        )
        for number, members in sorted(by_file.items())
    ]


def read_detail(path: str, header: FileHeader, request: DetailRequest) -> FileDetail:
    """Read the coordinates of variables, a mask for each grid, and a sample of variables without a scale."""
    detail = FileDetail(request=request)
    grids: dict[Placement, int | Message] = {}  # index into those of the detail, or the reason why there is none
    borrowed = request.borrowed
    with ExitStack() as stack:
        data = stack.enter_context(open_dataset(path))
        coordinates = stack.enter_context(open_dataset(borrowed.file.path)) if borrowed is not None else data
        others = {mask.path for mask in request.masks.values() if mask.path is not None}
        mask_files = {other: stack.enter_context(open_dataset(other)) for other in others}
        for name in request.variables:
            with _note_error(name, detail.unreadable):
                layout = find_layout(name, header)
                placement = layout.placement
                if placement is None:
                    continue
                land = _find_hidden_land(data, mask_files, name, layout, request.masks.get(name))
                if land is not None:
                    detail.masks[name] = land.mask
                    detail.notes.extend(land.notes)
                hidden = land.first if land is not None else None
                if placement not in grids:
                    is_borrowed = borrowed is not None and {placement.latitude, placement.y_axis} & borrowed.names
                    try:
                        positions = _read_positions(coordinates if is_borrowed else data, placement, header)
                    except Unreadable as error:
                        grids[placement] = error.message
                    else:
                        grids[placement] = len(detail.grids)
                        detail.notes.extend(positions.notes)
                        outline = _read_outline(data, name, layout, positions, hidden)
                        detail.grids.append(GridRecord(grid=positions.grid, footprint=outline))
                if isinstance(grid := grids[placement], Message):
                    detail.reasons[name] = grid
                else:
                    detail.grid_of[name] = grid
                if name in request.unscaled:
                    detail.scales[name] = sample_limits(_read_sample(data, name, layout, hidden))
    if detail.unreadable and len(detail.unreadable) == len(request.variables):
        raise Unreadable(next(iter(detail.unreadable.values())))
    return detail


@contextmanager
def _note_error(name: str, unreadable: dict[str, Message]) -> Iterator[None]:
    """Note why a variable cannot be read; the others of its file may be."""
    try:
        yield
    except BROKEN as error:
        unreadable[name] = describe_error(error)


class _HiddenLand(NamedTuple):
    """Land mask that hides numbers of a variable."""

    mask: MaskRequest
    first: NDArray[np.bool_]  # land in the first field of the variable: (y, x) or (node,)
    notes: list[Note]


def _find_hidden_land(
    data: OpenDataset, mask_files: Mapping[str, OpenDataset], name: str, layout: Layout, mask: MaskRequest | None
) -> _HiddenLand | None:
    """Find the numbers on land in the first field of a variable, and in its last level if the mask has levels.

    None if there are none: the mask would change nothing. One that may hide something at other times is kept.
    """
    if mask is None or 0 in data.variables[name].shape:
        return None
    mask_file = mask_files.get(mask.path or "", data)
    has_levels = layout.depth is not None and any(item.role == "depth" for item in mask.dimensions)
    fields = [
        (
            _read_field(data.variables[name], layout.dimensions, level),
            _read_field(mask_file.variables[mask.name], mask.dimensions, level),
        )
        for level in ((0, -1) if has_levels else (0,))
    ]
    meaning, greatest = mask.meaning, np.nanmax(fields[0][1], initial=0.0)
    if meaning.land == [1.0] and _WATER < greatest <= _PERCENT:
        meaning, mask = msgspec.structs.replace(meaning, land=[_PERCENT]), msgspec.structs.replace(mask, guessed=True)
    land = [_find_land_of(field, numbers, meaning) for field, numbers in fields]
    if any(field.shape != hidden.shape for (field, _), hidden in zip(fields, land, strict=True)):
        return None
    if mask.guessed and greatest <= _WATER and _is_reversed(fields[0][0], land[0]):
        # The sea would have no values, or a single one.
        meaning = reverse_meaning(meaning)
        land = [_find_land_of(field, numbers, meaning) for field, numbers in fields]
    mask = msgspec.structs.replace(mask, meaning=meaning)
    is_filled = any((np.isfinite(field) & hidden).any() for (field, _), hidden in zip(fields, land, strict=True))
    if mask.hides_only_fills and not _has_fills(fields[0][0], land[0]):
        return None
    if not is_filled and not _may_hide_later(mask_file.variables[mask.name], mask):
        return None
    if mask.guessed and has_vague_name(mask.name) and np.unique(fields[0][0][land[0]]).size > _FILLS:
        return None
    notes = [Note(mask.name, "masked", Message("it hides land that is filled with numbers"))] if is_filled else []
    if is_filled and mask.guessed:
        text = Message(
            "that {number} is land is a guess from its name and its values", number=round(mask.meaning.land[0])
        )
        advice = Message("write flag_values and flag_meanings to {name}, as 0, 1 and 'land sea'", name=mask.name)
        notes.append(Note(mask.name, "guessed", text, advice))
    if is_filled and meaning.between:
        axes = ", ".join(item.name for item in layout.dimensions if item.role in meaning.between)
        text = Message("points along {axes} without a mask of their own are land where a cell beside them is",
                       axes=axes)  # fmt: skip
        notes.append(Note(mask.name, "guessed", text, Message("write a mask of these points to the file")))
    return _HiddenLand(mask, land[0], notes)


def _may_hide_later(variable: Any, mask: MaskRequest) -> bool:
    """Return True if a mask may hide something at other times than the first: in other files, or as it changes."""
    if not mask.is_in_one_file:
        return True
    is_large = np.prod(variable.shape) > _MASK_NUMBERS
    meaning = msgspec.structs.replace(mask.meaning, between={})
    return mask.follows_time and (is_large or bool(find_land(read_floats(variable), meaning).any()))


def _has_fills(field: Floats, land: NDArray[np.bool_]) -> bool:
    """Return True if a field has few numbers on land, and none of them at sea: rain may be zero on both."""
    numbers = np.unique(field[land & np.isfinite(field)])
    return 0 < numbers.size <= _FILLS and not np.isin(numbers, field[~land]).any()


def _is_reversed(field: Floats, land: NDArray[np.bool_]) -> bool:
    """Return True if a field varies only where a mask would tell land."""
    present = np.isfinite(field)
    return np.unique(field[present & ~land]).size < 2 <= np.unique(field[present & land]).size


def _find_land_of(field: Floats, numbers: Floats, meaning: MaskMeaning) -> NDArray[np.bool_]:
    """Return the land of a whole field, (y, x) or (node,)."""
    return find_land(numbers, meaning, {"y": range(field.shape[0]), "x": range(field.shape[-1])})


def _read_field(variable: Any, dimensions: Sequence[Dimension], level: int = 0) -> Floats:
    """Read a variable at the first time and one level: (y, x) or (node,)."""
    index = tuple(
        slice(None) if item.role in HORIZONTAL else level if item.role == "depth" else 0 for item in dimensions
    )
    values = read_floats(variable, index)
    roles = [item.role for item in dimensions if item.role in HORIZONTAL]
    return values.T if roles == ["x", "y"] else values


# Positions of cells


def _read_positions(data: OpenDataset, placement: Placement, header: FileHeader) -> CellPositions:
    """Read the coordinates of a grid; raise Unreadable if they are invalid."""
    positions = _READERS[placement.kind](data, placement, header)
    latitude, longitude = positions.latitude, positions.longitude
    if not np.isfinite(latitude).any() or not np.isfinite(longitude).any():
        raise Unreadable("its latitude and longitude are empty")
    if latitude.size > 1 and np.ptp(latitude) == 0 and np.ptp(longitude) == 0:
        raise Unreadable("its latitude and longitude are the same in every cell")
    if np.nanmax(np.abs(latitude)) > POLE:
        raise Unreadable("its latitudes are beyond the poles")
    grid = msgspec.structs.replace(positions.grid, bounds=bounding_box(latitude, longitude))
    return positions._replace(grid=grid)


class _Angles(NamedTuple):
    """Latitudes and longitudes in degrees, north and east."""

    latitude: Floats
    longitude: Floats
    units: dict[str, Any]  # `degrees` and `signs` of the grid
    notes: tuple[Note, ...]


def _read_angles(data: OpenDataset, placement: Placement, header: FileHeader) -> _Angles:
    """Read latitudes and longitudes, which may be in radians, and count southwards or westwards."""
    latitude, longitude, degrees, notes = _read_unsigned_angles(data, placement, header)
    signs, values = [1, 1], [latitude, longitude]
    kind: NoteKind
    for axis, (name, pattern) in enumerate(((placement.latitude, _SOUTH), (placement.longitude, _WEST))):
        units = header.variables[str(name)].text("units")
        if not pattern.search(units):
            continue
        if np.nanmedian(values[axis]) > 0:
            signs[axis] = -1
            kind, text = "converted", Message("it counts in {units}: its sign is changed", units=units)
        else:
            kind, text = "guessed", Message("its units are {units}, but it is negative: its sign is kept", units=units)
        notes = (*notes, Note(str(name), kind, text))
    options = {"degrees": degrees, "signs": (signs[0], signs[1])}
    return _Angles(latitude * signs[0], longitude * signs[1], options, notes)


def _read_unsigned_angles(
    data: OpenDataset, placement: Placement, header: FileHeader
) -> tuple[Floats, Floats, float, tuple[Note, ...]]:
    """Read latitudes and longitudes in degrees, and how many degrees their unit in the file is."""
    name = str(placement.latitude)
    values = [_read_named(data, coordinate) for coordinate in (name, placement.longitude)]
    degrees = angle_in_degrees(header.variables[name].text("units")) or 1.0
    if not header.variables[name].text("units") and not header.variables[name].text("standard_name"):
        text = Message("it has no units: its numbers are taken as degrees")
        advice = Message("write the units degrees_north and degrees_east to the file")
        notes = tuple(Note(str(item), "guessed", text, advice) for item in (name, placement.longitude))
        return values[0], values[1], 1.0, notes
    if degrees == 1.0 or not np.isfinite(values[0]).any():
        return values[0], values[1], 1.0, ()
    placed = np.abs(values[0][np.abs(values[0]) <= POLE])
    if placed.size and np.median(placed) > np.pi / 2:
        text = Message("the units of {name} are {units}, but its values can only be degrees", name=name,
                       units=header.variables[name].text("units"))  # fmt: skip
        return values[0], values[1], 1.0, (Note(name, "guessed", text),)
    text = Message("latitudes and longitudes were converted from {units} to degrees",
                   units=header.variables[name].text("units"))  # fmt: skip
    return values[0] * degrees, values[1] * degrees, degrees, (Note(name, "converted", text),)


def _check_latitudes(latitude: Floats) -> None:
    """Raise Unreadable for too many different numbers beyond the poles: they are no fill values."""
    if np.unique(latitude[np.abs(latitude) > POLE]).size > _FILLS:
        raise Unreadable("its latitudes are beyond the poles")


def _drop_unusable(
    latitude: Floats, longitude: Floats, placement: Placement
) -> tuple[Floats, Floats, tuple[Note, ...]]:
    """Drop the coordinates of cells without a place on the Earth: fill values, and zeros for land left out."""
    _check_latitudes(latitude)
    usable = find_usable_cells(latitude, longitude)
    given = np.isfinite(latitude) & np.isfinite(longitude)
    if not (dropped := int((given & ~usable).sum())) or not usable.any():
        return latitude, longitude, ()
    fill = f"{latitude[given & ~usable][0]:g}"
    text = Message(
        "{count} of {total} cells have no place on the Earth: their latitudes and longitudes are filled with numbers "
        "({fill})", count=dropped, total=latitude.size, fill=fill,
    )  # fmt: skip
    note = Note(str(placement.latitude), "masked", text)
    return np.where(usable, latitude, np.nan), np.where(usable, longitude, np.nan), (note,)


def _read_rectilinear(data: OpenDataset, placement: Placement, header: FileHeader) -> CellPositions:
    y, x, units, notes = _read_angles(data, placement, header)
    _check_latitudes(y)
    y, x = place_axis(y, "latitude"), place_axis(x, "longitude")
    for name, values in ((placement.latitude, y), (placement.longitude, x)):
        if missing := int(np.isnan(values).sum()):
            text = Message("{count} of its {total} positions have no number: their cells are left out", count=missing,
                           total=values.size)  # fmt: skip
            notes = (*notes, Note(str(name), "masked", text))
    grid = _make_grid(placement, (y.size, x.size), y, x, **units)
    return CellPositions(grid, np.repeat(y[:, None], x.size, 1), np.repeat(x[None], y.size, 0), notes=notes)


def _read_curvilinear(data: OpenDataset, placement: Placement, header: FileHeader) -> CellPositions:
    latitude, longitude, units, notes = _read_angles(data, placement, header)
    if latitude.ndim == 3:  # coordinates with a time dimension: those of the first step
        latitude, longitude = latitude[0], longitude[0]
    latitude, longitude, more = _drop_unusable(latitude, longitude, placement)
    grid = _make_grid(placement, latitude.shape, latitude, longitude, **units)
    return CellPositions(grid, latitude, longitude, notes=(*notes, *more))


def _read_projected(data: OpenDataset, placement: Placement, header: FileHeader) -> CellPositions:
    """Compute positions from the grid mapping, and compare them with latitude and longitude in the file."""
    stored = None
    if placement.latitude:
        without_mapping = msgspec.structs.replace(placement, kind="curvilinear", y_axis=None, x_axis=None, mapping=None)
        stored = _read_curvilinear(data, without_mapping, header)
    y, x = _read_named(data, placement.y_axis), _read_named(data, placement.x_axis)
    units = header.variables[str(placement.y_axis)].text("units")
    factor = length_in_metres(units) or angle_in_degrees(units) or 1.0
    for mapping in _list_mappings(header.variables[str(placement.mapping)].attributes):
        try:
            longitude, latitude = _unproject(mapping, y * factor, x * factor)
        except (CRSError, KeyError, TypeError, ValueError):
            continue
        if stored is None or _agree(latitude, longitude, stored):
            content = repr(sorted(mapping.items())).encode()
            if stored is not None:
                is_placed = np.isfinite(stored.latitude)
                latitude, longitude = (np.where(is_placed, values, np.nan) for values in (latitude, longitude))
            more = {"axis_factor": factor, "mapping": mapping}
            if stored is not None:
                more |= {"degrees": stored.grid.degrees, "signs": stored.grid.signs}
            grid = _make_grid(placement, (y.size, x.size), y, x, content, **more)
            return CellPositions(grid, latitude, longitude, notes=stored.notes if stored else ())
    if stored is None:
        raise Unreadable("its grid mapping is not supported")
    return stored


def _list_mappings(attributes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """List the CF attributes, then a PROJ text, which often has the radius of the Earth that they lack."""
    yield dict(attributes)
    for name in ("proj4", "proj4_string", "proj4text"):
        if isinstance(text := attributes.get(name), str):
            with suppress(CRSError):
                yield {
                    "grid_mapping_name": attributes["grid_mapping_name"],
                    "crs_wkt": pyproj.CRS.from_proj4(text).to_wkt(),
                }


def _unproject(mapping: Mapping[str, Any], y: Floats, x: Floats) -> tuple[Floats, Floats]:
    crs = pyproj.CRS.from_cf(dict(mapping))
    # To the mapping's own ellipsoid: a change of datum would move the cells by kilometres.
    base = crs.source_crs if crs.is_geographic and crs.is_derived else crs.geodetic_crs
    to_degrees = pyproj.Transformer.from_crs(crs, base, always_xy=True)
    longitude, latitude = to_degrees.transform(*np.meshgrid(x, y))
    if not np.isfinite(latitude).all():
        raise ValueError
    return longitude, latitude


def _agree(latitude: Floats, longitude: Floats, stored: CellPositions) -> bool:
    """Return True if two descriptions of the cells agree to a part of a cell."""
    if latitude.shape != stored.latitude.shape or min(latitude.shape) < 2:
        return False
    sphere = pyproj.Geod(a=6_371_000, b=6_371_000)
    cell = np.nanmedian(sphere.inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])[2])
    distance = sphere.inv(longitude, latitude, stored.longitude, stored.latitude)[2]
    return bool(np.nanmax(distance) <= _TOLERANCE * cell)


def _read_triangles(data: OpenDataset, placement: Placement, header: FileHeader) -> CellPositions:
    latitude, longitude, units, notes = _read_angles(data, placement, header)
    latitude, longitude, more = _drop_unusable(latitude, longitude, placement)
    table = _read_named(data, placement.connectivity)
    table = table.T if placement.corners_first else table
    stated = header.variables[str(placement.connectivity)].attributes.get("start_index")
    corners, first = _number_corners(table, latitude.size, None if stated is None else int(stated))
    if stated is not None and first != int(stated):
        text = Message("its nodes are numbered from {first}, not from {stated} as start_index says", first=first,
                       stated=int(stated))  # fmt: skip
        more = (*more, Note(str(placement.connectivity), "guessed", text))
    complete = corners[(corners >= 0).sum(axis=1) >= _TRIANGLE]
    options: dict[str, Any] = {"start_index": first, **units}
    if placement.face is None:
        grid = _make_grid(placement, latitude.shape, latitude, longitude, complete, **options)
    else:
        centres = [_read_named(data, name) for name in (placement.face_latitude, placement.face_longitude) if name]
        options |= {"location": "face"}
        grid = _make_grid(placement, table.shape[:1], latitude, longitude, corners, b"face", *centres, **options)
    # The first corner again for those that are missing: for outlines.
    return CellPositions(grid, latitude, longitude, np.where(complete >= 0, complete, complete[:, :1]), (*notes, *more))


def _number_corners(table: Floats, nodes: int, stated: int | None) -> tuple[NDArray[np.intp], int]:
    """Return the nodes of faces from 0, (face, most corners), -1 where there is none, and the number of the first node.

    Fill values need no attribute: they are few numbers, beyond those of nodes, and never among the first three corners
    of a face. Raises Unreadable for other numbers beyond.
    """
    if not np.isfinite(table).any():
        raise Unreadable("its triangles have no nodes")
    has_last, has_zero = bool((table == nodes).any()), bool((table[:, :_TRIANGLE] == 0).any())
    first = stated
    if stated is None or (stated == 0 and has_last and not has_zero) or (stated == 1 and has_zero and not has_last):
        first = 1 if has_last or not has_zero else 0
    numbers = np.where(np.isfinite(table), table - int(first or 0), -1)
    is_node = (numbers >= 0) & (numbers < nodes)
    strange = np.isfinite(table) & ~is_node
    is_face = is_node[:, :_TRIANGLE].any(axis=1)
    if (strange[is_face, :_TRIANGLE]).any() or np.unique(table[strange]).size > _FILLS or not is_face.any():
        raise Unreadable("its triangles refer to nodes that do not exist")
    return np.where(is_node, numbers, -1).astype(np.intp), int(first or 0)


_READERS = {
    "rectilinear": _read_rectilinear,
    "curvilinear": _read_curvilinear,
    "projected": _read_projected,
    "triangles": _read_triangles,
}


def _read_named(data: OpenDataset, name: str | None) -> Floats:
    return read_floats(data.variables[str(name)])


def _make_grid(placement: Placement, shape: tuple[int, ...], *content: NDArray[Any] | bytes, **more: Any) -> Grid:
    """Make a grid whose id is a digest of its coordinates, so that equal grids are shared."""
    digest = hashlib.blake2b(placement.kind.encode(), digest_size=12)
    for part in content:
        digest.update(part if isinstance(part, bytes) else part.tobytes())
    return copy_fields(placement, Grid, **{"id": digest.hexdigest(), "shape": shape, "mapping": None, **more})


def _read_sample(data: OpenDataset, name: str, layout: Layout, hidden: NDArray[np.bool_] | None) -> Floats:
    """Read at most a few thousand values: of the last two dimensions, at the first and last index of the others."""
    variable = data.variables[name]
    if 0 in variable.shape:
        return np.array([])
    inner = [slice(None, None, max(1, size // SAMPLE)) for size in variable.shape[-2:]]
    outer = len(variable.shape) - len(inner)
    samples = [read_floats(variable, (*([index] * outer), *inner)) for index in ((0, -1) if outer else (0,))]
    if hidden is not None:
        roles = [item.role for item in layout.dimensions][-2:]
        land = (hidden.T if roles == ["x", "y"] else hidden)[tuple(inner[-hidden.ndim :])]
        samples = [np.where(land, np.nan, sample) for sample in samples if sample.shape[-land.ndim :] == land.shape]
    return np.concatenate([sample.ravel() for sample in samples])


# Bounding boxes


def bounding_box(latitude: Floats, longitude: Floats) -> Bounds:
    """Return the smallest box around cells at any longitudes; without those that are NaN.

    West is greater than east if the box crosses the antimeridian; cells all around the Earth give -180 and 180.
    """
    finite = latitude[np.isfinite(latitude)]
    south, north = round(float(finite.min()), 6), round(float(finite.max()), 6)
    meridians = np.unique(np.round(wrap_longitude(longitude[np.isfinite(longitude)]), 6))
    gaps = np.diff(meridians, append=meridians[0] + 360.0)
    widest = int(gaps.argmax())
    spacing = float(np.median(gaps[:-1])) if gaps.size > 2 else 0.0
    if gaps.size > 2 and gaps[widest] <= max(2.0 * spacing, 2.0):
        return -180.0, south, 180.0, north
    west, east = meridians[(widest + 1) % meridians.size], meridians[widest]
    return round(float(west), 6), south, round(float(east), 6), north


def join_boxes(boxes: Sequence[Bounds]) -> Bounds | None:
    """Return the smallest box around boxes; None for no box."""
    if not boxes:
        return None
    west, east = smallest_span([(west, east if east >= west else east + 360.0) for west, _, east, _ in boxes])
    south, north = min(box[1] for box in boxes), max(box[3] for box in boxes)
    return (
        (-180.0, south, 180.0, north) if east - west >= 360.0 else (west, south, east - 360.0 * (east > 180.0), north)
    )


# Outlines


def _read_outline(
    data: OpenDataset, name: str, layout: Layout, positions: CellPositions, hidden: NDArray[np.bool_] | None
) -> str | None:
    """Read the first field of a variable, and return the outline of its wet cells as GeoJSON.

    It is the union of the blocks of a (y, x) grid that hold a wet cell, or of the triangles of a mesh.
    """
    latitude, longitude, corners = positions.latitude, positions.longitude, positions.corners
    if corners is not None:
        if hidden is not None and hidden.size == latitude.size:
            corners = corners[~hidden[corners].all(axis=1)]
        thinned = corners[:: max(1, len(corners) // _OUTLINE_TRIANGLES)]
        return _unite_rings(np.stack([longitude[thinned], latitude[thinned]], axis=-1))
    variable = data.variables[name]
    if 0 in variable.shape:
        return None
    wet = np.isfinite(_read_field(variable, layout.dimensions))
    if hidden is not None:
        wet &= ~hidden
    if _goes_around(longitude):
        latitude, longitude, wet = (np.concatenate([part, part[:, :1]], axis=1) for part in (latitude, longitude, wet))
    rows, columns = _cut_into_blocks(latitude.shape[0]), _cut_into_blocks(latitude.shape[1])
    nodes = np.stack([longitude, latitude], axis=-1)[np.ix_(rows, columns)]
    rings = np.stack([nodes[:-1, :-1], nodes[:-1, 1:], nodes[1:, 1:], nodes[1:, :-1]], axis=-2)
    filled = np.maximum.reduceat(np.maximum.reduceat(wet, rows[:-1], axis=0), columns[:-1], axis=1).astype(bool)
    for row, column in np.argwhere(filled & ~np.isfinite(rings).all(axis=(-1, -2))):
        # A corner has no place: the box around the cells that have one.
        block = slice(rows[row], rows[row + 1] + 1), slice(columns[column], columns[column + 1] + 1)
        rings[row, column] = _surround_cells(latitude[block], longitude[block])
    return _unite_rings(rings[filled])


def _goes_around(longitude: Floats) -> bool:
    """Return True if most rows, (y, x), go around the Earth, so that the first cell lies beside the last."""
    steps = wrap_longitude(np.roll(longitude, -1, axis=1) - longitude)
    size = np.median(np.abs(steps), axis=1)
    closes = (np.abs(steps.sum(axis=1)) > TURN / 2) & (np.abs(steps[:, -1]) <= 2 * size)
    return bool(closes.mean() > 0.5)


def _surround_cells(latitude: Floats, longitude: Floats) -> Floats:
    """Return the box around the cells that have a place: a ring of (longitude, latitude), (4, 2)."""
    placed = np.isfinite(latitude) & np.isfinite(longitude)
    if not placed.any():
        return np.full((4, 2), np.nan)
    around = longitude_near(longitude[placed], longitude[placed][0])
    west, south, east, north = around.min(), latitude[placed].min(), around.max(), latitude[placed].max()
    return np.array([(west, south), (east, south), (east, north), (west, north)])


def _cut_into_blocks(count: int) -> NDArray[np.intp]:
    """Return the first cells of at most `OUTLINE_BLOCKS` blocks along a dimension, and its last cell: two for one."""
    if count == 1:
        return np.array([0, 0])
    return np.unique(np.linspace(0, count - 1, min(count - 1, OUTLINE_BLOCKS) + 1).astype(np.intp))


def _unite_rings(rings: Floats) -> str | None:
    """Unite rings of (longitude, latitude), cut at the antimeridian."""
    rings = rings[np.isfinite(rings).all(axis=(-1, -2))]
    if not len(rings):
        return None
    first = wrap_longitude(rings[:, :1, 0])
    # Every ring stays whole; the part beyond 180 degrees is moved to the other side afterwards.
    rings[..., 0] = longitude_near(rings[..., 0], first)
    flat = shapely.buffer(shapely.polygons(rings), 1e-4, join_style="mitre", quad_segs=1)
    united = shapely.set_precision(split_at_antimeridian(shapely.unary_union(flat)), _PRECISION)
    return str(shapely.to_geojson(united)) if not united.is_empty else None
