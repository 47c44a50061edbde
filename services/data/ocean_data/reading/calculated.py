"""Makes calculated variables look like those in files: to the catalogue and to the source."""

from collections.abc import Hashable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import Assets, Grid, VariableInfo
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import VariableNotFound
from ocean_core.expression import parse_expression
from ocean_core.packing import Encoding
from ocean_data.compute.equations import (
    VALUES_AT_ONCE,
    calculate_columns,
    calculate_window,
    calculated_assets,
    circular_equation,
    steps_of,
    stored_variable,
    with_operands,
)
from ocean_data.grids.base import Cells, Coordinates
from ocean_data.reading.base import Depth, GridStore, Reading, Source
from ocean_data.reading.files import plane
from ocean_data.reading.source import bottom_of, find_file

KEPT = 512  # calculated variables whose operands are known


class Calculating:
    """A catalogue whose calculated variables know their operands.

    In a configured equation, a name that is both in the files and calculated means what is in the files: so
    ``votemper - 273.15`` may itself be called ``votemper``. What people write means what they are shown.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        # With what each was made from: the assets in the catalogue, or the revision of the dataset.
        self._known: ByteBoundedCache[tuple[object, Assets]] = ByteBoundedCache(KEPT, lambda _: 1)

    async def revision(self, dataset: str) -> str:
        """The revision of ``dataset``."""
        return await self._catalogue.revision(dataset)

    async def variable(self, dataset: str, variable: str) -> VariableInfo:
        """Return the information for labels, colours and units."""
        return await self._catalogue.variable(dataset, variable)

    async def assets(self, dataset: str, variable: str) -> Assets:
        """Return the files of a variable, or the operands from which it is calculated."""
        return await self._assets(dataset, variable, ())

    async def expression(self, dataset: str, text: str) -> Assets:
        """Return the variable that an expression of a request makes."""
        revision, key = await self.revision(dataset), (dataset, f"={text}")
        known_revision, known = self._known.find(key, (None, None))
        if known is not None and known_revision == revision:
            return known
        operands: dict[str, Assets] = {}
        for name in parse_expression(text).names:
            try:
                operands[name] = await self._assets(dataset, name, ())
            except VariableNotFound:
                continue  # as below
        made = calculated_assets(dataset, text, operands)
        self._known.put(key, (revision, made))
        return made

    async def _assets(self, dataset: str, variable: str, trail: tuple[str, ...]) -> Assets:
        assets, key = await self._catalogue.assets(dataset, variable), (dataset, variable)
        if assets.equation is None:
            return assets
        known_assets, known = self._known.find(key, (None, None))
        if known is not None and known_assets is assets:
            return known
        made = with_operands(assets, await self._operands(assets, (*trail, variable)))
        self._known.put(key, (assets, made))
        return made

    async def _operands(self, assets: Assets, trail: tuple[str, ...]) -> dict[str, Assets]:
        operands = {}
        for name in parse_expression(assets.equation or "").names:
            if name == trail[-1]:
                operand = assets.operands.get(name, assets)
            else:
                try:
                    operand = await self._catalogue.assets(assets.dataset, name)
                except VariableNotFound:
                    continue  # a coordinate, or it is refused when all operands are known
            if operand.equation is not None and operand.source:
                operand = stored_variable(operand)
            elif operand.equation is not None:
                if name in trail:
                    raise circular_equation((*trail, name))
                operand = await self._assets(assets.dataset, name, trail)
            operands[name] = operand
        return operands


class Calculated:
    """A source that calculates what has an equation."""

    def __init__(self, source: Source, grids: GridStore, level_bytes: int, *, at_once: int = VALUES_AT_ONCE) -> None:
        self._source = source
        self._reading, self._at_once = Reading(source=self, grids=grids), at_once
        self._levels: ByteBoundedCache[NDArray[np.float32]] = ByteBoundedCache(level_bytes, lambda level: level.nbytes)

    def level(self, variable: Assets, step: int | None, depth: Depth) -> NDArray[np.float32]:
        if variable.equation is None:
            return self._source.level(variable, step, depth)
        read = partial(self._level, variable, step)
        return self._levels.get(
            (self._state(variable, step), depth),
            lambda: (bottom_of(variable, read) if depth == "bottom" else read(depth or 0)).astype(np.float32),
        )

    def _level(
        self, variable: Assets, step: int | None, depth: int, mask: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        rows, columns = plane(variable)
        box = slice(0, rows), slice(0, columns)
        level = slice(depth, depth + 1)
        values = calculate_window(self._reading, variable, step, level, box, mask=mask, at_once=self._at_once)
        return values.reshape(rows, columns)

    def columns(
        self, variable: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells
    ) -> NDArray[np.float64]:
        if variable.equation is None:
            return self._source.columns(variable, steps, depths, cells)
        return calculate_columns(self._reading, variable, steps, depths, cells, at_once=self._at_once)

    def window(
        self, variable: Assets, step: int | None, depths: slice, box: tuple[slice, slice]
    ) -> NDArray[np.floating]:
        if variable.equation is None:
            return self._source.window(variable, step, depths, box)
        values = calculate_window(self._reading, variable, step, depths, box, at_once=self._at_once)
        return values.astype(self.precision(variable, None if step is None else [step]))

    def precision(self, variable: Assets, steps: Sequence[int] | None) -> type[np.floating]:
        """That of the most precise operand."""
        if variable.equation is None:
            return self._source.precision(variable, steps)
        of_operands = (self.precision(item, steps_of(item, variable, steps)) for item in variable.operands.values())
        return np.float32 if all(kind is np.float32 for kind in of_operands) else np.float64

    def encodings(self, variable: Assets, steps: Sequence[int] | None) -> set[Encoding | None]:
        """Those of all operands."""
        if variable.equation is None:
            return self._source.encodings(variable, steps)
        of_operands = (self.encodings(item, steps_of(item, variable, steps)) for item in variable.operands.values())
        return {None}.union(*of_operands)

    def chunking(self, variable: Assets) -> tuple[int, int, int, int]:
        """That of the operand with the most dimensions."""
        if variable.equation is None:
            return self._source.chunking(variable)
        most = max(variable.operands.values(), key=lambda operand: len(operand.dimensions), default=None)
        return self.chunking(most) if most else (1, 1, *plane(variable))

    def coordinates(self, grid: Grid) -> Coordinates:
        return self._source.coordinates(grid)

    def as_indexed(self, variable: Assets, steps: Sequence[int] | None) -> bool:
        """Return whether the files of all operands are still as they were indexed."""
        if variable.equation is None:
            return self._source.as_indexed(variable, steps)
        return all(
            self.as_indexed(operand, steps_of(operand, variable, steps)) for operand in variable.operands.values()
        )

    def signature(self, path: str) -> Hashable:
        return self._source.signature(path)

    def _state(self, variable: Assets, step: int | None) -> Hashable:
        """Return the key of the values at one time: equations, and the state of files."""
        if variable.equation is None:
            file, position = find_file(variable, step)
            return variable.source, self.signature(file.path), file.conversion, position
        below = []
        for name, operand in variable.operands.items():
            steps = steps_of(operand, variable, None if step is None else [step])
            below.append((name, self._state(operand, steps[0] if steps else None)))
        return variable.equation, variable.grid.id, tuple(below)
