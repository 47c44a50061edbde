"""Calculated variables: what their equations stand on, before anything is evaluated."""

from collections.abc import Mapping, Sequence

import msgspec

from ocean_common.contracts.assets import DepthAxis, Dimension, Role
from ocean_common.contracts.metadata import VariableProblem
from ocean_core.colour import DEFAULT_LIMITS
from ocean_core.expression import COORDINATE_NAMES, Call, Expression, Name, Node, child_nodes, parse_expression
from ocean_metadata.catalogue.model import GridRecord, VariableRecord
from ocean_metadata.index.file_header import VariableHeader
from ocean_metadata.index.plan import stored
from ocean_metadata.index.scale import header_limits
from ocean_metadata.index.spec import DatasetSpec, VariableSpec

COORDINATES = set[str]().union(*COORDINATE_NAMES.values())
_PLACE: set[Role] = {"y", "x", "node", "face"}


class Refused(Exception):
    """Why a variable cannot be calculated."""


class Calculation:
    """The calculated variables of a dataset, made of those that its files hold."""

    def __init__(
        self,
        spec: DatasetSpec,
        known: Sequence[VariableRecord],
        grids: Sequence[GridRecord],
        depths: Sequence[DepthAxis],
    ) -> None:
        self._spec = spec
        self._known = {one.key: one for one in known}
        self._grids = grids
        self._depths = depths
        self._specs = {one.key: one for one in spec.variables or [] if one.equation is not None}
        self._open: list[str] = []  # that are being made: a name among them is a circle
        self._reasons: dict[str, str] = {}

    def run(self) -> tuple[list[VariableRecord], list[VariableProblem]]:
        """Make them all; with the reasons of those that cannot be."""
        found = []
        for key in self._specs:
            try:
                found.append(self._make(key))
            except Refused as reason:
                self._reasons[key] = str(reason)
        return found, [VariableProblem(variable=key, reason=reason) for key, reason in self._reasons.items()]

    def _make(self, key: str) -> VariableRecord:
        if key in self._known:
            return self._known[key]
        if key in self._open:
            raise Refused(f"its equation goes in a circle: {' → '.join([*self._open, key])}")
        spec = self._specs[key]
        expression = parse_expression(spec.equation or "")
        self._open.append(key)
        try:
            named = {name: self._operand(name, spec) for name in expression.names}
        finally:
            self._open.pop()
        operands = {name: one for name, one in named.items() if one is not None}
        if not operands:
            raise Refused("its equation names no variable of the dataset")
        # That with the most dimensions is what the others are spread over.
        base = max(
            operands.values(), key=lambda each: sum(one.size > 1 or one.role == "time" for one in each.dimensions)
        )
        self._known[key] = _record(spec, base, self._dimensions(spec, expression, operands, base), self._spec)
        return self._known[key]

    def _operand(self, name: str, spec: VariableSpec) -> VariableRecord | None:
        """The variable that a name means; None for a coordinate."""
        if name == spec.key and stored(spec) in self._known:
            return self._known[stored(spec)]
        if name in self._specs:
            return self._make(name)
        if name in self._known:
            return self._known[name]
        axes = {each.name for each in self._depths}
        axes |= {each for one in self._grids for each in (one.grid.latitude, one.grid.longitude) if each}
        if name in COORDINATES | axes:
            return None
        raise Refused(f"its equation names {name}, which is neither a variable of the dataset nor a coordinate")

    def _dimensions(
        self, spec: VariableSpec, expression: Expression, operands: Mapping[str, VariableRecord], base: VariableRecord
    ) -> list[Dimension]:
        """Those of the base, without the ones that the configuration leaves out, or that make one value."""
        kept = [each for each in base.dimensions if each.role != "depth" or _spans(expression.root, operands)]
        named = set(spec.dims or ())
        if {each.name for each in kept if each.role in _PLACE} <= named:
            return [each for each in kept if each.name in named or each.role not in {"depth", "time"}]
        return kept


def _spans(node: Node, operands: Mapping[str, VariableRecord]) -> bool:
    """Whether a part of an equation has a value at every level."""
    if isinstance(node, Name):
        one = operands.get(node.name)
        return not node.column and (
            one.depth is not None if one is not None else node.name in COORDINATE_NAMES["depth"]
        )
    if isinstance(node, Call) and node.reduces_column:
        return False
    return any(_spans(each, operands) for each in child_nodes(node))


def _record(
    spec: VariableSpec, base: VariableRecord, dimensions: list[Dimension], dataset: DatasetSpec
) -> VariableRecord:
    roles = {each.role for each in dimensions}
    units = spec.units or "1"
    described = VariableHeader(
        name=spec.key, dtype="<f8", dimensions=(), shape=(), attributes={"long_name": spec.long_name or spec.name or ""}
    )
    of_its_own = base.key == stored(spec)
    deep = base.depth if "depth" in roles else None
    return msgspec.structs.replace(
        base,
        key=spec.key,
        # Where the equation has its own name in it, that of the stored variable which it means.
        source=base.source if of_its_own else "",
        name=spec.name or spec.long_name or (base.name if of_its_own else spec.key),
        units=units,
        scale=spec.scale or header_limits(described, units) or DEFAULT_LIMITS,
        standard_name=None,
        long_name=spec.long_name,
        zero_centered=bool(spec.zero_centered),
        categories=spec.categories,
        hidden=spec.hidden,
        vector=spec.key in dataset.vector_variables,
        interpolation=spec.interpolation,
        attributes={},
        dimensions=dimensions,
        depth=deep,
        time=base.time if "time" in roles or not any(each.role == "time" for each in base.dimensions) else None,
        equation=spec.equation,
        components=spec.components,
        levels=base.levels if deep is not None else None,
        auxiliary=False,
        translations=spec.translations,
    )
