"""How an array crosses a border: its type, its shape and its bytes, never a list of numbers."""

import msgspec


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """An n-dimensional array in C order."""

    dtype: str  # as numpy spells it, with byte order: "<f4"
    shape: tuple[int, ...]
    data: bytes
