"""Which reader understands which file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import netCDF4

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.code_version import code_version
from ocean_metadata.observations.formats import argo, cnv, dsg, odf, tables
from ocean_metadata.observations.formats.reasons import Unreadable
from ocean_metadata.observations.records import Platform

__all__ = ["Unreadable", "is_readable", "read", "reading_version"]

Reader = Callable[[Path, PlatformType | None], Iterator[Platform]]

_BY_SUFFIX: dict[str, Reader] = {".odf": odf.read, ".cnv": cnv.read}
_NETCDF = (".nc", ".nc4", ".cdf")


def reading_version() -> int:
    """Return the version of what readers make of a file: with another one, files are imported again."""
    return code_version(__name__)


def is_readable(path: Path) -> bool:
    """Whether a file, or a folder of tables, is one that a reader may understand."""
    if path.is_dir():
        return tables.is_tables(path)
    return _suffix(path) in (*_NETCDF, *_BY_SUFFIX)


def read(path: Path, kind: PlatformType | None = None) -> Iterator[Platform]:
    """The platforms in a file; ``kind``: their type, where the file does not say it."""
    if path.is_dir():
        yield from tables.read(path)
        return
    reader = _BY_SUFFIX.get(_suffix(path)) or _of_netcdf(path)
    yield from reader(path, kind)


def _suffix(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _of_netcdf(path: Path) -> Reader:
    try:
        with netCDF4.Dataset(path) as data:
            found = argo.is_argo(data), dsg.is_dsg(data)
    except (OSError, RuntimeError) as error:
        raise Unreadable("it cannot be opened: {error}", error=error) from error
    if found[0]:
        return argo.read
    if found[1]:
        return dsg.read
    raise Unreadable("it is neither an Argo file nor a discrete sampling geometry: it has no featureType or cf_role")
