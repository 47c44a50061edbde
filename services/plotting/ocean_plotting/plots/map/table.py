"""The numbers of a map in columns, and its field on a georeferenced grid."""

import numpy as np

from ocean_common.contracts.data import Coverage
from ocean_core.errors import NotSupported, RequestTooLarge
from ocean_plotting.export.geotiff import Raster
from ocean_plotting.export.table import Column, Statistics, Table
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.plots.common.coverage import CoverageReader, Floats
from ocean_plotting.plots.map.fetch import MapCells, MapData
from ocean_plotting.plots.map.query import MapQuery

MOST_ROWS = 500_000


def table(query: MapQuery, data: MapCells, context: DrawContext) -> Table:
    """Return a row for every cell of the model in the areas with a value.

    Raises
    ------
    RequestTooLarge
        There are too many.
    """
    translate, labels = context.translate, context.labels
    info = CoverageReader(data.statistics[0]).variables[0]
    header = [
        (translate("Dataset"), info.dataset_name or info.dataset),
        (translate("Attribution"), info.attribution or ""),
        (translate("Timestamp"), data.time),
        *((translate("Area"), area.name) for area in data.areas if area.name),
    ]
    if data.first is None:
        return Table(header=header, columns=[], statistics=[read_statistics(coverage) for coverage in data.statistics])
    info = CoverageReader(data.first).variables[0]
    values = _flatten(data.first, info.key)
    finite = np.isfinite(values)
    if finite.sum() > MOST_ROWS:
        raise RequestTooLarge(
            "there are {total} cells in the area, and a table has at most {limit} rows: choose a smaller "
            "area, or format=nc",
            total=int(finite.sum()),
            limit=MOST_ROWS,
            field="$.area",
        )
    columns = [
        Column(name=translate("Latitude"), role="latitude", values=_flatten_coordinate(data.first, "latitude")[finite]),
        Column(
            name=translate("Longitude"), role="longitude", values=_flatten_coordinate(data.first, "longitude")[finite]
        ),
        Column(
            name=translate("Depth"), role="depth", units="m", values=_flatten_depth(data.first, values.size)[finite]
        ),
        Column(name=labels.variable_name(info), units=info.units, values=values[finite]),
    ]
    if data.difference is not None:
        difference = _flatten(data.difference, CoverageReader(data.difference).variables[0].key)
        second = query.second_dataset()
        name = f"{labels.variable_name(info)} ({second.dataset if second else ''})"
        columns += [
            Column(name=name, units=info.units, values=(values - difference)[finite]),
            Column(name=translate("Difference"), units=info.units, values=difference[finite]),
        ]
    for column in _make_arrow_columns(data, context):
        values = np.asarray(column.values)[finite]
        columns.append(Column(name=column.name, units=column.units, values=values, circular=column.circular))
    return Table(header=header, columns=columns)


def _make_arrow_columns(data: MapCells, context: DrawContext) -> list[Column]:
    """Return components and bearing of the arrows, where these are on the same cells."""
    if data.arrows is None or data.first is None:
        return []
    same_cells = all(
        np.array_equal(_flatten_coordinate(data.first, name), _flatten_coordinate(data.arrows, name))
        for name in ("latitude", "longitude")
    )
    if not same_cells:
        raise NotSupported(
            "the arrows are on other points than the variable: a table has one or the other; leave quiver out",
            field="$.quiver",
        )
    name, units = context.translate("Arrow"), CoverageReader(data.arrows).info("eastward").units
    bearing, degrees = context.translate("Bearing"), _flatten(data.arrows, "bearing")
    return [
        Column(name=f"{name} X", units=units, values=_flatten(data.arrows, "eastward")),
        Column(name=f"{name} Y", units=units, values=_flatten(data.arrows, "northward")),
        Column(name=bearing, units="degree", values=degrees, circular=True),
    ]


def _flatten(coverage: Coverage, key: str) -> Floats:
    """Return the values of a field, one a cell."""
    return CoverageReader(coverage).field(key).ravel()


def _flatten_coordinate(coverage: Coverage, name: str) -> Floats:
    """Return a coordinate of every cell."""
    field = next(field for field in coverage.fields if not field.auxiliary)
    dims = [dim for dim in field.dims if dim != "time"]
    coordinate = next(coordinate for coordinate in coverage.coordinates if coordinate.name == name)
    values = CoverageReader(coverage).coordinate(name)
    shape = [coverage.dims[dim] if dim in coordinate.dims else 1 for dim in dims]
    return np.broadcast_to(values.reshape(shape), [coverage.dims[dim] for dim in dims]).ravel()


def _flatten_depth(coverage: Coverage, number: int) -> Floats:
    """Return the depth of every cell, m; NaN where it has none."""
    reader = CoverageReader(coverage)
    depth = reader.coordinate("depth") if reader.has("depth") else np.empty(0)
    if depth.size == number:
        return depth.ravel()
    return np.full(number, depth.ravel()[0] if depth.size == 1 else np.nan)


def read_statistics(coverage: Coverage) -> Statistics:
    """Read the statistics of the areas from the data service."""
    reader = CoverageReader(coverage)
    infos = {info.key.rpartition("_")[2]: info for info in reader.variables}
    values = {
        name: float(reader.field(infos[name].key).ravel()[0]) for name in ("minimum", "maximum", "mean", "deviation")
    }
    minimum = infos["minimum"]
    return Statistics(name=minimum.name.partition(":")[0], units=minimum.units, **values)


def describe_level(query: MapQuery, coverage: Coverage, context: DrawContext) -> str:
    """Return the depth of a field, in words that follow a name; empty for a variable without depth."""
    translate, labels, reader = context.translate, context.labels, CoverageReader(coverage)
    if coverage.facts.get("depth") == "bottom":
        return translate("at the bottom")
    names = {coordinate.name for coordinate in coverage.coordinates}
    depth = reader.coordinate("depth").ravel() if "depth" in names else np.empty(0)
    if depth.size == 1:
        return translate("at {depth}", depth=labels.value(float(depth[0]), "m"))
    if "level" in names and str(query.depth).isdigit():
        return translate("at level {number}", number=labels.number(int(query.depth) + 1, 0))
    return ""


def make_raster(query: MapQuery, data: MapData, context: DrawContext) -> Raster:
    """Return the field on the cells of the map; of a comparison, the difference."""
    coverage = (
        data.difference if query.second_dataset() is not None and data.difference is not None else data.first.field
    )
    reader = CoverageReader(coverage)
    info = reader.variables[0]
    return Raster(
        values=reader.field(info.key, "time", "y", "x")[0].astype(np.float32),
        extent=data.view.extent,
        projection=data.view.projection,
        name=context.labels.axis_label(info),
        source=info.attribution or info.dataset_name or info.dataset,
        time=data.time,
    )
