"""Building of datasets from their specifications and the headers of their files."""

import math
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ocean_common.contracts.assets import LENGTH_TERMS, DepthAxis, Dimension, Grid
from ocean_core.colour import DEFAULT_LIMITS, Limits, choose_colours, suit_limits
from ocean_core.errors import Message, MessageError
from ocean_core.expression import COORDINATE_NAMES, Name, depth_extent, parse_expression
from ocean_core.time import find_date_scale, infer_quantum
from ocean_core.units import canonical_units
from ocean_metadata.catalogue.model import (
    DatasetRecord,
    GridRecord,
    LevelsRecord,
    MaskRecord,
    Note,
    Omission,
    StepArrays,
    TimeAxis,
    VariableRecord,
    copy_fields,
)
from ocean_metadata.index.auxiliary import Candidates, Term, find_angle, find_bathymetry, find_levels
from ocean_metadata.index.axes import HORIZONTAL, Layout, Placement
from ocean_metadata.index.depth_axis import make_depth_axis, note_length_units
from ocean_metadata.index.grids import FileDetail, join_boxes
from ocean_metadata.index.masks import MaskRequest, note_masks
from ocean_metadata.index.model import DatasetSpec, VariableHeader, VariableSpec
from ocean_metadata.index.selection import Member, SourceFile, find_scale, header_limits, select_variables, stored_key
from ocean_metadata.index.time_axes import get_raw_times, make_time_axis
from ocean_metadata.index.variable_units import convert_limits

MAX_ATTRIBUTE = 2_000  # characters, or numbers, of a global attribute: a history may be longer than the data
_NO_GRID = GridRecord(grid=Grid(id="none", kind="none", shape=(1, 1)))
_MODEL_CLASSES = {"rectilinear": "Mercator", "projected": "Nemo", "curvilinear": "Nemo", "triangles": "Fvcom"}


