"""What was measured, asked of the database. Everything blocks."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ocean_common.contracts.observations import DataType, ObservedStation, PlatformTrack
from ocean_common.errors import NotFound, RequestTooLarge, ServiceUnavailable
from ocean_metadata.catalogue.database import reading
from ocean_metadata.observations import arrays, queries, schema
from ocean_metadata.observations.ports import Found, Track
from ocean_metadata.observations.queries import Looked
from ocean_metadata.observations.search import Search
from ocean_metadata.observations.thinning import ENOUGH, LEVELS, evenly
from ocean_metadata.observations.times import BUCKETS, iso
from ocean_metadata.observations.tracks import Bucket, lines

MOST_POINTS = 200_000  # of all tracks of an answer
MOST_STATIONS = 500_000  # that are looked at one by one, where an area is given
_AT_ONCE = 500  # ids in one statement

# The thinnest levels hold few stations even of many millions: together they are asked for sooner.
_FROM_THE_THINNEST = [range(12, LEVELS), range(9, 12), *([level] for level in reversed(range(9)))]

_log = logging.getLogger(__name__)


class StoredObservations:
    """Answers from the tables."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def time_range(self) -> tuple[int | None, int | None]:
        """The first and the last instant of all."""
        table = schema.platforms.c
        with self._reading() as connection:
            first, last = connection.execute(sa.select(sa.func.min(table.first), sa.func.max(table.last))).one()
        return first, last

    def datatypes(self) -> list[DataType]:
        """Every quantity, by its key."""
        table = schema.datatypes.c
        with self._reading() as connection:
            rows = connection.execute(sa.select(table.key, table.name).order_by(table.key))
            return [DataType(id=key, value=name) for key, name in rows]

    def meta_keys(self, types: Sequence[str]) -> list[str]:
        """The keys of the metadata of platforms."""
        with self._reading() as connection:
            return list(connection.execute(queries.meta_keys(types)).scalars())

    def meta_values(self, types: Sequence[str], key: str) -> list[str]:
        """The values under a key of the metadata of platforms."""
        with self._reading() as connection:
            return list(connection.execute(queries.meta_values(types, key)).scalars())

    def stations(self, search: Search) -> list[Found]:
        """Stations, thinned out evenly where they are many."""
        with self._reading() as connection:
            looked = queries.look(connection, search)
            whole = connection.execute(queries.matching(looked).limit(ENOUGH + 1)).all()
            rows = _inside(search, whole)
            if len(whole) > ENOUGH:
                rows = _thinned(connection, looked)
            return _described(connection, [row.station for row in rows])

    def tracks(self, search: Search) -> list[Track]:
        """Ways of platforms."""
        with self._reading() as connection:
            buckets = _in_area(connection, search) if search.area else _averaged(connection, search)
            if len(buckets) > MOST_POINTS:
                raise RequestTooLarge(
                    "these tracks have more than {max_points} points; ask for a shorter time or a longer quantum",
                    max_points=MOST_POINTS,
                    field="quantum",
                )
            found = lines(buckets, search.quantum)
            table = schema.platforms.c
            types = {}
            for some in _parts(sorted(found)):
                rows = connection.execute(sa.select(table.id, table.type).where(table.id.in_(some)))
                types.update({row.id: row.type for row in rows})
        return [Track(number, types[number], found[number]) for number in sorted(found)]

    def platform_time_range(self, platform: int) -> tuple[int | None, int | None]:
        """The first and the last instant of a platform."""
        with self._reading() as connection:
            found = _platform(connection, platform)
        return found.first, found.last

    def platform_metadata(self, platform: int) -> dict[str, str]:
        """What is known of a platform."""
        with self._reading() as connection:
            return _metadata(connection, platform)

    def station_metadata(self, station: int) -> dict[str, str]:
        """What is known of a station and its platform."""
        with self._reading() as connection:
            found = _station(connection, station)
            named = {"Station Name": found.name} if found.name else {}
            told = {**_metadata(connection, found.platform), "Time": iso(found.time) or "", **named}
        return dict(sorted(told.items()))

    def station_variables(self, station: int) -> list[str]:
        """The names of what was measured at a station."""
        with self._reading() as connection:
            _station(connection, station)
            return [row.name for row in connection.execute(queries.station_datatypes(station))]

    def platform_variables(self, platform: int) -> list[str]:
        """The names of what a platform measures."""
        with self._reading() as connection:
            _platform(connection, platform)
            return [row.name for row in connection.execute(queries.platform_datatypes(platform))]

    def observed(self, stations: Sequence[int]) -> list[ObservedStation]:
        """Stations with their samples, in the order asked for."""
        with self._reading() as connection:
            rows = {row.id: row for some in _parts(stations) for row in connection.execute(queries.stations(some))}
            for number in stations:
                if number not in rows:
                    raise _no_station(number)
            samples = [tuple(row) for some in _parts(stations) for row in connection.execute(queries.samples(some))]
            owed = _owed(connection, {row.platform for row in rows.values()})
        return arrays.stations([rows[number] for number in stations], samples, owed)

    def track(self, platform: int, start: int | None, end: int | None, datatypes: Sequence[str]) -> PlatformTrack:
        """The way of a platform with what it measured."""
        with self._reading() as connection:
            row = _platform(connection, platform)
            chosen = connection.execute(queries.platform_datatypes(platform)).all()
            if datatypes:
                known = {each.key: each for each in chosen}
                for key in datatypes:
                    if key not in known:
                        raise NotFound(
                            "the platform {platform} measures no {key!r}",
                            platform=platform,
                            key=key,
                            field="datatypes",
                            allowed=sorted(known),
                        )
                chosen = [known[key] for key in datatypes]
            positions = connection.execute(queries.positions(platform, start, end)).all()
            values = [(each, connection.execute(queries.along(platform, each.id, start, end)).all()) for each in chosen]
            owed = _owed(connection, {platform})
        return arrays.track(row, positions, values, owed)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with reading(self._engine) as connection:
                yield connection
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            _log.warning("the observations cannot be read: %s", error)
            raise ServiceUnavailable("the observations cannot be read now; try again in a few seconds") from error


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]


