"""What the gateway's own app is told."""

from typing import ClassVar

from ocean_common.settings import Seconds, ServiceSettings, Url


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """Where the services are, and how long they have to say how they are."""

    prefix: ClassVar[str] = "OCEAN_GATEWAY_"

    metadata_url: Url = "http://127.0.0.1:8001"
    data_url: Url = "http://127.0.0.1:8002"
    plotting_url: Url = "http://127.0.0.1:8003"
    patience: Seconds = 3.0
