"""File formats of observations: the reader that understands a file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import netCDF4

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.observations.formats.argo import is_argo, read_argo
from ocean_metadata.observations.formats.cnv import read_cnv
from ocean_metadata.observations.formats.decoding import UnreadableFile
from ocean_metadata.observations.formats.dsg import is_dsg, read_dsg
from ocean_metadata.observations.formats.odf import read_odf
from ocean_metadata.observations.formats.tables import is_tables, read_tables
from ocean_metadata.observations.model import Platform

Reader = Callable[[Path, PlatformType | None], Iterator[Platform]]

_TEXT_READERS: dict[str, Reader] = {".odf": read_odf, ".cnv": read_cnv}
_NETCDF_SUFFIXES = (".nc", ".nc4", ".cdf")


def is_readable(path: Path) -> bool:
    """Return whether a file, or a folder of tables, may be understood by a reader."""
    if path.is_dir():
        return is_tables(path)
    return _suffix(path) in (*_NETCDF_SUFFIXES, *_TEXT_READERS)


def read_platforms(path: Path, platform_type: PlatformType | None = None) -> Iterator[Platform]:
    """Read the platforms of a file; ``platform_type`` is theirs where the file does not say it."""
    if path.is_dir():
        yield from read_tables(path)
        return
    reader = _TEXT_READERS.get(_suffix(path)) or _netcdf_reader(path)
    yield from reader(path, platform_type)


def _suffix(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _netcdf_reader(path: Path) -> Reader:
    try:
        with netCDF4.Dataset(path) as data:
            if is_argo(data):
                return read_argo
            if is_dsg(data):
                return read_dsg
    except (OSError, RuntimeError) as error:
        raise UnreadableFile("it cannot be opened: {error}", error=error) from error
    raise UnreadableFile(
        "it is neither an Argo file nor a discrete sampling geometry: it has no featureType or cf_role"
    )
