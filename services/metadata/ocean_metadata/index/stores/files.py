"""NetCDF files of this machine."""

from pathlib import Path

import netCDF4

from ocean_common import dataset_uri


def stamp(path: str) -> tuple[int, int]:
    """Size and time of the last change."""
    found = Path(dataset_uri.local(path)).stat()
    return found.st_size, found.st_mtime_ns


def opened(path: str) -> netCDF4.Dataset:
    """Open a file."""
    return as_stored(netCDF4.Dataset(dataset_uri.local(path)))


def as_stored(data: netCDF4.Dataset) -> netCDF4.Dataset:
    """Let the library hand out values as they are stored."""
    data.set_auto_maskandscale(False)
    data.set_auto_chartostring(False)
    return data
