# mypy: ignore-errors
"""Serves the made files of maps.py with xpublish-tiles, read as they are asked for and from memory."""

import sys

import xarray
import xpublish
from xpublish_tiles.xpublish.tiles.plugin import TilesPlugin


def chunked(path: str) -> xarray.Dataset:
    """Lazily by dask, since it loads in tasks and the netCDF4 backend cannot; it needs the places in memory."""
    opened = xarray.open_dataset(path, chunks={})
    return opened.assign_coords({name: opened[name].load() for name in ("latitude", "longitude")})


def main(folder: str, port: int) -> None:
    """Open the files once, as its documentation has it, and serve them on loopback."""
    opened = {
        "sst": lambda: xarray.open_mfdataset(f"{folder}/sst_*.nc", combine="nested", concat_dim="time"),
        "skew": lambda: chunked(f"{folder}/skew.nc"),
    }
    datasets = {name: read() for name, read in opened.items()}
    datasets |= {f"{name}-memory": read().load() for name, read in opened.items()}
    xpublish.Rest(datasets, plugins={"tiles": TilesPlugin()}).serve(host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
