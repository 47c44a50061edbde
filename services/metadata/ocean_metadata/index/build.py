"""Building of datasets from their specifications and the headers of their files."""

import math
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from ocean_common.contracts.assets import DepthAxis, Grid
from ocean_core.colour import DEFAULT_LIMITS
from ocean_core.messages import Message
from ocean_core.time import infer_quantum
from ocean_core.units import canonical_units
from ocean_metadata.catalogue.model import (
    Built,
    DatasetRecord,
    GridRecord,
    LevelsRecord,
    Omission,
    TimeAxis,
    TimePart,
    VariableRecord,
)
from ocean_metadata.index.auxiliary import Term, find_auxiliary
from ocean_metadata.index.axes import Layout
from ocean_metadata.index.calculated import CalculatedVariables
from ocean_metadata.index.depth_and_time import get_raw_times, make_depth_axis, make_time_axis
from ocean_metadata.index.grids import FileDetail, join_boxes
from ocean_metadata.index.headers import FileHeader, VariableHeader
from ocean_metadata.index.selection import Member, SourceFile, find_scale, select_variables
from ocean_metadata.index.specs import DatasetSpec

MAX_ATTRIBUTE = 2_000  # characters, or numbers, of a global attribute: a history may be longer than the data
_NO_GRID = GridRecord(grid=Grid(id="none", kind="none", shape=(1, 1)))
_MODEL_CLASSES = {"rectilinear": "Mercator", "projected": "Nemo", "curvilinear": "Nemo", "triangles": "Fvcom"}
_CLASS_NAMES = {name.lower(): name for name in _MODEL_CLASSES.values()}


def build_dataset(
    spec: DatasetSpec, sources: Sequence[SourceFile], details: Mapping[int, FileDetail], revision: str
) -> Built:
    """Build a dataset.

    Parameters
    ----------
    spec : DatasetSpec
        Its specification.
    sources : sequence of SourceFile
        Its files, in the order of the specification.
    details : mapping of int to FileDetail
        Those of `list_details`, by number of the file.
    revision : str
        Digest of its specification and files.

    Returns
    -------
    Built
        The dataset as far as it can be served, with the reasons for the rest.
    """
    selection = select_variables(spec, sources)
    builder = _Builder(spec, sources, selection.members, details)
    skipped = list(selection.skipped)
    for member in selection.members:
        detail = details[member.files[0]]
        if (reason := detail.reasons.get(member.spec.source)) is not None:
            skipped.append(Omission(member.spec.key, reason))
        else:
            builder.add_variable(member, detail)
    skipped += builder.add_calculated()
    skipped += builder.drop_incomplete_vectors()
    return builder.build(revision, skipped, selection.problems)