class DatasetBuilder:
    """Builder of a dataset from its files in the order of the specification; equal grids and axes are shared."""

    def __init__(self, spec: DatasetSpec, sources: Sequence[SourceFile], details: Mapping[int, FileDetail]) -> None:
        self._spec = spec
        self._sources = sources
        self._details = details  # of the requests of `list_details`, by number of the file
        self._selection = select_variables(spec, sources)
        self._skipped = self._selection.skipped
        # Each once: many variables share an axis or a grid.
        self._notes = dict.fromkeys(
            [
                *self._selection.notes,
                *note_masks(spec, self._selection.members, sources),
                *(note for detail in details.values() for note in detail.notes),
            ]
        )
        self._grid_of: dict[tuple[int, Placement | None], GridRecord] = {}  # of the cells of variables in a file
        self._grids: dict[str, GridRecord] = {}
        self._depths: list[DepthAxis] = []
        self._times: dict[tuple[str, tuple[int, ...]], tuple[TimeAxis, StepArrays]] = {}
        self._variables: list[VariableRecord] = []
        self._auxiliary_keys: dict[tuple[str, int, str | None, int, int | None], str] = {}

    def _add_variables(self) -> None:
        members = []
        for member in self._selection.members:
            detail, source = self._details[member.files[0]], member.spec.source
            if (reason := detail.reasons.get(source)) is not None:
                self._skipped.append(Omission(member.spec.key, reason))
            else:
                self._grid_of[member.files[0], member.layout.placement] = detail.grids[detail.grid_of[source]]
                members.append(member)
        for member in members:
            self._add_variable(member, self._details[member.files[0]])

    def _add_variable(self, member: Member, detail: FileDetail) -> None:
        spec, header = member.spec, member.header
        grid = self._add_grid_of_file(member.files[0], self._grid_of[member.files[0], member.layout.placement])
        depth = self._add_depth(member.layout.depth, member.files[0])
        candidates = Candidates(member, self._sources)
        kind, terms = find_levels(self._spec, candidates)
        terms = {role: self._follow_files(term, member) for role, term in terms.items()}
        keys = self._add_terms(terms, grid, depth)
        bathymetry, angle = find_bathymetry(self._spec, candidates), find_angle(self._spec, candidates)
        if bathymetry and self._differs(bathymetry):
            file = self._name(bathymetry.files[0])
            text = Message("it differs between the files: that of {file} is shown", file=file)
            self._notes[Note(bathymetry.name, "guessed", text)] = None
        limits = find_scale(member)
        limits = limits or convert_limits(detail.scales.get(spec.source, DEFAULT_LIMITS), member.conversion)
        more: dict[str, Any] = {
            "conversions": member.units.conversions,
            "long_name": spec.long_name or header.text("long_name") or None,
            "levels": LevelsRecord(kind=kind, terms=keys) if kind and keys else None,
            "bathymetry": self._add_terms({"depth": bathymetry}, grid, depth).get("depth") if bathymetry else None,
            "angle": {role: self._add_auxiliary(term, grid, depth) for role, term in angle.items()},
            "land": self._add_mask(member, detail.masks.get(spec.source), grid, depth),
        }
        more |= {"grid": grid, "depth": depth}
        self._append(spec, header, member.layout, member.files, units=member.units.label, limits=limits, **more)

    def _append(
        self,
        spec: VariableSpec,
        header: VariableHeader,
        layout: Layout,
        files: list[int],
        *,
        units: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        **more: Any,
    ) -> None:
        quantity = {
            "name": spec.name or _display_name(header),
            "units": canonical_units(header.text("units")) if units is None else units,
            "standard_name": header.text("standard_name") or None,
        }
        self._variables.append(
            copy_fields(
                spec,
                VariableRecord,
                **quantity,
                scale=spec.scale or suit_limits(limits, choose_colours(**quantity, limits=limits)),
                zero_centered=bool(spec.zero_centered),
                vector=spec.key in self._spec.vector_variables,
                attributes=_drop_infinite(header.attributes),
                dimensions=layout.dimensions,
                file=files[0],
                time=self._add_time(layout, files),
                mixed=self._are_stored_otherwise(header, files),
                **more,
            )
        )

    def _are_stored_otherwise(self, header: VariableHeader, files: list[int]) -> bool:
        """Return True if the numbers of a variable are of another type or packing in a later file."""
        headers = [self._sources[number].readable_header.variables[header.name] for number in files[1:]]
        return any(other.packing != header.packing for other in headers)

    def _add_mask(self, member: Member, mask: MaskRequest | None, grid: int, depth: int | None) -> MaskRecord | None:
        if mask is None:
            return None
        term = self._follow_files(mask.term, member, always=mask.follows_time)
        if depth is None and term.layout.depth is not None:
            depth = self._add_depth(term.layout.depth, mask.file)
        if mask.meaning.between:  # on more cells than the variable, or fewer: they are only read
            shape = tuple(item.size for role in ("y", "x") for item in mask.dimensions if item.role == role)
            grid = self._add_grid(GridRecord(grid=Grid(id="none", kind="none", shape=shape)))
        return MaskRecord(key=self._add_auxiliary(term, grid, depth), meaning=mask.meaning)

    def _follow_files(self, term: Term, member: Member, *, always: bool = False) -> Term:
        """Return a term as it is read from the file of each time step, where files differ in it."""
        time, is_own = member.layout.time, set(term.files) <= set(member.files)
        own = term._replace(files=member.files)
        if not always and ("time" in term.roles or time is None or not is_own or not self._differs(own)):
            return term
        return own._replace(layout=msgspec.structs.replace(term.layout, time=time))

    def _differs(self, term: Term) -> bool:
        """Return True if files differ in a term without time that they all hold."""
        prints = [self._sources[number].readable_header.prints.get(term.name) for number in term.files]
        return None not in prints and len({item.digest for item in prints if item}) > 1

    def _name(self, number: int) -> str:
        return posixpath.basename(self._sources[number].file.path)

    def _add_terms(self, terms: Mapping[str, Term], grid: int, depth: int | None) -> dict[str, str]:
        """Return the keys of terms of depths; none if they are on points without any variable of the dataset."""
        keys = {}
        for role, term in terms.items():
            term_grid = grid
            if term.layout.placement is not None:
                record = self._grid_of.get((term.files[0], term.layout.placement))
                if record is None:
                    return {}
                term_grid = self._add_grid_of_file(term.files[0], record)
            keys[role] = self._add_auxiliary(term, term_grid, depth)
            if role in LENGTH_TERMS:
                units = self._sources[term.files[0]].readable_header.variables[term.name].text("units")
                self._notes |= dict.fromkeys(note_length_units(term.name, units))
        return keys

    def _add_grid_of_file(self, number: int, record: GridRecord) -> int:
        """Return the number of a grid, with the file that holds its coordinates."""
        file, borrowed = self._sources[number].file, self._sources[number].borrowed
        if borrowed is not None and {record.grid.latitude, record.grid.y_axis} & borrowed.names:
            file = borrowed.file
        grid = msgspec.structs.replace(record.grid, file=file.path)
        return self._add_grid(msgspec.structs.replace(record, grid=grid))

    def _add_grid(self, record: GridRecord) -> int:
        # Equal cells read by other variables (nodes, faces) are another grid.
        key = repr(msgspec.structs.astuple(record.grid))
        self._grids.setdefault(key, record)
        return list(self._grids).index(key)

    def _add_auxiliary(self, term: Term, grid: int, depth: int | None) -> str:
        grid = grid if term.roles & HORIZONTAL else self._add_grid(_NO_GRID)
        depth = depth if "depth" in term.roles else None
        identity = (term.name, term.files[0], term.layout.time, grid, depth)
        if identity not in self._auxiliary_keys:
            self._auxiliary_keys[identity] = f"@{term.name}.{len(self._auxiliary_keys)}"
            header = self._sources[term.files[0]].readable_header.variables[term.name]
            spec = VariableSpec(key=self._auxiliary_keys[identity], source=term.name, auxiliary=True)
            self._append(spec, header, term.layout, term.files, grid=grid, depth=depth)
        return self._auxiliary_keys[identity]

    def _add_depth(self, name: str | None, file: int) -> int | None:
        if name is None:
            return None
        axis, notes = make_depth_axis(name, self._sources[file].readable_header)
        self._notes |= dict.fromkeys(notes)
        if axis not in self._depths:
            self._depths.append(axis)
        return self._depths.index(axis)

    def _add_time(self, layout: Layout, files: list[int]) -> int | None:
        dimension = next((dimension for dimension in layout.dimensions if dimension.role == "time"), None)
        name = layout.time or (dimension.name if dimension else None)
        if name is None:
            return None
        key = (name, tuple(files))
        if key not in self._times:
            parts = [
                get_raw_times(self._sources[number].readable_header, layout.time, dimension, self._name(number))
                for number in files
            ]
            axis = make_time_axis(parts, files, self._spec.time_dim_units)
            if axis is None:
                return None
            self._times[key] = axis[:2]
            self._notes |= dict.fromkeys(axis[2])
        return list(self._times).index(key)

    def _drop_incomplete_vectors(self) -> None:
        keys = {variable.key for variable in self._variables}
        for variable in list(self._variables):
            if missing := sorted(set(variable.components.values()) - keys):
                self._variables.remove(variable)
                reason = Message("its component {name} is not a variable of the dataset", name=missing[0])
                self._skipped.append(Omission(variable.key, reason))

    def build(self, revision: str) -> tuple[DatasetRecord, list[StepArrays]]:
        """Build it as far as it can be served, with the reasons for the rest, and the steps of its time axes."""
        self._add_variables()
        spec, skipped = self._spec, self._skipped
        grids = [record.grid for record in self._grids.values() if record.grid.kind != "none"]
        records, not_calculated = _CalculatedVariables(spec, self._variables, grids, self._depths).build()
        self._variables += records
        skipped += not_calculated
        self._drop_incomplete_vectors()
        file_problems = [
            Omission(self._name(number), reason) for number, reason in sorted(self._selection.problems.items())
        ]
        reason = None
        if all(variable.auxiliary for variable in self._variables):
            reason = spec.error or _explain_broken(spec, file_problems, skipped)
        has_gaps = file_problems or skipped or any(note.kind == "left out" for note in self._notes)
        times = [axis for axis, _ in self._times.values()]
        steps = [axis_steps for _, axis_steps in self._times.values()]
        longest = max(range(len(times)), key=lambda number: (times[number].dated, times[number].count), default=None)
        dated = longest if longest is not None and times[longest].dated else None
        attributes = next((source.header.attributes for source in self._sources if source.header is not None), {})
        record = copy_fields(
            spec,
            DatasetRecord,
            name=spec.name or re.sub(r"[_]+", " ", spec.id),
            state="broken" if reason else "partly" if has_gaps else "served",
            reason=reason,
            revision=revision,
            quantum=spec.quantum or (_infer_quantum(times[dated], steps[dated]) if dated is not None else None),
            model_class=_choose_model_class(spec.model_class, grids),
            time_dim_units=times[longest].units if longest is not None else spec.time_dim_units,
            bounds=join_boxes([record.grid.bounds for record in self._grids.values() if record.grid.bounds]),
            time=longest,
            attributes={
                name: value[:MAX_ATTRIBUTE] if isinstance(value, str | list) else value
                for name, value in _drop_infinite(attributes).items()
            },
            files=[source.file for source in self._sources],  # auxiliary files come last
            grids=list(self._grids.values()),
            depths=self._depths,
            times=times,
            variables=self._variables,
            problems=file_problems,
            left_out=skipped,
            selected=spec.variables is not None,
            notes=list(self._notes),
        )
        return record, steps


