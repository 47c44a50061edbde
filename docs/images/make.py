"""Draws the README's pictures anew: ``python docs/images/make.py http://127.0.0.1:8080`` asks a running gateway."""

import json
import sys
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
TILE = 256  # px
ZOOM, COLUMNS, ROWS, FRAME = 4, range(4, 8), range(4, 7), (120, 0, 910, 650)  # the North Atlantic
GROUND, EDGE, LEGEND = "#e9edf0", "#b9c2c9", 120  # where there are no data; around; the strip beside the map, px
STATIONS = [("Labrador shelf", 53.0, -53.5), ("Labrador Sea", 56.5, -51.0), ("Slope water", 41.5, -63.0),
            ("Sargasso Sea", 36.0, -63.0), ("North Atlantic Current", 49.0, -36.0)]  # fmt: skip


def profile(gateway: httpx.Client) -> None:
    """Profiles at five stations, with their map."""
    query = {
        "dataset": "giops_day",
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
            address = f"/tiles/giops_day/votemper/-1/0/{ZOOM}/{x}/{y}"
            tile = _picture(gateway, address, {"scale": "-2,26", "interp": "bilinear"})
            field.paste(tile, (TILE * across, TILE * down), tile)
    field = field.crop(FRAME)
    ImageDraw.Draw(field).rectangle((0, 0, field.width - 1, field.height - 1), outline=EDGE)
    page = Image.new("RGB", (field.width + LEGEND, field.height), "white")
    page.paste(field)
    bar = _picture(gateway, "/scale/giops_day/votemper/-2,26", {})
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
