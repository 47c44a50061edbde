"""OPeNDAP, which has no versions: what a server says now is taken for what it always says."""

import netCDF4

from ocean_metadata.index.stores.files import as_stored

_TIMEOUT = "10"  # s that a server may be silent


def stamp(_: str) -> tuple[int, int]:
    """Nothing tells whether it changed."""
    return 0, 0


def opened(path: str) -> netCDF4.Dataset:
    """Open an address."""
    for name in ("HTTP.TIMEOUT", "HTTP.CONNECTTIMEOUT"):
        netCDF4.rc_set(name, _TIMEOUT)
    return as_stored(netCDF4.Dataset(f"http://{path.removeprefix('dods://')}" if path.startswith("dods://") else path))
