"""How large the cells of a map are on the Earth, and which of them lie in areas."""

import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_core.geometry import great_circle_distance
from ocean_plotting.figure.outline import Area, Floats, unwrapped
from ocean_plotting.figure.view import View

COARSE = 33  # places along each side at which the scale of the map is calculated: it changes slowly


def sizes(view: View, shape: tuple[int, int]) -> Floats:
    """Areas of cells on the Earth, km2, shape (row, column).

    Conformal maps stretch all directions alike: the square of the length of one is enough.
    """
    left, bottom, right, top = view.extent
    x, y = np.meshgrid(np.linspace(left, right, COARSE), np.linspace(top, bottom, COARSE))
    step = 1e-4 * (right - left)
    ends = [view.earth(x + side * step, y) for side in (-1, 1)]
    length = great_circle_distance(*ends[0], *ends[1]) / (2 * step)  # km on the Earth of a metre of the map
    cell = (right - left) / shape[1] * (top - bottom) / shape[0]
    columns, rows = view.cells(shape)
    across = np.array([np.interp(columns, x[0], one) for one in np.nan_to_num(length) ** 2])
    return cell * np.array([np.interp(-rows, -y[:, 0], one) for one in across.T]).T


def inside(view: View, areas: list[Area], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which cells have their centre in areas, shape (row, column)."""
    x, y = np.meshgrid(*view.cells(shape))
    found = np.zeros(shape, dtype=bool)
    for area in areas:
        holes = [shapely.make_valid(shapely.Polygon(_placed(view, one))) for one in area.holes]
        for rim in area.rims:
            shown = shapely.make_valid(shapely.Polygon(_placed(view, rim)))
            shapely.prepare(shown)
            found |= shapely.contains_xy(shown, x, y)
        for hole in holes:
            found &= ~shapely.contains_xy(hole, x, y)
    return found


def _placed(view: View, positions: list[tuple[float, float]]) -> Floats:
    ring = unwrapped(positions)
    return placed(view, ring)


def placed(view: View, ring: Floats) -> Floats:
    """A ring (vertex, 2) of latitude and longitude in the plane of a map, m; in one piece over the date line."""
    middle = (np.nanmin(ring[:, 1]) + np.nanmax(ring[:, 1])) / 2
    turns = np.round((middle - view.middle) / 360.0)
    x, y = view.plane(ring[:, 0], ring[:, 1] - 360.0 * turns, wrapped=False)
    return np.stack([x, y], axis=-1)
