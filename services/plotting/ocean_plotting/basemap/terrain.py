"""Look of land and sea floor on a map: heights between cells, colours, hill shading, depth contours."""

from collections.abc import Iterable
from functools import cache, reduce

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from ocean_plotting.basemap.relief import Floats, Window
from ocean_plotting.palettes import control_points

DEPTHS = (100, 200, 500, 1000, 2000, 3000, 4000, 5000, 6000)  # m, of contours

# Height (m) and colour; between them the colours change evenly.
SEA = (
    (-11000, "16345a"), (-8000, "1f4570"), (-6000, "33608f"), (-5000, "4475a2"), (-4000, "578ab3"), (-3000, "70a0c3"),
    (-2000, "8cb6d1"), (-1000, "a9cbde"), (-500, "bbd8e6"), (-200, "cbe3ec"), (-100, "d6e9f0"), (0, "e2f1f4"),
)  # fmt: skip
LAND = (
    (0, "dfe5cb"), (100, "e4e7cd"), (300, "eae6cb"), (700, "e6dcbb"), (1200, "dccda6"), (2000, "cbb694"),
    (3000, "b8a28a"), (4000, "bcaea2"), (5000, "d6d0cb"), (6500, "f7f6f5"),
)  # fmt: skip
ICE = ((0, "eef2f3"), (1500, "f4f7f8"), (4500, "fdfdfd"))
ICE_SOUTH_OF = -60.0  # degrees: Antarctica, whose rock is under ice

SEA_COLOURS, COAST_COLOURS, LAND_COLOURS, ICE_COLOURS = 130, 7, 80, 24  # of a palette of at most 255

STEP = 10.0  # m: heights nearer to each other than this may have one colour

SUN = (-0.5, -0.5, 0.7071)  # the direction that light comes from: right, down, up
DARKEST, BRIGHTEST = 0.62, 1.12
STEEPNESS = 16.0  # what slopes are multiplied with, where pixels are of a kilometre


def interpolate_heights(window: Window, latitude: Floats, longitude: Floats) -> NDArray[np.float32]:
    """Return heights (m) between the cells, smooth to the second derivative (cubic B-splines); NaN near missing cells.

    The window has a margin of two cells; positions are of shapes (y, 1) and (1, x), or both (y, x).
    """
    latitudes, longitudes, heights = window
    rows, down = _cells(latitude, latitudes)
    columns, right = _cells(longitudes[0] + (longitude - longitudes[0]) % 360.0, longitudes)
    if latitude.shape[1] == 1:
        rows, columns = rows[:, 0], columns[0]
        lines = _total(w[:, np.newaxis] * heights[rows + n] for n, w in enumerate(_weights(down[:, 0])))
        interpolated = _total(w * lines[:, columns + n] for n, w in enumerate(_weights(right[0])))
    else:
        width = heights.shape[1]
        first, flat = rows * width + columns, heights.ravel()
        across = _weights(right)
        interpolated = _total(
            w * _total(v * flat.take(first + (n * width + m)) for m, v in enumerate(across))
            for n, w in enumerate(_weights(down))
        )
    return np.asarray(interpolated, dtype=np.float32)


