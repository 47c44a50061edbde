"""The colours of every colormap: cmocean's, read from its files, and our own ramps."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocean_plotting.colormaps import COLORMAPS, LISTS, RAMPS, control_points, ramp


class Palettes:
    """Colours by colormap id."""

    def ramp(self, colormap: str) -> NDArray[np.uint8]:
        """Colours (n, 3) of a colormap id, from the lowest value to the highest."""
        source = COLORMAPS[colormap][1]
        if source in LISTS:
            return control_points(LISTS[source])
        return ramp(RAMPS[source]) if source in RAMPS else _cmocean(source)


@lru_cache
def _cmocean(name: str) -> NDArray[np.uint8]:
    """Read the file: importing cmocean would import pyplot and all its state."""
    package = find_spec("cmocean")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("cmocean is not installed")
    colours = np.loadtxt(Path(package.origin).parent / "rgb" / f"{name}-rgb.txt")
    return np.rint(colours * 255).astype(np.uint8)
