"""Animations of maps: a frame for each time step, as GIF or animated PNG."""

import io
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from PIL import Image, ImageDraw

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import MAX_MAP_PIXELS
from ocean_core.errors import InvalidRequest, RequestTooLarge
from ocean_plotting.wms.dimensions import date_steps, find_steps, format_steps
from ocean_plotting.wms.parameters import WmsQuery, parse_number

AnimationFormat: TypeAlias = Literal["image/gif", "image/apng"]
ANIMATION_FORMATS: tuple[AnimationFormat, ...] = get_args(AnimationFormat)
MAX_FRAMES = 60
MAX_PIXELS = 4 * MAX_MAP_PIXELS  # of all frames together
FRAME_RATE = 4.0  # frames in a second
RATES = 0.1, 30.0
_ALIASES: dict[str, AnimationFormat] = {"image/vnd.mozilla.apng": "image/apng"}


def parse_animation_format(query: WmsQuery) -> AnimationFormat | None:
    """Return the format of an animation; None where a map is asked for."""
    text = query.find("format").lower()
    return next((name for name in ANIMATION_FORMATS if name == text), _ALIASES.get(text))


def parse_frame_rate(query: WmsQuery) -> float:
    """Return the frames in a second, `FRAMERATE` in ncWMS."""
    text = query.find("framerate")
    rate = parse_number(text, "framerate") if text else FRAME_RATE
    if not RATES[0] <= rate <= RATES[1]:
        raise InvalidRequest(
            "FRAMERATE is {rate}; it is {low} to {high}",
            rate=text[:20],
            low=RATES[0],
            high=RATES[1],
            field="framerate",
        )
    return rate


def list_frames(assets: Assets, text: str, size: tuple[int, int]) -> list[tuple[str, str]]:
    """Return the time steps of an interval, or of a list: as the data service reads them, and for people."""
    if assets.steps is None or not assets.steps.dated:
        raise InvalidRequest("{key} has no time steps with dates", key=assets.variable.key, field="time")
    dates = date_steps(assets.steps)
    last = dates.seconds.size - 1, dates.seconds.size
    parts = [part.strip() for part in text.split(",")]
    spans = [
        last if part in {"", "current"} else find_steps(dates, part if "/" in part else f"{part}/{part}")
        for part in parts
    ]
    steps = sorted({step for first, after in spans for step in range(first, after)})
    if len(steps) > MAX_FRAMES or len(steps) * size[0] * size[1] > MAX_PIXELS:
        raise RequestTooLarge(
            "an animation has at most {frames} frames and {pixels} pixels in all: ask for {fit} frames of this size",
            frames=MAX_FRAMES,
            pixels=MAX_PIXELS,
            fit=max(1, min(MAX_FRAMES, MAX_PIXELS // (size[0] * size[1]))),
            field="time",
        )
    raw = unpack_array(assets.steps.raw)[steps]
    return list(zip(map(str, raw), format_steps(dates.take(steps)), strict=True))


def write_animation(pictures: Sequence[bytes], labels: Sequence[str], form: AnimationFormat, rate: float) -> bytes:
    """Write frames, PNG each, with their times in a corner."""
    frames = [_label_frame(content, label) for content, label in zip(pictures, labels, strict=True)]
    buffer, options = io.BytesIO(), {"save_all": True, "duration": round(1000 / rate), "loop": 0}
    if form == "image/gif":
        frames[0].save(buffer, "GIF", append_images=frames[1:], disposal=2, **options)
    else:
        frames[0].save(buffer, "PNG", append_images=frames[1:], **options)
    return buffer.getvalue()


def _label_frame(content: bytes, label: str) -> Image.Image:
    with Image.open(io.BytesIO(content)) as opened:
        frame = opened.convert("RGBA")
    pen = ImageDraw.Draw(frame)
    left, top, right, bottom = pen.textbbox((6, frame.height - 16), label)
    pen.rectangle((left - 3, top - 3, right + 3, bottom + 3), fill=(255, 255, 255, 220))
    pen.text((6, frame.height - 16), label, fill=(20, 20, 20, 255))
    return frame
