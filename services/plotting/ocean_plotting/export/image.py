"""Figures as pictures, each with its provenance inside."""

import base64
from io import BytesIO
from typing import Any
from xml.sax.saxutils import quoteattr

import msgspec
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL.TiffImagePlugin import IMAGEDESCRIPTION, ImageFileDirectory_v2

from ocean_plotting.encoders import encode_figure_png
from ocean_plotting.export.geotiff import SOFTWARE, encode_text, to_ascii
from ocean_plotting.export.output import Output
from ocean_plotting.figure.layout import Picture, PictureInfo

PNG_LEVEL = 4  # of zlib, where pixels are transparent: half the time of the default for a few per cent of size


class DescribedPicture(PictureInfo, frozen=True, kw_only=True):
    """A picture with its description."""

    image: str  # a data URL of the PNG
    language: str
    request: str


def write_picture(picture: Picture, output: Output) -> bytes:
    """Write a figure in one of matplotlib's formats."""
    content = _save(picture, output, output.format)
    if output.format != "svg":
        return content
    # Screen readers read the description instead of the picture's letters one by one.
    attributes = f' role="img" lang="{output.language}" aria-label={quoteattr(picture.info.alt)} '
    return content.replace(b"<svg ", b"<svg" + attributes.encode(), 1)


def write_data_url(picture: Picture, output: Output) -> bytes:
    """Write a JSON string that holds the PNG as a data URL, for the web front end."""
    return msgspec.json.encode(_data_url(picture, output))


def write_described_picture(picture: Picture, output: Output) -> bytes:
    """Write a JSON object that holds the same and a description of the picture."""
    added = {"image": _data_url(picture, output), "language": output.language, "request": output.request}
    return msgspec.json.encode(DescribedPicture(**msgspec.structs.asdict(picture.info), **added))


def _data_url(picture: Picture, output: Output) -> str:
    return f"data:image/png;base64,{base64.b64encode(_save(picture, output, 'png')).decode()}"


def _save(picture: Picture, output: Output, file_format: str) -> bytes:
    metadata = _metadata_options(picture.info, output, file_format)
    figure = picture.figure
    if file_format == "png" and not picture.transparent:
        # Drawn once and written directly: `savefig` draws twice, the first time for nothing.
        figure.set_dpi(output.dpi)
        canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
        canvas.draw()
        return encode_figure_png(np.asarray(canvas.buffer_rgba())[..., :3], metadata["metadata"], output.dpi)
    buffer = BytesIO()
    figure.savefig(buffer, format=file_format, dpi=output.dpi, transparent=picture.transparent, **metadata)
    return buffer.getvalue()


def _metadata_options(info: PictureInfo, output: Output, file_format: str) -> dict[str, Any]:
    """Return options of `savefig` for the metadata that a format can hold; no clock: equal requests, equal bytes."""
    fields = {"Dataset": info.dataset, "Revision": info.revision, "Time": info.time}
    fields |= {"Request": output.request, "Language": output.language}
    fields = {key: value for key, value in fields.items() if value}
    line = "; ".join(f"{key}: {value}" for key, value in fields.items())
    match file_format:
        case "png":
            texts = {"Title": info.title, "Description": info.alt, "Source": info.source, **fields}
            return {"metadata": texts | {"Software": info.software}, "pil_kwargs": {"compress_level": PNG_LEVEL}}
        case "svg":
            dublin_core = {"Title": info.title, "Description": info.alt, "Source": info.source, "Coverage": line}
            dublin_core |= {"Language": output.language, "Creator": info.software}
            return {"metadata": dublin_core | {"Date": None, "Identifier": output.request or None}}
        case "pdf":
            texts = {"Title": info.title, "Subject": info.alt, "Author": info.source, "Keywords": line}
            return {"metadata": texts | {"Creator": info.software, "CreationDate": None}}
        case "ps" | "eps":
            return {"metadata": {"Creator": to_ascii(f"{info.software}: {info.title}; {info.source}; {line}")[:250]}}
        case "jpeg":
            return {"pil_kwargs": {"comment": "\n".join((info.alt, info.source, line, info.software)).encode()}}
    tags = ImageFileDirectory_v2()
    tags[IMAGEDESCRIPTION] = encode_text(f"{info.alt} {info.source}; {line}")
    tags[SOFTWARE] = to_ascii(info.software)
    return {"pil_kwargs": {"compression": "tiff_lzw", "tiffinfo": tags}}
