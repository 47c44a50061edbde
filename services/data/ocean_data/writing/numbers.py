"""Numbers as text: the shortest that reads back as the same number, on whole arrays at once."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

_DIGITS = (6, 7, 8, 9)  # six are always enough for what was written with six; nine for every float32
_EXACT = 22  # powers of ten up to this are float64 without error


def shortest_decimals(values: NDArray[Any]) -> NDArray[Any]:
    """Float32 as the float64 that is written as shortly: 0.3, not 0.30000001192092896. Others stay."""
    if values.dtype != np.float32:
        return values
    flat = values.ravel()
    result = flat.astype(np.float64)
    remaining = np.flatnonzero(np.isfinite(flat) & (flat != 0))
    size = np.floor(np.log10(np.abs(result[remaining]))).astype(np.int64)
    far = (_DIGITS[-1] - 1 - size > _EXACT) | (size - _DIGITS[0] + 1 > _EXACT)
    result[remaining[far]] = [float(str(value)) for value in flat[remaining[far]]]
    remaining, size = remaining[~far], size[~far]
    for digits in _DIGITS:
        power = digits - 1 - size
        scale, wide = 10.0 ** np.abs(power), flat[remaining].astype(np.float64)
        # Both the whole number and the power of ten are exact, so that only the last operation rounds: correctly.
        rounded = np.where(power >= 0, np.rint(wide * scale) / scale, np.rint(wide / scale) * scale)
        same = rounded.astype(np.float32) == flat[remaining]
        result[remaining[same]] = rounded[same]
        remaining, size = remaining[~same], size[~same]
    return result.reshape(values.shape)


def nest_numbers(values: NDArray[Any]) -> Any:
    """Lists in lists; what is not finite is written as null by the encoder."""
    return shortest_decimals(values).tolist()


def format_numbers(values: NDArray[Any], absent: bytes) -> list[bytes]:
    """Every number as text, flat; ``absent`` for what is not finite."""
    if not values.size:
        return []
    written = msgspec.json.encode(shortest_decimals(values).ravel().tolist())[1:-1]
    return written.replace(b"null", absent).split(b",")
