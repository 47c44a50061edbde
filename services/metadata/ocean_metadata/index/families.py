"""Datasets of a folder without a configuration: series of files, and their ids."""

import posixpath
import re
from collections.abc import Sequence
from typing import NamedTuple

from ocean_metadata.index.axes import find_layout, list_fields
from ocean_metadata.index.headers import FileHeader, unpack_array
from ocean_metadata.index.specs import DatasetSpec

RESERVED = {"topo", "bath", "quiver", "filter", "variables", "all", "status"}  # words in the API's paths
_DIGITS = re.compile(r"\d+")

Signature = tuple[object, ...]


class ScannedFile(NamedTuple):
    """File with its header, None if it cannot be read."""

    path: str
    header: FileHeader | None


def group_files(files: Sequence[ScannedFile], root: str) -> list[DatasetSpec]:
    """Group files into datasets.

    Files are one series if their names differ in digits only, their variables, grids and levels are the same, and
    their times are different. A file that cannot be read belongs to the series that fits its name.

    Parameters
    ----------
    files : sequence of ScannedFile
        In any order.
    root : str
        Folder of all files.

    Returns
    -------
    list of DatasetSpec
        In the order of their first files.
    """
    groups: dict[tuple[str, Signature], list[ScannedFile]] = {}
    broken = []
    for file in sorted(files):
        if file.header is None:
            broken.append(file)
        else:
            groups.setdefault((_pattern(file.path), _signature(file.header)), []).append(file)
    series: list[list[ScannedFile]] = []
    for members in groups.values():
        series.extend([members] if _is_series(members) else [[member] for member in members])
    for file in broken:
        pattern = _pattern(file.path)
        fitting = [
            members for members in series if members[0].header is not None and _pattern(members[0].path) == pattern
        ]
        if len(fitting) == 1:
            fitting[0].append(file)
        else:
            series.append([file])
    ordered = sorted(sorted(member.path for member in members) for members in series)
    folders = [posixpath.relpath(posixpath.dirname(paths[0]), root) for paths in ordered]
    ids = _make_unique([_make_id(paths) for paths in ordered], folders)
    return [DatasetSpec(id=dataset, files=paths) for dataset, paths in zip(ids, ordered, strict=True)]


def _pattern(path: str) -> str:
    folder, name = posixpath.split(path)
    return f"{folder}/{_DIGITS.sub('#', name)}"


def _signature(header: FileHeader) -> Signature:
    """Return what the files of a series share: everything but the times."""
    signature: list[object] = []
    for name in list_fields(header):
        layout = find_layout(name, header)
        sizes = tuple(
            (dimension.name, dimension.role, 0 if dimension.role == "time" else dimension.size)
            for dimension in layout.dimensions
        )
        coordinates = layout.placement.coordinates if layout.placement else ()
        signature.append((name, sizes, tuple(header.prints.get(coordinate) for coordinate in coordinates)))
    return tuple(signature)


def _is_series(members: Sequence[ScannedFile]) -> bool:
    """Return True if the files differ in time: members of an ensemble have equal times, grid files have none."""
    if len(members) < 2:
        return True
    times = [_list_times(member.header) for member in members if member.header is not None]
    return all(times) and len(set(times)) == len(times)


def _list_times(header: FileHeader) -> tuple[object, ...]:
    for name in list_fields(header):
        time = find_layout(name, header).time
        if time is not None:
            return header.variables[time].text("units"), *unpack_array(header.values[time]).ravel().tolist()
    return ()


def _make_id(paths: Sequence[str]) -> str:
    """Make an id of the common part of file names, of characters that are safe in a path."""
    stems = [posixpath.splitext(posixpath.basename(path))[0] for path in paths]
    runs = [_DIGITS.findall(stem) for stem in stems]
    if len(stems) > 1 and len({len(run) for run in runs}) == 1:
        differs = iter([len(set(column)) > 1 for column in zip(*runs, strict=True)])
        common = _DIGITS.sub(lambda digits: "" if next(differs) else digits[0], stems[0])
    else:
        common = stems[0]
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", common)
    safe = re.sub(r"[_-]*_[_-]*", "_", re.sub(r"-{2,}", "-", safe)).strip("_-") or "dataset"
    return f"{safe}_data" if safe.lower() in RESERVED else safe


def _make_unique(names: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Make ids unique by their folders, then by numbers."""
    ids: dict[str, None] = {}
    for name, folder in zip(names, folders, strict=True):
        first = name
        if names.count(name) > 1 and folder != ".":
            first = re.sub(r"[^A-Za-z0-9_-]+", "_", f"{folder}_{name}")
        unique, number = first, 2
        while unique in ids:
            unique, number = f"{first}_{number}", number + 1
        ids[unique] = None
    return list(ids)
