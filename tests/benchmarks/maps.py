# ruff: noqa: T201 - it prints a table
"""Tiles as a map asks for them, through the gateway and both services, beside peers and a prototype on the same files.

"Fresh" is a tile that was never asked for, of a level in memory; "again" one of which only another time was (which
cells make its pixels is known); "restyled" one whose values are kept, in another scale; "kept" one that was drawn. The
prototype is what one process without a gateway, a framework or any check needs.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path

import httpx
import netCDF4
import numpy as np
import peers
import reading
import serving
import tiles as kernels
from serving import child, free_port

from ocean_common.clients.http import Transport

ROUNDS, TURN, CLIENTS = 21, 5, 8
ZOOM, PLACES = 6, list(product(range(18, 24), range(18, 25)))  # x, y: all within both grids
DATASETS = {"sst": ("sst_*.nc", "sst"), "skew": ("skew.nc", "sst")}  # files, and the key of a variable
PEERS = {"xpublish-tiles-files": "", "xpublish-tiles-memory": "-memory"}  # what its datasets end with
TARGETS = {  # ours against xpublish-tiles: on files, in memory
    "sst": (40.0, 12.0),
    "skew": (25.0, 15.0),
}
ABOVE_PROTOTYPE = 2.2  # times, at most


def make_skew(folder: Path) -> None:
    """Ten days on a grid of 700 × 900 whose rows and columns go their own way."""
    latitude, longitude = kernels.place(700, 900)
    rng = np.random.default_rng(2)
    with netCDF4.Dataset(folder / "skew.nc", "w") as dataset:
        for name, size in (("time", 10), ("y", 700), ("x", 900)):
            dataset.createDimension(name, size)
        moment = dataset.createVariable("time", "f8", ("time",))
        moment.standard_name, moment.units, moment[:] = "time", "days since 2020-01-01", np.arange(10)
        for name, values in (("latitude", latitude), ("longitude", longitude)):
            axis = dataset.createVariable(name, "f8", ("y", "x"))
            axis.standard_name, axis.units = name, "degrees_north" if name == "latitude" else "degrees_east"
            axis[:] = values
        # A day at a time, as the other files have it: nobody has to read more than is asked for.
        chunks = (1, 350, 450)
        field = dataset.createVariable(
            "sst", "f4", ("time", "y", "x"), zlib=True, complevel=4, shuffle=True, chunksizes=chunks
        )
        field.setncatts({"standard_name": "sea_surface_temperature", "units": "degree_C"})
        field.coordinates = "latitude longitude"
        field[:] = np.round((28 * np.cos(np.radians(latitude)) + rng.normal(size=(10, 1, 1))) * 64) / 64


@contextmanager
def stack(folder: Path, datasets: Mapping[str, tuple[str, str]] = DATASETS) -> Iterator[str]:
    """All of it, as `make run` starts it: the gateway's address, once it is ready."""
    reported = {key: {"name": key, "url": url, "variables": {name: {}}} for key, (url, name) in datasets.items()}
    (folder / "datasets.json").write_text(json.dumps(reported))
    with serving.stack(folder / "datasets.json", folder / "state") as running:
        yield running.urls["web"]


def ours(base: str, dataset: str, time_step: int, place: tuple[int, int], scale: str = "0,30") -> str:
    """The address of a tile."""
    moment = f"2020-01-{time_step + 1:02d}T00:00:00"
    return f"{base}/api/v2.0/tiles/{dataset}/sst/{moment}/0/{ZOOM}/{place[0]}/{place[1]}?interp=nearest&scale={scale}"


def peer_url(base: str, dataset: str, place: tuple[int, int]) -> str:
    """The address of the same tile of xpublish-tiles."""
    look = "variables=sst&style=raster/viridis&colorscalerange=0,30&width=256&height=256&time=2020-01-04&f=png"
    return f"{base}/datasets/{dataset}/tiles/WebMercatorQuad/{ZOOM}/{place[1]}/{place[0]}?{look}"


def titiler_url(base: str, folder: str, place: tuple[int, int]) -> str:
    """The address of the same tile of titiler-xarray, of a file."""
    look = "variable=sst&rescale=0,30&colormap_name=viridis"
    return f"{base}/tiles/WebMercatorQuad/{ZOOM}/{place[0]}/{place[1]}.png?url={folder}/sst_03.nc&{look}"


async def median(http: httpx.AsyncClient, addresses: Sequence[str]) -> float:
    """Milliseconds of one after the other; the first warms up and does not count."""
    taken = []
    for address in addresses:
        start = time.perf_counter()
        (await http.get(address)).raise_for_status()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken[1:])


