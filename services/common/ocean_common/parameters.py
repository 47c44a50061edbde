"""Parameters that all services read the same way, and their limits."""

from typing import Annotated

from litestar.openapi.spec import Example
from litestar.params import PathParameter

from ocean_common.errors import TileNotFound
from ocean_core.tiles import MAX_ZOOM

DatasetId = Annotated[
    str,
    PathParameter(
        description="Id of a dataset, as listed by `/api/v2.0/datasets`. Case matters.",
        examples=[Example(summary="the Arctic model of the sample data", value="giops_day")],
    ),
]
VariableKey = Annotated[
    str,
    PathParameter(
        description="Key of a variable, as listed by `/api/v2.0/dataset/{dataset}/variables`.",
        examples=[Example(summary="sea water potential temperature", value="votemper")],
    ),
]
Zoom = Annotated[int, PathParameter(description=f"Zoom level, 0 to {MAX_ZOOM}.", examples=[Example(value=4)])]
TileColumn = Annotated[int, PathParameter(description="From the left, 0 to 2^zoom - 1.", examples=[Example(value=8)])]
TileRow = Annotated[int, PathParameter(description="From the top, 0 to 2^zoom - 1.", examples=[Example(value=3)])]


def check_tile(zoom: int, x: int, y: int, *, bounded: bool = True) -> None:
    """Refuse a tile that its projection does not have.

    Parameters
    ----------
    zoom, x, y : int
        From the upper left.
    bounded : bool
        Whether the map ends at its square; maps also ask for what lies beside the square of a polar view.

    Raises
    ------
    TileNotFound
        With the range that there is.
    """
    if not 0 <= zoom <= MAX_ZOOM:
        raise TileNotFound(
            "there is no zoom {zoom}; zooms go from 0 to {limit}", zoom=zoom, limit=MAX_ZOOM, field="zoom"
        )
    last = (1 << zoom) - 1
    for name, value in (("x", x), ("y", y)):
        if bounded and not 0 <= value <= last:
            raise TileNotFound(
                "at zoom {zoom}, {name} goes from 0 to {last}: {value} is outside",
                zoom=zoom,
                name=name,
                last=last,
                value=value,
                field=name,
            )
