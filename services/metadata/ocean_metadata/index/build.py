"""Building of datasets from their specifications and the headers of their files."""

import math
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ocean_common.contracts.assets import DepthAxis, Grid
from ocean_core.colour import DEFAULT_LIMITS, Limits
from ocean_core.errors import Message
from ocean_core.time import infer_quantum
from ocean_core.units import canonical_units
from ocean_metadata.catalogue.model import (
    DatasetRecord,
    GridRecord,
    LevelsRecord,
    Omission,
    StepArrays,
    TimeAxis,
    VariableRecord,
    copy_fields,
)
from ocean_metadata.index.auxiliary import Candidates, Term, find_angle, find_bathymetry, find_levels
from ocean_metadata.index.axes import Layout, Placement
from ocean_metadata.index.calculated import CalculatedVariables
from ocean_metadata.index.depth_and_time import get_raw_times, make_depth_axis, make_time_axis
from ocean_metadata.index.grids import FileDetail, join_boxes
from ocean_metadata.index.headers import VariableHeader
from ocean_metadata.index.selection import Member, SourceFile, find_scale, select_variables
from ocean_metadata.index.specs import DatasetSpec, VariableSpec

MAX_ATTRIBUTE = 2_000  # characters, or numbers, of a global attribute: a history may be longer than the data
_NO_GRID = GridRecord(grid=Grid(id="none", kind="none", shape=(1, 1)))
_MODEL_CLASSES = {"rectilinear": "Mercator", "projected": "Nemo", "curvilinear": "Nemo", "triangles": "Fvcom"}
_CLASS_NAMES = {name.lower(): name for name in _MODEL_CLASSES.values()}


def build_dataset(
    spec: DatasetSpec, sources: Sequence[SourceFile], details: Mapping[int, FileDetail], revision: str
) -> tuple[DatasetRecord, list[StepArrays]]:
    """Build a dataset as far as it can be served, with the reasons for the rest, and the steps of its time axes.

    ``sources`` are its files, in the order of the specification; ``details`` those of `list_details`, by number of the
    file; ``revision`` a digest of its specification and files.
    """
    return _Builder(spec, sources, details).build(revision)


