"""Checks of the files that plots are written as."""

import base64
import csv
import io
import json
import xml.etree.ElementTree as ET

import netCDF4
from PIL import Image


def image(form):
    def opens(content):
        opened = Image.open(io.BytesIO(content))
        opened.load()
        assert opened.format == form
        assert min(opened.size) > 200

    return opens


def begins(with_):
    def check(content):
        assert content.startswith(with_)

    return check


def svg(content):
    assert ET.fromstring(content).get("aria-label")


def data_url(content):
    text = json.loads(content)
    assert text.startswith("data:image/png;base64,")
    image("PNG")(base64.b64decode(text.partition(",")[2]))


def described(content):
    document = json.loads(content)
    data_url(json.dumps(document["image"]))
    assert document["alt"]


def table(content):
    lines = [line for line in content.decode().splitlines() if not line.startswith("//")]
    rows = list(csv.reader(lines, skipinitialspace=True))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


def odv(content):
    lines = [line for line in content.decode().splitlines() if not line.startswith("//")]
    names, *rows = [line.split("\t") for line in lines]
    assert names[:6] == [
        "Cruise", "Station", "Type", "yyyy-mm-ddThh:mm:ss.sss", "Longitude [degrees_east]", "Latitude [degrees_north]",
    ]  # fmt: skip
    assert rows
    assert all(len(row) == len(names) for row in rows)


def netcdf(content):
    with netCDF4.Dataset("memory", memory=content) as opened:
        assert "CF-1" in opened.Conventions
        assert opened.variables


def geotiff(content):
    opened = Image.open(io.BytesIO(content))
    assert {33550, 33922, 34735} <= set(opened.tag_v2) or {34264, 34735} <= set(opened.tag_v2)


CHECKS = {
    "png": image("PNG"), "jpeg": image("JPEG"), "tiff": image("TIFF"), "svg": svg, "pdf": begins(b"%PDF"),
    "ps": begins(b"%!PS"), "eps": begins(b"%!PS"), "json": data_url, "described": described, "csv": table,
    "stats": table, "odv": odv, "nc": netcdf, "geotiff": geotiff,
}  # fmt: skip
