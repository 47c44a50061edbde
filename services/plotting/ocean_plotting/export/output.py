"""In which form a figure or table is asked for, and how large."""

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


class Form(msgspec.Struct, frozen=True):
    """One way to write an answer."""

    media_type: str
    extension: str
    content: Literal["figure", "table", "raster", "data"] = "figure"


FORMS: dict[str, Form] = {
    "png": Form("image/png", "png"),
    "jpeg": Form("image/jpeg", "jpg"),
    "svg": Form("image/svg+xml", "svg"),
    "pdf": Form("application/pdf", "pdf"),
    "ps": Form("application/postscript", "ps"),
    "eps": Form("application/postscript", "eps"),
    "tiff": Form("image/tiff", "tiff"),
    "json": Form("application/json", "json"),  # a JSON string: a data URL of the PNG
    "described": Form("application/json", "json"),  # a JSON object: the data URL, and the picture in words
    "csv": Form("text/csv", "csv", "table"),
    "odv": Form("text/plain", "txt", "table"),  # Ocean Data View, generic spreadsheet
    "stats": Form("text/csv", "csv", "table"),
    "nc": Form("application/x-netcdf", "nc", "data"),  # the data service's own file of the same numbers
    "geotiff": Form("image/tiff", "tif", "raster"),
}
EVERY = ("png", "jpeg", "svg", "pdf", "ps", "eps", "tiff", "json", "described", "csv")  # what every kind has
ALIASES = {"jpg": "jpeg", "tif": "tiff", "netcdf": "nc"}


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is to be written."""

    format: str = "png"  # key of FORMS
    width: float = 15.0  # inches
    height: float = 9.0
    dpi: int = 72
    language: Language = "en"
    request: str = ""  # the address that was asked, for the metadata of files

    @property
    def form(self) -> Form:
        """Its media type and file name extension."""
        return FORMS[self.format]


class RenderedFile(msgspec.Struct, frozen=True):
    """A figure or table as a file, and the picture in words; empty for tables."""

    content: bytes
    alt: str = ""


def output(file_format: str, size: str, dpi: int, formats: Sequence[str] = EVERY) -> Output:
    """Read the parameters `format`, `size` and `dpi`; ``formats`` are those that the kind of plot has.

    Raises
    ------
    UnsupportedFormat, InvalidRequest, RequestTooLarge
        With what would work.
    """
    width, height = _inches(size)
    if not MIN_DPI <= dpi <= MAX_DPI:
        raise InvalidRequest(
            "dpi is {dpi}; it can be {min_dpi} to {max_dpi}", dpi=dpi, min_dpi=MIN_DPI, max_dpi=MAX_DPI, field="dpi"
        )
    if width * height * dpi**2 > MAX_PIXELS:
        fits = int((MAX_PIXELS / (width * height)) ** 0.5)
        raise RequestTooLarge(
            "{width:g}x{height:g} inches at {dpi} dpi are more than {max_pixels} million pixels;"
            " this size fits with dpi={fits}",
            width=width,
            height=height,
            dpi=dpi,
            max_pixels=MAX_PIXELS // 10**6,
            fits=fits,
            field="dpi",
        )
    return Output(format=_format(file_format, formats), width=width, height=height, dpi=dpi)


def _format(asked: str, formats: Sequence[str]) -> str:
    name = ALIASES.get(asked.strip().lower(), asked.strip().lower())
    if name in formats:
        return name
    raise UnsupportedFormat(
        "{requested!r} is not a format of this plot; it can be {formats}",
        requested=asked[:40],
        formats=", ".join(formats),
        field="format",
        allowed=formats,
    )


def _inches(size: str) -> tuple[float, float]:
    read = _SIZE.fullmatch(size)
    width, height = (float(read[1]), float(read[2])) if read else (0.0, 0.0)
    if not (MIN_INCHES <= width <= MAX_INCHES and MIN_INCHES <= height <= MAX_INCHES):
        raise InvalidRequest(
            "size is {size!r}; it is width x height in inches, {min_inches:g} to {max_inches:g} each: 10x7",
            size=size[:40],
            min_inches=MIN_INCHES,
            max_inches=MAX_INCHES,
            field="size",
        )
    return width, height
