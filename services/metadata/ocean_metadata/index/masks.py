"""Land masks of a dataset: in which file the mask of a variable is, and at which points of the grid."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Literal, NamedTuple

import msgspec

from ocean_common.contracts.assets import Dimension
from ocean_core.cells import MaskMeaning, PlaneAxis
from ocean_core.errors import Message
from ocean_metadata.catalogue.model import Note
from ocean_metadata.index.auxiliary import Term
from ocean_metadata.index.axes import HORIZONTAL, Layout, find_layout, role_by_name
from ocean_metadata.index.mask_meaning import (
    has_vague_name,
    is_hidden_by_land,
    is_text_mask,
    may_have_values_on_land,
    read_meaning,
)
from ocean_metadata.index.model import DatasetSpec, FileHeader, VariableHeader
from ocean_metadata.index.selection import Member, SourceFile, match_dimensions

Point = Literal["", "u", "v", "f"]  # of the cell: "" is the centre

_POINT_NAMES: dict[Point, re.Pattern[str]] = {  # of variables and dimensions of ROMS, NEMO and MITgcm
    "u": re.compile(r"_u$|^(ss)?u(?=mask)|(depth|gphi|glam)u$|^(hfac|mask(in)?)w$|^masku$", re.IGNORECASE),
    "v": re.compile(r"_v$|^(ss)?v(?=mask)|(depth|gphi|glam)v$|^(hfac|mask(in)?)s$|^maskv$", re.IGNORECASE),
    "f": re.compile(r"_(psi|[fq])$|^f(?=mask)|(gphi|glam)f$", re.IGNORECASE),
}
_AXES: dict[Point, str] = {"": "", "u": "x", "v": "y", "f": "yx"}  # along which it lies between centres
# Axes as long as that of the centres: the first point lies before the first centre (MITgcm), or behind it (MOM, NEMO).
_BEFORE_CENTRES = re.compile(r"[xy]g|[ij]_g", re.IGNORECASE)
_BEHIND_CENTRES = re.compile(r"[xy]q", re.IGNORECASE)
_NEMO_MASK = re.compile(r"tmask(util)?|ssmask", re.IGNORECASE)


_NO_NUMBERS = Message("it is a mask without numbers: it hides no land")
_WRITE_NUMBERS = Message("write it as numbers, with flag_values and flag_meanings, as 0, 1 and 'land sea'")
_WRITE_REFERENCE = Message("write the file with the mask into the configuration, as geo_ref")


class MaskRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Mask of a variable: where it is read, and what its numbers mean."""

    name: str
    file: int  # number among those of the dataset
    path: str | None  # of another file than the variable's own
    dimensions: list[Dimension]  # by the roles that they have for the variable
    meaning: MaskMeaning
    guessed: bool = False  # only the name tells which number is land
    hides_only_fills: bool = False  # the variable may have values on land
    follows_time: bool = False
    is_in_one_file: bool = False  # as the variable: its numbers are all there is

    @property
    def term(self) -> Term:
        """The mask as an auxiliary variable."""
        depth = next((dimension.name for dimension in self.dimensions if dimension.role == "depth"), None)
        return Term(self.name, [self.file], Layout(dimensions=self.dimensions, depth=depth))


class _Candidate(NamedTuple):
    request: MaskRequest
    point: Point
    rank: tuple[bool, ...]


class _Match(NamedTuple):
    """Dimensions of a mask by the roles that they have for a variable, and where its cells are (`MaskMeaning`)."""

    dimensions: list[Dimension]
    between: dict[PlaneAxis, int]


def find_mask(spec: DatasetSpec, member: Member, sources: Sequence[SourceFile]) -> MaskRequest | None:
    """Find the mask of a variable: on its cells, in its own file or in an auxiliary one, and for its point.

    Without one, land is beside the land of a mask of the centres; or the only mask is taken, whatever its point.
    """
    if not is_hidden_by_land(member.header):
        return None
    candidates = [item for item in _list_candidates(spec, member, sources) if isinstance(item, _Candidate)]
    own = _point_of(member.header, member.layout)
    is_only = len({candidate.point for candidate in candidates}) == 1
    fitting = [item for item in candidates if item.point == own or item.request.meaning.between or is_only]
    return max(fitting, key=lambda candidate: (candidate.point == own, *candidate.rank)).request if fitting else None


