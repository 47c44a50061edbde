"""Heights of land and sea floor, from a NetCDF file (ETOPO, GEBCO and their like), at several resolutions.

A file that fits into memory is read whole. A larger one is read where it is looked at, and an overview of it is made
once and kept on disk. Coarser levels follow, each with half the cells along each side, for smaller maps.
"""

import hashlib
import math
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock, RLock
from typing import Any

import msgspec
import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_common.settings import SettingsError

Box = tuple[float, float, float, float]  # west, south, east, north: degrees; west > east crosses the antimeridian
Floats = NDArray[np.floating]
# Latitudes (y,) from the south, longitudes (x,) from the west, evenly spaced; heights (y, x): m, positive up, or NaN.
Window = tuple[Floats, Floats, NDArray[np.float32]]

MARGIN = 2  # cells around a window: what a cubic interpolation needs
IN_MEMORY = 16_000_000  # cells; a larger file is read where it is looked at
MOST_READ = 16_000_000  # cells of a larger file for one window; for more, its overview is used
COARSEST = 200  # rows of the last level
BAND = 16  # rows of an overview made at once

# Names of the variable of heights, the likeliest first; those of the second list are positive down.
HEIGHTS = ("elevation", "height", "z", "band1", "topo", "altitude", "topography", "relief", "bedrock", "surface")
DEPTHS = ("depth", "deptho", "bathymetry", "bathy", "sea_floor_depth", "sea_floor_depth_below_geoid")
AXES = {"latitude": ("degrees_n", "degree_n", "lat", "y"), "longitude": ("degrees_e", "degree_e", "lon", "x")}

_LIBRARY = Lock()  # the NetCDF library is not thread-safe


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One resolution of a relief."""

    heights: Any  # (latitude, longitude): m, positive up, or NaN; an array, or a file that is read as it is sliced
    south: float  # centre of the first row, degrees
    west: float  # centre of the first column
    step: tuple[float, float]  # degrees of latitude and of longitude from cell to cell, both > 0

    @property
    def is_global(self) -> bool:
        """True if its columns go all around the Earth, each once."""
        return bool(abs(self.heights.shape[1] * self.step[1] - 360.0) < self.step[1] / 2)

    @property
    def spacing(self) -> float:
        """Size of its cells, degrees."""
        return max(self.step)


class ReliefFile:
    """The heights in one file. It opens the file when it is first used: it may be sent to another process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opening = RLock()

    def __reduce__(self) -> tuple[type["ReliefFile"], tuple[Path]]:
        return ReliefFile, (self._path,)

    @cached_property
    def version(self) -> str:
        """Hash that changes with the file."""
        return file_version(self._path)

    @property
    def spacing(self) -> float:
        """Size of its cells, degrees."""
        return self._finest.spacing

    def levels(self) -> list[Level]:
        """Return the finest level and ever coarser ones; what stays in memory is read at the first call."""
        with self._opening:
            return self._levels

    def heights(self, box: Box, cells: int) -> Window:
        """Return latitudes, longitudes and heights (m) of a box, at about ``cells`` along its longer side."""
        west, south, east, north = box
        window = self.window(box, max(north - south, (east - west) % 360.0 or 360.0) / cells)
        latitudes, longitudes, heights = window
        on_earth = np.abs(latitudes) <= 90.0
        return latitudes[on_earth], longitudes, heights[on_earth]

    def window(self, box: Box, spacing: float) -> Window:
        """Return latitudes, longitudes and heights (m) of a box, from cells no larger than ``spacing`` (degrees).

        The window is a little larger than the box; rows beyond a pole repeat the last.
        """
        levels = self.levels()
        level = next((level for level in reversed(levels) if level.spacing <= spacing * 1.001), levels[0])
        (west, south, east, north), (dy, dx) = box, self._finest.step
        cells = (north - south) * ((east - west) % 360.0 or 360.0) / (dy * dx)
        if not isinstance(level.heights, np.ndarray) and cells > MOST_READ:
            # Around a pole lie all longitudes: a coarser picture at once is better than a long wait.
            level = next(level for level in levels if isinstance(level.heights, np.ndarray))
        return cut_window(level, box)

    @cached_property
    def _finest(self) -> Level:
        with _LIBRARY:
            return _open_level(self._path)

    @cached_property
    def _levels(self) -> list[Level]:
        finest, factor = self._finest, 1
        levels = [finest]
        while math.prod(levels[-1].heights.shape) > IN_MEMORY:
            factor *= 2
            half, (dy, dx) = (factor - 1) / 2, finest.step
            south, west, means = finest.south + half * dy, finest.west + half * dx, _BlockMeans(finest.heights, factor)
            levels.append(Level(heights=means, south=south, west=west, step=(dy * factor, dx * factor)))
        if factor > 1:
            levels[-1] = _load_overview(levels[-1], f"{self._path.stem[:40]}-{self.version}-{factor}")
        else:
            levels = [msgspec.structs.replace(finest, heights=finest.heights[:, :])]
        while levels[-1].heights.shape[0] > COARSEST:
            levels.append(halve_resolution(levels[-1]))
        return levels


