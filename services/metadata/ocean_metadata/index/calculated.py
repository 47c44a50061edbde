"""Calculated variables: their operands, dimensions and description, before anything is evaluated."""

from collections.abc import Mapping, Sequence

from ocean_common.contracts.assets import DepthAxis, Dimension, Role
from ocean_core.colour import DEFAULT_LIMITS
from ocean_core.errors import MessageError
from ocean_core.expression import COORDINATE_NAMES, Call, Expression, Name, Node, child_nodes, parse_expression
from ocean_metadata.catalogue.model import GridRecord, Omission, VariableRecord, copy_fields
from ocean_metadata.index.headers import VariableHeader
from ocean_metadata.index.selection import header_limits, stored_key
from ocean_metadata.index.specs import DatasetSpec, VariableSpec

COORDINATES = set[str]().union(*COORDINATE_NAMES.values())
_HORIZONTAL: set[Role] = {"y", "x", "node", "face"}


class CalculationError(MessageError):
    """Variable that cannot be calculated."""


class CalculatedVariables:
    """Calculated variables of a dataset, over those that its files hold."""

    def __init__(
        self,
        spec: DatasetSpec,
        variables: Sequence[VariableRecord],
        grids: Sequence[GridRecord],
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
        # The others are broadcast to the operand with the most dimensions.
        base = max(operands.values(), key=_count_dimensions)
        dimensions = self._choose_dimensions(spec, expression, operands, base)
        self._variables[key] = _make_record(spec, base, dimensions, self._spec)
        return self._variables[key]

    def _find_operand(self, name: str, spec: VariableSpec) -> VariableRecord | None:
        """Return the variable of a name; None for a coordinate."""
        if name == spec.key and stored_key(spec) in self._variables:
            return self._variables[stored_key(spec)]
        if name in self._specs:
            return self._build(name)
        if name in self._variables:
            return self._variables[name]
        axes = {depth.name for depth in self._depths}
        axes |= {axis for record in self._grids for axis in (record.grid.latitude, record.grid.longitude) if axis}
        if name in COORDINATES | axes:
            return None
        raise CalculationError(
            "its equation refers to {name}, which is neither a variable of the dataset nor a coordinate", name=name
        )

    def _choose_dimensions(
        self, spec: VariableSpec, expression: Expression, operands: Mapping[str, VariableRecord], base: VariableRecord
    ) -> list[Dimension]:
        """Return those of the base without reduced ones, and without depth and time if `dims` leaves them out."""
        names = set(spec.dims or ())
        has_levels = _has_levels(expression.root, operands)
        is_chosen = {dimension.name for dimension in base.dimensions if dimension.role in _HORIZONTAL} <= names
        left_out = {"depth", "time"} if is_chosen else set[str]()
        return [
            dimension
            for dimension in base.dimensions
            if (dimension.role != "depth" or has_levels) and (dimension.name in names or dimension.role not in left_out)
        ]


def _count_dimensions(variable: VariableRecord) -> int:
    return sum(dimension.size > 1 or dimension.role == "time" for dimension in variable.dimensions)


def _has_levels(node: Node, operands: Mapping[str, VariableRecord]) -> bool:
    """Return True if a part of an equation has a value at every level."""
    if isinstance(node, Name):
        if node.column:
            return False
        variable = operands.get(node.name)
        return node.name in COORDINATE_NAMES["depth"] if variable is None else variable.depth is not None
    if isinstance(node, Call) and node.reduces_column:
        return False
    return any(_has_levels(child, operands) for child in child_nodes(node))


def _make_record(
    spec: VariableSpec, base: VariableRecord, dimensions: list[Dimension], dataset: DatasetSpec
) -> VariableRecord:
    roles = {dimension.role for dimension in dimensions}
    units = spec.units or "1"
    header = VariableHeader(
        name=spec.key, dtype="<f8", dimensions=(), shape=(), attributes={"long_name": spec.long_name or spec.name or ""}
    )
    is_stored = base.key == stored_key(spec)
    depth = base.depth if "depth" in roles else None
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
        depth=depth,
        time=base.time if "time" in roles or not has_time_dimension else None,
        levels=base.levels if depth is not None else None,
        bathymetry=base.bathymetry,
        angle=base.angle,
        auxiliary=False,
    )
