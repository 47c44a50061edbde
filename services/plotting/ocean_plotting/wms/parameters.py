"""Parameters of requests, as WMS 1.3.0, 1.1.1 and ncWMS name them; those that are not known are left aside."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from ocean_common.contracts.data import MAX_MAP_PIXELS, MAX_MAP_SIDE, Interpolation
from ocean_common.parameters import parse_choice
from ocean_core.colour import COLORMAPS, Scale
from ocean_core.errors import InvalidRequest, RequestTooLarge
from ocean_core.projections import LARGEST_COORDINATE, MAP_PROJECTIONS, Box, MapProjection
from ocean_plotting.palettes import parse_scale
from ocean_plotting.tiles.api import INTERPOLATIONS

Version: TypeAlias = Literal["1.3.0", "1.1.1"]
MapFormat: TypeAlias = Literal["image/png", "image/jpeg", "image/webp"]
MAP_FORMATS: tuple[MapFormat, ...] = ("image/png", "image/jpeg", "image/webp")
INFO_FORMATS = ("application/json", "text/html", "text/plain", "text/xml")
MAX_LAYERS = 8  # drawn over each other
MIN_BANDS, MAX_BANDS = 2, 250
STYLE = "boxfill"
STYLES = (STYLE, "default", "default-scalar", "raster")  # words before the palette
AUTOMATIC = "auto"
WHITE = (255, 255, 255, 255)
Colour: TypeAlias = tuple[int, int, int, int]  # red, green, blue, opacity: 0 to 255
CLEAR: Colour = (0, 0, 0, 0)

_COLOUR = re.compile(r"(?:0x|#)?((?:[0-9a-f]{2})?[0-9a-f]{6})", re.IGNORECASE)
_PALETTES = {key.replace(" ", "_"): key for key in COLORMAPS} | {key: key for key in COLORMAPS}


class WmsQuery:
    """Values of a request by their names in lower case; of a name that is said twice, the first counts."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            self._values.setdefault(name.lower(), value.strip())

    def find(self, *names: str, default: str = "") -> str:
        """Return the value of the first of some names that has one."""
        return next((self._values[name] for name in names if self._values.get(name)), default)

    def without(self, name: str) -> "WmsQuery":
        """Return the query without a value."""
        return WmsQuery((key, value) for key, value in self._values.items() if key != name)

    def require(self, *names: str) -> str:
        """Return the same, or raise InvalidRequest."""
        if text := self.find(*names):
            return text
        raise InvalidRequest("{name} is missing", name=names[0].upper(), field=names[0])

    @property
    def version(self) -> Version:
        """The newest version that is not newer than the requested one; 1.3.0 for those that state none."""
        text = self.find("version", "wmtver")
        if not text:
            return "1.1.1" if self.find("srs") and not self.find("crs") else "1.3.0"
        numbers = [int(part) if part.isascii() and part.isdigit() else 0 for part in text.split(".")[:3]]
        return "1.1.1" if numbers < [1, 3] else "1.3.0"

    @property
    def is_transparent(self) -> bool:
        """Return True if pixels without values are transparent."""
        return self.find("transparent").lower() == "true"

    @property
    def background(self) -> Colour:
        """Colour of pixels without values, where they are not transparent."""
        text = self.find("bgcolor")
        return parse_colour(text, "bgcolor") if text else WHITE

    @property
    def map_format(self) -> MapFormat:
        """Media type of a map, without its parameters."""
        text = self.find("format", default=MAP_FORMATS[0]).partition(";")[0].strip().lower()
        return parse_choice(text, MAP_FORMATS, "format")


@dataclass(frozen=True, kw_only=True)
class MapWindow:
    """Box, projection and size of a map."""

    projection: MapProjection
    box: Box
    width: int
    height: int


class MapStyle(NamedTuple):
    """Colours of a layer; None: those of its variable."""

    colormap: str | None = None
    limits: Scale | Literal["auto"] | None = None
    logarithmic: bool | None = None
    bands: int | None = None
    below: Colour | None = None  # of values below the scale; None: as the lowest
    above: Colour | None = None
    opacity: int = 100  # per cent


