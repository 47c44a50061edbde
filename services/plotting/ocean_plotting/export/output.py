"""Formats and sizes of the files that plots are written as."""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from ocean_common.i18n import Language
from ocean_core.errors import InvalidRequest, RequestTooLarge, UnsupportedFormat

MAX_INCHES, MIN_INCHES = 40.0, 2.0
MAX_DPI, MIN_DPI = 600, 10
MAX_PIXELS = 100_000_000

_SIZE = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*[xX×,]\s*(\d{1,6}(?:\.\d{1,6})?)\s*")


class FileFormat(msgspec.Struct, frozen=True):
    """Format of a file, and what a kind of plot must have for it."""

    media_type: str
    extension: str
    content: Literal["figure", "table", "raster", "data"] = "figure"


FILE_FORMATS: dict[str, FileFormat] = {
    "png": FileFormat("image/png", "png"),
    "jpeg": FileFormat("image/jpeg", "jpg"),
    "svg": FileFormat("image/svg+xml", "svg"),
    "pdf": FileFormat("application/pdf", "pdf"),
    "ps": FileFormat("application/postscript", "ps"),
    "eps": FileFormat("application/postscript", "eps"),
    "tiff": FileFormat("image/tiff", "tiff"),
    "json": FileFormat("application/json", "json"),  # a JSON string: a data URL of the PNG
    "described": FileFormat("application/json", "json"),  # a JSON object: the data URL, and the picture in words
    "csv": FileFormat("text/csv", "csv", "table"),
    "odv": FileFormat("text/plain", "txt", "table"),  # Ocean Data View, generic spreadsheet
    "stats": FileFormat("text/csv", "csv", "table"),
    "nc": FileFormat("application/x-netcdf", "nc", "data"),  # the data service's own file of the same numbers
    "geotiff": FileFormat("image/tiff", "tif", "raster"),
}
COMMON_FORMATS = (  # of every kind
    *("png", "jpeg", "svg", "pdf", "ps", "eps", "tiff", "json", "described"),
    *("csv", "odv", "stats"),
)
ALIASES = {"jpg": "jpeg", "tif": "tiff", "netcdf": "nc"}


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """Format, size and language of a file."""

    format: str = "png"  # key of FILE_FORMATS
    width: float = 15.0  # inches
    height: float = 9.0
    dpi: int = 72
    language: Language = "en"
    request: str = ""  # the address of the request, for the metadata of files

    @property
    def file_format(self) -> FileFormat:
        """Its media type and file name extension."""
        return FILE_FORMATS[self.format]


class RenderedFile(msgspec.Struct, frozen=True):
    """A figure or table as a file, and the picture in words; empty for tables."""

    content: bytes
    alt: str = ""


def parse_output(file_format: str, size: str, dpi: int, formats: Sequence[str]) -> Output:
    """Read the parameters `format`, `size` and `dpi`; ``formats`` are those of the kind of plot."""
    match = _SIZE.fullmatch(size)
    width, height = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    if not (MIN_INCHES <= width <= MAX_INCHES and MIN_INCHES <= height <= MAX_INCHES):
        raise InvalidRequest(
            "size is {size!r}; expected width x height in inches, {min_inches:g} to {max_inches:g} each: 10x7",
            size=size[:40],
            min_inches=MIN_INCHES,
            max_inches=MAX_INCHES,
            field="size",
        )
    if not MIN_DPI <= dpi <= MAX_DPI:
        raise InvalidRequest(
            "dpi is {dpi}; expected {min_dpi} to {max_dpi}", dpi=dpi, min_dpi=MIN_DPI, max_dpi=MAX_DPI, field="dpi"
        )
    if width * height * dpi**2 > MAX_PIXELS:
        raise RequestTooLarge(
            "{width:g}x{height:g} inches at {dpi} dpi are more than {max_pixels} million pixels;"
            " this size fits with dpi={fits}",
            width=width,
            height=height,
            dpi=dpi,
            max_pixels=MAX_PIXELS // 10**6,
            fits=int((MAX_PIXELS / (width * height)) ** 0.5),
            field="dpi",
        )
    name = file_format.strip().lower()
    name = ALIASES.get(name, name)
    if name not in formats:
        raise UnsupportedFormat(
            "{requested!r} is not a format of this plot; formats are {formats}",
            requested=file_format[:40],
            formats=", ".join(formats),
            field="format",
            allowed=formats,
        )
    return Output(format=name, width=width, height=height, dpi=dpi)
