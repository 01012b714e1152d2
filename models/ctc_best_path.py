"""Words, their times and confidences on the best path through CTC emissions.

The most probable label of every frame is the most probable path of all, so it is also the most probable one of the text that it
spells, word boundaries included: what forced alignment of that text finds (``torchaudio.functional.forced_align``; the tests
hold the two together), without looking for it, which takes longer than a large network on a GPU.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.recogniser import Recognised


@dataclass(frozen=True)
class Alphabet:
    """What the labels of a network stand for."""

    blank: int
    between: int
    """Stands between words."""
    unheard: frozenset[int]
    """Stand for no letters."""
    written: Callable[[int], str]


class _Letter(NamedTuple):
    token: int
    start: int
    end: int
    """Frames."""
    share: float
    """Mean probability over them."""

    @property
    def frames(self) -> int:
        return self.end - self.start


def words_on(
    path: NDArray[np.int64], shares: NDArray[np.float32], alphabet: Alphabet, frame_ms: float, length_ms: int
) -> tuple[tuple[Recognised, ...], float | None]:
    """Words in order, and the mean natural log of the probabilities of their letters (None without letters).

    Args:
        path: the likeliest label of each frame, shape (frames,), at least one.
        shares: its probability, shape (frames,).
        frame_ms: sound behind one frame.
        length_ms: of the stretch; no time lies behind it.
    """
    found, logs = [], []
    for between, run in groupby(_letters(path, shares, alphabet), key=lambda letter: letter.token == alphabet.between):
        word = [letter for letter in run if letter.token not in alphabet.unheard]
        text = "" if between else "".join(alphabet.written(letter.token) for letter in word).strip()
        if text:
            start, end = (min(length_ms, round(frame * frame_ms)) for frame in (word[0].start, word[-1].end))
            frames = sum(letter.frames for letter in word)
            confidence = sum(letter.share * letter.frames for letter in word) / frames
            found.append(Recognised(text, start, end, min(1.0, confidence), "aligned"))
            logs += [math.log(max(letter.share, 1e-30)) for letter in word]
    return tuple(found), sum(logs) / len(logs) if logs else None


def _letters(path: NDArray[np.int64], shares: NDArray[np.float32], alphabet: Alphabet) -> Iterator[_Letter]:
    """Runs of one label, those of the blank left out: what stands twice with a blank between is two letters."""
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    ends = np.append(starts[1:], len(path))
    means = np.add.reduceat(shares, starts) / (ends - starts)
    for token, start, end, mean in zip(path[starts].tolist(), starts.tolist(), ends.tolist(), means.tolist(), strict=True):
        if token != alphabet.blank:
            yield _Letter(token, start, end, mean)
