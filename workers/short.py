"""Classifies a short sound in memory (000-10, 000-12), with the networks and rules that the workers
have for chunks of recordings."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import numpy as np

from earshot.analysis.emotion import six
from earshot.analysis.emotion.findings import EmotionFindings
from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import SCENES, Classification, CoveredClassification
from earshot.analysis.types import ChunkRef, Release, Utterance
from earshot.audio.clip import Clip
from earshot.compute.sound import SAMPLE_RATE, Samples, Waveform
from workers import emotion, scene
from workers.scene.together import judged_together

LABELS = {"scene": SCENES, "emotion": six.LABELS}
"""By analysis, every label of its answers, in order (000-05, 000-07)."""


class Sound(NamedTuple):
    """A sound to classify."""

    samples: Samples
    """Mono float32 in [-1, 1], shape (samples,)."""
    sample_rate: int


Classifier = Callable[[Sequence[Sound]], list[CoveredClassification]]
"""The answers about sounds, in order. Each has all of ``LABELS``, whose shares sum to 1, and does
not depend on the other sounds."""


@dataclass(frozen=True)
class Held(Clip):
    """A clip whose samples are in memory instead of the store."""

    sound: Waveform | None = None

    def read(
        self, start_ms: int | None = None, end_ms: int | None = None, channel: int | None = None
    ) -> Waveform:
        assert self.sound is not None
        first, last = (
            ms * self.sample_rate // 1000
            for ms in (start_ms or 0, self.ref.end_ms if end_ms is None else end_ms)
        )
        channels = slice(None) if channel is None else slice(channel, channel + 1)
        return self.sound[channels, first:last]


def open_scene(release: Release) -> Classifier:
    """The scene of a sound.

    Raises:
        Misconfigured: as ``workers.scene.load``, or the release has another label.
    """
    model = scene.load(release, "cpu")
    _check(release, model.labels, SCENES)
    coverage = {label: label in model.labels for label in SCENES}

    def classify(sounds: Sequence[Sound]) -> list[CoveredClassification]:
        waveforms = [resampled(*sound) for sound in sounds]
        by_length: dict[int, list[int]] = {}
        for index, waveform in enumerate(waveforms):
            by_length.setdefault(len(waveform), []).append(index)
        found: dict[int, Classification] = {}
        for same in by_length.values():
            answers = judged_together(model, [waveforms[i] for i in same], SAMPLE_RATE)
            found.update(zip(same, answers, strict=True))
        return [
            CoveredClassification(
                label=found[i].label,
                confidence=found[i].confidence,
                scores={label: found[i].scores.get(label, 0.0) for label in SCENES},
                label_coverage=coverage,
            )
            for i in range(len(sounds))
        ]

    return classify


def open_emotion(release: Release) -> Classifier:
    """The emotion of a sound, which counts as one utterance: whether there is speech in it is not
    asked.

    Raises:
        Misconfigured: as ``workers.emotion.load``.
    """
    model = emotion.load(release, "cpu")

    def classify(sounds: Sequence[Sound]) -> list[CoveredClassification]:
        clips = [_utterance(resampled(*sound)) for sound in sounds]
        answers = []
        for found in emotion.analyze(model, clips):
            assert isinstance(found, EmotionFindings)  # each has an utterance
            answers.append(found.classification())
        return answers

    return classify


def resampled(samples: Samples, sample_rate: int) -> Samples:
    """Mono samples at ``SAMPLE_RATE``."""
    import soxr

    if sample_rate == SAMPLE_RATE:
        return samples
    return np.asarray(soxr.resample(samples, sample_rate, SAMPLE_RATE), np.float32)


def _utterance(samples: Samples) -> Held:
    end_ms = -(-len(samples) * 1000 // SAMPLE_RATE)
    ref = ChunkRef(
        recording_id=UUID(int=0),
        index=0,
        start_ms=0,
        end_ms=end_ms,
        audio_uri="memory:",
        sample_rate=SAMPLE_RATE,
        channels=1,
        native_rate=SAMPLE_RATE,
        speech=(Utterance(start_ms=0, end_ms=end_ms, channel=0),),
    )
    return Held(ref, sound=samples[None])


def _check(release: Release, labels: Iterable[str], wanted: tuple[str, ...]) -> None:
    strange = [label for label in labels if label not in wanted]
    if strange:
        raise Misconfigured(
            "labels", f"{release.name} has the labels {', '.join(strange)}, which no answer has"
        )
