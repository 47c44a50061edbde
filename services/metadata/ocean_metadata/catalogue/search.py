"""Full-text search over the datasets in memory: words, place, time and facets.

A dataset becomes a `SearchDocument`; `SearchIndex` has an inverted index of their words, arrays of their periods, an R
tree of their outlines and the values of their facets. Words are compared without accents, case and plural endings, in
English and French; quantities are found by what people call them. See docs/decisions/0018-search-index.md.
"""

import asyncio
import hashlib
import re
import threading
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Generic, TypeVar

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_common.contracts.metadata import Facets, FacetValue, Found, SearchPage
from ocean_common.i18n import ENGLISH, SOURCE, Translator
from ocean_core.geometry import Bounds, wrap_longitude
from ocean_core.time import Period, parse_iso_period
from ocean_metadata.catalogue.model import DatasetRecord, GridRecord, Snapshot, copy_fields
from ocean_metadata.catalogue.serializers import localize_dataset

V = TypeVar("V", str, bytes)
Mask = NDArray[np.bool_]
Scores = NDArray[np.float32]

FACETS = ("group", "quantum", "model_class", "standard_name", "variable")
MAX_FACET_VALUES = 50
NO_PERIOD = (2**62, -(2**62))  # first and last of a dataset without time: overlaps no period

_WORD = re.compile(r"[a-z0-9]+")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "ð": "d", "þ": "th"})
STOP_WORDS = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "into", "of", "off", "on", "or", "over", "the", "to", "with"}
    | {"au", "aux", "avec", "d", "dans", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par", "pour"}
    | {"sur", "un", "une"}
)

# Weight of a word by the field that has it, and the part of it that a prefix or a misspelt word counts.
_NAME, _ID, _KEY, _GROUP, _QUANTITY, _SYNONYM, _TITLE, _HELP, _OTHER = 8.0, 6.0, 5.0, 4.0, 4.0, 2.5, 3.0, 2.0, 1.0
_ATTRIBUTES = {"title": _TITLE, "keywords": _TITLE, "summary": _OTHER, "institution": _OTHER, "source": _OTHER,
               "project": _OTHER, "creator_name": _OTHER, "comment": _OTHER}  # fmt: skip
_TRANSLATED = {"name": _NAME, "help": _HELP, "group": _GROUP}
_PREFIX, _MISSPELT = 0.5, 0.3
_MIN_MISSPELT = 5  # letters
_MAX_QUERY_WORDS = 12
_MAX_TEXT = 2_000  # characters of a text that are indexed


def fold(text: str) -> str:
    """Fold to small letters without accents: ``Température`` → ``temperature``."""
    if text.isascii():
        return text.lower()
    lower = text.casefold().translate(_LETTERS)
    return "".join(letter for letter in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(letter))


@lru_cache(maxsize=10_000)  # many datasets share their texts
def split_words(text: str) -> tuple[str, ...]:
    """Split a text into folded words in the singular, without stop words; a word is letters and digits."""
    return tuple(_singular(word) for word in _WORD.findall(fold(text)) if word not in STOP_WORDS)


def _singular(word: str) -> str:
    """Remove the plural ending of English or French; all that matters is that both forms become the same."""
    if len(word) > 4 and word.endswith(("aux", "eux")):
        return word[:-1]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


