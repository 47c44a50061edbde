"""The kinds of extractions: one module each, with one function `plan`."""

from collections.abc import Callable, Sequence
from typing import Any

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import (
    AreaRequest,
    DifferenceRequest,
    ExtractionRequest,
    PointsRequest,
    SectionRequest,
    StatisticsRequest,
    TrajectoryRequest,
    TransectRequest,
)
from ocean_data.plan import area, difference, points, section, statistics, trajectory, transect
from ocean_data.plan.extraction import Extraction, Reading

# The last argument is of the type under which the function stands in the table.
Plan = Callable[[Reading, Sequence[Assets], Any], Extraction]

PLANS: dict[type[ExtractionRequest], Plan] = {
    PointsRequest: points.plan,
    TransectRequest: transect.plan,
    SectionRequest: section.plan,
    TrajectoryRequest: trajectory.plan,
    AreaRequest: area.plan,
    StatisticsRequest: statistics.plan,
    DifferenceRequest: difference.plan,
}
