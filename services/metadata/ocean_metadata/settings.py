"""Settings of the metadata service and its index command: the variables `OCEAN_METADATA_…`."""

import os
from typing import Annotated, ClassVar

import msgspec

from ocean_common.settings import Positive, Seconds, ServiceSettings


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of the metadata service and its index command."""

    prefix: ClassVar[str] = "OCEAN_METADATA_"

    database: str = "var/catalogue.sqlite3"  # a path, or a URL of SQLAlchemy
    datasets: str | None = None  # a dataset configuration (JSON)
    folder: str | None = None  # without a configuration: every NetCDF file under this folder
    stubs: str | None = None  # folder of `<key>.json`; by default the folder of the configuration
    public_url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/\s]+$")] | None = None  # of the gateway, for scripts
    ogc: bool = True  # whether collections are served under /ogc: their values come from the data service
    opendap: bool = True  # whether pages of datasets tell how to open them over OPeNDAP
    zarr: bool = True  # the same for Zarr: both are interfaces of the data service
    wms: bool = True  # the same for the Web Map Service of the plotting service
    wmts: bool = True  # the same for its Web Map Tile Service
    maps: bool = True  # whether collections under /ogc link to maps and tiles of the plotting service
    stac: bool = True  # whether a STAC catalogue is served under /stac
    places: str | None = None  # folder of point/, line/ and area/ with files of KML
    class4: str | None = None  # folder of Class 4 files of OceanPredict
    class4_riops: str | None = None  # folder of Class 4 files of RIOPS
    watch: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 2.0  # s between two looks at the files; 0: no indexer
    workers: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0  # processes that read headers; 0: one per core
    observations: str | None = None  # database of observations: a path, or a URL; by default beside the catalogue
    observations_folder: str | None = None  # files that are imported when the service starts
    heartbeat: Seconds = 15.0  # s without an event after which listeners get a heartbeat
    listeners: Positive = 1000  # maximum number of event streams
    token: Annotated[str, msgspec.Meta(min_length=16)] | None = None  # of operators, who may refresh the index
    git_hash: str | None = None
    git_tag: str | None = None


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the commands, which has the databases: arguments are visible to all users."""
    databases = {"DATABASE": settings.database, "OBSERVATIONS": settings.observations}
    return os.environ | {f"{Settings.prefix}{name}": value for name, value in databases.items() if value}