# Pattern in standard names, long names and display names (folded) → words by which people may search for it.
QUANTITIES: tuple[tuple[str, str], ...] = (
    (r"temperature|\bsst\b", "temperature thermal heat température chaleur thermique"),
    (r"surface temperature|\bsst\b", "SST sea surface temperature TSM température de surface"),
    (r"salinit|\bsss\b|\bpsu\b", "salinity salt salinité sel"),
    (r"velocity|current|courant|\bspeed\b(?! of sound)", "current velocity speed flow courant vitesse écoulement"),
    (r"speed of sound|sound speed|vitesse du son|celerite", "sound speed acoustics célérité vitesse du son acoustique"),
    (r"surface height|sea level|surface elevation|\bssh\b|sea surface above|free surface|niveau de la mer",
     "sea level surface height elevation SSH tide niveau de la mer hauteur élévation marée"),
    (r"\bice\b|\bglace\b", "sea ice glace de mer banquise"),
    (r"ice thickness|thickness of .*ice|epaisseur de .*glace", "ice thickness épaisseur de glace"),
    (r"ice area|ice fraction|ice concentration|ice cover", "ice concentration fraction cover concentration couverture"),
    (r"mixed layer|couche (?:de )?melange", "mixed layer depth couche mélangée de mélange"),
    (r"\bwaves?\b|swell|houle|\bvagues?\b", "wave swell height vague houle hauteur"),
    (r"wave period", "wave period période vague"),
    (r"wind|\bvents?\b", "wind vent"),
    (r"\bpress(?:ure|ion)\b", "pressure pression"),
    (r"precipitation|rain|\bpluie\b", "precipitation rain précipitation pluie"),
    (r"chlorophyl", "chlorophyll phytoplankton ocean colour chlorophylle phytoplancton couleur"),
    (r"phytoplan[ck]ton|diatom|flagellate", "phytoplankton plankton phytoplancton plancton"),
    (r"zooplan[ck]ton", "zooplankton plankton zooplancton plancton"),
    (r"oxygen", "oxygen oxygène"),
    (r"nitrate", "nitrate nutrient nutriment azote"),
    (r"phosphate", "phosphate nutrient nutriment phosphore"),
    (r"silicate|silicon", "silicate nutrient nutriment silicium"),
    (r"\bph\b|alkalinity|inorganic carbon|\bpco2\b", "pH acidity carbon acidité carbone"),
    (r"bathymetr|sea floor depth|bottom depth|model depth|topography",
     "bathymetry topography sea floor depth bathymétrie topographie fond profondeur"),
    (r"densit|sigma theta|masse volumique", "density densité masse volumique"),
    (r"vorticit", "vorticity vorticité tourbillon"),
    (r"heat flux|radiation|flux de chaleur|rayonnement", "heat flux radiation flux de chaleur rayonnement"),
    (r"turbidity|suspended|sediment", "turbidity sediment turbidité sédiment"),
    (r"river|runoff|riviere|fleuve", "river runoff rivière fleuve débit"),
)  # fmt: skip


@cache
def synonyms(name: str) -> tuple[str, ...]:
    """Return the words by which people may search for a quantity with this standard, long or display name."""
    text = fold(name).replace("_", " ")
    names = " ".join(names for pattern, names in QUANTITIES if re.search(pattern, text))
    return tuple(dict.fromkeys(split_words(names)))


class SearchDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Words, facets, period and outlines by which a dataset is found."""

    revision: str
    weights: dict[str, float]  # word → weight
    facets: dict[str, tuple[str, ...]]
    first: int  # s since 1970-01-01 UTC
    last: int
    outlines: dict[bytes, str]  # digest → GeoJSON


def search_document(record: DatasetRecord) -> SearchDocument:
    """Collect the words, facets, period and outlines of a dataset, with the variables that lists show."""
    axis = record.times[record.time] if record.time is not None else None
    first, last = (axis.first, axis.last) if axis and axis.dated else NO_PERIOD
    if axis and axis.dated and record.quantum == "month":  # the time steps that are listed are found
        start, end = (parse_iso_period(text) for text in axis.period.format("month"))
        first, last = min(first, start.first), max(last, end.last)
    outlines = sorted({outline for outline in map(_outline, record.grids) if outline})
    facets = {name: [getattr(record, name)] for name in ("group", "quantum", "model_class")}
    facets["standard_name"] = [variable.standard_name for variable in record.visible_variables]
    facets["variable"] = [variable.key for variable in record.visible_variables]
    return SearchDocument(
        revision=record.revision,
        weights=_word_weights(record),
        facets={name: tuple(dict.fromkeys(filter(None, values))) for name, values in facets.items()},
        first=first,
        last=last,
        outlines={hashlib.blake2b(outline.encode(), digest_size=12).digest(): outline for outline in outlines},
    )


def _word_weights(record: DatasetRecord) -> dict[str, float]:
    weights: dict[str, float] = {}
    texts = [(record.name, _NAME), (record.id, _ID), (record.group, _GROUP), (record.subgroup, _GROUP)]
    texts += [(record.help, _HELP)]
    texts += [(text, _OTHER) for text in (record.attribution, record.quantum, record.model_class)]
    texts += [(str(record.attributes[name]), part) for name, part in _ATTRIBUTES.items() if name in record.attributes]
    for translation in record.translations.values():
        texts += [(translation.get(name), part) for name, part in _TRANSLATED.items()]
    for variable in record.visible_variables:
        names = [variable.name, variable.standard_name, variable.long_name]
        translations = [translation.get("name") for translation in variable.translations.values()]
        texts += [(variable.key, _KEY), *((name, _QUANTITY) for name in names + translations)]
        for word in {word for name in names if name for word in synonyms(name)}:
            weights[word] = _SYNONYM
    for text, weight in texts:
        for word in split_words(text[:_MAX_TEXT]) if text else ():
            weights[word] = max(weights.get(word, 0.0), weight)
    return weights


def _outline(placement: GridRecord) -> str | None:
    """Return the outline of a grid's wet cells; its bounding box where that is unknown."""
    if placement.footprint or placement.grid.bounds is None:
        return placement.footprint
    return str(shapely.to_geojson(shapely.unary_union(_boxes(*placement.grid.bounds))))


