"""Settings of the gateway's app: environment variables `OCEAN_GATEWAY_…`."""

from typing import ClassVar

from ocean_common.settings import Seconds, ServiceSettings, Url


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """Addresses of the services, and what the app does besides documents and errors."""

    prefix: ClassVar[str] = "OCEAN_GATEWAY_"

    metadata_url: Url = "http://127.0.0.1:8001"
    data_url: Url = "http://127.0.0.1:8002"
    plotting_url: Url = "http://127.0.0.1:8003"
    patience: Seconds = 3.0  # s for the health and documents of a service
    v1: bool = True  # whether version 1.0 of the API is answered
