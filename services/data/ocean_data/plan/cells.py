"""The reading of a window of a variable's own cells: as many at once as memory should hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocean_common.contracts.assets import Assets
from ocean_core.geometry import Floats
from ocean_data.compute import depth as depths
from ocean_data.compute import levels
from ocean_data.compute.depth import Depth
from ocean_data.grids.base import Window, split_runs
from ocean_data.plan import sampling
from ocean_data.plan.extraction import Cost, Values
from ocean_data.ports import Source

AT_ONCE = 4_000_000  # values of whole columns
ALL = slice(None)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A window of a variable."""

    assets: Assets
    window: Window
    depth: Depth
    triangles: bool  # a mesh: the columns of the window are its cells
    between: levels.Between | None = None  # where the depths of the window are told, if that is on another grid

    def part(self, rows: slice) -> "Cut":
        """Some of the rows; of a mesh, of its cells."""
        if self.triangles:
            between = self.between and self.between.some(rows)
            return replace(self, window=replace(self.window, columns=self.window.columns[rows]), between=between)
        first, last, _ = rows.indices(self.window.rows.size)
        width = self.window.columns.size
        between = self.between and self.between.some(slice(first * width, last * width))
        return replace(self, window=self.window.part(rows), between=between)

    @property
    def wanted(self) -> slice:
        """The levels that are read."""
        return slice(self.depth, self.depth + 1) if isinstance(self.depth, int) and self.assets.depth else ALL

    def read(self, source: Source, steps: Sequence[int] | None) -> tuple[Values, Floats | None]:
        """Values, (step, level, y, x), and the depths where they are not the axis's: (step, level, y, x)."""
        each: Sequence[int | None] = [None] if steps is None else steps
        if self.assets.depth is not None and self.depth in {"bottom", "mean"}:
            found = [self._columns(source, step) for step in each]
            deepest, metres = (np.stack(part)[:, np.newaxis] for part in zip(*found, strict=True))
            return deepest, None if self.depth == "mean" else metres
        values = self._levels(source, each, self.wanted)
        if self.assets.levels is None:
            return values, None
        return values, self._metres(source, steps)

    def _levels(self, source: Source, steps: Sequence[int | None], wanted: slice) -> Values:
        """Values as they are in the files: (step, level, y, x)."""
        window, precise = self.window, source.precision(self.assets)
        if self.triangles:
            own = None if self.assets.steps is None else [step for step in steps if step is not None]
            found = sampling.columns(source, self.assets, own, wanted, window.cells.ravel()).astype(precise)
            cells: Values = found.reshape(*found.shape[:2], *window.shape)
            return cells
        levels = range(len(self.assets.depth.values) if self.assets.depth else 1)[wanted]
        out = np.full((len(steps), len(levels), *window.shape), np.nan, precise)
        deep, rows = self._block(source, len(levels))
        boxes = [(row, column) for row in split_runs(window.rows, rows) for column in split_runs(window.columns)]
        for number, step in enumerate(steps):
            for level in range(0, len(levels), deep):
                part = slice(level, min(level + deep, len(levels)))
                of_file = slice(levels.start + part.start, levels.start + part.stop)
                for row, column in boxes:
                    block = source.window(self.assets, step, of_file, (row.file, column.file))
                    out[number, part, row.window, column.window] = block[:, row.picked][:, :, column.picked]
        if window.inside is not None:
            out[..., ~window.inside] = np.nan
        return out

    def _block(self, source: Source, levels: int) -> tuple[int, int]:
        """How many levels and rows are read at once: whole chunks, and no more than memory should hold."""
        _, deep, tall, _ = source.chunking(self.assets)
        width = max(1, self.window.columns.size)
        rows = max(1, AT_ONCE // (width * min(deep, levels)))
        rows = max(tall, rows // tall * tall)
        return max(deep, AT_ONCE // (width * rows) // deep * deep), rows

    def _metres(self, source: Source, steps: Sequence[int] | None) -> Floats:
        """Depths of the cells: (step or 1, level, y, x)."""
        deep = levels.metres(source, self.assets, steps, self.wanted, self.window.cells.ravel(), between=self.between)
        deep = deep.reshape(*deep.shape[:2], *self.window.shape)
        return deep if self.window.inside is None else np.where(self.window.inside, deep, np.nan)

    def _columns(self, source: Source, step: int | None) -> tuple[Values, Floats]:
        """The bottom, or the mean over depth, at one time: (y, x), and the depth of it. Read in blocks of rows."""
        axis = self.assets.depth
        if axis is None:
            raise TypeError
        out = np.full(self.window.shape, np.nan, np.float64 if self.depth == "mean" else source.precision(self.assets))
        metres = np.full(self.window.shape, np.nan)
        count = self.window.columns.size if self.triangles else self.window.rows.size
        block = max(1, AT_ONCE * count // max(1, len(axis.values) * out.size))
        for first in range(0, count, block):
            rows = slice(first, first + block)
            place = (ALL, rows) if self.triangles else (rows, ALL)
            part = self.part(rows)
            values = part._levels(source, [step], ALL)[0]  # noqa: SLF001  of the same class
            flat = values.reshape(values.shape[0], -1).astype(np.float64)
            own = None if step is None else [step]
            deep = levels.metres(source, self.assets, own, ALL, part.window.cells.ravel(), between=part.between)
            if self.depth == "mean":
                out[place] = levels.average(flat[np.newaxis], deep)[0].reshape(part.window.shape)
                continue
            bottom = depths.bottom_level(flat, depths.deepest_first(axis))
            out[place] = depths.bottom_values(flat, bottom).reshape(part.window.shape)
            metres[place] = depths.bottom_values(deep[0], bottom).reshape(part.window.shape)
        return out, metres


def cut_cost(source: Source, cut: Cut, steps: Sequence[int] | None) -> Cost:
    """What reading a window takes, from the shapes of chunks alone."""
    assets, window = cut.assets, cut.window
    vertical = len(range(len(assets.depth.values) if assets.depth else 1)[cut.wanted])
    if cut.triangles:
        return sampling.read_cost(source, assets, steps, vertical, window.cells.ravel())
    along, deep, rows, across = source.chunking(assets)
    count = 1 if steps is None else len(steps)
    files = 1
    if assets.steps is not None and steps is not None:
        files = np.unique(np.frombuffer(assets.steps.file.data, assets.steps.file.dtype)[list(steps)]).size
    flat = np.unique(window.rows // rows).size * np.unique(window.columns // across).size
    read = count * vertical * window.rows.size * window.columns.size
    return Cost(
        steps=count,
        files=files,
        chunks=max(files, -(-count // along)) * -(-vertical // deep) * flat,
        cells=read,
        bytes=read * np.dtype(source.precision(assets)).itemsize,
    )
