"""The NetCDF files, Zarr stores and Icechunk repositories under a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

_ZARR = {"zarr.json", ".zgroup", ".zmetadata"}
_ICECHUNK = ({"snapshots", "refs"}, {"snapshots", "repo"})  # of format 1 and 2
SUFFIXES = {".nc", ".nc3", ".nc4", ".cdf", ".netcdf", ".grd", ".h5", ".hdf5"}

Place = tuple[int, int]  # device and inode


def files(root: Path) -> list[str]:
    """Paths of all that can be read, sorted; what is hidden is left alone."""
    return sorted(_below(str(root), frozenset()))


def _below(folder: str, above: frozenset[Place]) -> Iterator[str]:
    """The files of a folder and of those in it; a link to a folder above leads round in circles, and is not followed.

    Paths are texts: a Path for each of 100,000 files takes a second.
    """
    try:
        found = os.stat(folder)  # noqa: PTH116
        entries = list(os.scandir(folder))
    except OSError:  # not ours to read, or gone
        return
    here = (found.st_dev, found.st_ino)
    if here in above:
        return
    if _is_store({each.name for each in entries}):
        yield folder
        return
    for each in entries:
        if each.name.startswith("."):
            continue
        if each.is_dir():
            yield from _below(each.path, above | {here})
        elif os.path.splitext(each.name)[1].lower() in SUFFIXES:  # noqa: PTH122
            yield each.path


def _is_store(names: set[str]) -> bool:
    """Whether a folder that holds these is one thing, not many."""
    return not _ZARR.isdisjoint(names) or any(marks <= names for marks in _ICECHUNK)
