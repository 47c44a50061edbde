"""Compilation of the kernels before the first request."""

import numpy as np

from ocean_data.compute import derivatives
from ocean_data.compute.interpolation import gather, picture, stencil
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.mesh import Mesh
from ocean_data.grids.rectilinear import Rectilinear
from ocean_data.ports import TileStencil


def compile_grid_kernels() -> None:
    """Run every kernel once, on a grid of a few cells, with the types that requests have."""
    latitude, longitude = np.linspace(0.0, 3.0, 4), np.linspace(0.0, 4.0, 5)
    point = np.array([1.2])
    mesh = Mesh((latitude, latitude**2), np.array([[0, 1, 2], [1, 2, 3]], dtype=np.int32), "node")
    grids = (Rectilinear(latitude, longitude), Curvilinear(*np.meshgrid(latitude, longitude, indexing="ij")), mesh)
    for grid in grids:
        for kind in ("nearest", "bilinear", "gaussian"):
            stencil_ = stencil(grid, point, point, kind, radius=25.0, neighbours=4)
            gather(np.zeros((1, 20)), stencil_)
            field = np.zeros((1, 20), dtype=np.float32)
            gather(field, stencil_.compact())
            picture(field, TileStencil(pixels=np.arange(1, dtype=np.int32), stencil=stencil_.compact()), 2)
    cells, none = np.arange(4), np.full((4, 4), -1)
    derivatives.gradient(latitude, derivatives.neighbourhood(cells, none, latitude, latitude))
