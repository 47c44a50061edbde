"""A variable and its time steps, of one revision of its dataset."""

from collections.abc import Callable, Iterable

from ocean_common.errors import ServiceUnavailable
from ocean_metadata.catalogue.model import DatasetRecord, VariableRecord
from ocean_metadata.catalogue.snapshot import StepArrays
from ocean_metadata.ports import Catalogue, Replaced

TRIES = 5  # before a dataset that is written again and again is given up

Axes = Callable[[DatasetRecord, VariableRecord], Iterable[int]]


async def read(
    catalogue: Catalogue, dataset: str, variable: str, axes: Axes
) -> tuple[DatasetRecord, VariableRecord, dict[int, StepArrays]]:
    """Read a variable and the steps of those time axes that ``axes`` names.

    Records are in memory, steps are not: a dataset that was written anew in between is read again from its beginning.

    Raises
    ------
    DatasetNotFound, VariableNotFound
        There is none.
    ServiceUnavailable
        It was written anew each time.
    """
    for _ in range(TRIES):
        record, found = catalogue.snapshot.variable(dataset, variable)
        try:
            return record, found, {axis: await catalogue.steps(record, axis) for axis in axes(record, found)}
        except Replaced:
            await catalogue.renew()
    raise ServiceUnavailable("the dataset {dataset!r} is being renewed; try again", dataset=dataset, retry_after=1)