def _infer_quantum(axis: TimeAxis, steps: StepArrays) -> str | None:
    return infer_quantum(*find_date_scale(steps.seconds, steps.raw, axis.units, axis.calendar))


def _choose_model_class(configured: str | None, grids: Sequence[Grid]) -> str | None:
    if configured is not None:
        return next((name for name in _MODEL_CLASSES.values() if name.lower() == configured.lower()), configured)
    return _MODEL_CLASSES.get(grids[0].kind) if grids else None


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
    numbers = {name: value if isinstance(value, list) else [value] for name, value in attributes.items()}
    return {
        name: attributes[name]
        for name, values in numbers.items()
        if all(math.isfinite(number) for number in values if isinstance(number, float))
    }


# Calculated variables: their operands, dimensions and description, before anything is evaluated


class CalculationError(MessageError):
    """Variable that cannot be calculated."""


class _CalculatedVariables:
    """Calculated variables of a dataset, over those that its files hold."""

    def __init__(
        self,
        spec: DatasetSpec,
        variables: Sequence[VariableRecord],
        grids: Sequence[Grid],
        depths: Sequence[DepthAxis],
    ) -> None:
        self._spec = spec
        self._variables = {variable.key: variable for variable in variables}
        self._grids = grids
        self._depths = depths
        self._specs = {variable.key: variable for variable in spec.variables or [] if variable.equation is not None}
        self._path: list[str] = []  # variables under construction: a name among them is a cycle

    def build(self) -> tuple[list[VariableRecord], list[Omission]]:
        records, skipped = [], []
        for key in self._specs:
            try:
                records.append(self._build(key))
            except CalculationError as error:
                skipped.append(Omission(key, error.message))
        return records, skipped

    def _build(self, key: str) -> VariableRecord:
        if key in self._variables:
            return self._variables[key]
        if key in self._path:
            raise CalculationError("its equation is a cycle: {path}", path=" → ".join([*self._path, key]))
        spec = self._specs[key]
        expression = parse_expression(spec.equation or "")
        self._path.append(key)
        try:
            meanings = {name: self._find_operand(name, spec) for name in expression.names}
        finally:
            self._path.pop()
        operands = {name: variable for name, variable in meanings.items() if variable is not None}
        if not operands:
            raise CalculationError("its equation has no variable of the dataset")
        is_calculated = not (isinstance(expression.root, Name) or spec.categories)
        if is_calculated and all(operand.categories or operand.flags for operand in operands.values()):
            raise CalculationError("its equation has only numbers that stand for categories or flags")
        # The others are broadcast to the operand with the most dimensions.
        base = max(
            operands.values(),
            key=lambda operand: sum(dimension.size > 1 or dimension.role == "time" for dimension in operand.dimensions),
        )
        deep = {name for name, operand in operands.items() if operand.depth is not None}
        deep |= COORDINATE_NAMES["depth"] - operands.keys()
        has_levels = depth_extent(expression.root, deep.__contains__) == "level"
        dimensions = _choose_dimensions(spec, base, has_levels=has_levels)
        self._variables[key] = _make_calculated(spec, base, dimensions, self._spec)
        return self._variables[key]

    def _find_operand(self, name: str, spec: VariableSpec) -> VariableRecord | None:
        """Return the variable of a name; None for a coordinate."""
        if name == spec.key and stored_key(spec) in self._variables:
            return self._variables[stored_key(spec)]
        if name in self._specs:
            return self._build(name)
        if name in self._variables:
            return self._variables[name]
        axes = {depth.name for depth in self._depths}.union(*COORDINATE_NAMES.values())
        axes |= {axis for grid in self._grids for axis in (grid.latitude, grid.longitude) if axis}
        if name in axes:
            return None
        raise CalculationError(
            "its equation refers to {name}, which is neither a variable of the dataset nor a coordinate", name=name
        )


