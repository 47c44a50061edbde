"""Reads observations from the database. Everything blocks."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ocean_common.contracts.assets import Array
from ocean_common.contracts.observations import (
    DataType,
    ObservedStation,
    ObservedValues,
    PlatformTrack,
    PlatformType,
    TrackValues,
)
from ocean_core.errors import NotFound, RequestTooLarge, ServiceUnavailable
from ocean_metadata.catalogue.database import reading
from ocean_metadata.observations import schema
from ocean_metadata.observations.model import ATTRIBUTION, DAY, format_instant
from ocean_metadata.observations.schema import in_batches
from ocean_metadata.observations.search import MAP_STATIONS, THINNING_LEVELS, Search, choose_evenly
from ocean_metadata.observations.tracks import BUCKETS, Bucket, Point, average_tracks

MAX_POINTS = 200_000  # of all tracks of an answer
_MAX_STATIONS = 500_000  # that are examined one by one, where an area is given
_MAX_PLATFORMS = 300  # that a query names one by one
_EARLIEST = 400_000 * 366 * DAY  # ms before 1970; division of integers rounds towards 0, so buckets count from here

# The thinnest levels hold few stations even of many millions: they are queried together.
_THINNEST_FIRST = [range(12, THINNING_LEVELS), range(9, 12), *([level] for level in reversed(range(9)))]

holdings, stations, platforms, attributes = schema.holdings, schema.stations, schema.platforms, schema.attributes
Conditions = list[sa.ColumnElement[bool]]

_log = logging.getLogger(__name__)


class MapStation(NamedTuple):
    """A station on the map."""

    id: int
    type: PlatformType
    name: str | None
    latitude: float
    longitude: float


class MapTrack(NamedTuple):
    """Track of a platform on the map."""

    id: int
    type: PlatformType
    points: list[Point]


class StationQuery(NamedTuple):
    """A search with the ids of what it names."""

    search: Search
    datatype: int
    platforms: list[int] | None  # None: any


class ObservationRepository:
    """Database of observations, for reading."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def time_range(self) -> tuple[int | None, int | None]:
        """Return the first and the last instant of all platforms."""
        with self._reading() as connection:
            query = sa.select(sa.func.min(platforms.c.first), sa.func.max(platforms.c.last))
            first, last = connection.execute(query).one()
        return first, last

    def datatypes(self) -> list[DataType]:
        """Return all quantities, by key."""
        table = schema.datatypes.c
        with self._reading() as connection:
            rows = connection.execute(sa.select(table.key, table.name).order_by(table.key))
            return [DataType(id=key, value=name) for key, name in rows]

    def attribute_keys(self, types: Sequence[str]) -> list[str]:
        """Return the keys of the metadata of platforms of some types."""
        return self._distinct(attributes.c.key, types)

    def attribute_values(self, types: Sequence[str], key: str) -> list[str]:
        """Return the values under a key of the metadata of platforms of some types."""
        return self._distinct(attributes.c.value, types, attributes.c.key == key)

    def search_stations(self, search: Search) -> list[MapStation]:
        """Return stations, thinned out evenly where there are too many for a map."""
        with self._reading() as connection:
            query = _resolve_names(connection, search)
            candidates = connection.execute(_matching_stations(query).limit(MAP_STATIONS + 1)).all()
            rows = _rows_in_area(search, candidates)
            if len(candidates) > MAP_STATIONS:
                rows = _thin_out(connection, query)
            described: list[MapStation] = []
            for ids in in_batches(sorted(row.station for row in rows)):
                table = stations.c
                select = (
                    sa.select(table.id, platforms.c.type, table.name, table.latitude, table.longitude)
                    .join(platforms, platforms.c.id == table.platform)
                    .where(table.id.in_(ids))
                )
                described += [MapStation(*row) for row in connection.execute(select)]
        return sorted(described)

    def search_tracks(self, search: Search) -> list[MapTrack]:
        """Return the tracks of platforms, averaged over the search's quantum."""
        with self._reading() as connection:
            buckets = _stations_in_area(connection, search) if search.area else _sum_buckets(connection, search)
            if len(buckets) > MAX_POINTS:
                raise RequestTooLarge(
                    "these tracks have more than {max_points} points; request a shorter time or a longer quantum",
                    max_points=MAX_POINTS,
                    field="quantum",
                )
            tracks = average_tracks(buckets, search.quantum)
            types = {}
            for ids in in_batches(sorted(tracks)):
                rows = connection.execute(sa.select(platforms.c.id, platforms.c.type).where(platforms.c.id.in_(ids)))
                types.update({row.id: row.type for row in rows})
        return [MapTrack(platform, types[platform], tracks[platform]) for platform in sorted(tracks)]

    def platform_time_range(self, platform: int) -> tuple[int | None, int | None]:
        """Return the first and the last instant of a platform, or raise NotFound."""
        with self._reading() as connection:
            row = _find_platform(connection, platform)
        return row.first, row.last

    def platform_metadata(self, platform: int) -> dict[str, str]:
        """Return the metadata of a platform, or raise NotFound."""
        with self._reading() as connection:
            return _platform_attributes(connection, platform)

    def station_metadata(self, station: int) -> dict[str, str]:
        """Return the metadata of a station and its platform, or raise NotFound."""
        with self._reading() as connection:
            row = _find_station(connection, station)
            texts = {**_platform_attributes(connection, row.platform), "Time": format_instant(row.time)}
        if row.name:
            texts["Station Name"] = row.name
        return dict(sorted(texts.items()))

    def station_variables(self, station: int) -> list[str]:
        """Return the names of the quantities of a station, or raise NotFound."""
        kind = schema.datatypes.c
        with self._reading() as connection:
            _find_station(connection, station)
            query = (
                sa.select(kind.name)
                .join(holdings, holdings.c.datatype == kind.id)
                .where(holdings.c.station == station)
                .order_by(kind.key)
            )
            return list(connection.execute(query).scalars())

    def platform_variables(self, platform: int) -> list[str]:
        """Return the names of the quantities of a platform, or raise NotFound."""
        with self._reading() as connection:
            _find_platform(connection, platform)
            return [row.name for row in connection.execute(_platform_datatypes(platform))]

    def read_stations(self, ids: Sequence[int]) -> list[ObservedStation]:
        """Return stations with their samples, in the order of ``ids``, or raise NotFound."""
        kind, sample = schema.datatypes.c, schema.samples.c
        rows: dict[int, Any] = {}
        samples: list[Any] = []
        with self._reading() as connection:
            for batch in in_batches(ids):
                query = (
                    sa.select(stations, platforms.c.type)
                    .join(platforms, platforms.c.id == stations.c.platform)
                    .where(stations.c.id.in_(batch))
                )
                rows |= {row.id: row for row in connection.execute(query)}
            for station in ids:
                if station not in rows:
                    raise _no_station(station)
            for batch in in_batches(ids):
                values = (
                    sa.select(sample.station, kind.key, kind.name, kind.unit, sample.depth, sample.value)
                    .join(schema.datatypes, kind.id == sample.datatype)
                    .where(sample.station.in_(batch))
                    .order_by(sample.station, kind.key, sample.number)
                )
                samples += connection.execute(values)
            attributions = _read_attributions(connection, {row.platform for row in rows.values()})
        return _pack_stations([rows[station] for station in ids], samples, attributions)

    def read_track(self, platform: int, start: int | None, end: int | None, keys: Sequence[str]) -> PlatformTrack:
        """Return the track of a platform with its shallowest samples of some quantities, or raise NotFound.

        Parameters
        ----------
        platform : int
            Id of the platform.
        start, end : int or None
            ms since 1970-01-01, both inclusive; None: open.
        keys : sequence of str
            Of quantities; empty: all.
        """
        table, sample = stations.c, schema.samples.c
        with self._reading() as connection:
            row = _find_platform(connection, platform)
            datatypes = {datatype.key: datatype for datatype in connection.execute(_platform_datatypes(platform))}
            for key in keys:
                if key not in datatypes:
                    raise NotFound(
                        "the platform {platform} does not measure {key!r}",
                        platform=platform,
                        key=key,
                        field="datatypes",
                        allowed=sorted(datatypes),
                    )
            conditions = [table.platform == platform, *_within(table.time, start, end)]
            places = sa.select(table.id, table.time, table.latitude, table.longitude).where(*conditions)
            positions = connection.execute(places.order_by(table.time, table.id)).all()
            values = []
            for key in keys or datatypes:
                join = (sample.station == table.id) & (sample.datatype == datatypes[key].id)
                query = sa.select(table.id, sample.depth, sample.value).join(schema.samples, join).where(*conditions)
                ordered = query.order_by(table.time, table.id, sample.depth, sample.number)
                values.append((datatypes[key], connection.execute(ordered).all()))
            attribution = _read_attributions(connection, {platform}).get(platform, "")
        return _pack_track(row, positions, values, attribution)

    def _distinct(self, column: sa.Column[Any], types: Sequence[str], *conditions: sa.ColumnElement[bool]) -> list[str]:
        query = sa.select(column).join(platforms, platforms.c.id == attributes.c.platform)
        with self._reading() as connection:
            ordered = query.where(platforms.c.type.in_(types), *conditions).distinct().order_by(column)
            return list(connection.execute(ordered).scalars())

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with reading(self._engine) as connection:
                yield connection
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            _log.warning("the observations cannot be read: %s", error)
            raise ServiceUnavailable("the observations cannot be read now; try again in a few seconds") from error


