"""Settings of the data service: environment variables that begin with OCEAN_DATA_."""

import os
from typing import ClassVar

import msgspec

from ocean_common.settings import Positive, Seconds, ServiceSettings, Url

MIB = 1024 * 1024
DASK = "DASK_SCHEDULER_ADDRESS"  # as Dask itself calls it; OCEAN_DATA_DASK_SCHEDULER goes before


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """The settings of the data service."""

    prefix: ClassVar[str] = "OCEAN_DATA_"

    metadata_url: Url = "http://127.0.0.1:8001"
    threads: Positive = 4  # that read and resample
    queue: Positive = 4096  # requests that may wait for a thread
    stream_threads: Positive = 2  # that write long answers, and as many that read long ones for plots
    stream_queue: Positive = 64  # long requests that may wait for such a thread
    spool_bytes: Positive = 4096 * MIB  # of answers that are being made, in temporary files
    dask_scheduler: str | None = msgspec.field(default_factory=lambda: os.environ.get(DASK) or None)  # tcp://host:port
    dask_bytes: Positive = 256 * MIB  # of values: smaller requests are read in this process
    spool_folder: str | None = None  # of these files; the system's folder for temporary files if not set
    ogc: bool = True  # whether datasets are served as collections under /ogc
    opendap: bool = True  # whether datasets are served under /opendap
    zarr: bool = True  # whether datasets are served under /zarr
    open_files: Positive = 64  # files that are kept open
    s3_endpoint: str = ""  # of an S3 service other than Amazon's; the AWS_… variables give what is not set here
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_anonymous: bool = False  # without credentials
    remote_timeout: Seconds = 10.0  # for an answer of object storage, or of an OPeNDAP server
    chunk_bytes: Positive = 128 * MIB  # inflated chunks that are kept
    chunk_helpers: Positive = 1  # threads that help with the chunks of one request
    level_bytes: Positive = 256 * MIB  # decoded levels that are kept
    calculated_bytes: Positive = 128 * MIB  # levels of calculated variables that are kept
    grid_bytes: Positive = 256 * MIB  # grids with their search trees that are kept
    map_bytes: Positive = 512 * MIB  # index maps of tiles that are kept
    max_document: Positive = 1_000_000  # values of one request, in a document that is read whole (JSON)
    max_streamed: Positive = 1_000_000_000  # values of one request, in a format that is written piece by piece
    max_steps: Positive = 20_000  # time steps that one request reads
    max_files: Positive = 20_000  # files that one request reads
    max_chunks: Positive = 2_000_000  # chunks that one request reads
    max_bytes: Positive = 8_000_000_000  # of values that one request reads
