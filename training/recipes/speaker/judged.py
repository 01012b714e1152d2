"""Evaluates the speaker checkpoint, and chooses its clustering threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.level import levelled
from earshot.audio.features.spectra import log_mel
from earshot.models.speakers.embedded import Embedded, embed
from earshot.models.speakers.embedding import SpeakerModel
from earshot.models.speakers.voices import tell_apart
from evaluation.measures import rttm
from evaluation.measures.der import Errors, Spoken, score
from training.data.datasets import Example, examples, waveform
from training.data.dialogues import Dialogue, compose, in_room, pieces, speech
from training.recipes.speaker.data import Floats

RATE = 16_000
TRAIN_SET = "speaker/librispeech_train-clean-100"
TEST_SET = "asr/librispeech_test-other"
MEETINGS = "diarization/ami_debug"
HELD_OUT = 7
"""Every 7th speaker is held out, for choosing the clustering threshold."""
THRESHOLDS = np.arange(0.0, 0.9, 0.02)
LINES = 6
"""Utterances per speaker in a composed dialogue."""


@dataclass(frozen=True)
class Case:
    """A recording with embedded speech and its reference."""

    embedded: list[Embedded]
    reference: tuple[Spoken, ...]
    duration_ms: int


def split(rows: list[Example]) -> tuple[list[Example], list[Example]]:
    """Speakers to train on, and speakers held out, whole speakers each."""
    speakers = sorted({row.group for row in rows})
    held = set(speakers[::HELD_OUT])
    return [row for row in rows if row.group not in held], [
        row for row in rows if row.group in held
    ]


def case(model: SpeakerModel, dialogue: Dialogue) -> Case:
    """Embeds the speech of a dialogue as the worker does."""
    embedded = [embed(model, dialogue.read, item) for item in speech(dialogue.samples)]
    return Case(embedded, dialogue.reference, dialogue.duration_ms)


def error(cases: Sequence[Case], threshold: float) -> Errors:
    """Errors over all cases together."""
    total = Errors(0, 0, 0, 0)
    for item in cases:
        turns = tell_apart(item.embedded, threshold) if item.embedded else ()
        found = [Spoken(name, span.start_ms, span.end_ms) for name, span in turns]
        total += score(item.reference, found, item.duration_ms)
    return total


def best_threshold(model: SpeakerModel, held: Sequence[Example], seed: int = 0) -> float:
    """The threshold with the fewest errors on conversations of one to four held-out speakers, half
    of them close to the microphone and half across a room; the mean of three neighbours counts."""
    random = np.random.default_rng(seed)
    voices = {row.group: pieces(waveform(row.path)) for row in held}
    names = sorted(voices)
    cases = []
    for speakers in (1, 2, 2, 3, 4):
        order = random.permutation(names)
        groups = [order[at : at + speakers] for at in range(0, len(order) - speakers + 1, speakers)]
        close = [compose({name: voices[name] for name in group}, random) for group in groups]
        cases += [
            case(model, dialogue)
            for dialogue in [*close, *(in_room(dialogue, random) for dialogue in close)]
        ]
    rates = np.array([error(cases, threshold).rate for threshold in THRESHOLDS])
    smooth = np.convolve(np.pad(rates, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    return round(float(THRESHOLDS[smooth.argmin()]), 2)


def read_dialogues(rows: Sequence[Example], seed: int = 1) -> list[Dialogue]:
    """Two speakers each, every speaker with two neighbours, from sets with several utterances a
    speaker."""
    random = np.random.default_rng(seed)
    voices: dict[str, list[Floats]] = {}
    for row in rows:
        voices.setdefault(row.group, []).append(waveform(row.path))
    names = sorted(voices)
    pairs = [*pairwise(names), (names[-1], names[0])]
    return [compose({name: voices[name][:LINES] for name in pair}, random) for pair in pairs]


def read_meetings(folder: Path) -> list[Dialogue]:
    """The meeting excerpts of ``folder`` with rows in its ``all.rttm``."""
    files = [
        (folder / f"{name}.flac", spoken)
        for name, spoken in sorted(rttm.read(folder / "all.rttm").items())
    ]
    return [Dialogue(waveform(path), spoken) for path, spoken in files if path.is_file()]


def equal_error_rate(model: SpeakerModel, rows: Sequence[Example]) -> float:
    """Share of wrong answers to "are these two windows of 1.5 s one voice?", from different
    utterances, at the threshold where both kinds of error are equally common."""
    size = RATE * 3 // 2
    cut = [
        [wave[at : at + size] for at in range(0, len(wave) - size + 1, size)]
        for wave in (waveform(row.path) for row in rows)
    ]
    spec = model.mel
    rows_of = [
        [log_mel(levelled(window, model.level), RATE, spec) for window in windows]
        for windows in cut
    ]
    vectors = np.concatenate([model.embed(np.stack(windows)) for windows in rows_of if windows])
    utterance = np.repeat(np.arange(len(rows)), [len(windows) for windows in cut])
    speaker = np.unique([row.group for row in rows], return_inverse=True)[1][utterance]
    return error_rate(vectors, utterance, speaker)


def error_rate(vectors: Floats, utterance: NDArray[np.int64], speaker: NDArray[np.int64]) -> float:
    """The same of windows that are embedded already.

    Args:
        vectors: unit vectors, shape (windows, size).
        utterance: of each window; two of one are not compared.
        speaker: of each window.
    """
    first, second = np.triu_indices(len(vectors), 1)
    kept = utterance[first] != utterance[second]
    alike, same = (
        (vectors @ vectors.T)[first, second][kept],
        (speaker[first] == speaker[second])[kept],
    )
    same = same[np.argsort(-alike, kind="stable")]
    refused, accepted = 1 - np.cumsum(same) / same.sum(), np.cumsum(~same) / (~same).sum()
    at = int(np.abs(refused - accepted).argmin())
    return float(refused[at] + accepted[at]) / 2


def measured(model: SpeakerModel, data: Path) -> str:
    """A table of Markdown: errors on speakers that no choice was made with."""
    unseen = examples(data, TEST_SET)
    speakers = len({row.group for row in unseen})
    cosine = f"two windows of 1.5 s, LibriSpeech test-other, {speakers} unseen speakers"
    figures = [(cosine, "EER", equal_error_rate(model, unseen))]
    for title, dialogues in (
        ("conversations of two LibriSpeech test-other speakers (composed)", read_dialogues(unseen)),
        (
            "AMI meeting excerpts of 30 s, up to 4 speakers, with overlap",
            read_meetings(data / MEETINGS),
        ),
    ):
        errors = error([case(model, dialogue) for dialogue in dialogues], model.threshold)
        figures += [
            (title, "DER", errors.rate),
            (f"{title}: speaker confusion alone", "share", errors.confusion / errors.spoken),
        ]
    rows = "\n".join(f"| {title} | {kind} | {value:.3f} |" for title, kind, value in figures)
    return f"| on | measure | value |\n|---|---|---|\n{rows}"
