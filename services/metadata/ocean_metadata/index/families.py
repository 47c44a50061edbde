"""Datasets from files that nobody described: which files are one series, and what to call it."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ocean_metadata.index.file_header import FileHeader, unpack
from ocean_metadata.index.layout import data_variables, layout
from ocean_metadata.index.spec import DatasetSpec

RESERVED = {"topo", "bath", "quiver", "filter", "variables", "all", "status"}  # words of the API's addresses
_DIGITS = re.compile(r"\d+")

Signature = tuple[object, ...]


class Named(NamedTuple):
    """A file and its header, where it could be read."""

    path: str
    header: FileHeader | None


def families(files: Sequence[Named], root: str) -> list[DatasetSpec]:
    """Make datasets of files.

    Files are one series where their names differ in digits only and their variables, grids and levels are the
    same, but their times are not. A file that cannot be read goes to the series that its name belongs to.

    Parameters
    ----------
    files : sequence of Named
        In any order.
    root : str
        The folder beneath which they all are.

    Returns
    -------
    list of DatasetSpec
        In the order of their first files.
    """
    groups: dict[tuple[str, Signature], list[Named]] = {}
    broken = []
    for file in sorted(files):
        if file.header is None:
            broken.append(file)
        else:
            groups.setdefault((_pattern(file.path), _signature(file.header)), []).append(file)
    found: list[list[Named]] = []
    for members in groups.values():
        found.extend([members] if _is_series(members) else [[each] for each in members])
    for file in broken:
        alike = [each for each in found if _pattern(each[0].path) == _pattern(file.path) and each[0].header is not None]
        if len(alike) == 1:
            alike[0].append(file)
        else:
            found.append([file])
    ordered = sorted(sorted(each.path for each in members) for members in found)
    ids = _unique([(_id(paths), posixpath.relpath(posixpath.dirname(paths[0]), root)) for paths in ordered])
    return [DatasetSpec(id=one, files=paths) for one, paths in zip(ids, ordered, strict=True)]


def _pattern(path: str) -> str:
    folder, name = posixpath.split(path)
    return f"{folder}/{_DIGITS.sub('#', name)}"


def _signature(header: FileHeader) -> Signature:
    """What the files of a series share: all but the times."""
    found: list[object] = []
    for name in data_variables(header):
        lying = layout(name, header)
        sizes = tuple((each.name, each.role, 0 if each.role == "time" else each.size) for each in lying.dimensions)
        cells = tuple(header.prints.get(each) for each in (lying.places.coordinates if lying.places else ()))
        found.append((name, sizes, cells))
    return tuple(found)


def _is_series(members: Sequence[Named]) -> bool:
    """Whether the files differ in time: members of an ensemble have the same times, and grids none."""
    if len(members) < 2:
        return True
    times = [_times(each.header) for each in members if each.header is not None]
    return all(times) and len(set(times)) == len(times)


def _times(header: FileHeader) -> tuple[object, ...]:
    found: list[object] = []
    for name in data_variables(header):
        time = layout(name, header).time
        if time is not None:
            found += [header.variables[time].text("units"), *unpack(header.values[time]).ravel().tolist()]
            break
    return tuple(found)


def _id(paths: Sequence[str]) -> str:
    """The name that the files share, safe in addresses."""
    stems = [posixpath.splitext(posixpath.basename(each))[0] for each in paths]
    runs = [_DIGITS.findall(stem) for stem in stems]
    if len(stems) > 1 and len({len(each) for each in runs}) == 1:
        moving = iter([len(set(column)) > 1 for column in zip(*runs, strict=True)])
        kept = _DIGITS.sub(lambda found: "" if next(moving) else found[0], stems[0])
    else:
        kept = stems[0]
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", kept)
    safe = re.sub(r"[_-]*_[_-]*", "_", re.sub(r"-{2,}", "-", safe)).strip("_-") or "dataset"
    return f"{safe}_data" if safe.lower() in RESERVED else safe


def _unique(wanted: Iterable[tuple[str, str]]) -> list[str]:
    """Names made unique by their folders, then by numbers."""
    pairs = list(wanted)
    names = [name for name, _ in pairs]
    taken: set[str] = set()
    found = []
    for name, folder in pairs:
        first = name
        if names.count(name) > 1 and folder != ".":
            first = re.sub(r"[^A-Za-z0-9_-]+", "_", f"{folder}_{name}")
        unique, number = first, 2
        while unique in taken:
            unique, number = f"{first}_{number}", number + 1
        taken.add(unique)
        found.append(unique)
    return found
