"""Numpy arrays as they cross a border: their type, shape and bytes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Array


def pack_array(values: NDArray[Any]) -> Array:
    """Pack an array as little-endian bytes."""
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return Array(dtype=little.dtype.str, shape=values.shape, data=little.tobytes())


def unpack_array(array: Array) -> NDArray[Any]:
    """Unpack an array; it is read-only, since it shares the bytes."""
    return np.frombuffer(array.data, dtype=array.dtype).reshape(array.shape)
