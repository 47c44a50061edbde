"""Index databases that teams have: SQLite files that name the data files of a dataset, their variables and times.

The files themselves are read as well: what they say counts, and what they do not say is taken from the database. A
variable is served whatever its name is.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from ocean_common import dataset_uri
from ocean_core.messages import MessageError

# What the tool that writes them puts where a file says nothing: the least and the greatest of 32 bits.
_LEAST, _GREATEST = 1.17549e-38, 3.40282e38
_FILES = "SELECT filepath FROM Filepaths ORDER BY id"
_VARIABLES = "SELECT variable, units, longName, validMin, validMax FROM Variables"


class NoIndex(MessageError):
    """A database that is not such an index, and why."""


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken of index databases."""

    files: list[str]
    variables: dict[str, dict[str, Any]]  # attributes by name


def read_all(paths: Sequence[str]) -> Index:
    """Read index databases; NoIndex if one is none."""
    found = [_read(path, *_state(path)) for path in paths]
    return Index(
        files=[file for each in found for file in each.files],
        variables={name: one for each in found for name, one in each.variables.items()},
    )


def _state(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except OSError as error:
        raise NoIndex("{name} cannot be read: {strerror}", name=Path(path).name, strerror=error.strerror) from error
    return found.st_size, found.st_mtime_ns


@lru_cache(64)
def _read(path: str, _size: int, _mtime_ns: int) -> Index:
    """One database, read again when it changes; never written, nor given a journal."""
    address = f"{Path(path).as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as database:
            files = [str(name) for (name,) in database.execute(_FILES)]
            variables = database.execute(_VARIABLES).fetchall()
    except sqlite3.Error as error:
        raise NoIndex("{name} is not an index database: {error}", name=Path(path).name, error=error) from error
    known = {str(name): _attributes(*told) for name, *told in variables}
    return Index(files=[_absolute(each, Path(path).parent) for each in files], variables=known)


def _attributes(units: object, long_name: object, low: object, high: object) -> dict[str, Any]:
    texts = {
        name: text for name, text in (("units", units), ("long_name", long_name)) if isinstance(text, str) and text
    }
    told = isinstance(low, float | int) and isinstance(high, float | int) and low != _LEAST and high < _GREATEST
    return texts | ({"valid_min": low, "valid_max": high} if told else {})


def _absolute(path: str, folder: Path) -> str:
    return path if dataset_uri.is_remote(path) else str((folder / dataset_uri.local(path)).absolute())
