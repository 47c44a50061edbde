"""Prints of coordinates: a few numbers by which the places of two files are compared without their coordinates."""

import hashlib
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PART_OF_CELL = 1e-3  # coordinates that differ by less are the same
_COUNT = 16  # projections: their mean square is that of the differences to about a third
_BLOCK = 4096  # values that are projected at once


class CoordinatePrint(msgspec.Struct, frozen=True):
    """Digest of a coordinate, and its projections on random directions.

    Two coordinates whose projections differ by p have a root mean square difference of about the root mean square of p
    (Johnson and Lindenstrauss 1984; Alon, Matias and Szegedy 1996).
    """

    digest: str
    tolerance: float = 0.0  # root mean square difference of coordinates that are the same, in their units
    projections: list[float] = []  # none: only equal digests are the same


def print_coordinate(values: Floats, shape: tuple[int, ...], *, cyclic: bool, exact: bool) -> CoordinatePrint:
    """Make the print of a coordinate.

    Parameters
    ----------
    values : ndarray, shape (cell,) or (row, x)
        An axis whole, or some rows of a 2-D coordinate; NaN where there is none.
    shape : tuple of int
        Shape of the coordinate in the file.
    cyclic : bool
        Degrees around a circle: 0 and 360 are the same.
    exact : bool
        Every difference counts, as between numbers of nodes.
    """
    digest = hashlib.blake2b(values.tobytes(), digest_size=12)
    digest.update(repr(shape[-2:]).encode())
    if exact or not values.size:
        return CoordinatePrint(digest.hexdigest())
    flat = np.nan_to_num(values).ravel()
    angle = np.radians(flat)
    parts = [np.degrees(np.cos(angle)), np.degrees(np.sin(angle))] if cyclic else [flat]
    projections = [number for part in parts for number in _project(part).tolist()]
    rounding = float(np.spacing(np.abs(flat).max().astype(np.float32)))
    tolerance = max(PART_OF_CELL * _cell_size(values, shape), rounding)
    return CoordinatePrint(digest.hexdigest(), tolerance, projections)


def is_same_place(first: CoordinatePrint | None, second: CoordinatePrint | None) -> bool:
    """Return True if two coordinates of one shape agree within a part of a cell."""
    if first is None or second is None or first.digest == second.digest:
        return first is second or (first is not None and second is not None)
    if not first.projections or len(first.projections) != len(second.projections):
        return False
    difference = np.subtract(first.projections, second.projections)
    return bool(np.sqrt((difference**2).sum() / _COUNT) <= min(first.tolerance, second.tolerance))


def _project(values: Floats) -> Floats:
    """Project values, (value,), on random directions: (projection,), for a mean over the values."""
    blocks = [values[start : start + _BLOCK] for start in range(0, values.size, _BLOCK)]
    total = sum((_make_signs(number)[:, : block.size] @ block for number, block in enumerate(blocks)), np.zeros(_COUNT))
    projections: Floats = total / np.sqrt(values.size)
    return projections


@lru_cache(maxsize=16)
def _make_signs(number: int) -> Floats:
    return np.random.default_rng(number).choice([-1.0, 1.0], (_COUNT, _BLOCK))


def _cell_size(values: Floats, shape: tuple[int, ...]) -> float:
    """Return the distance of neighbours, in the units of the coordinate; 0 where there is one value only."""
    finite = values[np.isfinite(values)]
    if finite.size < 2:
        return 0.0
    along = float(np.nan_to_num(np.nanmedian(np.abs(np.diff(values, axis=-1))))) if values.shape[-1] > 1 else 0.0
    if values.ndim == 1:
        # The nodes of a mesh follow each other in any order.
        return min(along, float(np.ptp(finite) / np.sqrt(finite.size)))
    across = np.abs(values[-1] - values[0]) / max(1, shape[-2] - 1)
    return max(along, float(np.nanmedian(across)) if np.isfinite(across).any() else 0.0)
