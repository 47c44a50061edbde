"""The services that plots get their numbers from."""

from dataclasses import dataclass
from typing import Protocol

from ocean_common.clients.data import Numbers
from ocean_common.clients.metadata import Areas, Catalogue, Compared, Listed, Observed


class Metadata(Catalogue, Listed, Areas, Observed, Compared, Protocol):
    """The metadata service: catalogue, areas, observations, Class 4."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """Clients of the other services."""

    data: Numbers
    metadata: Metadata
