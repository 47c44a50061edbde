"""Reads observations from the database. Everything blocks."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import groupby
from typing import Any, Literal

import msgspec
import numpy as np
import sqlalchemy as sa

from ocean_common.arrays import pack_array
from ocean_common.contracts import observations as contracts
from ocean_common.contracts.places import LineGeometry, PointGeometry
from ocean_core.errors import Message, NotFound, RequestTooLarge
from ocean_metadata.catalogue.database import answering, select_by_ids
from ocean_metadata.catalogue.model import copy_fields
from ocean_metadata.observations import schema
from ocean_metadata.observations.model import ATTRIBUTION, DAY, format_instant
from ocean_metadata.observations.search import MAP_STATIONS, THINNING_LEVELS, Search, choose_evenly
from ocean_metadata.observations.tracks import Bucket, average_tracks, bucket_length

MAX_POINTS = 200_000  # of all tracks of an answer
_LEAST_REACH, _RELATIVE_REACH = 10.0, 0.1  # of a layer to both sides of its depth: m, and share of the depth
_MAX_STATIONS = 500_000  # that are examined one by one, where an area is given
_MAX_PLATFORMS = 300  # that a query names one by one
_EARLIEST = 400_000 * 366 * DAY  # ms before 1970; division of integers rounds towards 0, so buckets count from here

# The thinnest levels hold few stations even of many millions: they are queried together.
_THINNEST_FIRST = [range(12, THINNING_LEVELS), range(9, 12), *([level] for level in reversed(range(9)))]
_UNAVAILABLE = Message("the observations cannot be read now; try again in a few seconds")

holdings, stations, platforms, attributes = schema.holdings, schema.stations, schema.platforms, schema.attributes
Conditions = list[sa.ColumnElement[bool]]
_properties = partial(contracts.ObservationProperties, class_="observation")
Kind = Literal["platform", "station"]
_NOT_FOUND: dict[Kind, Message] = {
    "platform": Message("there is no platform {number}; see /api/v2.0/observation/track/start_date=….json"),
    "station": Message("there is no station {number}; see /api/v2.0/observation/point/start_date=….json"),
}


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

    def datatypes(self) -> list[tuple[str, str]]:
        """Return the keys and names of all quantities, by key."""
        table = schema.datatypes.c
        with self._reading() as connection:
            rows = connection.execute(sa.select(table.key, table.name).order_by(table.key))
            return [(key, name) for key, name in rows]

    def attributes(self, types: Sequence[str], key: str | None = None) -> list[str]:
        """Return the keys of the metadata of platforms of some types, or the values under one of them."""
        column = attributes.c.key if key is None else attributes.c.value
        query = sa.select(column).join(platforms, platforms.c.id == attributes.c.platform)
        query = query.where(platforms.c.type.in_(types)).distinct().order_by(column)
        with self._reading() as connection:
            return list(connection.execute(query if key is None else query.where(attributes.c.key == key)).scalars())

    def search_stations(self, search: Search) -> list[contracts.StationFeature]:
        """Return stations, thinned out evenly where there are too many for a map."""
        table = stations.c
        with self._reading() as connection:
            query = _matching_stations(connection, search)
            candidates = connection.execute(_on_levels(query).limit(MAP_STATIONS + 1)).all()
            rows = _rows_in_area(search, candidates)
            if len(candidates) > MAP_STATIONS:
                rows = _thin_out(connection, search, query)
            select = (
                sa.select(table.id, platforms.c.type, table.name, table.latitude, table.longitude)
                .join(platforms, platforms.c.id == table.platform)
                .where(table.id.in_([row.station for row in rows]))
                .order_by(table.id)
            )
            features = []
            for number, platform_type, name, latitude, longitude in connection.execute(select):
                position = PointGeometry(coordinates=(longitude, latitude))
                properties = _properties(id=number, type=platform_type, name=name)
                features.append(contracts.StationFeature(geometry=position, properties=properties))
        return features

    def search_tracks(self, search: Search) -> list[contracts.TrackFeature]:
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
            query = sa.select(platforms.c.id, platforms.c.type)
            return [
                contracts.TrackFeature(
                    geometry=LineGeometry(coordinates=tracks[row.id]), properties=_properties(id=row.id, type=row.type)
                )
                for row in select_by_ids(connection, query.order_by(platforms.c.id), platforms.c.id, sorted(tracks))
            ]

    def platform_time_range(self, platform: int) -> tuple[int | None, int | None]:
        """Return the first and the last instant of a platform, or raise NotFound."""
        with self._reading() as connection:
            row = _find(connection, "platform", platform)
        return row.first, row.last

    def metadata(self, kind: Kind, number: int) -> dict[str, str]:
        """Return the metadata of a platform, or of a station and its platform, or raise NotFound."""
        table = attributes.c
        with self._reading() as connection:
            row = _find(connection, kind, number)
            platform = _find(connection, "platform", row.platform) if kind == "station" else row
            query = sa.select(table.key, table.value).where(table.platform == platform.id)
            texts = {text.key: text.value for text in connection.execute(query)} | {"Platform Type": platform.type}
        if kind == "station":
            texts["Time"] = format_instant(row.time)
            if row.name:
                texts["Station Name"] = row.name
        return dict(sorted(texts.items()))

    def variables(self, kind: Kind, number: int) -> list[str]:
        """Return the names of the quantities of a platform or station, or raise NotFound."""
        with self._reading() as connection:
            _find(connection, kind, number)
            return [row.name for row in _read_datatypes(connection, holdings.c[kind] == number)]

    def read_stations(self, ids: Sequence[int]) -> list[contracts.ObservedStation]:
        """Return stations with their samples, in the order of ``ids``, or raise NotFound."""
        kind, sample = schema.datatypes.c, schema.samples.c
        with self._reading() as connection:
            query = sa.select(stations, platforms.c.type).join(platforms, platforms.c.id == stations.c.platform)
            rows = {row.id: row for row in select_by_ids(connection, query, stations.c.id, ids)}
            for station in ids:
                if station not in rows:
                    raise _not_found("station", station)
            query = (
                sa.select(sample.station, kind.key, kind.name, kind.unit, sample.depth, sample.value)
                .join(schema.datatypes, kind.id == sample.datatype)
                .order_by(sample.station, kind.key, sample.number)
            )
            variables: dict[int, list[contracts.ObservedValues]] = {station: [] for station in ids}
            samples = select_by_ids(connection, query, sample.station, ids)
            for (station, _), group in groupby(samples, key=lambda row: (row.station, row.key)):
                values = list(group)
                pairs = [(row.depth, row.value) for row in values]
                variables[station].append(_pack_values(values[0], pairs))
            attributions = _read_attributions(connection, {row.platform for row in rows.values()})
        return [
            copy_fields(
                rows[station],
                contracts.ObservedStation,
                platform_type=rows[station].type,
                time=format_instant(rows[station].time),
                variables=variables[station],
                attribution=attributions.get(rows[station].platform, ""),
            )
            for station in ids
        ]

    def read_track(
        self, platform: int, start: int | None, end: int | None, keys: Sequence[str], depth: float | None = None
    ) -> contracts.PlatformTrack:
        """Return the track of a platform with the samples of some quantities in one layer, or raise NotFound.

        ``start`` and ``end`` are ms since 1970-01-01, both inclusive; without ``keys`` all quantities are read.
        ``depth``: m, of the layer; None: where the shallowest samples are at most stations.
        """
        table, sample = stations.c, schema.samples.c
        with self._reading() as connection:
            row = _find(connection, "platform", platform)
            datatypes = {row.key: row for row in _read_datatypes(connection, holdings.c.platform == platform)}
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
            variables = []
            for key in keys or datatypes:
                join = (sample.station == table.id) & (sample.datatype == datatypes[key].id)
                query = sa.select(table.id, sample.depth, sample.value).join(schema.samples, join).where(*conditions)
                rows = connection.execute(query.order_by(sample.depth, sample.number)).all()
                chosen = choose_layer([(number, at, value) for number, at, value in rows], depth)
                pairs = [chosen.get(position.id, (np.nan, np.nan)) for position in positions]
                left_out = len({number for number, _, _ in rows} - chosen.keys())
                variables.append(msgspec.structs.replace(_pack_values(datatypes[key], pairs), left_out=left_out))
            attribution = _read_attributions(connection, {platform}).get(platform, "")
        return contracts.PlatformTrack(
            id=row.id,
            name=row.name,
            platform_type=row.type,
            times=pack_array(np.array([position.time for position in positions], dtype=np.int64)),
            latitude=pack_array(np.array([position.latitude for position in positions], dtype=np.float64)),
            longitude=pack_array(np.array([position.longitude for position in positions], dtype=np.float64)),
            variables=variables,
            attribution=attribution,
        )

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return answering(self._engine, _UNAVAILABLE)


def choose_layer(samples: Sequence[tuple[int, float, float]], depth: float | None) -> dict[int, tuple[float, float]]:
    """Choose one sample of each station, all in one layer: depth (m) and value, by station.

    ``samples``: station, depth and value, shallowest first. Without a ``depth`` the layer is around the median of the
    shallowest samples of the stations.
    """
    if depth is None:
        shallowest: dict[int, float] = {}
        for station, at, _ in samples:
            shallowest.setdefault(station, at)
        depth = float(np.median(list(shallowest.values()))) if shallowest else 0.0
    reach = max(_LEAST_REACH, _RELATIVE_REACH * depth)
    chosen: dict[int, tuple[float, float]] = {}
    for station, at, value in samples:
        distance = abs(at - depth)
        if distance <= reach and (station not in chosen or distance < abs(chosen[station][0] - depth)):
            chosen[station] = at, value
    return chosen


# Searches: each query names the index by which it narrows down most.


def _matching_stations(connection: sa.Connection, search: Search) -> sa.Select[Any]:
    """Select the stations of a search; the levels of thinning remain to be given by `_on_levels`."""
    datatype, table = _find_datatype(connection, search), holdings.c
    index = "holdings_time"
    where = [table.datatype == datatype, *_within(table.time, search.start, search.end)]
    if search.area is not None:
        if search.area.cells is not None:
            index = "holdings_cell"
            where.append(table.cell.in_(search.area.cells))
        else:
            where.append(table.latitude.between(search.area.south, search.area.north))
    if search.platform_types or search.attribute is not None:
        query = sa.select(platforms.c.id).where(*_platform_conditions(search))
        ids = connection.execute(query.limit(_MAX_PLATFORMS + 1)).scalars().all()
        if len(ids) <= _MAX_PLATFORMS:
            index = "holdings_platform"
        where.append(table.platform.in_(ids if len(ids) <= _MAX_PLATFORMS else query))
    where += _depth_conditions(search, datatype)
    select = sa.select(table.station, table.platform, table.time, table.latitude, table.longitude).where(*where)
    return select.with_hint(holdings, f"INDEXED BY {index}", "sqlite")


def _on_levels(query: sa.Select[Any], levels: Sequence[int] = range(THINNING_LEVELS)) -> sa.Select[Any]:
    return query.where(holdings.c.level.in_(levels))


def _find_datatype(connection: sa.Connection, search: Search) -> int:
    table = schema.datatypes.c
    if search.datatype is None:
        return schema.STATION_ITSELF
    number: int | None = connection.execute(sa.select(table.id).where(table.key == search.datatype)).scalar()
    if number is None:
        raise NotFound(
            "there is no datatype {key!r}; see /api/v2.0/observation/datatypes.json",
            key=search.datatype[:80],
            field="datatype",
            allowed=connection.execute(sa.select(table.key).order_by(table.key)).scalars(),
        )
    return number


def _depth_conditions(search: Search, datatype: int) -> Conditions:
    """Require a sample between two depths; the range of all depths, which is cheaper, is compared first."""
    table, sample = holdings.c, schema.samples.c
    if search.min_depth is None and search.max_depth is None:
        return []
    where = [*_within(table.deepest, search.min_depth, None), *_within(table.shallowest, None, search.max_depth)]
    of_sample = [sample.station == table.station, *_within(sample.depth, search.min_depth, search.max_depth)]
    if datatype != schema.STATION_ITSELF:
        of_sample.append(sample.datatype == datatype)
    return [*where, sa.exists(sa.select(sa.literal(1)).where(*of_sample))]


def _platform_conditions(search: Search) -> Conditions:
    table = platforms.c
    where = [*_within(table.last, search.start, None), *_within(table.first, None, search.end)]
    if search.platform_types:
        where.append(table.type.in_(search.platform_types))
    if search.attribute is not None:
        key, value = search.attribute
        having = sa.select(attributes.c.platform).where(attributes.c.key == key)
        where.append(table.id.in_(having if value is None else having.where(attributes.c.value == value)))
    return where


def _within(column: sa.ColumnElement[Any], start: float | None, end: float | None) -> Conditions:
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


def _thin_out(connection: sa.Connection, search: Search, query: sa.Select[Any]) -> list[Any]:
    """Read level by level, from the thinnest, until there are enough stations for a map."""
    rows: list[Any] = []
    for levels in _THINNEST_FIRST:
        rows += _rows_in_area(search, connection.execute(_on_levels(query, levels)).all())
        if len(rows) >= MAP_STATIONS:
            break
    return choose_evenly(sorted(rows, key=lambda row: row.station))


def _sum_buckets(connection: sa.Connection, search: Search) -> list[Bucket]:
    """Sum up the positions of platforms in the database."""
    length, offset = bucket_length(search.quantum)
    table = stations.c
    base = offset - _EARLIEST // length * length
    start = (base + (table.time - base) // length * length).label("start")
    eastern = sa.case((table.longitude < 0, table.longitude + 360), else_=table.longitude)
    sums = [sa.func.sum(column) for column in (table.latitude, table.longitude, eastern)]
    extremes = sa.func.min(table.longitude), sa.func.max(table.longitude)
    query = (
        sa.select(table.platform, start, sa.func.count(), *sums, *extremes)
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
    query = _on_levels(_matching_stations(connection, positions))
    rows = connection.execute(query.limit(_MAX_STATIONS + 1)).all()
    if len(rows) > _MAX_STATIONS:
        raise RequestTooLarge(
            "there are more than {max_stations} stations around this area; request a shorter time or a smaller area",
            max_stations=_MAX_STATIONS,
            field="area",
        )
    length, offset = bucket_length(search.quantum)
    buckets = [
        Bucket(row.platform, (row.time - offset) // length * length + offset, 1, row.latitude, row.longitude,
               row.longitude % 360, row.longitude, row.longitude)
        for row in _rows_in_area(search, rows)
    ]  # fmt: skip
    return sorted(buckets, key=lambda bucket: (bucket.platform, bucket.start))


def _read_datatypes(connection: sa.Connection, owner: sa.ColumnElement[bool]) -> Sequence[Any]:
    """Read the quantities of which a station or platform has samples, by key."""
    kind = schema.datatypes.c
    has_samples = sa.exists(sa.select(sa.literal(1)).where(holdings.c.datatype == kind.id, owner))
    query = sa.select(kind.id, kind.key, kind.name, kind.unit).where(has_samples).order_by(kind.key)
    return connection.execute(query).all()


def _find(connection: sa.Connection, kind: Kind, number: int) -> Any:
    """Return the row of a platform or station, or raise NotFound."""
    table = platforms if kind == "platform" else stations
    row = connection.execute(sa.select(table).where(table.c.id == number)).first()
    if row is None:
        raise _not_found(kind, number)
    return row


def _not_found(kind: Kind, number: int) -> NotFound:
    return NotFound(_NOT_FOUND[kind].template, number=number, field="id")


def _read_attributions(connection: sa.Connection, ids: Iterable[int]) -> dict[int, str]:
    """Return the attributions of platforms that have one."""
    table = attributes.c
    query = sa.select(table.platform, table.value).where(table.key == ATTRIBUTION)
    return {row.platform: row.value for row in select_by_ids(connection, query, table.platform, sorted(ids))}


def _pack_values(datatype: Any, samples: Sequence[tuple[float, float]]) -> contracts.ObservedValues:
    """Pack pairs of depth and value as the arrays that other services read."""
    depth, values = np.array(samples, dtype=np.float64).reshape(-1, 2).T
    return contracts.ObservedValues(
        key=datatype.key, name=datatype.name, units=datatype.unit, depth=pack_array(depth), values=pack_array(values)
    )
