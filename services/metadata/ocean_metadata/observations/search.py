"""What is asked for on the map: `key=value` pairs in one segment of the path, as the front end writes them."""

import re
from typing import Any, get_args

import msgspec

from ocean_common.contracts.observations import PlatformType
from ocean_common.errors import InvalidRequest
from ocean_metadata.observations.area import HALF_WAY, Area, Circle, enclosed
from ocean_metadata.observations.times import QUANTA, Quantum, parse

PLATFORM_TYPES: tuple[PlatformType, ...] = get_args(PlatformType)
DEFAULT_RADIUS = 10.0  # km
MOST_CORNERS = 10_000
ANY = "Any"  # the front end's word for no choice

KEYS = (
    "start_date", "end_date", "platform_type", "meta_key", "meta_value", "quantum", "area", "radius", "datatype",
    "mindepth", "maxdepth",
)  # fmt: skip
_PARTS = re.compile(r"[&;]")


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which stations; what is None is left open."""

    start: int | None = None  # ms since 1970-01-01
    end: int | None = None  # ms, inclusive
    types: tuple[PlatformType, ...] = ()
    attribute: tuple[str, str | None] | None = None  # key and value of a platform's metadata
    area: Area | None = None
    datatype: str | None = None
    shallowest: float | None = None  # m
    deepest: float | None = None  # m
    quantum: Quantum = "day"


def pairs(text: str) -> dict[str, str]:
    """Part `key=value&key=value`; a part that begins with no key goes on with the value before it.

    ``;`` parts as well: that is how older clients write it.
    """
    found: dict[str, str] = {}
    last = ""
    for part, mark in zip(_PARTS.split(text), ["", *_PARTS.findall(text)], strict=True):
        key, equals, value = part.partition("=")
        if equals and (key.strip() in KEYS or not last):
            last = key.strip()
            found[last] = value
        elif last:
            found[last] += mark + part
        elif part.strip():
            raise InvalidRequest(
                "{part!r} is no key=value; the keys are {keys}", part=part[:40], keys=", ".join(KEYS), allowed=KEYS
            )
    return found


def read(text: str) -> Search:
    """Understand what is asked for, or say what is wrong with it."""
    asked = {key: value.strip() for key, value in pairs(text).items() if value.strip()}
    start = parse(asked["start_date"], "start_date") if "start_date" in asked else None
    end = parse(asked["end_date"], "end_date", end=True) if "end_date" in asked else None
    if start is not None and end is not None and start > end:
        raise InvalidRequest("end_date is before start_date; exchange them", field="end_date")
    shallowest, deepest = _number(asked, "mindepth"), _number(asked, "maxdepth")
    if shallowest is not None and deepest is not None and shallowest > deepest:
        raise InvalidRequest("maxdepth is less than mindepth; exchange them", field="maxdepth")
    key = asked.get("meta_key", ANY)
    value = asked.get("meta_value", ANY)
    return Search(
        start=start,
        end=end,
        types=_types(asked.get("platform_type", "")),
        attribute=None if key == ANY else (key, None if value == ANY else value),
        area=_area(asked),
        datatype=asked.get("datatype"),
        shallowest=shallowest,
        deepest=deepest,
        quantum=_quantum(asked.get("quantum", "day")),
    )


def _types(text: str) -> tuple[PlatformType, ...]:
    asked = dict.fromkeys(one.strip() for one in text.split(",") if one.strip())
    for one in asked:
        if one not in PLATFORM_TYPES:
            raise InvalidRequest(
                "there is no platform type {name!r}; there are {platform_types}",
                name=one[:40],
                platform_types=", ".join(PLATFORM_TYPES),
                field="platform_type",
                allowed=PLATFORM_TYPES,
            )
    return tuple(one for one in PLATFORM_TYPES if one in asked)


def _quantum(text: str) -> Quantum:
    for one in QUANTA:
        if text == one:
            return one
    raise InvalidRequest(
        "there is no quantum {text!r}; there are {quanta}",
        text=text[:40],
        quanta=", ".join(QUANTA),
        field="quantum",
        allowed=QUANTA,
    )


def _number(asked: dict[str, str], field: str) -> float | None:
    if field not in asked:
        return None
    try:
        # The front end's slider writes a list, or a number in quotes.
        found = float(asked[field].strip('[]" '))
    except ValueError:
        found = float("nan")
    if not abs(found) < 1e6:
        raise InvalidRequest("{name}: {requested!r} is no number", name=field, requested=asked[field][:40], field=field)
    return found


def _area(asked: dict[str, str]) -> Area | None:
    if "area" not in asked:
        return None
    try:
        decoded: Any = msgspec.json.decode(asked["area"], type=list[tuple[float, float]])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise InvalidRequest(
            "area: write a JSON list of [latitude, longitude], such as [[53.1,-50.2]]", field="area"
        ) from error
    corners: list[tuple[float, float]] = decoded
    if not 0 < len(corners) <= MOST_CORNERS:
        raise InvalidRequest(
            "area: from 1 to {max_corners} points can be given", max_corners=MOST_CORNERS, field="area"
        )
    for latitude, longitude in corners:
        if not (-90 <= latitude <= 90 and -720 <= longitude <= 720):
            raise InvalidRequest(
                "area: [{latitude:g},{longitude:g}] is no [latitude, longitude] in degrees",
                latitude=latitude,
                longitude=longitude,
                field="area",
            )
    if len(set(corners)) > 1:
        return enclosed(corners)
    radius = _number(asked, "radius")
    radius = DEFAULT_RADIUS if radius is None else radius
    if not 0 < radius <= HALF_WAY:
        raise InvalidRequest("radius: from above 0 to {value:.0f} km can be given", value=HALF_WAY, field="radius")
    return Circle(*corners[0], radius)
