"""What the import command writes. Every method is one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from ocean_metadata.catalogue.database import reading
from ocean_metadata.observations import schema
from ocean_metadata.observations.area import cell, wrap
from ocean_metadata.observations.database import append, lock_writers
from ocean_metadata.observations.records import Cast, Measured, Platform
from ocean_metadata.observations.thinning import level

_AT_ONCE = 500  # ids in one statement

Row = dict[str, Any]


class Known(NamedTuple):
    """A file that was imported, and in which state."""

    size: int
    mtime_ns: int
    digest: str | None  # None: not to its end


class ObservationStore:
    """The database of observations, for writing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def known(self) -> dict[str, Known]:
        """What was imported, by path."""
        table = schema.imports.c
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(table.path, table.size, table.mtime_ns, table.digest))
            return {path: Known(size, mtime, digest) for path, size, mtime, digest in rows}

    def begin(self, path: str) -> int:
        """A file is to be imported; its number. Until `finish`, it counts as not imported."""
        table = schema.imports
        with self._writing() as connection:
            found: int | None = connection.execute(sa.select(table.c.id).where(table.c.path == path)).scalar()
            if found is not None:
                connection.execute(table.update().where(table.c.id == found).values(digest=None))
                return found
            row = {"path": path, "size": 0, "mtime_ns": 0, "digest": None, "stations": 0}
            [number] = connection.execute(table.insert().values(row)).inserted_primary_key or (0,)
            return int(number)

    def write(self, source: int, platform: Platform) -> list[int]:
        """Put a platform's casts in the place of what was there of them; the ids of those that are the file's now."""
        with self._writing() as connection:
            number = _platform(connection, platform)
            datatypes = _datatypes(connection, platform.casts)
            rows = _stations(connection, source, number, platform.casts)
            _samples(connection, rows, datatypes)
            _sum_up(connection, [number])
        return [row["id"] for row, _ in rows]

    def finish(self, source: int, state: Known, stations: set[int]) -> int:
        """A file is imported: forget what it held before and holds no more; how many stations that were."""
        table, files = schema.stations, schema.imports
        with self._writing() as connection:
            gone = _owned(connection, source) - stations
            platforms: set[int] = set()
            for some in _parts(sorted(gone)):
                platforms |= set(connection.execute(sa.select(table.c.platform).where(table.c.id.in_(some))).scalars())
                connection.execute(table.delete().where(table.c.id.in_(some)))
            _sum_up(connection, sorted(platforms))
            row = {**state._asdict(), "stations": len(stations)}
            connection.execute(files.update().where(files.c.id == source).values(row))
        return len(gone)

    def touch(self, path: str, state: Known) -> None:
        """A file was copied over with the same content."""
        table = schema.imports
        with self._writing() as connection:
            connection.execute(table.update().where(table.c.path == path).values(state._asdict()))

    def forget(self, path: str) -> int | None:
        """Take away what came from a file; how many stations that were, None where it was never imported."""
        table = schema.imports
        with self._writing() as connection:
            source = connection.execute(sa.select(table.c.id).where(table.c.path == path)).scalar()
        if source is None:
            return None
        gone = self.finish(source, Known(0, 0, None), set())
        with self._writing() as connection:
            connection.execute(table.delete().where(table.c.id == source))
        return gone

    def analyze(self) -> None:
        """Let the database look at what it holds, so that it plans well."""
        with self._writing() as connection:
            connection.exec_driver_sql("ANALYZE")

    def _writing(self) -> "_Writing":
        return _Writing(self._engine)


class _Writing:
    """A transaction that keeps other writers out from its beginning."""

    def __init__(self, engine: sa.Engine) -> None:
        self._begun = engine.begin()

    def __enter__(self) -> sa.Connection:
        connection = self._begun.__enter__()
        lock_writers(connection)
        return connection

    def __exit__(self, *error: Any) -> None:
        self._begun.__exit__(*error)


def _parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _owned(connection: sa.Connection, source: int) -> set[int]:
    table = schema.stations.c
    return set(connection.execute(sa.select(table.id).where(table.source == source)).scalars())


def _platform(connection: sa.Connection, platform: Platform) -> int:
    """The number of a platform; what is known of it is added to."""
    table, attributes = schema.platforms, schema.attributes
    number: int | None = connection.execute(sa.select(table.c.id).where(table.c.key == platform.key)).scalar()
    row = {"key": platform.key, "type": platform.type, "name": platform.name}
    if number is None:
        number = int((connection.execute(table.insert().values(row)).inserted_primary_key or (0,))[0])
    else:
        connection.execute(table.update().where(table.c.id == number).values(row))
    if platform.attributes:
        told = attributes.c.platform == number, attributes.c.key.in_(platform.attributes)
        connection.execute(attributes.delete().where(*told))
        rows = [{"platform": number, "key": key, "value": text} for key, text in platform.attributes.items()]
        connection.execute(attributes.insert(), rows)
    return number


