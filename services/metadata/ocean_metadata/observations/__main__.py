"""`python -m ocean_metadata.observations`: import observations into the database, or remove them again."""

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import structlog
from tqdm import tqdm

from ocean_common.background import stop_event
from ocean_common.contracts.observations import PlatformType
from ocean_common.settings import load_or_exit
from ocean_common.telemetry import configure_logs
from ocean_metadata.catalogue.database import DatabaseUnusable, connect
from ocean_metadata.observations.importing import Importer, ImportStopped, find_sources
from ocean_metadata.observations.schema import create_tables, default_database
from ocean_metadata.observations.store import ObservationStore
from ocean_metadata.settings import Settings

_log = structlog.get_logger("ocean.observations")


def main() -> int:
    """Read the command line over the environment, and run the command; return the exit code."""
    settings = load_or_exit(Settings)
    arguments = _parse_arguments(settings)
    configure_logs(settings.log_level, settings.log_format if arguments.child else "text")
    stop = stop_event(with_input=arguments.child)
    try:
        engine = connect(arguments.database)
        create_tables(engine)
        run: Callable[[argparse.Namespace, ObservationStore, threading.Event], int] = arguments.run
        return run(arguments, ObservationStore(engine), stop)
    except DatabaseUnusable as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or arguments.database}: {error.strerror}")


def _parse_arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m ocean_metadata.observations", description=__doc__)
    database = settings.observations or default_database(settings.database)
    parser.add_argument("--database", default=database, help="path of SQLite, or a URL (%(default)s)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)  # started by the service
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("import", help="import what is new or changed in files and folders")
    command.add_argument(
        "paths", nargs="+", type=Path, help="Argo, CF discrete sampling geometries, ODF, Sea-Bird .cnv"
    )
    command.add_argument("--type", choices=get_args(PlatformType), help="of the platforms, where files do not say it")
    command.set_defaults(run=_import_files)
    command = commands.add_parser("forget", help="remove what came from files")
    command.add_argument("paths", nargs="+", type=Path)
    command.set_defaults(run=_remove_files)
    return parser.parse_args()


def _import_files(arguments: argparse.Namespace, store: ObservationStore, stop: threading.Event) -> int:
    for path in arguments.paths:
        if not path.exists() and arguments.child:
            _log.info("there is no folder of observations", folder=str(path))
            return 0
        if not path.exists():
            sys.exit(f"{path}: there is no such file or folder")
    importer = Importer(store, stop, arguments.type)
    files, stations, failed = 0, 0, 0
    with tqdm(find_sources(arguments.paths), unit="file", disable=True if arguments.child else None) as bar:
        for path in bar:
            bar.set_description(path.name)
            with tqdm(unit=" stations", leave=False, disable=bar.disable) as inner_bar:
                try:
                    result = importer.import_file(path, inner_bar.update)
                except ImportStopped:
                    _log.info("stopped; the same command goes on", files=files, stations=stations)
                    return 1
            if result.problem:
                failed += 1
                _log.warning("not imported", file=path.name, reason=result.problem)
            elif result.stations is not None:
                files, stations = files + 1, stations + result.stations
    if files:
        store.analyze()
    _log.info("imported", files=files, stations=stations, failed=failed)
    return 2 if failed else 0


def _remove_files(arguments: argparse.Namespace, store: ObservationStore, _: threading.Event) -> int:
    code = 0
    for path in arguments.paths:
        count = store.remove_file(str(path.resolve()))
        code = code or (2 if count is None else 0)
        _log.info("removed" if count is not None else "was never imported", file=path.name, stations=count or 0)
    return code


if __name__ == "__main__":
    sys.exit(main())
