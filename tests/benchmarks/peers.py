# ruff: noqa: T201 - it prints a table
"""The service over HTTP beside xarray and xpublish, on the same made files in one run.

Peers are installed from PyPI into an environment of their own, .venv-bench, as requirements.txt pins them. Where that
cannot be done, it is said, and the rest is measured.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import product
from pathlib import Path

import httpx
import netCDF4
import numpy as np
import reading
import xarray
from serving import child, free_port, services

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[1] / ".venv-bench"
LATITUDE, LONGITUDE = 52.07, -44.35
LEVELS, NY, NX = 40, 300, 450
DATASETS: dict[str, dict[str, object]] = {
    "sst": {"name": "Daily surface", "url": "sst_*.nc", "quantum": "day", "variables": {"sst": {}}},
    "deep": {"name": "One deep field", "url": "deep.nc", "quantum": "day", "variables": {"temp": {}}},
}
TARGETS = {
    ("series", "xarray"): 30.0, ("series", "xpublish-edr"): 10.0,
    ("profile", "xpublish-edr"): 8.0, ("area", "xpublish-edr"): 8.0,
}  # fmt: skip

Way = Callable[[], object]


def make_deep(folder: Path) -> None:
    """One time of a field with depth."""
    rng = np.random.default_rng(1)
    with netCDF4.Dataset(folder / "deep.nc", "w") as dataset:
        axes = {
            "time": (np.array([0.0]), "time", "days since 2020-01-01"),
            "depth": (np.linspace(0, 4000, LEVELS), "depth", "m"),
            "latitude": (np.linspace(20, 79.9, NY), "latitude", "degrees_north"),
            "longitude": (np.linspace(-90, -0.1, NX), "longitude", "degrees_east"),
        }
        for name, (values, standard, units) in axes.items():
            dataset.createDimension(name, values.size)
            axis = dataset.createVariable(name, "f8", (name,))
            axis.standard_name, axis.units, axis[:] = standard, units, values
        dataset["depth"].positive = "down"
        shape = (1, 10, 100, 150)
        field = dataset.createVariable(
            "temp", "f4", tuple(axes), zlib=True, complevel=4, shuffle=True, chunksizes=shape
        )
        field.setncatts({"standard_name": "sea_water_temperature", "units": "degree_C"})
        field[:] = np.round(rng.normal(10, 3, (1, LEVELS, NY, NX)) * 64) / 64


def find_interpreter() -> str:
    """A Python that the newest peers take: PEERS_PYTHON, or one of the machine; else uv downloads one."""
    if chosen := os.environ.get("PEERS_PYTHON"):
        return chosen
    installed = sorted(map(str, (Path.home() / ".pyenv/versions").glob("3.1[2-9]*/bin/python")))
    known = [*installed, *filter(None, map(shutil.which, ("python3.13", "python3.12")))]
    return next((path for path in known if _is_new_enough(path)), "3.12")


def _is_new_enough(python: str) -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 12))"
    return subprocess.run([python, "-c", check], check=False, capture_output=True).returncode == 0


def environment() -> Path | None:
    """The interpreter of the peers, or None with a word about why."""
    python = ENVIRONMENT / "bin/python"
    stamp, expected = ENVIRONMENT / "installed", (HERE / "requirements.txt").read_text()
    if stamp.exists() and stamp.read_text() == expected:
        return python
    print("installing the peers into .venv-bench …", flush=True)
    uv, needs = str(Path(sys.executable).with_name("uv")), ["install", "-q", "-r", str(HERE / "requirements.txt")]
    try:
        created = [uv, "venv", "-q", "--clear", "--python", find_interpreter(), str(ENVIRONMENT)]
        subprocess.run(created, check=True, capture_output=True, timeout=240)
        subprocess.run([uv, "pip", *needs, "--python", str(python)], check=True, capture_output=True, timeout=240)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"the peers cannot be installed, and are left out: {type(error).__name__}")
        return None
    stamp.write_text(expected)
    return python


def series_xarray(folder: Path) -> object:
    """A point of all files, opened as a script would."""
    with xarray.open_mfdataset(f"{folder}/sst_*.nc") as opened:
        return opened["sst"].sel(latitude=LATITUDE, longitude=LONGITUDE, method="nearest").load().values


def asking(client: httpx.Client, url: str, **params: str | float) -> Way:
    """A request that must be answered."""

    def ask() -> object:
        answer = client.get(url, params=params or None)
        answer.raise_for_status()
        return answer

    return ask


def tiles(client: httpx.Client, pattern: str) -> Way:
    """Another tile with each call: what was drawn is not asked again."""
    rest = iter([(5, x, y) for y, x in product(range(8, 14), range(8, 15))] * 4)

    def ask() -> object:
        zoom, x, y = next(rest)
        answer = client.get(pattern.format(z=zoom, x=x, y=y))
        answer.raise_for_status()
        return answer

    return ask


def questions(client: httpx.Client, folder: Path, ours: list[str], peer: str | None) -> dict[str, dict[str, Way]]:
    """What is asked of whom."""
    data, plotting = ours
    api, local = f"{data}/api/v2.0/data", {"latitude": LATITUDE, "longitude": LONGITUDE}
    box = f"{LONGITUDE - 2.5},{LATITUDE - 2.5},{LONGITUDE + 2.5},{LATITUDE + 2.5}"
    tile = f"tiles/sst/sst/{3}/0/{{z}}/{{x}}/{{y}}?interp=nearest&scale=0,30"
    requests: dict[str, dict[str, Way]] = {
        "series": {
            "ours": asking(client, f"{api}/sst/sst/timeseries", **local),
            "xarray": lambda: series_xarray(folder),
        },
        "profile": {"ours": asking(client, f"{api}/deep/temp/profile", **local)},
        "area": {"ours": asking(client, f"{api}/sst/sst/area", bbox=box, time=3)},
        "tile": {"ours": tiles(client, f"{plotting}/api/v2.0/{tile}")},
    }
    point = f"POINT({LONGITUDE} {LATITUDE})"
    corners = [(dx, dy) for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    ring = ",".join(f"{LONGITUDE + 2.5 * dx} {LATITUDE + 2.5 * dy}" for dx, dy in corners)
    servers = {"ours, EDR": (f"{data}/ogc/collections/{{}}", "CoverageJSON")}
    if peer:
        servers["xpublish-edr"] = f"{peer}/datasets/{{}}/edr", "cf_covjson"
    for name, (root, form) in servers.items():
        sst, temp = ({"parameter-name": key, "f": form} for key in ("sst", "temp"))
        requests["series"][name] = asking(client, root.format("sst") + "/position", coords=point, **sst)
        requests["profile"][name] = asking(client, root.format("deep") + "/position", coords=point, **temp)
        requests["area"][name] = asking(
            client, root.format("sst") + "/area", coords=f"POLYGON(({ring}))", datetime="2020-01-04", **sst
        )
    if peer:
        picture = "variables=sst&style=raster/viridis&colorscalerange=0,30&width=256&height=256&time=2020-01-04&f=png"
        path = f"{peer}/datasets/sst/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?{picture}"
        requests["tile"]["xpublish-tiles"] = tiles(client, path)
    return requests


def measure(ways: dict[str, Way], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each way, in turns; a way that fails is left out, with its reason."""
    taken: dict[str, list[float]] = {}
    for name, way in list(ways.items()):
        try:
            way()
            taken[name] = []
        except httpx.HTTPError as error:
            print(f"  {name} is left out: {str(error).splitlines()[0][:100]}")
    for _, name in product(range(rounds), list(taken)):
        start = time.perf_counter()
        ways[name]()
        taken[name].append((time.perf_counter() - start) * 1000)
    return taken