# Searches: each query names the index by which it narrows down most.


def _resolve_names(connection: sa.Connection, search: Search) -> StationQuery:
    """Look up the ids of the datatype and of the platforms that a search names."""
    datatype, table = schema.STATION_ITSELF, schema.datatypes.c
    if search.datatype is not None:
        row: int | None = connection.execute(sa.select(table.id).where(table.key == search.datatype)).scalar()
        if row is None:
            raise NotFound(
                "there is no datatype {key!r}; see /api/v2.0/observation/datatypes.json",
                key=search.datatype[:80],
                field="datatype",
                allowed=list(connection.execute(sa.select(table.key).order_by(table.key)).scalars()),
            )
        datatype = row
    if not search.platform_types and search.attribute is None:
        return StationQuery(search, datatype, None)
    ids = connection.execute(sa.select(platforms.c.id).where(*_platform_conditions(search))).scalars()
    return StationQuery(search, datatype, list(ids))


def _matching_stations(query: StationQuery, levels: Sequence[int] = range(THINNING_LEVELS)) -> sa.Select[Any]:
    """Select the stations on some levels of thinning."""
    search, table = query.search, holdings.c
    index = "holdings_time"
    where = [
        table.datatype == query.datatype, table.level.in_(levels), *_within(table.time, search.start, search.end)
    ]  # fmt: skip
    if search.area is not None:
        if search.area.cells is not None:
            index = "holdings_cell"
            where.append(table.cell.in_(search.area.cells))
        else:
            where.append(table.latitude.between(search.area.south, search.area.north))
    if query.platforms is not None and len(query.platforms) <= _MAX_PLATFORMS:
        index = "holdings_platform"
        where.append(table.platform.in_(query.platforms))
    elif query.platforms is not None:
        where.append(table.platform.in_(sa.select(platforms.c.id).where(*_platform_conditions(search))))
    where += _depth_conditions(query)
    select = sa.select(table.station, table.platform, table.time, table.latitude, table.longitude).where(*where)
    return select.with_hint(holdings, f"INDEXED BY {index}", "sqlite")


