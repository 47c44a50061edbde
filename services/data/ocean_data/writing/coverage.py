"""An extraction as neighbours get it: all values at once."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import extractions as contracts
from ocean_common.contracts.arrays import Array
from ocean_data.plan.extraction import Extraction, Reading, Values, collect


def read(extraction: Extraction, reading: Reading) -> contracts.Coverage:
    """Read everything, and say what revision it is of."""
    return of(extraction, collect(extraction, reading), extraction.revision(reading.source))


def of(extraction: Extraction, values: Mapping[str, Values], revision: str) -> contracts.Coverage:
    """The contract's form of what was read: ``values`` by key of field, of the shape of its dimensions."""
    return contracts.Coverage(
        kind=extraction.kind,
        dataset=extraction.dataset,
        dims=dict(extraction.dims),
        coordinates=[
            contracts.Coordinate(
                name=one.name,
                dims=one.dims,
                values=one.values if isinstance(one.values, list) else _packed(one.values),
                units=one.units,
                standard_name=one.standard_name,
                long_name=one.long_name,
            )
            for one in extraction.coordinates
        ],
        fields=[
            contracts.Field(
                variable=one.variable, dims=one.dims, values=_packed(values[one.key]), auxiliary=one.auxiliary
            )
            for one in extraction.fields
        ],
        facts=dict(extraction.facts),
        revision=revision,
    )


def _packed(values: NDArray[np.floating] | NDArray[np.int64]) -> Array:
    whole = np.ascontiguousarray(values)
    return Array(dtype=whole.dtype.str, shape=values.shape, data=whole.tobytes())
