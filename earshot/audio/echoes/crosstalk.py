"""Separates a channel's own speech from that of another channel that leaks into it: a loudspeaker's
echo, a hybrid's, crosstalk."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, permutations

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.quality import Crosstalk
from earshot.analysis.types import Utterance
from earshot.audio.echoes.path import CELL, LONGEST_DELAY, RATE, Array
from earshot.audio.echoes.search import FRAME_MS, NO_SOURCE, Bools, Cells, Echoes, Read, Way
from earshot.audio.speech.vad import VAD_RATE, WINDOW, WINDOW_MS

OWN_VOICE_DB = 10.0
"""Speech this much louder than anything on another channel at the time, or half a second before or
after, is the channel's own."""
OWN_VOICE_MS = 1_000
"""With this much of it, a channel carries another speaker than the other one."""
NOT_LOUDER_DB = 3.0
"""Speech louder than this is not an echo."""
FEWEST = 5
"""Minimum windows of other speech, 160 ms, in an examined cell."""
OWN_MS, ECHO_MS, WITHIN_MS = 200, 300, 700
"""Minimum own speech within an echo; minimum echo at either end of detected speech and within a
channel's own speech, whose faint syllables an echo over them hides."""
PAD_MS = 100
"""Kept on both sides of a channel's own speech, within the detected speech."""


@dataclass(frozen=True)
class Own:
    """By channel: its own speech, and the crosstalk of others."""

    speech: tuple[tuple[Utterance, ...], ...]
    echoes: tuple[tuple[Utterance, ...], ...]
    crosstalk: tuple[tuple[Crosstalk, ...], ...]


def own_speech(
    speech: Sequence[Sequence[Utterance]],
    levels_db: Sequence[Array],
    noise: Sequence[float],
    samples: int,
    read: Read,
) -> Own:
    """Returns the speech without crosstalk.

    Args:
        speech: of every channel, in order of time.
        levels_db: of every window of the VAD, of every channel.
        noise: power of every channel's pauses.
        samples: of the recording, at 16 kHz.
    """
    channels = range(len(speech))
    spoken = [
        _spoken(utterances, len(levels))
        for utterances, levels in zip(speech, levels_db, strict=True)
    ]
    around = [_around(levels) for levels in levels_db]
    own_voice: dict[Way, bool] = {}
    cells: dict[Way, Cells] = {}
    for one, other in permutations(channels, 2):
        louder = levels_db[other] - around[one]
        own_voice[one, other] = bool(
            WINDOW_MS * (spoken[other] & (louder > OWN_VOICE_DB)).sum() >= OWN_VOICE_MS
        )
        pair, here = (
            (min(one, other), max(one, other)),
            _cells(spoken[other] & (louder < NOT_LOUDER_DB)),
        )
        cells[pair] = np.union1d(cells[pair], here) if pair in cells else here
    echoes = Echoes(len(speech), samples, noise, read)
    echoes.find(cells, own_voice)
    split = [
        _split(utterances, sources)
        for utterances, sources in zip(speech, echoes.sources, strict=True)
    ]
    return Own(
        speech=tuple(tuple(kept) for kept, _ in split),
        echoes=tuple(tuple(left_out) for _, left_out in split),
        crosstalk=tuple(
            tuple(_crosstalk(channel, left_out, echoes))
            for channel, (_, left_out) in enumerate(split)
        ),
    )


def _spoken(speech: Sequence[Utterance], windows: int) -> Bools:
    spoken = np.zeros(windows, np.bool_)
    for one in speech:
        spoken[one.start_ms // WINDOW_MS : one.end_ms // WINDOW_MS] = True
    return spoken


def _around(levels_db: Array) -> Array:
    """The greatest level within the longest delay of each window, before and after."""
    windows = LONGEST_DELAY * 1000 // RATE // WINDOW_MS + 1
    padded = np.pad(levels_db, windows, mode="edge")
    loudest: Array = np.lib.stride_tricks.sliding_window_view(padded, 2 * windows + 1).max(axis=1)
    return loudest


def _cells(windows: Bools) -> Cells:
    """The cells with enough such windows."""
    count = np.bincount(np.flatnonzero(windows) * WINDOW // (VAD_RATE // RATE * CELL))
    return np.flatnonzero(count >= FEWEST)


def _crosstalk(on: int, left_out: Sequence[Utterance], echoes: Echoes) -> Iterator[Crosstalk]:
    """Yields the crosstalk of other channels on one, for which this was left out."""
    frames = [
        echoes.sources[on, one.start_ms // FRAME_MS : one.end_ms // FRAME_MS] for one in left_out
    ]
    for of, count in Counter(np.concatenate(frames).tolist() if frames else ()).items():
        if of != NO_SOURCE:
            path = echoes.paths[of, on]
            yield Crosstalk(
                of=of,
                fainter_db=round(path.fainter_db, 1),
                later_ms=round(path.later * 1000 / RATE),
                left_out_ms=count * FRAME_MS,
            )


def _split(
    utterances: Sequence[Utterance], sources: NDArray[np.int8]
) -> tuple[list[Utterance], list[Utterance]]:
    """Splits a channel's speech into its own and that of others."""
    kept: list[Utterance] = []
    left_out: list[Utterance] = []
    for one in utterances:
        first = one.start_ms // FRAME_MS
        own = _cleared(sources[first : -(-one.end_ms // FRAME_MS)] == NO_SOURCE)
        if own.all():
            kept.append(one)
            continue
        kept += [_part(one, first + start, first + end, PAD_MS) for start, end in _runs(own, True)]
        left_out += [_part(one, first + start, first + end, 0) for start, end in _runs(own, False)]
    return kept, left_out


def _part(one: Utterance, start: int, end: int, pad_ms: int) -> Utterance:
    """The part of an utterance between two frames, padded, within the utterance."""
    start_ms, end_ms = (
        max(one.start_ms, start * FRAME_MS - pad_ms),
        min(one.end_ms, end * FRAME_MS + pad_ms),
    )
    return Utterance(channel=one.channel, start_ms=start_ms, end_ms=end_ms)


def _cleared(own: Bools) -> Bools:
    """Removes short runs of own speech within echoes, then short echoes before, after and within
    own speech."""
    own = own.copy()
    for start, end in _runs(own, True):
        if (end - start) * FRAME_MS < OWN_MS and end - start < len(own):
            own[start:end] = False
    for start, end in _runs(own, False):
        within = start > 0 and end < len(own)
        if (end - start) * FRAME_MS < (WITHIN_MS if within else ECHO_MS) and end - start < len(own):
            own[start:end] = True
    return own


def _runs(values: Bools, value: bool) -> list[tuple[int, int]]:
    """Runs of ``value``."""
    found, at = [], 0
    for each, run in groupby(values.tolist()):
        length = len(list(run))
        if each == value:
            found.append((at, at + length))
        at += length
    return found
