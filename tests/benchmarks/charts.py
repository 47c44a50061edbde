# ruff: noqa: T201 - it prints a table
"""A Mercator map of one field beside cartopy's, and profiles beside matplotlib's own figure of the same lines.

All are 10 × 7 inches at 100 dpi as PNG, in one run.

Ours is drawn from the field in the plane of the map, as the data service answers it; what that answer takes is told
apart. Cartopy is installed into .venv-bench; where that cannot be done, it is said.
"""

import json
import statistics
import subprocess
import tempfile
import time
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
from matplotlib.figure import Figure
from peers import environment

from ocean_common.contracts.assets import Array, VariableInfo
from ocean_common.contracts.data import Coordinate, Coverage, Field
from ocean_core.tiles import MERCATOR
from ocean_plotting.export import WRITERS
from ocean_plotting.export.output import Output
from ocean_plotting.figure.context import FigureResources
from ocean_plotting.figure.view import View, choose_view, find_bounds
from ocean_plotting.plots import profile
from ocean_plotting.plots.map.draw import MapPlot
from ocean_plotting.plots.map.query import FIELD_CELLS, MapData, MapQuery, make_map_layout

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
    query = msgspec.convert({"dataset": "made", "variable": "sst", "area": [AREA], "projection": MERCATOR}, MapQuery)
    areas = query.areas()
    rectangle = make_map_layout(query, 10, 7, 1).rectangles((1, 1))[0]
    shown = choose_view(find_bounds(areas), MERCATOR, rectangle.width / rectangle.height)
    west, south, east, north = shown.box()
    latitude, longitude = np.linspace(south - 1, north + 1, ROWS), np.linspace(west - 1, east + 1, COLUMNS)
    field = make_field(latitude[:, np.newaxis], longitude[np.newaxis])
    fetched = MapData(time="2016-02-05T12:00:00Z", revisions={"made": "r"}, areas=areas, view=shown, grid=(1, 1),
                   fields=coverage(shown), statistics=None)  # fmt: skip
    context = FigureResources(COARSE, None, FINE).make_context(output)
    MapPlot.draw(query, fetched, context)  # the coast is read, the fonts are found
    ours = [timed(lambda: WRITERS["png"](MapPlot.draw(query, fetched, context), output)) for _ in range(TIMES)]
    print(f"A Mercator map, 10 × 7 in at 100 dpi, PNG\n{'':<10}{'median ms':>10}{'min':>8}{'max':>8}")
    print_row("ours", ours)
    profiles(output, FigureResources(COARSE, None, FINE))
    if (python := environment()) is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/field.npz"
        np.savez(file, latitude=latitude, longitude=longitude, values=field, box=[west, south, east, north])
        command = [str(python), str(Path(__file__).with_name("cartopy_map.py")), file, FINE, str(TIMES)]
        completed = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONPATH": ""})
    reference = json.loads(completed.stdout)[1:]  # the first one finds the fonts
    print_row("cartopy", reference)
    ratio = statistics.median(reference) / statistics.median(ours)
    print(f"ours is {ratio:.1f} × faster (wanted: {TARGET:g} ×)")


def profiles(output: Output, resources: FigureResources) -> None:
    """Two variables at three stations: our plot, with its map, and the lines alone as matplotlib draws them."""
    depths, places = np.linspace(0, 2000, 17), [(70.0, 4.0), (73.0, 20.0), (76.5, 12.0)]
    columns = [np.array([4 * np.exp(-depths / 400) + at / 50 + way for at, _ in places]) for way in (0.0, 30.0)]
    query = msgspec.convert({"dataset": "made", "variable": ["sst", "so"], "station": places}, profile.ProfileQuery)
    fetched = profile.ProfileData(
        time="2016-02-05T12:00:00Z",
        revisions={"made": "r"},
        coverages=[column(depths, places, item) for item in columns],
    )
    context = resources.make_context(output)

    def plain() -> None:
        figure = Figure(figsize=(10, 7), layout="constrained")
        for axes, values in zip(figure.subplots(1, 2), columns, strict=True):
            for station, line in zip(places, values, strict=True):
                axes.plot(line, depths, marker="o", label=f"{station[0]}° N, {station[1]}° E")
            axes.invert_yaxis()
            axes.set(xlabel="Temperature (°C)", ylabel="Depth (m)")
            axes.legend()
        figure.suptitle("Temperature profiles at 3 stations")
        figure.savefig(BytesIO(), format="png", dpi=100)

    def ours() -> None:
        WRITERS["png"](profile.ProfilePlot.draw(query, fetched, context), output)

    print(f"Profiles, 10 × 7 in at 100 dpi, PNG\n{'':<10}{'median ms':>10}{'min':>8}{'max':>8}")
    taken: dict[str, list[float]] = {"ours": [], "matplotlib": []}
    for _ in range(TIMES + 1):
        for name, work in (("ours", ours), ("matplotlib", plain)):
            taken[name].append(timed(work))
    for name, times in taken.items():
        print_row(name, times[1:])  # the first one finds the fonts
    ratio = statistics.median(taken["ours"][1:]) / statistics.median(taken["matplotlib"][1:])
    print(f"ours takes {ratio:.2f} of matplotlib's own time, its map and list of stations included")


def column(depths: np.ndarray, places: list[tuple[float, float]], values: np.ndarray) -> Coverage:
    """What the data service answers for a variable."""
    latitude, longitude = np.array(places).T
    axes = {"depth": depths, "latitude": latitude, "longitude": longitude}
    dims = {"depth": ("depth",), "latitude": ("point",), "longitude": ("point",)}
    time = Coordinate(name="time", dims=("time",), values=array(np.array([1454673600.0])))
    return Coverage(
        kind="points",
        dataset="made",
        dims={"time": 1, "depth": len(depths), "point": len(places)},
        coordinates=[time, *(Coordinate(name=key, dims=dims[key], values=array(item)) for key, item in axes.items())],
        fields=[Field(variable=INFO, dims=("time", "depth", "point"), values=array(values.T[np.newaxis]))],
        revision="r",
    )


def make_field(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """The field, everywhere."""
    field: np.ndarray = 30 - 0.4 * np.abs(latitude) + np.sin(longitude / 3) * np.cos(latitude / 2)
    return field


def coverage(shown: View) -> Coverage:
    """What the data service answers."""
    shape = shown.shape(FIELD_CELLS)
    values = make_field(*shown.earth(*np.meshgrid(*shown.cells(shape))))
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
    full = np.ascontiguousarray(values)
    return Array(dtype=full.dtype.str, shape=full.shape, data=full.tobytes())


def timed(work: object) -> float:
    """Milliseconds that it takes."""
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return 1000 * (time.perf_counter() - started)


def print_row(name: str, taken: list[float]) -> None:
    """A line of the table."""
    print(f"{name:<10}{statistics.median(taken):>10.0f}{min(taken):>8.0f}{max(taken):>8.0f}", flush=True)


if __name__ == "__main__":
    main()
