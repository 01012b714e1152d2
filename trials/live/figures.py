"""Latencies, revisions and errors of streamed sessions."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from earshot.analysis.words.spelling import compared
from evaluation.measures.words import Counted, count, normalised
from trials.live.streaming import PACKET_MS, Streamed

Figures = dict[str, float]

PAUSE_MS = 320
"""Longest pause that ends a segment."""


def figures(streamed: Sequence[Streamed]) -> Figures:
    """All figures; latencies in ms.

    - ``partial``: from the end of each packet with speech to the first event that covers it
    - ``first``: from the beginning of a segment's first word to its first event
    - ``final``: from the end of speech, by the batch lane's detector, to the final of a segment
      that a pause has ended
    - ``revisions``: words that were shown and taken back, for each final word
    """
    partial = [each for one in streamed for each in _partial(one)]
    first = [each for one in streamed for each in _first(one)]
    final = [each for one in streamed for each in _final(one)]
    lag = [
        each.event["lag_ms"]
        for one in streamed
        for each in one.arrived
        if each.event["type"] == "partial"
    ]
    words = [word for one in streamed for word in _words(one)]
    taken_back = sum(_revisions(one) for one in streamed)
    return {
        **_quantiles("partial", partial),
        **_quantiles("first", first),
        **_quantiles("final", final),
        **_quantiles("lag", lag),
        "finals": len(final),
        "words": len(words),
        "revisions": taken_back / max(1, len(words)),
        "wer": errors((one.spoken.text, " ".join(_words(one))) for one in streamed).wer,
        "packet_late_ms": max(one.latest_ms for one in streamed),
        "seconds": sum(len(one.spoken.samples) / 16_000 for one in streamed),
    }


def errors(pairs: Iterable[tuple[str, str]]) -> Counted:
    """Word errors of texts."""
    total = Counted()
    for reference, found in pairs:
        total += count(normalised(reference, {}), normalised(found, {}))
    return total


def _quantiles(name: str, values: Sequence[float]) -> Figures:
    return {
        f"{name}_p{share}": float(np.percentile(values, share)) if values else float("nan")
        for share in (50, 95, 99)
    }


def _of(streamed: Streamed, *types: str) -> Iterator[tuple[float, dict[str, Any]]]:
    return ((at, event) for at, event in streamed.arrived if event["type"] in types)


def _covered_ms(event: dict[str, Any]) -> int:
    return int(event["stable_until_ms"] if event["is_final"] else event["end_ms"])


def _partial(streamed: Streamed) -> Iterator[float]:
    covering = [(_covered_ms(event), at) for at, event in _of(streamed, "partial", "final")]
    index = 0
    for span in streamed.spoken.speech:
        for end in range(
            -(-span.start_ms // PACKET_MS) * PACKET_MS + PACKET_MS, span.end_ms, PACKET_MS
        ):
            while index < len(covering) and covering[index][0] < end:
                index += 1
            if index < len(covering):
                yield covering[index][1] - end


def _first(streamed: Streamed) -> Iterator[float]:
    shown: dict[str, float] = {}
    for at, event in _of(streamed, "partial", "final"):
        if event["text"]:
            shown.setdefault(event["segment_id"], at)
        if event["type"] == "final" and event["words"]:
            yield shown[event["segment_id"]] - event["words"][0]["start_ms"]


def _final(streamed: Streamed) -> Iterator[float]:
    """Finals in order, each with the last end of speech before the end of its window."""
    ends = [each.end_ms for each in streamed.spoken.speech]
    finals = list(_of(streamed, "final"))
    before = 0
    for at, event in finals:
        until = _covered_ms(event)
        spoken = [end for end in ends if before < end <= until]
        before = until
        if spoken and event["words"] and until - spoken[-1] < 2 * PAUSE_MS:
            yield at - spoken[-1]


def _words(streamed: Streamed) -> list[str]:
    return [word["text"] for _, event in _of(streamed, "final") for word in event["words"]]


def _revisions(streamed: Streamed) -> int:
    texts: dict[str, list[list[str]]] = {}
    for _, event in _of(streamed, "partial", "final"):
        words = [compared(word) for word in event["text"].split()]
        texts.setdefault(event["segment_id"], []).append(words)
    return sum(
        sum(one != other for one, other in zip(before, after, strict=False))
        + max(0, len(before) - len(after))
        for each in texts.values()
        for before, after in pairwise(each)
    )
