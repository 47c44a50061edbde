# ruff: noqa: T201 - it prints a table
"""What more work costs: point series through 30 to 3,000 files, and fields of 10⁴ to 10⁸ cells, in process.

Writes the picture of docs/performance.md. Files are small and made; nothing that was decoded is kept from one round to
the next.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
from matplotlib.figure import Figure

from ocean_common.arrays import pack_array
from ocean_common.contracts.assets import Assets, Dimension, File, Grid, Steps, VariableInfo
from ocean_data.reading.source import NetCDFSource

PICTURE = Path(__file__).parents[2] / "docs/images/cost-against-work.png"
FILES = (30, 100, 300, 1000, 3000)
CELLS = (10**4, 10**5, 10**6, 10**7, 10**8)
ROUNDS = 5

Points = list[tuple[int, float]]  # work, ms


def write(path: Path, rows: int, columns: int, chunk: int) -> File:
    """One field, rounded as models round."""
    with netCDF4.Dataset(path, "w") as dataset:
        for name, size in (("y", rows), ("x", columns)):
            dataset.createDimension(name, size)
        shape = (min(chunk, rows), min(chunk, columns))
        field = dataset.createVariable("v", "f4", ("y", "x"), zlib=True, complevel=1, shuffle=True, chunksizes=shape)
        for first in range(0, rows, 1000):
            j, i = np.ogrid[first : min(first + 1000, rows), :columns]
            field[first : first + 1000] = np.round((np.sin(j / 50) + np.cos(i / 70)) * 256) / 256
    stat = path.stat()
    return File(path=str(path), size=stat.st_size, mtime_ns=stat.st_mtime_ns)


def describe(files: list[File], rows: int, columns: int, steps: Steps | None = None) -> Assets:
    """The files as the metadata service describes them."""
    sizes = [Dimension(name="y", size=rows, role="y"), Dimension(name="x", size=columns, role="x")]
    return Assets(
        dataset="made",
        revision="r",
        variable=VariableInfo(dataset="made", key="v", name="V", units="1", scale=(0.0, 1.0)),
        source="v",
        dimensions=sizes,
        grid=Grid(id="made", kind="rectilinear", shape=(rows, columns), file=files[0].path),
        depth=None,
        files=files,
        steps=steps,
    )


def in_time(count: int) -> Steps:
    """One step in each file."""
    days, files = np.arange(count, dtype="<i8"), np.arange(count, dtype="<i4")
    return Steps(
        raw=pack_array(days),
        seconds=pack_array(days * 86400),
        file=pack_array(files),
        position=pack_array(np.zeros(count, "<i4")),
        units="days since 2020-01-01",
    )


def median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Milliseconds; the first round, in which the places of chunks are learnt, does not count."""
    taken = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken[1:])


def series(folder: Path) -> Points:
    """A point through more and more files."""
    files = [write(folder / f"day_{day:04d}.nc", 60, 90, 60) for day in range(FILES[-1])]
    source, result = NetCDFSource(64, 1, chunk_bytes=1), []
    cell = np.array([2750], np.int32)
    for count in FILES:
        assets = describe(files[:count], 60, 90, in_time(count))
        result.append((count, median(lambda: source.columns(assets, range(count), slice(None), cell))))  # noqa: B023
    source.close()
    return result


def fields(folder: Path) -> Points:
    """Whole fields of more and more cells."""
    result = []
    for cells in CELLS:
        rows = round(cells**0.5)
        columns = cells // rows
        assets = describe([write(folder / f"field_{cells}.nc", rows, columns, 500)], rows, columns)
        result.append((rows * columns, _fresh(assets, ROUNDS if cells < CELLS[-1] else 2)))
    return result


def _fresh(assets: Assets, rounds: int) -> float:
    """One field, with nothing decoded before."""
    sources = [NetCDFSource(4, 1, chunk_bytes=1) for _ in range(rounds)]
    taken = []
    for source in sources:
        cell = np.array([0], np.int32)
        source.columns(assets, None, slice(None), cell)  # the places of its chunks are known
        start = time.perf_counter()
        source.level(assets, None, None)
        taken.append((time.perf_counter() - start) * 1000)
        source.close()
    return statistics.median(taken)


def exponent(found: Points) -> float:
    """The steepest slope between neighbours where work counts: 1 is linear."""
    work, cost = np.log10(np.array(found)).T
    return float((np.diff(cost) / np.diff(work)).max())


def draw(panels: dict[str, tuple[str, Points]]) -> None:
    """The picture: cost against work, and a straight line for what is linear."""
    figure = Figure(figsize=(9, 4), dpi=110, layout="constrained")
    for axes, (title, (label, result)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        work, cost = np.array(result).T
        axes.loglog(work, cost, "o-", label="measured")
        axes.loglog(work, cost[-1] * work / work[-1], "--", color="grey", label="linear")
        axes.set(title=title, xlabel=label, ylabel="ms")
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE)


def main() -> None:
    """Measure, print, draw."""
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created)
        panels = {
            "A point through many files": ("files", series(folder)),
            "A whole field": ("cells", fields(folder)),
        }
    for title, (label, result) in panels.items():
        print(f"\n{title}: at most work^{exponent(result):.2f}\n{label:>12}{'ms':>10}{'µs each':>10}")
        for work, cost in result:
            print(f"{work:>12,}{cost:>10.2f}{cost / work * 1000:>10.4f}")
    draw(panels)
    print(f"\n{PICTURE.name} is written")


if __name__ == "__main__":
    main()
