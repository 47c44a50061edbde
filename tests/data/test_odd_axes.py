"""Axes of latitude and longitude with fills, from the north, to the west, and around the Earth with a column twice."""

import netCDF4
import numpy as np
import pytest
import shapely
from tests.data.indexed_files import WORLD, add

LATITUDE, LONGITUDE = np.arange(40.0, 48), np.arange(-60.0, -50)


def write(path, latitude, longitude, values, **fills):
    """Write a field over two axes."""
    with netCDF4.Dataset(path, "w") as data:
        add(data, "lat", ("lat",), latitude, units="degrees_north", fill=fills.get("lat"))
        add(data, "lon", ("lon",), longitude, units="degrees_east", fill=fills.get("lon"))
        add(data, "temp", ("lat", "lon"), values)


@pytest.mark.parametrize("fill", [np.nan, -999.0, netCDF4.default_fillvals["f8"], 9999.0])
@pytest.mark.parametrize("gaps", [([0, 7], [9]), ([3], [0, 4, 5])], ids=["ends", "within"])
def test_positions_without_coordinates_are_left_out(tmp_path, indexed, fill, gaps):
    (rows, columns), declared = gaps, fill if fill == 9999 else None
    latitude, longitude = LATITUDE.copy(), LONGITUDE.copy()
    latitude[rows], longitude[columns] = fill, fill
    values = np.add.outer(100 * np.arange(8.0), np.arange(10.0))
    write(tmp_path / "a.nc", latitude, longitude, values, lat=declared, lon=declared)
    files = indexed()
    record = files.datasets["a"]
    rows, columns = (np.delete(np.arange(size), part) for size, part in zip(values.shape, gaps, strict=True))
    assert record.bounds == (LONGITUDE[columns[0]], LATITUDE[rows[0]], LONGITUDE[columns[-1]], LATITUDE[rows[-1]])
    assert shapely.from_geojson(record.grids[0].footprint).bounds == pytest.approx(record.bounds, abs=1e-3)
    assert [note.name for note in record.notes if note.kind == "masked"] == ["lat", "lon"]
    placed = values[np.ix_(rows, columns)]
    count, least, greatest, _ = files.statistics("a/temp", WORLD)
    assert (count, least, greatest) == (placed.size, placed.min(), placed.max())
    for row, column in ((rows[0], columns[0]), (rows[-1], columns[-1]), (rows[2], columns[3])):
        assert files.value("a/temp", LATITUDE[row], LONGITUDE[column]) == values[row, column]


@pytest.mark.parametrize("first", [0.0, -180.0])
@pytest.mark.parametrize("is_eastward", [True, False])
def test_a_column_that_is_there_twice_counts_once(tmp_path, indexed, first, is_eastward):
    longitude = np.arange(first, first + 361, 30)
    latitude = np.arange(60.0, -61, -30)  # from the north
    values = np.add.outer(100 * np.arange(latitude.size), np.arange(13.0) % 12)
    step = 1 if is_eastward else -1
    write(tmp_path / "a.nc", latitude, longitude[::step], values[:, ::step])
    files = indexed()
    assert files.datasets["a"].bounds == (-180.0, -60.0, 180.0, 60.0)
    count, least, greatest, mean = files.statistics("a/temp", (-180, -90, 180, 90))
    assert (count, least, greatest) == (5 * 12, 0, 411)
    weights = np.cos(np.radians(latitude))
    assert mean == pytest.approx((weights @ values[:, :12].mean(axis=1)) / weights.sum(), rel=1e-3)
    for longitude in (first + 10, first + 350, first + 375, 190, -170):
        assert files.value("a/temp", 30, longitude) == 100 + round((longitude - first) / 30) % 12
    between = files.value("a/temp", 30, first + 345, interpolation="bilinear")
    assert between == pytest.approx((111 + 100) / 2)


def test_axes_without_units_are_told_as_degrees(tmp_path, indexed):
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        add(data, "lat", ("lat",), LATITUDE)
        add(data, "lon", ("lon",), LONGITUDE[::-1])
        add(data, "temp", ("lat", "lon"), np.arange(80.0).reshape(8, 10))
    files = indexed()
    assert [note.name for note in files.datasets["a"].notes if note.kind == "guessed"] == ["lat", "lon"]
    assert files.value("a/temp", LATITUDE[2], LONGITUDE[9]) == 20
