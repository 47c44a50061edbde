"""Numbers: what the data service answers to people and to plotting."""

from typing import Literal

import msgspec

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import VariableInfo
from ocean_core.tiles import Projection

Interpolation = Literal["nearest", "bilinear", "gaussian", "inverse"]

# The largest search for the cells around a point: in every service's documents and checks.
MAX_RADIUS = 500.0  # km
MAX_NEIGHBOURS = 50


class PointValues(msgspec.Struct, frozen=True, kw_only=True):
    """One variable at one point: a row per time step, a column per depth."""

    dataset: str
    variable: str
    name: str
    units: str
    standard_name: str | None
    latitude: float  # of the point, degrees north
    longitude: float
    cell: tuple[float, float]  # latitude and longitude of the centre of the nearest cell
    interpolation: Interpolation
    times: list[str]  # ISO 8601, UTC
    raw_times: list[int]
    depths: list[float | None]  # m; None: the variable has no depth, or the level has none
    values: list[list[float | None]]  # [time][depth]; None over land, below the sea floor, or absent
    revision: str = ""  # of the dataset; empty if a file has changed since it was indexed


class TileRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The field behind a map tile. Two variables, with a comma: the magnitude of the vector."""

    dataset: str
    variable: str
    time: str  # raw integer or ISO 8601
    depth: str  # level or "bottom"
    zoom: int
    x: int
    y: int
    projection: Projection = "EPSG:3857"
    interpolation: Interpolation = "gaussian"
    radius: float = 25.0  # km
    neighbours: int = 10
    folded: bool = False  # whether the answer may have fewer rows and columns than the tile


class TileField(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Values at the centres of a tile's pixels, north up."""

    variable: VariableInfo
    values: Array | None  # float32 (256, 256), NaN where there is nothing; None: nothing in the whole tile
    revision: str  # of the dataset; empty if a file has changed since it was indexed
    # Of a folded field, whose rows and columns are not repeated: uint8 (256,), which of them each pixel has.
    rows: Array | None = None
    columns: Array | None = None


class ValueRange(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a colour scale that suit what is in view, in the variable's units."""

    min: float
    max: float