def _no_station(number: int) -> NotFound:
    return NotFound(
        "there is no station {number}; see /api/v2.0/observation/point/start_date=….json", number=number, field="id"
    )


def _station(connection: sa.Connection, number: int) -> Any:
    table = schema.stations
    row = connection.execute(sa.select(table).where(table.c.id == number)).first()
    if row is None:
        raise _no_station(number)
    return row


def _platform(connection: sa.Connection, number: int) -> Any:
    table = schema.platforms
    row = connection.execute(sa.select(table).where(table.c.id == number)).first()
    if row is None:
        raise NotFound(
            "there is no platform {number}; see /api/v2.0/observation/track/start_date=….json",
            number=number,
            field="id",
        )
    return row


def _metadata(connection: sa.Connection, platform: int) -> dict[str, str]:
    row = _platform(connection, platform)
    table = schema.attributes.c
    told = connection.execute(sa.select(table.key, table.value).where(table.platform == platform))
    found = {row.key: row.value for row in told}
    return dict(sorted({**found, "Platform Type": row.type}.items()))


def _owed(connection: sa.Connection, platforms: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in _parts(sorted(platforms)):
        found.update((row.platform, row.value) for row in connection.execute(queries.credits_of(some)))
    return found


def _inside(search: Search, rows: Sequence[Any]) -> list[Any]:
    """The rows that are in the area, which the database knows by its cells and its box only."""
    if search.area is None or not rows:
        return list(rows)
    places = np.array([(row.latitude, row.longitude) for row in rows])
    inside = search.area.contains(places[:, 0], places[:, 1])
    return [row for row, yes in zip(rows, inside, strict=True) if yes]


def _thinned(connection: sa.Connection, looked: Looked) -> list[Any]:
    """Level by level, from the thinnest, until there are enough."""
    found: list[Any] = []
    for levels in _FROM_THE_THINNEST:
        found += _inside(looked.search, connection.execute(queries.matching(looked, levels)).all())
        if len(found) >= ENOUGH:
            break
    return evenly(sorted(found, key=lambda row: row.station))


def _described(connection: sa.Connection, stations: list[int]) -> list[Found]:
    found = []
    for some in _parts(sorted(stations)):
        found += [Found(*row) for row in connection.execute(queries.described(some))]
    return sorted(found)


def _averaged(connection: sa.Connection, search: Search) -> list[Bucket]:
    length, offset = BUCKETS[search.quantum]
    rows = connection.execute(queries.buckets(search, length, offset).limit(MOST_POINTS + 1))
    return [Bucket(row.platform, row.start, *row[2:]) for row in rows]


def _in_area(connection: sa.Connection, search: Search) -> list[Bucket]:
    places = msgspec.structs.replace(search, datatype=None, shallowest=None, deepest=None)
    looked = queries.look(connection, places)
    rows = connection.execute(queries.matching(looked).limit(MOST_STATIONS + 1)).all()
    if len(rows) > MOST_STATIONS:
        raise RequestTooLarge(
            "there are more than {max_stations} stations about this area; ask for a shorter time or a smaller area",
            max_stations=MOST_STATIONS,
            field="area",
        )
    length, offset = BUCKETS[search.quantum]
    found = [
        Bucket(row.platform, (row.time - offset) // length * length + offset, 1, row.latitude, row.longitude,
               row.longitude % 360, row.longitude, row.longitude)
        for row in _inside(search, rows)
    ]  # fmt: skip
    return sorted(found, key=lambda each: each[:2])
