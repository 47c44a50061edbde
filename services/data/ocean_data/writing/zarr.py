"""Documents and chunks of Zarr stores (version 3 of the format, and 2 for older clients).

Clients over HTTP cannot list: all metadata stand in the first document too ("consolidated"), as xarray reads them.
"""

import base64
import gzip
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numcodecs import Fletcher32
from numpy.typing import NDArray

from ocean_core.packing import as_stored, read_numbers
from ocean_data.plan.chunk_layout import ChunkLayout
from ocean_data.reading.aggregation import Aggregation
from ocean_data.reading.chunk_index import Index

Document = dict[str, Any]
LEVEL = 1  # of the compression of chunks that are made: they wait for it

# The filters of HDF5 as codecs (numcodecs): name, configuration by the bytes of a number.
CODECS = {"shuffle": "shuffle", "deflate": "zlib", "fletcher32": "fletcher32"}
DOCUMENTS = {"zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata"}


def write_group(aggregation: Aggregation, layouts: Mapping[str, ChunkLayout]) -> dict[str, Document]:
    """Write all documents of a store, by their names in it."""
    attributes = write_attributes(aggregation.attributes)
    arrays = {name: _write_array(layout) for name, layout in layouts.items()}
    documents: dict[str, Document] = {
        "zarr.json": {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": attributes,
            "consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": arrays},
        },
        ".zgroup": {"zarr_format": 2},
        ".zattrs": attributes,
    }
    older: dict[str, Document] = {".zgroup": documents[".zgroup"], ".zattrs": attributes}
    for name, layout in layouts.items():
        documents[f"{name}/zarr.json"] = arrays[name]
        older |= {f"{name}/.zarray": _write_older_array(layout), f"{name}/.zattrs": _write_older_attributes(layout)}
    documents |= older
    documents[".zmetadata"] = {"zarr_consolidated_format": 1, "metadata": older}
    return documents


def _write_array(layout: ChunkLayout) -> Document:
    variable = layout.variable
    attributes = write_attributes(variable.attributes)
    if "_FillValue" in attributes and variable.dtype.kind == "f":
        # As xarray writes it: JSON has no NaN.
        number = float(np.asarray(variable.attributes["_FillValue"]).ravel()[0])
        attributes["_FillValue"] = base64.standard_b64encode(struct.pack("<d", number)).decode()
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": variable.shape,
        "data_type": _name_type(variable.dtype),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": layout.chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": _write_fill(layout),
        "codecs": _list_codecs(layout),
        "attributes": attributes,
        "dimension_names": variable.dimensions,
        "storage_transformers": [],
    }


