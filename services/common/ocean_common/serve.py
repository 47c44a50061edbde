"""Runs one service: `python -m ocean_data`."""

import os
import sys
from collections.abc import Callable

import uvicorn
from litestar import Litestar

from ocean_common.settings import SettingsError, SettingsT, load
from ocean_common.telemetry import configure_logs

GRACE = 5  # s for requests under way when the service is told to stop


def serve(kind: type[SettingsT], build: Callable[[SettingsT], Litestar]) -> None:
    """Read the settings, build the app and serve it until a signal ends it."""
    try:
        settings = load(kind, os.environ)
    except SettingsError as error:
        sys.exit(f"settings: {error}")
    configure_logs(settings.log_level, settings.log_format)
    uvicorn.run(
        build(settings),
        host=settings.host,
        port=settings.port,
        uds=settings.socket,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
    )
