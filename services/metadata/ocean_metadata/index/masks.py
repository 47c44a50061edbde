"""Land masks of a dataset: in which file the mask of a variable is, and at which points of the grid."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from ocean_common.contracts.assets import Dimension
from ocean_core.cells import MaskMeaning
from ocean_metadata.index.auxiliary import Term
from ocean_metadata.index.axes import HORIZONTAL, Layout, find_layout
from ocean_metadata.index.mask_meaning import POINT, is_hidden_by_land, may_have_values_on_land, read_meaning
from ocean_metadata.index.model import DatasetSpec, FileHeader, VariableHeader
from ocean_metadata.index.selection import Member, SourceFile, match_dimensions

_POINT_OF_NAME = re.compile(rf"_{POINT}$|^([tuvfw])(?=mask)|(?<=depth)([tuvw])$|(?:gphi|glam)([tuvf])$", re.IGNORECASE)
_POINTS = {"u": "u", "v": "v", "f": "f", "psi": "f", "q": "f"}  # others are at the centre


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
    point: str
    rank: tuple[bool, ...]


def find_mask(spec: DatasetSpec, member: Member, sources: Sequence[SourceFile]) -> MaskRequest | None:
    """Find the mask of a variable: on its cells, in its own file or in an auxiliary one, and for its point."""
    if not is_hidden_by_land(member.header):
        return None
    candidates = list(_list_candidates(spec, member, sources))
    points = {candidate.point for candidate in candidates}
    own = _point_of(member.header, member.layout) if len(points) > 1 else next(iter(points), "")
    fitting = [candidate for candidate in candidates if candidate.point == own]
    return max(fitting, key=lambda candidate: candidate.rank).request if fitting else None


def _list_candidates(spec: DatasetSpec, member: Member, sources: Sequence[SourceFile]) -> Iterator[_Candidate]:
    numbers = [member.files[0], *(spec.paths.index(reference.path) for reference in spec.references)]
    for number in dict.fromkeys(numbers):
        header = sources[number].header
        for variable in header.variables.values() if header is not None else ():
            meaning = read_meaning(variable)
            if meaning is None or header is None:
                continue
            is_own = number == member.files[0]
            dimensions = _match_own(variable, header, member) if is_own else _match_other(variable, header, member)
            if dimensions is None:
                continue
            roles = [dimension.role for dimension in dimensions]
            if "time" in roles and any(variable.name not in sources[k].readable_header.variables for k in member.files):
                continue
            request = MaskRequest(
                name=variable.name,
                file=number,
                path=None if is_own else sources[number].file.path,
                dimensions=dimensions,
                meaning=meaning[0],
                guessed=meaning[1],
                hides_only_fills=may_have_values_on_land(member.header, variable),
                follows_time="time" in roles,
                is_in_one_file=len(member.files) == 1,
            )
            has_levels = member.layout.depth is not None
            rank = ("time" in roles, ("depth" in roles) == has_levels, not meaning[1], is_own)
            yield _Candidate(request, _point_of(variable, Layout(dimensions=dimensions)), rank)


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


def _point_of(variable: VariableHeader, layout: Layout) -> str:
    """Return the point of the cell that a variable is at: "u", "v", "f", or "" for the centre."""
    names = [variable.name, *variable.text("coordinates").split(), *(item.name for item in layout.dimensions)]
    matches = [match for name in names if (match := _POINT_OF_NAME.search(name))]
    points = [_POINTS.get(next(group for group in match.groups() if group).lower(), "") for match in matches]
    return next(filter(None, points), "")
