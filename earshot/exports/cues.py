"""Cuts what was said into subtitle cues: short enough to be read, each of one speaker, cut where
words end."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from earshot.analysis.report.sections import SpokenWord, Turn
from earshot.analysis.words.spelling import joined
from earshot.exports.names import one_line
from earshot.exports.spoken import pieces, spoken_words

LINES = 2
LINE = 42
"""Characters of a line."""
LONGEST_MS = 7_000
SHORTEST_MS = 1_000
"""A shorter cue stays this long, unless the next one begins before."""
PAUSE_MS = 1_000
"""A pause of this length ends a cue."""
STOPS = (".?!…。？！؟", ",;:、，；،")
"""Ends of sentences, and ends of parts of them."""


class Cue(NamedTuple):
    """What is shown from ``start_ms`` to before ``end_ms``."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    """At most ``LINES`` of at most ``LINE`` characters; none is empty."""
    speaker: str | None


def cues(turns: Iterable[Turn], names: Mapping[str, str]) -> list[Cue]:
    """The cues of the turns, in order of time. Turns that overlap have cues that overlap.

    Args:
        names: shown name of each speaker (``Turn.speaker``); a cue of another one has none.
    """
    found = [cue for turn in turns for cue in _of_turn(_readable(turn), names.get(turn.speaker))]
    found.sort(key=lambda cue: (cue.start_ms, cue.end_ms))
    following = [*(cue.start_ms for cue in found[1:]), None]
    return (
        [_shown(cue, after) for cue, after in zip(found, following, strict=True)] if found else []
    )


def _readable(turn: Turn) -> list[SpokenWord]:
    """The words of a turn, each short enough for a cue of its own."""
    return [piece for word in spoken_words(turn) for piece in pieces(word, LINES * LINE)]


def _of_turn(words: Sequence[SpokenWord], speaker: str | None) -> Iterable[Cue]:
    first = 0
    while first < len(words):
        end = _end(words, first)
        said = words[first:end]
        start_ms = said[0].start_ms
        last_ms = max(word.end_ms for word in said)
        yield Cue(
            start_ms,
            min(last_ms, start_ms + LONGEST_MS),
            tuple(wrapped([word.text for word in said])),
            speaker,
        )
        first = end


def _end(words: Sequence[SpokenWord], first: int) -> int:
    """Index behind the last word of the cue that begins with the word ``first``."""
    end = first + 1
    while end < len(words):
        if words[end].start_ms - words[end - 1].end_ms >= PAUSE_MS:
            return end
        if not _fits(words[first : end + 1]):
            return _best(words, first, end)
        end += 1
    return end


def _fits(words: Sequence[SpokenWord]) -> bool:
    lasts = max(word.end_ms for word in words) - words[0].start_ms
    return lasts <= LONGEST_MS and len(wrapped([word.text for word in words])) <= LINES


def _best(words: Sequence[SpokenWord], first: int, end: int) -> int:
    """Where to cut in the second half: behind a sentence, a part of one, or at the longest
    pause."""
    return max(
        range(first + (end - first + 1) // 2, end + 1),
        key=lambda at: (_stop(words[at - 1].text), words[at].start_ms - words[at - 1].end_ms, at),
    )


def _stop(word: str) -> int:
    last = word.rstrip("\"')]")[-1:]
    return len(STOPS) - next(
        (n for n, ends in enumerate(STOPS) if last and last in ends), len(STOPS)
    )


def wrapped(words: Iterable[str]) -> list[str]:
    """The words on lines of at most ``LINE`` characters; a longer word is cut."""
    lines: list[str] = []
    for word in map(one_line, words):
        longer = joined([lines[-1], word]) if lines else word
        if len(longer) <= LINE:
            lines[-1:] = [longer]
        else:
            lines += [word[at : at + LINE] for at in range(0, len(word), LINE)]
    return lines


def _shown(cue: Cue, following_ms: int | None) -> Cue:
    """The cue for as long as it can be read; no cue is empty in time."""
    longer = cue.start_ms + SHORTEST_MS
    if following_ms is not None:
        longer = min(longer, following_ms)
    return cue._replace(end_ms=max(cue.end_ms, longer, cue.start_ms + 1))