def _name_type(dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "S":
        return {"name": "null_terminated_bytes", "configuration": {"length_bytes": dtype.itemsize}}
    return dtype.name


def _write_fill(layout: ChunkLayout) -> Any:
    """Write the value of chunks that were never written."""
    dtype = layout.variable.dtype
    if dtype.kind == "S":
        return ""
    fill = layout.index.fill if layout.index is not None else None
    return _write_number(np.zeros(1, dtype)[0] if fill is None else fill.astype(dtype)[0])


def _write_number(value: np.generic) -> int | float | str:
    if not isinstance(value, np.floating):
        return int(value)
    if np.isfinite(value):
        return float(value)
    return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _list_codecs(layout: ChunkLayout) -> list[Document]:
    dtype, index = layout.variable.dtype, layout.index
    order = {} if dtype.kind == "S" or dtype.itemsize == 1 else {"endian": "little"}
    if index is None:
        return [
            {"name": "bytes", "configuration": order},
            {"name": "gzip", "configuration": {"level": LEVEL}},
        ]
    if order and index.dtype.byteorder == ">":
        order = {"endian": "big"}
    return [
        {"name": "bytes", "configuration": order},
        *(
            {"name": f"numcodecs.{CODECS[name]}", "configuration": _configure(name, dtype.itemsize)}
            for name in index.filters
        ),
    ]


def _configure(filter_name: str, itemsize: int) -> Document:
    return {"shuffle": {"elementsize": itemsize}, "deflate": {"level": LEVEL}}.get(filter_name, {})


# Version 2


def _write_older_array(layout: ChunkLayout) -> Document:
    variable, index = layout.variable, layout.index
    dtype = variable.dtype if index is None else index.dtype
    filters = (
        [] if index is None else [{"id": CODECS[name], **_configure(name, dtype.itemsize)} for name in index.filters]
    )
    compressor = {"id": "gzip", "level": LEVEL} if index is None else filters.pop() if filters else None
    numbers = read_numbers(variable.attributes.get("_FillValue")) if dtype.kind in "iuf" else []
    fill: Any = as_stored(variable.dtype, numbers[0]) if numbers else np.nan
    has_fill = bool(numbers) and (dtype.kind == "f" or np.isfinite(fill))
    return {
        "zarr_format": 2,
        "shape": variable.shape,
        "chunks": layout.chunks,
        "dtype": dtype.str,
        # Here this is the attribute too: what was never written is sent (see `encode_chunk`).
        "fill_value": _write_number(fill) if has_fill else None,
        "order": "C",
        "filters": filters or None,
        "compressor": compressor,
        "dimension_separator": ".",
    }


def _write_older_attributes(layout: ChunkLayout) -> Document:
    attributes = write_attributes(layout.variable.attributes)
    if layout.variable.dtype.kind in "iuf":
        attributes.pop("_FillValue", None)
    return attributes | {"_ARRAY_DIMENSIONS": layout.variable.dimensions}


# Attributes


def write_attributes(attributes: Mapping[str, Any]) -> Document:
    """Write attributes as JSON: numbers that it does not have as texts, but for those that only say what NaN is."""
    written = {name: _write_attribute(value) for name, value in attributes.items()}
    return {name: value for name, value in written.items() if not (name == "missing_value" and value == "NaN")}


def _write_attribute(value: Any) -> Any:
    if isinstance(value, str | bool):
        return value
    array = np.asarray(value)
    if array.dtype.kind in "iuf":
        numbers = [_write_number(number) for number in array.ravel()]
        return numbers[0] if array.ndim == 0 or array.shape == (1,) else numbers
    texts = [item.decode(errors="replace") if isinstance(item, bytes) else item for item in array.ravel().tolist()]
    return texts[0] if len(texts) == 1 else texts


# Chunks


def encode_chunk(values: NDArray[Any], layout: ChunkLayout) -> bytes:
    """Encode the numbers of a chunk as the documents say; those at the end of an array are filled up."""
    index, dtype = layout.index, layout.variable.dtype
    if values.shape != layout.chunks:
        whole = np.zeros(layout.chunks, dtype)
        if index is not None and index.fill is not None:
            whole[...] = index.fill.astype(dtype)[0]
        whole[tuple(map(slice, values.shape))] = values
        values = whole
    if index is None:
        return gzip.compress(
            values.astype(dtype.newbyteorder("<") if dtype.itemsize > 1 else dtype).tobytes(), LEVEL, mtime=0
        )
    return apply_filters(values.astype(index.dtype).tobytes(), index.filters, dtype.itemsize)


def pad_chunk(content: bytes, layout: ChunkLayout) -> bytes:
    """Fill a chunk up that ends with its array, as those without filters do: others are whole."""
    if layout.index is None or layout.index.filters:
        return content
    return content.ljust(layout.index.numbers * layout.index.dtype.itemsize, b"\0")


def apply_filters(content: bytes, filters: Sequence[str], itemsize: int) -> bytes:
    """Apply the filters of HDF5 to the bytes of a chunk."""
    for name in filters:
        if name == "shuffle":
            content = np.frombuffer(content, np.uint8).reshape(-1, itemsize).T.tobytes()
        elif name == "deflate":
            content = zlib.compress(content, LEVEL)
        else:
            content = bytes(Fletcher32().encode(content))
    return content


def is_sent_as_stored(index: Index, declared: Index) -> bool:
    """Return whether the chunks of a file are as those of the first file, which the documents describe."""
    names = ("dimensions", "chunks", "dtype", "filters")
    same_packing = repr(index.packing) == repr(declared.packing)  # NaN does not equal NaN
    return same_packing and all(getattr(index, name) == getattr(declared, name) for name in names)
