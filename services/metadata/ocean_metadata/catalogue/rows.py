"""Datasets to rows and back."""

from typing import Any

import msgspec
import sqlalchemy as sa

from ocean_common.contracts.assets import DepthAxis, File, Grid
from ocean_common.contracts.metadata import FileProblem, VariableProblem
from ocean_metadata.catalogue import schema
from ocean_metadata.catalogue.model import Built, DatasetRecord, GridRecord, TimeAxis, TimePart, VariableRecord

_OF_DATASET = (
    schema.time_steps, schema.variables, schema.times, schema.depths, schema.placements, schema.problems, schema.files,
)  # fmt: skip
_ONLY_GRID = {"kind", "shape", "bounds"}

Row = dict[str, Any]


def replace(connection: sa.Connection, built: Built, position: int) -> None:
    """Put a dataset in the place of what was there, within the caller's transaction."""
    record = built.record
    remove(connection, record.id)
    own = {column.name for column in schema.datasets.columns}
    row = {key: value for key, value in msgspec.to_builtins(record).items() if key in own}
    connection.execute(schema.datasets.insert(), {**row, "position": position})
    _share_grids(connection, record)
    for table, rows in _rows(built):
        if rows:
            connection.execute(table.insert(), [{"dataset": record.id, **row} for row in rows])


def remove(connection: sa.Connection, dataset: str) -> None:
    """Take a dataset out."""
    for table in _OF_DATASET:
        connection.execute(table.delete().where(table.c.dataset == dataset))
    connection.execute(schema.datasets.delete().where(schema.datasets.c.id == dataset))


def _share_grids(connection: sa.Connection, record: DatasetRecord) -> None:
    known = set(connection.execute(sa.select(schema.grids.c.id)).scalars())
    for each in record.grids:
        if each.grid.id not in known:
            known.add(each.grid.id)
            row = {name: msgspec.to_builtins(getattr(each.grid, name)) for name in ("id", "kind", "shape", "bounds")}
            connection.execute(schema.grids.insert(), row)


def _rows(built: Built) -> list[tuple[sa.Table, list[Row]]]:
    record = built.record
    told: list[Row] = [{"file": each.file, "variable": None, "reason": each.reason} for each in record.problems]
    told += [{"file": None, "variable": each.variable, "reason": each.reason} for each in record.left_out]
    steps = [
        {"time": number, "file": each.file, "raw": each.raw, "seconds": each.seconds, "position": each.position}
        for number, parts in enumerate(built.steps)
        for each in parts
    ]
    times = [
        {"units": each.units, "calendar": each.calendar, "first": each.first, "last": each.last, "count": each.count}
        for each in record.times
    ]
    return [
        (schema.files, _numbered([_plain(each) for each in record.files])),
        (schema.problems, _numbered(told)),
        (schema.placements, _numbered([_placement(each) for each in record.grids])),
        (schema.depths, _numbered([_plain(each) for each in record.depths])),
        (schema.times, _numbered(times)),
        (schema.time_steps, steps),
        (schema.variables, _numbered([_plain(each) for each in record.variables])),
    ]


def _plain(one: msgspec.Struct) -> Row:
    # With every member: those with defaults too, which services do not send each other.
    return {field.name: msgspec.to_builtins(getattr(one, field.name)) for field in msgspec.structs.fields(one)}


def _placement(one: GridRecord) -> Row:
    grid = _plain(one.grid)
    names = {"id": grid.pop("id"), **{name: grid.pop(name) for name in _ONLY_GRID}}
    return {"grid": names["id"], "footprint": one.footprint, **grid}


def _numbered(rows: list[Row]) -> list[Row]:
    return [{"number": number, **row} for number, row in enumerate(rows)]


def read_all(connection: sa.Connection) -> list[DatasetRecord]:
    """Every dataset, in the order of the configuration, without its time steps."""
    grids = {row.id: _dict(row) for row in connection.execute(sa.select(schema.grids))}
    of = {table.name: _by_dataset(connection, table) for table in _OF_DATASET if table is not schema.time_steps}
    axis_files = _axis_files(connection)
    rows = connection.execute(sa.select(schema.datasets).order_by(schema.datasets.c.position, schema.datasets.c.id))
    found = []
    for row in rows:
        own = {name: table.get(row.id, []) for name, table in of.items()}
        told = own["problems"]
        parts = {
            "files": msgspec.convert(own["files"], list[File]),
            "grids": [_grid(each, grids[each["grid"]]) for each in own["placements"]],
            "depths": msgspec.convert(own["depths"], list[DepthAxis]),
            "times": [
                msgspec.convert({**each, "files": axis_files.get((row.id, each["number"]), [])}, TimeAxis)
                for each in own["times"]
            ],
            "variables": msgspec.convert(own["variables"], list[VariableRecord]),
            "problems": [FileProblem(file=each["file"], reason=each["reason"]) for each in told if each["file"]],
            "left_out": [
                VariableProblem(variable=each["variable"], reason=each["reason"]) for each in told if each["variable"]
            ],
        }
        found.append(msgspec.convert({**_dict(row), **parts}, DatasetRecord))
    return found


def _dict(row: sa.Row[Any]) -> Row:
    """A row by names that are plain text."""
    return {str(name): value for name, value in zip(row._fields, row, strict=True)}


def _by_dataset(connection: sa.Connection, table: sa.Table) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in connection.execute(sa.select(table).order_by(table.c.dataset, table.c.number)):
        found.setdefault(row.dataset, []).append(_dict(row))
    return found


def _axis_files(connection: sa.Connection) -> dict[tuple[str, int], list[int]]:
    steps = schema.time_steps.c
    found: dict[tuple[str, int], list[int]] = {}
    for dataset, time, file in connection.execute(
        sa.select(steps.dataset, steps.time, steps.file).order_by(steps.dataset, steps.time, steps.file)
    ):
        found.setdefault((dataset, time), []).append(file)
    return found


def _grid(row: Row, shared: Row) -> GridRecord:
    whole = {**row, **{name: shared[name] for name in _ONLY_GRID}, "id": row["grid"]}
    return GridRecord(grid=msgspec.convert(whole, Grid), footprint=row["footprint"])


def read_steps(connection: sa.Connection, dataset: str, time: int) -> list[TimePart]:
    """The steps of one time axis, in the order of the files."""
    steps = schema.time_steps
    rows = connection.execute(
        sa.select(steps.c.file, steps.c.raw, steps.c.seconds, steps.c.position)
        .where(steps.c.dataset == dataset, steps.c.time == time)
        .order_by(steps.c.file)
    )
    return [TimePart(file=file, raw=raw, seconds=seconds, position=at) for file, raw, seconds, at in rows]
