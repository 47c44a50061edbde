"""A path through time at one level."""

from collections.abc import Sequence

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import SectionRequest
from ocean_common.errors import InvalidRequest
from ocean_data.compute import depth as depths
from ocean_data.plan import line
from ocean_data.plan import point_extraction as located
from ocean_data.plan.extraction import Extraction, Reading
from ocean_data.plan.instants import Instants

WORDS = ("bottom", "mean")


def plan(reading: Reading, variables: Sequence[Assets], asked: SectionRequest) -> Extraction:
    """Plan the reading of variables along a path at one level, at all times where none are asked for."""
    places = line.places(asked)
    depth = depths.parse(asked.depth, WORDS)
    instants = Instants.of(variables, asked.time, asked.start, asked.end)
    if instants is None:
        raise InvalidRequest(
            "{key} does not change with time: ask for a transect", key=variables[0].variable.key, field="variables"
        )
    return located.plan(reading, variables, asked, kind="section", places=places, instants=instants, depth=depth)
