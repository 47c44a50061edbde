"""Datasets of files of many kinds, served at an address of this machine, for clients that read files."""

import json
import os
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from netCDF4 import Dataset
from tests.field.one_process import OneProcess

SAMPLES = os.environ.get("OCEAN_SAMPLES")
RANDOM = np.random.default_rng(7)
TIMES = 4


def write_day(path, day, *, form="NETCDF4", dtype="i2", scale=0.01):
    """Write a file with two time steps and variables of many types."""
    with Dataset(path, "w", format=form) as out:
        out.title = 'a "quoted" title, température'
        for name, size in (("time", None), ("lat", 6), ("lon", 8), ("letters", 5)):
            out.createDimension(name, size)
        out.createVariable("time", "f8", ("time",))[:] = [2 * day, 2 * day + 1]
        out["time"].units, out["time"].calendar = "days since 2020-01-01", "standard"
        for name, values, units in (
            ("lat", np.arange(6) + 40.0, "degrees_north"),
            ("lon", np.arange(8) - 60.0, "degrees_east"),
        ):
            out.createVariable(name, "f4", (name,))[:] = values
            out[name].units = units
        packed = out.createVariable("temp", dtype, ("time", "lat", "lon"), fill_value=-32768 if dtype == "i2" else None)
        packed.set_auto_maskandscale(False)
        packed.setncatts({"units": "degC", "long_name": "temperature"})
        if dtype == "i2":
            packed.scale_factor, packed.add_offset = scale, np.float32(5)
        packed[:] = RANDOM.integers(-1000, 1000, (2, 6, 8))
        plain = [("salt", "f8"), ("flags", "i1"), ("count", "i4")]
        wide = [("cells", "u1"), ("large", "i8"), ("pairs", "u2"), ("many", "u4")] if form == "NETCDF4" else []
        for name, kind in plain + wide:
            variable = out.createVariable(name, kind, ("time", "lat", "lon"))
            variable.set_auto_maskandscale(False)
            limits = (0, 1) if kind == "f8" else (np.iinfo(kind).min // 2, np.iinfo(kind).max // 2)
            variable[:] = RANDOM.uniform(*limits, (2, 6, 8)).astype(kind)
            variable.units = "1"
        out["salt"][0, 0, 0] = np.nan
        out.createVariable("station", "S1", ("lat", "letters"))[:] = netCDF4.stringtochar(
            np.array(["a", "", "cde", "fghij", "k", "l"], "S5")
        )
        out.createVariable("crs", "i4", ())[...] = -7
        out["crs"].earth_radius = 6371229.0


@pytest.fixture(scope="session")
def stored_server(tmp_path_factory):
    """The address of the server, and the files of each dataset."""
    folder = tmp_path_factory.mktemp("opendap")
    write = {
        "series": [{"day": day} for day in range(TIMES)],
        "classic": [{"day": day, "form": "NETCDF3_CLASSIC"} for day in range(2)],
        "mixed": [{"day": 0}, {"day": 1, "scale": 0.05}, {"day": 2, "dtype": "f4"}],
        "lone": [{"day": 0}],
    }
    configuration = {}
    for name, days in write.items():
        for options in days:
            write_day(folder / f"{name}_{options['day']}.nc", **options)
        configuration[name] = {"name": name, "url": str(folder / f"{name}_*.nc")}
    configuration["chosen"] = configuration["lone"] | {"variables": {"temp": {}}}
    (folder / "datasets.json").write_text(json.dumps(configuration))
    with (
        OneProcess(folder / "catalogue.sqlite", datasets=folder / "datasets.json") as services,
        services.listen() as base,
    ):
        yield base, {name: sorted(folder.glob(f"{name}_*.nc")) for name in write}


def raw(path):
    """A file whose numbers are as they are stored."""
    opened = Dataset(path)
    opened.set_auto_maskandscale(False)
    return opened


def joined(files, name):
    """A variable of all files, along time where it has one."""
    parts = []
    for path in files:
        with raw(path) as opened:
            parts.append(np.asarray(opened[name][...]))
            dimensions = opened[name].dimensions
    return np.concatenate(parts) if "time" in dimensions else parts[0]


def list_sample_variables(database):
    """Serve all sample files; yield address, dataset, time steps and record of each variable that is not decoded."""
    services = OneProcess(database, folder=Path(SAMPLES))
    with services, services.listen() as base:
        for record in services.catalogue.snapshot.served:
            steps = services.steps(record)
            for variable in record.variables:
                if variable.source and not variable.mixed and not variable.conversions:
                    yield base, record, steps, variable
