"""Zarr stores of version 2 and 3: local folders, and those in object storage."""

import base64
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import zarr
from zarr.errors import BaseZarrError, GroupNotFoundError

from ocean_common import dataset_uri
from ocean_metadata.index.reasons import Unreadable
from ocean_metadata.index.stores import objects

_TEXT = "str"


class ZarrVariable:
    """An array, with the surface of a NetCDF variable."""

    def __init__(self, name: str, array: "zarr.Array[Any]") -> None:
        self.name = name
        self.shape = array.shape
        self.dtype = array.dtype if np.dtype(array.dtype).kind in "iufbSU" else _TEXT
        attributes = dict(array.attrs)
        told: Any = attributes.pop("_ARRAY_DIMENSIONS", None) or getattr(array.metadata, "dimension_names", None)
        told = told or [f"{name}_{place}" for place in range(len(self.shape))]
        self.dimensions = tuple(each or f"{name}_{place}" for place, each in enumerate(told))
        self._array = array
        self._attributes = _with_fill(attributes, array)

    def ncattrs(self) -> list[str]:
        return list(self._attributes)

    def getncattr(self, name: str) -> Any:
        return self._attributes[name]

    def __getitem__(self, index: Any) -> Any:
        # An empty index is the only one of a scalar.
        return self._array[index if self.shape else ()]


class ZarrStore:
    """A group, with the surface of a NetCDF dataset."""

    def __init__(self, group: zarr.Group) -> None:
        self.variables = {name: ZarrVariable(name, each) for name, each in sorted(group.arrays())}
        self.groups = sorted(group.group_keys())
        self.dimensions = _dimensions(self.variables)
        self._attributes = dict(group.attrs)

    def ncattrs(self) -> list[str]:
        return list(self._attributes)

    def getncattr(self, name: str) -> Any:
        return self._attributes[name]


def stamp(path: str) -> tuple[int, int]:
    """Of the documents that describe a store."""
    if not dataset_uri.is_remote(path):
        return dataset_uri.folder_stamp(path)
    for name in dataset_uri.ZARR_ROOTS:
        try:
            return objects.stamp(f"{path.rstrip('/')}/{name}")
        except FileNotFoundError:
            continue
    raise FileNotFoundError(path)


@contextmanager
def opened(path: str) -> Iterator[ZarrStore]:
    """Open a store."""
    try:
        yield ZarrStore(zarr.open_group(_place(path), mode="r"))
    except GroupNotFoundError as error:
        raise FileNotFoundError(path) from error
    except (BaseZarrError, KeyError) as error:
        raise Unreadable("its Zarr metadata cannot be understood: {error}", error=error) from error


def _place(path: str) -> Any:
    return objects.zarr_store(path) if dataset_uri.is_remote(path) else dataset_uri.local(path)


def _dimensions(variables: Mapping[str, ZarrVariable]) -> dict[str, range]:
    """The lengths of dimensions, as something that has a length."""
    found: dict[str, range] = {}
    for one in variables.values():
        for name, size in zip(one.dimensions, one.shape, strict=True):
            if len(found.setdefault(name, range(size))) != size:
                raise Unreadable(
                    "its dimension {name} has two lengths: {count} and {size}",
                    name=name,
                    count=len(found[name]),
                    size=size,
                )
    return found


def _with_fill(attributes: dict[str, Any], array: "zarr.Array[Any]") -> dict[str, Any]:
    """Attributes with `_FillValue` as NetCDF has it: version 2 keeps it beside them, version 3 floats in base 64."""
    fill = attributes.get("_FillValue")
    if fill is None and array.metadata.zarr_format == 2 and array.fill_value is not None:
        return {**attributes, "_FillValue": np.asarray(array.fill_value)[()]}
    if isinstance(fill, str) and np.dtype(array.dtype).kind == "f":
        (number,) = struct.unpack("<d", base64.standard_b64decode(fill))
        return {**attributes, "_FillValue": number}
    return attributes
