"""Plan extractions over areas: on the cells of the variables' own grid, or on a stated one.

Variables that do not share a grid are brought to the cells of the first by the interpolation of the request; so are
the components of a vector, which need not lie on the same points.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import AreaRequest, Kind
from ocean_core.errors import InvalidRequest, RequestTooLarge
from ocean_core.geometry import Floats
from ocean_data.compute import depth as depths
from ocean_data.compute import levels
from ocean_data.compute import region as regions
from ocean_data.compute.depth import Depth
from ocean_data.compute.levels import Between
from ocean_data.grids.base import Window, split_runs
from ocean_data.plan.extraction import Body, Cost, Extraction, Field, Reading, Values
from ocean_data.plan.points import VALUES_AT_ONCE, check_variables, lay_out_fields, plan_at_places
from ocean_data.plan.sampling import read_columns, read_cost
from ocean_data.plan.target import Target, native_cells, regular_grid, without_places
from ocean_data.plan.times import Instants
from ocean_data.ports import Source

DEPTH_WORDS = ("bottom", "all", "mean")
EARTH = (-180.0, -90.0, 180.0, 90.0)
MAX_CELLS = 20_000_000  # cells that are looked for: those around each place
AROUND = 4  # each place, at most: the corners of bilinear
COLUMN_VALUES_AT_ONCE = 4_000_000  # values of whole columns
ALL = slice(None)


def plan_area(reading: Reading, variables: Sequence[Assets], query: AreaRequest) -> Extraction:
    """Plan the reading of variables over an area; at the last time if none is asked for."""
    target = find_target(reading, variables, query)
    instants = select_instants(variables, query)
    return plan_over(reading, variables, query, target=target, instants=instants, kind="area")


def select_instants(variables: Sequence[Assets], query: AreaRequest) -> Instants | None:
    """The times that are asked for: the last if none is."""
    latest = query.time is None and query.start is None and query.end is None
    return Instants.of(variables, "-1" if latest else query.time, query.start, query.end)


def find_target(reading: Reading, variables: Sequence[Assets], query: AreaRequest) -> Target:
    """Find the cells of the answer, without reading a value."""
    nowhere = query.box is None and query.polygon is None
    region = regions.box_region(EARTH) if query.extent and nowhere else regions.read_region(query.box, query.polygon)
    if query.extent and (query.projection is None or query.box is not None):
        raise InvalidRequest(
            "extent is of a stated grid, instead of a box: give it with a projection and a shape", field="extent"
        )
    if query.projection is None and query.shape is None:
        return native_cells(reading, variables[0], region, query.stride)
    if query.projection is None or query.shape is None:
        lacking = "projection" if query.projection is None else "shape"
        raise InvalidRequest(
            "a stated grid has a projection and a shape, as projection=EPSG:4326 and shape=100,200", field=lacking
        )
    if query.stride != 1:
        raise InvalidRequest("stride is of the variables' own grid; a stated grid has a shape", field="stride")
    target = regular_grid(region, query.projection, query.shape, query.extent)
    return target if query.places else without_places(target)


def plan_over(
    reading: Reading,
    variables: Sequence[Assets],
    query: AreaRequest,
    *,
    target: Target,
    instants: Instants | None,
    kind: Kind,
    depth: Depth | None = None,
) -> Extraction:
    """Plan the reading of variables at the cells of a target."""
    level = depths.parse(query.depth, DEPTH_WORDS) if depth is None else depth
    outline = partial(target.outline, reading) if target.outline and query.geometry == "cell" else None
    shared = target.window is not None and all(variable.grid.id == target.grid_id for variable in variables)
    if shared and not query.vector:
        extraction = _native(reading, variables, query, target=target, instants=instants, depth=level, kind=kind)
        return replace(extraction, outline=outline)
    _check_search(query, target)
    extraction = plan_at_places(
        reading,
        variables,
        query,
        kind=kind,
        places=target.places(reading),
        instants=instants,
        depth=level,
        fitting=target.fitting,
    )
    body: Body = extraction.body if target.inside is None else MaskedBody(body=extraction.body, inside=target.inside)
    facts = target.facts | extraction.facts
    if not shared and target.window is not None:
        facts["grid"] = f"of {target.name}"
    return replace(extraction, dims=extraction.dims | target.more, body=body, facts=facts, outline=outline)


def _check_search(query: AreaRequest, target: Target) -> None:
    """Refuse to look for more cells than memory should hold: before the search, which comes before the budget."""
    around = query.neighbours if query.interpolation in {"gaussian", "inverse"} else AROUND
    count = int(np.prod(list(target.frame.dims.values()))) * around
    if count > MAX_CELLS:
        raise RequestTooLarge(
            "{interpolation} would look for {count} cells around the places, and the limit is {limit}; "
            "{fits} would fit",
            interpolation=query.interpolation,
            count=count,
            limit=MAX_CELLS,
            fits=target.fitting(MAX_CELLS / count),
            field="bbox" if target.window else "shape",
        )


@dataclass(frozen=True, kw_only=True)
class MaskedBody:
    """Takes away what is not meant."""

    body: Body
    inside: NDArray[np.bool_]  # of the shape of the places

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """As the body reads, NaN where nothing is wanted."""
        part = self.body.read(reading, rows)
        return {key: np.where(self.inside, values, np.nan) for key, values in part.items()}


@dataclass(frozen=True, kw_only=True)
class NativeBody:
    """Reads the cells of a window."""

    cuts: Sequence["WindowRead"]  # of the variables
    fields: Sequence[Field]  # of the variables, and the depths where these are read
    instants: Instants | None
    lead: str  # the first dimension

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """Values of some of the instants; of some of the rows, where there is neither time nor depth."""
        result: dict[str, Values] = {}
        times = rows if self.lead == "time" else slice(None)
        for number, window_read in enumerate(self.cuts):
            cut = window_read if self.lead == "time" or self.lead.startswith("depth") else window_read.part(rows)
            steps = self.instants.of_variable(number, times) if self.instants else None
            values, metres = cut.read(reading.source, steps)
            result[window_read.assets.variable.key] = values
            if metres is not None:
                result.setdefault("depth", metres)
        first = rows.start == 0 or self.lead != "time"
        return {
            field.key: _shaped(result[field.key], field)
            for field in self.fields
            if field.key in result and (first or "time" in field.dims)
        }


def _shaped(values: Values, field: Field) -> Values:
    """(time, level, y, x) as the dimensions of a field."""
    time, level, *across = values.shape
    if "time" not in field.dims:
        values, time = values[:1], 1
    sizes = [time] if "time" in field.dims else []
    sizes += [level] if any(name.startswith("depth") for name in field.dims) else []
    flat = len(field.dims) - len(sizes)
    return values.reshape(*sizes, *(across if flat == len(across) else [across[-1]]))


def _native(
    reading: Reading,
    variables: Sequence[Assets],
    query: AreaRequest,
    *,
    target: Target,
    instants: Instants | None,
    depth: Depth,
    kind: Kind,
) -> Extraction:
    """Plan the reading of a window: values as they are in the files."""
    check_variables(variables, query.vector, depth, line=False)
    if target.window is None:
        raise TypeError
    source = reading.source
    dims, fields, coordinates = lay_out_fields(variables, query, target.frame, instants, depth)
    precise = {item.variable.key: source.precision(item) for item in variables} if depth != "mean" else {}
    fields = [replace(item, dtype=precise.get(item.key, item.dtype)) for item in fields]
    cells = target.window.cells.ravel()
    cuts = [
        WindowRead(
            assets=item,
            window=target.window,
            depth=depth,
            triangles=target.triangles,
            between=Between.of(reading.grids, item, cells),
        )
        for item in variables
    ]
    steps = [instants.of_variable(number, slice(None)) if instants else None for number in range(len(variables))]
    cost = sum((window_cost(source, item, own) for item, own in zip(cuts, steps, strict=True)), Cost())
    values = sum(int(np.prod([dims[name] for name in item.dims])) for item in fields)
    lead = next(iter(dims))
    size_of_row = max(1, cost.cells, values) // max(1, dims[lead])
    divided = lead == "time" or not lead.startswith("depth")
    return Extraction(
        kind=kind,
        dataset=query.dataset,
        title=variables[0].variable.dataset_name,
        dims=dims | target.more,
        coordinates=coordinates,
        fields=fields,
        body=NativeBody(cuts=cuts, fields=fields, instants=instants, lead=lead),
        rows=max(1, VALUES_AT_ONCE // max(1, size_of_row)) if divided else dims[lead],
        cost=replace(cost, values=values),
        used=list(zip(variables, steps, strict=True)),
        facts=target.facts | ({"depth": depth} if depth in {"bottom", "mean"} else {}),
        fitting=target.fitting,
    )


@dataclass(frozen=True, kw_only=True)
class WindowRead:
    """A window of a variable."""

    assets: Assets
    window: Window
    depth: Depth
    triangles: bool  # a mesh: the columns of the window are its cells
    between: levels.Between | None = None  # where the depths of the window are told, if that is on another grid

    def part(self, rows: slice) -> "WindowRead":
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
        step_list: Sequence[int | None] = [None] if steps is None else steps
        if self.assets.depth is not None and self.depth in {"bottom", "mean"}:
            columns = [self._columns(source, step) for step in step_list]
            deepest, metres = (np.stack(part)[:, np.newaxis] for part in zip(*columns, strict=True))
            return deepest, None if self.depth == "mean" else metres
        values = self._levels(source, step_list, self.wanted)
        if self.assets.levels is None:
            return values, None
        return values, self._metres(source, steps)

    def _levels(self, source: Source, steps: Sequence[int | None], level_slice: slice) -> Values:
        """Values as they are in the files: (step, level, y, x)."""
        window, precise = self.window, source.precision(self.assets)
        if self.triangles:
            own = None if self.assets.steps is None else [step for step in steps if step is not None]
            columns = read_columns(source, self.assets, own, level_slice, window.cells.ravel()).astype(precise)
            cells: Values = columns.reshape(*columns.shape[:2], *window.shape)
            return cells
        levels = range(len(self.assets.depth.values) if self.assets.depth else 1)[level_slice]
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
        """Return how many levels and rows are read at once: whole chunks, within the bound of memory."""
        _, deep, tall, _ = source.chunking(self.assets)
        width = max(1, self.window.columns.size)
        rows = max(1, COLUMN_VALUES_AT_ONCE // (width * min(deep, levels)))
        rows = max(tall, rows // tall * tall)
        return max(deep, COLUMN_VALUES_AT_ONCE // (width * rows) // deep * deep), rows

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
        block = max(1, COLUMN_VALUES_AT_ONCE * count // max(1, len(axis.values) * out.size))
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


def window_cost(source: Source, cut: WindowRead, steps: Sequence[int] | None) -> Cost:
    """Estimate the cost of a window from the shapes of chunks."""
    assets, window = cut.assets, cut.window
    vertical = len(range(len(assets.depth.values) if assets.depth else 1)[cut.wanted])
    if cut.triangles:
        return read_cost(source, assets, steps, vertical, window.cells.ravel())
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
