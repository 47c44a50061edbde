"""Depth levels: which one was asked for, how deep it is, and which is the bottom."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, DepthAxis
from ocean_core.errors import DepthNotFound, InvalidRequest

Depth = int | Literal["bottom", "all", "mean"]
WORDS = ("bottom", "all")  # what an address may say where it does not say that it may say more


def parse(text: str, words: tuple[str, ...] = WORDS) -> Depth:
    """Read a depth as it is written in an address: the index of a level, or one of ``words``."""
    if text in words:
        return text  # type: ignore[return-value]  # `words` are some of WORDS
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 9:
        return int(text)
    raise InvalidRequest(
        "depth {text!r} is neither the index of a level (0 is the first) nor one of {text2}",
        text=text,
        text2=", ".join(words),
        field="depth",
        allowed=("0", *words),
    )


def check(assets: Assets, depth: Depth) -> None:
    """Refuse a level that the variable does not have."""
    if not isinstance(depth, int):
        return
    count = len(assets.depth.values) if assets.depth else 1
    if 0 <= depth < count:
        return
    name = assets.variable.key
    if assets.depth is None:
        raise DepthNotFound(
            "{name} has no depth: 0 and bottom are its only level", name=name, field="depth", allowed=("0", "bottom")
        )
    raise DepthNotFound(
        "{name} has no depth level {depth}; its levels are 0 to {count}, or bottom",
        name=name,
        depth=depth,
        count=count - 1,
        field="depth",
        allowed=(f"0..{count - 1}", "bottom"),
    )


def metres(axis: DepthAxis | None) -> list[float | None]:
    """Depth of each level in m, positive down; None where a level is no depth."""
    if axis is None:
        return [None]
    if axis.kind == "depth":
        return list(axis.values)
    if axis.kind == "height":
        return [-value for value in axis.values]
    return [None] * len(axis.values)


def deepest_first(axis: DepthAxis) -> list[int]:
    """The levels of an axis from the sea floor up."""
    values = np.asarray(axis.values)
    # Heights and s-levels grow upwards: -1 is the floor.
    downwards = values if axis.kind == "depth" or (axis.kind == "sigma" and (values > 0).any()) else -values
    if axis.kind == "index":
        # Numbered from the surface, unless the numbers are the file's own: those can mean anything.
        downwards = values if (np.sort(values) == np.arange(values.size)).all() else np.arange(values.size)
    return [int(level) for level in np.argsort(-downwards, kind="stable")]


def bottom_level(values: NDArray[np.floating], order: list[int]) -> NDArray[np.intp]:
    """Level of the deepest wet cell in each column.

    Parameters
    ----------
    values : ndarray, shape (..., depth, cell)
        NaN over land and below the sea floor.
    order : list of int
        The levels from the sea floor up.

    Returns
    -------
    ndarray of int, shape (..., cell)
        Index along ``depth``; -1 over land.
    """
    wet = ~np.isnan(values[..., order, :])
    levels = np.asarray(order)[wet.argmax(axis=-2)]
    return np.where(wet.any(axis=-2), levels, -1)


def bottom_values(values: NDArray[np.float64], levels: NDArray[np.intp]) -> NDArray[np.float64]:
    """The values at ``levels``, shape (..., cell), of ``values``, shape (..., depth, cell)."""
    taken = np.take_along_axis(values, np.maximum(levels, 0)[..., np.newaxis, :], axis=-2)[..., 0, :]
    return np.where(levels >= 0, taken, np.nan)
