"""Depth and time axes of a dataset, from the coordinates of its files."""

import msgspec
import numpy as np

from ocean_common.contracts.assets import DepthAxis, Dimension
from ocean_core.units import length_in_metres
from ocean_metadata.catalogue import time
from ocean_metadata.catalogue.model import TimeAxis, TimePart
from ocean_metadata.index.coordinates import depth_kind
from ocean_metadata.index.file_header import FileHeader, unpack

# The heights of the levels of SELFE and SCHISM, which count them from the sea floor.
_FLOOR_FIRST = {"zval", "zcor", "zcoords", "zCoordinates"}


def depth_axis(name: str, header: FileHeader) -> DepthAxis:
    """The levels along a dimension, in the order of the file; numbered from the surface if there is no coordinate."""
    one = header.variables.get(name)
    if one is None or name not in header.values:
        numbers = [float(each) for each in range(header.dimensions[name])]
        floor_first = any(name in header.variables[each].dimensions for each in _FLOOR_FIRST & header.variables.keys())
        return DepthAxis(name=name, kind="index", values=numbers[::-1] if floor_first else numbers)
    kind = depth_kind(one)
    values = unpack(header.values[name]).astype(np.float64)
    if kind in {"depth", "height"}:
        values = values * (length_in_metres(one.text("units")) or 1.0)
    if kind == "depth" and values.size and np.nanmax(values) <= 0:
        values = np.abs(values)  # told as heights below the surface
    if kind == "sigma" and one.text("positive").lower() == "up" and values.size and np.nanmin(values) >= 0:
        values = values - 1.0  # told from the floor up: CF has 0 at the surface and -1 at the floor
    return DepthAxis(name=name, kind=kind, values=np.nan_to_num(values).tolist())


def raw_times(header: FileHeader, name: str | None, along: Dimension | None) -> time.RawTimes:
    """The times of one file; a time dimension without a coordinate is numbered."""
    if name is None:
        return time.RawTimes(values=np.arange(header.dimensions[along.name] if along else 0), units="")
    one = header.variables[name]
    values = np.atleast_1d(unpack(header.values[name]))
    return time.RawTimes(values=values, units=one.text("units"), calendar=one.text("calendar"))


def time_axis(
    parts: list[time.RawTimes], files: list[int], configured: str | None
) -> tuple[TimeAxis, list[TimePart]] | None:
    """The steps of several files on one scale; of an instant that two files hold, the later file's."""
    positions = [np.flatnonzero(np.isfinite(each.values.astype(np.float64))) for each in parts]
    axis = time.merge(
        [msgspec.structs.replace(each, values=each.values[kept]) for each, kept in zip(parts, positions, strict=True)],
        configured,
    )
    seen: set[int] = set()
    steps = []
    for file, raw, seconds, position in reversed(list(zip(files, axis.raw, axis.seconds, positions, strict=True))):
        new = np.array([each not in seen for each in raw.tolist()], dtype=bool)
        _, first = np.unique(raw, return_index=True)
        new &= np.isin(np.arange(raw.size), first)
        seen.update(raw.tolist())
        if new.any():
            steps.append(
                TimePart(
                    file=file,
                    raw=raw[new].astype("<i8").tobytes(),
                    seconds=seconds[new].astype("<i8").tobytes(),
                    position=position[new].astype("<i4").tobytes(),
                )
            )
    if not steps:
        return None
    every = np.concatenate([np.frombuffer(each.seconds, "<i8") for each in steps])
    return (
        TimeAxis(
            units=axis.units,
            calendar=axis.calendar,
            files=sorted(each.file for each in steps),
            first=int(every.min()),
            last=int(every.max()),
            count=int(every.size),
        ),
        steps[::-1],
    )
