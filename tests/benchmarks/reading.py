# ruff: noqa: T201 - it prints a table
"""How fast numbers are read: the service's own reader beside xarray and netCDF4, on the same files in one run.

The files are made: 30 days of 600 × 900 float32, deflated at level 4 and shuffled, in chunks of 300 × 450. "Cold" means
that nothing was decoded before; the files are in the page cache, and ours knows where the chunks lie.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import netCDF4
import numpy as np
import xarray
from scipy import ndimage

from ocean_common.contracts.assets import Array, Assets, Dimension, File, Grid, Steps, VariableInfo
from ocean_data.reading.source import NetCDFSource

DAYS, NY, NX = 30, 600, 900
POINT = (321, 456)
LEVELS, SERIES = 40, 7  # rounds
MIB = 1024 * 1024


def make(folder: Path) -> list[Path]:
    """Daily fields of a sea with eddies and land, rounded as models round them."""
    latitude, longitude = np.linspace(20, 79.9, NY), np.linspace(-90, -0.1, NX)
    rng = np.random.default_rng(0)
    eddies = ndimage.zoom(rng.normal(scale=0.8, size=(NY // 20, NX // 20)), 20, order=3)
    base = 28 * np.cos(np.radians(latitude))[:, np.newaxis] + 3 * np.sin(np.radians(4 * longitude)) + eddies
    land = np.hypot((latitude[:, np.newaxis] - 60) / 20, (longitude + 70) / 25) < 0.6
    paths = []
    for day in range(DAYS):
        path = folder / f"sst_{day:02d}.nc"
        with netCDF4.Dataset(path, "w") as dataset:
            for name, size in (("time", None), ("latitude", NY), ("longitude", NX)):
                dataset.createDimension(name, size)
            moment = dataset.createVariable("time", "f8", ("time",))
            moment.standard_name, moment.calendar = "time", "standard"
            moment.units, moment[:] = "days since 2020-01-01", [day]
            for name, values in (("latitude", latitude), ("longitude", longitude)):
                axis = dataset.createVariable(name, "f8", (name,))
                axis.standard_name, axis.units = name, "degrees_north" if name == "latitude" else "degrees_east"
                axis[:] = values
            variable = dataset.createVariable(
                "sst", "f4", ("time", "latitude", "longitude"),
                zlib=True, complevel=4, shuffle=True, chunksizes=(1, 300, 450), fill_value=np.float32(1e20),
            )  # fmt: skip
            variable.setncatts({"standard_name": "sea_surface_temperature", "units": "degree_C", "long_name": "SST"})
            variable[0] = np.ma.masked_array(np.round((base + 0.05 * day) * 256) / 256, land)
        paths.append(path)
    return paths


def array(values: list[int], dtype: str) -> Array:
    """Numbers as they cross between services."""
    full = np.array(values, dtype)
    return Array(dtype=dtype, shape=full.shape, data=full.tobytes())


def describe(paths: list[Path]) -> Assets:
    """The files as the metadata service describes them."""
    stats = [path.stat() for path in paths]
    days = list(range(len(paths)))
    return Assets(
        dataset="made",
        revision="r1",
        variable=VariableInfo(dataset="made", key="sst", name="SST", units="degC", scale=(0.0, 30.0)),
        source="sst",
        dimensions=[
            Dimension(name="time", size=1, role="time"),
            Dimension(name="latitude", size=NY, role="y"),
            Dimension(name="longitude", size=NX, role="x"),
        ],
        grid=Grid(
            id="made",
            kind="rectilinear",
            shape=(NY, NX),
            file=str(paths[0]),
            latitude="latitude",
            longitude="longitude",
        ),
        depth=None,
        files=[
            File(path=str(path), size=stat.st_size, mtime_ns=stat.st_mtime_ns)
            for path, stat in zip(paths, stats, strict=True)
        ],
        steps=Steps(
            raw=array(days, "<i8"),
            seconds=array([day * 86400 for day in days], "<i8"),
            file=array(days, "<i4"),
            position=array([0] * len(days), "<i4"),
            units="days since 2020-01-01",
        ),
    )


def level_xarray(path: Path) -> np.ndarray:
    """One level through xarray."""
    with xarray.open_dataset(path) as opened:
        return opened["sst"].isel(time=0).load().values


def level_netcdf4(path: Path) -> np.ndarray:
    """One level through netCDF4."""
    with netCDF4.Dataset(path) as opened:
        return np.ma.filled(opened["sst"][0], np.nan)


def series_xarray(paths: list[Path]) -> np.ndarray:
    """A point of all files through xarray."""
    with xarray.open_mfdataset(
        paths,
        combine="nested",
        concat_dim="time",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
    ) as opened:
        return opened["sst"].isel(latitude=POINT[0], longitude=POINT[1]).load().values


def series_netcdf4(paths: list[Path]) -> np.ndarray:
    """A point of all files through netCDF4."""
    result = []
    for path in paths:
        with netCDF4.Dataset(path) as opened:
            result.append(np.ma.filled(opened["sst"][:, POINT[0], POINT[1]], np.nan))
    return np.concatenate(result)


class Ours:
    """The service's own reader. It keeps so little that nothing it decoded is there when it is asked again."""

    def __init__(self, paths: list[Path], keep: int = 1) -> None:
        self.assets = describe(paths)
        self.source = NetCDFSource(64, keep, chunk_bytes=keep)
        self.days = cycle(range(len(paths)))

    def level(self) -> np.ndarray:
        """One level of the next day."""
        return self.source.level(self.assets, next(self.days), None)

    def series(self) -> np.ndarray:
        """A point of all files."""
        cell = np.array([POINT[0] * NX + POINT[1]], np.int32)
        return self.source.columns(self.assets, range(len(self.assets.files)), slice(None), cell)[:, 0, 0]


