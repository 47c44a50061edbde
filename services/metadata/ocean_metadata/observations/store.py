"""Writes imported observations to the database. Every method is one transaction."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from ocean_core.geometry import wrap_longitude
from ocean_core.units import unit_conversion
from ocean_metadata.catalogue.database import in_batches, reading, select_by_ids
from ocean_metadata.observations import schema
from ocean_metadata.observations.model import Cast, Platform, QuantitySamples
from ocean_metadata.observations.schema import bulk_insert, write_transaction
from ocean_metadata.observations.search import grid_cell, thinning_level

Row = dict[str, Any]
DataTypeIds = dict[tuple[str, str], int]  # by key and unit


class ImportState(NamedTuple):
    """State of a file that was imported."""

    size: int
    mtime_ns: int
    digest: str  # of the reader and of the content; empty: not imported completely


class ObservationStore:
    """Database of observations, for writing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def imported_files(self) -> dict[str, ImportState]:
        """Return the state in which each file was imported, by path."""
        table = schema.imports.c
        with reading(self._engine) as connection:
            digest = sa.func.coalesce(table.digest, "")
            rows = connection.execute(sa.select(table.path, table.size, table.mtime_ns, digest))
            return {path: ImportState(*state) for path, *state in rows}

    def begin_import(self, path: str) -> int:
        """Return the id of a file; until `finish_import` it counts as not imported."""
        table = schema.imports
        with write_transaction(self._engine) as connection:
            source: int | None = connection.execute(sa.select(table.c.id).where(table.c.path == path)).scalar()
            if source is not None:
                connection.execute(table.update().where(table.c.id == source).values(digest=None))
                return source
            return _insert(connection, table, {"path": path, "size": 0, "mtime_ns": 0, "digest": None, "stations": 0})

    def write_platform(self, source: int, platform: Platform) -> list[int]:
        """Replace the casts of a platform; return the ids of the stations that the file has now."""
        with write_transaction(self._engine) as connection:
            platform_id = _write_platform(connection, platform)
            datatypes = _write_datatypes(connection, platform.casts)
            rows = _write_stations(connection, source, platform_id, platform.casts)
            _write_samples(connection, rows, datatypes)
            _update_time_ranges(connection, [platform_id])
        return [row["id"] for row, _ in rows]

    def finish_import(self, source: int, state: ImportState, stations: set[int]) -> int:
        """Mark a file as imported, and remove the stations that it has no more; return their number."""
        table, files = schema.stations, schema.imports
        with write_transaction(self._engine) as connection:
            before = set(connection.execute(sa.select(table.c.id).where(table.c.source == source)).scalars())
            removed = before - stations
            platforms: set[int] = set()
            for ids in in_batches(sorted(removed)):
                platforms |= set(connection.execute(sa.select(table.c.platform).where(table.c.id.in_(ids))).scalars())
                connection.execute(table.delete().where(table.c.id.in_(ids)))
            _update_time_ranges(connection, sorted(platforms))
            row = {**state._asdict(), "stations": len(stations)}
            connection.execute(files.update().where(files.c.id == source).values(row))
        return len(removed)

    def update_state(self, path: str, state: ImportState) -> None:
        """Write the state of a file that was copied over with the same content."""
        table = schema.imports
        with write_transaction(self._engine) as connection:
            connection.execute(table.update().where(table.c.path == path).values(state._asdict()))

    def remove_file(self, path: str) -> int | None:
        """Remove the stations of a file; return their number, None where it was never imported."""
        table = schema.imports
        with write_transaction(self._engine) as connection:
            source = connection.execute(sa.select(table.c.id).where(table.c.path == path)).scalar()
        if source is None:
            return None
        count = self.finish_import(source, ImportState(0, 0, ""), set())
        with write_transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.id == source))
        return count

    def analyze(self) -> None:
        """Let the database collect the statistics that its query planner needs."""
        with write_transaction(self._engine) as connection:
            connection.exec_driver_sql("ANALYZE")


def _insert(connection: sa.Connection, table: sa.Table, row: Row) -> int:
    """Insert a row; return its id."""
    return int((connection.execute(table.insert().values(row)).inserted_primary_key or (0,))[0])


def _write_platform(connection: sa.Connection, platform: Platform) -> int:
    """Return the id of a platform; its attributes are added to."""
    table, attributes = schema.platforms, schema.attributes
    platform_id: int | None = connection.execute(sa.select(table.c.id).where(table.c.key == platform.key)).scalar()
    row = {"key": platform.key, "type": platform.type, "name": platform.name}
    if platform_id is None:
        platform_id = _insert(connection, table, row)
    else:
        connection.execute(table.update().where(table.c.id == platform_id).values(row))
    if platform.attributes:
        replaced = attributes.c.platform == platform_id, attributes.c.key.in_(platform.attributes)
        connection.execute(attributes.delete().where(*replaced))
        rows = [{"platform": platform_id, "key": key, "value": text} for key, text in platform.attributes.items()]
        connection.execute(attributes.insert(), rows)
    return platform_id