def _boxes(west: float, south: float, east: float, north: float) -> list[shapely.Geometry]:
    """Return a box between -180 and 180 degrees, in two parts where it crosses the antimeridian."""
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    return [shapely.box(left, south, right, north) for left, right in spans]


class Postings(Generic[V]):
    """Sorted values, and for each of them the rows that have it."""

    def __init__(self, values_of_rows: Sequence[Iterable[V]]) -> None:
        rows: dict[V, list[int]] = {}
        for row, values in enumerate(values_of_rows):
            for value in values:
                rows.setdefault(value, []).append(row)
        self.values: list[V] = sorted(rows)
        self.row_count = len(values_of_rows)
        self.rows = np.array([row for value in self.values for row in rows[value]], dtype=np.intp)
        self.starts = np.cumsum([0, *(len(rows[value]) for value in self.values)])

    def mask(self, numbers: Iterable[int]) -> Mask:
        """Return the rows that have one of some values, by the numbers of these."""
        mask = np.zeros(self.row_count, dtype=bool)
        for number in numbers:
            mask[self.rows[self.starts[number] : self.starts[number + 1]]] = True
        return mask


class Facet(Postings[str]):
    """Values by which results can be narrowed."""

    def __init__(self, values: Sequence[Iterable[str]]) -> None:
        super().__init__(values)
        self._numbers: dict[str, list[int]] = {}
        for number, value in enumerate(self.values):
            self._numbers.setdefault(fold(value), []).append(number)

    def mask_of(self, text: str) -> Mask:
        """Return the rows with a value, whatever its case and accents, or with one of several between commas."""
        names = {fold(name).strip() for name in (text, *text.split(","))}
        return self.mask(number for name in names for number in self._numbers.get(name, ()))

    def counts(self, mask: Mask) -> list[tuple[str, int]]:
        """Count the values among some rows, the most frequent first."""
        if not self.values:
            return []
        counts = np.add.reduceat(mask[self.rows], self.starts[:-1], dtype=np.intp)
        order = np.argsort(-counts, kind="stable")[:MAX_FACET_VALUES]
        return [(self.values[number], int(counts[number])) for number in order if counts[number]]