def _datatypes(connection: sa.Connection, casts: Iterable[Cast]) -> dict[tuple[str, str], int]:
    """The numbers of quantities, by key and unit; the same quantity in another unit is another one."""
    table = schema.datatypes
    told = {(one.key, one.unit): one for cast in casts for one in cast.measured}
    known = {
        key: (number, unit)
        for number, key, unit in connection.execute(sa.select(table.c.id, table.c.key, table.c.unit))
    }
    found = {}
    for (key, unit), one in told.items():
        named, other = key, False
        if key in known and known[key][1] != unit:
            named, other = f"{key} [{unit}]", True
        if named not in known:
            known[named] = (_new_datatype(connection, named, one, other=other), unit)
        found[key, unit] = known[named][0]
    return found


def _new_datatype(connection: sa.Connection, key: str, one: Measured, *, other: bool) -> int:
    name = f"{one.name} [{one.unit}]" if other else one.name
    row = {"key": key, "name": name, "unit": one.unit}
    inserted = connection.execute(schema.datatypes.insert().values(row)).inserted_primary_key
    return int((inserted or (0,))[0])


def _stations(connection: sa.Connection, source: int, platform: int, casts: Sequence[Cast]) -> list[tuple[Row, Cast]]:
    """The rows of casts: a known station keeps its number, and is left as it is where it was checked further."""
    table = schema.stations
    known: dict[str, tuple[int, int]] = {}
    for some in _parts([cast.key for cast in casts]):
        query = sa.select(table.c.key, table.c.id, table.c.grade).where(
            table.c.platform == platform, table.c.key.in_(some)
        )
        known |= {key: (number, grade) for key, number, grade in connection.execute(query)}
    following = (connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0) + 1
    rows = []
    for cast in casts:
        number, grade = known.get(cast.key, (0, cast.grade))
        if grade > cast.grade:
            continue
        if not number:
            number, following = following, following + 1
        rows.append((_station(cast, number, platform, source), cast))
    replaced = [row["id"] for row, cast in rows if cast.key in known]
    for some in _parts(replaced):
        connection.execute(table.delete().where(table.c.id.in_(some)))  # with all that hangs on it
    if rows:
        connection.execute(table.insert(), [row for row, _ in rows])
    return rows


def _station(cast: Cast, number: int, platform: int, source: int) -> Row:
    return {
        "id": number,
        "platform": platform,
        "key": cast.key,
        "time": cast.time,
        "latitude": cast.latitude,
        "longitude": wrap(cast.longitude),
        "name": cast.name,
        "grade": cast.grade,
        "source": source,
    }


def _samples(connection: sa.Connection, rows: list[tuple[Row, Cast]], datatypes: dict[tuple[str, str], int]) -> None:
    samples: list[Row] = []
    holdings: list[Row] = []
    for row, cast in rows:
        every = [depth for one in cast.measured for depth in (one.depth.min(), one.depth.max())]
        holdings.append(_holding(row, schema.ANYTHING, every))
        for one in cast.measured:
            number = datatypes[one.key, one.unit]
            holdings.append(_holding(row, number, [one.depth.min(), one.depth.max()]))
            pairs = zip(one.depth.tolist(), one.values.tolist(), strict=True)
            samples += [
                {"station": row["id"], "datatype": number, "number": place, "depth": depth, "value": value}
                for place, (depth, value) in enumerate(pairs)
            ]
    append(connection, schema.holdings, holdings)
    append(connection, schema.samples, samples)


def _holding(row: Row, datatype: int, depths: Sequence[float]) -> Row:
    return {
        "station": row["id"],
        "datatype": datatype,
        "platform": row["platform"],
        "level": level(row["id"]),
        "time": row["time"],
        "cell": cell(row["latitude"], row["longitude"]),
        "latitude": row["latitude"],
        "longitude": row["longitude"],
        "shallowest": float(min(depths)) if depths else None,
        "deepest": float(max(depths)) if depths else None,
    }


def _sum_up(connection: sa.Connection, platforms: Sequence[int]) -> None:
    """From when to when platforms have stations; those that have none are taken away."""
    table, stations = schema.platforms, schema.stations.c
    for number in platforms:
        found = sa.select(sa.func.min(stations.time), sa.func.max(stations.time)).where(stations.platform == number)
        first, last = connection.execute(found).one()
        one = table.c.id == number
        if first is None:
            connection.execute(table.delete().where(one))
        else:
            connection.execute(table.update().where(one).values(first=first, last=last))
