"""What a path leads to: a table from its kind to the module that tells its state (`stamp`) and opens it (`opened`).

Whatever is opened has the surface of a `netCDF4.Dataset` that the readers of headers use: see `Opened`.
"""

import importlib
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

from ocean_common import dataset_uri

Stamp = tuple[int, int]  # size and mtime_ns, or what stands for them (`ocean_common.dataset_uri`)

# Imported when they are first needed: Zarr, Icechunk and object storage take half a second together.
MODULES: dict[dataset_uri.Kind, str] = {
    "file": f"{__name__}.files",
    "zarr": f"{__name__}.zarrs",
    "icechunk": f"{__name__}.icechunks",
    "opendap": f"{__name__}.opendap",
    "object": f"{__name__}.objects",
}


class Attributed(Protocol):
    """What has attributes."""

    def ncattrs(self) -> Iterable[str]:
        """Their names."""

    def getncattr(self, name: str) -> Any:
        """The value of one."""


class Variable(Attributed, Protocol):
    """A variable as stored: packed, with its missing values."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def dtype(self) -> Any:
        """Of its stored values."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names of its dimensions."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Their lengths."""

    def __getitem__(self, index: Any) -> Any:
        """Its values."""


class Opened(Attributed, Protocol):
    """A file or store."""

    @property
    def variables(self) -> Mapping[str, Variable]:
        """By their names."""

    @property
    def dimensions(self) -> Mapping[str, Any]:
        """By their names; `len` is their length."""

    @property
    def groups(self) -> Iterable[str]:
        """The names of the groups beneath."""


class Store(Protocol):
    """How one kind of path is treated: one module of this folder each."""

    def stamp(self, path: str) -> Stamp:
        """What changes when a file or store does; OSError or Unreadable where there is none."""

    def opened(self, path: str) -> AbstractContextManager[Opened]:
        """Open a file or store."""


def stamp(path: str) -> Stamp:
    """What changes when a file or store does; OSError or Unreadable where there is none."""
    return _store(path).stamp(path)


def opened(path: str) -> AbstractContextManager[Opened]:
    """Open a file or store."""
    return _store(path).opened(path)


def _store(path: str) -> Store:
    return cast(Store, importlib.import_module(MODULES[dataset_uri.kind_of(path)]))


def attribute(one: Attributed, name: str, default: Any = None) -> Any:
    """An attribute, or the default."""
    return one.getncattr(name) if name in one.ncattrs() else default
