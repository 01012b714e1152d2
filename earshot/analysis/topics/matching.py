"""Finds the terms of a glossary in texts: exactly, and what is left of a text approximately."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from itertools import pairwise
from operator import or_
from typing import NamedTuple

import ahocorasick
import numpy as np
from rapidfuzz.distance import Levenshtein

from earshot.analysis.topics.glossary import Glossary
from earshot.analysis.topics.plain_text import words_of

EDITS = ((6, 0), (10, 1), (15, 2), (10_000, 3))
"""Letters of a term, from its first to its last without spaces, below which it has at most this
many edits (inserted, missing or other letters). Shorter terms are found exactly or not at all."""
NONE = ""
"""Topic of excluded expressions: their words mention nothing."""
MOST_EDITS = max(most for _, most in EDITS)
MEMORY = 20_000
"""Words, and runs of words, whose near terms are remembered."""


class Hit(NamedTuple):
    """A term in a text; the words are ``[first, end)`` of the given ones."""

    topic: str
    term: str
    """As written in the glossary."""
    first: int
    end: int
    score: float
    """1 minus the share of its letters that differ."""
    exact: bool
    """False where letters differ, or where spaces stand elsewhere."""


class _Term(NamedTuple):
    topic: str
    term: str
    words: int


class _Span(NamedTuple):
    """Plain words ``[first, end)`` that are a term, or close to one."""

    first: int
    end: int
    score: float
    term: _Term
    exact: bool = False

    @property
    def rank(self) -> tuple[float, int, int]:
        """The best, then the longest, then the earliest is first."""
        return -self.score, self.first - self.end, self.first


class Matcher:
    """The terms of a glossary, prepared for matching; made once for each version."""

    def __init__(self, glossary: Glossary) -> None:
        self.labels = {topic.id: topic.label for topic in glossary.topics}
        terms: dict[str, _Term] = {}
        for topic in glossary.topics:
            for written in topic.terms:
                words = words_of(written)
                terms.setdefault(" ".join(words), _Term(topic.id, written, len(words)))
        self._close = _Close(terms)
        for written in (each for topic in glossary.topics for each in topic.excluded):
            words = words_of(written)
            terms.setdefault(" ".join(words), _Term(NONE, written, len(words)))
        self._automaton = ahocorasick.Automaton()
        for plain, term in terms.items():
            self._automaton.add_word(f"{plain} ", (len(plain), term))
        if terms:
            self._automaton.make_automaton()

    def find(self, words: Sequence[str], *, fuzzy: bool = True) -> list[Hit]:
        """The terms in consecutive words of a text, without overlap, in order. Where terms overlap,
        the longest is found; an approximate one only in words that are part of no exact one.

        Args:
            words: as written; each may be several plain words, or none.
        """
        plain, origin = list[str](), list[int]()
        for index, word in enumerate(words):
            parts = words_of(word)
            plain += parts
            origin += [index] * len(parts)
        exact = _apart(self._exact(plain))
        found = [*exact, *(self._fuzzy(plain, exact) if fuzzy else ())]
        return [
            Hit(
                span.term.topic,
                span.term.term,
                origin[span.first],
                origin[span.end - 1] + 1,
                span.score,
                span.exact,
            )
            for span in sorted(found)
            if span.term.topic != NONE
        ]

    def _exact(self, plain: Sequence[str]) -> Iterator[_Span]:
        if not self._automaton:
            return
        text = "".join(f"{word} " for word in plain)
        begins, at = dict[int, int](), 0
        for index, word in enumerate(plain):
            begins[at] = index
            at += len(word) + 1
        for last, (length, term) in self._automaton.iter(text):
            first = begins.get(last - length)  # None: the term begins within a word
            if first is not None:
                yield _Span(first, first + term.words, 1.0, term, exact=True)

    def _fuzzy(self, plain: Sequence[str], exact: Iterable[_Span]) -> list[_Span]:
        covered = {index for span in exact for index in range(span.first, span.end)}
        found, run = list[_Span](), list[int]()
        for index in range(len(plain) + 1):
            if index < len(plain) and index not in covered:
                run.append(index)
            elif run:
                found += self._close.find(plain, run[0], index)
                run = []
        return found


def _apart(spans: Iterable[_Span]) -> list[_Span]:
    """The first of them by rank that do not overlap."""
    taken, found = set[int](), list[_Span]()
    for span in sorted(spans, key=lambda each: each.rank):
        places = range(span.first, span.end)
        if taken.isdisjoint(places):
            taken.update(places)
            found.append(span)
    return found


class _Close:
    """Terms by their letters without spaces, so that a word that the recogniser wrote as two, or
    two as one, is close to the term."""

    def __init__(self, terms: dict[str, _Term]) -> None:
        self._terms = defaultdict[str, list[_Term]](list)
        for plain, term in terms.items():
            letters = plain.replace(" ", "")
            if edits(len(letters)):
                self._terms[letters].append(term)
        self._known = sorted(self._terms, key=len)
        self._lengths = [len(letters) for letters in self._known]
        self._most = np.array([edits(length) for length in self._lengths], np.uint8)
        self._single = np.array([_single(letters) for letters in self._known], np.uint64)
        self._pairs = np.array([_pairs(letters) for letters in self._known], np.uint64)
        self._most_words = max(
            (t.words for those in self._terms.values() for t in those), default=0
        )
        self._near = lru_cache(MEMORY)(self._near_of)

    def find(self, plain: Sequence[str], first: int, end: int) -> list[_Span]:
        """The terms close to some of the words ``[first, end)``."""
        spans = list[_Span]()
        for begin in range(first, end):
            letters = ""
            for stop in range(begin + 1, min(end, begin + self._most_words + 1) + 1):
                letters += plain[stop - 1]
                near = [
                    _Span(begin, stop, round(1 - distance / len(known), 4), term)
                    for known, distance in self._near(letters)
                    for term in self._terms[known]
                    if abs(stop - begin - term.words) <= 1
                ]
                score = max((each.score for each in near), default=0.0)
                best = [each for each in near if each.score == score]
                if len({each.term.topic for each in best}) == 1:  # as near to two: to neither
                    spans.append(best[0])
        return _apart(spans)

    def _near_of(self, letters: str) -> tuple[tuple[str, int], ...]:
        """Known letters within their edits of these, and the distance."""
        lengths = self._lengths
        first = bisect_left(lengths, len(letters) - MOST_EDITS)
        those = slice(first, bisect_right(lengths, len(letters) + MOST_EDITS))
        most = self._most[those]
        possible = (np.bitwise_count(self._pairs[those] ^ _pairs(letters)) <= 4 * most) & (
            np.bitwise_count(self._single[those] ^ _single(letters)) <= 2 * most
        )
        near = []
        for index in np.flatnonzero(possible).tolist():
            known, allowed = self._known[first + index], int(most[index])
            distance = Levenshtein.distance(letters, known, score_cutoff=allowed)
            if distance <= allowed:
                near.append((known, distance))
        return tuple(near)


def _single(letters: str) -> np.uint64:
    """A bit for each letter that occurs, modulo 64; an edit changes at most two of them."""
    return np.uint64(reduce(or_, {1 << (ord(each) & 63) for each in letters}))


def _pairs(letters: str) -> np.uint64:
    """The same of neighbouring letters; an edit changes at most four."""
    codes = letters.encode("utf-32-le")[::4]
    return np.uint64(reduce(or_, {1 << (31 * a + 17 * b) % 61 for a, b in pairwise(codes)}, 0))


def edits(letters: int) -> int:
    """The edits within which a term of so many letters is found."""
    return next(most for below, most in EDITS if letters < below)
