"""Areas: on the cells of the variables' own grid, or on a stated one.

Variables that do not share a grid are brought to the cells of the first by the interpolation that is asked for; so
are the components of a vector, which need not lie on the same points.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import AreaRequest, Kind
from ocean_common.errors import InvalidRequest, RequestTooLarge
from ocean_data.compute import depth as depths
from ocean_data.compute import region as regions
from ocean_data.compute.depth import Depth
from ocean_data.compute.levels import Between
from ocean_data.plan import point_extraction as located
from ocean_data.plan.cells import Cut, cut_cost
from ocean_data.plan.extraction import Body, Cost, Extraction, Field, Reading, Values
from ocean_data.plan.instants import Instants
from ocean_data.plan.target import Target, own, stated, without_places

WORDS = ("bottom", "all", "mean")
EARTH = (-180.0, -90.0, 180.0, 90.0)
MOST = 20_000_000  # cells that are looked for: those around each place
AROUND = 4  # each place, at most: the corners of bilinear


def plan(reading: Reading, variables: Sequence[Assets], asked: AreaRequest) -> Extraction:
    """Plan the reading of variables over an area; at the last time if none is asked for."""
    target = target_of(reading, variables, asked)
    instants = instants_of(variables, asked)
    return over(reading, variables, asked, target=target, instants=instants, kind="area")


def instants_of(variables: Sequence[Assets], asked: AreaRequest) -> Instants | None:
    """The times that are asked for: the last if none is."""
    latest = asked.time is None and asked.start is None and asked.end is None
    return Instants.of(variables, "-1" if latest else asked.time, asked.start, asked.end)


def target_of(reading: Reading, variables: Sequence[Assets], asked: AreaRequest) -> Target:
    """Where values are wanted: found without reading any."""
    nowhere = asked.box is None and asked.polygon is None
    region = regions.box_region(EARTH) if asked.extent and nowhere else regions.read_region(asked.box, asked.polygon)
    if asked.extent and (asked.projection is None or asked.box is not None):
        raise InvalidRequest(
            "extent is of a stated grid, instead of a box: give it with a projection and a shape", field="extent"
        )
    if asked.projection is None and asked.shape is None:
        return own(reading, variables[0], region, asked.stride)
    if asked.projection is None or asked.shape is None:
        lacking = "projection" if asked.projection is None else "shape"
        raise InvalidRequest(
            "a stated grid has a projection and a shape, as projection=EPSG:4326 and shape=100,200", field=lacking
        )
    if asked.stride != 1:
        raise InvalidRequest("stride is of the variables' own grid; a stated grid has a shape", field="stride")
    target = stated(region, asked.projection, asked.shape, asked.extent)
    return target if asked.places else without_places(target)


def over(
    reading: Reading,
    variables: Sequence[Assets],
    asked: AreaRequest,
    *,
    target: Target,
    instants: Instants | None,
    kind: Kind,
    depth: Depth | None = None,
) -> Extraction:
    """Plan the reading of variables at the cells of a target."""
    level = depths.parse(asked.depth, WORDS) if depth is None else depth
    outline = partial(target.outline, reading) if target.outline and asked.geometry == "cell" else None
    shared = target.window is not None and all(one.grid.id == target.grid_id for one in variables)
    if shared and not asked.vector:
        made = _native(reading, variables, asked, target=target, instants=instants, depth=level, kind=kind)
        return replace(made, outline=outline)
    _check_search(asked, target)
    made = located.plan(
        reading,
        variables,
        asked,
        kind=kind,
        places=target.places(reading),
        instants=instants,
        depth=level,
        fitting=target.fitting,
    )
    body: Body = made.body if target.inside is None else Masked(body=made.body, inside=target.inside)
    facts = target.facts | made.facts
    if not shared and target.window is not None:
        facts["grid"] = f"of {target.name}"
    return replace(made, dims=made.dims | target.more, body=body, facts=facts, outline=outline)


def _check_search(asked: AreaRequest, target: Target) -> None:
    """Refuse to look for more cells than memory should hold: before the search, which comes before the budget."""
    around = asked.neighbours if asked.interpolation in {"gaussian", "inverse"} else AROUND
    count = int(np.prod(list(target.frame.dims.values()))) * around
    if count > MOST:
        raise RequestTooLarge(
            "{interpolation} would look for {count} cells around the places, and the limit is {limit}; "
            "{fits} would fit",
            interpolation=asked.interpolation,
            count=count,
            limit=MOST,
            fits=target.fitting(MOST / count),
            field="bbox" if target.window else "shape",
        )


@dataclass(frozen=True, kw_only=True)
class Masked:
    """Takes away what is not meant."""

    body: Body
    inside: NDArray[np.bool_]  # of the shape of the places

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """As the body reads, NaN where nothing is wanted."""
        found = self.body.read(reading, rows)
        return {key: np.where(self.inside, values, np.nan) for key, values in found.items()}


@dataclass(frozen=True, kw_only=True)
class Native:
    """Reads the cells of a window."""

    cuts: Sequence[Cut]  # of the variables
    fields: Sequence[Field]  # of the variables, and the depths where these are read
    instants: Instants | None
    lead: str  # the first dimension

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """Values of some of the instants; of some of the rows, where there is neither time nor depth."""
        out: dict[str, Values] = {}
        times = rows if self.lead == "time" else slice(None)
        for number, one in enumerate(self.cuts):
            cut = one if self.lead == "time" or self.lead.startswith("depth") else one.part(rows)
            steps = self.instants.of_variable(number, times) if self.instants else None
            values, metres = cut.read(reading.source, steps)
            out[one.assets.variable.key] = values
            if metres is not None:
                out.setdefault("depth", metres)
        first = rows.start == 0 or self.lead != "time"
        return {
            one.key: _shaped(out[one.key], one)
            for one in self.fields
            if one.key in out and (first or "time" in one.dims)
        }


def _shaped(values: Values, one: Field) -> Values:
    """(time, level, y, x) as the dimensions of a field."""
    time, level, *across = values.shape
    if "time" not in one.dims:
        values, time = values[:1], 1
    kept = [time] if "time" in one.dims else []
    kept += [level] if any(name.startswith("depth") for name in one.dims) else []
    flat = len(one.dims) - len(kept)
    return values.reshape(*kept, *(across if flat == len(across) else [across[-1]]))


def _native(
    reading: Reading,
    variables: Sequence[Assets],
    asked: AreaRequest,
    *,
    target: Target,
    instants: Instants | None,
    depth: Depth,
    kind: Kind,
) -> Extraction:
    """Plan the reading of a window: values as they are in the files."""
    located.check(variables, asked.vector, depth, line=False)
    if target.window is None:
        raise TypeError
    source = reading.source
    dims, fields, coordinates = located.frame(variables, asked, target.frame, instants, depth)
    precise = {one.variable.key: source.precision(one) for one in variables} if depth != "mean" else {}
    fields = [replace(one, dtype=precise.get(one.key, one.dtype)) for one in fields]
    cells = target.window.cells.ravel()
    cuts = [
        Cut(
            assets=one,
            window=target.window,
            depth=depth,
            triangles=target.triangles,
            between=Between.of(reading.grids, one, cells),
        )
        for one in variables
    ]
    steps = [instants.of_variable(each, slice(None)) if instants else None for each in range(len(variables))]
    cost = sum((cut_cost(source, one, own) for one, own in zip(cuts, steps, strict=True)), Cost())
    values = sum(int(np.prod([dims[name] for name in one.dims])) for one in fields)
    lead = next(iter(dims))
    each = max(1, cost.cells, values) // max(1, dims[lead])
    divided = lead == "time" or not lead.startswith("depth")
    return Extraction(
        kind=kind,
        dataset=asked.dataset,
        title=variables[0].variable.dataset_name,
        dims=dims | target.more,
        coordinates=coordinates,
        fields=fields,
        body=Native(cuts=cuts, fields=fields, instants=instants, lead=lead),
        rows=max(1, located.AT_ONCE // max(1, each)) if divided else dims[lead],
        cost=replace(cost, values=values),
        used=list(zip(variables, steps, strict=True)),
        facts=target.facts | ({"depth": depth} if depth in {"bottom", "mean"} else {}),
        fitting=target.fitting,
    )
