"""What the index command writes: headers that were read, and datasets."""

import hashlib
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from ocean_metadata.catalogue import rows as records
from ocean_metadata.catalogue import schema
from ocean_metadata.catalogue.database import reading, ring, take_turns
from ocean_metadata.catalogue.model import Built
from ocean_metadata.events import store as events
from ocean_metadata.events.model import change

Stat = tuple[int, int]  # size, mtime_ns
_AT_ONCE = 500  # names in one statement
_WRITING = 2  # of the turns that transactions take: events have the order in which they become visible


class Store:
    """The catalogue, for writing. Every method is one transaction."""

    def __init__(self, engine: sa.Engine, form: int) -> None:
        self._engine = engine
        self._form = form  # of the headers: those of another version are read again

    def known(self) -> dict[str, Stat]:
        """The state in which each file was read."""
        table = schema.headers.c
        with reading(self._engine) as connection:
            rows = connection.execute(
                sa.select(table.path, table.size, table.mtime_ns).where(table.format == self._form)
            )
            return {path: (size, mtime) for path, size, mtime in rows}

    def headers(self, paths: Sequence[str]) -> dict[str, tuple[bytes, bytes | None]]:
        """Header and detail of files, encoded."""
        table = schema.headers.c
        found = {}
        with reading(self._engine) as connection:
            for start in range(0, len(paths), _AT_ONCE):
                some = paths[start : start + _AT_ONCE]
                rows = connection.execute(sa.select(table.path, table.header, table.detail).where(table.path.in_(some)))
                found.update({path: (header, detail) for path, header, detail in rows})
        return found

    def keep_headers(self, rows: Sequence[tuple[str, Stat, bytes]]) -> None:
        """Keep headers; what is known of the files otherwise is forgotten."""
        table = schema.headers
        with self._engine.begin() as connection:
            for path, (size, mtime), header in rows:
                connection.execute(table.delete().where(table.c.path == path))
                row = {"path": path, "size": size, "mtime_ns": mtime, "format": self._form, "header": header}
                connection.execute(table.insert(), row)

    def keep_detail(self, path: str, detail: bytes) -> None:
        """Keep what was read beside the header."""
        table = schema.headers
        with self._engine.begin() as connection:
            connection.execute(table.update().where(table.c.path == path).values(detail=detail))

    def revisions(self) -> dict[str, tuple[str, int]]:
        """Revision and position of every dataset."""
        table = schema.datasets.c
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(table.id, table.revision, table.position))
            return {name: (revision, position) for name, revision, position in rows}

    def replace(self, built: Built, position: int) -> None:
        """Put a dataset in the place of what was there: readers see the old one or the new one, and listeners hear."""
        name = built.record.id
        with self._engine.begin() as connection:
            take_turns(connection, _WRITING)
            before = events.known(connection, name)
            records.replace(connection, built, position)
            happened = change(name, before, events.known(connection, name))
            events.write(connection, [happened] if happened else [])
            self._sum_up(connection, first=False)

    def finish(self, datasets: Iterable[str], paths: Iterable[str]) -> None:
        """Forget all but these datasets and files; from now on the catalogue has been indexed."""
        kept, files = set(datasets), set(paths)
        with self._engine.begin() as connection:
            take_turns(connection, _WRITING)
            for one in sorted(set(connection.execute(sa.select(schema.datasets.c.id)).scalars()) - kept):
                happened = change(one, events.known(connection, one), None)
                events.write(connection, [happened] if happened else [])
                records.remove(connection, one)
            used = sa.select(schema.placements.c.grid)
            connection.execute(schema.grids.delete().where(schema.grids.c.id.not_in(used)))
            table = schema.headers
            for path in set(connection.execute(sa.select(table.c.path)).scalars()) - files:
                connection.execute(table.delete().where(table.c.path == path))
            self._sum_up(connection, first=True)

    def _sum_up(self, connection: sa.Connection, *, first: bool) -> None:
        """The revision of the whole; before the first pass is complete there is none."""
        table, one = schema.catalogue, schema.datasets.c
        known = connection.execute(sa.select(table.c.id)).scalar_one_or_none()
        if known is None and not first:
            return
        rows = connection.execute(sa.select(one.id, one.revision, one.position).order_by(one.id)).all()
        revision = hashlib.blake2b(repr([tuple(row) for row in rows]).encode(), digest_size=12).hexdigest()
        if known is None:
            connection.execute(table.insert(), {"id": 1, "revision": revision})
        else:
            connection.execute(table.update().values(revision=revision))
        ring(connection)
