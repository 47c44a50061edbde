"""A dataset from what is told of it and from the headers of its files."""

import math
import posixpath
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from ocean_common.contracts.assets import DepthAxis, Grid
from ocean_common.contracts.metadata import FileProblem, VariableProblem
from ocean_core.colour import DEFAULT_LIMITS
from ocean_core.time import infer_quantum
from ocean_core.units import canonical_units
from ocean_metadata.catalogue.model import (
    Built,
    DatasetRecord,
    GridRecord,
    LevelsRecord,
    TimeAxis,
    TimePart,
    VariableRecord,
)
from ocean_metadata.index.auxiliary import Term, companions
from ocean_metadata.index.axes import depth_axis, raw_times, time_axis
from ocean_metadata.index.calculated import Calculation
from ocean_metadata.index.detail import Detail
from ocean_metadata.index.file_header import FileHeader, VariableHeader
from ocean_metadata.index.layout import Layout
from ocean_metadata.index.places import join
from ocean_metadata.index.plan import Member, Source, plan, told_scale
from ocean_metadata.index.spec import DatasetSpec

NOWHERE = GridRecord(grid=Grid(id="none", kind="none", shape=(1, 1)))
LONGEST_TEXT = 2_000  # characters, or numbers, of a global attribute
_MODEL_CLASS = {"rectilinear": "Mercator", "projected": "Nemo", "curvilinear": "Nemo", "triangles": "Fvcom"}
_CLASS_NAMES = {name.lower(): name for name in _MODEL_CLASS.values()}


def assemble(spec: DatasetSpec, sources: Sequence[Source], details: dict[int, Detail], revision: str) -> Built:
    """Build a dataset.

    Parameters
    ----------
    spec : DatasetSpec
        What it is told to be.
    sources : sequence of Source
        Its files, in the order of the specification.
    details : dict of int to Detail
        For each of `wanted`: by number of the file.
    revision : str
        Of its configuration and files.

    Returns
    -------
    Built
        The dataset, served as far as it can be, with the reasons for what cannot.
    """
    found = plan(spec, sources)
    building = _Building(spec, sources, found.members, details)
    left_out = list(found.left_out)
    for member in found.members:
        detail = details[member.files[0]]
        if (reason := detail.reasons.get(member.spec.source)) is not None:
            left_out.append(VariableProblem(variable=member.spec.key, reason=reason))
        else:
            building.add(member, detail)
    left_out += building.calculate()
    left_out += building.check_vectors()
    return building.finish(revision, left_out, found.problems)