class _Builder:
    """Builder of a dataset; equal grids and axes are shared."""

    def __init__(
        self,
        spec: DatasetSpec,
        sources: Sequence[SourceFile],
        members: Sequence[Member],
        details: Mapping[int, FileDetail],
    ) -> None:
        self._spec = spec
        self._sources = sources
        self._grid_of = {
            (member.files[0], member.layout.placement): grid
            for member in members
            if (grid := details[member.files[0]].get_grid(member.spec.source)) is not None
        }
        self._grids: dict[str, GridRecord] = {}
        self._depths: list[DepthAxis] = []
        self._time_numbers: dict[tuple[str | None, tuple[int, ...]], int] = {}
        self._times: list[TimeAxis] = []
        self._steps: list[list[TimePart]] = []
        self._variables: list[VariableRecord] = []
        self._auxiliary_keys: dict[tuple[str, int, int, int | None], str] = {}

    def add_variable(self, member: Member, detail: FileDetail) -> None:
        """Add a variable and its auxiliary variables."""
        spec, header = member.spec, member.header
        grid = self._add_grid_of_file(member.files[0], detail.grids[detail.grid_of[spec.source]])
        depth = self._add_depth(member)
        auxiliary = find_auxiliary(self._spec, member, self._sources)
        kind, terms = auxiliary.levels_kind, self._add_levels(auxiliary.levels, grid, depth)
        self._variables.append(
            VariableRecord(
                key=spec.key,
                source=spec.source,
                name=spec.name or _display_name(header),
                units=spec.units or canonical_units(header.text("units")),
                scale=find_scale(member) or detail.scales.get(spec.source, DEFAULT_LIMITS),
                standard_name=header.text("standard_name") or None,
                long_name=spec.long_name or header.text("long_name") or None,
                zero_centered=bool(spec.zero_centered),
                categories=spec.categories,
                hidden=spec.hidden,
                vector=spec.key in self._spec.vector_variables,
                interpolation=spec.interpolation,
                attributes=_drop_infinite(header.attributes),
                dimensions=member.layout.dimensions,
                file=member.files[0],
                grid=grid,
                depth=depth,
                time=self._add_time(member.layout, member.files),
                components=spec.components,
                levels=LevelsRecord(kind=kind, terms=terms) if kind and terms else None,
                bathymetry=self._add_auxiliary(auxiliary.bathymetry, grid, depth) if auxiliary.bathymetry else None,
                angle={role: self._add_auxiliary(term, grid, depth) for role, term in auxiliary.angle.items()},
                auxiliary=spec.auxiliary,
                translations=spec.translations,
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
            header = self._header_of(term.files[0]).variables[term.name]
            self._variables.append(
                VariableRecord(
                    key=self._auxiliary_keys[identity],
                    source=term.name,
                    name=_display_name(header),
                    units=canonical_units(header.text("units")),
                    scale=DEFAULT_LIMITS,
                    standard_name=header.text("standard_name") or None,
                    attributes=_drop_infinite(header.attributes),
                    dimensions=term.layout.dimensions,
                    file=term.files[0],
                    grid=grid,
                    depth=depth,
                    time=self._add_time(term.layout, term.files),
                    auxiliary=True,
                )
            )
        return self._auxiliary_keys[identity]

    def _add_depth(self, member: Member) -> int | None:
        name = member.layout.depth
        if name is None:
            return None
        axis = make_depth_axis(name, self._header_of(member.files[0]))
        if axis not in self._depths:
            self._depths.append(axis)
        return self._depths.index(axis)

    def _add_time(self, layout: Layout, files: list[int]) -> int | None:
        dimension = next((dimension for dimension in layout.dimensions if dimension.role == "time"), None)
        if layout.time is None and dimension is None:
            return None
        key = (layout.time or (dimension.name if dimension else None), tuple(files))
        if key not in self._time_numbers:
            raw_times = [get_raw_times(self._header_of(number), layout.time, dimension) for number in files]
            axis = make_time_axis(raw_times, files, self._spec.time_dim_units)
            if axis is None:
                return None
            self._time_numbers[key] = len(self._times)
            self._times.append(axis[0])
            self._steps.append(axis[1])
        return self._time_numbers[key]

    def _header_of(self, number: int) -> FileHeader:
        header = self._sources[number].header
        assert header is not None  # noqa: S101  only files with a header have variables
        return header

    def add_calculated(self) -> list[Omission]:
        """Add the calculated variables; return those that cannot be calculated."""
        grids = [record for record in self._grids.values() if record.grid.kind != "none"]
        records, skipped = CalculatedVariables(self._spec, self._variables, grids, self._depths).build()
        self._variables += records
        return skipped

    def drop_incomplete_vectors(self) -> list[Omission]:
        """Drop the vectors whose components are missing, and return them."""
        keys = {variable.key for variable in self._variables}
        missing = {
            variable.key: sorted(set(variable.components.values()) - keys)
            for variable in self._variables
            if not keys.issuperset(variable.components.values())
        }
        self._variables = [variable for variable in self._variables if variable.key not in missing]
        return [
            Omission(key, Message("its component {name} is not a variable of the dataset", name=names[0]))
            for key, names in missing.items()
        ]

    def build(self, revision: str, skipped: Sequence[Omission], problems: Mapping[int, Message]) -> Built:
        """Build the dataset."""
        spec = self._spec
        file_problems = [
            Omission(posixpath.basename(self._sources[number].file.path), reason)
            for number, reason in sorted(problems.items())
        ]
        reason = None
        if all(variable.auxiliary for variable in self._variables):
            reason = spec.error or _explain_broken(spec, file_problems, skipped)
        longest = max(range(len(self._times)), key=lambda number: self._times[number].count, default=None)
        kinds = [record.grid.kind for record in self._grids.values() if record.grid.kind != "none"]
        record = DatasetRecord(
            id=spec.id,
            name=spec.name or re.sub(r"[_]+", " ", spec.id),
            enabled=spec.enabled,
            state="broken" if reason else "partly" if file_problems or skipped else "served",
            reason=reason,
            revision=revision,
            quantum=spec.quantum or self._infer_quantum(longest),
            help=spec.help,
            attribution=spec.attribution,
            model_class=_choose_model_class(spec.model_class, kinds),
            group=spec.group,
            subgroup=spec.subgroup,
            time_dim_units=self._times[longest].units if longest is not None else spec.time_dim_units,
            default_location=spec.default_location,
            bounds=join_boxes([record.grid.bounds for record in self._grids.values() if record.grid.bounds]),
            time=longest,
            attributes=self._global_attributes(),
            files=[source.file for source in self._sources],  # auxiliary files come last
            grids=list(self._grids.values()),
            depths=self._depths,
            times=self._times,
            variables=self._variables,
            problems=file_problems,
            left_out=list(skipped),
            translations=spec.translations,
        )
        return Built(record=record, steps=self._steps)

    def _global_attributes(self) -> dict[str, Any]:
        """Return the global attributes of the first readable file."""
        header = next((source.header for source in self._sources if source.header is not None), None)
        if header is None:
            return {}
        return {
            name: value[:MAX_ATTRIBUTE] if isinstance(value, str | list) else value
            for name, value in _drop_infinite(header.attributes).items()
        }

    def _infer_quantum(self, time: int | None) -> str | None:
        if time is None:
            return None
        seconds = np.concatenate([np.frombuffer(part.seconds, "<i8") for part in self._steps[time]])
        return infer_quantum(np.sort(seconds))


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
    finite = {}
    for name, value in attributes.items():
        numbers = value if isinstance(value, list) else [value]
        if all(math.isfinite(number) for number in numbers if isinstance(number, float)):
            finite[name] = value
    return finite