def parse_number(text: str, field: str) -> float:
    """Read a finite number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidRequest("{name} is {text!r}; expected a number", name=field.upper(), text=text[:40], field=field)
    return number


def parse_size(text: str, field: str, most: int = MAX_MAP_SIDE) -> int:
    """Read the width or the height of a picture, in pixels."""
    number = parse_number(text, field)
    if number < 1 or number != int(number):
        raise InvalidRequest("{name} is {text!r}; expected a number", name=field.upper(), text=text[:40], field=field)
    if number > most:
        raise RequestTooLarge(
            "{name} is {number}; at most {most} pixels are drawn", name=field.upper(), number=int(number), most=most,
            field=field,
        )  # fmt: skip
    return int(number)


def parse_colour(text: str, field: str) -> Colour:
    """Read 0xRRGGBB, 0xAARRGGBB, or the same after `#`."""
    match = _COLOUR.fullmatch(text)
    if match is None:
        raise InvalidRequest(
            "{name} is {text!r}; expected a colour: 0xRRGGBB", name=field.upper(), text=text[:40], field=field
        )
    *alpha, red, green, blue = bytes.fromhex(match[1])
    return red, green, blue, alpha[0] if alpha else 255


def parse_window(query: WmsQuery) -> MapWindow:
    """Read the box of a map, with its axes in the order of the version and of the projection."""
    name = "crs" if query.version == "1.3.0" else "srs"
    code = query.require(name, "crs", "srs").upper()
    projection = MAP_PROJECTIONS.get("EPSG:3857" if code == "EPSG:900913" else code)
    if projection is None:
        raise InvalidRequest(
            "there are no maps in {code!r}; there are {codes}",
            code=code[:40],
            codes=", ".join(MAP_PROJECTIONS),
            field=name,
            allowed=MAP_PROJECTIONS,
        )
    text = query.require("bbox")
    parts = text.split(",")
    if len(parts) != 4:
        raise InvalidRequest("BBOX is {text!r}; expected four numbers", text=text[:80], field="bbox")
    first, second, third, fourth = (parse_number(part, "bbox") for part in parts)
    box = first, second, third, fourth
    if query.version == "1.3.0" and projection.north_first:
        box = second, first, fourth, third
    left, bottom, right, top = box
    if not (left < right and bottom < top and max(map(abs, box)) <= LARGEST_COORDINATE):
        raise InvalidRequest("BBOX {text!r} has no area on the map", text=text[:80], field="bbox")
    width, height = parse_size(query.require("width"), "width"), parse_size(query.require("height"), "height")
    if width * height > MAX_MAP_PIXELS:
        raise RequestTooLarge(
            "a map has at most {limit} pixels, as 2048 × 2048: ask for fewer", limit=MAX_MAP_PIXELS, field="width"
        )
    return MapWindow(projection=projection, box=box, width=width, height=height)


def check_pixels(window: MapWindow, layers: int) -> None:
    """Refuse a map of so many layers that all together have too many pixels."""
    if window.width * window.height * layers > 2 * MAX_MAP_PIXELS:
        raise RequestTooLarge(
            "all layers of a map together have at most {limit} pixels: ask for fewer",
            limit=2 * MAX_MAP_PIXELS,
            field="width",
        )


def parse_layers(text: str, dataset: str, field: str) -> list[tuple[str, str]]:
    """Read the names of layers: dataset and variable of each; within one dataset the variable is enough."""
    names = [name.strip() for name in text.split(",")]
    if len(names) > MAX_LAYERS:
        raise RequestTooLarge("at most {limit} layers are drawn over each other", limit=MAX_LAYERS, field=field)
    layers = []
    for name in names:
        before, slash, variable = name.partition("/")
        if not slash:
            before, variable = dataset, name
        if not (before and variable) or (dataset and before != dataset):
            raise InvalidRequest(
                "there is no layer {name!r}; its name is dataset/variable, as the capabilities list it",
                name=name[:60],
                field=field,
            )
        layers.append((before, variable))
    return layers


def parse_palette(text: str, field: str) -> str | None:
    """Read a style, `boxfill/palette`, or a palette alone; None: that of the variable."""
    word, _, palette = text.partition("/")
    if not palette and (not word or word in STYLES or word == "default"):
        return None
    palette = palette if word in STYLES else text
    if palette in {"default", ""}:
        return None
    if palette not in _PALETTES:
        raise InvalidRequest(
            "there is no style {text!r}; there are boxfill and boxfill/palette, as the capabilities list them",
            text=text[:60],
            field=field,
        )
    return _PALETTES[palette]


def parse_styles(query: WmsQuery, count: int) -> list[MapStyle]:
    """Read the styles of some layers, and what ncWMS adds to all of them."""
    texts = query.find("styles", "style").split(",") if query.find("styles", "style") else [""] * count
    if len(texts) != count:
        raise InvalidRequest("STYLES has not as many names as LAYERS", field="styles")
    common = _parse_colours(query)
    return [common._replace(colormap=parse_palette(text.strip(), "styles")) for text in texts]


def parse_legend_style(query: WmsQuery) -> MapStyle:
    """Read the style of a legend."""
    palette = parse_palette(query.find("palette"), "palette")
    return _parse_colours(query)._replace(colormap=palette or parse_palette(query.find("style", "styles"), "style"))


def _parse_colours(query: WmsQuery) -> MapStyle:
    opacity = parse_number(query.find("opacity", default="100"), "opacity")
    bands = query.find("numcolorbands")
    number = parse_number(bands, "numcolorbands") if bands else None
    if not 0 <= opacity <= 100 or (number is not None and not number >= MIN_BANDS):
        raise InvalidRequest("OPACITY goes from 0 to 100, and NUMCOLORBANDS from 2 to 250", field="opacity")
    logarithmic = query.find("logscale").lower()
    limits = _parse_limits(query.find("colorscalerange"))
    if logarithmic == "true" and isinstance(limits, Scale) and limits.low <= 0:
        raise InvalidRequest("a logarithmic scale begins above zero", field="colorscalerange")
    return MapStyle(
        limits=limits,
        logarithmic={"true": True, "false": False}.get(logarithmic),
        bands=None if number is None else min(int(number), MAX_BANDS),
        below=_parse_end(query.find("belowmincolor"), "belowmincolor"),
        above=_parse_end(query.find("abovemaxcolor"), "abovemaxcolor"),
        opacity=round(opacity),
    )


def _parse_limits(text: str) -> Scale | Literal["auto"] | None:
    if text.lower() in {"", "default"}:
        return None
    if text.lower() == AUTOMATIC:
        return "auto"
    return parse_scale(text, "colorscalerange")


def _parse_end(text: str, field: str) -> Colour | None:
    if text.lower() in {"", "extend"}:
        return None
    return CLEAR if text.lower() == "transparent" else parse_colour(text, field)


def parse_interpolation(query: WmsQuery) -> Interpolation:
    """Read the interpolation between cells: a word of ours."""
    return parse_choice(query.find("interpolation", default="nearest").lower(), INTERPOLATIONS, "interpolation")
