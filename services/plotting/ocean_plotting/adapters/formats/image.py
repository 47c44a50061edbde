"""Figures as pictures, each with its provenance inside."""

import base64
from io import BytesIO
from typing import Any

import msgspec
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from ocean_plotting.domain.output import Output
from ocean_plotting.figures.picture import About, Picture

PNG_LEVEL = 4  # of zlib: half the time of the default for a few per cent of size
TIFF_DESCRIPTION, TIFF_SOFTWARE = 270, 305  # tags


def write(picture: Picture, output: Output) -> bytes:
    """Write a figure in one of matplotlib's formats."""
    return _save(picture, output, output.format)


def write_data_url(picture: Picture, output: Output) -> bytes:
    """Write a JSON string that holds the PNG as a data URL: what the web front end reads."""
    content = base64.b64encode(_save(picture, output, "png")).decode()
    return msgspec.json.encode(f"data:image/png;base64,{content}")


def _save(picture: Picture, output: Output, form: str) -> bytes:
    buffer = BytesIO()
    picture.figure.savefig(
        buffer, format=form, dpi=output.dpi, transparent=picture.transparent, **_provenance(picture.about, form)
    )
    return buffer.getvalue()


def _provenance(about: About, form: str) -> dict[str, Any]:
    """What each format can say about itself. No clock: equal requests give equal bytes."""
    if form == "png":
        metadata = {"Title": about.title, "Description": about.description, "Source": about.source}
        return {"metadata": metadata | {"Software": about.software}, "pil_kwargs": {"compress_level": PNG_LEVEL}}
    if form == "svg":
        metadata = {"Title": about.title, "Description": about.description, "Source": about.source}
        return {"metadata": metadata | {"Creator": about.software, "Date": None}}
    if form == "pdf":
        words = {"Title": about.title, "Subject": about.description, "Author": about.source}
        return {"metadata": words | {"Creator": about.software, "CreationDate": None}}
    if form in {"ps", "eps"}:
        return {"metadata": {"Creator": _ascii(f"{about.software}: {about.title}")}}
    if form == "jpeg":
        return {"pil_kwargs": {"comment": f"{about.description}\n{about.source}\n{about.software}".encode()}}
    tags = ImageFileDirectory_v2()
    tags[TIFF_DESCRIPTION] = _ascii(f"{about.description} {about.source}")
    tags[TIFF_SOFTWARE] = _ascii(about.software)
    return {"pil_kwargs": {"compression": "tiff_lzw", "tiffinfo": tags}}


def _ascii(text: str) -> str:
    """PostScript comments and TIFF tags hold nothing else."""
    return text.encode("ascii", "replace").decode()
