"""Rectilinear grids: latitude(y) and longitude(x), in any order, convention and spacing.

Great-circle neighbours are found by arithmetic: on a row, cells are the nearer the smaller the difference in
longitude; on a column, the nearest is the one nearest to the foot of the perpendicular. No tree, however large the
grid.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ocean_data.domain.grid.axis import Axis
from ocean_data.domain.ports import Cells, Floats
from ocean_data.domain.sphere import EARTH_RADIUS

LONE = 1.0  # degrees: the size of a cell along an axis of one point, where the other axis does not tell
KM_PER_DEGREE = np.radians(1.0) * EARTH_RADIUS


class Rectilinear:
    """Cells at the crossings of parallels and meridians."""

    def __init__(self, latitude: Floats, longitude: Floats) -> None:
        self.shape = (latitude.size, longitude.size)
        self._latitude, self._longitude = latitude, longitude
        self._rows = Axis.of(latitude)
        # Around the globe: where the file cuts the circle open does not matter.
        around = np.mod(longitude, 360.0)
        self._columns = Axis.of(np.where(around > 360.0 - 1e-7, 0.0, around))
        self._phi, self._lam = np.radians(self._rows.values), np.radians(self._columns.values)
        self.nbytes = 6 * (latitude.nbytes + longitude.nbytes)
        gaps = np.diff(self._columns.values, append=self._columns.values[0] + 360.0)
        known = float(np.median(gaps)) if gaps.size > 1 else LONE
        self._lone = float(np.median(np.diff(self._rows.values))) if latitude.size > 1 else known
        self._gaps = gaps
        self._widths = np.minimum(gaps, np.roll(gaps, 1)) if gaps.size > 1 else np.array([self._lone])
        self._open = self._outer_gap()

    def _outer_gap(self) -> int:
        """The gap between two columns in which the grid ends: -1 if it goes around the globe."""
        widest = int(np.argmax(self._gaps))
        beside = max(self._gaps[widest - 1], self._gaps[(widest + 1) % self._gaps.size])
        return widest if self._gaps.size < 3 or self._gaps[widest] > 1.5 * beside else -1

    def nearest(self, latitude: Floats, longitude: Floats) -> Cells:
        lam = np.mod(longitude, 360.0)
        rows, columns = _nearest(self._phi, self._lam, np.radians(latitude), np.radians(lam))
        inside = self._rows.covers(latitude, self._lone) & self._covers(lam)
        return np.where(inside, self._flat(rows, columns), -1).astype(np.int32)

    def _covers(self, lam: Floats) -> NDArray[np.bool_]:
        before = (np.searchsorted(self._columns.values, lam, side="right") - 1) % self._gaps.size
        after = (before + 1) % self._gaps.size
        into = np.mod(lam - self._columns.values[before], 360.0)
        near_west = into <= self._widths[before] / 2 + 1e-9
        near_east = self._gaps[before] - into <= self._widths[after] / 2 + 1e-9
        covered: NDArray[np.bool_] = (before != self._open) | near_west | near_east
        return covered

    def neighbours(self, latitude: Floats, longitude: Floats, count: int, within: Floats) -> tuple[Cells, Floats]:
        lam = np.radians(np.mod(longitude, 360.0))
        limit = np.sin(np.minimum(within / EARTH_RADIUS, np.pi) / 2) ** 2
        rows, columns, haversines = _neighbours(self._phi, self._lam, np.radians(latitude), lam, count, limit)
        found = rows >= 0
        cells = np.where(found, self._flat(rows, columns), -1).astype(np.int32)
        return cells, np.where(found, 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(haversines, 1.0))), np.inf)

    def corners(self, latitude: Floats, longitude: Floats, home: Cells) -> tuple[Cells, Floats]:
        south, north, v = self._rows.bracket(latitude)
        lam, count = np.mod(longitude, 360.0), self._gaps.size
        west = (np.searchsorted(self._columns.values, lam, side="right") - 1) % count
        east = (west + 1) % count
        u = np.mod(lam - self._columns.values[west], 360.0) / self._gaps[west]
        # Beyond the outermost column its value holds.
        u = np.where(west == self._open, np.where(u < 0.5, 0.0, 1.0), u)
        cells = np.stack([self._flat(a, b) for a in (south, north) for b in (west, east)], axis=1)
        weights = np.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], axis=1)
        cells[home < 0], weights[home < 0] = -1, 0.0
        return cells.astype(np.int32), weights

    def centres(self, cells: Cells) -> tuple[Floats, Floats]:
        rows, columns = np.divmod(cells, self.shape[1])
        return self._latitude[rows], self._longitude[columns]

    def sizes(self, cells: Cells) -> Floats:
        rows, columns = np.divmod(cells, self.shape[1])
        height = np.interp(self._latitude[rows], self._rows.values, self._rows.spacing(self._lone))
        lam = np.mod(self._longitude[columns], 360.0)
        width = self._widths[np.clip(np.searchsorted(self._columns.values, lam - 1e-9), 0, self._widths.size - 1)]
        longer: Floats = np.maximum(height, width * np.cos(np.radians(self._latitude[rows]))) * KM_PER_DEGREE
        return longer

    def _flat(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.intp]:
        """Flat index in the file of positions on the sorted axes."""
        return self._rows.order[rows].astype(np.intp) * self.shape[1] + self._columns.order[columns]


@njit(nogil=True, cache=True)
def _closest(phis, lams, phi, lam):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Row and column of the nearest cell of one point, in radians."""
    east = np.searchsorted(lams, lam)
    column, least = 0, 10.0
    for one in (east - 1, east):
        candidate = one % lams.size
        apart = abs(lams[candidate] - lam)
        apart = min(apart, 2 * np.pi - apart)
        if apart < least:
            column, least = candidate, apart
    # The foot of the perpendicular from the point to the meridian of that column.
    foot = np.arctan2(np.sin(phi), np.cos(phi) * np.cos(least))
    row = np.searchsorted(phis, foot)
    if row == phis.size or (row > 0 and foot - phis[row - 1] <= phis[row] - foot):
        row -= 1
    return row, column


