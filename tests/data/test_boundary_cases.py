"""Edges that are easily lost: of boxes, folded tiles, radii, depths written upwards and records of odd sizes."""

from contextlib import closing

import numpy as np
import pytest
from scipy.io import netcdf_file

from ocean_common.contracts.assets import DepthAxis
from ocean_data.compute import depth
from ocean_data.compute.interpolation import stencil
from ocean_data.compute.region import box_region
from ocean_data.compute.tiles import folded
from ocean_data.grids.rectilinear import Rectilinear
from ocean_data.reading.chunk_index import read_header
from ocean_data.reading.files import LocalBlob, state_of


def test_centres_on_the_rim_of_a_box_lie_in_it():
    grid = Rectilinear(np.arange(4.0), np.arange(5.0))
    assert grid.window(box_region((0, 0, 4, 3))).shape == (4, 5)


def test_a_folded_tile_is_empty_outside_the_rows_and_the_columns_of_a_grid():
    rows, columns = np.array([-1, 5, 5], dtype=np.int32), np.array([-1, 2, 2], dtype=np.int32)
    cells, layout = folded(rows, columns)
    assert layout.shape == (2, 2)
    assert cells.tolist() == [-1, -1, -1, 7]


def test_half_the_radius_is_the_width_of_the_gaussian():
    grid = Rectilinear(np.array([-0.1, 0.0, 0.1]), np.array([0.0, 0.1]))
    chosen = stencil(grid, np.zeros(1), np.zeros(1), "gaussian", radius=50.0, neighbours=2)
    nearest, second = chosen.weights[0, :2]
    distance = np.radians(0.1) * 6371.0088  # km
    assert second / nearest == pytest.approx(np.exp(-((distance / 25.0) ** 2)), rel=1e-6)


def test_heights_are_depths_upwards():
    axis = DepthAxis(name="z", kind="height", values=[-0.5, -10.0])
    assert depth.metres(axis).tolist() == [0.5, 10.0]


def test_records_of_a_lone_variable_lie_without_gaps(tmp_path):
    values = np.arange(15, dtype=">i2").reshape(5, 3)
    with netcdf_file(tmp_path / "lone.nc", "w", mmap=False) as file:
        file.createDimension("time", None)
        file.createDimension("x", 3)
        file.createVariable("level", "i2", ("time", "x"))[:] = values
    with closing(LocalBlob(state_of(str(tmp_path / "lone.nc")))) as blob:
        variables = read_header(blob).variables
    assert (variables["level"].shape, variables["level"].record_step) == ((5, 3), 6)
