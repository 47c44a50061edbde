"""Tables for Ocean Data View: its generic spreadsheet (ODV User's Guide, "Generic ODV Spreadsheet Format")."""

from collections.abc import Mapping

import numpy as np

from ocean_core.geometry import wrap_longitude
from ocean_plotting import __version__
from ocean_plotting.export.csv import cells, number
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Role, Table, to_floats

META = ("Cruise", "Station", "Type", "yyyy-mm-ddThh:mm:ss.sss", "Longitude [degrees_east]", "Latitude [degrees_north]")
TYPE = "C"  # a profile, of few depths
MISSING = ""


def write(table: Table, _: Output) -> bytes:
    """Write a row for each sample; what tells of a station stands in its first row alone, as the format has it."""
    by_role: dict[Role, Column] = {one.role: one for one in table.columns if one.role != "value"}
    values = [one for one in table.columns if one.role == "value"]
    depth = by_role.get("depth")
    stations = _stations(by_role, len(values[0].values))
    lines = [f"//<Software>Ocean Navigator plotting {__version__}</Software>"]
    lines += [f"//{_clean(key)}: {_clean(value)}" for key, value in table.header_lines]
    names = ["Depth [m]", *(f"{_clean(one.name)} [{_clean(one.units) or '1'}]" for one in values)]
    lines.append("\t".join((*META, *names)))
    columns = [cells(depth) if depth else ["0.0"] * len(stations), *map(cells, values)]
    cruise, previous = _clean(table.header[0][1]), None
    for row, station in enumerate(stations):
        told = (cruise, *station) if station != previous else ("",) * len(META)
        lines.append("\t".join((*told, *(column[row] or MISSING for column in columns))))
        previous = station
    return ("\n".join(lines) + "\n").encode()


def _stations(by_role: Mapping[Role, Column], rows: int) -> list[tuple[str, ...]]:
    """Of each row: station, type, time, longitude from -180 to 180, latitude."""
    latitudes, longitudes = to_floats(by_role["latitude"]), wrap_longitude(to_floats(by_role["longitude"]))
    times = [_instant(str(one)) for one in by_role["time"].values]
    places = list(zip(times, longitudes.tolist(), latitudes.tolist(), strict=True))
    if "station" in by_role:
        names = [_clean(str(one)) for one in by_role["station"].values]
    else:
        order = {place: position + 1 for position, place in enumerate(dict.fromkeys(places))}
        names = [str(order[place]) for place in places]
    return [
        (names[row], TYPE, time, number(np.round(east, 6), exact=True), number(north, exact=True))
        for row, (time, east, north) in zip(range(rows), places, strict=True)
    ]


def _instant(iso: str) -> str:
    """The time as the format has it: 2016-02-05T12:00:00.000, UTC."""
    seconds = iso.removesuffix("Z").partition("+")[0]
    whole, _, fraction = seconds.partition(".")
    return f"{whole}.{(fraction + '000')[:3]}"


def _clean(text: str) -> str:
    """No tab and no line break within a cell."""
    return " ".join(text.split())
