"""Command `python -m ocean_metadata.index`: index what changed, once or repeatedly."""

import argparse
import sys
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from ocean_common.background import stop_event
from ocean_common.contracts.observations import Class4Kind
from ocean_common.settings import load_or_exit
from ocean_common.telemetry import configure_logs
from ocean_metadata.catalogue.database import DatabaseUnusable, connect, create_tables
from ocean_metadata.catalogue.store import CatalogueWriter
from ocean_metadata.class4.indexer import Class4Indexer
from ocean_metadata.class4.store import Class4Store
from ocean_metadata.index.configuration import ConfigurationError
from ocean_metadata.index.watch import DatasetIndexer, IndexWatcher, reading_version
from ocean_metadata.settings import Settings


def main() -> None:
    """Run the command; arguments override the environment."""
    settings = load_or_exit(Settings)
    arguments = _parse_arguments(settings)
    configure_logs(settings.log_level, settings.log_format if arguments.watch else "text")
    if bool(arguments.datasets) == bool(arguments.folder):
        sys.exit("give one of --datasets and --folder (or OCEAN_METADATA_DATASETS, OCEAN_METADATA_FOLDER)")
    datasets, folder, stubs = map(_absolute, (arguments.datasets, arguments.folder, arguments.stubs))
    if folder and not folder.is_dir():
        sys.exit(f"{arguments.folder}: folder not found")
    class4, riops = _absolute(arguments.class4), _absolute(arguments.class4_riops)
    class4_folders: dict[Class4Kind, Path | None] = {"ocean_predict": class4, "riops_obs": riops}
    stop = stop_event(with_input=arguments.watch > 0)
    try:
        engine = connect(arguments.database)
        create_tables(engine)
        store = CatalogueWriter(engine, reading_version())
        indexer = DatasetIndexer(store, stop, datasets=datasets, folder=folder, stubs=stubs, workers=settings.workers)
        passes = [indexer.run, Class4Indexer(Class4Store(engine), class4_folders, stop).run]
        watcher = IndexWatcher(passes, store, engine, stop)
        if arguments.watch:
            watcher.run_forever(arguments.watch)
        else:
            watcher.run_once()
        engine.dispose()
    except (ConfigurationError, DatabaseUnusable) as error:
        sys.exit(str(error))
    except DatabaseError as error:
        sys.exit(f"the catalogue cannot be written: {error.orig}")
    except OSError as error:
        sys.exit(f"{error.filename or arguments.database}: {error.strerror}")


def _absolute(path: str | None) -> Path | None:
    return Path(path).absolute() if path else None


def _parse_arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m ocean_metadata.index", description=__doc__)
    parser.add_argument("--database", default=settings.database, help="path of SQLite, or a URL (%(default)s)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--datasets", default=settings.datasets, help="a dataset configuration (JSON)")
    source.add_argument("--folder", default=settings.folder, help="a folder of NetCDF files")
    parser.add_argument("--stubs", default=settings.stubs, help="folder of the configuration's stubs")
    parser.add_argument("--class4", default=settings.class4, help="folder of Class 4 files of OceanPredict")
    parser.add_argument("--class4-riops", default=settings.class4_riops, help="folder of Class 4 files of RIOPS")
    parser.add_argument("--watch", type=float, metavar="SECONDS", default=0, help="repeat after this time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
