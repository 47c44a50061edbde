"""What the header alone does not say about the variables of a file."""

import msgspec

from ocean_common.contracts.assets import Grid
from ocean_core.colour import Limits


class PlacedGrid(msgspec.Struct, frozen=True, kw_only=True):
    """A grid, and the outline of its wet cells (GeoJSON)."""

    grid: Grid
    footprint: str | None = None


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Grids and samples of some variables of a file."""

    grids: list[PlacedGrid] = []
    grid_of: dict[str, int] = {}  # variable → index into `grids`
    reasons: dict[str, str] = {}  # variable → why it cannot be placed
    scales: dict[str, Limits] = {}  # of the variables that were asked for

    def placed(self, variable: str) -> PlacedGrid | None:
        """The grid of a variable; None if it cannot be placed."""
        number = self.grid_of.get(variable)
        return None if number is None else self.grids[number]
