"""Datasets of a folder without a configuration: series of files, and their ids."""

import posixpath
import re
from collections.abc import Mapping, Sequence

from ocean_core.errors import Message
from ocean_metadata.catalogue.model import Note
from ocean_metadata.index.agreement import describe_file, find_file_difference, sort_into_series
from ocean_metadata.index.axes import find_layout, list_fields
from ocean_metadata.index.model import DatasetSpec, FileHeader
from ocean_metadata.index.time_axes import get_raw_times

RESERVED = {"topo", "bath", "quiver", "filter", "variables", "all", "status"}  # words in the API's paths
MAX_OTHERS = 3  # datasets that a note is made of
_DIGITS = re.compile(r"\d+")


def group_files(paths: Sequence[str], headers: Mapping[str, FileHeader], root: str) -> list[DatasetSpec]:
    """Group files into datasets, in the order of their first files; ``root`` is the folder of all files.

    Files are one series if their names differ in digits only, their variables, grids and levels are the same, and
    their times are different. A file without a header belongs to the series that fits its name.
    """
    by_name: dict[str, list[str]] = {}
    for path in sorted(headers):
        by_name.setdefault(_pattern(path), []).append(path)
    differing: list[list[list[str]]] = []  # series of one pattern that differ
    series: list[list[str]] = []
    for paths_of_name in by_name.values():
        groups = sort_into_series(
            paths_of_name,
            lambda path: describe_file(headers[path]),
            lambda path, other: find_file_difference(headers[path], headers[other], posixpath.basename(other)),
        )
        differing.append(groups)
        for members in groups:
            times = [_list_times(headers[path]) for path in members]
            # Members of an ensemble have equal times, files of a grid have none.
            is_series = len(members) == 1 or (all(times) and len(set(times)) == len(times))
            series += [members] if is_series else [[path] for path in members]
    by_pattern: dict[str, list[list[str]]] = {}
    for members in series:
        by_pattern.setdefault(_pattern(members[0]), []).append(members)
    for path in set(paths) - headers.keys():
        fitting = by_pattern.get(_pattern(path), [])
        if len(fitting) == 1:
            fitting[0].append(path)
        else:
            series.append([path])
    ordered = sorted(sorted(members) for members in series)
    folders = [posixpath.relpath(posixpath.dirname(members[0]), root) for members in ordered]
    ids = _make_unique([_make_id(members) for members in ordered], folders)
    id_of = {path: dataset for dataset, members in zip(ids, ordered, strict=True) for path in members}
    notes = {id_of[own[0]]: _note_others(own, groups, headers, id_of) for groups in differing for own in groups}
    return [
        DatasetSpec(id=dataset, files=members, notes=notes.get(dataset, []))
        for dataset, members in zip(ids, ordered, strict=True)
    ]


def _note_others(
    own: Sequence[str], groups: Sequence[Sequence[str]], headers: Mapping[str, FileHeader], id_of: Mapping[str, str]
) -> list[Note]:
    """Note which files with names like those of a series are in other datasets, and why.

    Those of the same variables at other times are left out of the longest series: others only have similar names.
    """
    notes = []
    own_times = [_list_times(headers[path]) for path in own if path in headers] if own is max(groups, key=len) else None
    for other in [group for group in groups if group is not own][:MAX_OTHERS]:
        reason = find_file_difference(headers[other[0]], headers[own[0]], posixpath.basename(own[0]))
        text = Message("it is in another dataset, {id}: {reason}", id=id_of[other[0]], reason=reason or "")
        same_variables = set(list_fields(headers[other[0]])) == set(list_fields(headers[own[0]]))
        is_lost = own_times is not None and same_variables and _list_times(headers[other[0]]) not in own_times
        notes.append(Note(posixpath.basename(other[0]), "left out" if is_lost else "guessed", text))
    return notes


def _pattern(path: str) -> str:
    folder, name = posixpath.split(path)
    return f"{folder}/{_DIGITS.sub('#', name)}"


def _list_times(header: FileHeader) -> tuple[object, ...]:
    for name in list_fields(header):
        if (time := find_layout(name, header).time) is not None:
            times = get_raw_times(header, time)
            return times.units, *times.values.tolist()
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
        is_ambiguous = names.count(name) > 1 and folder != "."
        first = re.sub(r"[^A-Za-z0-9_-]+", "_", f"{folder}_{name}") if is_ambiguous else name
        unique, number = first, 2
        while unique in ids:
            unique, number = f"{first}_{number}", number + 1
        ids[unique] = None
    return list(ids)
