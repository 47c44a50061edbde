"""Catalogues of sample data and of small made files."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient
from tests.metadata.postgres import database, new_database, own_postgresql, postgresql

from ocean_metadata.app import create_app
from ocean_metadata.catalogue.database import connect, create_tables
from ocean_metadata.catalogue.store import Catalogue, CatalogueWriter
from ocean_metadata.index.watch import DatasetIndexer, reading_version

__all__ = ["database", "new_database", "own_postgresql", "postgresql"]  # fixtures of this folder

# What is written and searched in tables is tried with both databases; the rest with SQLite, and with both in full runs.
BOTH = {
    *("class4", "client", "consistent_read", "databases", "events", "index", "listener", "process", "routes"),
    *("watching", "observations_import", "observations_process", "observations_routes", "observations_search"),
}


def pytest_collection_modifyitems(items):
    """Leave PostgreSQL to the full counts where it makes no difference."""
    for item in items:
        backend = item.callspec.params.get("new_database") if hasattr(item, "callspec") else None
        if backend == "postgresql" and item.path.stem.removeprefix("test_metadata_") not in BOTH:
            item.add_marker(pytest.mark.full)


SAMPLE_DATA = Path(__file__).parents[2] / "deploy" / "sample_data"


class Indexed:
    """A catalogue with the indexer that fills it."""

    def __init__(self, database: str, **sources) -> None:
        self.engine = connect(database)
        create_tables(self.engine)
        self.store = CatalogueWriter(self.engine, reading_version())
        self.indexer = DatasetIndexer(self.store, threading.Event(), **sources)
        self.catalogue = Catalogue(self.engine)

    def run(self) -> int:
        """One pass; what readers see is renewed."""
        replaced = self.indexer.run()
        self.catalogue.refresh()
        return replaced

    @property
    def datasets(self):
        return self.catalogue.snapshot.datasets

    def dataset(self, name):
        return self.datasets[name]


@pytest.fixture(scope="session")
def index_once(new_database) -> Iterator[Callable[..., Indexed]]:
    """Index a folder or a configuration, for as long as tests run."""
    created = []

    def make(database: str | None = None, **told) -> Indexed:
        result = Indexed(database or new_database(), **told)
        created.append(result)
        result.run()
        return result

    yield make
    for item in created:
        item.engine.dispose()


@pytest.fixture
def index(database) -> Iterator[Callable[..., Indexed]]:
    """Index a folder or a configuration into the test's `database`."""
    created = []

    def make(**told) -> Indexed:
        result = Indexed(database, **told)
        created.append(result)
        result.run()
        return result

    yield make
    for item in created:
        item.engine.dispose()


@pytest.fixture(scope="session")
def sample_catalogue(index_once) -> Indexed:
    """The sample data that are shipped, indexed once."""
    return index_once(datasets=SAMPLE_DATA / "datasets.json")


@pytest.fixture(scope="session")
def client(sample_catalogue) -> Iterator[TestClient]:
    """The service over the sample data."""
    with TestClient(create_app(sample_catalogue.catalogue)) as result:
        yield result


def make_file(path: Path, times=(0, 1, 2), units="days since 2000-01-01", levels=(), shape=(4, 5), **more) -> Path:
    """A small regular file: `thetao` on latitude, longitude and time."""
    with netCDF4.Dataset(path, "w") as data:
        sizes = {"time": len(times), **({"depth": len(levels)} if levels else {}), "lat": shape[0], "lon": shape[1]}
        for name, size in sizes.items():
            data.createDimension(name, size)
        values = {
            "time": np.array(times),
            "depth": np.array(levels, dtype=float),
            "lat": np.linspace(40, 50, shape[0]),
            "lon": np.linspace(-60, -50, shape[1]),
        }
        attributes = {
            "time": {"units": units, "standard_name": "time", "calendar": more.get("calendar", "standard")},
            "depth": {"units": "m", "positive": "down"},
            "lat": {"units": "degrees_north"},
            "lon": {"units": "degrees_east"},
        }
        for name in sizes:
            item = data.createVariable(name, more.get("time_type", "f8") if name == "time" else "f8", (name,))
            item.setncatts(attributes[name])
            item[:] = values[name]
        field = data.createVariable(more.get("variable", "thetao"), "f4", tuple(sizes), fill_value=-999.0)
        field.setncatts({"units": "Celsius", "long_name": "Sea water temperature"})
        field[:] = np.arange(np.prod(list(sizes.values()))).reshape(tuple(sizes.values()))
    return path


@pytest.fixture
def make() -> Callable[..., Path]:
    """Make a small file."""
    return make_file


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Write a configuration."""

    def write(content, name="datasets.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write
