"""Puts the numbers of a map in columns, and its field on a georeferenced grid."""

import numpy as np

from ocean_common.contracts.extractions import Coverage
from ocean_common.errors import NotSupported, RequestTooLarge
from ocean_plotting.export.raster import Raster
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.shading import Shading
from ocean_plotting.plots.area_map.numbers import Cells, Maps
from ocean_plotting.plots.area_map.query import MapQuery
from ocean_plotting.plots.coverage import Floats, Read
from ocean_plotting.plots.table import Column, Statistics, Table

MOST = 500_000  # rows


def table(query: MapQuery, fetched: Cells, sheet: Sheet) -> Table:
    """Put every cell of the model in the areas that has a value in a row.

    Raises
    ------
    RequestTooLarge
        There are too many.
    """
    translate, words = sheet.translate, sheet.words
    info = Read(fetched.summed[0]).variables[0]
    header = [
        (translate("Dataset"), info.dataset_name or info.dataset),
        (translate("Attribution"), info.attribution or ""),
        (translate("Timestamp"), fetched.time),
        *((translate("Area"), area.name) for area in fetched.areas if area.name),
    ]
    if fetched.own is None:
        return Table(header=header, columns=[], summed=[summed(one) for one in fetched.summed])
    read = Read(fetched.own)
    info = read.variables[0]
    values = _flat(fetched.own, info.key)
    there = np.isfinite(values)
    if there.sum() > MOST:
        raise RequestTooLarge(
            "there are {total} cells in the area, and a table has at most {limit} rows: choose a smaller "
            "area, or format=nc",
            total=int(there.sum()),
            limit=MOST,
            field="$.area",
        )
    columns = [
        Column(name=translate("Latitude"), role="latitude", values=_place(fetched.own, "latitude")[there]),
        Column(name=translate("Longitude"), role="longitude", values=_place(fetched.own, "longitude")[there]),
        Column(name=translate("Depth"), role="depth", units="m", values=_depths(fetched.own, values.size)[there]),
        Column(name=words.name(info), units=info.units, values=values[there]),
    ]
    if fetched.less is not None:
        less = _flat(fetched.less, Read(fetched.less).variables[0].key)
        other = query.compared()
        name = f"{words.name(info)} ({other.dataset if other else ''})"
        columns += [
            Column(name=name, units=info.units, values=(values - less)[there]),
            Column(name=translate("Difference"), units=info.units, values=less[there]),
        ]
    columns += [
        Column(name=one.name, units=one.units, values=np.asarray(one.values)[there], circular=one.circular)
        for one in _arrows(fetched, sheet)
    ]
    return Table(header=header, columns=columns)


def _arrows(fetched: Cells, sheet: Sheet) -> list[Column]:
    """Parts along x and y and the bearing of the arrows, where these are on the same cells."""
    if fetched.arrows is None or fetched.own is None:
        return []
    same = all(
        np.array_equal(_place(fetched.own, name), _place(fetched.arrows, name)) for name in ("latitude", "longitude")
    )
    if not same:
        raise NotSupported(
            "the arrows are on other points than the variable: a table has one or the other; leave quiver out",
            field="$.quiver",
        )
    read = Read(fetched.arrows)
    name, units = sheet.translate("Arrow"), read.info("eastward").units
    return [
        Column(name=f"{name} X", units=units, values=_flat(fetched.arrows, "eastward")),
        Column(name=f"{name} Y", units=units, values=_flat(fetched.arrows, "northward")),
        Column(name=sheet.translate("Bearing"), units="degree", values=_flat(fetched.arrows, "bearing"), circular=True),
    ]


def _across(coverage: Coverage) -> tuple[str, ...]:
    """The dimensions of the cells."""
    return tuple(name for name in next(one for one in coverage.fields if not one.auxiliary).dims if name != "time")


def _flat(coverage: Coverage, key: str) -> Floats:
    """Values of a field, one a cell."""
    values = Read(coverage).field(key)
    return values.ravel()


def _place(coverage: Coverage, name: str) -> Floats:
    """A coordinate of every cell."""
    known = next(one for one in coverage.coordinates if one.name == name)
    dims = _across(coverage)
    shape = tuple(coverage.dims[one] for one in dims)
    values = Read(coverage).coordinate(name)
    return np.broadcast_to(
        values.reshape([coverage.dims[one] if one in known.dims else 1 for one in dims]), shape
    ).ravel()


def _depths(coverage: Coverage, number: int) -> Floats:
    """The depth of every cell, m; NaN where it has none."""
    read = Read(coverage)
    depth = read.coordinate("depth") if read.has("depth") else np.empty(0)
    if depth.size == number:
        return depth.ravel()
    return np.full(number, depth.ravel()[0] if depth.size == 1 else np.nan)


def summed(coverage: Coverage) -> Statistics:
    """What the data service says of the areas."""
    read = Read(coverage)
    of = {one.key.rpartition("_")[2]: one for one in read.variables}
    least = of["minimum"]
    found = {name: float(read.field(of[name].key).ravel()[0]) for name in ("minimum", "maximum", "mean", "deviation")}
    return Statistics(name=least.name.partition(":")[0], units=least.units, **found)


def listed(numbers: Statistics | None, shaded: Shading, sheet: Sheet) -> str:
    """Statistics in a line."""
    translate, words = sheet.translate, sheet.words
    if numbers is None or not np.isfinite(numbers.mean):
        return translate("No data in the area")
    if shaded.categories:
        return ""
    parts = [
        translate("In the area: minimum {value}", value=words.number(numbers.minimum)),
        translate("maximum {value}", value=words.number(numbers.maximum)),
        translate("mean {value}", value=words.number(numbers.mean)),
        translate("standard deviation {value}", value=words.value(numbers.deviation, numbers.units)),
    ]
    return ",  ".join(parts)


def level_of(query: MapQuery, coverage: Coverage, sheet: Sheet) -> str:
    """At which depth a field is, in words that follow a name; empty for a variable without depth."""
    translate, words, read = sheet.translate, sheet.words, Read(coverage)
    if coverage.facts.get("depth") == "bottom":
        return translate("at the bottom")
    known = {one.name for one in coverage.coordinates}
    if "depth" in known and read.coordinate("depth").size == 1:
        return translate("at {depth}", depth=words.value(float(read.coordinate("depth").ravel()[0]), "m"))
    if "level" in known and str(query.depth).isdigit():
        return translate("at level {number}", number=words.number(int(query.depth) + 1, 0))
    return ""


def raster(query: MapQuery, fetched: Maps, sheet: Sheet) -> Raster:
    """The field on the cells of the map; of a comparison, the difference."""
    coverage = fetched.less if query.compared() is not None and fetched.less is not None else fetched.own.field
    read = Read(coverage)
    info = read.variables[0]
    return Raster(
        values=read.field(info.key, "time", "y", "x")[0].astype(np.float32),
        extent=fetched.view.extent,
        projection=fetched.view.projection,
        name=sheet.words.quantity(info),
        source=info.attribution or info.dataset_name or info.dataset,
        time=fetched.time,
    )
