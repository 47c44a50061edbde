"""Fields and images that are kept by the revision of the data that they were made from."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, Protocol, TypeVar

from ocean_core.cache import ByteBoundedCache, FairQueue
from ocean_core.errors import TooBusy

RETRY_AFTER = 5  # s after which to try again where the queue is full


class Revised(Protocol):
    """Something made from one revision of the data."""

    @property
    def revision(self) -> str:
        """The revision of the data that it was made from."""


V = TypeVar("V", bound=Revised)


class RevisionCache(Generic[V]):
    """Cache bounded in bytes; equal requests at once are answered once, those of many clients in fair turns."""

    def __init__(self, max_bytes: int, size_of: Callable[[V], int], queue: FairQueue | None = None) -> None:
        self.values = ByteBoundedCache(max_bytes, size_of, queue=queue)

    async def get(
        self, key: tuple[Hashable, ...], make: Callable[[], Awaitable[V]], revision: str, client: str | None = None
    ) -> V:
        """Return a value, made by ``make`` where there is none; it is kept if it is of this ``revision``.

        ``client``: in whose line of the queue it waits; None: it begins at once.
        """
        return await self.values.get_async(
            (*key, revision), make, client=client, keep=lambda value: value.revision == revision
        )


def create_tile_queue(slots: int, max_waiting: int) -> FairQueue:
    """Create the queue in which tiles wait for their turn."""
    return FairQueue(slots, max_waiting, _refuse_tile)


def _refuse_tile(waiting: int) -> TooBusy:
    return TooBusy(
        "{waiting} tiles wait already; try again in {seconds} s",
        waiting=waiting,
        seconds=RETRY_AFTER,
        retry_after=RETRY_AFTER,
    )