class _Building:
    """A dataset that grows by one variable at a time; equal grids and axes are kept once."""

    def __init__(
        self, spec: DatasetSpec, sources: Sequence[Source], members: Sequence[Member], details: dict[int, Detail]
    ) -> None:
        self._spec = spec
        self._sources = sources
        self._placed = {
            (member.files[0], member.lying.places): GridRecord(grid=placed.grid, footprint=placed.footprint)
            for member in members
            if (placed := details[member.files[0]].placed(member.spec.source)) is not None
        }
        self._grids: dict[str, GridRecord] = {}
        self._depths: list[DepthAxis] = []
        self._times: dict[tuple[str | None, tuple[int, ...]], int] = {}
        self._axes: list[TimeAxis] = []
        self._steps: list[list[TimePart]] = []
        self._variables: list[VariableRecord] = []
        self._companions: dict[tuple[str, int, int, int | None], str] = {}

    def add(self, member: Member, detail: Detail) -> None:
        """Add a variable, and what goes with it."""
        spec, header = member.spec, member.header
        placed = detail.grids[detail.grid_of[spec.source]]
        grid = self._held(member.files[0], GridRecord(grid=placed.grid, footprint=placed.footprint))
        depth = self._depth(member)
        others = companions(self._spec, member, self._sources)
        told = self._levels(others.levels, grid, depth)
        units = spec.units or canonical_units(header.text("units"))
        self._variables.append(
            VariableRecord(
                key=spec.key,
                source=spec.source,
                name=spec.name or _display_name(header),
                units=units,
                scale=told_scale(member) or detail.scales.get(spec.source, DEFAULT_LIMITS),
                standard_name=header.text("standard_name") or None,
                long_name=spec.long_name or header.text("long_name") or None,
                zero_centered=bool(spec.zero_centered),
                categories=spec.categories,
                hidden=spec.hidden,
                vector=spec.key in self._spec.vector_variables,
                interpolation=spec.interpolation,
                attributes=_finite(header.attributes),
                dimensions=member.lying.dimensions,
                file=member.files[0],
                grid=grid,
                depth=depth,
                time=self._time(member.lying, member.files),
                components=spec.components,
                levels=LevelsRecord(kind=others.kind, terms=told) if others.kind and told else None,
                bathymetry=self._companion(others.bathymetry, grid, depth) if others.bathymetry else None,
                angle={role: self._companion(one, grid, depth) for role, one in others.angle.items()},
                auxiliary=spec.auxiliary,
                translations=spec.translations,
            )
        )

    def _levels(self, terms: dict[str, Term], grid: int, depth: int | None) -> dict[str, str]:
        """The keys of the terms of levels; none if they lie where no variable of the dataset does."""
        told = {}
        for role, one in terms.items():
            there = grid
            if one.lying.places is not None:
                record = self._placed.get((one.files[0], one.lying.places))
                if record is None:
                    return {}
                there = self._held(one.files[0], record)
            told[role] = self._companion(one, there, depth)
        return told

    def _held(self, number: int, placed: GridRecord) -> int:
        """The number of the grid of a variable in a file."""
        path = self._holder(number, placed.grid)
        return self._grid(msgspec.structs.replace(placed, grid=msgspec.structs.replace(placed.grid, file=path)))

    def _holder(self, number: int, grid: Grid) -> str:
        """The file that holds the coordinates of a grid."""
        borrowed = self._sources[number].borrowed
        if borrowed is not None and {grid.latitude, grid.y_axis} & borrowed.names:
            number = borrowed.source
        return self._sources[number].file.path

    def _grid(self, grid: GridRecord) -> int:
        # The same cells may be told by other variables (nodes, faces): these are another way to read them.
        key = repr(msgspec.structs.astuple(grid.grid))
        self._grids.setdefault(key, grid)
        return list(self._grids).index(key)

    def _companion(self, term: Term, grid: int, depth: int | None) -> str:
        """The key of a variable that goes with one of this grid and these levels."""
        roles = {each.role for each in term.lying.dimensions}
        grid = grid if roles & {"y", "x", "node", "face"} else self._grid(NOWHERE)
        depth = depth if "depth" in roles else None
        known = (term.name, term.files[0], grid, depth)
        if known not in self._companions:
            self._companions[known] = f"@{term.name}.{len(self._companions)}"
            header = self._header(term.files[0]).variables[term.name]
            self._variables.append(
                VariableRecord(
                    key=self._companions[known],
                    source=term.name,
                    name=_display_name(header),
                    units=canonical_units(header.text("units")),
                    scale=DEFAULT_LIMITS,
                    standard_name=header.text("standard_name") or None,
                    attributes=_finite(header.attributes),
                    dimensions=term.lying.dimensions,
                    file=term.files[0],
                    grid=grid,
                    depth=depth,
                    time=self._time(term.lying, term.files),
                    auxiliary=True,
                )
            )
        return self._companions[known]

    def calculate(self) -> list[VariableProblem]:
        """Add the calculated variables; the reasons of those that cannot be."""
        grids = [each for each in self._grids.values() if each.grid.kind != "none"]
        made, refused = Calculation(self._spec, self._variables, grids, self._depths).run()
        self._variables += made
        return refused

    def check_vectors(self) -> list[VariableProblem]:
        """Take out the vectors whose parts are not there."""
        keys = {each.key for each in self._variables}
        lacking = {
            each.key: sorted(set(each.components.values()) - keys)
            for each in self._variables
            if not keys.issuperset(each.components.values())
        }
        self._variables = [each for each in self._variables if each.key not in lacking]
        return [
            VariableProblem(variable=key, reason=f"its component {names[0]} is no variable of the dataset")
            for key, names in lacking.items()
        ]

    def _depth(self, member: Member) -> int | None:
        name = member.lying.depth
        if name is None:
            return None
        header = self._header(member.files[0])
        axis = depth_axis(name, header)
        if axis not in self._depths:
            self._depths.append(axis)
        return self._depths.index(axis)

    def _time(self, lying: Layout, files: list[int]) -> int | None:
        along = next((each for each in lying.dimensions if each.role == "time"), None)
        if lying.time is None and along is None:
            return None
        key = (lying.time or (along.name if along else None), tuple(files))
        if key not in self._times:
            found = time_axis(
                [raw_times(self._header(number), lying.time, along) for number in files],
                files,
                self._spec.time_dim_units,
            )
            if found is None:
                return None
            self._times[key] = len(self._axes)
            self._axes.append(found[0])
            self._steps.append(found[1])
        return self._times[key]

    def _header(self, number: int) -> FileHeader:
        header = self._sources[number].header
        assert header is not None  # noqa: S101  only files that were read have variables
        return header

    def finish(self, revision: str, left_out: list[VariableProblem], problems: dict[int, str]) -> Built:
        """The dataset as it stands."""
        spec = self._spec
        told = [
            FileProblem(file=posixpath.basename(self._sources[number].file.path), reason=reason)
            for number, reason in sorted(problems.items())
        ]
        reason = None
        if not any(not each.auxiliary for each in self._variables):
            reason = spec.refused or _why_broken(spec, told, left_out)
        longest = max(range(len(self._axes)), key=lambda each: self._axes[each].count, default=None)
        kinds = [each.grid.kind for each in self._grids.values() if each.grid.kind != "none"]
        record = DatasetRecord(
            id=spec.id,
            name=spec.name or re.sub(r"[_]+", " ", spec.id),
            enabled=spec.enabled,
            state="broken" if reason else "partly" if told or left_out else "served",
            reason=reason,
            revision=revision,
            quantum=spec.quantum or self._quantum(longest),
            help=spec.help,
            attribution=spec.attribution,
            model_class=_class_of(spec.model_class, kinds),
            group=spec.group,
            subgroup=spec.subgroup,
            time_dim_units=self._axes[longest].units if longest is not None else spec.time_dim_units,
            default_location=spec.default_location,
            bounds=join([each.grid.bounds for each in self._grids.values() if each.grid.bounds]),
            time=longest,
            attributes=self._attributes(),
            files=[each.file for each in self._sources],  # those that go with the data come last
            grids=list(self._grids.values()),
            depths=self._depths,
            times=self._axes,
            variables=self._variables,
            problems=told,
            left_out=left_out,
            translations=spec.translations,
        )
        return Built(record=record, steps=self._steps)

    def _attributes(self) -> dict[str, Any]:
        """What the first file that could be read says of itself."""
        header = next((each.header for each in self._sources if each.header is not None), None)
        return {name: _short(value) for name, value in _finite(header.attributes).items()} if header else {}

    def _quantum(self, longest: int | None) -> str | None:
        if longest is None:
            return None
        seconds = np.concatenate([np.frombuffer(each.seconds, "<i8") for each in self._steps[longest]])
        return infer_quantum(np.sort(seconds))