def measure(ways: dict[str, Callable[[], np.ndarray]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each way, in turns, so that a busy machine is busy for all."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            taken[name].append((time.perf_counter() - start) * 1000)
    return taken


def report(title: str, taken: dict[str, list[float]], targets: dict[str, float]) -> None:
    """Print a table."""
    ours = statistics.median(taken["ours"])
    print(f"\n{title}\n{'':<34}{'median':>9}{'min':>9}{'max':>9}{'ratio':>8}")
    for name, times in taken.items():
        ratio = statistics.median(times) / ours
        target = targets.get(name)
        output = "" if target is None else f"  target {target:.0f}: {'met' if ratio >= target else 'MISSED'}"
        print(f"{name:<34}{statistics.median(times):>9.2f}{min(times):>9.2f}{max(times):>9.2f}{ratio:>8.1f}{output}")


def main() -> None:
    """Make the files, check that all ways read the same, and print what each costs."""
    with tempfile.TemporaryDirectory() as folder:
        paths = make(Path(folder))
        ours, keeping = Ours(paths), Ours(paths, 256 * MIB)
        rest = cycle(paths)
        keeping.series()  # and what is loaded once is loaded
        start = time.perf_counter()
        Ours(paths).series()
        first = (time.perf_counter() - start) * 1000
        # Other ways give masked arrays or float32: compared once, before it is measured.
        np.testing.assert_array_equal(ours.source.level(ours.assets, 0, None), level_xarray(paths[0]))
        np.testing.assert_array_equal(ours.source.level(ours.assets, 0, None), level_netcdf4(paths[0]))
        np.testing.assert_array_equal(ours.series(), series_xarray(paths))
        np.testing.assert_array_equal(ours.series(), series_netcdf4(paths))
        level = {
            "ours": ours.level,
            "netCDF4, open + read + close": lambda: level_netcdf4(next(rest)),
            "xarray, open + isel + load": lambda: level_xarray(next(rest)),
        }
        series = {
            "ours": ours.series,
            "ours, a neighbour was asked before": keeping.series,
            "netCDF4, 30 × open + read + close": lambda: series_netcdf4(paths),
            "xarray, open_mfdataset + isel": lambda: series_xarray(paths),
        }
        size = sum(path.stat().st_size for path in paths) / len(paths)
        print(f"{DAYS} files of {NY} × {NX} float32, {size / 1000:.0f} kB each; ms")
        targets = {"netCDF4, open + read + close": 5.0, "xarray, open + isel + load": 10.0}
        report("One level, nothing decoded before", measure(level, LEVELS), targets)
        report("One point of 30 files", measure(series, SERIES), {"xarray, open_mfdataset + isel": 30.0})
        print(f"\nOurs the first time, when it learns where the chunks of 30 files lie: {first:.0f} ms")


if __name__ == "__main__":
    main()
