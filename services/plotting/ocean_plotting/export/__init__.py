"""How figures and tables are written: one encoder a format."""

from collections.abc import Callable
from typing import Any

from ocean_plotting.export import csv, geotiff, image, odv
from ocean_plotting.export.output import Output

WRITERS: dict[str, Callable[[Any, Output], bytes]] = {
    **dict.fromkeys(("png", "jpeg", "svg", "pdf", "ps", "eps", "tiff"), image.write),
    "json": image.write_data_url,
    "described": image.write_described,
    "csv": csv.write,
    "stats": csv.write_statistics,
    "odv": odv.write,
    "geotiff": geotiff.write_geotiff,
}
