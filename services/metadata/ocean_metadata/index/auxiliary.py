"""Auxiliary variables: true depths of levels, sea floor of the model, angle of the grid.

They are in the files that the configuration names, else in those of the variable itself.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Role
from ocean_core.units import length_in_metres
from ocean_metadata.index.axes import (
    HORIZONTAL,
    Layout,
    depth_kind,
    find_layout,
    is_time,
    is_vertical,
    vertical_coordinate,
)
from ocean_metadata.index.mask_meaning import read_meaning
from ocean_metadata.index.model import DatasetSpec, FileHeader, Reference, VariableHeader
from ocean_metadata.index.selection import Member, SourceFile, match_dimensions

_FLOOR_STANDARD_NAME = re.compile(r"(model_)?sea_floor_depth.*|bathymetry")
_FLOOR = re.compile(
    r"h[tu]?|bathy(metry|metrie|_?meter|_metry)?|deptho?|hdept?|bottom_?depth|topo(graphy)?|bed_?level", re.IGNORECASE
)
_DEPTHS = re.compile(r"gdept[tuvw]?(_[0n])?|depth[tuvw]?(_?3d)?|layer_?depth", re.IGNORECASE)
_HEIGHTS = re.compile(r"z_(rho|[uvw])|zval|zcor|zcoords?|zCoordinates")
_FORMULA_TERM = re.compile(r"(\w+):\s*(\S+)")

_ANGLE_NAMES = ("alpha", "angle")
_ROTATION_NAMES = {"cosine": {"cos_alpha", "cosalpha"}, "sine": {"sin_alpha", "sinalpha"}}

# CF appendix D; eta, the height of the surface, may be missing.
_USUAL_TERMS = {
    "sigma": {"eta": "zeta", "depth": "h"},
    "s": {"C": "Cs_r", "eta": "zeta", "depth": "h", "depth_c": "hc"},
}
_REQUIRED_TERMS = {
    "ocean_sigma_coordinate": {"sigma", "depth"},
    "ocean_s_coordinate": {"s", "depth", "a", "b", "depth_c"},
    "ocean_s_coordinate_g1": {"s", "C", "depth", "depth_c"},
    "ocean_s_coordinate_g2": {"s", "C", "depth", "depth_c"},
}


class Term(NamedTuple):
    """Auxiliary variable."""

    name: str
    files: list[int]  # that hold it
    layout: Layout

    @property
    def roles(self) -> set[Role]:
        return {dimension.role for dimension in self.layout.dimensions}


def list_static_terms(header: FileHeader) -> list[str]:
    """List the variables without time that give depths, sea floor or land: files of a family may differ in them."""
    names = {name for terms in _USUAL_TERMS.values() for name in (*terms, *terms.values())} | {"s_rho", "s_w", "Cs_w"}
    for variable in header.variables.values():
        names.update(name for _, name in _FORMULA_TERM.findall(variable.text("formula_terms")))
    return [
        variable.name
        for variable in header.variables.values()
        if variable.numeric
        and len(variable.dimensions) <= 3
        and (variable.name in names or _is_named_term(variable))
        and all(dimension.role != "time" for dimension in find_layout(variable.name, header).dimensions)
    ]


def _is_named_term(variable: VariableHeader) -> bool:
    is_named = any(names.fullmatch(variable.name) for names in (_FLOOR, _DEPTHS, _HEIGHTS))
    return is_named or bool(_FLOOR_STANDARD_NAME.fullmatch(variable.text("standard_name")) or read_meaning(variable))


class Candidates:
    """Variables on the cells and levels of a variable, or on fewer dimensions."""

    def __init__(self, member: Member, sources: Sequence[SourceFile]) -> None:
        self.member = member
        self.sources = sources
        self.header = sources[member.files[0]].readable_header

    def get_in_file(self, name: str) -> Term | None:
        """Return a variable of the same file; its dimensions have the same names."""
        variable = self.header.variables.get(name)
        if variable is None or not variable.numeric or name == self.member.spec.source:
            return None
        layout = find_layout(name, self.header)
        by_name = {dimension.name: dimension for dimension in self.member.layout.dimensions}
        dimensions = []
        for dimension in layout.dimensions:
            match = by_name.get(dimension.name)
            if dimension.role == "time" or (match is None and dimension.size == 1):
                dimensions.append(dimension)
            elif match is None or match.role == "time":
                return None
            else:
                dimensions.append(match)
        return Term(name, self._list_holding(name), Layout(dimensions=dimensions, time=layout.time))

    def get_elsewhere_in_file(self, name: str) -> Term | None:
        """Return a variable of the same file at other points, as the sea floor is between the points of velocities."""
        variable = self.header.variables.get(name)
        if variable is None or not variable.numeric or name == self.member.spec.source:
            return None
        layout = find_layout(name, self.header)
        if layout.placement is None or layout.depth not in {None, self.member.layout.depth}:
            return None
        return Term(name, self._list_holding(name), layout)

    def list_in_files(self) -> Iterator[tuple[VariableHeader, Term | None]]:
        """List the variables of the same file: those on the cells of the variable first, then those on others."""
        for get_term in (self.get_in_file, self.get_elsewhere_in_file):
            for variable in self.header.variables.values():
                yield variable, get_term(variable.name)

    def _list_holding(self, name: str) -> list[int]:
        return [number for number in self.member.files if name in self.sources[number].readable_header.variables]

    def _get_in_reference(self, number: int, header: FileHeader, variable: VariableHeader) -> Term | None:
        """Return a variable of another file; its dimensions have the same lengths."""
        layout = find_layout(variable.name, header)
        time = {dimension.name for dimension in layout.dimensions if dimension.role == "time"}
        sizes = {
            name: size
            for name, size in zip(variable.dimensions, variable.shape, strict=True)
            if name not in time and (size > 1 or name in self.header.dimensions)
        }
        by_name = {dimension.name: dimension for dimension in self.member.layout.dimensions if dimension.role != "time"}
        names = match_dimensions(sizes, {name: dimension.size for name, dimension in by_name.items()})
        if names is None:
            return None
        roles: dict[str, Role] = {name: by_name[match].role for name, match in names.items()}
        roles |= dict.fromkeys(time, "time")
        dimensions = [
            msgspec.structs.replace(dimension, role=roles.get(dimension.name, "other"))
            for dimension in layout.dimensions
        ]
        return Term(variable.name, [number], Layout(dimensions=dimensions, time=layout.time))

    def list_terms(self, reference: Reference | None) -> Iterator[tuple[VariableHeader, Term | None]]:
        """List the variables of a configured file, else of the variable's own."""
        if reference is None:
            yield from self.list_in_files()
            return
        number = [source.file.path for source in self.sources].index(reference.path)
        header = self.sources[number].header
        if header is None:
            return
        for variable in header.variables.values():
            if variable.numeric and not is_time(variable) and reference.variable in {None, variable.name}:
                yield variable, self._get_in_reference(number, header, variable)