def file_version(*paths: Path) -> str:
    """Return a hash of the sizes and times of files."""
    states = [path.stat() for path in paths]
    text = " ".join(f"{state.st_size} {state.st_mtime_ns}" for state in states)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def open_relief(path: Path) -> ReliefFile:
    """Open a file of heights, or raise SettingsError."""
    relief = ReliefFile(path)
    try:
        _ = relief.spacing
    except (OSError, RuntimeError) as error:
        raise SettingsError(f"OCEAN_PLOTTING_RELIEF: {path} cannot be read: {error}") from error
    return relief


def halve_resolution(level: Level) -> Level:
    """Return every second cell, each smoothed with its neighbours, shape ((y + 1) // 2, (x + 1) // 2)."""
    heights = level.heights[:, :]
    padded = np.pad(heights, ((1, 1), (0, 0)), mode="edge")
    rows = _smooth_every_second(padded, heights.shape[0])
    padded = np.pad(rows, ((0, 0), (1, 1)), mode="wrap" if level.is_global else "edge")
    columns = _smooth_every_second(padded.T, heights.shape[1]).T
    return msgspec.structs.replace(level, heights=columns, step=(2 * level.step[0], 2 * level.step[1]))


def _smooth_every_second(padded: Floats, number: int) -> NDArray[np.float32]:
    """Weight by 1, 2, 1 along the first axis, and take every second row."""
    before, centre, after = padded[0:number:2], padded[1 : number + 1 : 2], padded[2 : number + 2 : 2]
    return np.asarray((before + 2 * centre + after) / 4, dtype=np.float32)


def cut_window(level: Level, box: Box) -> Window:
    """Return the part of a level in a box, and two cells more on each side; NaN beside the level.

    Longitudes increase from about the west of the box. Latitudes may go beyond the poles, where the outermost row is
    repeated.
    """
    (west, south, east, north), (dy, dx) = box, level.step
    count = level.heights.shape[0]
    width = 360.0 if east - west >= 360.0 else (east - west) % 360.0
    # The first column to the west of the box, whichever way round it is counted.
    start = level.west + (west - level.west) % 360.0
    first_row, last_row = _cell_range(south, north, level.south, dy)
    first, last = _cell_range(start, start + width, level.west, dx)
    rows, columns = np.arange(first_row, last_row + 1), np.arange(first, last + 1)
    existing = rows.clip(0, count - 1)
    heights = _read_columns(level, slice(existing[0], existing[-1] + 1), columns)[existing - existing[0]]
    last_latitude = level.south + dy * (count - 1)
    missing_south = (rows < 0) & (abs(level.south + 90.0) >= 2 * dy)
    missing_north = (rows >= count) & (abs(last_latitude - 90.0) >= 2 * dy)
    heights[missing_south | missing_north] = np.nan
    return level.south + dy * rows, level.west + dx * columns + (west - start), heights


def _cell_range(low: float, high: float, origin: float, step: float) -> tuple[int, int]:
    """Return the first and last cell of an interval and its margin."""
    first, last = math.floor((low - origin) / step), math.ceil((high - origin) / step)
    return first - MARGIN + 1, max(last, first + 1) + MARGIN - 1


def _read_columns(level: Level, rows: slice, columns: NDArray[np.intp]) -> NDArray[np.float32]:
    """Read columns counted on around the Earth; NaN beside a level that does not go around."""
    count = level.heights.shape[1]
    indices = columns % (count if level.is_global else round(360.0 / level.step[1]))
    heights = np.full((rows.stop - rows.start, len(columns)), np.nan, dtype=np.float32)
    for run in np.split(np.arange(len(columns)), np.flatnonzero(np.diff(indices) != 1) + 1):
        existing = run[indices[run] < count]
        if existing.size:
            first, last = existing[0], existing[-1] + 1
            heights[:, first:last] = level.heights[rows, indices[first] : indices[last - 1] + 1]
    return heights


# Reading files


@dataclass(frozen=True)
class _FileHeights:
    """The variable of heights in a file, which is read as it is sliced: rows from the south, columns from the west."""

    variable: Any
    shape: tuple[int, int]
    transposed: bool  # the variable has longitude first
    northward: bool
    eastward: bool
    sign: np.float32

    def __getitem__(self, window: tuple[slice, slice]) -> NDArray[np.float32]:
        file_rows, file_columns = self.variable.shape[::-1] if self.transposed else self.variable.shape
        begin, end, _ = window[1].indices(self.shape[1])
        rows = _file_slice(window[0], file_rows, self.northward)
        columns = _file_slice(slice(begin, end), file_columns, self.eastward)
        with _LIBRARY:
            values = self.variable[columns, rows].T if self.transposed else self.variable[rows, columns]
        heights = np.ma.filled(values.astype(np.float32), np.nan) * self.sign
        return np.asarray(heights[:: 1 if self.northward else -1, :: 1 if self.eastward else -1])


