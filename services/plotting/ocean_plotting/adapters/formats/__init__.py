"""How figures and tables are written: one encoder a format."""

from collections.abc import Callable
from typing import Any

from ocean_plotting.adapters.formats import csv, image
from ocean_plotting.domain.output import Output

WRITERS: dict[str, Callable[[Any, Output], bytes]] = {
    "png": image.write,
    "jpeg": image.write,
    "svg": image.write,
    "pdf": image.write,
    "ps": image.write,
    "eps": image.write,
    "tiff": image.write,
    "json": image.write_data_url,
    "csv": csv.write,
}