def _depth_conditions(query: StationQuery) -> Conditions:
    """Require a sample between two depths; the range of all depths, which is cheaper, is compared first."""
    search, table, sample = query.search, holdings.c, schema.samples.c
    if search.min_depth is None and search.max_depth is None:
        return []
    where: Conditions = []
    of_sample: Conditions = [sample.station == table.station]
    if query.datatype != schema.STATION_ITSELF:
        of_sample.append(sample.datatype == query.datatype)
    if search.min_depth is not None:
        where.append(table.deepest >= search.min_depth)
        of_sample.append(sample.depth >= search.min_depth)
    if search.max_depth is not None:
        where.append(table.shallowest <= search.max_depth)
        of_sample.append(sample.depth <= search.max_depth)
    return [*where, sa.exists(sa.select(sa.literal(1)).where(*of_sample))]


def _platform_conditions(search: Search) -> Conditions:
    table = platforms.c
    where: Conditions = []
    if search.start is not None:
        where.append(table.last >= search.start)
    if search.end is not None:
        where.append(table.first <= search.end)
    if search.platform_types:
        where.append(table.type.in_(search.platform_types))
    if search.attribute is not None:
        key, value = search.attribute
        having = sa.select(attributes.c.platform).where(attributes.c.key == key)
        where.append(table.id.in_(having if value is None else having.where(attributes.c.value == value)))
    return where