class _Builder:
    """Builder of a dataset; equal grids and axes are shared."""

    def __init__(self, spec: DatasetSpec, sources: Sequence[SourceFile], details: Mapping[int, FileDetail]) -> None:
        self._spec = spec
        self._sources = sources
        self._details = details
        self._selection = select_variables(spec, sources)
        self._skipped = list(self._selection.skipped)
        self._grid_of: dict[tuple[int, Placement | None], GridRecord] = {}  # of the cells of variables in a file
        self._grids: dict[str, GridRecord] = {}
        self._depths: list[DepthAxis] = []
        self._time_numbers: dict[tuple[str, tuple[int, ...]], int] = {}
        self._times: list[TimeAxis] = []
        self._steps: list[StepArrays] = []
        self._variables: list[VariableRecord] = []
        self._auxiliary_keys: dict[tuple[str, int, int, int | None], str] = {}

    def _add_variables(self) -> None:
        """Add the variables of the files, and the auxiliary variables that these need."""
        members = []
        for member in self._selection.members:
            detail, source = self._details[member.files[0]], member.spec.source
            if (reason := detail.reasons.get(source)) is not None:
                self._skipped.append(Omission(member.spec.key, reason))
            else:
                self._grid_of[member.files[0], member.layout.placement] = detail.grids[detail.grid_of[source]]
                members.append(member)
        for member in members:
            self._add_variable(member, self._details[member.files[0]].scales)

    def _add_variable(self, member: Member, scales: Mapping[str, Limits]) -> None:
        spec, header = member.spec, member.header
        grid = self._add_grid_of_file(member.files[0], self._grid_of[member.files[0], member.layout.placement])
        depth = self._add_depth(member)
        candidates = Candidates(member, self._sources)
        kind, terms = find_levels(self._spec, candidates)
        keys = self._add_levels(terms, grid, depth)
        bathymetry = find_bathymetry(self._spec, candidates)
        angle = find_angle(self._spec, candidates)
        more = {
            "scale": find_scale(member) or scales.get(spec.source, DEFAULT_LIMITS),
            "long_name": spec.long_name or header.text("long_name") or None,
            "levels": LevelsRecord(kind=kind, terms=keys) if kind and keys else None,
            "bathymetry": self._add_auxiliary(bathymetry, grid, depth) if bathymetry else None,
            "angle": {role: self._add_auxiliary(term, grid, depth) for role, term in angle.items()},
        }
        self._append(spec, header, member.layout, member.files, grid=grid, depth=depth, **more)

    def _append(
        self, spec: VariableSpec, header: VariableHeader, layout: Layout, files: list[int], **more: Any
    ) -> None:
        self._variables.append(
            copy_fields(
                spec,
                VariableRecord,
                name=spec.name or _display_name(header),
                units=spec.units or canonical_units(header.text("units")),
                standard_name=header.text("standard_name") or None,
                zero_centered=bool(spec.zero_centered),
                vector=spec.key in self._spec.vector_variables,
                attributes=_drop_infinite(header.attributes),
                dimensions=layout.dimensions,
                file=files[0],
                time=self._add_time(layout, files),
                **more,
            )
        )

    def _add_levels(self, terms: Mapping[str, Term], grid: int, depth: int | None) -> dict[str, str]:
        """Return the keys of the terms of levels; none if they are on points without any variable of the dataset."""
        keys = {}
        for role, term in terms.items():
            term_grid = grid
            if term.layout.placement is not None:
                record = self._grid_of.get((term.files[0], term.layout.placement))
                if record is None:
                    return {}
                term_grid = self._add_grid_of_file(term.files[0], record)
            keys[role] = self._add_auxiliary(term, term_grid, depth)
        return keys

    def _add_grid_of_file(self, number: int, record: GridRecord) -> int:
        """Return the number of a grid, with the file that holds its coordinates."""
        borrowed = self._sources[number].borrowed
        if borrowed is not None and {record.grid.latitude, record.grid.y_axis} & borrowed.names:
            number = borrowed.source
        grid = msgspec.structs.replace(record.grid, file=self._sources[number].file.path)
        return self._add_grid(msgspec.structs.replace(record, grid=grid))

    def _add_grid(self, record: GridRecord) -> int:
        # Equal cells read by other variables (nodes, faces) are another grid.
        key = repr(msgspec.structs.astuple(record.grid))
        self._grids.setdefault(key, record)
        return list(self._grids).index(key)

    def _add_auxiliary(self, term: Term, grid: int, depth: int | None) -> str:
        """Add an auxiliary variable of a grid and levels, and return its key."""
        roles = {dimension.role for dimension in term.layout.dimensions}
        grid = grid if roles & {"y", "x", "node", "face"} else self._add_grid(_NO_GRID)
        depth = depth if "depth" in roles else None
        identity = (term.name, term.files[0], grid, depth)
        if identity not in self._auxiliary_keys:
            self._auxiliary_keys[identity] = f"@{term.name}.{len(self._auxiliary_keys)}"
            header = self._sources[term.files[0]].readable_header.variables[term.name]
            spec = VariableSpec(key=self._auxiliary_keys[identity], source=term.name, auxiliary=True)
            self._append(spec, header, term.layout, term.files, scale=DEFAULT_LIMITS, grid=grid, depth=depth)
        return self._auxiliary_keys[identity]

    def _add_depth(self, member: Member) -> int | None:
        name = member.layout.depth
        if name is None:
            return None
        axis = make_depth_axis(name, self._sources[member.files[0]].readable_header)
        if axis not in self._depths:
            self._depths.append(axis)
        return self._depths.index(axis)

    def _add_time(self, layout: Layout, files: list[int]) -> int | None:
        dimension = next((dimension for dimension in layout.dimensions if dimension.role == "time"), None)
        name = layout.time or (dimension.name if dimension else None)
        if name is None:
            return None
        key = (name, tuple(files))
        if key not in self._time_numbers:
            headers = [self._sources[number].readable_header for number in files]
            raw_times = [get_raw_times(header, layout.time, dimension) for header in headers]
            axis = make_time_axis(raw_times, files, self._spec.time_dim_units)
            if axis is None:
                return None
            self._time_numbers[key] = len(self._times)
            self._times.append(axis[0])
            self._steps.append(axis[1])
        return self._time_numbers[key]

    def _add_calculated(self) -> None:
        grids = [record for record in self._grids.values() if record.grid.kind != "none"]
        records, skipped = CalculatedVariables(self._spec, self._variables, grids, self._depths).build()
        self._variables += records
        self._skipped += skipped

    def _drop_incomplete_vectors(self) -> None:
        keys = {variable.key for variable in self._variables}
        for variable in list(self._variables):
            if missing := sorted(set(variable.components.values()) - keys):
                self._variables.remove(variable)
                reason = Message("its component {name} is not a variable of the dataset", name=missing[0])
                self._skipped.append(Omission(variable.key, reason))

    def build(self, revision: str) -> tuple[DatasetRecord, list[StepArrays]]:
        self._add_variables()
        self._add_calculated()
        self._drop_incomplete_vectors()
        spec, skipped = self._spec, self._skipped
        file_problems = [
            Omission(posixpath.basename(self._sources[number].file.path), reason)
            for number, reason in sorted(self._selection.problems.items())
        ]
        reason = None
        if all(variable.auxiliary for variable in self._variables):
            reason = spec.error or _explain_broken(spec, file_problems, skipped)
        longest = max(range(len(self._times)), key=lambda number: self._times[number].count, default=None)
        kinds = [record.grid.kind for record in self._grids.values() if record.grid.kind != "none"]
        record = copy_fields(
            spec,
            DatasetRecord,
            name=spec.name or re.sub(r"[_]+", " ", spec.id),
            state="broken" if reason else "partly" if file_problems or skipped else "served",
            reason=reason,
            revision=revision,
            quantum=spec.quantum or (infer_quantum(self._steps[longest].seconds) if longest is not None else None),
            model_class=_choose_model_class(spec.model_class, kinds),
            time_dim_units=self._times[longest].units if longest is not None else spec.time_dim_units,
            bounds=join_boxes([record.grid.bounds for record in self._grids.values() if record.grid.bounds]),
            time=longest,
            attributes=_global_attributes(self._sources),
            files=[source.file for source in self._sources],  # auxiliary files come last
            grids=list(self._grids.values()),
            depths=self._depths,
            times=self._times,
            variables=self._variables,
            problems=file_problems,
            left_out=skipped,
        )
        return record, self._steps


