"""Bilinear on the grids of real models, over HTTP: what is linear in a cell's own coordinates is met exactly."""

import os
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient
from tests.data.conftest import SHIPPED

POINTS = 400
SAMPLES = os.environ.get("OCEAN_SAMPLES")
# Latitude, longitude, and what tells the sea: beneath Antarctica the rows of NEMO lie on one another.
FILES = {
    SHIPPED / "nemo" / "nemo_1m_20150101-20150201_grid-T.nc": ("nav_lat", "nav_lon", "tos"),
    SHIPPED / "projected" / "arctic20_roms_z.nc": ("latitude", "longitude", None),
    SHIPPED / "roms" / "wcofs_surface_uv.nc": ("lat_rho", "lon_rho", None),
}
AROME = {Path(SAMPLES or "") / "projected" / "arome_wind_20160114.nc": ("latitude", "longitude", None)}
NONE = pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES names no folder of sample files")
REAL = [*FILES.items(), *(pytest.param(*one, marks=NONE) for one in AROME.items())]


def vectors(latitude, longitude):
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def places(latitude, longitude, sea):
    """Points in cells between four centres: row and column as numbers with a fraction, latitude and longitude."""
    rng = np.random.default_rng(11)
    corners = vectors(latitude, longitude)
    row = rng.integers(0, latitude.shape[0] - 1, 20 * POINTS)
    column = rng.integers(0, latitude.shape[1] - 1, 20 * POINTS)
    four = np.stack([corners[row + a, column + b] for a in (0, 1) for b in (0, 1)])
    wide = np.linalg.norm(four - four[0], axis=-1).max(axis=0)
    u, v = rng.uniform(0.02, 0.98, (2, row.size))
    mixed = (
        four[0] * ((1 - u) * (1 - v))[:, None]
        + four[1] * (u * (1 - v))[:, None]
        + four[2] * ((1 - u) * v)[:, None]
        + four[3] * (u * v)[:, None]
    )
    mixed /= np.linalg.norm(mixed, axis=-1, keepdims=True)
    # A cell that the file repeats, or leaves at 0, 0, is none.
    wet = np.all([sea[row + a, column + b] for a in (0, 1) for b in (0, 1)], axis=0)
    good = np.flatnonzero(wet & (wide > 1e-4) & (wide < 0.1))[:POINTS]
    north, east = np.degrees(np.arcsin(mixed[good, 2])), np.degrees(np.arctan2(mixed[good, 1], mixed[good, 0]))
    return (row + v)[good], (column + u)[good], north, east


@pytest.mark.parametrize(("real", "names"), REAL, ids=lambda one: one.stem if isinstance(one, Path) else "")
def test_rows_and_columns_are_met_between_the_centres_of_real_grids(real, names, tmp_path, described, app_over):
    with netCDF4.Dataset(real) as opened:
        latitude, longitude = (np.ma.filled(opened[one][:].astype("f8"), np.nan) for one in names[:2])
        sea = ~np.ma.getmaskarray(opened[names[2]][0]) if names[2] else np.ones(latitude.shape, bool)
    rows, columns = np.indices(latitude.shape).astype("f8")
    path = tmp_path / "made.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.createDimension("y", latitude.shape[0])
        dataset.createDimension("x", latitude.shape[1])
        for key, values in (("lat", latitude), ("lon", longitude), ("row", rows), ("column", columns)):
            dataset.createVariable(key, "f8", ("y", "x"))[:] = values
    reported = {"kind": "curvilinear", "latitude": "lat", "longitude": "lon"}
    assets = [described(path, one, **reported) for one in ("row", "column")]
    row, column, at_north, at_east = places(latitude, longitude, sea)
    query = {"points": np.stack([at_north, at_east], axis=1).tolist(), "interpolation": "bilinear"}
    with TestClient(app_over(assets)) as client:
        answer = client.post("/api/v2.0/data/made/row,column/points", json=query)
    assert answer.status_code == 200, answer.text[:300]
    values = answer.json()["variables"]
    assert row.size == POINTS
    for key, expected in (("row", row), ("column", column)):
        np.testing.assert_allclose(np.ravel(values[key]["values"]), expected, rtol=0, atol=1e-6)