class InvertedIndex(Postings[str]):
    """Words, and for each of them the rows that have it with their weights."""

    def __init__(self, weights: Sequence[Mapping[str, float]]) -> None:
        super().__init__(weights)
        self._weights = np.zeros(self.rows.size, dtype=np.float32)
        self._by_deletion: dict[str, list[int]] = {}
        for number, word in enumerate(self.values):
            entries = slice(self.starts[number], self.starts[number + 1])
            self._weights[entries] = [weights[row][word] for row in self.rows[entries].tolist()]
            for form in _deletions(word):
                self._by_deletion.setdefault(form, []).append(number)

    def scores(self, query: Sequence[str]) -> Scores:
        """Score every row, shape (row,), for the words of a query (from `split_words`); rare words count more.

        Rows that lack one of the words have 0.
        """
        total = np.zeros(self.row_count, dtype=np.float32)
        has_all = np.ones(self.row_count, dtype=bool)
        for word in list(dict.fromkeys(query))[:_MAX_QUERY_WORDS]:
            scores = self._word_scores(word)
            has_word = scores > 0
            has_all &= has_word
            total += scores * np.float32(np.log1p(self.row_count / max(1, int(has_word.sum()))))
        return np.where(has_all, total, np.float32(0))

    def _word_scores(self, word: str) -> Scores:
        """Score every row for one word: whole, as the prefix of a longer word, or misspelt where nothing else fits."""
        scores = np.zeros(self.row_count, dtype=np.float32)
        first = bisect_left(self.values, word)
        end = bisect_left(self.values, word + "\uffff")
        self._raise_scores(scores, first, end, _PREFIX)
        if first < len(self.values) and self.values[first] == word:
            self._raise_scores(scores, first, first + 1, 1.0)
        elif first == end:
            for number in {number for form in _deletions(word) for number in self._by_deletion.get(form, ())}:
                self._raise_scores(scores, number, number + 1, _MISSPELT)
        return scores

    def _raise_scores(self, scores: Scores, first: int, end: int, part: float) -> None:
        entries = slice(self.starts[first], self.starts[end])
        np.maximum.at(scores, self.rows[entries], self._weights[entries] * np.float32(part))


def _deletions(word: str) -> Iterator[str]:
    """Yield a word, and the word without each of its letters: words that share one differ by about a letter."""
    if len(word) >= _MIN_MISSPELT:
        yield word
        yield from {word[:position] + word[position + 1 :] for position in range(len(word))}


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions of a search; all of them must hold."""

    words: str = ""
    bounds: Bounds | None = None
    period: Period | None = None
    values: dict[str, str] = {}  # facet → value, or several between commas of which one must hold


class SearchIndex:
    """Index of datasets, numbered in the order of the catalogue; what did not change is taken from ``previous``."""

    def __init__(self, records: Sequence[DatasetRecord], previous: "SearchIndex | None" = None) -> None:
        self.records = list(records)
        self.documents: dict[str, SearchDocument] = {}
        for record in records:
            document = previous.documents.get(record.id) if previous else None
            if document is None or not record.revision or document.revision != record.revision:
                document = search_document(record)
            self.documents[record.id] = document
        documents = list(self.documents.values())
        self._words = InvertedIndex([document.weights for document in documents])
        self._first = np.array([document.first for document in documents], dtype=np.int64)
        self._last = np.array([document.last for document in documents], dtype=np.int64)
        self._facets = {name: Facet([document.facets[name] for document in documents]) for name in FACETS}
        # Every outline is in the tree once: many datasets share theirs.
        self._outlines = Postings([document.outlines for document in documents])
        outlines = {digest: outline for document in documents for digest, outline in document.outlines.items()}
        known_shapes = previous.shapes if previous else {}
        self.shapes: dict[bytes, shapely.Geometry] = {
            digest: known_shapes.get(digest) or shapely.from_geojson(outlines[digest])
            for digest in self._outlines.values
        }
        self._tree = shapely.STRtree(list(self.shapes.values()))

    def search(self, query: SearchQuery) -> tuple[NDArray[np.intp], Scores]:
        """Return the rows that fit a query, the best first, then in the order of the catalogue; the scores of all."""
        mask = np.ones(len(self.records), dtype=bool)
        for name, value in query.values.items():
            mask &= self._facets[name].mask_of(value)
        if query.period is not None:
            mask &= self.during(query.period)
        if query.bounds is not None:
            mask &= self._intersecting(_split_box(query.bounds))
        scores = np.zeros(len(self.records), dtype=np.float32)
        if query_words := split_words(query.words):
            scores = self._words.scores(query_words)
            mask &= scores > 0
        rows = np.flatnonzero(mask)
        return rows[np.argsort(-scores[rows], kind="stable")], scores

    def during(self, period: Period) -> Mask:
        """Return which datasets overlap a period from their first to their last time step."""
        return (self._first <= period.last) & (self._last >= period.first)

    def at(self, latitude: float, longitude: float) -> Mask:
        """Return which datasets cover a point: degrees, in any convention of longitudes."""
        east = float(wrap_longitude(longitude))
        longitudes = (east, 180.0) if east == -180.0 else (east,)
        return self._intersecting([shapely.Point(wrapped, latitude) for wrapped in longitudes])

    def facet_counts(self, rows: NDArray[np.intp]) -> dict[str, list[tuple[str, int]]]:
        """Count the values of each facet among some rows, the most frequent first."""
        mask = np.zeros(len(self.records), dtype=bool)
        mask[rows] = True
        return {name: facet.counts(mask) for name, facet in self._facets.items()}

    def _intersecting(self, shapes: Sequence[shapely.Geometry]) -> Mask:
        return self._outlines.mask(self._tree.query(shapes, predicate="intersects")[1])


def _split_box(bounds: Bounds) -> list[shapely.Geometry]:
    """Return the parts between -180 and 180 degrees of a box in any convention of longitudes."""
    west, south, east, north = bounds
    if east - west >= 360.0:
        return _boxes(-180.0, south, 180.0, north)
    left, right = (float(wrap_longitude(longitude)) for longitude in (west, east))
    return _boxes(left, south, 180.0 if right == -180.0 and east > west else right, north)


class SearchIndexCache:
    """The index of the datasets that lists show, made once for every state of the catalogue."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._index = SearchIndex([])
        self._lock = threading.Lock()  # one thread makes it, others wait

    async def index(self, snapshot: Snapshot) -> SearchIndex:
        return self._index if self._snapshot is snapshot else await asyncio.to_thread(self.make, snapshot)

    def make(self, snapshot: Snapshot) -> SearchIndex:
        """Make the index before it is requested; blocks."""
        with self._lock:
            if self._snapshot is not snapshot:
                self._index = SearchIndex(snapshot.listed, self._index)
                self._snapshot = snapshot
            return self._index


