"""Rasters as GeoTIFF (OGC 19-008r4): float32, deflated, with the plane of the map and a value for nothing."""

from io import BytesIO

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from pyproj import CRS

from ocean_plotting import __version__
from ocean_plotting.export.output import Output
from ocean_plotting.export.raster import Raster

NOTHING = -3.4028234663852886e38  # the least float32
DESCRIPTION, SOFTWARE, DATE, PREDICTOR = 270, 305, 306, 317
SCALE, TIE, KEYS, NUMBERS, TEXTS, NO_DATA = 33550, 33922, 34735, 34736, 34737, 42113
DOUBLE, SHORT, ASCII = 12, 3, 2  # types of tags

# Keys of the directory.
MODEL, RASTER, CITATION, DATUM, PROJECTED, NAME = 1024, 1025, 1026, 2048, 3072, 3073
PROJECTION, METHOD, UNIT = 3074, 3075, 3076
PLANE, AREA, USER, WGS84, METRE = 1, 1, 32767, 4326, 9001

# By method of PROJ: the code of the method, and the keys of its parameters by their EPSG names.
METHODS: dict[str, tuple[int, dict[str, int]]] = {
    "Transverse Mercator": (
        1,
        {
            "Latitude of natural origin": 3081, "Longitude of natural origin": 3080,
            "Scale factor at natural origin": 3092, "False easting": 3082, "False northing": 3083,
        },
    ),
    "Hotine Oblique Mercator (variant B)": (
        9815,
        {
            "Latitude of projection centre": 3089, "Longitude of projection centre": 3088,
            "Azimuth at projection centre": 3094, "Azimuth of initial line": 3094,
            "Angle from Rectified to Skew Grid": 3096, "Scale factor at projection centre": 3093,
            "Scale factor on initial line": 3093, "Easting at projection centre": 3082,
            "Northing at projection centre": 3083,
        },
    ),
    "Mercator (variant B)": (
        7,
        {
            "Latitude of 1st standard parallel": 3078, "Longitude of natural origin": 3080, "False easting": 3082,
            "False northing": 3083,
        },
    ),
    "Lambert Conic Conformal (2SP)": (
        8,
        {
            "Latitude of 1st standard parallel": 3078, "Latitude of 2nd standard parallel": 3079,
            "Latitude of false origin": 3085, "Longitude of false origin": 3084, "Easting at false origin": 3086,
            "Northing at false origin": 3087,
        },
    ),
    "Polar Stereographic (variant B)": (
        15,
        {
            "Latitude of standard parallel": 3081, "Longitude of origin": 3095, "False easting": 3082,
            "False northing": 3083,
        },
    ),
}  # fmt: skip


def write(raster: Raster, output: Output) -> bytes:
    """Write a raster."""
    left, bottom, right, top = raster.extent
    rows, columns = raster.values.shape
    keys, numbers, texts = _plane(raster.projection)
    tags = ImageFileDirectory_v2()
    given = {
        SCALE: (DOUBLE, ((right - left) / columns, (top - bottom) / rows, 0.0)),
        TIE: (DOUBLE, (0.0, 0.0, 0.0, left, top, 0.0)),
        KEYS: (SHORT, keys),
        NUMBERS: (DOUBLE, numbers),
        TEXTS: (ASCII, texts),
        NO_DATA: (ASCII, repr(NOTHING)),
        DESCRIPTION: (ASCII, _ascii(f"{raster.name}; {raster.time}; {raster.source}; {output.request}")),
        SOFTWARE: (ASCII, f"Ocean Navigator plotting {__version__}"),
    }
    for tag, (kind, value) in given.items():
        if value:
            tags.tagtype[tag] = kind
            tags[tag] = value
    values = np.where(np.isfinite(raster.values), raster.values, np.float32(NOTHING)).astype(np.float32)
    buffer = BytesIO()
    Image.fromarray(values).save(buffer, "TIFF", compression="tiff_adobe_deflate", tiffinfo=tags)
    return buffer.getvalue()


def _plane(projection: str) -> tuple[tuple[int, ...], tuple[float, ...], str]:
    """The directory of keys, and the numbers and texts that it points to."""
    crs = CRS.from_user_input(projection)
    found: list[tuple[int, int, int, int]] = [(MODEL, 0, 1, PLANE), (RASTER, 0, 1, AREA)]
    if (code := crs.to_epsg()) is not None:
        found.append((PROJECTED, 0, 1, code))
        return _directory(found), (), ""
    operation = crs.coordinate_operation
    if operation is None:
        raise TypeError
    method, keys = METHODS[operation.method_name]
    text = f"{_ascii(projection)}|"
    numbers = [(keys[one.name], float(one.value)) for one in operation.params if one.name in keys]
    found += [(DATUM, 0, 1, WGS84), (PROJECTED, 0, 1, USER), (NAME, TEXTS, len(text), 0)]
    found += [(PROJECTION, 0, 1, USER), (METHOD, 0, 1, method), (UNIT, 0, 1, METRE)]
    known = dict(numbers)
    if method == METHODS["Polar Stereographic (variant B)"][0]:
        known[3092] = 1.0  # some readers want one
    found += [(key, NUMBERS, 1, number) for number, key in enumerate(known)]
    return _directory(found), tuple(known.values()), text


def _directory(found: list[tuple[int, int, int, int]]) -> tuple[int, ...]:
    return (1, 1, 1, len(found), *(number for one in sorted(found) for number in one))


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
