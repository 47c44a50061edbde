"""What goes with a variable: the true depths of its levels, the sea floor of its model, the angle of its grid."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ocean_common.contracts.assets import Dimension, Role
from ocean_core.units import length_in_metres
from ocean_metadata.index.coordinates import is_time
from ocean_metadata.index.file_header import FileHeader, VariableHeader, unpack
from ocean_metadata.index.layout import Layout, layout
from ocean_metadata.index.merging import matched
from ocean_metadata.index.plan import Member, Source
from ocean_metadata.index.spec import DatasetSpec, Reference

_PLACE: set[Role] = {"y", "x", "node", "face"}

_FLOOR_MEANING = re.compile(r"sea_floor_depth.*|bathymetry")
_FLOOR = re.compile(r"h|bathy(metry|metrie|_?meter|_metry)?|deptho|hdept?|bottom_?depth|topo(graphy)?", re.IGNORECASE)
_DEPTHS = re.compile(r"gdept[tuvw]?(_[0n])?|depth[tuvw]?(_?3d)?|layer_?depth", re.IGNORECASE)
_HEIGHTS = re.compile(r"z_(rho|[uvw])|zval|zcor|zcoords?|zCoordinates")
_TERM = re.compile(r"(\w+):\s*(\S+)")

_ALPHA = ("alpha", "angle")
_TURN = {"cosine": {"cos_alpha", "cosalpha"}, "sine": {"sin_alpha", "sinalpha"}}

_STANDARD = {
    "sigma": {"eta": "zeta", "depth": "h"},
    "s": {"C": "Cs_r", "eta": "zeta", "depth": "h", "depth_c": "hc"},
}
_NEEDED = {
    "ocean_sigma_coordinate": {"sigma", "depth"},
    "ocean_s_coordinate": {"s", "depth", "a", "b", "depth_c"},
    "ocean_s_coordinate_g1": {"s", "C", "depth", "depth_c"},
    "ocean_s_coordinate_g2": {"s", "C", "depth", "depth_c"},
}  # CF appendix D; the height of the surface, eta, may be missing


class Term(NamedTuple):
    """A variable that goes with another."""

    name: str
    files: list[int]  # that hold it
    lying: Layout


class Companions(NamedTuple):
    """What goes with a variable."""

    kind: str | None  # of its levels
    levels: dict[str, Term]
    bathymetry: Term | None
    angle: dict[str, Term]


def companions(spec: DatasetSpec, member: Member, sources: Sequence[Source]) -> Companions:
    """Find what goes with a variable: in the files that are told, else in its own."""
    look = _Look(member, sources)
    kind, terms = _levels(spec, look)
    return Companions(kind, terms, _bathymetry(spec, look), _angle(spec, look))


class _Look:
    """Looks for variables that lie like another: on its cells and levels, or on fewer dimensions."""

    def __init__(self, member: Member, sources: Sequence[Source]) -> None:
        self.member = member
        self.sources = sources
        self.own = self.header(member.files[0])

    def header(self, number: int) -> FileHeader:
        header = self.sources[number].header
        assert header is not None  # noqa: S101  only files that were read have variables
        return header

    def here(self, name: str) -> Term | None:
        """A variable of the same file; its dimensions have the same names."""
        one = self.own.variables.get(name)
        if one is None or not one.numeric or name == self.member.spec.source:
            return None
        own = layout(name, self.own)
        mine = {each.name: each for each in self.member.lying.dimensions}
        dimensions = []
        for each in own.dimensions:
            other = each.role == "time" or (each.name not in mine and each.size == 1)
            if not other and (each.name not in mine or mine[each.name].role == "time"):
                return None
            dimensions.append(each if other else mine[each.name])
        holding = [number for number in self.member.files if name in self.header(number).variables]
        return Term(name, holding, Layout(dimensions=dimensions, time=own.time))

    def beside(self, name: str) -> Term | None:
        """A variable of the same file at other places, as the sea floor is at the points between velocities."""
        one = self.own.variables.get(name)
        if one is None or not one.numeric:
            return None
        own = layout(name, self.own)
        depth = {each.name for each in own.dimensions if each.role == "depth"}
        if own.places is None or not depth <= {str(self.member.lying.depth)}:
            return None
        holding = [number for number in self.member.files if name in self.header(number).variables]
        return Term(name, holding, own)

    def there(self, reference: Reference, one: VariableHeader) -> Term | None:
        """A variable of another file; its dimensions have the same lengths."""
        number, header = self.other(reference)
        if header is None:
            return None
        lying = layout(one.name, header)
        moving = {each.name for each in lying.dimensions if each.role == "time"}
        sizes = {
            name: size
            for name, size in zip(one.dimensions, one.shape, strict=True)
            if name not in moving and (size > 1 or name in self.own.dimensions)
        }
        mine = {each.name: each for each in self.member.lying.dimensions if each.role != "time"}
        names = matched(sizes, {name: each.size for name, each in mine.items()})
        if names is None:
            return None
        dimensions = [
            Dimension(
                name=each.name, size=each.size, role=mine[names[each.name]].role if each.name in names else each.role
            )
            for each in lying.dimensions
        ]
        dimensions = [
            each
            if each.name in names or each.name in moving
            else Dimension(name=each.name, size=each.size, role="other")
            for each in dimensions
        ]
        return Term(one.name, [number], Layout(dimensions=dimensions, time=lying.time))

    def other(self, reference: Reference) -> tuple[int, FileHeader | None]:
        """The file of a reference."""
        return next(
            ((number, each.header) for number, each in enumerate(self.sources) if each.file.path == reference.path),
            (-1, None),
        )

    def fields(self, reference: Reference | None) -> Iterator[tuple[VariableHeader, Term | None]]:
        """The variables of the file that is told, else of the variable's own."""
        if reference is None:
            yield from ((one, self.here(one.name)) for one in self.own.variables.values())
            return
        _, header = self.other(reference)
        told = [] if header is None else list(header.variables.values())
        for one in told:
            if one.numeric and not is_time(one) and reference.variable in {None, one.name}:
                yield one, self.there(reference, one)


