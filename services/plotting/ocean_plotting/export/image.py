"""Figures as pictures, each with its provenance inside."""

import base64
from io import BytesIO
from typing import Any
from xml.sax.saxutils import quoteattr

import msgspec
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from ocean_plotting.encoders import encode_figure_png
from ocean_plotting.export.output import Output
from ocean_plotting.figure.layout import Picture, PictureInfo

PNG_LEVEL = 4  # of zlib, where pixels are transparent: half the time of the default for a few per cent of size
TIFF_DESCRIPTION, TIFF_SOFTWARE = 270, 305  # tags


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A picture and what is said of it."""

    image: str  # a data URL of the PNG
    alt: str
    title: str
    source: str
    dataset: str
    revision: str
    time: str
    language: str
    request: str
    software: str


def write(picture: Picture, output: Output) -> bytes:
    """Write a figure in one of matplotlib's formats."""
    content = _save(picture, output, output.format)
    return _accessible(content, picture.info, output) if output.format == "svg" else content


def write_data_url(picture: Picture, output: Output) -> bytes:
    """Write a JSON string that holds the PNG as a data URL: what the web front end reads."""
    return msgspec.json.encode(_data_url(picture, output))


def write_described(picture: Picture, output: Output) -> bytes:
    """Write a JSON object that holds the same, and the picture in words."""
    told = msgspec.structs.asdict(picture.info)
    image = _data_url(picture, output)
    return msgspec.json.encode(Described(image=image, language=output.language, request=output.request, **told))


def _data_url(picture: Picture, output: Output) -> str:
    return f"data:image/png;base64,{base64.b64encode(_save(picture, output, 'png')).decode()}"


def _save(picture: Picture, output: Output, form: str) -> bytes:
    if form == "png" and not picture.transparent:
        return _png(picture, output)
    buffer = BytesIO()
    picture.figure.savefig(
        buffer, format=form, dpi=output.dpi, transparent=picture.transparent, **_provenance(picture.info, output, form)
    )
    return buffer.getvalue()


def _png(picture: Picture, output: Output) -> bytes:
    """Draw once and write the pixels directly: `savefig` draws twice, the first time for nothing."""
    figure = picture.figure
    figure.set_dpi(output.dpi)
    canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
    canvas.draw()
    texts = _provenance(picture.info, output, "png")["metadata"]
    return encode_figure_png(np.asarray(canvas.buffer_rgba())[..., :3], texts, output.dpi)


def _accessible(svg: bytes, info: PictureInfo, output: Output) -> bytes:
    """Have screen readers say the picture's words instead of its letters one by one."""
    named = f' role="img" lang="{output.language}" aria-label={quoteattr(info.alt)}'.encode()
    return svg.replace(b"<svg ", b"<svg" + named + b" ", 1)


def _provenance(info: PictureInfo, output: Output, form: str) -> dict[str, Any]:
    """What each format can say about itself. No clock: equal requests give equal bytes."""
    rest = {
        "Dataset": info.dataset,
        "Revision": info.revision,
        "Time": info.time,
        "Request": output.request,
        "Language": output.language,
    }
    known = {key: value for key, value in rest.items() if value}
    line = "; ".join(f"{key}: {value}" for key, value in known.items())
    if form == "png":
        metadata = {"Title": info.title, "Description": info.alt, "Source": info.source, **known}
        return {"metadata": metadata | {"Software": info.software}, "pil_kwargs": {"compress_level": PNG_LEVEL}}
    if form == "svg":
        metadata = {"Title": info.title, "Description": info.alt, "Source": info.source, "Language": output.language}
        more = {"Creator": info.software, "Date": None, "Identifier": output.request or None, "Coverage": line}
        return {"metadata": metadata | more}
    if form == "pdf":
        words = {"Title": info.title, "Subject": info.alt, "Author": info.source, "Keywords": line}
        return {"metadata": words | {"Creator": info.software, "CreationDate": None}}
    if form in {"ps", "eps"}:
        return {"metadata": {"Creator": _ascii(f"{info.software}: {info.title}; {info.source}; {line}")[:250]}}
    if form == "jpeg":
        return {"pil_kwargs": {"comment": "\n".join((info.alt, info.source, line, info.software)).encode()}}
    tags = ImageFileDirectory_v2()
    tags[TIFF_DESCRIPTION] = _ascii(f"{info.alt} {info.source}; {line}")
    tags[TIFF_SOFTWARE] = _ascii(info.software)
    return {"pil_kwargs": {"compression": "tiff_lzw", "tiffinfo": tags}}


def _ascii(text: str) -> str:
    """PostScript comments and TIFF tags hold nothing else."""
    return text.encode("ascii", "replace").decode()
