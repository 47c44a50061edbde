"""One dataset, or two and their difference, beneath a path: parts of figures and tables of transects."""

from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_plotting.figure.context import Sheet
from ocean_plotting.plots import path as paths
from ocean_plotting.plots.coverage import Floats, Read
from ocean_plotting.plots.path import Side
from ocean_plotting.plots.section_cells import Slice, onto


@dataclass(frozen=True, kw_only=True)
class Part:
    """A variable, or a part of a vector, beneath the path."""

    info: VariableInfo
    name: str
    values: Floats  # (level, place)


class Beneath:
    """One dataset beneath the path."""

    def __init__(self, side: Side, sheet: Sheet) -> None:
        read = Read(side.coverage)
        self.about = side.about
        self.time = read.times[0] if read.times else ""
        self.places = read.places
        whole = [read.field(one.key, "time", "depth", "distance")[0] for one in read.variables]
        self.levels = read.has("depth") or not any("depth" in one.dims for one in side.coverage.fields)
        self.deep = len(whole[0]) > 1
        depths = read.coordinate("depth", "time", "depth", "distance")
        depths = np.broadcast_to(depths[0] if depths.size else np.zeros((1, 1)), whole[0].shape)
        order = slice(None, None, -1 if self.deep and np.nanmean(depths[0]) > np.nanmean(depths[-1]) else 1)
        self.parts = [
            Part(info=one, name=paths.part_name(one.key, read, one, sheet.words), values=values[order])
            for one, values in zip(read.variables, whole, strict=True)
        ]
        several = len(self.parts) > 1
        self.name = paths.whole_name(read, sheet.words) if several else self.parts[0].name
        told = "bathymetry" if read.has("bathymetry") and read.info("bathymetry").standard_name else None
        self.cut = Slice(
            distance=read.coordinate("distance"),
            depths=depths[order],
            wet=np.isfinite(self.parts[0].values),
            told=read.field(told) if told else None,
        )


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A part in two datasets, and the first less the second on the levels of the first."""

    first: Part
    second: Part
    difference: Part


def compared(first: Beneath, second: Beneath, number: int, sheet: Sheet) -> Compared:
    """Subtract a part of the second dataset from that of the first, in the units of the first."""
    one, other = first.parts[number], second.parts[number]
    turned = paths.converted(other.info, other.values, one.info)
    there = onto(turned, second.cut.depths, first.cut.depths) if first.deep else turned
    info = replace(one.info, zero_centered=True, categories=[], standard_name=None)
    name = sheet.translate("{name}, difference", name=one.name)
    return Compared(
        first=one,
        second=Part(info=replace(other.info, units=one.info.units), name=other.name, values=turned),
        difference=Part(info=info, name=name, values=one.values - there),
    )