def select_ids(index: SearchIndex, mask: Mask, dataset_ids: str | None) -> list[str]:
    """Return the ids of the datasets of a mask, limited to those between commas in ``dataset_ids`` if it is given."""
    names = [index.records[row].id for row in np.flatnonzero(mask)]
    if dataset_ids is None:
        return names
    limited = {name.strip() for name in dataset_ids.split(",")}
    return [name for name in names if name in limited]


def search_page(
    index: SearchIndex, query: SearchQuery, limit: int, offset: int, translate: Translator = ENGLISH
) -> SearchPage:
    """Return a page of the results of a search, with the facets of all its results."""
    rows, scores = index.search(query)
    titles: dict[str, Callable[[str], str | None]] = {}
    if (language := translate.language) != SOURCE:
        groups = {record.group: record.translations.get(language, {}).get("group") for record in index.records}
        titles = {"group": groups.get, "standard_name": translate.quantity, "quantum": translate}
    facets = {
        name: [
            FacetValue(value=value, count=count, title=titles[name](value) if name in titles else None)
            for value, count in counts
        ]
        for name, counts in index.facet_counts(rows).items()
    }
    return SearchPage(
        total=len(rows),
        limit=limit,
        offset=offset,
        results=[
            _search_result(localize_dataset(index.records[row], translate), float(scores[row]))
            for row in rows[offset : offset + limit].tolist()
        ],
        facets=Facets(**facets),
    )


def _search_result(record: DatasetRecord, score: float) -> Found:
    start, end = record.period
    return copy_fields(
        record,
        Found,
        value=record.name,
        score=round(score, 2),
        start=start,
        end=end,
        variables=[variable.key for variable in record.visible_variables],
        href=f"/api/v2.0/dataset/{record.id}",
    )
