"""Paths of data files: the kinds of storage they name, and the stamps by which a change is noticed.

=========  =====================================================  ==================================================
kind       path                                                   `size` and `mtime_ns` of `contracts.assets.File`
=========  =====================================================  ==================================================
file       a file of this machine, also as `file://…`             of the file
zarr       a folder (v2 or v3); `s3://….zarr`, `https://….zarr`   `folder_stamp`; remote: of its metadata document
icechunk   `icechunk:…`, or a folder that is a repository         0 and `text_stamp` of the snapshot's id
opendap    `https://…`, `dods://…`                                0 and 0: the protocol has no versions
object     `s3://bucket/key`                                      size and time of the last change of the object
=========  =====================================================  ==================================================
"""

import hashlib
from pathlib import Path
from typing import Literal

Kind = Literal["file", "zarr", "icechunk", "opendap", "object"]

ICECHUNK = "icechunk:"
# Of the root of a Zarr store: the first that exists says when the store was changed last.
ZARR_ROOTS = ("zarr.json", ".zmetadata", ".zgroup", ".zattrs")
_ARRAYS = ("zarr.json", ".zarray", ".zattrs")
_NEVER_FOLDERS = (".nc", ".nc4", ".cdf", ".h5", ".hdf5", ".grd", ".grb", ".netcdf")
_SCHEMES: dict[str, Kind] = {"http": "opendap", "https": "opendap", "dods": "opendap", "s3": "object"}


def kind_of(path: str) -> Kind:
    """Return the kind of storage at a path."""
    if path[:1] == "/" and path.endswith(_NEVER_FOLDERS):  # nearly all paths, and this runs for every file
        return "file"
    if path.startswith(ICECHUNK):
        return "icechunk"
    scheme, mark, _ = path.partition("://")
    if mark and scheme != "file":
        return "zarr" if path.rstrip("/").endswith(".zarr") else _SCHEMES.get(scheme, "opendap")
    folder = local(path)
    if folder.endswith(_NEVER_FOLDERS) or not Path(folder).is_dir():
        return "zarr" if folder.rstrip("/").endswith(".zarr") else "file"
    return "icechunk" if _is_repository(Path(folder)) else "zarr"


def is_remote(path: str) -> bool:
    """Return whether a path is an address on another machine."""
    return "://" in path and not path.removeprefix(ICECHUNK).startswith("file://")


def local(path: str) -> str:
    """Return the path of a file of this machine without its scheme."""
    return path.removeprefix(ICECHUNK).removeprefix("file://")


def folder_stamp(folder: str) -> tuple[int, int]:
    """Return size and time of the last change of the metadata of a Zarr store.

    Appending changes it, and writing the metadata; a chunk that is written over deep in its folders does not.
    """
    root = Path(local(folder))
    arrays = [folder for folder in root.iterdir() if folder.is_dir()]
    documents = [root / name for name in ZARR_ROOTS] + [array / name for array in arrays for name in _ARRAYS]
    stats = [document.stat() for document in documents if document.exists()]
    changed = [stat.st_mtime_ns for stat in stats] + [array.stat().st_mtime_ns for array in arrays]
    changed += [chunks.stat().st_mtime_ns for array in arrays if (chunks := array / "c").is_dir()]
    return sum(stat.st_size for stat in stats), max(changed, default=0)


def text_stamp(text: str) -> tuple[int, int]:
    """Return a text that names a version, in the form of a size and a time."""
    return 0, int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest())


def _is_repository(folder: Path) -> bool:
    """Return whether a folder is an Icechunk repository, of format 1 or 2."""
    return (folder / "snapshots").is_dir() and ((folder / "refs").is_dir() or (folder / "repo").exists())
