# ruff: noqa: T201 - it prints a table
"""How fast 10,000 datasets are found: searches, filters, pages and lists of a catalogue with 1,000,000 time steps.

The catalogue is made through the store, as the index command writes it; the real app answers over its ASGI interface,
so that no network is measured. Last comes the index command over 1,000 files that did not change. Run it with
`python tests/benchmarks/catalogue.py`.
"""

import asyncio
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import netCDF4
import numpy as np
import shapely
import sqlalchemy as sa

from ocean_common.contracts.assets import DepthAxis, Dimension, File, Grid
from ocean_common.telemetry import configure_logs
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.database import connect, create_tables
from ocean_metadata.catalogue.model import DatasetRecord, GridRecord, StepArrays, TimeAxis, VariableRecord
from ocean_metadata.catalogue.store import Catalogue, CatalogueWriter, write_dataset
from ocean_metadata.index.watch import DatasetIndexer, reading_version

DATASETS, STEPS, FILES = 10_000, 100, 1_000
OUTLINES = 400  # places; of each, many datasets
GOAL = 20  # ms
TIMES = 400  # requests of each kind
API = "/api/v2.0"
QUANTITIES = (
    ("thetao", "Temperature", "sea_water_potential_temperature", "degree_C"),
    ("so", "Salinity", "sea_water_salinity", "1e-3"),
    ("uo", "Eastward current", "eastward_sea_water_velocity", "m s-1"),
    ("vo", "Northward current", "northward_sea_water_velocity", "m s-1"),
    ("zos", "Sea surface height", "sea_surface_height_above_geoid", "m"),
    ("siconc", "Sea ice concentration", "sea_ice_area_fraction", "1"),
    ("chl", "Chlorophyll", "mass_concentration_of_chlorophyll_a_in_sea_water", "mg m-3"),
    ("o2", "Oxygen", "mole_concentration_of_dissolved_molecular_oxygen_in_sea_water", "mmol m-3"),
)
MODELS = ("NEMO", "ROMS", "HYCOM", "FVCOM", "MITgcm", "SCHISM", "OSTIA", "SWAN")
PLACES = ("Arctic", "Baltic", "Labrador", "Gulf", "Pacific", "Nordic", "Biscay", "Scotian", "Weddell", "Agulhas")
WORDS = ("température", "salinity arctic", "glace de mer", "courant", "NEMO baltic", "chlorophyl", "tempreature", "o2")


def main() -> None:
    """Make the catalogue, measure, and print."""
    configure_logs("warning", "text")
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"{folder}/catalogue.sqlite3")
        create_tables(engine)
        took = timed(lambda: fill(engine))
        size = Path(f"{folder}/catalogue.sqlite3").stat().st_size / 2**20
        print(f"{DATASETS} datasets, {DATASETS * STEPS} time steps: written in {took:.1f} s, {size:.0f} MB")
        catalogue = Catalogue(engine)
        print(f"read into memory in {timed(catalogue.refresh):.1f} s")
        slow = asyncio.run(measure(catalogue))
        engine.dispose()
    index_again()
    print(f"slower than {GOAL} ms at p95: {', '.join(slow) or 'nothing'}")


def fill(engine: sa.Engine) -> None:
    """Write the catalogue, in one transaction."""
    chance = random.Random(4)
    outlines = [_outline(chance) for _ in range(OUTLINES)]
    with engine.begin() as connection:
        for number in range(DATASETS):
            write_dataset(connection, *make_dataset(number, chance, *outlines[number % OUTLINES]), number)
    CatalogueWriter(engine, reading_version()).finish({f"d{number}" for number in range(DATASETS)}, set())