def report(question: str, taken: dict[str, list[float]]) -> None:
    """Medians and ratios to ours."""
    ours = statistics.median(taken["ours"]) if taken.get("ours") else None
    for name, times in taken.items():
        median = statistics.median(times)
        ratio = "" if ours is None or name == "ours" else f"{median / ours:8.1f} ×"
        target = TARGETS.get((question, name))
        output = "" if target is None or ours is None else f"  target {target:.0f}: "
        output += "" if not output else "met" if target and ours and median / ours >= target else "MISSED"
        print(f"{question:<9}{name:<16}{median:9.2f}{min(times):9.2f}{max(times):9.2f}{ratio}{output}", flush=True)


def main() -> None:
    """Make the files, serve them with both, and ask."""
    python = environment()
    with tempfile.TemporaryDirectory() as created, ExitStack() as running:
        folder = Path(created)
        reading.make(folder)
        make_deep(folder)
        ours = running.enter_context(services(folder, DATASETS, plotting=True))
        peer = None
        if python:
            port = free_port()
            peer = f"http://127.0.0.1:{port}"
            command = [str(python), str(HERE / "peer_server.py"), created, str(port)]
            running.enter_context(child(command, f"{peer}/datasets", PYTHONPATH=""))
        client = running.enter_context(httpx.Client(timeout=120))
        print(f"\nOver HTTP, ms\n{'':<25}{'median':>9}{'min':>9}{'max':>9}{'ratio':>10}")
        for question, ways in questions(client, folder, ours, peer).items():
            report(question, measure(ways, 5 if question == "series" else 15))


if __name__ == "__main__":
    main()
