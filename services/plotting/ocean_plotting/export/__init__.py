"""Files of figures and tables: one writer a format."""

from collections.abc import Callable
from typing import Any

from ocean_plotting.export.geotiff import write_geotiff
from ocean_plotting.export.image import write_data_url, write_described_picture, write_picture
from ocean_plotting.export.output import Output
from ocean_plotting.export.text import write_csv, write_odv, write_statistics

WRITERS: dict[str, Callable[[Any, Output], bytes]] = {
    **dict.fromkeys(("png", "jpeg", "svg", "pdf", "ps", "eps", "tiff"), write_picture),
    "json": write_data_url,
    "described": write_described_picture,
    "csv": write_csv,
    "stats": write_statistics,
    "odv": write_odv,
    "geotiff": write_geotiff,
}
