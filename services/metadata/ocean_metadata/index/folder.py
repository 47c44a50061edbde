"""The NetCDF files under a folder."""

import os
from pathlib import Path

SUFFIXES = {".nc", ".nc3", ".nc4", ".cdf", ".netcdf", ".grd", ".h5", ".hdf5"}


def files(root: Path) -> list[str]:
    """Paths of all files that look like NetCDF, sorted; hidden ones are left alone."""
    found = []
    for folder, below, names in os.walk(root, followlinks=True):
        below[:] = [each for each in below if not each.startswith(".")]
        found += [
            os.path.join(folder, each)  # noqa: PTH118  a Path for each of 100,000 files takes a second
            for each in names
            if not each.startswith(".") and os.path.splitext(each)[1].lower() in SUFFIXES  # noqa: PTH122
        ]
    return sorted(found)
