"""NetCDF-4 by the library: part by part into a file, so that memory holds no more than a part."""

import math
from typing import Any, Literal

import netCDF4

from ocean_data.plan.extraction import Extraction
from ocean_data.ports import Parts
from ocean_data.reading.lock import LIBRARY
from ocean_data.writing.cf import Layout, Variable, filled, layout

CHUNK = 1 << 18  # values: a megabyte of float32
SMALL = 512  # values: fewer are not compressed, as what describes that is larger
LEVEL = 1  # of compression: more takes thrice the time for a twentieth of the bytes

Model = Literal["NETCDF4", "NETCDF4_CLASSIC"]


class Netcdf4:
    """Writes NetCDF-4, with the types of its own or of the classic model."""

    media_type = "application/x-netcdf"
    suffix = "nc"

    def __init__(self, model: Model = "NETCDF4") -> None:
        self._model: Model = model

    def save(self, extraction: Extraction, parts: Parts, revision: str, path: str) -> None:
        """Write the file; between the parts, which are read with the same lock, it is let go."""
        plan = layout(extraction, revision, classic=self._model == "NETCDF4_CLASSIC")
        keys = {one.key: one for one in plan.variables if one.key is not None}
        with LIBRARY:
            file = netCDF4.Dataset(path, "w", format=self._model)
        try:
            with LIBRARY:
                self._define(file, plan, extraction.rows)
            for rows, part in parts:
                with LIBRARY:
                    for key, values in part.items():
                        one = keys[key]
                        where = rows if one.dims[:1] == (plan.first,) else ...
                        file[one.name][where] = filled(values, one.dtype)
        finally:
            with LIBRARY:
                file.close()

    def _define(self, file: netCDF4.Dataset, plan: Layout, rows: int) -> None:
        """Dimensions, attributes, and what is known before anything is read."""
        file.set_fill_off()
        file.setncatts(plan.attributes)
        for name, size in plan.dims.items():
            file.createDimension(name, None if name == "time" and name == plan.first else size)
        for one in plan.variables:
            text = one.dtype == object
            packed: dict[str, Any] = {"chunksizes": chunks(one, plan, rows)} if one.dims else {}
            if not text and math.prod(plan.dims[name] for name in one.dims) >= SMALL:
                packed |= {"zlib": True, "complevel": LEVEL, "shuffle": True}
            variable = file.createVariable(
                one.name, str if text else one.dtype, one.dims, fill_value=one.attributes.get("_FillValue"), **packed
            )
            variable.set_auto_maskandscale(False)
            variable.set_auto_chartostring(False)
            variable.setncatts({key: value for key, value in one.attributes.items() if key != "_FillValue"})
            if one.values is not None:
                variable[...] = one.values if text else filled(one.values, one.dtype)


def chunks(one: Variable, plan: Layout, rows: int) -> tuple[int, ...]:
    """The shape of a chunk: whole along the last dimensions, and no more rows than are written together."""
    left, found = CHUNK, []
    for name in reversed(one.dims):
        most = min(plan.dims[name], rows) if name == plan.first else plan.dims[name]
        found.append(max(1, min(most, left)))
        left = max(1, left // max(1, most))
    return tuple(reversed(found))
