"""What happened to a dataset, from what was known of it before and after."""

from typing import NamedTuple

import msgspec
import numpy as np

from ocean_common.contracts.events import EventType
from ocean_core.time import Ints


class Known(NamedTuple):
    """What listeners know of a dataset that can be asked for."""

    revision: str
    seconds: Ints  # (step,), of all its time axes, since 1970-01-01 UTC; in any order


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to a dataset."""

    dataset: str
    type: EventType
    revision: str | None = None
    count: int = 0  # of new time steps
    first: int | None = None  # s since 1970-01-01 UTC
    last: int | None = None


def change(dataset: str, before: Known | None, after: Known | None) -> Change | None:
    """Tell what happened; None where nothing did.

    Parameters
    ----------
    dataset : str
        Its id.
    before, after : Known or None
        None where it cannot be asked for: it is not there, or none of its files can be read.

    Returns
    -------
    Change or None
        ``time_steps`` where there are new ones and the old ones stayed; else ``added``, ``changed`` or ``removed``.
    """
    if after is None:
        return Change(dataset=dataset, type="removed") if before else None
    if before is None:
        return _with_steps(dataset, "added", after.revision, after.seconds)
    if before.revision == after.revision:
        return None
    new = np.setdiff1d(after.seconds, before.seconds)
    lost = np.setdiff1d(before.seconds, after.seconds)
    return _with_steps(dataset, "time_steps" if new.size and not lost.size else "changed", after.revision, new)


def _with_steps(dataset: str, kind: EventType, revision: str, new: Ints) -> Change:
    if not new.size:
        return Change(dataset=dataset, type=kind, revision=revision)
    new = np.unique(new)
    first, last = int(new[0]), int(new[-1])
    return Change(dataset=dataset, type=kind, revision=revision, count=new.size, first=first, last=last)
