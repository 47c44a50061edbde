"""Chooses some of many stations: always the same ones, spread evenly over time and platforms."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

ENOUGH = 500  # stations on a map
LEVELS = 20

_GOLDEN = 2_654_435_769  # 2**32 divided by the golden ratio, odd
_BITS = 32

T = TypeVar("T")


def level(number: int) -> int:
    """On which level of thinning a station is: half of all are on level 0, a quarter on level 1, and so on.

    Multiples of the golden ratio spread evenly between 0 and 1 over any run of numbers, and over every third, seventh
    or hundredth of them too. Stations are numbered as they are imported, platform by platform along time.
    """
    spread: int = number * _GOLDEN % (1 << _BITS)
    return min(_BITS - spread.bit_length(), LEVELS - 1)


def evenly(found: Sequence[T], count: int = ENOUGH) -> list[T]:
    """``count`` of the elements, at even distances, the first and the last among them."""
    if len(found) <= count:
        return list(found)
    return [found[place] for place in np.linspace(0, len(found) - 1, count).round().astype(int)]
