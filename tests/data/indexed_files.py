"""Files of a folder or a configuration as both services see them, and writing of small ones."""

import asyncio
import threading

import msgspec
import numpy as np

from ocean_common.contracts.assets import Assets
from ocean_metadata.catalogue.database import connect, create_tables
from ocean_metadata.catalogue.serializers import collect_assets, needed_time_axes
from ocean_metadata.catalogue.store import Catalogue, CatalogueWriter, read_variable
from ocean_metadata.index.watch import DatasetIndexer, reading_version

WORLD = (-180, -80, 180, 80)


class IndexedFiles:
    """The files of a folder, or of a configuration, as both services see them."""

    def __init__(self, database, served, **sources):
        self._engine = connect(str(database))
        create_tables(self._engine)
        DatasetIndexer(CatalogueWriter(self._engine, reading_version()), threading.Event(), **sources).run()
        catalogue = Catalogue(self._engine)
        catalogue.refresh()
        self.datasets = catalogue.snapshot.datasets
        assets = asyncio.run(collect_all_assets(catalogue))
        self.assets = {(item.dataset, item.variable.key): item for item in assets}
        self._served = served

    @property
    def client(self):
        """The data service over these files."""
        return self._served.over(self.assets)

    def get(self, path, **parameters):
        """Return what the data service answers."""
        return self.client.get(f"/api/v2.0/data/{path}", params=parameters)

    def value(self, path, latitude, longitude, **more):
        """Return the value at a point."""
        response = self.get(f"{path}/point", latitude=latitude, longitude=longitude, **more)
        assert response.status_code == 200, response.text
        return np.ravel(response.json()["variables"][path.split("/")[1]]["values"]).tolist()[0]

    def statistics(self, path, box, **more):
        """Return count, minimum, maximum and mean in a box."""
        response = self.get(f"{path}/statistics", bbox=",".join(map(str, box)), **more)
        assert response.status_code == 200, response.text
        answer = response.json()["variables"]
        name = path.split("/")[1]
        return [np.ravel(answer[f"{name}_{part}"]["values"])[0] for part in ("count", "minimum", "maximum", "mean")]

    def close(self):
        self._engine.dispose()


async def collect_all_assets(catalogue):
    """What the metadata service sends of each variable, as the data service receives it."""
    assets = []
    for name, record in catalogue.snapshot.datasets.items():
        for key in (item.key for item in record.variables if not item.auxiliary):
            content = msgspec.msgpack.encode(
                collect_assets(*await read_variable(catalogue, name, key, needed_time_axes))
            )
            assets.append(msgspec.msgpack.decode(content, type=Assets))
    return assets


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