def _write_datatypes(connection: sa.Connection, casts: Iterable[Cast]) -> DataTypeIds:
    """Return the ids of quantities; a quantity in units that differ by more than spelling is a datatype of its own."""
    table = schema.datatypes
    quantities = {(quantity.key, quantity.unit): quantity for cast in casts for quantity in cast.quantities}
    rows = connection.execute(sa.select(table.c.id, table.c.key, table.c.unit))
    stored = {key: (datatype, unit) for datatype, key, unit in rows}
    ids = {}
    for (key, unit), quantity in quantities.items():
        row = {"key": key, "name": quantity.name, "unit": unit}
        if key in stored and unit_conversion(unit, stored[key][1]) != (1.0, 0.0):
            row |= {"key": f"{key} [{unit}]", "name": f"{quantity.name} [{unit}]"}
        if row["key"] not in stored:
            stored[row["key"]] = (_insert(connection, table, row), unit)
        ids[key, unit] = stored[row["key"]][0]
    return ids


def _write_stations(
    connection: sa.Connection, source: int, platform: int, casts: Sequence[Cast]
) -> list[tuple[Row, Cast]]:
    """Write casts as stations: one that exists keeps its id, and stays as it is where its grade is higher."""
    table = schema.stations
    query = sa.select(table.c.key, table.c.id, table.c.grade).where(table.c.platform == platform)
    rows_before = select_by_ids(connection, query, table.c.key, [cast.key for cast in casts])
    stored = {key: (station, grade) for key, station, grade in rows_before}
    next_id = (connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0) + 1
    rows = []
    for cast in casts:
        station, grade = stored.get(cast.key, (0, cast.grade))
        if grade > cast.grade:
            continue
        if not station:
            station, next_id = next_id, next_id + 1
        row = msgspec.structs.asdict(cast) | {"id": station, "platform": platform, "source": source}
        del row["quantities"]
        rows.append((row | {"longitude": float(wrap_longitude(cast.longitude))}, cast))
    for ids in in_batches([row["id"] for row, cast in rows if cast.key in stored]):
        connection.execute(table.delete().where(table.c.id.in_(ids)))  # cascades to samples and holdings
    if rows:
        connection.execute(table.insert(), [row for row, _ in rows])
    return rows


def _write_samples(connection: sa.Connection, rows: list[tuple[Row, Cast]], datatypes: DataTypeIds) -> None:
    samples: list[Row] = []
    holdings: list[Row] = []
    for row, cast in rows:
        station = row["id"]
        position = {name: row[name] for name in ("platform", "time", "latitude", "longitude")}
        cell = grid_cell(row["latitude"], row["longitude"])
        held = {"station": station, "level": thinning_level(station), "cell": cell, **position}
        holdings.append(held | {"datatype": schema.STATION_ITSELF, **_depth_range(cast.quantities)})
        for quantity in cast.quantities:
            datatype = datatypes[quantity.key, quantity.unit]
            holdings.append(held | {"datatype": datatype, **_depth_range([quantity])})
            pairs = zip(quantity.depth.tolist(), quantity.values.tolist(), strict=True)
            samples += [
                {"station": station, "datatype": datatype, "number": number, "depth": depth, "value": value}
                for number, (depth, value) in enumerate(pairs)
            ]
    bulk_insert(connection, schema.holdings, holdings)
    bulk_insert(connection, schema.samples, samples)


def _depth_range(quantities: Sequence[QuantitySamples]) -> Row:
    return {
        "shallowest": min((float(quantity.depth.min()) for quantity in quantities), default=None),
        "deepest": max((float(quantity.depth.max()) for quantity in quantities), default=None),
    }


def _update_time_ranges(connection: sa.Connection, platforms: Sequence[int]) -> None:
    """Write the first and last instant of platforms, and remove those without stations."""
    table, stations = schema.platforms, schema.stations.c
    for platform in platforms:
        query = sa.select(sa.func.min(stations.time), sa.func.max(stations.time)).where(stations.platform == platform)
        first, last = connection.execute(query).one()
        if first is None:
            connection.execute(table.delete().where(table.c.id == platform))
        else:
            connection.execute(table.update().where(table.c.id == platform).values(first=first, last=last))