def make_dataset(
    number: int, chance: random.Random, box: tuple[float, float, float, float], footprint: str
) -> tuple[DatasetRecord, list[StepArrays]]:
    """A dataset with its time steps."""
    model, place = chance.choice(MODELS), chance.choice(PLACES)
    seconds = chance.randrange(0, 20_000) * 86_400 + np.arange(STEPS) * chance.choice((3600, 86_400))
    axis = TimeAxis(
        units="seconds since 1970-01-01", calendar="standard", files=[0], first=int(seconds[0]), last=int(seconds[-1]),
        count=STEPS,
    )  # fmt: skip
    steps = StepArrays(raw=seconds, seconds=seconds, file=np.zeros(STEPS, np.int64), position=np.arange(STEPS))
    dimensions = [Dimension(name=item, role=item, size=9) for item in ("time", "depth", "y", "x")]
    record = DatasetRecord(
        id=f"d{number}",
        name=f"{model} {place} run {number}",
        revision=f"r{number}",
        quantum=chance.choice(("hour", "day", "month")),
        help=f"A {model} model of the {place}, run {number} of many, with {chance.choice(WORDS)} and other quantities.",
        attribution="Nobody (CC0)",
        model_class=chance.choice(("Mercator", "Nemo", "Fvcom")),
        group=model,
        subgroup=place,
        time_dim_units=axis.units,
        bounds=box,
        time=0,
        attributes={"title": f"{model} {place}", "institution": "Institute of made data", "Conventions": "CF-1.8"},
        files=[File(path=f"/data/{number}.nc", size=1, mtime_ns=1)],
        grids=[GridRecord(grid=_grid(number % OUTLINES, number, box), footprint=footprint)],
        depths=[DepthAxis(name="depth", kind="depth", values=[0.5 * item for item in range(9)])],
        times=[axis],
        variables=[
            VariableRecord(
                key=key, source=key, name=name, units=units, scale=(0.0, 30.0), standard_name=standard,
                dimensions=dimensions, file=0, grid=0, depth=0, time=0,
            )
            for key, name, standard, units in chance.sample(QUANTITIES, 4)
        ],
    )  # fmt: skip
    return record, [steps]


def _grid(shape: int, number: int, box: tuple[float, float, float, float]) -> Grid:
    return Grid(
        id=f"g{shape}", kind="rectilinear", shape=(100, 100), file=f"/data/{number}.nc", latitude="lat",
        longitude="lon", bounds=box,
    )  # fmt: skip


def _outline(chance: random.Random) -> tuple[tuple[float, float, float, float], str]:
    """A box, and blocks within it that are wet: with a rim as long as that of real grids."""
    west, south = chance.uniform(-180, 150), chance.uniform(-80, 60)
    step = chance.uniform(0.02, 0.4)
    wet = [(x, y) for x in range(72) for y in range(72) if (x - 36) ** 2 + (y - 36) ** 2 < chance.uniform(600, 1300)]
    blocks = shapely.box(*(np.array([(x, y, x + 1, y + 1) for x, y in wet]).T * step))
    full = shapely.set_precision(
        shapely.unary_union(shapely.transform(blocks, lambda at: at + np.array([west, south]))), 0.001
    )
    return tuple(round(bound, 6) for bound in full.bounds), shapely.to_geojson(full)


async def measure(catalogue: Catalogue) -> list[str]:
    """Ask for everything, and name what was too slow."""
    transport = httpx.ASGITransport(cast("Any", create_app(catalogue)))
    slow = []
    async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
        print(f"\n{'the first time':<34} {'ms':>8} {'kB':>8}")
        for content, address in FIRST.items():
            started = time.perf_counter()
            response = await client.get(API + address)
            response.raise_for_status()
            print(f"{content:<34} {(time.perf_counter() - started) * 1000:8.0f} {len(response.content) / 1000:8.0f}")
        print(f"\n{f'again and again, {TIMES} times':<34} {'p50 ms':>8} {'p95 ms':>8} {'cpu ms':>8} {'kB':>8}")
        for content, ask in KINDS.items():
            spans, worked, size = [], [], 0
            for address in ask(random.Random(7)):
                started, before = time.perf_counter(), time.process_time()
                response = await client.get(API + address, headers={"accept": "text/html"} if "HTML" in content else {})
                spans.append((time.perf_counter() - started) * 1000)
                worked.append((time.process_time() - before) * 1000)
                response.raise_for_status()
                size = max(size, len(response.content))
            best, late = statistics.median(spans), statistics.quantiles(spans, n=20)[-1]
            print(f"{content:<34} {best:8.2f} {late:8.2f} {statistics.median(worked):8.2f} {size / 1000:8.0f}")
            if late > GOAL and "whole list" not in content:
                slow.append(content)
    return slow


def _many(make: Callable[[random.Random], str]) -> Callable[[random.Random], Iterator[str]]:
    return lambda chance: (make(chance) for _ in range(TIMES))


