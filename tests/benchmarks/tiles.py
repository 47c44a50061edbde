# ruff: noqa: T201 - it prints a table
"""Fields of map tiles in process, beside the bare kernels that gather them; and what a map of a tile costs."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import reading

from ocean_common.contracts.data import Interpolation, TileAsked
from ocean_data.adapters.grids import GridStore
from ocean_data.domain.field import Tiles, tile_map, tile_stencil
from ocean_data.domain.grid.curvilinear import Curvilinear
from ocean_data.domain.interpolation import gather
from ocean_data.domain.ports import TileMap

MIB = 1024 * 1024


def median(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def fields(ours: reading.Ours) -> None:
    """A field whose map and level are kept, and one whose map is made anew, beside the kernels of both."""
    store = GridStore(ours.source, 256 * MIB, 512 * MIB)
    tiles, grid = Tiles(source=ours.source, grids=store), store.grid(ours.assets.grid)
    print("\nField of a tile, level in memory, ms")
    print(f"{'':<12}{'field':>9}{'gather':>9}{'ratio':>8}{'map + gather':>14}{'ratio':>8}")
    for kind in get_args(Interpolation):
        asked = TileAsked(dataset="made", variable="sst", time="3", depth="0", zoom=4, x=5, y=6, interpolation=kind)
        level = ours.source.level(ours.assets, 3, None).reshape(1, -1)
        tiles.field([ours.assets], asked)
        kept = store.tile(ours.assets.grid, tile_map(asked)).stencil
        whole = median(lambda: tiles.field([ours.assets], asked), 300)  # noqa: B023
        bare = median(lambda: gather(level, kept), 300)  # noqa: B023
        anew = bare + median(lambda: tile_stencil(grid, tile_map(asked)), 7)  # noqa: B023
        print(f"{kind:<12}{whole:9.3f}{bare:9.3f}{whole / bare:8.1f}{anew:14.2f}{whole / anew:8.2f}")


def maps() -> None:
    """Which cells make the pixels of a tile, on a skewed grid of 700 × 900."""
    j, i = np.meshgrid(np.linspace(0, 1, 700), np.linspace(0, 1, 900), indexing="ij")
    place = 30 + 30 * j + 5 * i, -80 + 40 * i - 8 * j
    grid = Curvilinear(*place)
    made = median(lambda: Curvilinear(*place), 3)
    print(f"\nMap of a tile on a curvilinear grid of 700 × 900, ms; the grid is made in {made:.0f}")
    kinds = get_args(Interpolation)
    print(f"{'zoom':<6}" + "".join(f"{kind:>10}" for kind in kinds))
    for zoom, x, y in ((3, 2, 2), (5, 10, 11), (8, 83, 91)):
        row = f"{zoom:<6}"
        for kind in kinds:
            asked = TileMap(projection="EPSG:3857", zoom=zoom, x=x, y=y, interpolation=kind, radius=25.0, neighbours=10)
            tile_stencil(grid, asked)
            row += f"{median(lambda: tile_stencil(grid, asked), 5):10.1f}"  # noqa: B023
        print(row)


def main() -> None:
    """Make the files and print both tables."""
    with tempfile.TemporaryDirectory() as folder:
        fields(reading.Ours(reading.make(Path(folder)), 256 * MIB))
    maps()


if __name__ == "__main__":
    main()
