"""Tables for Ocean Data View: its generic spreadsheet (ODV User's Guide, "Generic ODV Spreadsheet Format")."""

from collections.abc import Mapping

import numpy as np

from ocean_core.geometry import wrap_longitude
from ocean_plotting import __version__
from ocean_plotting.export.csv import format_cells, format_number, one_line
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Role, Table, to_floats

META = ("Cruise", "Station", "Type", "yyyy-mm-ddThh:mm:ss.sss", "Longitude [degrees_east]", "Latitude [degrees_north]")
STATION_TYPE = "C"  # a profile of few depths


def write_odv(table: Table, _: Output) -> bytes:
    """Write a row for each sample; the metadata of a station stand in its first row alone, as the format has it."""
    by_role: dict[Role, Column] = {column.role: column for column in table.columns if column.role != "value"}
    values = [column for column in table.columns if column.role == "value"]
    depth = by_role.get("depth")
    stations = _stations(by_role, len(values[0].values))
    names = ["Depth [m]", *(f"{one_line(column.name)} [{one_line(column.units) or '1'}]" for column in values)]
    lines = [
        f"//<Software>Ocean Navigator plotting {__version__}</Software>",
        *(f"//{one_line(key)}: {one_line(value)}" for key, value in table.header_lines),
        "\t".join((*META, *names)),
    ]
    columns = [format_cells(depth) if depth else ["0.0"] * len(stations), *map(format_cells, values)]
    cruise, previous = one_line(table.header[0][1]), None
    for row, station in enumerate(stations):
        metadata = (cruise, *station) if station != previous else ("",) * len(META)
        lines.append("\t".join((*metadata, *(column[row] for column in columns))))
        previous = station
    return ("\n".join(lines) + "\n").encode()


def _stations(by_role: Mapping[Role, Column], rows: int) -> list[tuple[str, ...]]:
    """Return for each row: station, type, time, longitude from -180 to 180, latitude."""
    latitudes, longitudes = to_floats(by_role["latitude"]), wrap_longitude(to_floats(by_role["longitude"]))
    times = [_format_time(str(time)) for time in by_role["time"].values]
    positions = list(zip(times, longitudes.tolist(), latitudes.tolist(), strict=True))
    if "station" in by_role:
        names = [one_line(str(name)) for name in by_role["station"].values]
    else:
        numbers = {position: number for number, position in enumerate(dict.fromkeys(positions), start=1)}
        names = [str(numbers[position]) for position in positions]
    return [
        (name, STATION_TYPE, time, format_number(np.round(east, 6), exact=True), format_number(north, exact=True))
        for _, name, (time, east, north) in zip(range(rows), names, positions, strict=True)
    ]


def _format_time(iso: str) -> str:
    """Return the time as the format has it: 2016-02-05T12:00:00.000, UTC."""
    seconds, _, fraction = iso.removesuffix("Z").partition("+")[0].partition(".")
    return f"{seconds}.{(fraction + '000')[:3]}"
