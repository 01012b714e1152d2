"""Keeps what is surely no speech away from the analyses that listen to speech (000-36,
docs/adr/0016).

The VAD hears a voice in a barking dog or a song now and then. The small scene network knows better.
Where somebody speaks, a few of its windows are enough to say so; else all are heard, 10 ms of a
chunk that would take speech recognition a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.outcome import SCENE_MUSIC, SCENE_NOISE, Skipped
from earshot.analysis.types import Release, Utterance
from earshot.audio.clip import Clip
from earshot.audio.features.chosen_windows import spread
from earshot.audio.features.windows import begin_ms
from earshot.compute import cache
from workers import scene
from workers.contract import Analyzer, Result, results

ALONE = {"noise": SCENE_NOISE, "music": SCENE_MUSIC}
"""Labels that are skipped, and the reason. Not ``other``, a voice without words: it may be a sob.
Not ``silence``: it may be a voice far away."""
SURE = 0.9
"""Mean share of these over the windows that the VAD calls speech: high confidence."""
LEAST_VOICE = 0.5
"""Share of speech that a window must have where words are in doubt. Speech as loud as a noise still
has it (docs/asr.md)."""
VOICE_BELOW = 0.1
"""Share that a voice stays under in every one of them: half a second that may be a word lets the
chunk through."""

GLANCES = (1, 4)
"""Windows of a channel that are looked at before all of them are: most who speak are heard in the
first one."""

Array = NDArray[np.float32]


@dataclass
class Gated:
    """An analysis that is not asked about chunks in which nobody speaks."""

    inner: Analyzer
    model: scene.SceneModel

    def analyze(self, model: object, clips: Sequence[Clip]) -> list[Result]:
        """As the analysis itself; ``Skipped("scene_noise")`` or ``Skipped("scene_music")`` for what
        it is not asked about."""
        told: list[Result | None] = [refusal(self.model, clip) for clip in clips]
        left = [clip for clip, each in zip(clips, told, strict=True) if each is None]
        rest = iter(
            results(
                self.inner,
                model,
                [replace(clip, voice=partial(voice, self.model, clip)) for clip in left],
            )
        )
        return [next(rest) if each is None else each for each in told]


def gated(analyzer: Analyzer, gate: Release | None) -> Analyzer:
    """The analyzer behind the gate of that scene release; itself where there is no gate.

    Raises:
        Misconfigured: the release cannot be loaded.
    """
    if gate is None:
        return analyzer
    return Gated(analyzer, cache.get(scene.load, gate, "cpu"))


def refusal(model: scene.SceneModel, clip: Clip) -> Skipped | None:
    """Why the chunk need not be listened to; None where somebody may speak, or where the VAD heard
    nobody anyway."""
    spoken = [
        _spoken(model, clip, channel) for channel in sorted({u.channel for u in clip.ref.speech})
    ]
    if not spoken or any(
        _may_speak(model, each.shares(model, spread(each.windows, n)))
        for n in GLANCES
        for each in spoken
    ):
        return None
    shares = np.concatenate([each.shares(model, np.flatnonzero(each.windows)) for each in spoken])
    if _may_speak(model, shares):
        return None
    mean = dict(zip(model.labels, shares.mean(axis=0).tolist(), strict=True))
    if sum(mean[label] for label in ALONE) < SURE:
        return None
    return Skipped(reason=ALONE[max(ALONE, key=lambda label: mean[label])])


def voice(model: scene.SceneModel, clip: Clip, span: Utterance) -> bool:
    """Whether any window of the span is a voice: one word makes it speech."""
    (waveform,) = clip.read(span.start_ms, span.end_ms, span.channel)
    every = np.ones(len(begin_ms(len(waveform), model.spec)), bool)
    spoken, speech = _Spoken(waveform, clip.sample_rate, every), model.labels.index("speech")
    looks = (*(spread(every, count) for count in GLANCES), np.flatnonzero(every))
    return any(
        bool(spoken.shares(model, places)[:, speech].max() >= LEAST_VOICE) for places in looks
    )


def _may_speak(model: scene.SceneModel, shares: Array) -> bool:
    """Whether any window may hold a voice."""
    voice = [i for i, label in enumerate(model.labels) if label not in (*ALONE, "silence")]
    return bool(shares[:, voice].sum(axis=1).max() >= VOICE_BELOW)


@dataclass(frozen=True)
class _Spoken:
    """A channel of a chunk, and where the VAD heard speech on it."""

    waveform: Array
    sample_rate: int
    windows: NDArray[np.bool_]
    """Those that meet an utterance, at least one."""

    def shares(self, model: scene.SceneModel, places: NDArray[np.int64]) -> Array:
        """Of the windows at ``places``, shape (windows, labels)."""
        return scene.shares_of(
            model.gathered(model.scores_at(self.waveform, self.sample_rate, places))
        )


def _spoken(model: scene.SceneModel, clip: Clip, channel: int) -> _Spoken:
    (waveform,) = clip.read(channel=channel)
    begin = clip.ref.start_ms + begin_ms(len(waveform), model.spec)
    end = begin + model.spec.length * model.spec.mel.hop * 1000 // model.spec.mel.sample_rate
    meets = np.zeros(len(begin), bool)
    for utterance in clip.ref.speech:
        if utterance.channel == channel:
            meets |= (begin < utterance.end_ms) & (end > utterance.start_ms)
    return _Spoken(waveform, clip.sample_rate, meets if meets.any() else ~meets)
