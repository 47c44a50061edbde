"""Tiles that can hold no data, as geometry alone tells: for these no other service is asked."""

import math

from ocean_common.contracts.assets import Grid
from ocean_core.tiles import MERCATOR, Tile

# Cells are not equally large, and bounds are of their centres: the margin around a grid is this many mean cells, and
# at least this many degrees.
MARGIN_CELLS, LEAST_MARGIN = 10.0, 1.0


def tile_is_outside(tile: Tile) -> bool:
    """Say whether a tile lies beside the square of its polar view: maps ask for these too."""
    return tile.projection != MERCATOR and not tile.exists


def tile_misses_grid(tile: Tile, grid: Grid) -> bool:
    """Say whether a tile is so far from all cells of a grid that it can hold none.

    Cells are taken for larger than they are: a tile near the rim of the grid may hold some.
    """
    if grid.bounds is None:
        return False
    box = tile.box
    west, south, east, north = grid.bounds
    width = (east - west) % 360.0 or (360.0 if east > west else 0.0)
    cells = math.sqrt(math.prod(grid.shape)) or 1.0
    extent = max(north - south, width * math.cos(math.radians((south + north) / 2)))
    margin = max(LEAST_MARGIN, MARGIN_CELLS * extent / cells)
    if box.south > north + margin or box.north < south - margin:
        return True
    # Meridians run together towards the poles: the same distance is more degrees.
    highest = min(90.0, max(abs(south), abs(north)) + margin)
    wide = min(180.0, margin / max(1e-6, math.cos(math.radians(highest))))
    eastward = (box.west - (west - wide)) % 360.0  # from the west of the widened grid to that of the tile
    return eastward > width + 2 * wide and eastward + box.width < 360.0
