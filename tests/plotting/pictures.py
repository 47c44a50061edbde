"""Recorded pictures: what the neighbours answered to a query of the gallery, and how it was drawn.

`python -m tests.plotting.pictures METADATA_URL DATA_URL [names]` asks running services anew and draws the pictures;
without addresses it draws those recorded anew. Look at every picture that changed before it is committed.
"""

import asyncio
import gzip
import io
import json
import sys
from pathlib import Path
from typing import get_type_hints

import msgspec
import numpy as np
from PIL import Image

from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import MetadataClient
from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.export import WRITERS
from ocean_plotting.export.output import Output
from ocean_plotting.figure.context import FigureResources
from ocean_plotting.plots import KINDS
from ocean_plotting.plots.kind import Services

ROOT = Path(__file__).parents[2]
CASES = json.loads((ROOT / "docs" / "gallery" / "cases.json").read_text("utf-8"))
CASES |= {name: {"kind": name, "query": kind.example} for name, kind in KINDS.items() if name not in CASES}
RECORDED = Path(__file__).parent / "recorded"
SAMPLES = ROOT / "deploy" / "sample_data"
RESOURCES = FigureResources(
    str(SAMPLES / "coast" / "ne_110m_land.geojson.gz"), ReliefFile(SAMPLES / "topo" / "etopo1_6min_int16.nc")
)
LANGUAGES = ("en", "fr")
SIZE, DPI = (7.0, 4.6), 72
DIFFERENT = 40  # of 255: a pixel that anybody sees to be another
TOLERANCE = 0.0015  # of all pixels: what another processor's rounding may change along the edges of letters


def recorded(name):
    """The query of a case, with its areas looked up, and what the neighbours answered."""
    kind = KINDS[CASES[name]["kind"]]
    content = gzip.decompress((RECORDED / f"{name}.msgpack.gz").read_bytes())
    answer = get_type_hints(kind.fetch)["return"]
    return msgspec.msgpack.decode(content, type=tuple[kind.query, answer])


def output(language="en", form="png"):
    """The form of every recorded picture."""
    return Output(format=form, width=SIZE[0], height=SIZE[1], dpi=DPI, language=language)


def draw(name, language="en"):
    """The picture of a case."""
    return KINDS[CASES[name]["kind"]].draw(*recorded(name), RESOURCES.make_context(output(language)))


def written(picture, language="en", form="png"):
    """A picture as a file."""
    return WRITERS[form](picture, output(language, form))


def pixels(content):
    """The colours of a PNG."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def baseline(name, language):
    """The recorded picture."""
    return RECORDED / f"{name}.{language}.png"


def differing(one, other):
    """How many of the pixels of two pictures anybody would tell apart, as a share; all of two different sizes."""
    if one.shape != other.shape:
        return 1.0
    return float((np.abs(one - other).max(axis=2) > DIFFERENT).mean())


async def record(metadata_url, data_url, names):
    """Ask running services."""
    numbers, metadata = DataClient(data_url), MetadataClient(metadata_url)
    async with metadata:
        services = Services(data=numbers, metadata=metadata)
        for name in names:
            kind = KINDS[CASES[name]["kind"]]
            query = msgspec.convert(CASES[name]["query"], kind.query)
            if kind.resolve is not None:
                query = await kind.resolve(services, query)
            data = await kind.fetch(services, query, output())
            content = gzip.compress(msgspec.msgpack.encode((query, data)), mtime=0)
            (RECORDED / f"{name}.msgpack.gz").write_bytes(content)
            sys.stdout.write(f"{name}: {len(content)} bytes\n")
    await numbers.aclose()


def redraw(names):
    """Draw what is recorded."""
    for name in names:
        for language in LANGUAGES:
            image = Image.open(io.BytesIO(written(draw(name, language), language)))
            image.convert("RGB").save(baseline(name, language), optimize=True)


def main(arguments):
    """Record and draw."""
    RECORDED.mkdir(exist_ok=True)
    urls = [argument for argument in arguments if "://" in argument or argument.startswith("unix:")]
    names = [argument for argument in arguments if argument not in urls] or list(CASES)
    if urls:
        asyncio.run(record(*urls, names))
    redraw(names)


if __name__ == "__main__":
    main(sys.argv[1:])