async def alternate(asked: Mapping[str, tuple[httpx.AsyncClient, Sequence[str]]]) -> dict[str, float]:
    """Milliseconds of each server, some tiles of one and then some of the next: what else goes on hits all alike."""
    taken: dict[str, list[float]] = {}
    for name, (http, addresses) in asked.items():
        answer = await http.get(addresses[0])  # warms up, and does not count
        if answer.is_error:
            print(f"  {name} answers {answer.status_code}: it is left out")
        else:
            taken[name] = []
    for first in range(1, ROUNDS, TURN):
        for name, times in taken.items():
            http, addresses = asked[name]
            for address in addresses[first : first + TURN]:
                start = time.perf_counter()
                (await http.get(address)).raise_for_status()
                times.append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


async def throughput(http: httpx.AsyncClient, addresses: Sequence[str]) -> float:
    """Tiles a second with several clients."""
    rest = iter(addresses)

    async def client() -> None:
        for address in rest:
            (await http.get(address)).raise_for_status()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return len(addresses) / (time.perf_counter() - start)


def asking() -> httpx.AsyncClient:
    """Asks one server, with little work of its own."""
    return httpx.AsyncClient(transport=Transport(CLIENTS), timeout=120)


async def measure(base: str, folder: str, floor: str, peer: str | None, titiler: str | None) -> None:
    """Print both tables."""
    async with asking() as http, asking() as of_peer, asking() as of_titiler, asking() as of_floor:
        start = time.perf_counter()
        (await http.get(ours(base, "sst", 0, PLACES[0]))).raise_for_status()
        first = (time.perf_counter() - start) * 1000
        some, rest = PLACES[:ROUNDS], PLACES[ROUNDS:]
        for dataset, targets in TARGETS.items():
            query = {"fresh": (http, [ours(base, dataset, 3, place) for place in some])}
            for kind in PEERS if peer else ():
                query[kind] = (of_peer, [peer_url(peer or "", dataset + PEERS[kind], place) for place in some])
            query["prototype"] = (of_floor, [f"{floor}/{dataset}/3/{ZOOM}/{x}/{y}" for x, y in some])
            if titiler and dataset == "sst":
                query["titiler-xarray"] = (of_titiler, [titiler_url(titiler, folder, place) for place in some])
            print(f"\n{dataset}")
            took = await alternate(query)
            remaining = {kind: took.pop(kind) for kind in (*PEERS, "titiler-xarray", "prototype") if kind in took}
            took |= {
                "again": await median(http, [ours(base, dataset, 4, place) for place in some]),
                "restyled": await median(http, [ours(base, dataset, 3, place, "1,29") for place in some]),
                "kept": await median(http, [ours(base, dataset, 3, place) for place in some]),
            }
            print("  ms  " + "  ".join(f"{name} {value:.2f}" for name, value in took.items()))
            print(f"  restyled / fresh {took['restyled'] / took['fresh']:.2f}, target 0.5")
            if dataset == "sst":
                print(f"  first tile after ready / fresh {first / took['fresh']:.1f}, target 10")
            print(f"  fresh / prototype {took['fresh'] / remaining['prototype']:.1f}, target {ABOVE_PROTOTYPE}")
            if "titiler-xarray" in remaining:
                other = remaining["titiler-xarray"]
                print(f"  titiler-xarray {other:.1f}: {other / took['fresh']:.1f} × fresh")
            for kind, target in zip(PEERS, targets, strict=True):
                if kind in remaining:
                    ratios = ", ".join(f"{remaining[kind] / took[name]:.1f} × {name}" for name in ("fresh", "again"))
                    print(f"  {kind} {remaining[kind]:.1f}: {ratios}, target {target:.0f}")
        rate = await throughput(http, [ours(base, "sst", day, place) for day in (6, 7) for place in PLACES])
        print(f"\n{CLIENTS} clients, tiles/s  ours {rate:.0f}", end="")
        if peer:
            other = await throughput(of_peer, [peer_url(peer, "sst", place) for place in rest])
            print(f"  xpublish-tiles-files {other:.0f}: {rate / other:.1f} ×, target 10", end="")
        print()


def main() -> None:
    """Make the files, serve them with both, and ask."""
    python = peers.environment()
    with tempfile.TemporaryDirectory() as created, ExitStack() as running:
        folder = Path(created)
        reading.make(folder)
        make_skew(folder)
        ports, here = [free_port() for _ in range(3)], Path(__file__).parent
        floor, peer, titiler = (f"http://127.0.0.1:{port}" for port in ports)
        running.enter_context(child([sys.executable, str(here / "prototype.py"), created, str(ports[0])], floor))
        if python:
            command = [str(python), str(here / "peer_tiles.py"), created, str(ports[1])]
            running.enter_context(child(command, f"{peer}/datasets", PYTHONPATH=""))
            command = [str(python), str(here / "peer_titiler.py"), str(ports[2])]
            running.enter_context(child(command, f"{titiler}/openapi.json", PYTHONPATH=""))
        base = running.enter_context(stack(folder))
        asyncio.run(measure(base, created, floor, peer if python else None, titiler if python else None))


if __name__ == "__main__":
    main()
