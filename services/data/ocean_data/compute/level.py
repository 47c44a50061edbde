"""One horizontal field of a variable: at one time step and depth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_data.compute import depth
from ocean_data.compute.depth import Depth
from ocean_data.plan import times
from ocean_data.ports import Source


@dataclass(frozen=True, kw_only=True)
class Level:
    """Which field."""

    assets: Assets
    step: int | None  # None: the variable has no time
    depth: Depth  # a level, or the bottom

    @classmethod
    def of(cls, assets: Assets, when: str, deep: str) -> "Level":
        """Find what is written in an address, or TimeNotFound or DepthNotFound."""
        step = times.find_step(times.Axis.of(assets.steps), when) if assets.steps else None
        level = depth.parse(deep, ("bottom",))
        depth.check(assets, level)
        return cls(assets=assets, step=step, depth=level)

    def read(self, source: Source) -> NDArray[np.float32]:
        """The field, shape (1, cell): NaN over land."""
        if self.depth == "bottom" and self.assets.depth is not None:
            field = source.bottom(self.assets, self.step)
        else:
            level = self.depth if self.assets.depth and isinstance(self.depth, int) else None
            field = source.level(self.assets, self.step, level)
        return field.reshape(1, -1)


def revision(source: Source, levels: list[Level]) -> str:
    """The revision of the dataset that levels are of; empty if a file has changed since it was indexed."""
    unchanged = all(source.as_indexed(level.assets, None if level.step is None else [level.step]) for level in levels)
    return levels[0].assets.revision if unchanged else ""
