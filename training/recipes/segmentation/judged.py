"""Chooses the probability above which several voices speak, and measures the whole diarization."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from earshot.models.speakers.diarizer import TURN_GAP_MS
from earshot.models.speakers.embedded import Embedded, embed
from earshot.models.speakers.embedding import SpeakerModel
from earshot.models.speakers.segmentation import Segmentation, Segments
from earshot.models.speakers.voices import who_spoke
from evaluation.measures.der import Errors, Spoken, score
from training.data.datasets import Example, examples, waveform
from training.data.dialogues import Dialogue, in_room, overlapped, pieces, speech
from training.recipes.speaker.judged import (
    LINES,
    MEETINGS,
    TEST_SET,
    Floats,
    read_dialogues,
    read_meetings,
)

LIKELY = np.arange(0.25, 0.71, 0.05)
SHARES = (0.0, 0.1, 0.2, 0.3)
"""Of the time with speech, in which two speak, in conversations of held-out speakers."""
SPREAD_DB = 12.0
"""Largest difference of the level of one of their voices from its own: some are near, some far."""
SHARE = 0.3
"""The same in conversations that are measured."""


@dataclass(frozen=True)
class Case:
    """A recording with its reference, how many voices speak in each frame, and embedded speech."""

    dialogue: Dialogue
    segments: Segments | None  # None: the VAD has found no speech
    embedded: list[Embedded]


def case(model: SpeakerModel, segmentation: Segmentation, dialogue: Dialogue) -> Case:
    """Analyses a recording as the worker does."""
    vad = speech(dialogue.samples)
    end_ms = dialogue.duration_ms
    segments = segmentation.segments(dialogue.read, vad, end_ms) if vad else None
    return Case(dialogue, segments, [embed(model, dialogue.read, item) for item in vad])


def error(
    cases: Sequence[Case], threshold: float, overlap: float, gap_ms: int = TURN_GAP_MS
) -> Errors:
    """Errors over all cases together; ``overlap`` as in the network's metadata."""
    total = Errors(0, 0, 0, 0)
    for item in cases:
        found: list[Spoken] = []
        if item.segments:
            overlaps = item.segments.overlaps(overlap)
            turns = who_spoke(item.embedded, threshold, overlaps, gap_ms=gap_ms).turns
            found = [Spoken(turn.voice, turn.start_ms, turn.end_ms) for turn in turns]
        total += score(item.dialogue.reference, found, item.dialogue.duration_ms)
    return total


def held_out(rows: Sequence[Example], seed: int = 3) -> list[Dialogue]:
    """Conversations of two to four held-out speakers, every second one across a room."""
    random = np.random.default_rng(seed)
    voices = {row.group: pieces(waveform(row.path)) for row in rows}
    names = sorted(voices)
    found: list[Dialogue] = []
    for count in (2, 3, 4):
        order = random.permutation(names)
        for at in range(0, len(order) - count + 1, count):
            group = {name: voices[name] for name in order[at : at + count]}
            talk = overlapped(group, random, float(random.choice(SHARES)), SPREAD_DB)
            found.append(in_room(talk, random) if len(found) % 2 else talk)
    return found


def unseen(rows: Sequence[Example], seed: int = 4) -> list[Dialogue]:
    """Conversations of two speakers each, from sets with several utterances a speaker."""
    random = np.random.default_rng(seed)
    voices: dict[str, list[Floats]] = {}
    for row in rows:
        voices.setdefault(row.group, []).append(waveform(row.path))
    names = sorted(voices)
    pairs = [*pairwise(names), (names[-1], names[0])]
    return [
        overlapped({name: voices[name][:LINES] for name in pair}, random, SHARE) for pair in pairs
    ]


def best(cases: Sequence[Case], threshold: float) -> float:
    """The probability of several voices with the fewest errors; the mean of three neighbours
    counts."""
    rates = [error(cases, threshold, likely).rate for likely in LIKELY]
    smooth = np.convolve(np.pad(rates, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    return round(float(LIKELY[smooth.argmin()]), 2)


def measured(model: SpeakerModel, segmentation: Segmentation, data: Path) -> str:
    """A table of Markdown: errors on speakers that no choice was made with, and beside them those
    without the network."""
    rows = examples(data, TEST_SET)
    random = np.random.default_rng(5)
    mixtures = unseen(rows)
    sets = {
        f"two test-other speakers, {SHARE:.0%} of the speech overlapped": mixtures,
        "the same, across a room": [in_room(each, random) for each in mixtures],
        "two test-other speakers in turn": read_dialogues(rows),
        "AMI meeting excerpts of 30 s, up to 4 speakers": read_meetings(data / MEETINGS),
    }
    lines = [
        "| on | DER | missed | false alarm | confusion | overlap F1 | DER without |",
        "|---|---|---|---|---|---|---|",
    ]
    for title, dialogues in sets.items():
        cases = [case(model, segmentation, each) for each in dialogues]
        found = error(cases, model.threshold, segmentation.about.overlap)
        alone = error(cases, model.threshold, 1.0)
        parts = (found.missed_detection, found.false_alarm, found.confusion)
        shares = " | ".join(f"{part / found.spoken:.3f}" for part in parts)
        f1 = f"{found.overlap_f1:.3f}" if found.overlap else ""
        lines.append(f"| {title} | {found.rate:.3f} | {shares} | {f1} | {alone.rate:.3f} |")
    return "\n".join(lines)