def _choose_dimensions(spec: VariableSpec, base: VariableRecord, *, has_levels: bool) -> list[Dimension]:
    """Return those of the base without reduced ones, and without depth and time if `dims` leaves them out."""
    names = set(spec.dims or ())
    is_chosen = {dimension.name for dimension in base.dimensions if dimension.role in HORIZONTAL} <= names
    left_out = {"depth", "time"} if is_chosen else set[str]()
    return [
        dimension
        for dimension in base.dimensions
        if (dimension.role != "depth" or has_levels) and (dimension.name in names or dimension.role not in left_out)
    ]


def _make_calculated(
    spec: VariableSpec, base: VariableRecord, dimensions: list[Dimension], dataset: DatasetSpec
) -> VariableRecord:
    roles = {dimension.role for dimension in dimensions}
    units = spec.units or "1"
    header = VariableHeader(
        name=spec.key, dtype="<f8", dimensions=(), shape=(), attributes={"long_name": spec.long_name or spec.name or ""}
    )
    is_stored = base.key == stored_key(spec)
    has_time_dimension = any(dimension.role == "time" for dimension in base.dimensions)
    return copy_fields(
        spec,
        VariableRecord,
        # An equation that contains its own name has the source of the stored variable.
        source=base.source if is_stored else "",
        name=spec.name or spec.long_name or (base.name if is_stored else spec.key),
        units=units,
        scale=spec.scale or header_limits(header, units) or DEFAULT_LIMITS,
        zero_centered=bool(spec.zero_centered),
        vector=spec.key in dataset.vector_variables,
        dimensions=dimensions,
        file=base.file,
        grid=base.grid,
        depth=base.depth if "depth" in roles else None,
        time=base.time if "time" in roles or not has_time_dimension else None,
        levels=base.levels if "depth" in roles else None,
        bathymetry=base.bathymetry,
        angle=base.angle,
        auxiliary=False,
        conversions=base.conversions if is_stored else {},
    )
