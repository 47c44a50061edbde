"""The kinds of extractions: one module each, with one function `plan`."""

from collections.abc import Callable, Sequence
from typing import Any

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import (
    AreaRequest,
    DifferenceRequest,
    ExtractionRequest,
    PointsRequest,
    SectionRequest,
    StatisticsRequest,
    TrajectoryRequest,
    TransectRequest,
)
from ocean_data.plan.areas import plan_area
from ocean_data.plan.difference import plan_difference
from ocean_data.plan.extraction import Extraction, Reading
from ocean_data.plan.lines import plan_section, plan_trajectory, plan_transect
from ocean_data.plan.points import plan_points
from ocean_data.plan.statistics import plan_statistics

# The last argument is of the type under which the function stands in the table.
Plan = Callable[[Reading, Sequence[Assets], Any], Extraction]

PLANS: dict[type[ExtractionRequest], Plan] = {
    PointsRequest: plan_points,
    TransectRequest: plan_transect,
    SectionRequest: plan_section,
    TrajectoryRequest: plan_trajectory,
    AreaRequest: plan_area,
    StatisticsRequest: plan_statistics,
    DifferenceRequest: plan_difference,
}
