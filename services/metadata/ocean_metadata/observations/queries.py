"""The statements that are asked of the tables, and the index that each of them goes by."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from ocean_common.errors import NotFound
from ocean_metadata.observations import schema
from ocean_metadata.observations.records import ATTRIBUTION
from ocean_metadata.observations.search import Search
from ocean_metadata.observations.thinning import LEVELS
from ocean_metadata.observations.times import DAY

FEW = 300  # platforms that are named one by one
_LONG_AGO = 400_000 * 366 * DAY  # ms; before it no time is asked for: division of whole numbers goes towards 0

holdings, stations_, platforms, attributes = schema.holdings, schema.stations, schema.platforms, schema.attributes


class Looked(NamedTuple):
    """A search, with what had to be looked up for it."""

    search: Search
    datatype: int
    platforms: list[int] | None  # None: any


def look(connection: sa.Connection, search: Search) -> Looked:
    """Look up what a search names."""
    return Looked(search, _datatype(connection, search.datatype), _platforms(connection, search))


def matching(looked: Looked, levels: Sequence[int] = range(LEVELS)) -> sa.Select[Any]:
    """Stations on some levels of thinning, by way of the index that narrows them down most."""
    search, table = looked.search, holdings.c
    index = "holdings_time"
    where = [table.datatype == looked.datatype, table.level.in_(levels), *_between(table.time, search)]
    if search.area is not None:
        if search.area.cells is not None:
            index = "holdings_cell"
            where.append(table.cell.in_(search.area.cells))
        else:
            where.append(table.latitude.between(search.area.south, search.area.north))
    if looked.platforms is not None:
        few = len(looked.platforms) <= FEW
        index = "holdings_platform" if few else index
        where.append(table.platform.in_(looked.platforms if few else sa.select(platforms.c.id).where(*_chosen(search))))
    where += _deep_enough(looked)
    query = sa.select(table.station, table.platform, table.time, table.latitude, table.longitude).where(*where)
    return query.with_hint(holdings, f"INDEXED BY {index}", "sqlite")


def _deep_enough(looked: Looked) -> list[sa.ColumnElement[bool]]:
    """With a sample between two depths: by the range of depths first."""
    search, table, samples = looked.search, holdings.c, schema.samples.c
    if search.shallowest is None and search.deepest is None:
        return []
    where: list[sa.ColumnElement[bool]] = []
    sample: list[sa.ColumnElement[bool]] = [samples.station == table.station]
    if looked.datatype != schema.ANYTHING:
        sample.append(samples.datatype == looked.datatype)
    if search.shallowest is not None:
        where.append(table.deepest >= search.shallowest)
        sample.append(samples.depth >= search.shallowest)
    if search.deepest is not None:
        where.append(table.shallowest <= search.deepest)
        sample.append(samples.depth <= search.deepest)
    return [*where, sa.exists(sa.select(sa.literal(1)).where(*sample))]


def _datatype(connection: sa.Connection, key: str | None) -> int:
    if key is None:
        return schema.ANYTHING
    table = schema.datatypes.c
    found: int | None = connection.execute(sa.select(table.id).where(table.key == key)).scalar()
    if found is None:
        known = list(connection.execute(sa.select(table.key).order_by(table.key)).scalars())
        raise NotFound(
            "there is no datatype {key!r}; see /api/v2.0/observation/datatypes.json",
            key=key[:80],
            field="datatype",
            allowed=known,
        )
    return found


def _platforms(connection: sa.Connection, search: Search) -> list[int] | None:
    if not search.types and search.attribute is None:
        return None
    return list(connection.execute(sa.select(platforms.c.id).where(*_chosen(search))).scalars())


def _chosen(search: Search) -> list[sa.ColumnElement[bool]]:
    """The platforms that a search may find."""
    table = platforms.c
    where: list[sa.ColumnElement[bool]] = []
    if search.start is not None:
        where.append(table.last >= search.start)
    if search.end is not None:
        where.append(table.first <= search.end)
    if search.types:
        where.append(table.type.in_(search.types))
    if search.attribute is not None:
        key, value = search.attribute
        told = sa.select(attributes.c.platform).where(attributes.c.key == key)
        where.append(table.id.in_(told if value is None else told.where(attributes.c.value == value)))
    return where


def _between(column: sa.ColumnElement[int], search: Search) -> list[sa.ColumnElement[bool]]:
    return _within(column, search.start, search.end)


def _within(column: sa.ColumnElement[int], start: int | None, end: int | None) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if start is not None:
        where.append(column >= start)
    if end is not None:
        where.append(column <= end)
    return where


def buckets(search: Search, length: int, offset: int) -> sa.Select[Any]:
    """The positions of platforms, summed up in pieces of time (ms)."""
    table = stations_.c
    base = offset - _LONG_AGO // length * length
    start = (base + (table.time - base) // length * length).label("start")
    turned = sa.case((table.longitude < 0, table.longitude + 360), else_=table.longitude)
    chosen = sa.select(platforms.c.id).where(*_chosen(search))
    return (
        sa.select(
            table.platform,
            start,
            sa.func.count(),
            sa.func.sum(table.latitude),
            sa.func.sum(table.longitude),
            sa.func.sum(turned),
            sa.func.min(table.longitude),
            sa.func.max(table.longitude),
        )
        .where(table.platform.in_(chosen), *_between(table.time, search))
        .group_by(table.platform, sa.text("start"))
        .order_by(table.platform, sa.text("start"))
        .with_hint(stations_, "INDEXED BY stations_track", "sqlite")
    )


def stations(numbers: Sequence[int]) -> sa.Select[Any]:
    """Stations by their numbers, with the types of their platforms."""
    return (
        sa.select(stations_, platforms.c.type)
        .join(platforms, platforms.c.id == stations_.c.platform)
        .where(stations_.c.id.in_(numbers))
    )


def described(numbers: Sequence[int]) -> sa.Select[Any]:
    """What maps show of stations: number, type, name, latitude, longitude."""
    table = stations_.c
    return (
        sa.select(table.id, platforms.c.type, table.name, table.latitude, table.longitude)
        .join(platforms, platforms.c.id == table.platform)
        .where(table.id.in_(numbers))
    )


def samples(numbers: Sequence[int]) -> sa.Select[Any]:
    """Samples of stations: ordered by station, key of the quantity, and place in the file."""
    one, kind = schema.samples.c, schema.datatypes.c
    return (
        sa.select(one.station, kind.key, kind.name, kind.unit, one.depth, one.value)
        .join(schema.datatypes, kind.id == one.datatype)
        .where(one.station.in_(numbers))
        .order_by(one.station, kind.key, one.number)
    )


def station_datatypes(number: int) -> sa.Select[Any]:
    """What was measured at a station, by key."""
    kind, held = schema.datatypes.c, holdings.c
    return (
        sa.select(kind.id, kind.key, kind.name, kind.unit)
        .join(holdings, held.datatype == kind.id)
        .where(held.station == number)
        .order_by(kind.key)
    )


def platform_datatypes(number: int) -> sa.Select[Any]:
    """What a platform measures, by key."""
    kind, held = schema.datatypes.c, holdings.c
    has = sa.exists(sa.select(sa.literal(1)).where(held.datatype == kind.id, held.platform == number))
    return sa.select(kind.id, kind.key, kind.name, kind.unit).where(has).order_by(kind.key)


def positions(platform: int, start: int | None, end: int | None) -> sa.Select[Any]:
    """The stations of a platform along time."""
    table = stations_.c
    return (
        sa.select(table.id, table.time, table.latitude, table.longitude)
        .where(table.platform == platform, *_within(table.time, start, end))
        .order_by(table.time, table.id)
    )


def along(platform: int, datatype: int, start: int | None, end: int | None) -> sa.Select[Any]:
    """The samples of one quantity along a platform's stations, the shallowest first at each."""
    table, sample = stations_.c, schema.samples.c
    return (
        sa.select(table.id, sample.depth, sample.value)
        .join(schema.samples, (sample.station == table.id) & (sample.datatype == datatype))
        .where(table.platform == platform, *_within(table.time, start, end))
        .order_by(table.time, table.id, sample.depth, sample.number)
    )


def credits_of(numbers: Sequence[int]) -> sa.Select[Any]:
    """Whom the values of platforms are owed to, where it is known."""
    table = attributes.c
    return sa.select(table.platform, table.value).where(table.key == ATTRIBUTION, table.platform.in_(numbers))


def meta_keys(types: Sequence[str]) -> sa.Select[Any]:
    """The keys of the metadata of platforms of some types."""
    told = sa.select(attributes.c.key).join(platforms, platforms.c.id == attributes.c.platform)
    return told.where(platforms.c.type.in_(types)).distinct().order_by(attributes.c.key)


def meta_values(types: Sequence[str], key: str) -> sa.Select[Any]:
    """The values under one key of the metadata of platforms of some types."""
    told = sa.select(attributes.c.value).join(platforms, platforms.c.id == attributes.c.platform)
    where = (attributes.c.key == key, platforms.c.type.in_(types))
    return told.where(*where).distinct().order_by(attributes.c.value)
