"""Shipped places lie inside the grids of the sample data that they are of."""

from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr
from pyproj import Geod

from ocean_metadata.places.gazetteer import Gazetteer

SAMPLES = Path(__file__).parents[2] / "deploy" / "sample_data"
OCEANS = {
    "north_atlantic": ("idealised/idealised_north_atlantic.nc", "votemper", 30),
    "nordic_seas": ("projected/arctic20_roms_z.nc", "temperature", 15),
    "kola_section": ("projected/arctic20_roms_z.nc", "temperature", 15),
}  # file, variable, and half the distance of its cells in km


def nearest_cells(file, variable, points):
    """Distance (km) of the nearest cell of each point (latitude, longitude), and whether there is water."""
    with xr.open_dataset(SAMPLES / file) as data:
        field = data[variable].isel(time=0, depth=0)
        latitude, longitude = xr.broadcast(data.latitude, data.longitude)
        wet = np.isfinite(field.transpose(*latitude.dims).values).ravel()
        latitude, longitude = latitude.values.ravel(), longitude.values.ravel()
    cells = []
    for y, x in points:
        away = Geod(ellps="WGS84").inv(np.full(latitude.size, x), np.full(latitude.size, y), longitude, latitude)[2]
        cells.append((away.min() / 1000, bool(wet[away.argmin()])))
    return cells


@pytest.mark.parametrize("kind", ["point", "line", "area"])
def test_shipped_places_lie_inside_their_grids(kind):
    gazetteer = Gazetteer(str(SAMPLES / "kml"))
    gazetteer.refresh()
    for group in gazetteer.groups(kind):
        file, variable, half = OCEANS[group.id]
        for place in gazetteer.file(kind, group.id).places:
            points = [(y, x) for x, y, *_ in shapely.get_coordinates(place.geometry)]
            cells = nearest_cells(file, variable, points)
            far = [point for point, (distance, _) in zip(points, cells, strict=True) if distance > half]
            assert not far, (place.name, far)
            if kind == "point":
                assert cells[0][1], f"{place.name} is on land"
            elif kind == "line":
                assert any(wet for _, wet in cells), place.name