def _global_attributes(sources: Sequence[SourceFile]) -> dict[str, Any]:
    """Return the global attributes of the first readable file."""
    attributes = next((source.header.attributes for source in sources if source.header is not None), {})
    return {
        name: value[:MAX_ATTRIBUTE] if isinstance(value, str | list) else value
        for name, value in _drop_infinite(attributes).items()
    }


def _choose_model_class(configured: str | None, kinds: Sequence[str]) -> str | None:
    if configured is not None:
        return _CLASS_NAMES.get(configured.lower(), configured)
    return _MODEL_CLASSES.get(kinds[0]) if kinds else None


def _explain_broken(spec: DatasetSpec, problems: Sequence[Omission], skipped: Sequence[Omission]) -> Message:
    if not spec.files:
        return Message("no file has the name in its configuration")
    for omission in (*problems[:1], *skipped[:1]):
        return Message("{name}: {reason}", name=omission.name, reason=omission.reason)
    return Message("its files hold no fields on a map")


def _display_name(header: VariableHeader) -> str:
    for attribute in ("long_name", "standard_name"):
        if text := header.text(attribute):
            return text.replace("_", " ") if attribute == "standard_name" or " " not in text else text
    return header.name


def _drop_infinite(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Drop attributes with NaN or infinity, which JSON does not have."""

    def is_finite(value: Any) -> bool:
        numbers = value if isinstance(value, list) else [value]
        return all(math.isfinite(number) for number in numbers if isinstance(number, float))

    return {name: value for name, value in attributes.items() if is_finite(value)}
