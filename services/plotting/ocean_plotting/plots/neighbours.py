"""Whom a plot may ask."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a worker process needs no HTTP
    from ocean_common.clients.data import Numbers
    from ocean_common.clients.metadata import Areas, Catalogue, Compared, Listed, Observed


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The other services, by what they know."""

    numbers: "Numbers"
    catalogue: "Catalogue"
    listed: "Listed"
    areas: "Areas"
    observed: "Observed"
    compared: "Compared"
