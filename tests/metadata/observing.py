"""A database of observations with what fills it and asks it, for tests."""

import threading
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient

from ocean_metadata.app import create_app
from ocean_metadata.catalogue.database import connect
from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.observations.importing import Importer, find_sources
from ocean_metadata.observations.model import Cast, Platform, QuantitySamples
from ocean_metadata.observations.repository import ObservationRepository
from ocean_metadata.observations.schema import create_tables
from ocean_metadata.observations.store import ObservationStore

SHIPPED = Path(__file__).parents[2] / "deploy" / "sample_data" / "obs"


class NoCatalogue:
    """No datasets: only observations are asked for."""

    snapshot = Snapshot(revision="none", datasets={})

    async def revision(self, dataset):
        return ""

    async def steps(self, record, time):
        raise NotImplementedError


class Observing:
    """A database, its importer, and what is told of it."""

    def __init__(self, database):
        self.database = database
        self.engine = connect(database)
        create_tables(self.engine)
        self.store = ObservationStore(self.engine)
        self.stored = ObservationRepository(self.engine)

    def bring(self, *paths, kind=None):
        """Import; what became of each file."""
        importer = Importer(self.store, threading.Event(), kind)
        return [importer.import_file(path, lambda _: None) for path in find_sources([Path(item) for item in paths])]

    def app(self):
        return create_app(NoCatalogue(), observations=self.stored)

    def tables(self):
        """All rows that are told of, without their numbers."""
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT p.key, s.key, s.time, s.latitude, d.key, a.number, a.depth, a.value FROM stations s"
                " JOIN platforms p ON p.id = s.platform LEFT JOIN samples a ON a.station = s.id"
                " LEFT JOIN datatypes d ON d.id = a.datatype ORDER BY 1, 2, 5, 6"
            )
            return [tuple(row) for row in rows]

    def count(self, table):
        with self.engine.connect() as connection:
            return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()

    def station(self, platform, cast):
        """The number of a station."""
        with self.engine.connect() as connection:
            result = connection.exec_driver_sql(
                "SELECT s.id, p.key, s.key FROM stations s JOIN platforms p ON p.id = s.platform"
            )
            return next(number for number, *keys in result if keys == [platform, cast])

    def platform(self, key):
        with self.engine.connect() as connection:
            result = connection.exec_driver_sql("SELECT id, key FROM platforms")
            return next(number for number, item in result if item == key)


@pytest.fixture
def observing(database):
    """An empty database of observations, of each kind in turn."""
    result = Observing(database)
    yield result
    result.engine.dispose()


@pytest.fixture(scope="session")
def shipped(new_database):
    """The observations that are shipped, imported once into each kind of database."""
    result = Observing(new_database())
    assert not [item for item in result.bring(SHIPPED) if item.problem]
    yield result
    result.engine.dispose()


@pytest.fixture(scope="session")
def observed_client(shipped):
    """The service over the observations that are shipped."""
    with TestClient(shipped.app()) as client:
        yield client


def platform(key="drifter:1", places=((0, 10.0, 20.0),), kind="drifter", attributes=None, **measured):
    """A platform with a cast at each (time in ms, latitude, longitude)."""
    samples = [
        QuantitySamples(
            key=name, name=name, unit="1", depth=np.arange(len(values)) * 10.0, values=np.array(values, float)
        )
        for name, values in measured.items()
    ]
    casts = [
        Cast(key=str(time), time=time, latitude=latitude, longitude=longitude, quantities=samples)
        for time, latitude, longitude in places
    ]
    return Platform(key=key, type=kind, name=key, attributes=attributes or {}, casts=casts)


def array(one):
    """An array that crossed a border."""
    return np.frombuffer(one.data, one.dtype).reshape(one.shape)


def make_glider(path, profiles=6, levels=9, bad=None):
    """A file as IOOS lays gliders out: ragged profiles of one trajectory, flags of QARTOD, pressure for depth."""
    random = np.random.default_rng(7)
    with netCDF4.Dataset(path, "w") as data:
        data.setncatts({"featureType": "trajectoryProfile", "title": "Slocum glider unit_1", "institution": "Rutgers"})
        for name, size in {"trajectory": 1, "profile": profiles, "obs": profiles * levels}.items():
            data.createDimension(name, size)

        def make(name, dims, values, kind="f8", **attributes):
            variable = data.createVariable(name, kind, dims, fill_value=attributes.pop("fill", None))
            variable.setncatts(attributes)
            variable[:] = values

        make("trajectory", ("trajectory",), np.array(["unit_1-20240601"], dtype=object), str, cf_role="trajectory_id")
        make("trajectoryIndex", ("profile",), 0, "i4", instance_dimension="trajectory")
        make("profile_id", ("profile",), np.arange(1, profiles + 1), "i4", cf_role="profile_id")
        make("rowSize", ("profile",), levels, "i4", sample_dimension="obs")
        times = np.arange(profiles) * 3600.0
        make("time", ("profile",), times, units="seconds since 2024-06-01T00:00:00Z", standard_name="time")
        make("latitude", ("profile",), np.linspace(39, 40, profiles), units="degrees_north", standard_name="latitude")
        make(
            "longitude", ("profile",), np.linspace(-74, -73, profiles), units="degrees_east", standard_name="longitude"
        )
        pressure = np.tile(np.linspace(1, 80, levels), profiles)
        make(
            "pressure",
            ("obs",),
            pressure,
            "f4",
            units="dbar",
            standard_name="sea_water_pressure",
            positive="down",
            axis="Z",
        )
        values = random.uniform(8, 20, profiles * levels).astype("f4")
        make("temperature", ("obs",), values, "f4", units="Celsius", standard_name="sea_water_temperature", fill=-999.0)
        flags = np.ones(profiles * levels, "i1")
        flags[list(bad or [])] = 4
        make("temperature_qc", ("obs",), flags, "i1", standard_name="sea_water_temperature status_flag")
        make(
            "salinity",
            ("obs",),
            values + 15,
            "f4",
            units="1e-3",
            standard_name="sea_water_practical_salinity",
            fill=-999.0,
        )
    return path
