"""Draws the README's pictures anew: ``python docs/images/make.py http://127.0.0.1:8080`` asks a running gateway."""

import json
import sys
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
TILE = 256  # px
ZOOM, COLUMNS, ROWS, FRAME = 4, range(7, 11), range(1, 5), (90, 0, 900, 840)  # the Nordic and Barents Seas
GROUND, EDGE, LEGEND = "#e9edf0", "#b9c2c9", 120  # where there are no data; around; the strip beside the map, px
STATIONS = [("Lofoten Basin", 70.0, 4.0), ("Norwegian slope", 70.5, 13.5), ("Barents Sea Opening", 73.0, 20.0),
            ("Storfjord Trough", 75.5, 18.0), ("West Spitsbergen", 76.5, 12.0)]  # fmt: skip


def profile(gateway: httpx.Client) -> None:
    """Profiles at five stations, with their map."""
    query = {
        "dataset": "arctic_day",
        "variable": "votemper,vosaline",
        "station": [[latitude, longitude] for _, latitude, longitude in STATIONS],
        "names": [name for name, _, _ in STATIONS],
    }
    parameters = {"query": json.dumps(query), "format": "png", "size": "11x6.5", "dpi": 110}
    (HERE / "profile.png").write_bytes(_ask(gateway, "/plot/profile", parameters))


def tiles(gateway: httpx.Client) -> None:
    """A map of tiles with its legend."""
    field = Image.new("RGB", (TILE * len(COLUMNS), TILE * len(ROWS)), GROUND)
    for across, x in enumerate(COLUMNS):
        for down, y in enumerate(ROWS):
            address = f"/tiles/arctic_day/votemper/-1/0/{ZOOM}/{x}/{y}"
            tile = _picture(gateway, address, {"scale": "-2,10", "interp": "bilinear"})
            field.paste(tile, (TILE * across, TILE * down), tile)
    field = field.crop(FRAME)
    ImageDraw.Draw(field).rectangle((0, 0, field.width - 1, field.height - 1), outline=EDGE)
    page = Image.new("RGB", (field.width + LEGEND, field.height), "white")
    page.paste(field)
    bar = _picture(gateway, "/scale/arctic_day/votemper/-2,10", {})
    page.paste(bar, (field.width + 24, (page.height - bar.height) // 2), bar)
    page.save(HERE / "tiles.png", optimize=True)


def colormaps(gateway: httpx.Client) -> None:
    """The chart of the colormaps."""
    (HERE / "colormaps.png").write_bytes(_ask(gateway, "/plot/colormaps.png", {}))


def _picture(gateway: httpx.Client, address: str, parameters: dict[str, str]) -> Image.Image:
    return Image.open(BytesIO(_ask(gateway, address, parameters))).convert("RGBA")


def _ask(gateway: httpx.Client, address: str, parameters: dict[str, str | int]) -> bytes:
    return gateway.get(f"/api/v2.0{address}", params=parameters).raise_for_status().content


if __name__ == "__main__":
    with httpx.Client(base_url=sys.argv[1], timeout=60) as asked:
        profile(asked)
        tiles(asked)
        colormaps(asked)
