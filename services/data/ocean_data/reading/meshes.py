"""The table of a mesh as it is written: turned either way, numbered from 0 or 1, with gaps."""

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Grid
from ocean_data.ports import Cells, Coordinates, Floats
from ocean_data.reading.state import changed

ROLES = ("connectivity", "face_latitude", "face_longitude")  # what is read of a mesh beside its nodes


def coordinates(read: dict[str, Floats], grid: Grid) -> Coordinates:
    """The nodes and triangles of a mesh from the variables of its file."""
    try:
        latitude, longitude = _now(read["latitude"], 1), _now(read["longitude"], 1)
        corners = _corners(_now(read["connectivity"], 2), grid, latitude.size)
    except (KeyError, ValueError) as error:
        raise changed(grid.file) from error
    centres = {role: _now(read[role], 1) for role in ROLES[1:] if role in read}
    faces = {one.size for one in centres.values()}
    cells = corners.shape[0] if grid.location == "face" else latitude.size
    if latitude.shape != longitude.shape or grid.shape != (cells,) or faces - {corners.shape[0]}:
        raise changed(grid.file)
    return Coordinates(
        latitude=latitude,
        longitude=longitude,
        corners=corners,
        face_latitude=centres.get("face_latitude"),
        face_longitude=centres.get("face_longitude"),
    )


def _now(values: Floats, dimensions: int) -> Floats:
    """Without a time dimension: meshes do not move."""
    while values.ndim > dimensions:
        values = values[0]
    if values.ndim != dimensions:
        raise ValueError
    return values


def _corners(table: Floats, grid: Grid, nodes: int) -> Cells:
    """The nodes of each triangle, from 0: (face, 3); -1 for one that is missing or is no node."""
    table = table.T if grid.corners_first else table
    if table.shape[1] != 3:
        raise ValueError
    known = np.isfinite(table)
    first = grid.start_index if grid.start_index is not None else table[known].min(initial=nodes)
    numbers: NDArray[np.int64] = np.where(known, table - first, -1).astype(np.int64)
    return np.where((numbers >= 0) & (numbers < nodes), numbers, -1).astype(np.int32)
