"""Small made files with grids that are hard to cut, and what reads them."""

import netCDF4
import numpy as np

from ocean_common.contracts import data as contracts
from ocean_data.extraction import PLANS
from ocean_data.plan.extraction import read_values
from ocean_data.reading.base import GridStore, Reading
from ocean_data.settings import MIB


def reading_of(source):
    return Reading(source=source, grids=GridStore(source, 64 * MIB, 64 * MIB))


def ask(reading, variables, kind=contracts.AreaRequest, **fields):
    """The plan of a question, and all of its values."""
    query = kind(dataset=variables[0].dataset, variables=[variable.variable.key for variable in variables], **fields)
    extraction = PLANS[kind](reading, variables, query)
    return extraction, read_values(extraction, reading)


def values_of(extraction, name):
    return next(coordinate.values for coordinate in extraction.coordinates if coordinate.name == name)


def write(path, latitude, longitude, values, *, times=1, first=0, units="degC", key="sst"):
    """A field on parallels and meridians: (time, latitude, longitude)."""
    with netCDF4.Dataset(path, "w") as out:
        for name, size in (("time", times), ("latitude", latitude.size), ("longitude", longitude.size)):
            out.createDimension(name, size)
        for name, axis, of in (
            ("latitude", latitude, "degrees_north"),
            ("longitude", longitude, "degrees_east"),
            ("time", np.asarray(first) + np.zeros(times) if np.ndim(first) else first + np.arange(times), None),
        ):
            variable = out.createVariable(name, "f8", (name,))
            variable[:] = axis
            variable.units = of or "days since 2001-01-01"
        variable = out.createVariable(key, "f4", ("time", "latitude", "longitude"), fill_value=-999.0)
        variable.units = units
        variable.standard_name = "sea_surface_temperature"
        variable[:] = np.ma.masked_invalid(values)
    return path
