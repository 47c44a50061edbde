"""The kinds of extractions: one module each, with one function `plan`."""

from collections.abc import Callable, Sequence
from typing import Any

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import (
    AreaAsked,
    Asked,
    DifferenceAsked,
    PointsAsked,
    SectionAsked,
    StatisticsAsked,
    TrajectoryAsked,
    TransectAsked,
)
from ocean_data.plan import area, difference, points, section, statistics, trajectory, transect
from ocean_data.plan.extraction import Extraction, Reading

# The last argument is of the type under which the function stands in the table.
Plan = Callable[[Reading, Sequence[Assets], Any], Extraction]

PLANS: dict[type[Asked], Plan] = {
    PointsAsked: points.plan,
    TransectAsked: transect.plan,
    SectionAsked: section.plan,
    TrajectoryAsked: trajectory.plan,
    AreaAsked: area.plan,
    StatisticsAsked: statistics.plan,
    DifferenceAsked: difference.plan,
}
