"""`python -m ocean_metadata.index`: read what changed into the catalogue, once or for as long as it is watched."""

import argparse
import os
import signal
import stat
import sys
import threading
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from ocean_common.contracts.observations import Class4Kind
from ocean_common.settings import SettingsError, load
from ocean_common.telemetry import configure_logs
from ocean_metadata.catalogue.database import DatabaseUnusable, connect, create_tables
from ocean_metadata.catalogue.process_lock import ProcessLock
from ocean_metadata.catalogue.store import CatalogueWriter
from ocean_metadata.class4.indexer import Class4Indexer
from ocean_metadata.class4.store import Class4Store
from ocean_metadata.index.configuration import ConfigurationError
from ocean_metadata.index.passes import Indexer, Told, reading_version
from ocean_metadata.index.together import Together
from ocean_metadata.index.watching import Watch
from ocean_metadata.settings import Settings


def main() -> None:
    """Read the command line over the environment, and index."""
    try:
        settings = load(Settings, os.environ)
    except SettingsError as error:
        sys.exit(f"settings: {error}")
    asked = _arguments(settings)
    configure_logs(settings.log_level, settings.log_format if asked.watch else "text")
    if bool(asked.datasets) == bool(asked.folder):
        sys.exit("give one of --datasets and --folder (or OCEAN_METADATA_DATASETS, OCEAN_METADATA_FOLDER)")
    told = Told(
        datasets=Path(asked.datasets).absolute() if asked.datasets else None,
        folder=Path(asked.folder).absolute() if asked.folder else None,
        stubs=Path(asked.stubs).absolute() if asked.stubs else None,
        workers=settings.workers,
    )
    if told.folder and not told.folder.is_dir():
        sys.exit(f"{asked.folder}: there is no such folder")
    folders: dict[Class4Kind, Path | None] = {
        "ocean_predict": Path(asked.class4).absolute() if asked.class4 else None,
        "riops_obs": Path(asked.class4_riops).absolute() if asked.class4_riops else None,
    }
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        engine = connect(asked.database)
        create_tables(engine)
        store = CatalogueWriter(engine, reading_version())
        class4 = Class4Indexer(Class4Store(engine), folders, stop)
        both = Together(Indexer(store, told, stop), class4)
        watch = Watch(both, store, ProcessLock(engine, "indexing"), ProcessLock(engine, "watching"), stop)
        if asked.watch:
            _stop_with_input(stop)
            watch.forever(asked.watch)
        else:
            watch.once()
        engine.dispose()
    except (ConfigurationError, DatabaseUnusable) as error:
        sys.exit(str(error))
    except DatabaseError as error:
        sys.exit(f"the catalogue cannot be written: {error.orig}")
    except OSError as error:
        sys.exit(f"{error.filename or asked.database}: {error.strerror}")


def _arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m ocean_metadata.index", description=__doc__)
    parser.add_argument("--database", default=settings.database, help="path of SQLite, or a URL (%(default)s)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--datasets", default=settings.datasets, help="a dataset configuration (JSON)")
    source.add_argument("--folder", default=settings.folder, help="a folder of NetCDF files")
    parser.add_argument("--stubs", default=settings.stubs, help="folder of the configuration's stubs")
    parser.add_argument("--class4", default=settings.class4, help="folder of Class 4 files of OceanPredict")
    parser.add_argument("--class4-riops", default=settings.class4_riops, help="folder of Class 4 files of RIOPS")
    parser.add_argument("--watch", type=float, metavar="SECONDS", default=0, help="go on, and look this often")
    return parser.parse_args()


def _stop_with_input(stop: threading.Event) -> None:
    """Whoever started this command holds its standard input: when that ends, so does the command."""
    kind = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
        threading.Thread(target=_wait_for_end, args=[stop], daemon=True).start()


def _wait_for_end(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


if __name__ == "__main__":
    main()
