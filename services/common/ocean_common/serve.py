"""Runs one service: `python -m ocean_data`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn
from litestar import Litestar

from ocean_common.settings import SettingsError, SettingsT, load
from ocean_common.telemetry import configure_logs

NOT_STARTED = 3  # the exit code, as that of uvicorn's own command
GRACE = 5  # s for requests under way when the service is told to stop


class _Server(uvicorn.Server):
    """Tells the app that it is to stop: answers that go on for ever end, and nobody waits for them."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._told = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._told.state["stopping"] = True
        super().handle_exit(sig, frame)


def serve(kind: type[SettingsT], build: Callable[[SettingsT], Litestar]) -> None:
    """Read the settings, build the app and serve it until a signal ends it."""
    try:
        settings = load(kind, os.environ)
    except SettingsError as error:
        sys.exit(f"settings: {error}")
    configure_logs(settings.log_level, settings.log_format)
    app = build(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        uds=settings.socket,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
    )
    server = _Server(config, app)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        if settings.socket:
            Path(settings.socket).unlink(missing_ok=True)
    if not server.started:
        sys.exit(NOT_STARTED)
