"""What the kinds at stations through time share: what they are asked, and their numbers."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coverage, PointsRequest, VectorPart
from ocean_common.errors import NotSupported
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import About
from ocean_plotting.figure.speech import Words
from ocean_plotting.figure.stations import Marked
from ocean_plotting.plots.coverage import Floats, Read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import AtStations, Fetched, Time, positions
from ocean_plotting.plots.table import Column

PARTS: list[VectorPart] = ["eastward", "northward", "magnitude", "bearing"]
DIMS = ("time", "depth", "point")

Rows = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]


class ThroughTime(AtStations, frozen=True, kw_only=True):
    """Options of the kinds at stations through time."""

    starttime: Annotated[Time | None, msgspec.Meta(description="the first time; null: the first of the dataset")] = None
    endtime: Annotated[Time | None, msgspec.Meta(description="the last time; null: the last of the dataset")] = None


class Moored(Fetched, frozen=True, kw_only=True):
    """A variable at stations through time; of a vector its parts as well. At each depth that was asked for."""

    info: VariableInfo  # of what is drawn; of a vector, its magnitude
    coverages: list[Coverage]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be asked for a variable."""

    info: VariableInfo
    variables: list[str]
    vector: list[VectorPart]


async def wanted(near: Neighbours, dataset: str, keys: list[str], *, own: bool = True) -> Wanted:
    """Find what a variable is: one, two that make a vector, or one that the catalogue knows as a vector.

    ``own``: the magnitude of the last is its own value, rather than that of its parts.
    """
    found = await asyncio.gather(*(near.catalogue.assets(dataset, key) for key in keys))
    first = found[0]
    if len(found) == 2:
        return Wanted(info=first.variable.magnitude_with(found[1].variable), variables=keys, vector=PARTS)
    if {"east", "north"} <= first.components.keys():
        pair = [first.components["east"], first.components["north"]]
        if own:
            return Wanted(info=first.variable, variables=[*pair, *keys], vector=["eastward", "northward", "bearing"])
        return Wanted(info=first.variable, variables=pair, vector=PARTS)
    return Wanted(info=first.variable, variables=keys, vector=[])


def points_asked(query: ThroughTime, variables: list[str], vector: list[VectorPart], depth: str) -> PointsRequest:
    """Variables at all stations from the first time to the last."""
    return PointsRequest(
        dataset=query.dataset,
        variables=variables,
        vector=vector,
        points=positions(query.station),
        start=None if query.starttime is None else str(query.starttime),
        end=None if query.endtime is None else str(query.endtime),
        depth=depth,
        form="timeseries",
        interpolation=query.interpolation(),
        radius=query.radius,
        neighbours=query.neighbours,
    )


async def fetched(near: Neighbours, query: ThroughTime, what: Wanted, depths: list[str]) -> Moored:
    """Ask for all depths at once."""
    whole = points_asked(query, what.variables, what.vector, depths[0])
    coverages = await asyncio.gather(*(near.numbers.extract(replace(whole, depth=one)) for one in depths))
    for coverage in coverages:
        if "time" not in coverage.dims:
            raise NotSupported(
                "{key} has no time steps; a map or a profile shows it", key=what.info.key, field="$.variable"
            )
        if "depth" in coverage.dims and not Read(coverage).has("depth"):
            raise NotSupported(
                "the levels of {key} have no depth in m: ask for one of them, as depth=0, or for the bottom",
                key=what.info.key,
                field="$.depth",
            )
    return Moored(
        time=Read(coverages[0]).times[0],
        revisions={query.dataset: coverages[0].revision},
        info=what.info,
        coverages=list(coverages),
    )


