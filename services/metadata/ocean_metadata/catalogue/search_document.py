"""A dataset as it is looked for: its words, the values of its facets, where and when it is."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import msgspec
import shapely

from ocean_metadata.catalogue.model import DatasetRecord, GridRecord, VariableRecord
from ocean_metadata.catalogue.words import synonyms, words

NEVER = (2**62, -(2**62))  # first and last of a dataset without time: within no period
# How much a word says, by where it stands.
_NAME, _ID, _KEY, _GROUP, _QUANTITY, _SYNONYM, _TITLE, _HELP, _REST = 8.0, 6.0, 5.0, 4.0, 4.0, 2.5, 3.0, 2.0, 1.0
_TEXTS = {"title": _TITLE, "keywords": _TITLE, "summary": _REST, "institution": _REST, "source": _REST,
          "project": _REST, "creator_name": _REST, "comment": _REST}  # fmt: skip
_LONGEST = 2_000  # characters of a text that are looked at


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset is found by."""

    weights: dict[str, float]  # of its words
    facets: dict[str, tuple[str, ...]]
    first: int  # s since 1970-01-01 UTC
    last: int
    outlines: list[str]  # GeoJSON, each once
    prints: list[bytes]  # of the outlines


def describe(record: DatasetRecord) -> Description:
    """Gather what a dataset is found by.

    Parameters
    ----------
    record : DatasetRecord
        As the catalogue keeps it.

    Returns
    -------
    Description
        Of the variables that lists show.
    """
    shown = shown_variables(record)
    axis = record.times[record.time] if record.time is not None else None
    outlines = sorted({one for one in map(_outline, record.grids) if one})
    first, last = (axis.first, axis.last) if axis else NEVER
    return Description(
        weights=_weights(record, shown),
        facets={
            "group": (record.group,) if record.group else (),
            "quantum": (record.quantum,) if record.quantum else (),
            "model_class": (record.model_class,) if record.model_class else (),
            "standard_name": _unique(one.standard_name for one in shown),
            "variable": _unique(one.key for one in shown),
        },
        first=first,
        last=last,
        outlines=outlines,
        prints=[hashlib.blake2b(one.encode(), digest_size=12).digest() for one in outlines],
    )


def shown_variables(record: DatasetRecord) -> list[VariableRecord]:
    """The variables that lists show."""
    return [one for one in record.variables if not (one.hidden or one.auxiliary)]


def _weights(record: DatasetRecord, shown: Iterable[VariableRecord]) -> dict[str, float]:
    found: dict[str, float] = {}
    texts = [(record.name, _NAME), (record.id, _ID), (record.group, _GROUP), (record.subgroup, _GROUP)]
    texts += [(record.help, _HELP), (record.attribution, _REST), (record.quantum, _REST), (record.model_class, _REST)]
    texts += [(str(record.attributes[name]), weight) for name, weight in _TEXTS.items() if name in record.attributes]
    for one in shown:
        texts += [(one.key, _KEY), (one.name, _QUANTITY), (one.standard_name, _QUANTITY), (one.long_name, _QUANTITY)]
        for name in {one.name, one.standard_name or "", one.long_name or ""}:
            for word in synonyms(name):
                found[word] = max(found.get(word, 0.0), _SYNONYM)
    for told in record.translations.values():
        texts += [(told.get("name"), _NAME), (told.get("help"), _HELP), (told.get("group"), _GROUP)]
    for one in shown:
        texts += [(told.get("name"), _QUANTITY) for told in one.translations.values()]
    for text, weight in texts:
        for word in _told(text[:_LONGEST]) if text else ():
            found[word] = max(found.get(word, 0.0), weight)
    return found


@lru_cache(maxsize=10_000)
def _told(text: str) -> tuple[str, ...]:
    """The words of a text: many datasets share theirs."""
    return tuple(words(text))


def _outline(placed: GridRecord) -> str | None:
    """Where the wet cells of a grid are; its bounding box where that is not known."""
    if placed.footprint or placed.grid.bounds is None:
        return placed.footprint
    west, south, east, north = placed.grid.bounds
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    boxes = [shapely.box(left, south, right, north) for left, right in parts]
    return str(shapely.to_geojson(shapely.unary_union(boxes)))


def _unique(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in values if one))
