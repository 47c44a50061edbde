"""Words and the rows that have them: whole words count most, then their beginnings, then what is nearly spelt so."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_BEGINNING, _NEARLY = 0.5, 0.3  # of the weight of the whole word
_SHORTEST = 5  # letters of a word that may be misspelt
_MOST_WORDS = 12  # of a question that are looked at

Scores = NDArray[np.float32]


class Words:
    """An inverted index: the sorted words, and for each the rows that have it with their weights."""

    def __init__(self, weights: Sequence[Mapping[str, float]]) -> None:
        self._size = len(weights)
        found: dict[str, list[tuple[int, float]]] = {}
        for row, few in enumerate(weights):
            for word, weight in few.items():
                found.setdefault(word, []).append((row, weight))
        self._words = sorted(found)
        lists = [found[word] for word in self._words]
        self._starts = np.cumsum([0, *map(len, lists)])
        flat = [pair for each in lists for pair in each]
        self._rows = np.array([row for row, _ in flat], dtype=np.intp)
        self._weights = np.array([weight for _, weight in flat], dtype=np.float32)
        self._shortened: dict[str, list[int]] = {}
        for number, word in enumerate(self._words):
            for one in _shortened(word):
                self._shortened.setdefault(one, []).append(number)

    def scores(self, wanted: Sequence[str]) -> Scores:
        """How well every row fits the words of a question.

        Parameters
        ----------
        wanted : sequence of str
            As `words` gives them.

        Returns
        -------
        ndarray of float32, shape (row,)
            0 for rows that lack one of the words; rare words count more.
        """
        total = np.zeros(self._size, dtype=np.float32)
        everywhere = np.ones(self._size, dtype=bool)
        for word in list(dict.fromkeys(wanted))[:_MOST_WORDS]:
            best = self._best(word)
            having = best > 0
            everywhere &= having
            total += best * np.float32(np.log1p(self._size / max(1, int(having.sum()))))
        return np.where(everywhere, total, np.float32(0))

    def _best(self, word: str) -> Scores:
        """The weight of one word in every row."""
        best = np.zeros(self._size, dtype=np.float32)
        first = bisect_left(self._words, word)
        after = bisect_left(self._words, word + "\uffff")
        self._raise(best, first, after, _BEGINNING)
        if first < len(self._words) and self._words[first] == word:
            self._raise(best, first, first + 1, 1.0)
        elif first == after:
            for number in self._near(word):
                self._raise(best, number, number + 1, _NEARLY)
        return best

    def _raise(self, best: Scores, first: int, after: int, part: float) -> None:
        some = slice(self._starts[first], self._starts[after])
        np.maximum.at(best, self._rows[some], self._weights[some] * np.float32(part))

    def _near(self, word: str) -> set[int]:
        """Words that differ by a letter: one more, one less, another, or two that changed places."""
        return {number for one in _shortened(word) for number in self._shortened.get(one, ())}


def _shortened(word: str) -> Iterator[str]:
    """A word, and the word without each of its letters: two words that share one of these are near."""
    if len(word) >= _SHORTEST:
        yield word
        yield from {word[:at] + word[at + 1 :] for at in range(len(word))}
