"""Mapbox vector tiles, version 2: shapes as small integers in a square of 4096."""

from collections.abc import Iterable, Sequence
from enum import IntEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

EXTENT = 4096
BUFFER = 64  # around the square: strokes are cut where nobody sees it

MOVE, LINE, CLOSE = 1, 2, 7
_VARINT, _BYTES = 0, 2  # wire types of protocol buffers


class Kind(IntEnum):
    """What a shape is."""

    LINES = 2
    POLYGON = 3


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A shape and what is known of it."""

    kind: Kind
    parts: Sequence[NDArray[np.floating]]  # lines, or rings of which the first is the outer one: (vertex, 2), in EXTENT
    attributes: dict[str, int] = {}


def encode(name: str, features: Iterable[Feature]) -> bytes:
    """Write a tile of one layer; what is too small to be seen is left out, and an empty tile has no bytes."""
    keys: list[str] = []
    values: list[int] = []
    written = []
    for feature in features:
        geometry = _geometry(feature)
        if not geometry:
            continue
        tags = []
        for key, value in feature.attributes.items():
            tags += [_position(keys, key), _position(values, value)]
        parts = [_field(2, _varints(tags))] if tags else []
        written.append(_field(2, b"".join([*parts, _number(3, feature.kind), _field(4, _varints(geometry))])))
    if not written:
        return b""
    named = [_field(3, key.encode()) for key in keys] + [_field(4, _number(5, value)) for value in values]
    layer = b"".join([_number(15, 2), _field(1, name.encode()), *written, *named, _number(5, EXTENT)])
    return _field(3, layer)


def _geometry(feature: Feature) -> list[int]:
    """Commands: move, line and close, each from where the last has ended."""
    commands: list[int] = []
    at = np.zeros(2, dtype=np.int64)
    closed = feature.kind == Kind.POLYGON
    for number, part in enumerate(feature.parts):
        points = _points(part, closed=closed)
        if closed and len(points) >= 3:
            area = _area(points)
            if (area > 0) != (number == 0):
                points = points[::-1]  # an outer ring is clockwise, as seen with y downwards, and a hole is not
        if len(points) < (3 if closed else 2) or (closed and not area):
            if closed and number == 0:
                return []
            continue
        steps = np.diff(points, axis=0, prepend=at[np.newaxis])
        zigzag = (steps << 1) ^ (steps >> 63)
        commands += [MOVE | 1 << 3, *zigzag[0].tolist(), LINE | len(points) - 1 << 3, *zigzag[1:].ravel().tolist()]
        if closed:
            commands.append(CLOSE | 1 << 3)
        at = points[-1]
    return commands


def _points(part: NDArray[np.floating], *, closed: bool) -> NDArray[np.int64]:
    """Whole numbers, none twice in a row."""
    points = np.rint(part).astype(np.int64)
    kept = np.ones(len(points), dtype=bool)
    kept[1:] = (points[1:] != points[:-1]).any(axis=1)
    points = points[kept]
    ends = closed and len(points) > 1 and bool((points[0] == points[-1]).all())
    return np.asarray(points[:-1] if ends else points)


def _area(points: NDArray[np.int64]) -> int:
    """Twice the area of a ring; positive if it is clockwise with y downwards."""
    x, y = points.T
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


def _position(known: list[object] | list[str] | list[int], value: object) -> int:
    if value not in known:
        known.append(value)  # type: ignore[arg-type] # of the kind that the list has
    return known.index(value)  # type: ignore[arg-type] # as above


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _varints(values: Sequence[int]) -> bytes:
    """Numbers below 2³⁵, seven bits a byte."""
    known = np.asarray(values, dtype=np.uint64)[:, np.newaxis]
    shifts = np.arange(0, 35, 7, dtype=np.uint64)
    rest = known >> shifts
    part = (rest & np.uint64(0x7F)).astype(np.uint8)
    part[:, :-1] |= (rest[:, 1:] > 0).astype(np.uint8) << 7
    used = rest > 0
    used[:, 0] = True
    return part[used].tobytes()