def note_masks(spec: DatasetSpec, members: Sequence[Member], sources: Sequence[SourceFile]) -> list[Note]:
    """Note the masks that hide the land of no variable, with the reasons."""
    fields = [member for member in members if is_hidden_by_land(member.header)]
    masks = [find_mask(spec, member, sources) for member in fields]
    used = {mask.name for mask in masks if mask is not None}
    notes: dict[str, Note] = {}
    for member, mask in zip(fields, masks, strict=True):
        for item in (
            chain(_list_candidates(spec, member, sources), _note_later(member, sources)) if mask is None else ()
        ):
            if isinstance(item, Note) and item.name not in used:
                notes.setdefault(item.name, item)
    return list(notes.values())


def _note_later(member: Member, sources: Sequence[SourceFile]) -> Iterator[Note]:
    """Note the masks that are not in the first file of a variable, but in one of its later files."""
    for number in member.files[1:]:
        header = sources[number].readable_header
        for variable in header.variables.values():
            is_like_mask = read_meaning(variable) is not None and not has_vague_name(variable.name)
            if is_like_mask and _match_mask(variable, header, member, is_own=True):
                file = posixpath.basename(sources[number].file.path)
                text = Message("it is not in the first file, but in {file}: it hides no land", file=file)
                yield Note(variable.name, "left out", text, _WRITE_REFERENCE)


def _list_candidates(spec: DatasetSpec, member: Member, sources: Sequence[SourceFile]) -> Iterator[_Candidate | Note]:
    """List the masks that fit a variable, and notes on those that do not."""
    numbers = [member.files[0], *(spec.paths.index(reference.path) for reference in spec.references)]
    for number in dict.fromkeys(numbers):
        header = sources[number].header
        for variable in header.variables.values() if header is not None else ():
            meaning = read_meaning(variable)
            if is_text_mask(variable):
                yield Note(variable.name, "left out", _NO_NUMBERS, _WRITE_NUMBERS)
            if meaning is None or header is None:
                continue
            is_own = number == member.files[0]
            match = _match_mask(variable, header, member, is_own=is_own)
            if match is None:
                if not (has_vague_name(variable.name) or may_have_values_on_land(member.header, variable)):
                    text = Message("{variable} has other cells: its land is not hidden", variable=member.spec.key)
                    yield Note(variable.name, "left out", text)
                continue
            roles = [dimension.role for dimension in match.dimensions]
            if "time" in roles and any(variable.name not in sources[k].readable_header.variables for k in member.files):
                yield Note(variable.name, "left out", Message("it changes with time, but is not in all files"))
                continue
            request = MaskRequest(
                name=variable.name,
                file=number,
                path=None if is_own else sources[number].file.path,
                dimensions=match.dimensions,
                meaning=msgspec.structs.replace(meaning[0], between=match.between),
                guessed=meaning[1],
                hides_only_fills=may_have_values_on_land(member.header, variable),
                follows_time="time" in roles,
                is_in_one_file=len(member.files) == 1,
            )
            has_levels = member.layout.depth is not None
            rank = (bool(match.between), "time" in roles, ("depth" in roles) == has_levels, not meaning[1], is_own)
            yield _Candidate(request, _point_of(variable, Layout(dimensions=match.dimensions)), rank)


def _match_mask(mask: VariableHeader, header: FileHeader, member: Member, *, is_own: bool) -> _Match | None:
    """Match the dimensions of a mask with those of a variable; None if its cells are elsewhere."""
    between = _match_between(mask, header, member, is_own=is_own)
    dimensions = _match_own(mask, header, member) if is_own else _match_other(mask, header, member)
    return between or (dimensions and _Match(dimensions, {})) or None


