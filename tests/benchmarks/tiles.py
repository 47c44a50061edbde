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

from ocean_common.contracts import assets
from ocean_common.contracts.data import Interpolation, TileRequest
from ocean_data.compute.field import tile_field
from ocean_data.compute.interpolation import gather
from ocean_data.compute.tiles import TileMap, tile_map, tile_stencil
from ocean_data.grids.base import Grid
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.reading.base import GridStore, Reading, Source

MIB = 1024 * 1024


def median(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


class Turned(GridStore):
    """Takes every grid for one of the same size whose rows and columns go their own way."""

    def __init__(self, source: Source, grid_bytes: int, map_bytes: int) -> None:
        super().__init__(source, grid_bytes, map_bytes)
        self._turned = Curvilinear(*place(reading.NY, reading.NX))

    def grid(self, grid: assets.Grid) -> Grid:
        return self._turned


def place(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Latitudes and longitudes of a skewed grid."""
    j, i = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    return 30 + 30 * j + 5 * i, -80 + 40 * i - 8 * j


def fields(ours: reading.Ours, store: GridStore, name: str) -> None:
    """A field whose map and level are kept, and one whose map is made anew, beside the kernels of both."""
    reader, grid = Reading(source=ours.source, grids=store), store.grid(ours.assets.grid)
    print(f"\nField of a tile on a {name} grid, level in memory, ms")
    print(f"{'':<12}{'field':>9}{'gather':>9}{'ratio':>8}{'map + gather':>14}{'ratio':>8}")
    for kind in get_args(Interpolation):
        query = TileRequest(dataset="made", variable="sst", time="3", depth="0", zoom=4, x=5, y=6, interpolation=kind)
        level = ours.source.level(ours.assets, 3, None).reshape(1, -1)
        tile_field(reader, [ours.assets], query)
        stored = store.tile(ours.assets.grid, tile_map(query, ours.assets.variable))
        full = median(lambda: tile_field(reader, [ours.assets], query), 300)  # noqa: B023
        bare = median(lambda: stored.means.average(level[0]) if stored.means else gather(level, stored.stencil), 300)  # noqa: B023
        anew = bare + median(lambda: tile_stencil(grid, tile_map(query, ours.assets.variable)), 7)  # noqa: B023
        print(f"{kind:<12}{full:9.3f}{bare:9.3f}{full / bare:8.1f}{anew:14.2f}{full / anew:8.2f}")


def maps() -> None:
    """Which cells make the pixels of a tile, on a skewed grid of 700 × 900."""
    where = place(700, 900)
    grid = Curvilinear(*where)
    created = median(lambda: Curvilinear(*where), 3)
    print(f"\nMap of a tile on a curvilinear grid of 700 × 900, ms; the grid is made in {created:.0f}")
    kinds = get_args(Interpolation)
    print(f"{'zoom':<6}" + "".join(f"{kind:>10}" for kind in kinds))
    for zoom, x, y in ((3, 2, 2), (5, 10, 11), (8, 83, 91)):
        row = f"{zoom:<6}"
        for kind in kinds:
            query = TileMap(projection="EPSG:3857", zoom=zoom, x=x, y=y, interpolation=kind, radius=25.0, neighbours=10)
            tile_stencil(grid, query)
            row += f"{median(lambda: tile_stencil(grid, query), 5):10.1f}"  # noqa: B023
        print(row)


def main() -> None:
    """Make the files and print both tables."""
    with tempfile.TemporaryDirectory() as folder:
        ours = reading.Ours(reading.make(Path(folder)), 256 * MIB)
        fields(ours, GridStore(ours.source, 256 * MIB, 512 * MIB), "rectilinear")
        fields(ours, Turned(ours.source, 256 * MIB, 512 * MIB), "curvilinear")
    maps()


if __name__ == "__main__":
    main()
