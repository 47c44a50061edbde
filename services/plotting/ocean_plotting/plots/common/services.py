"""The services that plots get their numbers from."""

from dataclasses import dataclass

from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import MetadataClient


@dataclass(frozen=True, kw_only=True)
class Services:
    """Clients of the other services."""

    data: DataClient
    metadata: MetadataClient