def _cells(at: Floats, centres: Floats) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the first of four cells around each position, and its distance from the second cell, 0 to 1."""
    exact = (at - centres[0]) / (centres[1] - centres[0])
    cell = np.clip(np.floor(exact).astype(np.intp), 1, len(centres) - 3)
    return cell - 1, np.clip(exact - cell, 0.0, 1.0).astype(np.float32)


def _total(parts: Iterable[Floats]) -> Floats:
    return reduce(np.add, parts)


def _weights(t: Floats) -> tuple[Floats, ...]:
    s = 1 - t
    return s**3 / 6, (4 - 6 * t**2 + 3 * t**3) / 6, (4 - 6 * s**2 + 3 * s**3) / 6, t**3 / 6


def colour_indices(
    heights: NDArray[np.float32], land: NDArray[np.float32] | None, latitude: Floats
) -> NDArray[np.uint8]:
    """Return the colour of each height (m, (y, x)), as an index of :func:`palette` plus one; 0 where there is none.

    ``land``: share of land in each pixel, 0 to 1; None: all above 0 m is land.
    """
    steps = np.nan_to_num(heights / STEP, nan=0.0).astype(np.intp)
    at_sea, on_land, on_ice = (
        _scale(stops).take(height, mode="clip") for stops, height in ((SEA, -steps), (LAND, steps), (ICE, steps))
    )
    on_land = np.where(latitude < ICE_SOUTH_OF, on_ice, on_land)
    if land is None:
        indices = np.where(heights > 0, on_land, at_sea)
    else:
        edge = 1 + SEA_COLOURS + (land * COAST_COLOURS).astype(np.uint8)
        indices = np.where(land <= 0.01, at_sea, np.where(land >= 0.99, on_land, edge))
    return np.where(np.isnan(heights), np.uint8(0), indices)


@cache
def _scale(stops: tuple[tuple[int, str], ...]) -> NDArray[np.uint8]:
    """Return the index of the colour of each multiple of STEP above, or below, the sea; 0 stands for no colour."""
    begin, number = _PARTS[stops]
    top = float(max(abs(height) for height, _ in stops))
    # More colours for the heights that are more usual: those near the sea.
    share = np.sqrt(np.arange(0.0, top + STEP, STEP) / top).clip(max=1.0)
    return np.asarray(begin + (share * (number - 1)).round(), dtype=np.uint8)


_PARTS = {
    SEA: (1, SEA_COLOURS),
    LAND: (1 + SEA_COLOURS + COAST_COLOURS, LAND_COLOURS),
    ICE: (1 + SEA_COLOURS + COAST_COLOURS + LAND_COLOURS, ICE_COLOURS),
}


@cache
def palette() -> NDArray[np.uint8]:
    """Return the colours that :func:`colour_indices` points to, shape (n, 3): sea, coast, land, ice."""
    sea, land, ice = (_ramp(stops) for stops in (SEA, LAND, ICE))
    part = (np.arange(COAST_COLOURS)[:, np.newaxis] + 0.5) / COAST_COLOURS
    coast = sea[0] * (1 - part) + land[0] * part
    return np.concatenate([sea, coast, land, ice]).round().astype(np.uint8)


def _ramp(stops: tuple[tuple[int, str], ...]) -> Floats:
    _, number = _PARTS[stops]
    stop_heights = np.abs([height for height, _ in stops]).astype(float)
    colours = control_points(" ".join(colour for _, colour in stops))
    order = np.argsort(stop_heights)
    heights = stop_heights.max() * (np.arange(number) / (number - 1)) ** 2
    return np.stack([np.interp(heights, stop_heights[order], channel[order]) for channel in colours.T], axis=1)


def hill_shade(heights: NDArray[np.float32], pixel: Floats | float) -> NDArray[np.float32]:
    """Return the light on slopes from the upper left, shape (y, x): a factor of the colours, 1 where it is level.

    ``heights`` (m) have a margin of one pixel. ``pixel``: its size, m; of shape (y, 1) where it differs by row.
    """
    # Slopes of large pixels are means, and small: they are made steeper.
    size = np.asarray(pixel, dtype=np.float32)
    steepness = STEEPNESS * (size / 1000) ** 0.4 / (2 * size)
    right = (heights[1:-1, 2:] - heights[1:-1, :-2]) * steepness
    down = (heights[2:, 1:-1] - heights[:-2, 1:-1]) * steepness
    light = (SUN[2] - SUN[0] * right - SUN[1] * down) / np.sqrt(1 + right**2 + down**2) / SUN[2]
    softened = np.where(light < 1, 1 - (1 - light) * 0.42, 1 + (light - 1) * 0.3)
    return np.nan_to_num(softened, nan=1.0).clip(DARKEST, BRIGHTEST).astype(np.float32)


def lit_colours(indices: NDArray[np.uint8], light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return colours in their light, shape (y, x, 3); of ice, whose rock beneath is not seen, with half the shades."""
    colours = np.concatenate([np.full((1, 3), 255, dtype=np.uint8), palette()])
    soft = np.where(indices >= _PARTS[ICE][0], (1 + light) / 2, light)
    return (colours[indices] * soft[..., np.newaxis]).clip(0, 255).astype(np.uint8)


def depth_contours(heights: NDArray[np.float32], at: Floats) -> dict[int, list[Floats]]:
    """Return lines of equal depth by depth (m), each of shape (vertex, 2): right and down.

    ``at``: positions of the rows and columns of ``heights`` (m, (n, n)).
    """
    lowest, highest = np.nanmin(heights, initial=0.0), np.nanmax(heights, initial=-12_000.0)
    inside = [depth for depth in DEPTHS if lowest < -depth < highest]
    if not inside:
        return {}
    generator = contour_generator(at, at, np.ma.masked_invalid(heights), line_type=LineType.Separate)
    return {depth: [np.asarray(line) for line in generator.lines(-float(depth))] for depth in inside}
