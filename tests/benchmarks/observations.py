# ruff: noqa: T201 - it prints a table
"""How fast observations are found among 10 million samples: p50 and p95 of each kind of question, over HTTP.

python tests/benchmarks/observations.py [--samples 10000000] [--database PATH or URL]
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from litestar import Litestar
from litestar.testing import TestClient

from ocean_common.telemetry import configure_logs
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.database import connect
from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.catalogue.store import Catalogue
from ocean_metadata.observations import schema
from ocean_metadata.observations.repository import ObservationRepository
from ocean_metadata.observations.schema import create_tables
from ocean_metadata.observations.search import grid_cell, thinning_level
from ocean_metadata.observations.store import ObservationStore

REPEATS = 40
DAY = 86_400_000  # ms
START = 1_262_304_000_000  # 2010-01-01
KINDS = [  # type, share of the samples, casts of a platform, hours between them, depths of a cast, datatypes
    ("argo", 0.8, 50, 240, 40, (1, 2)),
    ("drifter", 0.1, 2000, 1, 1, (3,)),
    ("mooring", 0.1, 1000, 24, 10, (1,)),
]
TYPES = [("sea_water_temperature", "degree_Celsius"), ("sea_water_salinity", "psu"), ("sea_surface_temperature", "K")]


Rows = list[tuple[Any, ...]]


def platforms(samples: int) -> Iterator[tuple[dict[str, Any], Rows, Rows, Rows]]:
    """Platforms on their ways, with rows of stations, holdings and samples."""
    random = np.random.default_rng(1)
    number, station = 0, 0
    for kind, share, casts, hours, depths, datatypes in KINDS:
        for _ in range(max(1, round(samples * share / (casts * depths * len(datatypes))))):
            number += 1
            step = 0.0 if kind == "mooring" else 0.3
            lats = np.clip(random.uniform(-70, 70) + random.normal(0, step, casts).cumsum(), -89, 89)
            lons = (random.uniform(-180, 180) + random.normal(0, step, casts).cumsum() + 180) % 360 - 180
            first = START + int(random.integers(0, 3000)) * DAY
            stations, holdings, rows = [], [], []
            for place in range(casts):
                station += 1
                at, lat, lon = first + place * hours * 3_600_000, float(lats[place]), float(lons[place])
                stations.append((station, number, str(place), at, lat, lon, None, 0, 1))
                for datatype in (0, *datatypes):
                    where = (thinning_level(station), at, grid_cell(lat, lon), lat, lon, 0.0, 10.0 * (depths - 1))
                    holdings.append((station, datatype, number, *where))
                for datatype in datatypes:
                    values = random.normal(10, 5, depths).tolist()
                    rows += [(station, datatype, n, 10.0 * n, value) for n, value in enumerate(values)]
            row = {
                "id": number,
                "key": f"{kind}:{number}",
                "type": kind,
                "name": str(number),
                "first": first,
                "last": at,
            }
            yield row, stations, holdings, rows


def fill(engine: sa.Engine, samples: int) -> None:
    """Write them as the importer would have."""
    tables = (schema.stations, schema.holdings, schema.samples)
    with engine.begin() as connection:
        connection.execute(
            schema.imports.insert(),
            {"id": 1, "path": "made", "size": 0, "mtime_ns": 0, "digest": "made", "stations": 0},
        )
        for number, (key, unit) in enumerate(TYPES, 1):
            connection.execute(schema.datatypes.insert(), {"id": number, "key": key, "name": key, "unit": unit})
    with engine.begin() as connection:
        for row, *rows in platforms(samples):
            connection.execute(schema.platforms.insert(), row)
            about = [{"platform": row["id"], "key": "Name", "value": row["name"]},
                     {"platform": row["id"], "key": "Project", "value": f"project {row['id'] % 20}"}]  # fmt: skip
            connection.execute(schema.attributes.insert(), about)
            for table, some in zip(tables, rows, strict=True):
                write(connection, table, some)
    ObservationStore(engine).analyze()


def write(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    """Write rows the fast way of each database."""
    if connection.dialect.name == "postgresql":
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join(["?"] * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({marks})", rows)


def questions() -> Iterator[tuple[str, list[str]]]:
    """Each kind of question, asked about many times and places."""
    random = np.random.default_rng(2)
    dates = [np.datetime64("2010-01-01") + int(day) for day in random.integers(0, 3000, REPEATS)]
    places = [f"[[{lat:.2f},{lon:.2f}]]" for lat, lon in random.uniform([-70, -180], [70, 180], (REPEATS, 2))]
    temperature = "datatype=sea_water_temperature"
    point = "/observation/point/"
    track = "/observation/track/"
    days = [f"start_date={day}&end_date={day + 5}" for day in dates]
    years = [f"start_date={day}&end_date={day + 365}" for day in dates]
    boxes = [
        f"area=[[{lat:.1f},{lon:.1f}],[{lat + 15:.1f},{lon:.1f}],[{lat + 10:.1f},{lon + 25:.1f}]]"
        for lat, lon in random.uniform([-60, -180], [50, 150], (REPEATS, 2))
    ]
    yield "points, 5 days", [f"{point}{item}&{temperature}.json" for item in days]
    yield "points, a year", [f"{point}{item}&{temperature}.json" for item in years]
    yield "points, all times", [f"{point}{temperature}.json"]
    yield "points, everything", [f"{point}.json"]
    yield "points, one type", [f"{point}{item}&platform_type=argo.json" for item in years]
    yield "points, depths", [f"{point}{item}&{temperature}&mindepth=95&maxdepth=105.json" for item in years]
    yield "points, 100 km", [f"{point}area={item}&radius=100.json" for item in places]
    yield "points, polygon", [f"{point}{item}&{temperature}.json" for item in boxes]
    yield "points, one platform", [f"{point}meta_key=Name&meta_value={n}.json" for n in range(1, REPEATS)]
    yield "points, a project", [f"{point}{item}&meta_key=Project&meta_value=project 7.json" for item in years]
    yield "tracks, 5 days", [f"{track}{item}.json" for item in days]
    yield "tracks, drifters, a year", [f"{track}{item}&platform_type=drifter&quantum=week.json" for item in years]
    yield "tracks, polygon", [f"{track}{days[n]}&{item}.json" for n, item in enumerate(boxes)]
    yield "time range", ["/observation/time_range"]
    yield "datatypes", ["/observation/datatypes.json"]
    yield "meta keys", ["/observation/meta_keys/argo,drifter,animal,mission,glider.json"]
    yield "meta values", ["/observation/meta_values/argo,drifter/Project.json"]
    yield "metadata of a station", [f"/observation/meta/station/{n * 997}.json" for n in range(1, REPEATS)]
    yield "variables of a platform", [f"/observation/variables/platform={n}.json" for n in range(1, REPEATS)]
    yield "samples of a station", [f"/internal/observation/stations?ids={n * 97}" for n in range(1, REPEATS)]
    yield "way of a platform", [f"/internal/observation/track/{n}" for n in range(1, REPEATS)]


def measure(client: TestClient[Litestar], paths: list[str]) -> tuple[float, float, int]:
    """p50 and p95 in ms, and the size of the largest answer."""
    took, size = [], 0
    for path in (paths * REPEATS)[:REPEATS]:
        full = path if path.startswith("/internal") else f"/api/v2.0{path}"
        started = time.perf_counter()
        response = client.get(full)
        took.append(1000 * (time.perf_counter() - started))
        assert response.status_code == 200, response.text
        size = max(size, len(response.content))
    return float(np.percentile(took, 50)), float(np.percentile(took, 95)), size


def main() -> None:
    """Make the database unless it is there, and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--database", default=str(Path(tempfile.gettempdir()) / "observations-benchmark.sqlite3"))
    query = parser.parse_args()
    configure_logs("error", "text")
    engine = connect(query.database)
    create_tables(engine)
    counted = sa.select(sa.func.count()).select_from(schema.platforms)
    with engine.connect() as connection:
        empty = not connection.execute(counted).scalar()
    if empty:
        started = time.perf_counter()
        fill(engine, query.samples)
        print(f"{query.samples:,} samples written in {time.perf_counter() - started:.0f} s")
    catalogue = Catalogue(engine)
    catalogue.snapshot = Snapshot(revision="none", datasets={})  # only observations are asked for
    with TestClient(create_app(catalogue, observations=ObservationRepository(engine))) as client:
        print(f"{'':26} {'p50 ms':>8} {'p95 ms':>8} {'largest kB':>11}")
        for name, paths in questions():
            half, most, size = measure(client, paths)
            print(f"{name:26} {half:8.1f} {most:8.1f} {size / 1000:11.0f}", flush=True)


if __name__ == "__main__":
    main()
