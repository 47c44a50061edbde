# mypy: ignore-errors
"""Serves the made files with xpublish: run by peers.py in the environment of the peers."""

import sys

import xarray
import xpublish
from xpublish_edr.plugin import CfEdrPlugin
from xpublish_tiles.xpublish.tiles.plugin import TilesPlugin


def main(folder: str, port: int) -> None:
    """Open the files once, as its documentation has it, and serve them on loopback."""
    series = xarray.open_mfdataset(f"{folder}/sst_*.nc", combine="nested", concat_dim="time", data_vars="minimal",
                                   coords="minimal", compat="override", join="override")  # fmt: skip
    deep = xarray.open_dataset(f"{folder}/deep.nc", chunks={})
    plugins = {"edr": CfEdrPlugin(), "tiles": TilesPlugin()}
    xpublish.Rest({"sst": series, "deep": deep}, plugins=plugins).serve(host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
