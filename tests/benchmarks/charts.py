# ruff: noqa: T201 - it prints a table
"""A Mercator map of one field, 10 × 7 inches at 100 dpi as PNG: ours beside cartopy's, in one run.

Ours is drawn from the field in the plane of the map, as the data service answers it; what that answer takes is told
apart. Cartopy is installed into .venv-bench; where that cannot be done, it is said.
"""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
from peers import environment

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coordinate, Coverage, Field
from ocean_plotting.adapters.formats import WRITERS
from ocean_plotting.adapters.ground import Ground
from ocean_plotting.domain.outline import span
from ocean_plotting.domain.output import Output
from ocean_plotting.domain.view import MERCATOR, View, view
from ocean_plotting.plots import area_map
from ocean_plotting.plots.area_map.numbers import CELLS, Map, Maps, plan_of

SAMPLES = Path(__file__).parents[2] / "deploy" / "sample_data"
COARSE, FINE = (str(SAMPLES / "coast" / f"ne_{scale}m_land.geojson.gz") for scale in (110, 50))
ROWS, COLUMNS, TIMES, TARGET = 600, 900, 9, 5.0
AREA = {"polygons": [[[45, -35], [45, 5], [62, 5], [62, -35]]], "name": "Northeast Atlantic"}
INFO = VariableInfo(
    dataset="made", key="sst", name="Temperature", units="degC", scale=(0.0, 20.0), dataset_name="Made", quantum="day"
)


def main() -> None:
    """Draw both, in turns of their own, and compare the medians."""
    output = Output(width=10, height=7, dpi=100)
    query = msgspec.convert(
        {"dataset": "made", "variable": "sst", "area": [AREA], "projection": MERCATOR}, area_map.Query
    )
    areas = query.areas()
    shown = view(span(areas), MERCATOR, plan_of(query, 10, 7).rooms((1, 1))[0].aspect)
    west, south, east, north = shown.box()
    latitude, longitude = np.linspace(south - 1, north + 1, ROWS), np.linspace(west - 1, east + 1, COLUMNS)
    field = known(latitude[:, np.newaxis], longitude[np.newaxis])
    fetched = Maps(time="2016-02-05T12:00:00Z", revisions={"made": "r"}, areas=areas, view=shown, grid=(1, 1),
                   own=Map(field=coverage(shown), summed=None))  # fmt: skip
    sheet = Ground(COARSE, None, FINE).sheet(output)
    area_map.draw(query, fetched, sheet)  # the coast is read, the fonts are found
    ours = [timed(lambda: WRITERS["png"](area_map.draw(query, fetched, sheet), output)) for _ in range(TIMES)]
    print(f"A Mercator map, 10 × 7 in at 100 dpi, PNG\n{'':<10}{'median ms':>10}{'min':>8}{'max':>8}")
    told("ours", ours)
    if (python := environment()) is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/field.npz"
        np.savez(file, latitude=latitude, longitude=longitude, values=field, box=[west, south, east, north])
        command = [str(python), str(Path(__file__).with_name("cartopy_map.py")), file, FINE, str(TIMES)]
        made = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONPATH": ""})
    theirs = json.loads(made.stdout)[1:]  # the first one finds the fonts
    told("cartopy", theirs)
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"ours is {ratio:.1f} × faster (wanted: {TARGET:g} ×)")


def known(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """The field, everywhere."""
    return 30 - 0.4 * np.abs(latitude) + np.sin(longitude / 3) * np.cos(latitude / 2)


def coverage(shown: View) -> Coverage:
    """What the data service answers."""
    shape = shown.shape(CELLS)
    values = known(*shown.earth(*np.meshgrid(*shown.cells(shape))))
    return Coverage(
        kind="area",
        dataset="made",
        dims={"time": 1, "y": shape[0], "x": shape[1]},
        coordinates=[Coordinate(name="time", dims=("time",), values=array(np.array([1454673600.0])))],
        fields=[Field(variable=INFO, dims=("time", "y", "x"), values=array(values[np.newaxis]))],
        revision="r",
    )


def array(values: np.ndarray) -> Array:
    """As it crosses the border."""
    return Array(dtype=values.dtype.str, shape=values.shape, data=values.tobytes())


def timed(work: object) -> float:
    """Milliseconds that it takes."""
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return 1000 * (time.perf_counter() - started)


def told(name: str, taken: list[float]) -> None:
    """A line of the table."""
    print(f"{name:<10}{statistics.median(taken):>10.0f}{min(taken):>8.0f}{max(taken):>8.0f}", flush=True)


if __name__ == "__main__":
    main()
