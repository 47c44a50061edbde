"""Sound channels: where sound is slowest, it is bent back towards from above and below."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A sound channel of a column; depths in m, speeds in m/s."""

    axis: float  # depth of the slowest sound
    slowest: float
    top: float  # the conjugate depths: between them sound stays
    bottom: float
    limit: float  # speed at both


def minimum(depths: Floats, speeds: Floats) -> tuple[float, float]:
    """Depth (m) and speed (m/s) of the slowest sound in a column, (n,) from the surface down; the upper of two."""
    at = int(speeds.argmin())
    return float(depths[at]), float(speeds[at])


def channel(depths: Floats, speeds: Floats) -> Channel | None:
    """Find the channel about the slowest sound: as wide as the lesser of the greatest speeds above and below holds.

    Parameters
    ----------
    depths, speeds : ndarray of float, shape (n,)
        m, downwards, and m/s, linear between; without gaps.

    Returns
    -------
    Channel or None
        None where sound is slowest at the surface or at the bottom: it is bent towards that, and no channel holds it.
    """
    at = int(speeds.argmin()) if len(speeds) else 0
    if at in {0, len(speeds) - 1} or not len(speeds):
        return None
    limit = float(min(speeds[:at].max(), speeds[at + 1 :].max()))
    if limit <= speeds[at]:
        return None
    return Channel(
        axis=float(depths[at]),
        slowest=float(speeds[at]),
        top=_reached(depths[at::-1], speeds[at::-1], limit),
        bottom=_reached(depths[at:], speeds[at:], limit),
        limit=limit,
    )


def _reached(depths: Floats, speeds: Floats, limit: float) -> float:
    """The first depth, from the first one on, at which a speed is reached that is somewhere."""
    after = int((speeds >= limit).argmax())
    share = (limit - speeds[after - 1]) / (speeds[after] - speeds[after - 1])
    return float(depths[after - 1] + share * (depths[after] - depths[after - 1]))
