"""Rectilinear grids: latitude(y) and longitude(x), in any order, convention and spacing.

Great-circle neighbours are found by arithmetic: on a row, cells are the nearer the smaller the difference in
longitude; on a column, the nearest is the one nearest to the foot of the perpendicular. No tree, however large the
grid.
"""

import numpy as np
from numpy.typing import NDArray

from ocean_core.cells import place_axis
from ocean_core.geometry import EARTH_RADIUS, Floats, unit_vectors
from ocean_data.compute.region import SLACK, Region
from ocean_data.grids.base import (
    Bracket,
    Cells,
    Frame,
    Grid,
    Outlines,
    Positions,
    SortedAxis,
    Window,
    bilinear_corners,
    boxes,
    frame_of_axes,
)
from ocean_data.grids.corner_means import CornerMeans, Lines
from ocean_data.grids.means import suits_lanes
from ocean_data.grids.neighbours import Search, Weights, choose_nearest, chord_bound, weigh
from ocean_data.grids.rectilinear_means import RectilinearMeans, lay_blocks
from ocean_data.grids.search import cosine_and_sine, insert
from ocean_data.jit import kernel, kernel_part

LONE = 1.0  # degrees: the size of a cell along an axis of one point, where the other axis does not tell
WIDER_GAP = 1.5  # times: a gap so much wider than those beside it is none between cells
MOST = 225  # cells of a block
KM_PER_DEGREE = np.radians(1.0) * EARTH_RADIUS