def _roles(term: Term) -> set[Role]:
    return {each.role for each in term.lying.dimensions}


def _levels(spec: DatasetSpec, look: _Look) -> tuple[str | None, dict[str, Term]]:
    if look.member.lying.depth is None:
        return None, {}
    for one, term in look.fields(spec.depths):
        whole = term is not None and "depth" in _roles(term) and _roles(term) & _PLACE
        if term is not None and whole and (spec.depths is not None or length_in_metres(one.text("units")) == 1.0):
            if one.text("positive").lower() == "up" or _HEIGHTS.fullmatch(one.name):
                return "field", {"height": term}
            if _DEPTHS.fullmatch(one.name) or (spec.depths and spec.depths.variable):
                return "field", {"depth": term}
    return _formula(look)


def _formula(look: _Look) -> tuple[str | None, dict[str, Term]]:
    """Levels that follow the sea floor, as CF tells them, or as ROMS does."""
    name = str(look.member.lying.depth)
    one = look.own.variables.get(name)
    if one is None:
        return None, {}
    kind = _kind(one, look.own)
    standard = _STANDARD["s" if "_s_" in kind else "sigma"] | {"s" if "_s_" in kind else "sigma": name}
    if name == "s_w":
        standard["C"] = "Cs_w"
    told = dict(_TERM.findall(one.text("formula_terms"))) or standard
    if kind not in _NEEDED:
        return None, {}
    terms = {role: term for role, each in told.items() if (term := look.here(each)) is not None}
    if not _NEEDED[kind] <= terms.keys():
        # Velocities lie between the points at which all of these are told.
        plain = {role: term for role, term in terms.items() if not _roles(term) & _PLACE}
        terms = plain | {
            role: term for role, each in told.items() if role not in plain and (term := look.beside(each)) is not None
        }
    found = {term.lying.places for term in terms.values() if _roles(term) & _PLACE}
    return (kind, terms) if _NEEDED[kind] <= terms.keys() and len(found) <= 1 else (None, {})


def _kind(one: VariableHeader, header: FileHeader) -> str:
    """The formula that a vertical coordinate names; of ROMS that which `Vtransform` tells."""
    meaning = one.text("standard_name")
    if meaning == "ocean_sigma/general_coordinate":  # as FVCOM spells it
        return "ocean_sigma_coordinate"
    if one.name in {"s_rho", "s_w"} and meaning in {"", "ocean_s_coordinate"} and "Vtransform" in header.values:
        return f"ocean_s_coordinate_g{int(unpack(header.values['Vtransform']).ravel()[0])}"
    return meaning


def _bathymetry(spec: DatasetSpec, look: _Look) -> Term | None:
    found = [
        (_FLOOR_MEANING.fullmatch(one.text("standard_name")) is not None, term)
        for one, term in look.fields(spec.bathymetry)
        if term is not None and _roles(term) <= _PLACE | {"other"} and _roles(term) & _PLACE
        if _FLOOR.fullmatch(one.name)
        or _FLOOR_MEANING.fullmatch(one.text("standard_name"))
        or (spec.bathymetry is not None and one.name == spec.bathymetry.variable)
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def _angle(spec: DatasetSpec, look: _Look) -> dict[str, Term]:
    flat = {
        one.name.lower(): term
        for one, term in look.fields(spec.angle)
        if term is not None and {"y", "x"} <= _roles(term) <= {"y", "x", "other"}
    }
    turn = {role: flat[name] for role, names in _TURN.items() for name in sorted(names) if name in flat}
    if len(turn) == len(_TURN):
        return turn
    alpha = next((flat[name] for name in _ALPHA if name in flat), None)
    return {"alpha": alpha} if alpha else {}
