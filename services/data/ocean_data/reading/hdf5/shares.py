"""Which chunks a window needs, and what each of them gives to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from ocean_common.contracts.assets import Dimension
from ocean_data.reading.hdf5.index import Index
from ocean_data.reading.hdf5.kernels import Share
from ocean_data.reading.windows import ORDER, Picks, roles_of

Shape = tuple[int, int, int, int]
# Along one dimension: chunk, first place in it, first place in the window, count, and whether that is all of it.
Span = tuple[int, int, int, int, bool]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A chunk that a window needs."""

    chunk: tuple[int, ...]  # position in the grid of chunks
    share: Share
    whole: bool  # all of it that lies within the array is needed


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A window, and how it is put together."""

    shape: Shape  # (time, depth, y, x)
    spans: tuple[tuple[Span, ...], ...]  # per dimension of the file
    axes: tuple[int | None, ...]  # per role of ORDER: its dimension in the file
    strides: Shape
    steps: tuple[int, ...]  # like `strides`, by the dimensions of the file

    @property
    def count(self) -> int:
        """How many chunks it needs."""
        number = 1
        for spans in self.spans:
            number *= len(spans)
        return number

    @cached_property
    def wanted(self) -> tuple[Wanted, ...]:
        """The chunks, in the order of the file's dimensions."""
        return tuple(self._wanted())

    def _wanted(self) -> Iterator[Wanted]:
        for spans in product(*self.spans):
            first = sum(span[1] * step for span, step in zip(spans, self.steps, strict=True))
            at = [(0, 1) if axis is None else (spans[axis][2], spans[axis][3]) for axis in self.axes]
            (t, nt), (d, nd), (y, ny), (x, nx) = at
            share = Share(first=first, strides=self.strides, target=(t, d, y, x), counts=(nt, nd, ny, nx))
            yield Wanted(chunk=tuple(span[0] for span in spans), share=share, whole=all(span[4] for span in spans))


def plan(index: Index, dimensions: Sequence[Dimension], picks: Picks, field: tuple[int, int]) -> Plan | None:
    """How a window is put together from chunks; None if the file is not as the catalogue says.

    `field` is the size (y, x) of the whole grid.
    """
    roles = roles_of(dimensions)
    known = [role for role in roles if role in ORDER]
    if index.dimensions != tuple(one.name for one in dimensions) or len(set(known)) != len(known):
        return None
    ranges = []
    for role, size in zip(roles, index.shape, strict=True):
        pick = picks.get(role, slice(None)) if role in ORDER else slice(0, 1)
        start, stop = pick.start or 0, size if pick.stop is None else pick.stop
        if not 0 <= start < stop <= size or pick.step not in {None, 1}:
            return None
        ranges.append((start, stop))
    starts, stops = zip(*ranges, strict=True)
    axes = tuple(roles.index(role) if role in known else None for role in ORDER)
    nt, nd, ny, nx = (1 if axis is None else stops[axis] - starts[axis] for axis in axes)
    if (ny, nx) != tuple(
        len(range(size)[picks.get(role, slice(None))]) for role, size in zip("yx", field, strict=True)
    ):
        return None
    steps = _steps(index.chunks)
    st, sd, sy, sx = (0 if axis is None else steps[axis] for axis in axes)
    return Plan(
        shape=(nt, nd, ny, nx),
        spans=tuple(map(_spans, starts, stops, index.chunks, index.shape)),
        axes=axes,
        strides=(st, sd, sy, sx),
        steps=steps,
    )


def _steps(chunks: tuple[int, ...]) -> tuple[int, ...]:
    """How many numbers lie between neighbours along each dimension of a chunk."""
    steps = [1]
    for size in chunks[:0:-1]:
        steps.append(steps[-1] * size)
    return tuple(reversed(steps))


def _spans(start: int, stop: int, chunk: int, size: int) -> tuple[Span, ...]:
    found = []
    for number in range(start // chunk, (stop - 1) // chunk + 1):
        first, end = number * chunk, min(number * chunk + chunk, size)
        low, high = max(start, first), min(stop, end)
        found.append((number, low - first, low - start, high - low, (low, high) == (first, end)))
    return tuple(found)
