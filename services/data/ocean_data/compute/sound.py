"""Where sound goes in the sea: what the speed of sound does along a column.

Columns are (column, level), from the surface down: speeds in m/s, depths in m; NaN below the sea floor.
"""

from collections.abc import Callable

import numpy as np
from numba import njit

from ocean_data.ports import Floats

CUTOFF = 2755.03  # Hz
TOP = 1000.0  # m: channels deeper than this are not looked for
DUCT = 0.2652  # of the cut-off frequency of a duct: f = 0.2652 c / (height sqrt(dc / c))


def sonic_layer_depth(depth: Floats, speed: Floats) -> Floats:
    """Depth of the fastest sound above the deep sound channel, m: (column,); NaN where that is the surface."""
    found: Floats = _columns(depth, speed)[0]
    return found


def deep_sound_channel(depth: Floats, speed: Floats) -> Floats:
    """Depth of the slowest sound, m: (column,)."""
    found: Floats = _columns(depth, speed)[1]
    return found


def channel_bottom(depth: Floats, speed: Floats, sea_floor: Floats | None = None) -> Floats:
    """Depth below the channel where sound is as fast again as at the sonic layer depth, m: (column,).

    NaN where there is no sonic layer, or where the sea floor, (column,), m, comes first.
    """
    found: Floats = _columns(depth, speed)[2]
    return found if sea_floor is None else np.where(found > sea_floor, np.nan, found)


def depth_excess(depth: Floats, speed: Floats, sea_floor: Floats) -> Floats:
    """Water between the bottom of the deep sound channel and the sea floor, m: (column,)."""
    return sea_floor - channel_bottom(depth, speed, sea_floor)


def subsurface_channel(depth: Floats, speed: Floats, cutoff: float = CUTOFF) -> Floats:
    """1 where the top 1000 m hold a channel for sound above the frequency ``cutoff`` (Hz), else 0: (column,).

    The channel is about the first local minimum of speed, if there is a second one below it: from the first maximum
    above it, or else from the surface, to the first maximum below. It holds sound if the speeds at both of its limits
    exceed that at its axis by what the height of the duct and the frequency ask for. NaN over land.
    """
    found: Floats = _channels(depth, speed, cutoff)
    return found


@njit(nogil=True, cache=True)
def _crossing(depth, speed, first, last, wanted):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Depth at which the speed first comes up to ``wanted`` below level ``first``; NaN if not until ``last``."""
    for level in range(first, last):
        above, below = speed[level], speed[level + 1]
        if np.isnan(below):
            break
        if above <= wanted <= below and below > above:
            return depth[level] + (wanted - above) / (below - above) * (depth[level + 1] - depth[level])
    return np.nan


@njit(nogil=True, cache=True)
def _columns(depth, speed):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Sonic layer depth, depth of the deep sound channel, and of its bottom: (3, column)."""
    columns, levels = speed.shape
    out = np.full((3, columns), np.nan)
    for column in range(columns):
        axis = -1
        for level in range(levels):
            if not np.isnan(speed[column, level]) and (axis < 0 or speed[column, level] < speed[column, axis]):
                axis = level
        if axis < 0:
            continue
        out[1, column] = depth[column, axis]
        layer = -1
        for level in range(axis):
            if not np.isnan(speed[column, level]) and (layer < 0 or speed[column, level] > speed[column, layer]):
                layer = level
        if layer <= 0:
            continue
        out[0, column] = depth[column, layer]
        out[2, column] = _crossing(depth[column], speed[column], axis, levels - 1, speed[column, layer])
    return out


@njit(nogil=True, cache=True)
def _turns(speed, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The first two maxima and the first two minima inside a column: levels, -1 where there are fewer."""
    found = np.full((2, 2), -1)
    rising, since = 0, 0
    for level in range(1, count):
        change = speed[level] - speed[level - 1]
        if change == 0.0:
            continue
        now = 1 if change > 0 else -1
        if rising == -now:
            kind = 0 if rising > 0 else 1
            place = 0 if found[kind, 0] < 0 else 1
            if found[kind, place] < 0:
                found[kind, place] = (since + level - 1) // 2  # the middle of what is level
        rising, since = now, level
    return found


@njit(nogil=True, cache=True, error_model="numpy")
def _channels(depth, speed, cutoff):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    columns, levels = speed.shape
    out = np.full(columns, np.nan)
    for column in range(columns):
        count = 0
        while count < levels and depth[column, count] < TOP and not np.isnan(speed[column, count]):
            count += 1
        if count == 0:
            continue
        out[column] = 0.0
        turns = _turns(speed[column], count)
        axis = turns[1, 0]
        if turns[1, 1] < 0:
            continue
        above = turns[0, 0] < axis
        upper, lower = (turns[0, 0], turns[0, 1]) if above else (0, turns[0, 0])
        if lower < 0:
            continue
        slowest = speed[column, axis]
        end = _crossing(depth[column], speed[column], axis, lower, speed[column, upper])
        if np.isnan(end):
            end = depth[column, lower]
        height = end - depth[column, upper]
        needed = slowest / (cutoff * height / (DUCT * slowest)) ** 2
        if speed[column, upper] - slowest > needed and speed[column, lower] - slowest > needed:
            out[column] = 1.0
    return out


CHANNELS: dict[str, Callable[..., Floats]] = {
    "soniclayerdepth": sonic_layer_depth,
    "deepsoundchannel": deep_sound_channel,
    "deepsoundchannelbottom": channel_bottom,
    "depthexcess": depth_excess,
    "potentialsubsurfacechannel": subsurface_channel,
}
