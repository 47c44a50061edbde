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

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_common.contracts.metadata import Facets, FacetValue, Found, SearchPage
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.geometry import Bounds, wrap_longitude
from ocean_core.time import Period
from ocean_metadata.catalogue.localized import SOURCE, localize_dataset
from ocean_metadata.catalogue.model import DatasetRecord, GridRecord, Snapshot, VariableRecord, dataset_period

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


def split_words(text: str) -> list[str]:
    """Split a text into folded words in the singular, without stop words; a word is letters and digits."""
    return [_singular(word) for word in _WORD.findall(fold(text)) if word not in STOP_WORDS]


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
_QUANTITIES = tuple((re.compile(pattern), tuple(split_words(names))) for pattern, names in QUANTITIES)


@cache
def synonyms(name: str) -> tuple[str, ...]:
    """Return the words by which people may search for a quantity with this standard, long or display name."""
    text = fold(name).replace("_", " ")
    return tuple(dict.fromkeys(word for pattern, names in _QUANTITIES if pattern.search(text) for word in names))


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
    first, last = (axis.first, axis.last) if axis else NO_PERIOD
    outlines = sorted({outline for outline in map(_outline, record.grids) if outline})
    return SearchDocument(
        revision=record.revision,
        weights=_word_weights(record),
        facets={
            "group": (record.group,) if record.group else (),
            "quantum": (record.quantum,) if record.quantum else (),
            "model_class": (record.model_class,) if record.model_class else (),
            "standard_name": _distinct(variable.standard_name for variable in record.visible_variables),
            "variable": _distinct(variable.key for variable in record.visible_variables),
        },
        first=first,
        last=last,
        outlines={hashlib.blake2b(outline.encode(), digest_size=12).digest(): outline for outline in outlines},
    )


def _word_weights(record: DatasetRecord) -> dict[str, float]:
    weights: dict[str, float] = {}
    texts = [(record.name, _NAME), (record.id, _ID), (record.group, _GROUP), (record.subgroup, _GROUP)]
    texts += [(record.help, _HELP), (record.attribution, _OTHER), (record.quantum, _OTHER)]
    texts += [(record.model_class, _OTHER)]
    texts += [(str(record.attributes[name]), part) for name, part in _ATTRIBUTES.items() if name in record.attributes]
    for texts_of_language in record.translations.values():
        texts += [(texts_of_language.get(name), part) for name, part in _TRANSLATED.items()]
    for variable in record.visible_variables:
        texts += _variable_texts(variable)
        for name in {variable.name, variable.standard_name or "", variable.long_name or ""}:
            for word in synonyms(name):
                weights[word] = max(weights.get(word, 0.0), _SYNONYM)
    for text, weight in texts:
        for word in _cached_words(text[:_MAX_TEXT]) if text else ():
            weights[word] = max(weights.get(word, 0.0), weight)
    return weights


_TRANSLATED = {"name": _NAME, "help": _HELP, "group": _GROUP}


def _variable_texts(variable: VariableRecord) -> list[tuple[str | None, float]]:
    names = [variable.name, variable.standard_name, variable.long_name]
    names += [texts.get("name") for texts in variable.translations.values()]
    return [(variable.key, _KEY), *((name, _QUANTITY) for name in names)]


@lru_cache(maxsize=10_000)
def _cached_words(text: str) -> tuple[str, ...]:
    """Split a text; many datasets share theirs."""
    return tuple(split_words(text))


def _outline(placement: GridRecord) -> str | None:
    """Return the outline of a grid's wet cells; its bounding box where that is unknown."""
    if placement.footprint or placement.grid.bounds is None:
        return placement.footprint
    west, south, east, north = placement.grid.bounds
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    boxes = [shapely.box(left, south, right, north) for left, right in spans]
    return str(shapely.to_geojson(shapely.unary_union(boxes)))


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


