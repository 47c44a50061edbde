"""Tile matrix sets (OGC 17-083r4): the squares of the map tiles, at each zoom."""

from functools import cache
from typing import Any, NamedTuple

from ocean_core.errors import TileNotFound
from ocean_core.tiles import MAX_ZOOM, SIZE, TILE_MATRICES, Projection

PIXEL = 0.28e-3  # m: of the display by which scale denominators are defined
CRS = "http://www.opengis.net/def/crs/EPSG/0/{}"

Json = dict[str, Any]


class MatrixSet(NamedTuple):
    """Tile matrix set of a projection."""

    id: str
    title: str
    projection: Projection
    uri: str = ""  # in the registry of OGC
    north_first: bool = False  # the projection names northings before eastings

    @property
    def crs(self) -> str:
        """URI of the projection."""
        return CRS.format(self.projection.partition(":")[2])


# The polar squares are those of Ocean Navigator's map: none of the registry has their corners.
MATRIX_SETS = {
    item.id: item
    for item in (
        MatrixSet(
            "WebMercatorQuad",
            "Web Mercator",
            "EPSG:3857",
            "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
        ),
        MatrixSet("OceanNavigatorNorth", "North Pole, UPS", "EPSG:32661", north_first=True),
        MatrixSet("OceanNavigatorSouth", "South Pole, Antarctic polar stereographic", "EPSG:3031"),
    )
}


class Matrix(NamedTuple):
    """Tiles of one zoom."""

    zoom: int
    cell: float  # m: side of a pixel
    left: float  # m
    top: float

    @property
    def scale_denominator(self) -> float:
        return self.cell / PIXEL

    @property
    def tiles(self) -> int:
        """Tiles along each side."""
        return 1 << self.zoom


def list_matrices(item: MatrixSet) -> list[Matrix]:
    """Return the matrices of a set, the coarsest first."""
    square = TILE_MATRICES[item.projection]
    return [Matrix(zoom, square.side / SIZE / (1 << zoom), square.left, square.top) for zoom in range(MAX_ZOOM + 1)]


def find_matrix_set(name: str) -> MatrixSet:
    """Return the set of an id, or raise TileNotFound."""
    if name not in MATRIX_SETS:
        raise TileNotFound(
            "there is no tile matrix set {name!r}; there are {names}",
            name=name[:60],
            names=", ".join(MATRIX_SETS),
            field="tileMatrixSet",
            allowed=MATRIX_SETS,
        )
    return MATRIX_SETS[name]


@cache
def write_matrix_set(item: MatrixSet) -> Json:
    """Return the definition of a set as JSON."""
    axes = ["N", "E"] if item.north_first else ["X", "Y"]
    return {
        "id": item.id,
        "title": item.title,
        **({"uri": item.uri} if item.uri else {}),
        "crs": item.crs,
        "orderedAxes": axes,
        "tileMatrices": [
            {
                "id": str(matrix.zoom),
                "scaleDenominator": matrix.scale_denominator,
                "cellSize": matrix.cell,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [matrix.top, matrix.left] if item.north_first else [matrix.left, matrix.top],
                "tileWidth": SIZE,
                "tileHeight": SIZE,
                "matrixWidth": matrix.tiles,
                "matrixHeight": matrix.tiles,
            }
            for matrix in list_matrices(item)
        ],
    }
