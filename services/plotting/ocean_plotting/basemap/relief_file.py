"""Heights of land and sea floor, from a NetCDF file: ETOPO, GEBCO and their like."""

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Lock, RLock
from typing import Any

import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_common.settings import SettingsError
from ocean_plotting.basemap.relief import Box, Heights, Level, Window, coarser, fitting, window

IN_MEMORY = 16_000_000  # cells; a larger file is read where it is looked at
MOST_READ = 16_000_000  # cells of a larger file for one window; of more, its overview is shown
COARSEST = 200  # rows of the last level
BAND = 16  # rows of an overview made at once

# What the variable of heights is called, the likeliest first; the second list is positive down.
HEIGHTS = ("elevation", "height", "z", "band1", "topo", "altitude", "topography", "relief", "bedrock", "surface")
DEPTHS = ("depth", "deptho", "bathymetry", "bathy", "sea_floor_depth", "sea_floor_depth_below_geoid")
AXES = {"latitude": ("degrees_n", "degree_n", "lat", "y"), "longitude": ("degrees_e", "degree_e", "lon", "x")}

_LIBRARY = Lock()  # the NetCDF library is not safe in threads


class ReliefFile:
    """The heights in one file. It opens the file when it is first asked: it may be sent to another process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opening = RLock()

    def __reduce__(self) -> tuple[type["ReliefFile"], tuple[Path]]:
        return ReliefFile, (self._path,)

    @cached_property
    def version(self) -> str:
        """Another one for another file."""
        state = self._path.stat()
        return hashlib.blake2b(f"{state.st_size} {state.st_mtime_ns}".encode(), digest_size=6).hexdigest()

    @property
    def spacing(self) -> float:
        """Size of its cells, degrees."""
        return self._finest.spacing

    def load(self) -> None:
        """Read what is kept in memory now."""
        self.levels()

    def levels(self) -> list[Level]:
        """The finest level and ever coarser ones. What is kept in memory is read now."""
        with self._opening:
            return self._levels

    def heights(self, box: Box, cells: int) -> Window:
        """Latitudes, longitudes and heights (m) of a box, at about ``cells`` along its longer side."""
        west, south, east, north = box
        found = self.window(box, max(north - south, (east - west) % 360.0 or 360.0) / cells)
        latitudes, longitudes, heights = found
        real = np.abs(latitudes) <= 90.0
        return latitudes[real], longitudes, heights[real]

    def window(self, box: Box, spacing: float) -> Window:
        """Latitudes, longitudes and heights (m) of a box, from cells no larger than ``spacing``, if there are any."""
        levels = self.levels()
        level = fitting(levels, spacing)
        if not isinstance(level.heights, np.ndarray) and self._cells(box) > MOST_READ:
            # Around a pole lie all longitudes: it is seen less sharply, but at once.
            level = next(one for one in levels if isinstance(one.heights, np.ndarray))
        return window(level, box)

    def _cells(self, box: Box) -> float:
        """How many cells of the file lie in a box."""
        (west, south, east, north), (dy, dx) = box, self._finest.step
        return (north - south) * ((east - west) % 360.0 or 360.0) / (dy * dx)

    @cached_property
    def _finest(self) -> Level:
        with _LIBRARY:
            return _level(self._path)

    @cached_property
    def _levels(self) -> list[Level]:
        levels, factor = [self._finest], 1
        while _size(levels[-1]) > IN_MEMORY:
            factor *= 2
            levels.append(_blocks(self._finest, factor))
        if factor > 1:
            levels[-1] = _overview(levels[-1], f"{self._path.stem[:40]}-{self.version}-{factor}")
        else:
            levels = [_in_memory(self._finest)]
        while levels[-1].heights.shape[0] > COARSEST:
            levels.append(coarser(levels[-1]))
        return levels


class _File:
    """The variable of heights: rows from the south, columns from the west, positive up."""

    def __init__(self, variable: Any, *, turned: bool, northward: bool, eastward: bool, positive_down: bool) -> None:
        self._variable = variable
        self._turned = turned  # it has longitude first
        self._northward = northward
        self._eastward = eastward
        self._sign = -1 if positive_down else 1
        self.shape: tuple[int, ...] = tuple(variable.shape[::-1] if turned else variable.shape)

    def __getitem__(self, asked: tuple[slice, slice]) -> NDArray[np.float32]:
        rows = _forwards(asked[0], self.shape[0], self._northward)
        columns = _forwards(asked[1], self.shape[1], self._eastward)
        with _LIBRARY:
            read = self._variable[columns, rows].T if self._turned else self._variable[rows, columns]
        heights = np.ma.filled(read.astype(np.float32), np.nan)[:: 1 if self._northward else -1]
        found: NDArray[np.float32] = heights[:, :: 1 if self._eastward else -1] * np.float32(self._sign)
        return found


def open_relief(path: Path) -> ReliefFile:
    """Open a file of heights.

    Raises
    ------
    SettingsError
        It cannot be read, or there are no heights on latitudes and longitudes in it.
    """
    relief = ReliefFile(path)
    try:
        _ = relief.spacing
    except (OSError, RuntimeError) as error:
        raise SettingsError(f"OCEAN_PLOTTING_RELIEF: {path} cannot be read: {error}") from error
    return relief


def _level(path: Path) -> Level:
    """The file as it is: nothing but its coordinates is read."""
    file = netCDF4.Dataset(path)
    variable = _variable(file)
    if variable is None:
        raise SettingsError(f"OCEAN_PLOTTING_RELIEF: there is no variable over latitude and longitude in {path}")
    turned = _axis(file, variable.dimensions[0]) == "longitude"
    north, east = variable.dimensions[::-1] if turned else variable.dimensions
    latitudes, longitudes = (np.ma.filled(file[name][:].astype(float), np.nan) for name in (north, east))
    south, dy = _even(latitudes, path)
    west, dx = _even(longitudes, path)
    heights = _File(
        variable,
        turned=turned,
        northward=bool(latitudes[0] < latitudes[-1]),
        eastward=bool(longitudes[0] < longitudes[-1]),
        positive_down=_positive_down(variable),
    )
    # A grid that has its first meridian twice has it once here.
    once = min(heights.shape[1], max(round(360.0 / dx), 1))
    return Level(heights=_Cut(heights, once), south=south, west=west, step=(dy, dx))


class _Blocks:
    """Means of square blocks of heights."""

    def __init__(self, heights: Heights, factor: int) -> None:
        self._heights = heights
        self._factor = factor
        rows, columns = heights.shape
        self.shape: tuple[int, ...] = (rows // factor, columns // factor)

    def __getitem__(self, asked: tuple[slice, slice]) -> NDArray[np.float32]:
        factor = self._factor
        (top, end, _), (left, right, _) = (one.indices(n) for one, n in zip(asked, self.shape, strict=True))
        fine = self._heights[slice(top * factor, end * factor), slice(left * factor, right * factor)]
        blocks = fine.reshape(end - top, factor, right - left, factor)
        means: NDArray[np.float32] = blocks.mean(axis=(1, 3), dtype=np.float32)
        return means


class _Cut:
    """The first columns of heights."""

    def __init__(self, heights: _File, columns: int) -> None:
        self._heights = heights
        self.shape: tuple[int, ...] = (heights.shape[0], columns)

    def __getitem__(self, asked: tuple[slice, slice]) -> NDArray[np.float32]:
        begin, end, _ = asked[1].indices(self.shape[1])
        return self._heights[asked[0], slice(begin, end)]


def _variable(file: Any) -> Any:
    """The likeliest variable of heights: by its standard name, its name, or because it is the only one."""
    flat = [one for one in file.variables.values() if sorted(_axis(file, d) for d in one.dimensions) == sorted(AXES)]
    names = (*HEIGHTS, *DEPTHS)

    def rank(one: Any) -> int:
        standard = str(getattr(one, "standard_name", ""))
        if "altitude" in standard or "height" in standard or "depth" in standard:
            return -1
        return names.index(one.name.lower()) if one.name.lower() in names else len(names)

    return min(flat, key=rank, default=None)


def _axis(file: Any, dimension: str) -> str:
    """Which coordinate a dimension has, by its units or its name."""
    if dimension not in file.variables:
        return ""
    units, name = str(getattr(file[dimension], "units", "")).lower(), dimension.lower()
    for axis, (plural, single, *names) in AXES.items():
        if units.startswith((plural, single)) or (not units and name.startswith(tuple(names))):
            return axis
    return ""


def _positive_down(variable: Any) -> bool:
    standard = str(getattr(variable, "standard_name", "")).lower()
    if positive := str(getattr(variable, "positive", "")).lower():
        return positive == "down"
    return "depth" in standard or (not standard and variable.name.lower() in DEPTHS)


def _even(coordinates: NDArray[np.float64], path: Path) -> tuple[float, float]:
    """The lowest of evenly spaced coordinates, and the step."""
    ordered = np.sort(coordinates)
    step = (ordered[-1] - ordered[0]) / max(len(ordered) - 1, 1)
    if len(ordered) < 2 or not step > 0 or np.abs(np.diff(ordered) - step).max() > step / 4:
        raise SettingsError(f"OCEAN_PLOTTING_RELIEF: latitudes or longitudes of {path} are not evenly spaced")
    return float(ordered[0]), float(step)


def _forwards(asked: slice, number: int, forward: bool) -> slice:
    begin, end, _ = asked.indices(number)
    return slice(begin, end) if forward else slice(number - end, number - begin)


def _in_memory(level: Level) -> Level:
    return Level(heights=level.heights[:, :], south=level.south, west=level.west, step=level.step)


def _size(level: Level) -> int:
    rows, columns = level.heights.shape
    return rows * columns


def _blocks(level: Level, factor: int) -> Level:
    """Means of square blocks of cells, read and made when they are looked at."""
    (dy, dx), half = level.step, (factor - 1) / 2
    south, west = level.south + half * dy, level.west + half * dx
    return Level(heights=_Blocks(level.heights, factor), south=south, west=west, step=(dy * factor, dx * factor))


def _overview(level: Level, name: str) -> Level:
    """A level of a large file, made once and kept among the temporary files."""
    path = private_folder() / f"{name}.npy"
    if not path.exists():
        overview = np.empty(level.heights.shape, dtype=np.float32)
        for first in range(0, len(overview), BAND):
            overview[first : first + BAND] = level.heights[first : first + BAND, :]
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npy", delete=False) as file:
            np.save(file, overview)
        Path(file.name).replace(path)  # another process finds all of it, or nothing
    heights: NDArray[np.float32] = np.load(path)
    return Level(heights=heights, south=level.south, west=level.west, step=level.step)


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
