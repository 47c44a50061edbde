"""Plan statistics over areas, weighted by the true areas of the cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import StatisticsRequest
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats, unit_vectors, wrap_longitude
from ocean_data.grids.base import Coordinate
from ocean_data.plan.areas import find_target, plan_over, select_instants
from ocean_data.plan.extraction import Body, Extraction, Field, Reading, Values
from ocean_data.plan.target import Target

MOST = 20  # quantiles
UNITS = {"count": "1", "area": "km2", "missing": "1", "latitude": "degrees_north", "longitude": "degrees_east"}


def plan_statistics(reading: Reading, variables: Sequence[Assets], query: StatisticsRequest) -> Extraction:
    """Plan the reading of an area's cells, of which only the statistics are answered."""
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
    target = find_target(reading, variables, query)
    instants = select_instants(variables, query)
    read = plan_over(reading, variables, query, target=target, instants=instants, kind="statistics")
    measured = [field for field in read.fields if not field.auxiliary]
    fields = [
        statistic for field in measured for statistic in _fields(field, set(target.frame.dims), quantiles.size > 0)
    ]
    dims = {name: size for name, size in read.dims.items() if name not in target.frame.dims | target.more}
    names = {item.name for item in read.coordinates if set(item.dims) <= dims.keys()}
    coordinates = [item for item in read.coordinates if item.name in names]
    if quantiles.size:
        dims["quantile"] = quantiles.size
        coordinates.append(Coordinate(name="quantile", dims=("quantile",), values=quantiles, units="1"))
    values = sum(int(np.prod([dims[name] for name in item.dims])) for item in fields)
    in_time = "time" in dims
    return replace(
        read,
        dims=dims,
        coordinates=coordinates,
        fields=fields,
        body=_body(reading, variables[0], target, read, quantiles=quantiles, fields=fields),
        rows=read.rows if in_time else max([1, *dims.values()]),
        cost=replace(read.cost, values=values),
        facts=read.facts | {"weights": "areas of the cells", "quantiles": "linear, of weighted values"},
    )


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Reads cells and answers their statistics."""

    body: Body
    rows: int  # of the first dimension that are read together where there is no time
    total: int  # of the first dimension
    cells: NDArray[np.intp]  # (cell,): those that count, of the flat window
    weights: Floats  # (cell,): km2
    latitude: Floats  # (cell,): degrees
    longitude: Floats
    quantiles: Floats
    across: int  # dimensions of the area
    measured: Sequence[str]  # keys
    fields: Sequence[Field]

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """Statistics of some of the instants."""
        in_time = any("time" in field.dims for field in self.fields)
        values = self.body.read(reading, rows) if in_time else self._whole(reading)
        out: dict[str, Values] = {}
        for key in self.measured:
            if key in values:
                out |= self._of(key, values[key])
        return out

    def _whole(self, reading: Reading) -> dict[str, Values]:
        """All rows of an area without time: one answer is of all of them."""
        parts = [
            self.body.read(reading, slice(first, min(first + self.rows, self.total)))
            for first in range(0, self.total, self.rows)
        ]
        return {key: np.concatenate([part[key] for part in parts if key in part]) for key in parts[0]}

    def _of(self, key: str, values: Values) -> dict[str, Values]:
        lead = values.shape[: values.ndim - self.across]
        flat = values.reshape(-1, int(np.prod(values.shape[values.ndim - self.across :])))[:, self.cells]
        every = [
            statistics(layer.astype(np.float64), self.weights, self.latitude, self.longitude, self.quantiles)
            for layer in flat
        ]
        fields = {field.key.removeprefix(f"{key}_"): field for field in self.fields if field.key.startswith(f"{key}_")}
        out: dict[str, Values] = {}
        for name, field in fields.items():
            if name in _DESCRIBED:
                stacked = np.array([result[name] for result in every])
                out[field.key] = stacked.reshape((*lead, *stacked.shape[1:]))
        return out


def _body(
    reading: Reading, variable: Assets, target: Target, read: Extraction, *, quantiles: Floats, fields: Sequence[Field]
) -> Summary:
    """Weigh the cells. A cell that the grid has twice, at its seam or fold, counts once."""
    if target.window is None:
        raise TypeError
    grid = reading.grids.grid(variable.grid)
    latitude, longitude = (degrees.ravel() for degrees in target.locate(reading))
    weights = grid.areas(target.window).ravel()
    meant = np.ones(weights.shape, np.bool_) if target.inside is None else target.inside.ravel()
    cells = np.flatnonzero(meant & (weights > 0))
    vectors = np.round(unit_vectors(latitude[cells], longitude[cells]), 8)
    cells = cells[np.sort(np.unique(vectors, axis=0, return_index=True)[1])]
    return Summary(
        body=read.body,
        rows=read.rows,
        total=next(iter(read.dims.values())),
        cells=cells,
        weights=weights[cells],
        latitude=latitude[cells],
        longitude=wrap_longitude(longitude[cells]),
        quantiles=quantiles,
        across=len(target.frame.dims),
        measured=[field.key for field in read.fields if not field.auxiliary],
        fields=fields,
    )


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

    Parameters
    ----------
    values : ndarray of float, shape (cell,)
        NaN where there is none.
    weights : ndarray of float, shape (cell,)
        km2, above zero.
    latitude, longitude : ndarray of float, shape (cell,)
        Degrees.
    quantiles : ndarray of float, shape (quantile,)
        0 to 1.
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

    Parameters
    ----------
    values, weights : ndarray of float, shape (value,)
        Without NaN; weights above zero.
    quantiles : ndarray of float, shape (quantile,)
        0 to 1.

    Returns
    -------
    ndarray of float, shape (quantile,)
        NaN without values.
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


_DESCRIBED: dict[str, str] = {
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


def _fields(of: Field, across: set[str], quantiles: bool) -> list[Field]:
    """The statistics of a field."""
    lead = tuple(name for name in of.dims if name not in across)
    return [
        Field(
            variable=_described(of.variable, name, text),
            dims=(*lead, "quantile") if name == "quantiles" else lead,
        )
        for name, text in _DESCRIBED.items()
        if name != "quantiles" or quantiles
    ]


def _described(info: VariableInfo, name: str, text: str) -> VariableInfo:
    last = name.rpartition("_")[2]
    attributes = UNITS.get(name) or UNITS.get(last)
    return msgspec.structs.replace(
        info,
        key=f"{info.key}_{name}",
        name=f"{info.name}: {text}",
        units=attributes or info.units,
        long_name=f"{text} of {info.long_name or info.name}",
        standard_name=None if attributes or name == "deviation" else info.standard_name,
        zero_centered=False,
        categories=[],
    )
