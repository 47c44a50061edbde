"""Answers about observations, as the v2.0 API tells them; and the ids in its addresses."""

from collections.abc import Iterable

from ocean_common.contracts.geojson import PointGeometry
from ocean_common.contracts.observations import (
    DataType,
    LineGeometry,
    ObservationProperties,
    ObservedVariable,
    StationCollection,
    StationFeature,
    TrackCollection,
    TrackFeature,
)
from ocean_common.errors import InvalidRequest, NotFound
from ocean_common.i18n import ENGLISH, Translator
from ocean_metadata.observations.ports import Found, Track

SUFFIX = ".json"
_LONGEST = 15  # digits of an id


def told(text: str) -> str:
    """The part of an address that says what is asked for: without the slash before it and the suffix."""
    found = text.removeprefix("/").removesuffix(SUFFIX)
    if "\0" in found:
        raise InvalidRequest("the address holds a character that no text has (NUL)")
    return found


def number(text: str) -> int:
    """An id. The existing front end writes a stray brace behind it."""
    found = whole(text)
    if found is None:
        raise NotFound("nothing has the id {text!r}; ids are numbers", text=text[:40], field="id")
    return found


def whole(text: str) -> int | None:
    """A number as it stands in an address; None if it is none."""
    plain = text.strip().removesuffix("}")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= _LONGEST else None


def numbers(text: str) -> list[int]:
    """Several ids."""
    return [number(one) for one in text.split(",") if one.strip()]


def variables(names: Iterable[str], translate: Translator = ENGLISH) -> list[ObservedVariable]:
    """Names with their places."""
    return [ObservedVariable(id=place, value=translate.quantity(name) or name) for place, name in enumerate(names)]


def datatypes(found: Iterable[DataType], translate: Translator) -> list[DataType]:
    """What was measured, by names in the language."""
    return [DataType(id=one.id, value=translate.quantity(one.value, one.id) or one.value) for one in found]


def stations(found: Iterable[Found]) -> StationCollection:
    """Stations on the map."""
    return StationCollection(
        features=[
            StationFeature(
                geometry=PointGeometry(coordinates=(one.longitude, one.latitude)),
                properties=ObservationProperties(id=one.id, type=one.type, class_="observation", name=one.name),
            )
            for one in found
        ]
    )


def tracks(found: Iterable[Track]) -> TrackCollection:
    """Tracks on the map."""
    return TrackCollection(
        features=[
            TrackFeature(
                geometry=LineGeometry(coordinates=one.points),
                properties=ObservationProperties(id=one.id, type=one.type, class_="observation"),
            )
            for one in found
        ]
    )
