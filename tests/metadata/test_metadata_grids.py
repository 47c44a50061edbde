"""Grids: which description of the cells is taken, and where they are."""

import json
import math

import netCDF4
import numpy as np
import pyproj
import pytest
import shapely

LAMBERT = {
    "grid_mapping_name": "lambert_conformal_conic", "standard_parallel": 63.0, "longitude_of_central_meridian": 15.0,
    "latitude_of_projection_origin": 63.0, "earth_radius": 6371000.0,
}  # fmt: skip


def projected(path, *, factor=1.0, shift=0.0, own=True):
    """A projected grid in units of ``factor`` metres; its own latitude may be off by ``shift`` degrees."""
    x, y = np.arange(6) * 4000.0 - 600e3, np.arange(5) * 4000.0 - 200e3
    to_degrees = pyproj.Transformer.from_crs(
        "+proj=lcc +lon_0=15 +lat_0=63 +lat_1=63 +R=6371000", "+proj=longlat +R=6371000", always_xy=True
    )
    longitude, latitude = to_degrees.transform(*np.meshgrid(x, y))
    with netCDF4.Dataset(path, "w") as data:
        data.createDimension("y", 5)
        data.createDimension("x", 6)
        for name, values in (("y", y), ("x", x)):
            item = data.createVariable(name, "f8", (name,))
            item.setncatts({"standard_name": f"projection_{name}_coordinate", "units": "km" if factor == 1000 else "m"})
            item[:] = values / factor
        data.createVariable("crs", "i4").setncatts(LAMBERT)
        if own:
            for name, values, units in (("lat", latitude + shift, "degrees_north"), ("lon", longitude, "degrees_east")):
                item = data.createVariable(name, "f8", ("y", "x"))
                item.units = units
                item[:] = values
        field = data.createVariable("t", "f4", ("y", "x"), fill_value=-1.0)
        field.grid_mapping = "crs"
        field[:] = 5.0
    return latitude, longitude


@pytest.mark.parametrize("factor", [1.0, 1000.0])
@pytest.mark.parametrize("own", [True, False])
def test_a_mapping_that_agrees_with_the_file_is_taken(tmp_path, index, factor, own):
    latitude, longitude = projected(tmp_path / "a.nc", factor=factor, own=own)
    grid = index(folder=tmp_path).dataset("a").grids[0].grid
    assert (grid.kind, grid.axis_factor, grid.mapping["grid_mapping_name"]) == (
        "projected", factor, "lambert_conformal_conic",
    )  # fmt: skip
    box = [longitude.min(), latitude.min(), longitude.max(), latitude.max()]
    assert grid.bounds == pytest.approx(box, abs=1e-5)


def test_a_mapping_that_does_not_agree_is_not_trusted(tmp_path, index):
    projected(tmp_path / "a.nc", shift=0.5)
    grid = index(folder=tmp_path).dataset("a").grids[0].grid
    assert (grid.kind, grid.latitude, grid.mapping) == ("curvilinear", "lat", None)


def test_coordinates_that_are_all_the_same_are_no_places(tmp_path, index):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        data.createDimension("y", 3)
        data.createDimension("x", 4)
        for name, units in (("lat_u", "degree_north"), ("lon_u", "degree_east")):
            data.createVariable(name, "f8", ("y", "x"))[:] = 0.0
            data[name].units = units
        data.createVariable("u", "f4", ("y", "x"))[:] = 1.0
    result = index(folder=tmp_path).dataset("a")
    assert (result.state, str(result.left_out[0].reason)) == (
        "broken",
        "its latitude and longitude are the same in every cell",
    )


def test_the_footprint_covers_the_sea_and_not_the_land(sample_catalogue):
    outline = shapely.from_geojson(sample_catalogue.dataset("nemo_global_month").grids[0].footprint)
    assert outline.is_valid
    places = {"Atlantic": (-30, 40), "Pacific at the date line": (180, 10), "Pacific": (-150, 0)}
    assert {name for name, where in places.items() if outline.intersects(shapely.Point(where))} == set(places)
    assert not outline.intersects(shapely.Point(25, 20))  # the Sahara
    west, south, east, north = outline.bounds
    assert (west >= -180, east <= 180, south >= -90, north <= 90) == (True, True, True, True)


def test_the_footprint_of_triangles_is_their_area(sample_catalogue):
    placed = sample_catalogue.dataset("sfbofs_hour").grids[0]
    west, south, east, north = placed.grid.bounds
    outline = shapely.from_geojson(placed.footprint)
    assert 0.1 < outline.area / ((east - west) * (north - south)) < 1
    assert json.loads(placed.footprint)["type"] in {"Polygon", "MultiPolygon"}
    assert math.isclose(west, -122.524811, abs_tol=1e-4)  # told as 237.475 in the file