@dataclass(frozen=True)
class _BlockMeans:
    """Means of square blocks of heights, read and computed as they are sliced."""

    heights: Any
    factor: int

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.heights.shape
        return rows // self.factor, columns // self.factor

    def __getitem__(self, window: tuple[slice, slice]) -> NDArray[np.float32]:
        factor = self.factor
        (top, end, _), (left, right, _) = (part.indices(n) for part, n in zip(window, self.shape, strict=True))
        fine = self.heights[slice(top * factor, end * factor), slice(left * factor, right * factor)]
        blocks = fine.reshape(end - top, factor, right - left, factor)
        return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def _open_level(path: Path) -> Level:
    """Open a file; only its coordinates are read."""
    file = netCDF4.Dataset(path)
    variable = _height_variable(file)
    if variable is None:
        raise SettingsError(f"OCEAN_PLOTTING_RELIEF: there is no variable over latitude and longitude in {path}")
    transposed = _axis_of(file, variable.dimensions[0]) == "longitude"
    north, east = variable.dimensions[::-1] if transposed else variable.dimensions
    latitudes, longitudes = (np.ma.filled(file[name][:].astype(float), np.nan) for name in (north, east))
    south, dy = _even_spacing(latitudes, path)
    west, dx = _even_spacing(longitudes, path)
    heights = _FileHeights(
        variable,
        # A grid that has its first meridian twice has it once here.
        (len(latitudes), min(len(longitudes), max(round(360.0 / dx), 1))),
        transposed=transposed,
        northward=bool(latitudes[0] < latitudes[-1]),
        eastward=bool(longitudes[0] < longitudes[-1]),
        sign=np.float32(-1 if _is_positive_down(variable) else 1),
    )
    return Level(heights=heights, south=south, west=west, step=(dy, dx))


def _height_variable(file: Any) -> Any:
    """Return the likeliest variable of heights: by its standard name, its name, or because it is the only one."""
    maps = [
        variable
        for variable in file.variables.values()
        if sorted(_axis_of(file, dimension) for dimension in variable.dimensions) == sorted(AXES)
    ]
    names = (*HEIGHTS, *DEPTHS)

    def rank(variable: Any) -> int:
        standard_name = str(getattr(variable, "standard_name", ""))
        if "altitude" in standard_name or "height" in standard_name or "depth" in standard_name:
            return -1
        return names.index(variable.name.lower()) if variable.name.lower() in names else len(names)

    return min(maps, key=rank, default=None)


def _axis_of(file: Any, dimension: str) -> str:
    """Return the axis of a dimension, by its units or its name."""
    if dimension not in file.variables:
        return ""
    units, name = str(getattr(file[dimension], "units", "")).lower(), dimension.lower()
    for axis, (plural, singular, *names) in AXES.items():
        if units.startswith((plural, singular)) or (not units and name.startswith(tuple(names))):
            return axis
    return ""


def _is_positive_down(variable: Any) -> bool:
    standard_name = str(getattr(variable, "standard_name", "")).lower()
    if positive := str(getattr(variable, "positive", "")).lower():
        return positive == "down"
    return "depth" in standard_name or (not standard_name and variable.name.lower() in DEPTHS)


def _even_spacing(coordinates: NDArray[np.float64], path: Path) -> tuple[float, float]:
    """Return the lowest of evenly spaced coordinates, and the step."""
    ordered = np.sort(coordinates)
    step = (ordered[-1] - ordered[0]) / max(len(ordered) - 1, 1)
    if len(ordered) < 2 or not step > 0 or np.abs(np.diff(ordered) - step).max() > step / 4:
        raise SettingsError(f"OCEAN_PLOTTING_RELIEF: latitudes or longitudes of {path} are not evenly spaced")
    return float(ordered[0]), float(step)


def _file_slice(part: slice, count: int, forward: bool) -> slice:
    """Return the slice of a file that may be in descending order."""
    begin, end, _ = part.indices(count)
    return slice(begin, end) if forward else slice(count - end, count - begin)


def _load_overview(level: Level, name: str) -> Level:
    """Read a level of a large file that was made before, or make it."""
    path = private_folder() / f"{name}.npy"
    if not path.exists():
        overview = np.empty(level.heights.shape, dtype=np.float32)
        for first in range(0, len(overview), BAND):
            overview[first : first + BAND] = level.heights[first : first + BAND, :]
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npy", delete=False) as file:
            np.save(file, overview)
        Path(file.name).replace(path)  # another process finds all of it, or nothing
    return msgspec.structs.replace(level, heights=np.load(path))


def private_folder() -> Path:
    """Return the folder of files that outlive the process: nobody else can put anything there.

    Its name is predictable, so that the next process finds it; one that another user made in its place is not used.
    """
    folder = Path(tempfile.gettempdir()) / f"ocean-plotting-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    state = folder.lstat()
    if stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o077:
        return folder
    return Path(tempfile.mkdtemp(prefix="ocean-plotting-"))