class InvertedIndex:
    """Sorted words, and for each of them the rows that have it with their weights."""

    def __init__(self, weights: Sequence[Mapping[str, float]]) -> None:
        self._row_count = len(weights)
        postings: dict[str, list[tuple[int, float]]] = {}
        for row, row_weights in enumerate(weights):
            for word, weight in row_weights.items():
                postings.setdefault(word, []).append((row, weight))
        self._words = sorted(postings)
        self._starts = np.cumsum([0, *(len(postings[word]) for word in self._words)])
        entries = [entry for word in self._words for entry in postings[word]]
        self._rows = np.array([row for row, _ in entries], dtype=np.intp)
        self._weights = np.array([weight for _, weight in entries], dtype=np.float32)
        self._by_deletion: dict[str, list[int]] = {}
        for number, word in enumerate(self._words):
            for form in _deletions(word):
                self._by_deletion.setdefault(form, []).append(number)

    def scores(self, query: Sequence[str]) -> Scores:
        """Score every row for the words of a query.

        Parameters
        ----------
        query : sequence of str
            From `split_words`.

        Returns
        -------
        ndarray of float32, shape (row,)
            0 for rows that lack one of the words; rare words count more.
        """
        total = np.zeros(self._row_count, dtype=np.float32)
        has_all = np.ones(self._row_count, dtype=bool)
        for word in list(dict.fromkeys(query))[:_MAX_QUERY_WORDS]:
            scores = self._word_scores(word)
            has_word = scores > 0
            has_all &= has_word
            total += scores * np.float32(np.log1p(self._row_count / max(1, int(has_word.sum()))))
        return np.where(has_all, total, np.float32(0))

    def _word_scores(self, word: str) -> Scores:
        """Score every row for one word: whole, as the prefix of a longer word, or misspelt where nothing else fits."""
        scores = np.zeros(self._row_count, dtype=np.float32)
        first = bisect_left(self._words, word)
        end = bisect_left(self._words, word + "\uffff")
        self._raise_scores(scores, first, end, _PREFIX)
        if first < len(self._words) and self._words[first] == word:
            self._raise_scores(scores, first, first + 1, 1.0)
        elif first == end:
            for number in {number for form in _deletions(word) for number in self._by_deletion.get(form, ())}:
                self._raise_scores(scores, number, number + 1, _MISSPELT)
        return scores

    def _raise_scores(self, scores: Scores, first: int, end: int, part: float) -> None:
        entries = slice(self._starts[first], self._starts[end])
        np.maximum.at(scores, self._rows[entries], self._weights[entries] * np.float32(part))


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


