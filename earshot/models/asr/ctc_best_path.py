"""Words, their times and confidences on the best path through CTC emissions.

The most probable label of every frame gives the most probable path, which is also the most probable
one of its own text, word boundaries included: the result of forced alignment of that text
(``torchaudio.functional.forced_align``; the tests compare both), without the search, which takes
longer than a large network on a GPU.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.models.asr.recogniser import Recognised

LEAST = 1e-30
"""Minimum probability of a letter before its logarithm is taken."""


@dataclass(frozen=True)
class Alphabet:
    """Meaning of the labels of a network."""

    between: int
    """Label between words."""
    unheard: tuple[int, ...]
    """Labels without letters, including the blank."""
    written: Callable[[int], str]


def words_on(
    path: NDArray[np.int64],
    shares: NDArray[np.float32],
    alphabet: Alphabet,
    frame_ms: float,
    length_ms: int,
) -> tuple[tuple[Recognised, ...], float | None]:
    """Words in order, and the mean natural log of the probabilities of their letters (None without
    letters).

    Args:
        path: most likely label of each frame, shape (frames,), at least one.
        shares: its probability, shape (frames,).
        frame_ms: audio per frame.
        length_ms: of the stretch; no time lies behind it.
    """
    # A letter is a run of one label: a label twice with a blank between is two letters.
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    ends = np.append(starts[1:], len(path))
    labels, sums = path[starts], np.add.reduceat(shares, starts)
    letters = np.flatnonzero(~np.isin(labels, (alphabet.between, *alphabet.unheard)))
    if not len(letters):
        return (), None
    word = np.cumsum(labels == alphabet.between)[letters]
    first = np.flatnonzero(np.diff(word, prepend=-1))  # letter of each word
    last = np.append(first[1:], len(letters)) - 1
    frames = (ends - starts)[letters]
    confidence = np.add.reduceat(sums[letters], first) / np.add.reduceat(frames, first)
    edges = np.stack([starts[letters[first]], ends[letters[last]]], axis=1) * frame_ms
    texts = [alphabet.written(label) for label in labels[letters].tolist()]
    found = tuple(
        Recognised(
            "".join(texts[a : b + 1]),
            min(length_ms, round(start)),
            min(length_ms, round(end)),
            min(1.0, sure),
            "aligned",
        )
        for a, b, (start, end), sure in zip(
            first.tolist(), last.tolist(), edges.tolist(), confidence.tolist(), strict=True
        )
    )
    return found, float(np.log(np.maximum(sums[letters] / frames, LEAST)).mean())