@njit(nogil=True, cache=True)
def _nearest(phis, lams, phi, lam):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    rows, columns = np.empty(phi.size, np.int64), np.empty(phi.size, np.int64)
    for point in range(phi.size):
        rows[point], columns[point] = _closest(phis, lams, phi[point], lam[point])
    return rows, columns


@njit(nogil=True, cache=True)
def _keep(row, column, haversine, point, rows, columns, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Insert a cell into the sorted list of the nearest of a point."""
    place = found.shape[1] - 1
    while place > 0 and found[point, place - 1] > haversine:
        found[point, place] = found[point, place - 1]
        rows[point, place] = rows[point, place - 1]
        columns[point, place] = columns[point, place - 1]
        place -= 1
    found[point, place], rows[point, place], columns[point, place] = haversine, row, column


@njit(nogil=True, cache=True)
def _along_row(phis, lams, row, phi, lam, point, limit, rows, columns, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Take cells of one row, outwards in both directions, as long as they are near enough."""
    height = np.sin((phis[row] - phi) / 2) ** 2
    across = np.cos(phis[row]) * np.cos(phi)
    last = found.shape[1] - 1
    start = np.searchsorted(lams, lam)
    for eastward in (True, False):
        for step in range(lams.size):
            column = (start + step) % lams.size if eastward else (start - 1 - step) % lams.size
            turn = (lams[column] - lam) % (2 * np.pi)
            if (turn <= np.pi) != eastward:
                break  # half way around: the other direction has it
            haversine = height + across * np.sin(turn / 2) ** 2
            if haversine > limit or haversine >= found[point, last]:
                break
            _keep(row, column, haversine, point, rows, columns, found)


@njit(nogil=True, cache=True)
def _neighbours(phis, lams, phi, lam, count, limit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    rows = np.full((phi.size, count), -1, np.int64)
    columns = np.full((phi.size, count), -1, np.int64)
    found = np.full((phi.size, count), np.inf)
    for point in range(phi.size):
        above = np.searchsorted(phis, phi[point])
        below = above - 1
        while above < phis.size or below >= 0:
            upwards = below < 0 or (above < phis.size and phis[above] - phi[point] <= phi[point] - phis[below])
            row = above if upwards else below
            # No cell of a row is nearer than its parallel.
            nearest = np.sin((phis[row] - phi[point]) / 2) ** 2
            if nearest > limit[point] or nearest >= found[point, count - 1]:
                break
            _along_row(phis, lams, row, phi[point], lam[point], point, limit[point], rows, columns, found)
            if upwards:
                above += 1
            else:
                below -= 1
    return rows, columns, found
