"""Rasters as GeoTIFF (OGC 19-008r4): float32, deflated, with the projection of the map and a value for missing cells.

Pillow writes the TIFF; the GeoKeys of the five projections that maps have are put together here, since a library that
has them brings all of GDAL (docs/decisions).
"""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import IMAGEDESCRIPTION, ImageFileDirectory_v2
from pyproj import CRS

from ocean_plotting import __version__
from ocean_plotting.export.output import Output

MISSING = -3.4028234663852886e38  # the least float32
SOFTWARE = 305
SCALE, TIE, KEYS, NUMBERS, TEXTS, NO_DATA = 33550, 33922, 34735, 34736, 34737, 42113

# GeoKeys.
MODEL_TYPE, RASTER_TYPE, GEODETIC_CRS, PROJECTED_CODE, CITATION = 1024, 1025, 2048, 3072, 3073
PROJECTION, METHOD, UNIT = 3074, 3075, 3076
SCALE_AT_ORIGIN = 3092

GeoKey = tuple[int, int, int, int]  # key, tag that holds the value (0: the key itself), count, value or offset
PROJECTED_CRS, PIXEL_IS_AREA, USER_DEFINED, WGS84, METRE = 1, 1, 32767, 4326, 9001

# Codes of PROJ's methods, and the keys of their parameters by EPSG name.
METHODS = {
    "Transverse Mercator": 1, "Hotine Oblique Mercator (variant B)": 9815, "Mercator (variant B)": 7,
    "Lambert Conic Conformal (2SP)": 8, "Polar Stereographic (variant B)": 15,
}  # fmt: skip
PARAMETERS = {
    "Latitude of natural origin": 3081, "Longitude of natural origin": 3080,
    "Scale factor at natural origin": SCALE_AT_ORIGIN, "False easting": 3082, "False northing": 3083,
    "Latitude of projection centre": 3089, "Longitude of projection centre": 3088,
    "Azimuth at projection centre": 3094, "Azimuth of initial line": 3094, "Angle from Rectified to Skew Grid": 3096,
    "Scale factor at projection centre": 3093, "Scale factor on initial line": 3093,
    "Easting at projection centre": 3082, "Northing at projection centre": 3083,
    "Latitude of 1st standard parallel": 3078, "Latitude of 2nd standard parallel": 3079,
    "Latitude of false origin": 3085, "Longitude of false origin": 3084, "Easting at false origin": 3086,
    "Northing at false origin": 3087, "Latitude of standard parallel": 3081, "Longitude of origin": 3095,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Raster:
    """A field on even cells of a map projection."""

    values: NDArray[np.float32]  # (row, column), from the upper left; NaN where there are none
    extent: tuple[float, float, float, float]  # left, bottom, right, top of the outermost cells, m
    projection: str  # a code, or a PROJ string
    name: str  # of the quantity, with units
    source: str = ""
    time: str = ""  # ISO 8601


def write_geotiff(raster: Raster, output: Output) -> bytes:
    """Write a raster."""
    left, bottom, right, top = raster.extent
    rows, columns = raster.values.shape
    keys, numbers, text = _geo_keys(raster.projection)
    description = f"{raster.name}; {raster.time}; {raster.source}; {output.request}"
    tags = ImageFileDirectory_v2()
    contents = {
        SCALE: ((right - left) / columns, (top - bottom) / rows, 0.0),
        TIE: (0.0, 0.0, 0.0, left, top, 0.0),
        KEYS: keys,
        NUMBERS: numbers,
        TEXTS: text,
        NO_DATA: repr(MISSING),
        IMAGEDESCRIPTION: encode_text(description),
        SOFTWARE: f"Ocean Navigator plotting {__version__}",
    }
    for tag, content in contents.items():
        if content:
            tags[tag] = content
    values = np.where(np.isfinite(raster.values), raster.values, np.float32(MISSING)).astype(np.float32)
    buffer = BytesIO()
    Image.fromarray(values).save(buffer, "TIFF", compression="tiff_adobe_deflate", tiffinfo=tags)
    return buffer.getvalue()


def _geo_keys(projection: str) -> tuple[tuple[int, ...], tuple[float, ...], str]:
    """Return the directory of GeoKeys, and the numbers and the text that it points to."""
    crs = CRS.from_user_input(projection)
    keys: list[GeoKey] = [(MODEL_TYPE, 0, 1, PROJECTED_CRS), (RASTER_TYPE, 0, 1, PIXEL_IS_AREA)]
    if (code := crs.to_epsg()) is not None:
        return _directory([*keys, (PROJECTED_CODE, 0, 1, code)]), (), ""
    operation = crs.coordinate_operation
    if operation is None:
        raise TypeError
    text = f"{to_ascii(projection)}|"
    parameters = {PARAMETERS[item.name]: float(item.value) for item in operation.params if item.name in PARAMETERS}
    if operation.method_name == "Polar Stereographic (variant B)":
        parameters[SCALE_AT_ORIGIN] = 1.0  # some readers require it
    keys += [(GEODETIC_CRS, 0, 1, WGS84), (PROJECTED_CODE, 0, 1, USER_DEFINED), (CITATION, TEXTS, len(text), 0)]
    keys += [(PROJECTION, 0, 1, USER_DEFINED), (METHOD, 0, 1, METHODS[operation.method_name]), (UNIT, 0, 1, METRE)]
    keys += [(key, NUMBERS, 1, position) for position, key in enumerate(parameters)]
    return _directory(keys), tuple(parameters.values()), text


def _directory(keys: list[GeoKey]) -> tuple[int, ...]:
    return (1, 1, 1, len(keys), *(number for key in sorted(keys) for number in key))


def encode_text(text: str) -> bytes:
    """Encode the text of a TIFF tag. The format asks for ASCII, but GDAL and what is made with it read UTF-8."""
    return text.replace("\0", " ").encode()


def to_ascii(text: str) -> str:
    """Replace the characters that GeoKeys and PostScript comments cannot hold."""
    return text.encode("ascii", "replace").decode()