def _match_between(mask: VariableHeader, header: FileHeader, member: Member, *, is_own: bool) -> _Match | None:
    """Match a mask of the centres with a variable whose points lie between them; None if they do not."""
    layout, point = find_layout(mask.name, header), _point_of(member.header, member.layout)
    if _point_of(mask, layout):
        return None
    own = {item.role: item for item in member.layout.dimensions}
    dimensions: list[Dimension] = []
    between: dict[PlaneAxis, int] = {}
    for item in layout.dimensions:
        role = item.role if item.role != "other" else role_by_name(item.name)
        match = own.get(role)
        more = item.size - match.size if match else 0
        axis: PlaneAxis | None = "y" if role == "y" else "x" if role == "x" else None
        if axis and match and (more or axis in _AXES[point]):
            first = {1: 0, -1: -1, 0: _find_first_centre(mask, match)}.get(more)
            if first is None:
                return None
            between[axis] = first
        elif match is None or more or (role == "time" and not is_own):
            if item.size > 1:
                return None
            role = "other"
        dimensions.append(msgspec.structs.replace(item, role=role))
    return _Match(dimensions, between) if between and _covers_cells(dimensions, member) else None


def _find_first_centre(mask: VariableHeader, axis: Dimension) -> int | None:
    """Return where the first point of an axis lies that is as long as that of the centres; None if that is unknown."""
    if _NEMO_MASK.fullmatch(mask.name) or _BEHIND_CENTRES.fullmatch(axis.name):
        return 0
    return -1 if _BEFORE_CENTRES.fullmatch(axis.name) else None


def _match_own(mask: VariableHeader, header: FileHeader, member: Member) -> list[Dimension] | None:
    """Return the dimensions of a mask in the variable's own file; None if it is on other cells."""
    by_name = {dimension.name: dimension for dimension in member.layout.dimensions}
    vertical = find_layout(mask.name, header).depth
    dimensions = []
    for name, size in zip(mask.dimensions, mask.shape, strict=True):
        if name in by_name:
            dimensions.append(by_name[name])
        elif size == 1:
            dimensions.append(Dimension(name=name, size=1, role="other"))
        elif name == vertical and member.layout.depth is None:
            dimensions.append(Dimension(name=name, size=size, role="depth"))
        else:
            return None
    return dimensions if _covers_cells(dimensions, member) else None


def _match_other(mask: VariableHeader, header: FileHeader, member: Member) -> list[Dimension] | None:
    """Return the dimensions of a mask in an auxiliary file, which have the lengths of the variable's."""
    layout = find_layout(mask.name, header)
    vertical = layout.depth if member.layout.depth is None else None
    sizes = {dimension.name: dimension.size for dimension in layout.dimensions if dimension.size > 1}
    sizes.pop(vertical or "", None)
    own = {item.name: item for item in member.layout.dimensions if item.role in HORIZONTAL or item.role == "depth"}
    names = match_dimensions(sizes, {name: item.size for name, item in own.items()})
    if names is None:
        return None
    roles = {name: own[other].role for name, other in names.items()}
    if vertical is not None:
        roles[vertical] = "depth"
    dimensions = [
        Dimension(name=item.name, size=item.size, role=roles.get(item.name, "other")) for item in layout.dimensions
    ]
    return dimensions if _covers_cells(dimensions, member) else None


def _covers_cells(dimensions: Sequence[Dimension], member: Member) -> bool:
    """Return True if dimensions are those of the cells, each once."""
    own, roles = (
        sorted(item.role for item in items if item.role in HORIZONTAL)
        for items in (member.layout.dimensions, dimensions)
    )
    return own == roles


def _point_of(variable: VariableHeader, layout: Layout) -> Point:
    """Return the point of the cell that a variable is at."""
    edges = (_BEFORE_CENTRES, _BEHIND_CENTRES)
    axes = {item.role for item in layout.dimensions if any(names.fullmatch(item.name) for names in edges)}
    names = [variable.name, *variable.text("coordinates").split(), *(item.name for item in layout.dimensions)]
    by_name = (point for name in names for point, pattern in _POINT_NAMES.items() if pattern.search(name))
    return next((point for point, roles in _AXES.items() if axes and axes == set(roles)), next(by_name, ""))
