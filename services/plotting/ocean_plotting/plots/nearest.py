"""The model's columns of water at stations, each at the time step next to the station's own time."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec
import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.extractions import Coverage, PointsRequest
from ocean_common.contracts.observations import ObservedStation
from ocean_common.errors import PointOutsideGrid
from ocean_plotting.plots.coverage import array
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.over_depth import refuse_unknown_depths
from ocean_plotting.plots.profile_columns import Profile
from ocean_plotting.plots.query_common import Common
from ocean_plotting.plots.soundings import NOTHING, Level


class Modelled(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the model at the stations, each at the time step next to its own time."""

    variable: VariableInfo
    coverages: list[Coverage]
    where: list[tuple[int, int] | None]  # of each station: which coverage, and which point of it; None: off the grid
    steps: list[int | None]  # of each station: seconds since 1970-01-01 UTC; None: the variable has no time

    def columns(self) -> list[Level]:
        """Depths (m) and values at each station, downwards."""
        read = [Profile(one) for one in self.coverages]
        return [NOTHING if at is None else read[at[0]].at(at[1]) for at in self.where]


async def modelled(near: Neighbours, query: Common, key: str, stations: Sequence[ObservedStation]) -> Modelled:
    """Ask for a variable: stations that share a time step at once."""
    assets = await near.catalogue.assets(query.dataset, key)
    nearest = [_nearest(assets, one.time) for one in stations]
    groups: defaultdict[str | None, list[int]] = defaultdict(list)
    for position, one in enumerate(nearest):
        groups[one and one[0]].append(position)
    asked = [(members, _asked(query, key, [stations[one] for one in members], raw)) for raw, members in groups.items()]
    answers = await asyncio.gather(*(_extracted(near, members, one) for members, one in asked))
    coverages: list[Coverage] = []
    where: list[tuple[int, int] | None] = [None] * len(stations)
    for members, coverage in (one for each in answers for one in each):
        for point, position in enumerate(members):
            where[position] = (len(coverages), point)
        coverages.append(coverage)
    refuse_unknown_depths(coverages, "$.variable")
    return Modelled(
        variable=assets.variable, coverages=coverages, where=where, steps=[one and one[1] for one in nearest]
    )


def _nearest(assets: Assets, time: str) -> tuple[str, int] | None:
    """The time step next to an instant: raw, and in seconds."""
    if assets.steps is None or not assets.steps.seconds.shape[0]:
        return None
    seconds = array(assets.steps.seconds)
    step = int(np.abs(seconds - datetime.fromisoformat(time).timestamp()).argmin())
    return str(int(array(assets.steps.raw)[step])), int(seconds[step])


def _asked(query: Common, key: str, stations: Sequence[ObservedStation], raw: str | None) -> PointsRequest:
    return PointsRequest(
        dataset=query.dataset,
        variables=[key],
        points=[(one.latitude, one.longitude) for one in stations],
        time=raw,
        depth="all",
        form="points",
        interpolation=query.interpolation(),
        radius=query.radius,
        neighbours=query.neighbours,
    )


async def _extracted(near: Neighbours, members: list[int], asked: PointsRequest) -> list[tuple[list[int], Coverage]]:
    """The columns at all points; where one is off the grid, each on its own, and none there."""
    try:
        return [(members, await near.numbers.extract(asked))]
    except PointOutsideGrid:
        if len(members) == 1:
            return []
    each = zip(members, asked.points, strict=True)
    found = await asyncio.gather(*(_extracted(near, [one], replace(asked, points=[point])) for one, point in each))
    return [one for some in found for one in some]
