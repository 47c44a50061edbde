# ruff: noqa: T201 - it prints a table
"""Chunks of a Zarr store through the gateway, beside a server of static files; a series, beside xarray on the files."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import maps
import reading
import xarray as xr

TIMES = 5  # a series is read
PLACE = {"latitude": 45.0, "longitude": -40.0}


def median(read: Callable[[], object], times: int) -> float:
    """Milliseconds of one reading; the first warms up and does not count."""
    taken = []
    for _ in range(times + 1):
        start = time.perf_counter()
        read()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken[1:])


def time_chunks(http: httpx.Client, addresses: Sequence[str]) -> list[float]:
    """Milliseconds of each address, one after the other."""
    taken = []
    for address in addresses:
        start = time.perf_counter()
        http.get(address).raise_for_status()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def main() -> None:
    """Make the files, serve them, and print the table."""
    with tempfile.TemporaryDirectory() as created:
        folder, static = Path(created) / "files", Path(created) / "static"
        folder.mkdir()
        reading.make(folder)
        with maps.stack(folder, {"sst": ("sst_*.nc", "sst")}) as base, httpx.Client(timeout=60) as http:
            store = f"{base}/zarr/sst"
            array = http.get(f"{store}/sst/zarr.json").json()
            counts = [-(-size // chunk) for size, chunk in zip(array["shape"], chunk_shape(array), strict=True)]
            keys = [f"sst/c/{number}" + "/0" * (len(counts) - 1) for number in range(counts[0])]
            for key in keys:
                path = static / key
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(http.get(f"{store}/{key}?copy").content)
            size = sum((static / key).stat().st_size for key in keys) / len(keys)
            command = [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", str(static)]
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            assert server.stdout is not None
            port = server.stdout.readline().split("port ")[1].split()[0]
            rows: dict[str, list[float]] = {}
            try:
                for round_ in range(4):  # by turns: what else goes on hits all alike
                    for name, addresses in {
                        "new": [f"{store}/{key}?{round_}" for key in keys],
                        "kept": [f"{store}/{key}?copy" for key in keys],
                        "http.server": [f"http://127.0.0.1:{port}/{key}" for key in keys],
                    }.items():
                        rows.setdefault(name, []).extend(time_chunks(http, addresses))
            finally:
                server.terminate()
                server.wait()
            chunks = {name: statistics.median(taken) for name, taken in rows.items()}
            print(
                f"a chunk of {size / 1000:.0f} kB, ms  " + "  ".join(f"{name} {ms:.2f}" for name, ms in chunks.items())
            )
            print(f"  new / http.server {chunks['new'] / chunks['http.server']:.2f}, target 1.5")
            openers: dict[str, Callable[[], xr.Dataset]] = {
                "open_zarr": lambda: xr.open_zarr(store, chunks=None),
                "OPeNDAP": lambda: xr.open_dataset(f"{base}/opendap/sst"),
                "files": lambda: xr.open_mfdataset(str(folder / "sst_*.nc")),
            }
            series = {name: median(partial(read_series, opener), TIMES) for name, opener in openers.items()}
            print(
                "open and read a series of 30 files, ms  "
                + "  ".join(f"{name} {ms:.0f}" for name, ms in series.items())
            )


def read_series(opener: Callable[[], xr.Dataset]) -> xr.DataArray:
    """Open a dataset and read all times at a place."""
    return opener()["sst"].sel(PLACE, method="nearest").load()


def chunk_shape(array: dict[str, Any]) -> list[int]:
    """Return the shape of the chunks of an array."""
    shape: list[int] = array["chunk_grid"]["configuration"]["chunk_shape"]
    return shape


if __name__ == "__main__":
    main()