class Matches(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that fit a query, the best first."""

    rows: NDArray[np.intp]
    scores: Scores  # of all rows


class SearchIndex:
    """Index of datasets; rows are numbered in the order of the catalogue.

    Documents and outlines of datasets that did not change since ``previous`` are taken from it.
    """

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
        self._facets = {name: _Facet([document.facets.get(name, ()) for document in documents]) for name in FACETS}
        self._index_outlines(documents, previous)

    def _index_outlines(self, documents: Sequence[SearchDocument], previous: "SearchIndex | None") -> None:
        """Put every outline into the tree once: many datasets share theirs."""
        known_shapes = previous.shapes if previous else {}
        self.shapes: dict[bytes, shapely.Geometry] = {}
        numbers: dict[bytes, int] = {}
        pairs = list[tuple[int, int]]()
        for row, document in enumerate(documents):
            for digest, outline in document.outlines.items():
                if digest not in numbers:
                    numbers[digest] = len(numbers)
                    self.shapes[digest] = known_shapes.get(digest) or shapely.from_geojson(outline)
                pairs.append((numbers[digest], row))
        self._tree = shapely.STRtree(list(self.shapes.values()))
        ordered = np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2)
        self._outline_rows = ordered[:, 1]
        self._outline_starts = np.searchsorted(ordered[:, 0], np.arange(len(numbers) + 1))

    def search(self, query: SearchQuery) -> Matches:
        """Return the rows that fit a query, the best first; equally good ones in the order of the catalogue."""
        mask = np.ones(len(self.records), dtype=bool)
        for name, value in query.values.items():
            mask &= self._facets[name].mask(value)
        if query.period is not None:
            mask &= self.during(query.period)
        if query.bounds is not None:
            mask &= self._intersecting(_split_box(query.bounds))
        scores = np.zeros(len(self.records), dtype=np.float32)
        if query_words := split_words(query.words):
            scores = self._words.scores(query_words)
            mask &= scores > 0
        rows = np.flatnonzero(mask)
        return Matches(rows=rows[np.argsort(-scores[rows], kind="stable")], scores=scores)

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
        mask = np.zeros(len(self.records), dtype=bool)
        for number in self._tree.query(shapes, predicate="intersects")[1]:
            mask[self._outline_rows[self._outline_starts[number] : self._outline_starts[number + 1]]] = True
        return mask


class _Facet:
    """Values of all rows: none, one or several in each."""

    def __init__(self, values: Sequence[Iterable[str]]) -> None:
        codes: dict[str, int] = {}
        pairs = [
            (row, codes.setdefault(value, len(codes))) for row, row_values in enumerate(values) for value in row_values
        ]
        self._values = list(codes)
        self._rows, self._codes = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        self._by_name: dict[str, list[int]] = {}
        for value, code in codes.items():
            self._by_name.setdefault(fold(value), []).append(code)
        self._row_count = len(values)

    def mask(self, value: str) -> Mask:
        """Return the rows with a value, whatever its case and accents, or with one of several between commas."""
        names = {fold(name).strip() for name in (value, *value.split(","))}
        codes = [code for name in names for code in self._by_name.get(name, ())]
        mask = np.zeros(self._row_count, dtype=bool)
        mask[self._rows[np.isin(self._codes, codes)]] = True
        return mask

    def counts(self, mask: Mask) -> list[tuple[str, int]]:
        """Count the values among some rows."""
        numbers = np.bincount(self._codes[mask[self._rows]], minlength=len(self._values))
        present = np.flatnonzero(numbers)
        frequent = present[np.argsort(-numbers[present], kind="stable")[: 4 * MAX_FACET_VALUES]]
        counts = [(self._values[code], int(numbers[code])) for code in frequent]
        return sorted(counts, key=lambda entry: (-entry[1], entry[0]))[:MAX_FACET_VALUES]


def _split_box(bounds: Bounds) -> list[shapely.Geometry]:
    """Return a box between -180 and 180 degrees, in two parts where it crosses the antimeridian."""
    west, south, east, north = bounds
    if east - west >= 360.0:
        return [shapely.box(-180.0, south, 180.0, north)]
    left, right = (float(wrap_longitude(longitude)) for longitude in (west, east))
    right = 180.0 if right == -180.0 and east > west else right
    if left <= right:
        return [shapely.box(left, south, right, north)]
    return [shapely.box(left, south, 180.0, north), shapely.box(-180.0, south, right, north)]


class SearchIndexCache:
    """The index of the datasets that lists show, made once for every state of the catalogue."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._index = SearchIndex([])
        self._lock = threading.Lock()  # one thread makes it, others wait

    async def index(self, snapshot: Snapshot) -> SearchIndex:
        """Return the index of this state of the catalogue."""
        return self._index if self._snapshot is snapshot else await asyncio.to_thread(self.make, snapshot)

    def make(self, snapshot: Snapshot) -> SearchIndex:
        """Make the index before it is requested; blocks."""
        with self._lock:
            if self._snapshot is not snapshot:
                self._index = SearchIndex(snapshot.listed, self._index)
                self._snapshot = snapshot
            return self._index


def select_ids(index: SearchIndex, mask: Mask, dataset_ids: str | None) -> list[str]:
    """Return the ids of datasets in the order of the catalogue.

    Parameters
    ----------
    index : SearchIndex
        Of the datasets that lists show.
    mask : ndarray of bool, shape (dataset,)
        Datasets that fit.
    dataset_ids : str or None
        Ids between commas to which the result is limited; nothing means all. Unknown ids are ignored.
    """
    limited = {name.strip() for name in (dataset_ids or "").split(",")} - {""}
    names = [index.records[row].id for row in np.flatnonzero(mask)]
    return [name for name in names if name in limited] if limited else names


def search_page(
    index: SearchIndex, query: SearchQuery, limit: int, offset: int, translate: Translator = ENGLISH
) -> SearchPage:
    """Return a page of the results of a search, with the facets of all its results."""
    matches = index.search(query)
    title = _facet_titles(index, translate)
    facets = {
        name: [FacetValue(value=value, count=count, title=title(name, value)) for value, count in counts]
        for name, counts in index.facet_counts(matches.rows).items()
    }
    return SearchPage(
        total=len(matches.rows),
        limit=limit,
        offset=offset,
        results=[
            _search_result(localize_dataset(index.records[row], translate), float(matches.scores[row]))
            for row in matches.rows[offset : offset + limit].tolist()
        ],
        facets=Facets(**facets),
    )


def _facet_titles(index: SearchIndex, translate: Translator) -> Callable[[str, str], str | None]:
    """Return a function that translates values of facets; None for a value that stays."""
    if translate.language == SOURCE:
        return lambda _, __: None
    groups = {record.group: record.translations.get(translate.language, {}).get("group") for record in index.records}

    def title(facet: str, value: str) -> str | None:
        if facet == "group":
            return groups.get(value)
        if facet == "standard_name":
            return translate.quantity(value)
        return translate(value) if facet == "quantum" else None

    return title


def _search_result(record: DatasetRecord, score: float) -> Found:
    start, end = dataset_period(record)
    return Found(
        id=record.id,
        value=record.name,
        score=round(score, 2),
        help=record.help,
        attribution=record.attribution,
        group=record.group,
        subgroup=record.subgroup,
        quantum=record.quantum,
        model_class=record.model_class,
        bounds=record.bounds,
        start=start,
        end=end,
        variables=[variable.key for variable in record.visible_variables],
        revision=record.revision,
        href=f"/api/v2.0/dataset/{record.id}",
    )
