"""Tables as text: comma-separated values, and the generic spreadsheet of Ocean Data View (ODV User's Guide)."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ocean_common.i18n import get_translator
from ocean_common.spreadsheet import guard_formula
from ocean_core.geometry import wrap_longitude
from ocean_plotting import __version__
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Role, Table, compute_statistics, to_floats
from ocean_plotting.figure.labels import LabelFormatter

STATISTICS = ("Min", "Max", "Mean", "Standard Deviation", "Count")
ODV_META = (
    *("Cruise", "Station", "Type"),
    *("yyyy-mm-ddThh:mm:ss.sss", "Longitude [degrees_east]", "Latitude [degrees_north]"),
)


def write_csv(table: Table, _: Output) -> bytes:
    """Write `// Key: value` lines, a line of column names, then rows; `, ` between.

    Numbers have the digits of single precision, in which models store their values; positions those of double
    precision.
    """
    columns = table.wide or [column for column in table.columns if not column.context]
    names = [_cell(LabelFormatter.with_units(column.name, column.units)) for column in columns]
    return _join_rows(table, [names, *zip(*map(format_cells, columns), strict=True)])


def write_statistics(table: Table, output: Output) -> bytes:
    """Write minimum, maximum, mean, deviation and count: a column for each variable, a row for each statistic."""
    statistics, translate = compute_statistics(table), get_translator(output.language, "ocean_plotting")
    names = [translate("Statistic"), *(LabelFormatter.with_units(item.name, item.units) for item in statistics)]
    values = zip(*((item.minimum, item.maximum, item.mean, item.deviation) for item in statistics), strict=True)
    rows = [[translate(name), *map(format_number, row)] for name, row in zip(STATISTICS, values, strict=False)]
    rows.append([translate(STATISTICS[-1]), *(str(item.count) for item in statistics)])
    return _join_rows(table, [list(map(_cell, names)), *rows])


def write_odv(table: Table, _: Output) -> bytes:
    """Write a row for each sample; the metadata of a station stand in its first row alone, as the format has it."""
    by_role: dict[Role, Column] = {column.role: column for column in table.columns if column.role != "value"}
    values = [column for column in table.columns if column.role == "value"]
    stations = _list_stations(by_role)
    labels = [f"{one_line(column.name)} [{one_line(column.units) or '1'}]" for column in values]
    levels = by_role.get("depth")
    level_name = "Depth [m]" if levels is None or levels.units == "m" else f"Pressure [{levels.units}]"
    names = [level_name, *map(guard_formula, labels)]
    lines = [
        f"//<Software>Ocean Navigator plotting {__version__}</Software>",
        *(f"//{one_line(key)}: {one_line(value)}" for key, value in table.header if value),
        "\t".join((*ODV_META, *names)),
    ]
    depths = format_cells(levels) if levels else ["0.0"] * len(stations)
    cruise, previous = guard_formula(one_line(table.header[0][1])), None
    for station, *cells in zip(stations, depths, *map(format_cells, values), strict=True):
        metadata = (cruise, *station) if station != previous else ("",) * len(ODV_META)
        lines.append("\t".join((*metadata, *cells)))
        previous = station
    return _join_lines(lines)


def format_cells(column: Column) -> list[str]:
    """Return every value of a column as text; empty where it has none."""
    if len(column.values) and isinstance(column.values[0], str):
        texts = [one_line(str(value)).replace(",", ";") for value in column.values]
        return texts if column.role == "time" else list(map(guard_formula, texts))
    exact = column.role in {"latitude", "longitude"}
    return [format_number(value, exact=exact) for value in to_floats(column).tolist()]


def format_number(value: float, *, exact: bool = False) -> str:
    """Return a number without a power of ten; empty where there is none."""
    if not np.isfinite(value):
        return ""
    return np.format_float_positional(value if exact else np.float32(value), trim="0")


def one_line(text: str) -> str:
    """Return a text without line breaks, tabs and double blanks."""
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Return a text without commas, which would begin another column, and that is no formula."""
    return guard_formula(one_line(text).replace(",", ";"))


def _join_rows(table: Table, rows: Iterable[Sequence[str]]) -> bytes:
    header = (f"// {key}: {one_line(value)}" for key, value in table.header if value)
    return _join_lines([*header, *map(", ".join, rows)])


def _join_lines(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _list_stations(by_role: Mapping[Role, Column]) -> list[tuple[str, ...]]:
    """Return for each row: station, type, time, longitude from -180 to 180, latitude."""
    latitudes, longitudes = to_floats(by_role["latitude"]), wrap_longitude(to_floats(by_role["longitude"]))
    times = [_format_time(str(time)) for time in by_role["time"].values]
    positions = list(zip(times, longitudes.tolist(), latitudes.tolist(), strict=True))
    if "station" in by_role:
        names = [guard_formula(one_line(str(name))) for name in by_role["station"].values]
    else:
        numbers = {position: number for number, position in enumerate(dict.fromkeys(positions), start=1)}
        names = [str(numbers[position]) for position in positions]
    return [  # C: a profile of few depths
        (name, "C", time, format_number(np.round(east, 6), exact=True), format_number(north, exact=True))
        for name, (time, east, north) in zip(names, positions, strict=True)
    ]


def _format_time(iso: str) -> str:
    """Return the time as the format has it: 2016-02-05T12:00:00.000, UTC; empty for what is no date."""
    if "T" not in iso:
        return ""
    seconds, _, fraction = iso.removesuffix("Z").partition("+")[0].partition(".")
    return f"{seconds}.{(fraction + '000')[:3]}"
