"""What both ways of reading a file call things."""

from collections.abc import Sequence

from ocean_common.contracts.assets import Dimension, Grid

ORDER = ("time", "depth", "y", "x")  # the dimensions of a window, whatever their order in the file
Picks = dict[str, slice]  # what is wanted of each; all of it, if it is not said

_ALONG = {"node": "x", "face": "x"}  # the cells of a mesh are one row


def roles_of(dimensions: Sequence[Dimension]) -> list[str]:
    """What each dimension of a variable is in a window."""
    return [_ALONG.get(one.role, one.role) for one in dimensions]


def plane(grid: Grid) -> tuple[int, int]:
    """Rows and columns of a grid."""
    return (1, grid.shape[0]) if len(grid.shape) == 1 else (grid.shape[0], grid.shape[-1])