def _box(chance: random.Random) -> str:
    west, south = chance.uniform(-180, 150), chance.uniform(-80, 60)
    return f"{west:.3f},{south:.3f},{west + chance.uniform(1, 60):.3f},{south + chance.uniform(1, 20):.3f}"


def _place(chance: random.Random) -> str:
    return f"latitude={chance.uniform(-80, 80):.3f}&longitude={chance.uniform(0, 360):.3f}"


def _date(chance: random.Random) -> str:
    return f"{chance.randrange(1970, 2025)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"


def _some(chance: random.Random) -> str:
    return f"d{chance.randrange(DATASETS)}"


def _ids(chance: random.Random) -> str:
    return f"dataset_ids={','.join(_some(chance) for _ in range(100))}"


def _any_variable(chance: random.Random) -> str:
    return chance.choice([key for key, *_ in QUANTITIES])


FIRST = {
    "first search (the index is made)": "/datasets/search?q=ice",
    "whole list /datasets": "/datasets",
    "whole list /datasets/variables/all": "/datasets/variables/all",
}
KINDS = {
    "search: words": _many(lambda chance: f"/datasets/search?q={chance.choice(WORDS)}&offset={chance.randrange(100)}"),
    "search: beginning of a word": _many(lambda chance: f"/datasets/search?q={chance.choice('abcnorst')}"),
    "search: bounding box": _many(lambda chance: f"/datasets/search?bbox={_box(chance)}"),
    "search: the whole world": _many(lambda _: "/datasets/search?bbox=-180,-90,180,90"),
    "search: words, box, time, facet": _many(
        lambda chance: (
            f"/datasets/search?quantum=day&q={chance.choice(WORDS)}&bbox={_box(chance)}&start={_date(chance)}"
        )
    ),
    "search: 100 to a page": _many(lambda chance: f"/datasets/search?limit=100&offset={chance.randrange(9000)}"),
    "filter: date": _many(lambda chance: f"/datasets/filter/date?target_date={_date(chance)}&{_ids(chance)}"),
    "filter: location": _many(lambda chance: f"/datasets/filter/location?{_place(chance)}&{_ids(chance)}"),
    "dataset: JSON": _many(lambda chance: f"/dataset/{_some(chance)}"),
    "dataset: HTML": _many(lambda chance: f"/dataset/{_some(chance)}"),
    "dataset: completeness": _many(lambda chance: f"/dataset/{_some(chance)}/completeness"),
    "dataset: variables": _many(lambda chance: f"/dataset/{_some(chance)}/variables"),
    "whole list /datasets": _many(lambda _: "/datasets"),
    "whole list /datasets/variables/all": _many(lambda _: "/datasets/variables/all"),
}


def index_again() -> None:
    """The index command over files that it knows."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):
            _file(Path(folder) / f"run_{number:04d}.nc", number)
        engine = connect(f"{folder}/catalogue.sqlite3")
        create_tables(engine)
        store, files = CatalogueWriter(engine, reading_version()), Path(folder)
        first = timed(DatasetIndexer(store, threading.Event(), folder=files).run)
        again = timed(DatasetIndexer(store, threading.Event(), folder=files).run)
        indexer = DatasetIndexer(store, threading.Event(), folder=files)
        indexer.run()
        watching = timed(indexer.run)
        engine.dispose()
    print(f"\nindex of {FILES} files: new {first:.1f} s, unchanged {again:.2f} s, watched {watching * 1000:.0f} ms")


def _file(path: Path, day: int) -> None:
    with netCDF4.Dataset(path, "w") as data:
        for name, values, units in (
            ("time", [day], "days since 2000-01-01"),
            ("lat", np.linspace(40, 50, 11), "degrees_north"),
            ("lon", np.linspace(-60, -50, 11), "degrees_east"),
        ):
            data.createDimension(name, len(values))
            item = data.createVariable(name, "f8", (name,))
            item[:], item.units = values, units
        item = data.createVariable("thetao", "f4", ("time", "lat", "lon"))
        item[:], item.units, item.standard_name = (
            np.full((1, 11, 11), 4.0),
            "Celsius",
            "sea_water_potential_temperature",
        )


def timed(run: Callable[[], object]) -> float:
    """Seconds that something takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
