"""Icechunk repositories of this machine: the newest snapshot of the branch `main`."""

from collections.abc import Iterator
from contextlib import contextmanager

import icechunk
import zarr

from ocean_common import places
from ocean_metadata.index.reasons import Unreadable
from ocean_metadata.index.stores.zarrs import ZarrStore

BRANCH = "main"


def stamp(path: str) -> tuple[int, int]:
    """Of the newest snapshot."""
    try:
        return places.text_stamp(_repository(path).lookup_branch(BRANCH))
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
    if places.is_remote(path):
        raise Unreadable("it is an Icechunk repository on another host; only folders of this machine are read")
    return icechunk.Repository.open(icechunk.local_filesystem_storage(places.local(path)))


def _unreadable(error: icechunk.IcechunkError) -> Unreadable:
    return Unreadable(f"its Icechunk repository cannot be opened: {str(error).strip().splitlines()[0]}")