class Rectilinear(Grid):
    """Cells at the crossings of parallels and meridians."""

    is_lattice = True
    fills_bounds = True

    def __init__(self, latitude: Floats, longitude: Floats) -> None:
        self.shape = (latitude.size, longitude.size)
        # Rows and columns without a place are never found.
        latitude, longitude = place_axis(latitude, "latitude"), place_axis(longitude, "longitude")
        self._latitude, self._longitude = latitude, longitude
        self._rows = SortedAxis.of(latitude)
        # Around the globe: where the file cuts the circle open does not matter.
        around = np.mod(longitude, 360.0)
        self._columns = SortedAxis.of(np.where(around > 360.0 - 1e-7, 0.0, around))
        # What each row and each column of the sorted axes adds to the flat index in the file.
        self._order = self._rows.order * np.int32(longitude.size), self._columns.order
        self._phi, self._lam = np.radians(self._rows.values), np.radians(self._columns.values)
        self._along, self._up = cosine_and_sine(self._lam), cosine_and_sine(self._phi)
        self.nbytes = 10 * (latitude.nbytes + longitude.nbytes)
        self._gaps, self._open = gaps_of(self._columns.values, 360.0)
        column_gap = float(np.median(self._gaps)) if self._gaps.size > 1 else LONE
        self._lone = float(np.median(np.diff(self._rows.values))) if self._rows.values.size > 1 else column_gap
        alone = self._gaps.size == 1
        self._widths = np.array([self._lone]) if alone else np.minimum(self._gaps, np.roll(self._gaps, 1))
        # Of the rows and columns in the file, km: heights, and widths at the equator.
        self._heights = (self._rows.spacing(self._lone) * KM_PER_DEGREE)[self._rows.position]
        self._breadths, self._across = (
            (self._widths * KM_PER_DEGREE)[self._columns.position],
            np.cos(np.radians(latitude)),
        )

    def nearest(self, latitude: Floats, longitude: Floats) -> Cells:
        lam = np.mod(longitude, 360.0)
        rows, columns = np.empty(lam.size, np.int64), np.empty(lam.size, np.int64)
        _nearest(self._phi, self._lam, np.radians(latitude), np.radians(lam), rows, columns)
        inside = self._rows.covers(latitude, self._lone) & self._covers(lam)
        return np.where(inside, self._order[0][rows] + self._order[1][columns], np.int32(-1))

    def nearest_on_lattice(self, latitude: Floats, longitude: Floats) -> Cells:
        lam = np.mod(longitude, 360.0)
        inside = self._rows.covers(latitude, self._lone), self._covers(lam)
        phi, cells = np.radians(latitude), np.full(latitude.size * lam.size, -1, np.int32)
        _nearest_on_lattice(self._phi, self._lam, phi, np.radians(lam), inside, self._order, cells)
        return cells

    def nearest_lines(self, latitude: Floats, longitude: Floats) -> tuple[Cells, Cells] | None:
        lam = np.mod(longitude, 360.0)
        phi, rows, columns = np.radians(latitude), np.empty(latitude.size, np.int64), np.empty(lam.size, np.int64)
        if not _nearest_lines(self._phi, self._lam, phi, np.radians(lam), rows, columns):
            return None
        (along, across), nowhere = self._order, np.int32(-1)
        inside = self._rows.covers(latitude, self._lone), self._covers(lam)
        return np.where(inside[0], along[rows], nowhere), np.where(inside[1], across[columns], nowhere)

    def corner_means_on_lattice(self, latitude: Floats, longitude: Floats, home: Cells) -> CornerMeans:
        brackets = self._rows.bracket(latitude), self._bracket(longitude)
        rows, columns = (
            Lines(order[before], order[after], fraction)
            for order, (before, after, fraction) in zip(self._order, brackets, strict=True)
        )
        return CornerMeans(home.reshape(latitude.size, longitude.size), rows, columns)

    def corners(self, latitude: Floats, longitude: Floats, home: Cells) -> tuple[Cells, Floats]:
        cells, weights = bilinear_corners(self._rows.bracket(latitude), self._bracket(longitude), self._order)
        cells[home < 0], weights[home < 0] = -1, 0.0
        return cells, weights

    def _bracket(self, longitude: Floats) -> Bracket:
        """The columns to the west and to the east of longitudes, and how far these are between them."""
        west, into = self._after_column(np.mod(longitude, 360.0))
        u = into / self._gaps[west]
        # Beyond the outermost column its value holds.
        return west, (west + 1) % self._gaps.size, np.where(west == self._open, np.where(u < 0.5, 0.0, 1.0), u)

    def _after_column(self, lam: Floats) -> tuple[Positions, Floats]:
        """The column to the west of longitudes, 0 to 360, and the degrees from there."""
        west = (np.searchsorted(self._columns.values, lam, side="right") - 1) % self._gaps.size
        return west, np.mod(lam - self._columns.values[west], 360.0)

    def _covers(self, lam: Floats) -> NDArray[np.bool_]:
        before, into = self._after_column(lam)
        after = (before + 1) % self._gaps.size
        near_west = into <= self._widths[before] / 2 + 1e-9
        near_east = self._gaps[before] - into <= self._widths[after] / 2 + 1e-9
        covered: NDArray[np.bool_] = (before != self._open) | near_west | near_east
        return covered

    def neighbours(self, latitude: Floats, longitude: Floats, home: Cells, search: Search) -> tuple[Cells, Weights]:
        count = min(search.most, self._phi.size * self._lam.size)
        cells, weights = np.empty((home.size, count), np.int32), np.empty((home.size, count), np.float32)
        axes = self._phi, self._lam, self._up, self._along
        gap = np.radians(float(np.median(self._gaps)))
        points = unit_vectors(latitude, longitude).reshape(-1, 3)
        walk_neighbours(axes, self._order, gap, points, home, search.within, search.gaussian, cells, weights)
        return cells, weights

    def means_on_lattice(
        self, latitude: Floats, longitude: Floats, home: Cells, search: Search
    ) -> RectilinearMeans | None:
        phi, lam = np.radians(latitude), np.radians(longitude)
        gap, limit = np.radians(float(np.median(self._gaps))), chord_bound(search.within.max())
        # The widest block that a row of the lattice needs: meridians run together towards the poles.
        rows = nearest_on_axis(self._phi, phi)
        sizes = [_size_of_block(self._phi, row, gap * self._up[row, 0], search.most, limit) for row in np.unique(rows)]
        around = max(high for high, _ in sizes), max(wide for _, wide in sizes)
        if not suits_lanes((phi.size, lam.size), (2 * around[0] + 1, 2 * around[1] + 1), search):
            return None
        columns = nearest_on_axis(self._lam, np.mod(lam, 2 * np.pi))
        blocks = lay_blocks((self._phi, self._lam), self._order, (phi, lam), (rows, columns), around)
        return RectilinearMeans(home.reshape(phi.size, lam.size), search, blocks)

    def centres(self, cells: Cells) -> tuple[Floats, Floats]:
        rows, columns = np.divmod(cells, self.shape[1])
        return self._latitude[rows], self._longitude[columns]

    def sizes(self, cells: Cells) -> Floats:
        rows, columns = np.divmod(cells, self.shape[1])
        longer: Floats = np.maximum(self._heights[rows], self._across[rows] * self._breadths[columns])
        return longer

    def window(self, region: Region) -> Window:
        latitude = np.flatnonzero((self._latitude >= region.south - SLACK) & (self._latitude <= region.north + SLACK))
        within = np.flatnonzero(region.within(self._longitude) & np.isfinite(self._longitude))
        # From the western edge on; a meridian that the file has twice is taken once.
        eastward = np.round(np.mod(self._longitude[within] - region.west + SLACK, 360.0), 7)
        columns = within[np.unique(eastward, return_index=True)[1]]
        window = Window(rows=latitude, columns=columns, width=self.shape[1])
        return window.within(region, self) if region.polygons and 0 not in window.shape else window

    def frame(self, window: Window, region: Region) -> Frame:
        latitude, longitude = self._latitude[window.rows], self._longitude[window.columns]
        # From the west of the region on: ascending over the date line.
        turns = np.floor((longitude - region.west + SLACK) / 360.0)
        return frame_of_axes(latitude, longitude - 360.0 * turns)

    def areas(self, window: Window) -> Floats:
        """Areas between the middles to the neighbours: exact."""
        (south, north), (west, east) = self._sides()
        band = np.sin(np.radians(north)) - np.sin(np.radians(south))
        areas: Floats = EARTH_RADIUS**2 * band[window.rows, np.newaxis] * np.radians(east - west)[window.columns]
        return areas

    def outlines(self, window: Window, stride: int = 1) -> Outlines | None:
        if 1 in self.shape:
            return None
        (south, north), (west, east) = self._sides()
        rows, columns = window.rows[::stride], window.columns[::stride]
        return boxes(south[rows], north[rows], west[columns], east[columns])

    def _sides(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """South and north of the cells of each row, west and east of those of each column: degrees."""
        south, north = cell_sides(self._rows, np.inf)
        return (np.clip(south, -90.0, 90.0), np.clip(north, -90.0, 90.0)), cell_sides(self._columns, 360.0)


def gaps_of(points: Floats, turn: float) -> tuple[Floats, int]:
    """Return the gap after each point of an axis that begins again after ``turn``; and in which it ends, or -1."""
    gaps = np.diff(points, append=points[0] + turn)
    # The widest gap is where the axis ends, unless it is like those beside it: there is then no end.
    widest = int(gaps.argmax())
    beside = max(gaps[widest - 1], gaps[(widest + 1) % gaps.size])
    return gaps, widest if gaps.size < 3 or gaps[widest] > WIDER_GAP * beside else -1


def cell_sides(axis: SortedAxis, turn: float) -> tuple[Floats, Floats]:
    """Return where the cell of each point in the file begins and ends; NaN for what is not a number."""
    points = np.round(axis.values, 7)
    after, end = gaps_of(points, turn)
    before = np.roll(after, 1)
    if end >= 0:
        first, lone = (end + 1) % points.size, points.size == 1
        after[end], before[first] = (LONE, LONE) if lone else (before[end], after[first])
    sides = np.append(points - before / 2, np.nan), np.append(points + after / 2, np.nan)
    return sides[0][axis.position], sides[1][axis.position]


def nearest_on_axis(points: Floats, values: Floats) -> Positions:
    """Return the nearest of the ascending points of an axis for each value."""
    return np.searchsorted((points[1:] + points[:-1]) / 2, values)


@kernel_part()
def _first_from(values, value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Return what `numpy.searchsorted` does, which takes numba ten times as long to compile."""
    low, high = 0, values.size
    while low < high:
        middle = (low + high) // 2
        if values[middle] >= value:
            high = middle
        else:
            low = middle + 1
    return low


@kernel_part()
def _column(lams, lam):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The nearest column of a longitude, and how far it is, in radians."""
    east = _first_from(lams, lam)
    column, least = 0, 10.0
    for neighbour in (east - 1, east):
        candidate = neighbour % lams.size
        apart = abs(lams[candidate] - lam)
        apart = min(apart, 2 * np.pi - apart)
        if apart < least:
            column, least = candidate, apart
    return column, least


@kernel_part()
def _row(phis, phi, least):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The row of the nearest cell in a column that is ``least`` away."""
    # The foot of the perpendicular from the point to the meridian of that column.
    foot = np.arctan2(np.sin(phi), np.cos(phi) * np.cos(least))
    row = _first_from(phis, foot)
    if row == phis.size or (row > 0 and foot - phis[row - 1] <= phis[row] - foot):
        row -= 1
    return row


@kernel()
def _nearest(phis, lams, phi, lam, rows, columns):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    for point in range(phi.size):
        columns[point], least = _column(lams, lam[point])
        rows[point] = _row(phis, phi[point], least)


@kernel_part()
def _columns(lams, lam, columns, leasts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The nearest column of each longitude and how far it is, and the least and the greatest of these: radians."""
    least, most = np.inf, -np.inf
    for i in range(lam.size):
        columns[i], leasts[i] = _column(lams, lam[i])
        least, most = min(least, leasts[i]), max(most, leasts[i])
    return least, most


@kernel()
def _nearest_on_lattice(phis, lams, phi, lam, inside, order, cells):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    columns, leasts = np.empty(lam.size, np.int64), np.empty(lam.size)
    least, most = _columns(lams, lam, columns, leasts)
    for j in range(phi.size):
        if not inside[0][j]:
            continue
        # The row moves towards the pole with the distance of the column: mostly by less than a cell.
        row = _row(phis, phi[j], least)
        straight = row == _row(phis, phi[j], most)
        for i in range(lam.size):
            if inside[1][i]:
                row = row if straight else _row(phis, phi[j], leasts[i])
                cells[j * lam.size + i] = order[0][row] + order[1][columns[i]]


@kernel()
def _nearest_lines(phis, lams, phi, lam, rows, columns):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The row of each parallel and the column of each meridian; returns whether no row depends on the meridian."""
    least, most = _columns(lams, lam, columns, np.empty(lam.size))
    for j in range(phi.size):
        rows[j] = _row(phis, phi[j], least)
        if rows[j] != _row(phis, phi[j], most):
            return False
    return True


# Walking to several neighbours


@kernel_part()
def _step(axes, own, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The nearest parallel and meridian of a point, from those of the point before."""
    _, _, up, along = axes
    (row, column), columns = own, len(along)
    while row + 1 < len(up) and abs(up[row + 1, 1] - z) < abs(up[row, 1] - z):
        row += 1
    while row > 0 and abs(up[row - 1, 1] - z) < abs(up[row, 1] - z):
        row -= 1
    for step in (1, columns - 1):
        beside = (column + step) % columns
        while along[beside, 0] * x + along[beside, 1] * y > along[column, 0] * x + along[column, 1] * y:
            column, beside = beside, (beside + step) % columns
    return row, column


@kernel()
def _size_of_block(phis, row, width, count, limit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Rows and columns on each side that mostly hold so many cells within a limit, a chord."""
    rows = min(row + 1, phis.size - 1) - max(row - 1, 0)
    height = (phis[min(row + 1, phis.size - 1)] - phis[max(row - 1, 0)]) / rows if rows else width
    width = max(width, height / MOST)
    radius = min(limit, np.sqrt(count * height * width / np.pi) + max(height, width) / 2)
    return int(np.ceil(max(radius / height - 0.5, 1.0))), int(np.ceil(max(radius / width - 0.5, 1.0)))


@kernel_part()
def _take_lines(axis, order, first, circular, lines, numbers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Take parallels or meridians from one on: cosine and sine, (line, 2), and what each adds to a flat index.

    NaN outside the grid. Around the Earth, no meridian is taken twice.
    """
    for k in range(len(lines)):
        at = (first + k) % len(axis) if circular else first + k
        exists = k < len(axis) if circular else 0 <= at < len(axis)
        for side in range(2):
            lines[k, side] = axis[at, side] if exists else np.nan
        numbers[k] = order[at] if exists else -1


@kernel_part()
def _measure_block(rows, columns, x, y, z, across, squares):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Measure the cells at the crossings of parallels and meridians, (row, 2) and (column, 2), row by row."""
    slope, k = np.sqrt(x * x + y * y), 0
    for j in range(len(columns)):
        across[j] = 2 * (slope - columns[j, 0] * x - columns[j, 1] * y)
    for i in range(len(rows)):
        dx, dz, width = rows[i, 0] - slope, rows[i, 1] - z, rows[i, 0]
        for j in range(len(columns)):
            squares[k] = dx * dx + dz * dz + width * across[j]
            k += 1


@kernel_part()
def _square_beyond(axes, own, around, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The square of the sine of the angle from a point to the nearest cell that is not around one, or less."""
    _, _, up, along = axes
    (row, column), (rows, columns), across = own, around, np.sqrt(max(1 - z * z, 0.0))
    least = 1.0
    for i in (row - rows - 1, row + rows + 1):
        if 0 <= i < len(up):
            sine = up[i, 1] * across - up[i, 0] * z
            least = min(least, sine * sine)
    if 2 * columns + 1 < len(along):
        for j in ((column - columns - 1) % len(along), (column + columns + 1) % len(along)):
            # The foot of the perpendicular to the meridian; beyond a quarter turn the pole is nearer.
            ahead = along[j, 0] * x + along[j, 1] * y > 0
            sine = along[j, 1] * x - along[j, 0] * y if ahead else across
            least = min(least, sine * sine)
    return least


@kernel()
def walk_neighbours(axes, order, gap, points, home, within, gaussian, cells, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the nearest cells of points that follow each other, and their weights; none where ``home`` is -1.

    Cells beyond the block around a point are farther than the parallels and meridians around it. Where that is no
    proof, rows are searched one by one. ``gap``: the usual one between meridians, radians.
    """
    phis, _, up, along = axes
    count, squares, candidates = cells.shape[1], np.empty(MOST), np.empty(MOST + 1, np.int64)
    best, chosen, none = np.empty(count), np.full(count, -1), np.empty(0, np.int32)
    rows, columns, across = np.empty((0, 2)), np.empty((0, 2)), np.empty(0)
    of_row, of_column, row_of, column_of = none, none, chosen, chosen
    own, around, laid_out, radius, limit = (0, 0), (0, 0), (-1, -1), -1.0, 0.0
    for p in range(len(points)):
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
        if home[p] < 0:
            cells[p], weights[p] = -1, 0.0
            continue
        own = _step(axes, own, x, y, z)
        if within[p] != radius or own[0] != laid_out[0]:
            radius, laid_out = within[p], (-1, -1)
            limit = chord_bound(radius) ** 2
            wanted = _size_of_block(phis, own[0], gap * up[own[0], 0], count, np.sqrt(limit))
            if wanted != around:
                around, chosen[:] = wanted, -1
                high, wide = 2 * around[0] + 1, 2 * around[1] + 1
                fits = high * wide <= MOST
                rows, columns, across = np.empty((high, 2)), np.empty((wide, 2)), np.empty(wide)
                of_row, of_column = np.empty(high, np.int32), np.empty(wide, np.int32)
                row_of, column_of = np.arange(MOST) // wide, np.arange(MOST) % wide
        found = 0
        if fits:
            if own != laid_out:
                laid_out = own
                _take_lines(up, order[0], own[0] - around[0], False, rows, of_row)
                _take_lines(along, order[1], own[1] - around[1], True, columns, of_column)
            _measure_block(rows, columns, x, y, z, across, squares)
            found, square = choose_nearest(squares, high * wide, limit, candidates, chosen, best)
            # The square of the sine of an angle is s - s²/4 of the square of its chord.
            if not (square < 2 and square * (1 - square / 4) < _square_beyond(axes, own, around, x, y, z)):
                found = 0
        if found:
            for k in range(count):
                cells[p, k] = of_row[row_of[chosen[k]]] + of_column[column_of[chosen[k]]] if k < found else -1
        else:
            found = _search_rows(axes, order, x, y, z, limit, best, cells[p])
        weigh(gaussian, radius, best, found, weights[p])


@kernel_part()
def _search_rows(axes, order, x, y, z, limit, best, cells):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Find the nearest cells of a point within a limit, row by row, the nearest parallel first; how many there are."""
    best[:], cells[:] = limit, -1
    phis, lams, up, along = axes
    slope, last = np.sqrt(x * x + y * y), best.size - 1
    here = (x / slope, y / slope) if slope > 0 else (1.0, 0.0)
    phi, lam = np.arctan2(z, slope), np.arctan2(y, x) % (2 * np.pi)
    above = np.searchsorted(phis, phi)
    below, start = above - 1, np.searchsorted(lams, lam)
    while above < phis.size or below >= 0:
        upwards = below < 0 or (above < phis.size and phis[above] - phi <= phi - phis[below])
        row = above if upwards else below
        # No cell of a row is nearer than its parallel.
        dx, dy = up[row, 0] - slope, up[row, 1] - z
        height, across = dx * dx + dy * dy, up[row, 0] * slope
        if height > best[last]:
            break
        for direction in (1, -1):
            column = start if direction > 0 else start - 1
            for _ in range(lams.size):
                column = 0 if column == lams.size else lams.size - 1 if column < 0 else column
                turn = lams[column] - lam
                turn = turn + 2 * np.pi if turn < 0 else turn
                if (turn <= np.pi) != (direction > 0):
                    break  # half way around: the other direction has it
                dx, dy = along[column, 0] - here[0], along[column, 1] - here[1]
                square = height + across * (dx * dx + dy * dy)
                if square > best[last]:
                    break
                insert(best, cells, square, order[0][row] + order[1][column])
                column += direction
        if upwards:
            above += 1
        else:
            below -= 1
    return (cells >= 0).sum()