def find_levels(spec: DatasetSpec, candidates: Candidates) -> tuple[str | None, dict[str, Term]]:
    """Find the kind and the terms of the true depths of levels."""
    if candidates.member.layout.depth is None:
        return None, {}
    for variable, term in candidates.list_terms(spec.depths):
        if term is None or "depth" not in term.roles or not term.roles & HORIZONTAL:
            continue
        is_length = length_in_metres(variable.text("units")) is not None
        if not is_length and (spec.depths is None or variable.text("units")):
            continue
        kind = depth_kind(variable) if is_vertical(variable) else None
        if variable.text("positive").lower() == "up" or _HEIGHTS.fullmatch(variable.name) or kind == "height":
            return "field", {"height": term}
        if kind == "depth" or _DEPTHS.fullmatch(variable.name) or (spec.depths and spec.depths.variable):
            return "field", {"depth": term}
    return _find_formula(candidates)


def _find_formula(candidates: Candidates) -> tuple[str | None, dict[str, Term]]:
    """Find the formula of levels that follow the sea floor, as CF or ROMS describe it."""
    variable = vertical_coordinate(str(candidates.member.layout.depth), candidates.header)
    if variable is None:
        return None, {}
    name = variable.name
    kind = _formula_of(variable, candidates.header)
    if kind not in _REQUIRED_TERMS:
        return None, {}
    coordinate = "s" if "_s_" in kind else "sigma"
    usual = _USUAL_TERMS[coordinate] | {coordinate: name}
    if name == "s_w":
        usual["C"] = "Cs_w"
    names = dict(_FORMULA_TERM.findall(variable.text("formula_terms"))) or usual
    terms = {role: term for role, other in names.items() if (term := candidates.get_in_file(other)) is not None}
    if not _REQUIRED_TERMS[kind] <= terms.keys():
        # Velocities are between the points of these terms.
        terms = {role: term for role, term in terms.items() if not term.roles & HORIZONTAL}
        for role, other in names.items():
            if role not in terms and (term := candidates.get_elsewhere_in_file(other)) is not None:
                terms[role] = term
    placements = {term.layout.placement for term in terms.values() if term.roles & HORIZONTAL}
    return (kind, terms) if _REQUIRED_TERMS[kind] <= terms.keys() and len(placements) <= 1 else (None, {})


def _formula_of(variable: VariableHeader, header: FileHeader) -> str:
    """Return the formula of a vertical coordinate; for ROMS the one that `Vtransform` selects."""
    standard_name = variable.text("standard_name")
    if standard_name == "ocean_sigma/general_coordinate":  # spelling of FVCOM
        return "ocean_sigma_coordinate"
    is_roms = variable.name in {"s_rho", "s_w"} and standard_name in {"", "ocean_s_coordinate"}
    if is_roms and "Vtransform" in header.values:
        return f"ocean_s_coordinate_g{int(unpack_array(header.values['Vtransform']).ravel()[0])}"
    return standard_name


def find_bathymetry(spec: DatasetSpec, candidates: Candidates) -> Term | None:
    """Find the depth of the sea floor, best by its standard name."""
    terms = []
    for variable, term in candidates.list_terms(spec.bathymetry):
        if term is None or not term.roles <= HORIZONTAL | {"other"} or not term.roles & HORIZONTAL:
            continue
        if variable.text("units") and length_in_metres(variable.text("units")) is None:
            continue
        by_standard_name = _FLOOR_STANDARD_NAME.fullmatch(variable.text("standard_name")) is not None
        is_configured = spec.bathymetry is not None and variable.name == spec.bathymetry.variable
        if by_standard_name or is_configured or _FLOOR.fullmatch(variable.name):
            terms.append(((term.layout.placement is None, by_standard_name), term))
    return max(terms, key=lambda item: item[0])[1] if terms else None


def find_angle(spec: DatasetSpec, candidates: Candidates) -> dict[str, Term]:
    """Find the angle of the grid, or its cosine and sine."""
    flat = {
        variable.name.lower(): term
        for variable, term in candidates.list_terms(spec.angle)
        if term is not None and term.layout.placement is None and {"y", "x"} <= term.roles <= {"y", "x", "other"}
    }
    rotation = {role: flat[name] for role, names in _ROTATION_NAMES.items() for name in sorted(names) if name in flat}
    if len(rotation) == len(_ROTATION_NAMES):
        return rotation
    angle = next((flat[name] for name in _ANGLE_NAMES if name in flat), None)
    return {"alpha": angle} if angle else {}