def _within(column: sa.ColumnElement[int], start: int | None, end: int | None) -> Conditions:
    where: Conditions = []
    if start is not None:
        where.append(column >= start)
    if end is not None:
        where.append(column <= end)
    return where


def _rows_in_area(search: Search, rows: Sequence[Any]) -> list[Any]:
    """Return the rows in the area, of which the database knows only its cells or its latitudes."""
    if search.area is None or not rows:
        return list(rows)
    positions = np.array([(row.latitude, row.longitude) for row in rows])
    inside = search.area.contains(positions[:, 0], positions[:, 1])
    return [row for row, is_inside in zip(rows, inside, strict=True) if is_inside]


def _thin_out(connection: sa.Connection, query: StationQuery) -> list[Any]:
    """Read level by level, from the thinnest, until there are enough stations for a map."""
    rows: list[Any] = []
    for levels in _THINNEST_FIRST:
        rows += _rows_in_area(query.search, connection.execute(_matching_stations(query, levels)).all())
        if len(rows) >= MAP_STATIONS:
            break
    return choose_evenly(sorted(rows, key=lambda row: row.station))


def _sum_buckets(connection: sa.Connection, search: Search) -> list[Bucket]:
    """Sum up the positions of platforms in the database."""
    length, offset = BUCKETS[search.quantum]
    table = stations.c
    base = offset - _EARLIEST // length * length
    start = (base + (table.time - base) // length * length).label("start")
    eastern = sa.case((table.longitude < 0, table.longitude + 360), else_=table.longitude)
    query = (
        sa.select(
            table.platform,
            start,
            sa.func.count(),
            sa.func.sum(table.latitude),
            sa.func.sum(table.longitude),
            sa.func.sum(eastern),
            sa.func.min(table.longitude),
            sa.func.max(table.longitude),
        )
        .where(
            table.platform.in_(sa.select(platforms.c.id).where(*_platform_conditions(search))),
            *_within(table.time, search.start, search.end),
        )
        .group_by(table.platform, sa.text("start"))
        .order_by(table.platform, sa.text("start"))
        .with_hint(stations, "INDEXED BY stations_track", "sqlite")
    )
    return [Bucket(*row) for row in connection.execute(query.limit(MAX_POINTS + 1))]


def _stations_in_area(connection: sa.Connection, search: Search) -> list[Bucket]:
    """Read the stations in the search's area as a bucket each."""
    positions = msgspec.structs.replace(search, datatype=None, min_depth=None, max_depth=None)
    query = _matching_stations(_resolve_names(connection, positions))
    rows = connection.execute(query.limit(_MAX_STATIONS + 1)).all()
    if len(rows) > _MAX_STATIONS:
        raise RequestTooLarge(
            "there are more than {max_stations} stations around this area; request a shorter time or a smaller area",
            max_stations=_MAX_STATIONS,
            field="area",
        )
    length, offset = BUCKETS[search.quantum]
    buckets = [
        Bucket(row.platform, (row.time - offset) // length * length + offset, 1, row.latitude, row.longitude,
               row.longitude % 360, row.longitude, row.longitude)
        for row in _rows_in_area(search, rows)
    ]  # fmt: skip
    return sorted(buckets, key=lambda bucket: (bucket.platform, bucket.start))


def _platform_datatypes(platform: int) -> sa.Select[Any]:
    kind = schema.datatypes.c
    has = sa.exists(
        sa.select(sa.literal(1)).where(holdings.c.datatype == kind.id, holdings.c.platform == platform)
    )  # fmt: skip
    return sa.select(kind.id, kind.key, kind.name, kind.unit).where(has).order_by(kind.key)


def _no_station(station: int) -> NotFound:
    return NotFound(
        "there is no station {number}; see /api/v2.0/observation/point/start_date=….json", number=station, field="id"
    )


def _find_station(connection: sa.Connection, station: int) -> Any:
    row = connection.execute(sa.select(stations).where(stations.c.id == station)).first()
    if row is None:
        raise _no_station(station)
    return row


def _find_platform(connection: sa.Connection, platform: int) -> Any:
    row = connection.execute(sa.select(platforms).where(platforms.c.id == platform)).first()
    if row is None:
        raise NotFound(
            "there is no platform {number}; see /api/v2.0/observation/track/start_date=….json",
            number=platform,
            field="id",
        )
    return row


def _platform_attributes(connection: sa.Connection, platform: int) -> dict[str, str]:
    row = _find_platform(connection, platform)
    table = attributes.c
    texts = connection.execute(sa.select(table.key, table.value).where(table.platform == platform))
    return dict(sorted({**{text.key: text.value for text in texts}, "Platform Type": row.type}.items()))


def _read_attributions(connection: sa.Connection, ids: Iterable[int]) -> dict[int, str]:
    """Return the attributions of platforms that have one."""
    table = attributes.c
    attributions: dict[int, str] = {}
    for batch in in_batches(sorted(ids)):
        query = sa.select(table.platform, table.value).where(table.key == ATTRIBUTION, table.platform.in_(batch))
        attributions.update((row.platform, row.value) for row in connection.execute(query))
    return attributions


# Rows of the tables as the arrays that other services read.


def _pack_stations(
    rows: Sequence[Any], samples: Sequence[Any], attributions: Mapping[int, str]
) -> list[ObservedStation]:
    """Return stations with their samples: station, key, name, unit, depth, value; ordered by station and key."""
    variables: dict[int, list[ObservedValues]] = {}
    for (station, key, name, unit), group in groupby(samples, key=lambda row: tuple(row[:4])):
        pairs = np.array([tuple(row[4:]) for row in group])
        values = ObservedValues(
            key=key, name=name, units=unit, depth=_pack_floats(pairs[:, 0]), values=_pack_floats(pairs[:, 1])
        )
        variables.setdefault(station, []).append(values)
    return [
        ObservedStation(
            id=row.id,
            name=row.name,
            platform=row.platform,
            platform_type=row.type,
            time=format_instant(row.time),
            latitude=row.latitude,
            longitude=row.longitude,
            variables=variables.get(row.id, []),
            attribution=attributions.get(row.platform, ""),
        )
        for row in rows
    ]


def _pack_track(
    platform: Any, positions: Sequence[Any], values: Sequence[tuple[Any, Sequence[Any]]], attribution: str
) -> PlatformTrack:
    """Return a track; of each quantity and station the first row, which is the shallowest sample."""
    indices = {row.id: index for index, row in enumerate(positions)}
    variables = []
    for datatype, rows in values:
        shallowest = np.full((2, len(positions)), np.nan)
        for station, depth, value in reversed(rows):  # the first row of a station overwrites the others
            shallowest[:, indices[station]] = depth, value
        variables.append(
            TrackValues(
                key=datatype.key,
                name=datatype.name,
                units=datatype.unit,
                depth=_pack_floats(shallowest[0]),
                values=_pack_floats(shallowest[1]),
            )
        )
    times = np.array([row.time for row in positions], dtype="<i8")
    return PlatformTrack(
        id=platform.id,
        name=platform.name,
        platform_type=platform.type,
        times=Array(dtype="<i8", shape=times.shape, data=times.tobytes()),
        latitude=_pack_floats(np.array([row.latitude for row in positions])),
        longitude=_pack_floats(np.array([row.longitude for row in positions])),
        variables=variables,
        attribution=attribution,
    )


def _pack_floats(values: np.ndarray[Any, Any]) -> Array:
    return Array(dtype="<f8", shape=values.shape, data=np.ascontiguousarray(values, dtype="<f8").tobytes())
