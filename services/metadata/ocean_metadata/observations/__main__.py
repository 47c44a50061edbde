"""`python -m ocean_metadata.observations`: import observations into the database, or take them away again."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import structlog
from tqdm import tqdm

from ocean_common.contracts.observations import PlatformType
from ocean_common.settings import SettingsError, load
from ocean_common.telemetry import configure_logs
from ocean_metadata.catalogue.database import DatabaseUnusable
from ocean_metadata.observations.database import beside, connect, upgrade
from ocean_metadata.observations.importing import Importer, Stopped, sources
from ocean_metadata.observations.store import ObservationStore
from ocean_metadata.settings import Settings

_log = structlog.get_logger("ocean.observations")


def main() -> int:
    """Read the command line over the environment, and do what it says; the exit code."""
    try:
        settings = load(Settings, os.environ)
    except SettingsError as error:
        sys.exit(f"settings: {error}")
    asked = _arguments(settings)
    configure_logs(settings.log_level, settings.log_format if asked.beside else "text")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if asked.beside:
        asked.database = sys.stdin.readline().strip()
        threading.Thread(target=_wait_for_end, args=[stop], daemon=True).start()
    try:
        engine = connect(asked.database)
        upgrade(engine)
        done: Callable[[argparse.Namespace, ObservationStore, threading.Event], int] = asked.do
        return done(asked, ObservationStore(engine), stop)
    except DatabaseUnusable as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or asked.database}: {error.strerror}")


def _arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m ocean_metadata.observations", description=__doc__)
    database = settings.observations or beside(settings.database)
    parser.add_argument("--database", default=database, help="path of SQLite, or a URL (%(default)s)")
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)  # started by the service
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("import", help="import what is new or changed in files and folders")
    one.add_argument("paths", nargs="+", type=Path, help="Argo, CF discrete sampling geometries, ODF, Sea-Bird .cnv")
    one.add_argument("--type", choices=get_args(PlatformType), help="of the platforms, where files do not say it")
    one.set_defaults(do=_import)
    one = commands.add_parser("forget", help="take away what came from files")
    one.add_argument("paths", nargs="+", type=Path)
    one.set_defaults(do=_forget)
    return parser.parse_args()


def _import(asked: argparse.Namespace, store: ObservationStore, stop: threading.Event) -> int:
    for path in asked.paths:
        if not path.exists() and asked.beside:
            _log.info("there is no folder of observations", folder=str(path))
            return 0
        if not path.exists():
            sys.exit(f"{path}: there is no such file or folder")
    importer = Importer(store, stop, asked.type)
    files, stations, failed = 0, 0, 0
    with tqdm(sources(asked.paths), unit="file", disable=True if asked.beside else None) as bar:
        for path in bar:
            bar.set_description(path.name)
            with tqdm(unit=" stations", leave=False, disable=bar.disable) as inner:
                try:
                    outcome = importer.bring(path, inner.update)
                except Stopped:
                    _log.info("stopped; the same command goes on", files=files, stations=stations)
                    return 1
            if outcome.problem:
                failed += 1
                _log.warning("not imported", file=path.name, reason=outcome.problem)
            elif outcome.stations is not None:
                files, stations = files + 1, stations + outcome.stations
    if files:
        store.analyze()
    _log.info("imported", files=files, stations=stations, failed=failed)
    return 2 if failed else 0


def _forget(asked: argparse.Namespace, store: ObservationStore, _: threading.Event) -> int:
    code = 0
    for path in asked.paths:
        gone = store.forget(str(path.resolve()))
        code = code or (2 if gone is None else 0)
        _log.info("forgotten" if gone is not None else "was never imported", file=path.name, stations=gone or 0)
    return code


def _wait_for_end(stop: threading.Event) -> None:
    """The service holds the standard input: when that ends, so does the command."""
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
