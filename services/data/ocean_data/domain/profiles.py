"""The profiles behind a plot: several variables over depth, at several points and one time."""

from dataclasses import dataclass

import numpy as np

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import Profile, Profiles, ProfilesAsked
from ocean_common.errors import InvalidRequest, RequestTooLarge
from ocean_data.domain import depth as depths
from ocean_data.domain import time
from ocean_data.domain.extraction import Reading
from ocean_data.domain.instants import Instants
from ocean_data.domain.path import MOST, on_earth
from ocean_data.domain.ports import Floats
from ocean_data.domain.sampling import Sample, Search

MAX_VARIABLES = 64  # of one request


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Reads profiles."""

    reading: Reading
    max_values: int  # levels x points of one request

    def profiles(self, variables: list[Assets], asked: ProfilesAsked) -> Profiles:
        """Profiles of several variables at several points, at one time."""
        levels = sum(len(one.depth.values) if one.depth else 1 for one in variables)
        if levels * len(asked.points) > self.max_values:
            raise RequestTooLarge(
                f"{len(asked.points)} points x {levels} levels are {levels * len(asked.points)} values, and the limit "
                f"is {self.max_values}; {max(1, self.max_values // levels)} points would fit",
                field="points",
            )
        instants = Instants.of(variables, asked.time)
        last = slice(-1, None)  # of a day with several steps
        steps = [instants.of_variable(each, last) if instants else None for each in range(len(variables))]
        found = [self._profile(one, own, asked) for one, own in zip(variables, steps, strict=True)]
        known = all(self.reading.source.as_indexed(one, own) for one, own in zip(variables, steps, strict=True))
        return Profiles(
            time=time.iso(instants.seconds[-1]) if instants else "",
            raw_time=int(instants.raw[-1]) if instants else 0,
            points=asked.points,
            profiles=found,
            revision=variables[0].revision if known else "",
        )

    def _profile(self, assets: Assets, steps: list[int] | None, asked: ProfilesAsked) -> Profile:
        search = Search(interpolation=asked.interpolation, radius=asked.radius, neighbours=asked.neighbours)
        latitude, longitude = on_earth(asked.points, "points", MOST)
        sample = Sample.of(self.reading, assets, latitude, longitude, search, outside="points[{}]")
        column = sample.read(self.reading.source, steps, "all")
        metres = column.metres
        if metres is None:
            axis = np.array([np.nan if level is None else level for level in depths.metres(assets.depth)])
            metres = np.broadcast_to(axis[:, np.newaxis], column.values.shape)
        else:
            metres = metres[:1]
        return Profile(
            variable=assets.variable,
            depths=_array(metres.reshape(-1, latitude.size).T),
            values=_array(column.values[0].T),
        )


def check(asked: ProfilesAsked) -> None:
    """Refuse a request that makes no sense, before anything is asked of the catalogue."""
    if not asked.variables:
        raise InvalidRequest("name at least one variable", field="variables")
    if len(asked.variables) > MAX_VARIABLES:
        raise RequestTooLarge(
            f"{len(asked.variables)} variables are asked for, and the limit is {MAX_VARIABLES}", field="variables"
        )
    on_earth(asked.points, "points", MOST)


def _array(values: Floats) -> Array:
    whole = np.ascontiguousarray(values, dtype="<f8")
    return Array(dtype="<f8", shape=whole.shape, data=whole.tobytes())
