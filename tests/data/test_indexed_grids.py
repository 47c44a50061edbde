"""Grids from the file to the answer: indexed by the metadata service, read by the data service, against the numbers."""

import threading

import msgspec
import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient

from ocean_common.contracts.assets import Assets
from ocean_metadata.app import create_app as create_metadata_app
from ocean_metadata.catalogue.database import connect, create_tables
from ocean_metadata.catalogue.store import Catalogue, CatalogueWriter
from ocean_metadata.index.watch import DatasetIndexer, reading_version

SEA_TEMPERATURE = {"standard_name": "sea_water_potential_temperature", "units": "degC"}


class IndexedFiles:
    """The files of a folder, or of a configuration, as both services see them."""

    def __init__(self, database, app_over, **sources):
        self._engine = connect(str(database))
        create_tables(self._engine)
        DatasetIndexer(CatalogueWriter(self._engine, reading_version()), threading.Event(), **sources).run()
        catalogue = Catalogue(self._engine)
        catalogue.refresh()
        self.datasets = catalogue.snapshot.datasets
        with TestClient(create_metadata_app(catalogue)) as metadata:
            assets = [
                msgspec.msgpack.decode(metadata.get(f"/internal/assets/{name}/{item.key}").content, type=Assets)
                for name, record in self.datasets.items()
                for item in record.visible_variables
            ]
        self.assets = {(item.dataset, item.variable.key): item for item in assets}
        self._app = app_over(assets)

    def get(self, path, **parameters):
        """Return what the data service answers."""
        with TestClient(self._app) as client:
            return client.get(f"/api/v2.0/data/{path}", params=parameters)

    def value(self, path, latitude, longitude, **more):
        """Return the value at a point."""
        response = self.get(f"{path}/point", latitude=latitude, longitude=longitude, **more)
        assert response.status_code == 200, response.text
        return np.ravel(response.json()["variables"][path.split("/")[1]]["values"]).tolist()[0]

    def statistics(self, path, box, **more):
        """Return count, minimum, maximum and mean in a box."""
        answer = self.get(f"{path}/statistics", bbox=",".join(map(str, box)), **more).json()["variables"]
        name = path.split("/")[1]
        return [np.ravel(answer[f"{name}_{part}"]["values"])[0] for part in ("count", "minimum", "maximum", "mean")]

    def close(self):
        self._engine.dispose()


@pytest.fixture
def indexed(tmp_path, app_over):
    """Index the files of the test's folder, or a configuration over them."""
    made = []

    def index(**sources):
        made.append(IndexedFiles(tmp_path / ".catalogue.sqlite3", app_over, **sources or {"folder": tmp_path}))
        return made[-1]

    yield index
    for item in made:
        item.close()


def add(data, name, dimensions, values, **attributes):
    """Write a variable with its dimensions, its numbers as they are; ``dtype`` and ``fill`` are no attributes."""
    dtype, fill = attributes.pop("dtype", "f8"), attributes.pop("fill", None)
    values = np.asarray(values)
    for dimension, size in zip(dimensions, values.shape, strict=True):
        if dimension not in data.dimensions:
            data.createDimension(dimension, size)
    item = data.createVariable(name, dtype, dimensions, fill_value=fill)
    item.set_auto_maskandscale(False)
    item.setncatts(attributes)
    item[...] = values
    return item


def tilted(rows=20, columns=30, south=44.0, west=-60.0):
    y, x = np.meshgrid(0.25 * np.arange(rows), 0.25 * np.arange(columns), indexing="ij")
    return south + 0.2 * x + y, west + x - 0.2 * y


@pytest.mark.parametrize("fill", [0.0, -1.0, -999.0, 1e20, 9999.0])
def test_blocks_of_land_without_places_take_no_part(tmp_path, indexed, fill):
    latitude, longitude = tilted()
    hole = np.zeros(latitude.shape, bool)
    hole[5:9, 10:16] = hole[0, 0] = True
    temperature = np.where(hole, 99.0, latitude - longitude)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "nav_lat", ("y", "x"), np.where(hole, fill, latitude), units="degrees_north", dtype="f4")
        add(data, "nav_lon", ("y", "x"), np.where(hole, fill, longitude), units="degrees_east", dtype="f4")
        add(data, "temp", ("y", "x"), temperature, **SEA_TEMPERATURE)
    files = indexed()
    record = files.datasets["a"]
    placed = ~hole
    box = [longitude[placed].min(), latitude[placed].min(), longitude[placed].max(), latitude[placed].max()]
    np.testing.assert_allclose(record.grids[0].grid.bounds, box, atol=1e-4)
    assert any("25 of 600 cells have no place" in str(note.text) for note in record.notes)
    count, least, greatest, _ = files.statistics("a/temp", (-180, -80, 180, 80))
    assert count == placed.sum()
    np.testing.assert_allclose((least, greatest), (temperature[placed].min(), temperature[placed].max()), rtol=1e-6)
    assert files.value("a/temp", latitude[12, 20], longitude[12, 20]) == pytest.approx(temperature[12, 20], rel=1e-6)
    assert files.get("a/temp/point", latitude=0, longitude=0).status_code == 422


@pytest.mark.parametrize(("north", "east"), [("radian", "radian"), ("radians_north", "radians_east"), ("rad", "rad")])
def test_coordinates_in_radians_are_places_in_degrees(tmp_path, indexed, north, east):
    latitude, longitude = np.arange(40.0, 50), np.arange(-50.0, -38)
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "clat", ("clat",), np.radians(latitude), units=north, standard_name="latitude")
        add(data, "clon", ("clon",), np.radians(longitude), units=east, standard_name="longitude")
        field = latitude[:, np.newaxis] + longitude
        add(data, "temp", ("clat", "clon"), field, **SEA_TEMPERATURE)
    files = indexed()
    assert files.datasets["a"].grids[0].grid.bounds == (-50, 40, -39, 49)
    assert any("to degrees" in str(note.text) for note in files.datasets["a"].notes)
    assert files.value("a/temp", 45, -45) == 0.0
    assert files.get("a/temp/point", latitude=0.785, longitude=-0.785).status_code == 422
    assert files.statistics("a/temp", (-46.5, 43.5, -42.5, 47.5))[0] == 16


def test_degrees_that_are_called_radians_stay_degrees(tmp_path, indexed):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), np.arange(40.0, 50), units="radians", standard_name="latitude")
        add(data, "lon", ("lon",), np.arange(-50.0, -38), units="radians", standard_name="longitude")
        add(data, "temp", ("lat", "lon"), np.ones((10, 12)), **SEA_TEMPERATURE)
    record = indexed().datasets["a"]
    assert record.grids[0].grid.bounds == (-50, 40, -39, 49)
    assert any("can only be degrees" in str(note.text) for note in record.notes)


@pytest.mark.parametrize("mapping", ["latitude_longitude", "polar_stereographic"])
def test_data_with_the_attributes_of_a_grid_mapping_stay_data(tmp_path, indexed, mapping):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), np.arange(40.0, 44), units="degrees_north")
        add(data, "lon", ("lon",), np.arange(-50.0, -46), units="degrees_east")
        field = np.arange(16.0).reshape(4, 4)
        add(data, "sst", ("lat", "lon"), field, grid_mapping_name=mapping, **SEA_TEMPERATURE)
        add(data, "other", ("lat", "lon"), field + 1)
    files = indexed()
    assert {key for _, key in files.assets} == {"sst", "other"}
    assert (files.value("a/sst", 42, -47), files.value("a/other", 42, -47)) == (11.0, 12.0)