class Series:
    """A variable at stations through time. Arrays are (time, level, point), levels from the surface down."""

    def __init__(self, coverage: Coverage, info: VariableInfo) -> None:
        read = Read(coverage)
        self.read = read
        self.info = info
        self.seconds = read.seconds
        self.times = read.times
        self.places = read.places
        key = info.key if read.has(info.key) else "magnitude"
        values = read.field(key, *DIMS)
        depths = read.coordinate("depth", *DIMS) if read.has("depth") else np.full((1, 1, 1), np.nan)
        depths = np.broadcast_to(depths, values.shape)
        order = _downwards(depths)
        self.depths = depths[:, order]  # m; NaN where nobody knows
        self.values = values[:, order]
        self.follows = any(one.variable.key == "depth" for one in coverage.fields)  # levels lie between top and floor
        self.parts = {name: read.field(name, *DIMS)[:, order] for name in PARTS if name != key and read.has(name)}

    @property
    def flat(self) -> bool:
        """Whether levels are at the same depths at all times and stations."""
        return bool((self.depths == self.depths[:1, :, :1]).all())

    @property
    def has_data(self) -> list[bool]:
        """Of each station whether there is any value."""
        return list(map(bool, np.asarray(np.isfinite(self.values).any(axis=(0, 1)))))

    def rows(self, *, of_each: bool = True) -> Rows:
        """What a table has rows for: station by station all times and, ``of_each``, the depths that have values.

        Indices along time, level and point.
        """
        there: NDArray[np.bool_] = np.asarray(np.isfinite(self.values).any(axis=0))
        found = [np.empty((3, 0), dtype=np.intp)]
        for point in np.flatnonzero(there.any(axis=0)):
            levels = np.flatnonzero(there[:, point]) if of_each else [0]
            found.append(np.stack(np.meshgrid(range(len(self.times)), levels, [point], indexing="ij")).reshape(3, -1))
        time, level, place = np.concatenate(found, axis=1).astype(np.intp)
        return time, level, place

    def columns(self, rows: Rows, names: list[str | None] | None, sheet: Sheet) -> list[Column]:
        """Where and when the rows of a table are."""
        translate, (time, _, point) = sheet.translate, rows
        called = [one.name or f"{one.number + 1}" for one in marked(names, self.places, self.has_data)]
        latitude, longitude = np.array(self.places, dtype=float).T
        found = [
            Column(name=translate("Station"), role="station", values=[called[one] for one in point], context=True),
            Column(name=translate("Latitude"), role="latitude", values=latitude[point]),
            Column(name=translate("Longitude"), role="longitude", values=longitude[point]),
            Column(name=translate("Time"), role="time", values=[self.times[one] for one in time]),
        ]
        if np.isfinite(self.depths).any():
            one_depth = self.flat and self.values.shape[1] == 1
            found.append(
                Column(name=translate("Depth"), role="depth", units="m", values=self.depths[rows], context=one_depth)
            )
        return found

    def depth_of(self, words: Words) -> str:
        """How deep the values are, in metres: one depth, or from where to where; empty if nobody knows."""
        there = self.depths[np.isfinite(self.values) & np.isfinite(self.depths)]
        if not there.size:
            there = self.depths[np.isfinite(self.depths)]
        if not there.size:
            return ""
        low, high = words.value(float(there.min()), "m"), words.value(float(there.max()), "m")
        return low if low == high else words.translate("{low} to {high}", low=low, high=high)

    def level(self, asked: str, words: Words, *, alone: bool = False) -> str:
        """At which level the values are, within a sentence or ``alone``; empty for variables that have none."""
        translate, depth = words.translate, self.depth_of(words)
        if asked == "mean":
            return translate("mean over the water column")
        if asked == "bottom" and depth:
            return translate("at the bottom, {depth}", depth=depth)
        if depth:
            return depth if alone else translate("at {depth}", depth=depth)
        return translate("level {number}", number=asked) if self.read.has("level") else ""


def marked(names: list[str | None] | None, places: list[tuple[float, float]], data: list[bool]) -> list[Marked]:
    """The stations as they are marked."""
    given = names or []
    return [
        Marked(place=place, name=given[number] if number < len(given) else None, number=number, data=has)
        for number, (place, has) in enumerate(zip(places, data, strict=True))
    ]


def about(fetched: Moored, title: str, told: list[str]) -> About:
    """A picture in words, and where its numbers come from."""
    info = fetched.info
    source = info.dataset_name or info.dataset
    return About.of(
        title=f"{title} ({source})",
        alt=" ".join(told),
        source=info.attribution or source,
        dataset=info.dataset,
        revision=fetched.revisions[info.dataset],
        time=fetched.time,
    )


def _downwards(depths: Floats) -> list[int]:
    """Levels from the surface down: some models count them from the sea floor."""
    if not np.isfinite(depths).any():
        return list(range(depths.shape[1]))
    known = np.where(np.isfinite(depths), depths, 0.0).sum(axis=(0, 2))
    count = np.maximum(np.isfinite(depths).sum(axis=(0, 2)), 1)
    return [int(one) for one in np.argsort(known / count, kind="stable")]
