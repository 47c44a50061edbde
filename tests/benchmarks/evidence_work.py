"""Work that evidence.py puts behind every framework: the functions of the services, in process, over recorded requests.

A folder holds the response of `/datasets`, the variables as the metadata service describes them, and pickled jobs of
the plotting service with their numbers: what is drawn is what the service draws.
"""

import json
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice, product
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import AreaRequest, TileRequest
from ocean_core.colour import Scale
from ocean_data.app import open_reading
from ocean_data.compute.field import tile_field
from ocean_data.plan.areas import plan_area
from ocean_data.plan.extraction import read_parts
from ocean_data.settings import Settings
from ocean_data.writing.table import Csv
from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.figure.context import FigureResources
from ocean_plotting.plots import KINDS
from ocean_plotting.tiles.store import TileStyle, render_tile
from ocean_plotting.workers import Job

SAMPLES = Path(__file__).parents[2] / "deploy/sample_data"
FOLDER, MODE = "EVIDENCE_FOLDER", "EVIDENCE_MODE"  # environment of the servers
WORKERS, NICE = 2, 10  # processes of a pool, as those of the plotting service
PATH = {"path": [[70.5, 20.0], [74.25, 19.17], [76.5, 12.0], [75.0, 0.0]]}
TEMPERATURE = {"dataset": "arctic_day", "variable": "votemper"}
PLOTS: list[tuple[str, dict[str, Any]]] = [  # the last one is light
    (
        "map",
        TEMPERATURE | {"area": [{"polygons": [[[68, 0], [68, 35], [78, 35], [78, 0], [68, 0]]]}], "bathymetry": True},
    ),
    ("transect", TEMPERATURE | PATH | {"surfacevariable": "zeta", "compare_to": TEMPERATURE | {"time": "2016-02-01"}}),
    ("transect", TEMPERATURE | PATH | {"variable": "x_velocity,y_velocity", "selectedPlots": "1,1,1"}),
    ("timeseries", TEMPERATURE | {"station": [[73.0, 20.0], [70.0, -5.0], [72.0, 5.0]], "depth": "all"}),
    ("profile", TEMPERATURE | {"station": [[73.0, 20.0]]}),
]
HEAVY, LIGHT = range(4), 4
ZOOM = 6
PLACES = list(product(range(24, 30), range(18, 25)))  # x, y: all sea
FIRST_STEP = 3  # of the tiles that are counted; later ones are for throughput
STEPS = 30


class Work:
    """The functions of the services over one folder."""

    def __init__(self, folder: Path) -> None:
        self._listing = msgspec.json.decode((folder / "listing.json").read_bytes())
        self._assets = {
            key: msgspec.msgpack.decode((folder / f"{key}.assets").read_bytes(), type=Assets)
            for key in ("sst", "large")
        }
        self._jobs: list[Job] = pickle.loads((folder / "jobs").read_bytes())
        self._reading = open_reading(Settings())
        coasts = [str(SAMPLES / f"coast/ne_{scale}m_land.geojson.gz") for scale in (110, 50)]
        self._resources = FigureResources(coasts[0], ReliefFile(SAMPLES / "topo/etopo1_6min_int16.nc"), coasts[1])

    def list_datasets(self) -> bytes:
        """Encode the list of datasets."""
        return msgspec.json.encode(self._listing)

    def draw_tile(self, step: int, zoom: int, x: int, y: int) -> bytes:
        """Read the field of a tile, colour it, and encode it as PNG."""
        query = TileRequest(
            dataset="sst",
            variable="sst",
            time=f"2020-01-{step + 1:02d}T00:00:00",
            depth="0",
            zoom=zoom,
            x=x,
            y=y,
            interpolation="bilinear",
        )
        field = tile_field(self._reading, [self._assets["sst"]], query)
        return render_tile(field, TileStyle(Scale(0.0, 30.0), None, "image/png"), x, y)

    def draw_plot(self, number: int) -> bytes:
        """Draw a plot and encode it as PNG."""
        return self._jobs[number].run(self._resources).content

    def write_subset(self, last: str) -> Iterator[bytes]:
        """Write a whole variable until a day as CSV, piece by piece."""
        query = AreaRequest(dataset="large", variables=["v"], start="2020-01-01", end=last, box=(-90.0, 0.0, 0.0, 80.0))
        extraction = plan_area(self._reading, [self._assets["large"]], query)
        return Csv().pieces(extraction, read_parts(extraction, self._reading), "")


def open_work() -> Work:
    """Open the folder that the environment names."""
    return Work(Path(os.environ[FOLDER]))


_in_worker: list[Work] = []


def _start_worker() -> None:
    os.nice(NICE)
    Thread(target=_end_with_server, daemon=True).start()
    _in_worker.append(open_work())


def _end_with_server() -> None:
    """End the process when its server was ended by a signal, which closes no pool."""
    server = parent_process()
    if server is not None:
        wait([server.sentinel])
        os._exit(0)


def draw_in_worker(number: int) -> bytes:
    """Draw a plot in a process of the pool."""
    return _in_worker[0].draw_plot(number)


def create_pool() -> ProcessPoolExecutor:
    """Start worker processes that draw at a lower priority; they are spawned, as those of the plotting service."""
    pool = ProcessPoolExecutor(WORKERS, get_context("spawn"), _start_worker)
    list(pool.map(time.sleep, [0.0] * WORKERS))
    return pool


def record_job(number: int, data: Any) -> Job:
    """Return the job of a plot over its numbers."""
    from ocean_plotting.export.output import parse_output  # noqa: PLC0415

    kind, query = PLOTS[number]
    output = parse_output("png", "15x9", 150, KINDS[kind].formats)
    return Job(output, KINDS[kind].draw, (msgspec.convert(query, KINDS[kind].query), data))


def measure_functions(counts: dict[str, int]) -> dict[str, float]:
    """Return the processor time of each function, ms, without any server."""
    work = open_work()
    tiles = iter(PLACES)
    functions: dict[str, Callable[[], object]] = {
        "datasets": work.list_datasets,
        "tile": lambda: work.draw_tile(FIRST_STEP, ZOOM, *next(tiles)),
        "profile": lambda: work.draw_plot(LIGHT),
        "map": lambda: work.draw_plot(HEAVY[0]),
    }
    taken = {}
    for name, function in functions.items():
        function()  # loads what is loaded once
        start = time.process_time()
        for _ in islice(iter(int, 1), counts[name]):
            function()
        taken[name] = (time.process_time() - start) * 1000 / counts[name]
    return taken


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_functions(json.loads(sys.argv[1]))))
