"""Finds datasets: by words, place, time and what they hold, in memory."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_core.geometry import wrap_longitude
from ocean_core.time import Period
from ocean_metadata.catalogue.inverted_index import Words
from ocean_metadata.catalogue.model import DatasetRecord
from ocean_metadata.catalogue.search_document import Description, describe
from ocean_metadata.catalogue.words import folded, words
from ocean_metadata.index.places import Bounds

FACETS = ("group", "quantum", "model_class", "standard_name", "variable")
MOST = 50  # values that a facet tells

Mask = NDArray[np.bool_]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a search is for: everything that is told must fit."""

    words: str = ""
    bounds: Bounds | None = None
    period: Period | None = None
    values: dict[str, str] = {}  # facet → value, or several between commas: one of them must fit


class Matches(msgspec.Struct, frozen=True, kw_only=True):
    """What fits, the best first."""

    rows: NDArray[np.intp]
    scores: NDArray[np.float32]  # of all rows


class Index:
    """Datasets made ready to be found; rows are numbered in the order of the catalogue.

    What the index ``before`` made of datasets that did not change is taken from it.
    """

    def __init__(self, records: Sequence[DatasetRecord], before: "Index | None" = None) -> None:
        self.known: dict[str, Known] = {
            one.id: _known(one, before.known.get(one.id) if before else None) for one in records
        }
        described = [one.description for one in self.known.values()]
        self.records = list(records)
        self.row_of = {one.id: row for row, one in enumerate(records)}
        self._words = Words([one.weights for one in described])
        self._first = np.array([one.first for one in described], dtype=np.int64)
        self._last = np.array([one.last for one in described], dtype=np.int64)
        self._facets = {name: _Facet([one.facets.get(name, ()) for one in described]) for name in FACETS}
        self._place(described, before.shapes if before else {})

    def _place(self, described: Sequence[Description], known: Mapping[bytes, shapely.Geometry]) -> None:
        """Outlines, each once: many datasets share theirs."""
        self.shapes: dict[bytes, shapely.Geometry] = {}
        numbers: dict[bytes, int] = {}
        pairs = list[tuple[int, int]]()
        for row, one in enumerate(described):
            for mark, outline in zip(one.prints, one.outlines, strict=True):
                if mark not in numbers:
                    numbers[mark] = len(numbers)
                    self.shapes[mark] = known.get(mark) or shapely.from_geojson(outline)
                pairs.append((numbers[mark], row))
        self._tree = shapely.STRtree(list(self.shapes.values()))
        ordered = np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2)
        self._placed = ordered[:, 1]
        self._starts = np.searchsorted(ordered[:, 0], np.arange(len(numbers) + 1))

    def search(self, asked: Asked) -> Matches:
        """Rows that fit all that is asked for.

        Parameters
        ----------
        asked : Asked
            Words, box, period and values.

        Returns
        -------
        Matches
            The best first; what fits equally well in the order of the catalogue.
        """
        mask = np.ones(len(self.records), dtype=bool)
        for name, value in asked.values.items():
            mask &= self._facets[name].mask(value)
        if asked.period is not None:
            mask &= self.during(asked.period)
        if asked.bounds is not None:
            mask &= self._meeting(_boxes(asked.bounds))
        scores = np.zeros(len(self.records), dtype=np.float32)
        if wanted := words(asked.words):
            scores = self._words.scores(wanted)
            mask &= scores > 0
        rows = np.flatnonzero(mask)
        return Matches(rows=rows[np.argsort(-scores[rows], kind="stable")], scores=scores)

    def during(self, period: Period) -> Mask:
        """Which datasets have their first time step before the end of a period, and their last after its beginning."""
        return (self._first <= period.last) & (self._last >= period.first)

    def at(self, latitude: float, longitude: float) -> Mask:
        """Which datasets cover a place: degrees, in any convention of longitudes."""
        east = float(wrap_longitude(longitude))
        places = [(east, latitude), *([(180.0, latitude)] if east == -180.0 else [])]
        return self._meeting([shapely.Point(one) for one in places])

    def facets(self, rows: NDArray[np.intp]) -> dict[str, list[tuple[str, int]]]:
        """How many of these rows have which value: the most frequent first."""
        mask = np.zeros(len(self.records), dtype=bool)
        mask[rows] = True
        return {name: one.counts(mask) for name, one in self._facets.items()}

    def _meeting(self, shapes: Sequence[shapely.Geometry]) -> Mask:
        mask = np.zeros(len(self.records), dtype=bool)
        for number in self._tree.query(shapes, predicate="intersects")[1]:
            mask[self._placed[self._starts[number] : self._starts[number + 1]]] = True
        return mask


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset as it is found, in one revision."""

    revision: str
    description: Description


def _known(record: DatasetRecord, before: Known | None) -> Known:
    """What was made of a dataset before, unless it changed."""
    if before is not None and before.revision == record.revision and record.revision:
        return before
    return Known(revision=record.revision, description=describe(record))


class _Facet:
    """The values of all rows: none, one or several each."""

    def __init__(self, values: Sequence[Iterable[str]]) -> None:
        codes: dict[str, int] = {}
        pairs = [(row, codes.setdefault(one, len(codes))) for row, few in enumerate(values) for one in few]
        self._values = list(codes)
        self._rows, self._codes = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        self._by_name: dict[str, list[int]] = {}
        for value, code in codes.items():
            self._by_name.setdefault(folded(value), []).append(code)
        self._size = len(values)

    def mask(self, wanted: str) -> Mask:
        """Rows with a value, whatever its case and accents; or with one of several."""
        names = {folded(one).strip() for one in (wanted, *wanted.split(","))}
        codes = [code for name in names for code in self._by_name.get(name, ())]
        found = np.zeros(self._size, dtype=bool)
        found[self._rows[np.isin(self._codes, codes)]] = True
        return found

    def counts(self, mask: Mask) -> list[tuple[str, int]]:
        """How often each value is, among some rows."""
        numbers = np.bincount(self._codes[mask[self._rows]], minlength=len(self._values))
        some = np.flatnonzero(numbers)
        best = some[np.argsort(-numbers[some], kind="stable")[: 4 * MOST]]
        found = [(self._values[each], int(numbers[each])) for each in best]
        return sorted(found, key=lambda each: (-each[1], each[0]))[:MOST]


def _boxes(bounds: Bounds) -> list[shapely.Geometry]:
    """A box between -180 and 180 degrees: in two parts where it crosses the antimeridian."""
    west, south, east, north = bounds
    if east - west >= 360.0:
        return [shapely.box(-180.0, south, 180.0, north)]
    left, right = (float(wrap_longitude(longitude)) for longitude in (west, east))
    right = 180.0 if right == -180.0 and east > west else right
    if left <= right:
        return [shapely.box(left, south, right, north)]
    return [shapely.box(left, south, 180.0, north), shapely.box(-180.0, south, right, north)]
