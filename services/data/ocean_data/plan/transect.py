"""The slice of the sea beneath a path."""

from collections.abc import Callable, Sequence

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import TransectRequest
from ocean_data.compute import depth as depths
from ocean_data.plan import ancillary as asides
from ocean_data.plan import line
from ocean_data.plan import point_extraction as located
from ocean_data.plan.extraction import Extraction, Reading
from ocean_data.plan.instants import Instants
from ocean_data.plan.point_extraction import Places
from ocean_data.plan.sampling import Sample, Search

WORDS = ("bottom", "all", "mean")


def plan(reading: Reading, variables: Sequence[Assets], asked: TransectRequest) -> Extraction:
    """Plan the reading of variables beneath a path; of the last time where none is asked for."""
    places = line.places(asked)
    depth = depths.parse(asked.depth, WORDS)
    latest = asked.time is None and asked.start is None and asked.end is None
    instants = Instants.of(variables, "-1" if latest else asked.time, asked.start, asked.end)
    extraction = located.plan(
        reading,
        variables,
        asked,
        kind="transect",
        places=places,
        instants=instants,
        depth=depth,
        fitting=_shorter(places) if instants is None or instants.seconds.size == 1 else None,
    )
    if not asked.bathymetry:
        return extraction
    floor = _floor(reading, variables, asked, places)
    return asides.beside(extraction, asides.sea_floor(variables, extraction, floor, places.dims))


def _floor(reading: Reading, variables: Sequence[Assets], asked: TransectRequest, places: Places) -> Sample | None:
    """Where to read the model's own sea floor, if it tells one."""
    told = next((one.bathymetry for one in variables if one.bathymetry is not None), None)
    if told is None:
        return None
    search = Search(interpolation=asked.interpolation, radius=asked.radius, neighbours=asked.neighbours)
    return Sample.of(reading, told, places.latitude, places.longitude, search)


def _shorter(places: Places) -> Callable[[float], str]:
    """How many points would fit."""
    return lambda share: f"points={max(2, int(places.latitude.size * share))}"
