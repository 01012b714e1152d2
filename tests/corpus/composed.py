"""Calls of two readers, composed of pieces of recorded speech at known times, with the figures that
they have by their script.

Pieces are what is within ``LOUD_DB`` of a recording's loud level; its pauses of ``CUT_MS`` and more
are replaced by pauses of ``PAUSE_MS``, so that no limit of a definition lies within the error of a
measurement. The figures are made of the script and of masks of milliseconds, without the project's
code for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tests.corpus.recorded import DATA
from tests.sounds.audio_files import Sound
from tests.unit.audio.test_faint import at
from training.data.datasets import RATE, waveform

READ = DATA / "asr/librispeech_test-other"
MUSIC = DATA / "scene/librosa/442789__lena-orsa__happy-music-pistachio-ice-cream.ogg"
LOUD_DB, CUT_MS, PAUSE_MS, MARGIN_MS = 35, 200, 500, 50
LEVEL, HISS = 10 ** (-24 / 20), 10 ** (-72 / 20)
LINES = {
    "2033-164914": ("0000", "0001", "0002", "0003", "0004", "0005", "0007", "0009"),
    "2414-128291": ("0000", "0001", "0003", "0004", "0005", "0006", "0007", "0009"),
    "3080-5032": ("0001", "0002", "0003", "0004", "0005", "0008"),
}
"""Recordings up to 9 s whose background is 45 dB or more below the speech, and without a piece of
less than 300 ms: the VAD detects from 200 ms on."""
SHORT = {
    "2033-164914": (("0000", 510, 1_280, 2), ("0001", 450, 1_130, 3)),
    "2414-128291": (("0002", 1_220, 2_000, 1), ("0003", 510, 1_080, 2)),
    "3080-5032": (("0003", 2_830, 3_540, 3), ("0005", 540, 1_020, 2)),
}
"""Words between two pauses, with their number: they serve as back-channels."""
LINKS = {
    "gap": (250, 1_400),
    "overlap": (-300, -100),
    "interruption": (-1_400, -800),
    "silence": (3_500, 6_000),
    "hold": (8_000, 11_000),
    "same": (1_200, 2_000),
}
"""Kinds of what is between two lines, with the ms from the end of one to the start of the next."""

Mask = NDArray[np.bool_]
Span = tuple[int, int]


@dataclass
class Call:
    """Sound of both sides, and what is known of it; times in ms."""

    spans: tuple[list[Span], list[Span]] = field(default_factory=lambda: ([], []))
    words: list[int] = field(default_factory=lambda: [0, 0])
    held: list[tuple[int, int, int]] = field(default_factory=list)
    """Side, start and end of every line."""
    interruptions: list[int] = field(default_factory=lambda: [0, 0])
    back_channels: list[int] = field(default_factory=lambda: [0, 0])
    hold: list[Span] = field(default_factory=list)
    duration_ms: int = 0
    sound: Sound = field(default_factory=lambda: np.zeros((2, 0), np.float32))


def levels(sound: Sound) -> NDArray[np.float64]:
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160).astype(np.float64)
    return 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)


def pieces(sound: Sound) -> list[Span]:
    """What is loud, in steps of 10 ms, without pauses of ``CUT_MS`` and more."""
    level = levels(sound)
    runs: list[Span] = []
    for frame in np.flatnonzero(level > np.percentile(level, 95) - LOUD_DB):
        start, end = int(frame) * 10, int(frame) * 10 + 10
        if runs and start - runs[-1][1] < 40:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    found: list[Span] = []
    for start, end in (run for run in runs if run[1] - run[0] >= 40):
        if found and start - found[-1][1] < CUT_MS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


class Composer:
    """Writes one call after a script drawn at random."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        names = list(LINES)
        self.voices = [names[seed % 3], names[(seed + 1) % 3]]
        self.call = Call()
        self.tracks = np.zeros((2, 150 * RATE), np.float32)

    def put(self, side: int, sound: Sound, span: Span, at_ms: int) -> int:
        """Lays a piece down; the end of it."""
        start, end = max(0, span[0] - MARGIN_MS), span[1] + MARGIN_MS
        part = sound[start * RATE // 1000 : end * RATE // 1000].copy()
        fade = np.linspace(0, 1, 10 * RATE // 1000, dtype=np.float32)
        part[: len(fade)] *= fade
        part[-len(fade) :] *= fade[::-1]
        first = (at_ms - (span[0] - start)) * RATE // 1000
        self.tracks[side, first : first + len(part)] += part
        until = at_ms + span[1] - span[0]
        self.call.spans[side].append((at_ms, until))
        return until

    def line(self, side: int, number: str, at_ms: int) -> list[Span]:
        """One recording, with its pauses replaced."""
        sound = self.recorded(side, number)
        begun, laid = at_ms, []
        for span in pieces(sound):
            end = self.put(side, sound, span, at_ms)
            laid.append((at_ms, end))
            at_ms = end + PAUSE_MS
        self.call.held.append((side, begun, laid[-1][1]))
        self.call.words[side] += len(TEXTS[f"{self.voices[side]}-{number}"].split())
        return laid

    def recorded(self, side: int, number: str) -> Sound:
        voice = self.voices[side]
        path = READ / voice.split("-")[0] / f"{voice}-{number}.ogg"
        return at(waveform(path), LEVEL)

    def back_channel(self, side: int, laid: Sequence[Span]) -> None:
        """Within a piece of the other side, well before the end of its line and after the side's
        own last word: by definition it would be part of a turn there."""
        number, start, end, words = SHORT[self.voices[side]][self.random.integers(2)]
        free = max((span[1] for span in self.call.spans[side]), default=0) + 1_300
        room = [
            begin
            for first, last in laid
            for begin in [max(first + 300, free)]
            if min(last, laid[-1][1] - 3_000) - begin > 1_000
        ]
        if room:
            at_ms = room[0]
            self.put(side, self.recorded(side, number), (start, end), at_ms)
            self.call.back_channels[side] += 1
            self.call.words[side] += words

    def link(self, kind: str, laid: Sequence[Span], following: Sequence[Span]) -> int:
        """Ms from the end of a line to the start of the next. Who comes in does so during the last
        piece, and goes on after it."""
        low, high = LINKS[kind]
        ms = int(self.random.integers(low, high))
        last = laid[-1][1] - laid[-1][0]
        left = following[-1][1] - following[0][0]
        if ms < 0 and (last + ms < 150 or left + ms < 1_200):
            return 400
        return ms

    def composed(self, links: Sequence[str]) -> Call:
        unused = [list(self.random.permutation(LINES[voice])) for voice in self.voices]
        side = int(self.random.integers(2))
        laid = self.line(side, unused[side].pop(), 1_000)
        for kind in links:
            if self.random.random() < 0.6:
                self.back_channel(1 - side, laid)
            other = side if kind == "same" else 1 - side
            number = unused[other].pop()
            ms = self.link(kind, laid, pieces(self.recorded(other, number)))
            end = laid[-1][1]
            if kind == "hold":
                self.music(end, end + ms)
            self.call.interruptions[other] += ms < -500
            side, laid = other, self.line(other, number, end + ms)
        return self.finished(max(span[1] for spans in self.call.spans for span in spans) + 1_000)

    def music(self, start: int, end: int) -> None:
        """On the first side, half a second from the speech around it."""
        self.call.hold.append((start, end))
        sound = at(waveform(MUSIC)[: (end - start - 1_000) * RATE // 1000], LEVEL)
        first = (start + 500) * RATE // 1000
        self.tracks[0, first : first + len(sound)] += sound

    def finished(self, duration_ms: int) -> Call:
        call, size = self.call, duration_ms * RATE // 1000
        hiss = HISS * self.random.standard_normal((2, size))
        call.sound = (self.tracks[:, :size] + hiss).astype(np.float32)
        call.duration_ms = duration_ms
        for spans in call.spans:
            spans.sort()
        return call


TEXTS: dict[str, str] = {}
"""Of recordings by name; read once."""


def truth(call: Call) -> dict[str, int]:
    """Figure to its value, ms or number; those of a side begin with ``0.`` or ``1.``."""
    masks = [np.zeros(call.duration_ms, bool) for _ in range(2)]
    for mask, spans in zip(masks, call.spans, strict=True):
        for start, end in spans:
            mask[start:end] = True
    both, none = masks[0] & masks[1], ~(masks[0] | masks[1])
    for start, end in call.hold:
        none[start:end] = False
    found = {
        "talk_ms": int((masks[0] | masks[1]).sum()),
        "overtalk_ms": int(both.sum()),
        "silence_ms": sum(length for length in runs(none) if length >= 3_000),
        "hold_music_ms": sum(end - start for start, end in call.hold),
        "interruptions": sum(call.interruptions),
        "back_channels": sum(call.back_channels),
    }
    waits = [(b[0], b[1] - a[2]) for a, b in pairwise(call.held) if a[0] != b[0]]
    found["response_gap"] = round(median(ms for _, ms in waits))
    for side in (0, 1):
        own = {
            "talk_ms": int(masks[side].sum()),
            "listen_ms": int((masks[1 - side] & ~masks[side]).sum()),
            "overtalk_ms": int(both.sum()),
            "interruptions": call.interruptions[side],
            "back_channels": call.back_channels[side],
            "longest_monologue_ms": monologue(call, side),
            "response_gap": round(median([ms for who, ms in waits if who == side] or [0])),
            "first_speech_ms": int(np.argmax(masks[side])),
            "words_per_minute": round(call.words[side] * 60_000 / masks[side].sum()),
        }
        found |= {f"{side}.{name}": value for name, value in own.items()}
    return found


def runs(mask: Mask) -> list[int]:
    return [len(list(run)) for on, run in groupby(mask) if on]


def monologue(call: Call, side: int) -> int:
    longest, begun, before = 0, 0, (-1, 0, 0)
    for line in call.held:
        if line[0] != before[0] or line[1] - before[2] >= 3_000:
            begun = line[1]
        if line[0] == side:
            longest = max(longest, line[2] - begun)
        before = line
    return longest
