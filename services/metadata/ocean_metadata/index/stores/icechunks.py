"""Icechunk repositories of this machine and of object storage: the newest snapshot of the branch `main`."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import icechunk
import zarr

from ocean_common import dataset_uri
from ocean_metadata.index.reasons import Unreadable
from ocean_metadata.index.stores.zarrs import ZarrStore

BRANCH = "main"
PATIENCE = 10  # s without a byte


def stamp(path: str) -> tuple[int, int]:
    """Of the newest snapshot."""
    try:
        return dataset_uri.text_stamp(_repository(path).lookup_branch(BRANCH))
    except icechunk.IcechunkError as error:
        raise _unreadable(error) from error


@contextmanager
def opened(path: str) -> Iterator[ZarrStore]:
    """Open the newest snapshot."""
    try:
        session = _repository(path).readonly_session(BRANCH)
        yield ZarrStore(zarr.open_group(session.store, mode="r"))
    except icechunk.IcechunkError as error:
        raise _unreadable(error) from error


def _repository(path: str) -> icechunk.Repository:
    if not dataset_uri.is_remote(path):
        return icechunk.Repository.open(icechunk.local_filesystem_storage(dataset_uri.local(path)))
    where = urlsplit(path.removeprefix(dataset_uri.ICECHUNK))
    if where.scheme != "s3":
        raise Unreadable("it is an Icechunk repository that is neither in a folder nor in object storage (s3://)")
    # The credentials and the endpoint are those that the variables `AWS_…` tell, as of every object.
    return icechunk.Repository.open(
        icechunk.s3_storage(
            bucket=where.netloc,
            prefix=where.path.strip("/"),
            allow_http=True,
            from_env=True,
            force_path_style=True,
            network_stream_timeout_seconds=PATIENCE,
        )
    )


def _unreadable(error: icechunk.IcechunkError) -> Unreadable:
    return Unreadable("its Icechunk repository cannot be opened: {line}", line=str(error).strip().splitlines()[0])
