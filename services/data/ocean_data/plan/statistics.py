"""Plan statistics over areas, weighted by the true areas of the cells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import Cover, StatisticsRequest
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats, unit_vectors, wrap_longitude
from ocean_data.compute.region import covered_shares
from ocean_data.grids.base import Coordinate
from ocean_data.plan.areas import Target, find_target, plan_over
from ocean_data.plan.difference import plan_difference
from ocean_data.plan.extraction import Body, Extraction, Field, Values
from ocean_data.plan.times import select_instants
from ocean_data.reading.base import Reading

MOST = 20  # quantiles
MOST_OUTLINES = 2_000_000  # cells
WEIGHTS: dict[Cover, str] = {
    "whole": "areas of the cells",
    "part": "areas of the cells, as far as they lie in the area",
}
LEAST_SHARE = 1e-9  # of a cell whose centre lies in the area
_NEIGHBOURS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
OF_CATEGORIES = {"count", "area", "missing"}  # categories have no order and no mean
UNITS = {"count": "1", "area": "km2", "missing": "1", "latitude": "degrees_north", "longitude": "degrees_east"}


def plan_statistics(reading: Reading, variables: Sequence[Assets], query: StatisticsRequest) -> Extraction:
    """Plan the reading of an area's cells, of which only the statistics are answered."""
    quantiles = _check(query)
    own = variables if query.minus is None else variables[: len(variables) // 2]
    target = find_target(reading, own, query)
    if query.minus is None:
        instants = select_instants(variables, query, latest=True)
        read = plan_over(reading, variables, query, target=target, instants=instants, kind="statistics")
    else:
        read = replace(plan_difference(reading, variables, query), kind="statistics")
    across = target.frame.dims
    fields = [
        Field(
            variable=_describe(field.variable, name, text),
            dims=(*(dim for dim in field.dims if dim not in across), *(("quantile",) if name == "quantiles" else ())),
        )
        for field in read.variables
        for name, text in STATISTIC_NAMES.items()
        if (name != "quantiles" or quantiles.size) and (name in OF_CATEGORIES or not field.variable.is_discrete)
    ]
    dims = {name: size for name, size in read.dims.items() if name not in {*across, *target.frame.extra_dims}}
    coordinates = [item for item in read.coordinates if set(item.dims) <= dims.keys()]
    if quantiles.size:
        dims["quantile"] = quantiles.size
        coordinates.append(Coordinate(name="quantile", dims=("quantile",), values=quantiles, units="1"))
    in_time = "time" in dims
    cells, weights = _weigh_cells(reading, target, query.cover)
    return replace(
        read,
        dims=dims,
        coordinates=coordinates,
        fields=fields,
        encodings={},
        body=partial(
            _read_statistics,
            body=read.body,
            # Without time one answer is of all rows of the area, which are read in parts.
            parts=None if in_time else read.parts(),
            cells=cells,
            quantiles=quantiles,
            measured={field.key: field.variable.is_discrete for field in read.variables},
            across=len(across),
        ),
        rows=read.rows if in_time else max([1, *dims.values()]),
        cost=replace(read.cost, values=sum(prod(dims[name] for name in field.dims) for field in fields)),
        facts=read.facts | {"weights": weights, "quantiles": "linear, of weighted values"},
    )


def _check(query: StatisticsRequest) -> Floats:
    """Return the quantiles of a request, or refuse what is not of statistics."""
    quantiles = np.array(query.quantiles, dtype=np.float64)
    if quantiles.size > MOST or not ((quantiles >= 0) & (quantiles <= 1)).all():
        raise InvalidRequest(
            "quantiles are at most {limit} numbers from 0 to 1, as 0.05,0.5,0.95", limit=MOST, field="quantiles"
        )
    for field, usual in (("projection", None), ("shape", None), ("extent", None), ("stride", 1)):
        if getattr(query, field) != usual:
            raise InvalidRequest(
                "statistics are of the model's own cells, by their true areas: leave {name} out",
                name=field,
                field=field,
            )
    if "bearing" in query.vector:
        raise InvalidRequest(
            "bearings go around: they have no mean; ask for eastward and northward",
            field="vector",
            allowed=("eastward", "northward", "magnitude"),
        )
    return quantiles


class AreaCells(NamedTuple):
    """The cells of an area that count: (cell,) each."""

    positions: NDArray[np.intp]  # in the flat window
    weights: Floats  # km2
    latitude: Floats  # degrees
    longitude: Floats


def _weigh_cells(reading: Reading, target: Target, cover: Cover) -> tuple[AreaCells, str]:
    """Weigh the cells, and describe their weights. A cell that the grid has twice, at its seam or fold, counts once."""
    if target.window is None or target.variable is None:
        raise TypeError
    latitude, longitude = (degrees.ravel() for degrees in target.locate())
    weights = reading.grids.grid(target.variable.grid).areas(target.window).ravel()
    if cover == "part":
        shares = _covered_shares(target)
        weights, cover = (weights, "whole") if shares is None else (weights * shares, cover)
    meant = np.ones(weights.shape, np.bool_) if target.inside is None else target.inside.ravel()
    cells = np.flatnonzero(meant & (weights > 0))
    vectors = np.round(unit_vectors(latitude[cells], longitude[cells]), 8)
    cells = cells[np.sort(np.unique(vectors, axis=0, return_index=True)[1])]
    return AreaCells(cells, weights[cells], latitude[cells], wrap_longitude(longitude[cells])), WEIGHTS[cover]


def _covered_shares(target: Target) -> Floats | None:
    """Return which share of each cell of the window lies in the area: (cell,); None where that is not worked out."""
    size = 0 if target.window is None else target.window.cells.size
    # Of a great many cells the rim is a few thousandths, and outlines take memory.
    outline = target.outline() if size <= MOST_OUTLINES else None
    if outline is None or target.region is None:  # values of points have no outline
        return None
    inside = np.ones(outline[0].shape[:-1], np.bool_) if target.inside is None else target.inside
    shares = np.ones(inside.size)
    rim = inside.copy()
    if inside.ndim == 2:  # a cell among cells of the area lies in it
        padded = np.pad(inside, 1)
        around = [padded[1 + y : padded.shape[0] - 1 + y, 1 + x : padded.shape[1] - 1 + x] for y, x in _NEIGHBOURS]
        rim &= ~np.logical_and.reduce(around)
    cells = np.flatnonzero(rim)
    latitude, longitude = (corners.reshape(-1, corners.shape[-1])[cells] for corners in outline)
    shares[cells] = np.maximum(covered_shares(target.region, latitude, longitude), LEAST_SHARE)
    return shares


def _read_statistics(
    reading: Reading,
    rows: slice,
    *,
    body: Body,
    parts: Sequence[slice] | None,
    cells: AreaCells,
    quantiles: Floats,
    measured: Mapping[str, bool],  # True: of categories
    across: int,  # dimensions of the area
) -> dict[str, Values]:
    """Read cells and return their statistics: of some of the instants, or of all rows."""
    read = [body(reading, part) for part in parts or [rows]]
    out: dict[str, Values] = {}
    for key, is_category in measured.items():
        if key not in read[0]:
            continue
        values = np.concatenate([part[key] for part in read if key in part])
        lead = values.shape[: values.ndim - across]
        layers = values.reshape(prod(lead), -1)[:, cells.positions].astype(np.float64)
        every = [statistics(layer, cells.weights, cells.latitude, cells.longitude, quantiles) for layer in layers]
        for name in OF_CATEGORIES if is_category else every[0]:
            stacked = np.array([result[name] for result in every])
            if stacked.size:  # there may be no quantiles
                out[f"{key}_{name}"] = stacked.reshape((*lead, *stacked.shape[1:]))
    return out


def statistics(
    values: Floats, weights: Floats, latitude: Floats, longitude: Floats, quantiles: Floats
) -> dict[str, Floats | float]:
    """Statistics of weighted values.

    ========  =======================================================================================
    mean      the sum of weights × values, by the sum of weights
    deviation of the population: the root of the weighted mean of the squared differences from the mean
    quantiles as `weighted_quantiles` has them
    missing   the share of the area that has no values
    ========  =======================================================================================

    Values (NaN where there is none), weights (km2, above zero) and places (degrees) are (cell,), quantiles 0 to 1.
    """
    wet = np.isfinite(values)
    own, share = values[wet], weights[wet]
    total = share.sum()
    empty = own.size == 0
    mean = np.nan if empty else float((share * own).sum() / total)
    least, most = (0, 0) if empty else (int(own.argmin()), int(own.argmax()))
    where = (latitude[wet], longitude[wet]) if not empty else (np.array([np.nan]), np.array([np.nan]))
    return {
        "minimum": np.nan if empty else float(own[least]),
        "maximum": np.nan if empty else float(own[most]),
        "mean": mean,
        "deviation": np.nan if empty else float(np.sqrt((share * (own - mean) ** 2).sum() / total)),
        "quantiles": weighted_quantiles(own, share, quantiles),
        "count": float(own.size),
        "area": float(total),
        "missing": float(1 - total / weights.sum()) if not wet.all() else 0.0,
        "minimum_latitude": float(where[0][least]),
        "minimum_longitude": float(where[1][least]),
        "maximum_latitude": float(where[0][most]),
        "maximum_longitude": float(where[1][most]),
    }


def weighted_quantiles(values: Floats, weights: Floats, quantiles: Floats) -> Floats:
    """Quantiles of weighted values: the weighted form of linear interpolation (Hyndman and Fan's type 7).

    With equal weights these are `numpy.quantile`'s own. The weights stand for as many values as are effective by
    Kish, n = (sum w)² / sum w²; a quantile is the mean of the sorted values over the part of the unit interval that
    its two order statistics, at h = (n - 1) q + 1, take there (A. Akinshin, 2023), as in xarray's `weighted`.

    Values and weights, above zero, are (value,) without NaN; quantiles are 0 to 1. NaN without values.
    """
    if values.size == 0:
        return np.full(quantiles.shape, np.nan)
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    count = weights.sum() ** 2 / (weights**2).sum()
    edges = np.append(0.0, np.cumsum(weights / weights.sum()))
    out = np.empty(quantiles.shape)
    for number, q in enumerate(quantiles):
        h = (count - 1) * q + 1
        reached = np.maximum((h - 1) / count, np.minimum(h / count, edges))
        shares = np.diff(reached * count - h + 1)
        out[number] = (values * shares).sum() / shares.sum()
    return out


STATISTIC_NAMES: dict[str, str] = {
    "minimum": "least value",
    "maximum": "greatest value",
    "mean": "mean, weighted by area",
    "deviation": "standard deviation of the population, weighted by area",
    "quantiles": "quantiles, weighted by area",
    "count": "cells that have a value",
    "area": "area of the cells that have a value",
    "missing": "share of the area without values",
    "minimum_latitude": "latitude of the least value",
    "minimum_longitude": "longitude of the least value",
    "maximum_latitude": "latitude of the greatest value",
    "maximum_longitude": "longitude of the greatest value",
}


def _describe(info: VariableInfo, name: str, text: str) -> VariableInfo:
    units = UNITS.get(name) or UNITS.get(name.rpartition("_")[2])
    return info.as_quantity(
        key=f"{info.key}_{name}",
        name=f"{info.name}: {text}",
        units=units or info.units,
        long_name=f"{text} of {info.long_name or info.name}",
        standard_name=None if units or name == "deviation" else info.standard_name,
        zero_centered=False,
    )
