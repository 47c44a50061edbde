"""The floor: tiles of the same files by one process, without a gateway, a second service, a framework, or any check.

Levels are read once and stay in memory, index maps too. It is what the kernels allow: nothing is described, nothing is
refused, and a file that is replaced is never noticed.
"""

import sys
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import uvicorn
from numpy.typing import NDArray

from ocean_core.colour import Scale
from ocean_core.tiles import MERCATOR, Tile, pixel_offsets
from ocean_data.compute.tiles import folded
from ocean_data.grids.base import Grid
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.rectilinear import Rectilinear
from ocean_plotting.encoders import encode_palette_png
from ocean_plotting.palettes import make_palette, palette_indices

Send = Callable[[dict[str, Any]], Awaitable[None]]

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
PALETTE = make_palette("thermal", Scale(0.0, 30.0, logarithmic=False))


@cache
def level(dataset: str, step: int) -> NDArray[np.float32]:
    """A field, flat."""
    path = FOLDER / (f"sst_{step:02d}.nc" if dataset == "sst" else "skew.nc")
    with netCDF4.Dataset(path) as opened:
        values = opened["sst"][0 if dataset == "sst" else step]
    return np.ascontiguousarray(np.ma.filled(values, np.nan), dtype=np.float32).ravel()


@cache
def grid(dataset: str) -> Grid:
    """The grid of a dataset."""
    with netCDF4.Dataset(FOLDER / ("sst_00.nc" if dataset == "sst" else "skew.nc")) as opened:
        latitude, longitude = (np.asarray(opened[name][:], dtype=float) for name in ("latitude", "longitude"))
    return Rectilinear(latitude, longitude) if dataset == "sst" else Curvilinear(latitude, longitude)


def tile(dataset: str, step: int, place: tuple[int, int, int]) -> bytes:
    """A tile as a PNG."""
    parallels, meridians = Tile(MERCATOR, *place).axes(pixel_offsets())
    field, lines = level(dataset, step), grid(dataset).nearest_lines(parallels, meridians)
    if lines:
        cells, fold = folded(*lines)
        values = np.where(cells >= 0, field.take(np.maximum(cells, 0)), np.float32(np.nan)).reshape(fold.shape)
        indices = palette_indices(values, PALETTE).take(fold.rows, axis=0).take(fold.columns, axis=1)
    else:
        lattice = grid(dataset).nearest_on_lattice(parallels, meridians)
        cells = np.empty(0, np.int32) if lattice is None else lattice
        values = np.where(cells >= 0, field.take(np.maximum(cells, 0)), np.float32(np.nan)).reshape(256, 256)
        indices = palette_indices(values, PALETTE)
    return encode_palette_png(indices, PALETTE.colours)


async def answer(scope: dict[str, Any], _receive: object, send: Send) -> None:
    """Answer ``/dataset/step/zoom/x/y``."""
    body = b""
    if scope["type"] == "http" and scope["path"] != "/":
        _, dataset, step, *place = scope["path"].split("/")
        zoom, x, y = map(int, place)
        body = tile(dataset, int(step), (zoom, x, y))
    headers = [(b"content-type", b"image/png"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(answer, host="127.0.0.1", port=int(sys.argv[2]), lifespan="off", log_level="error")