def _class_of(told: str | None, kinds: Sequence[str]) -> str | None:
    if told is not None:
        return _CLASS_NAMES.get(told.lower(), told)
    return _MODEL_CLASS.get(kinds[0]) if kinds else None


def _why_broken(spec: DatasetSpec, told: list[FileProblem], left_out: list[VariableProblem]) -> str:
    if not spec.files:
        return "no file has the name that its configuration gives"
    if told:
        return f"{told[0].file}: {told[0].reason}"
    return f"{left_out[0].variable}: {left_out[0].reason}" if left_out else "its files hold no fields on a map"


def _display_name(header: VariableHeader) -> str:
    for attribute in ("long_name", "standard_name"):
        if text := header.text(attribute):
            return text.replace("_", " ") if attribute == "standard_name" or " " not in text else text
    return header.name


def _short(value: Any) -> Any:
    """A history may be longer than the data."""
    return value[:LONGEST_TEXT] if isinstance(value, str | list) else value


def _finite(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes without those that JSON cannot tell: NaN and infinity."""
    numbers = {name: value if isinstance(value, list) else [value] for name, value in attributes.items()}
    finite = {
        name for name, few in numbers.items() if all(math.isfinite(each) for each in few if isinstance(each, float))
    }
    return {name: value for name, value in attributes.items() if name in finite}
