"""The gate: withholds audio without speech from the analyses of speech (000-36, docs/adr/0016).

The VAD occasionally detects a voice in a barking dog or a song; the small scene network corrects
it. For real speech a few of its windows are enough; else it classifies all, 10 ms for a chunk that
would take speech recognition a second.
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
Not ``silence``: it may be a distant voice."""
SURE = 0.9
"""Minimum mean share of these over the windows with speech by the VAD: high confidence."""
LEAST_VOICE = 0.5
"""Minimum share of speech of a window when words are doubtful. Speech as loud as a noise reaches it
(docs/asr.md)."""
VOICE_BELOW = 0.1
"""Maximum share of a voice in every window: half a second that may be a word lets the chunk
pass."""

GLANCES = (1, 4)
"""Windows of a channel that are classified before all of them are: most speech is found in the
first one."""

Array = NDArray[np.float32]


@dataclass
class Gated:
    """An analysis that skips chunks without speech."""

    inner: Analyzer
    model: scene.SceneModel

    def analyze(self, model: object, clips: Sequence[Clip]) -> list[Result]:
        """Runs the analysis; ``Skipped("scene_noise")`` or ``Skipped("scene_music")`` for skipped
        chunks."""
        refusals: list[Result | None] = [refusal(self.model, clip) for clip in clips]
        left = [clip for clip, each in zip(clips, refusals, strict=True) if each is None]
        rest = iter(
            results(
                self.inner,
                model,
                [replace(clip, voice=partial(voice, self.model, clip)) for clip in left],
            )
        )
        return [next(rest) if each is None else each for each in refusals]


def gated(analyzer: Analyzer, gate: Release | None) -> Analyzer:
    """The analyzer behind the gate of that scene release; itself without a gate.

    Raises:
        Misconfigured: the release cannot be loaded.
    """
    if gate is None:
        return analyzer
    return Gated(analyzer, cache.get(scene.load, gate, "cpu"))


def refusal(model: scene.SceneModel, clip: Clip) -> Skipped | None:
    """The reason to skip the chunk; None if it may contain speech, or if the VAD found none
    anyway."""
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
    """True if any window of the span is a voice: one word makes it speech."""
    (waveform,) = clip.read(span.start_ms, span.end_ms, span.channel)
    every = np.ones(len(begin_ms(len(waveform), model.spec)), bool)
    spoken, speech = _Spoken(waveform, clip.sample_rate, every), model.labels.index("speech")
    looks = (*(spread(every, count) for count in GLANCES), np.flatnonzero(every))
    return any(
        bool(spoken.shares(model, places)[:, speech].max() >= LEAST_VOICE) for places in looks
    )


def _may_speak(model: scene.SceneModel, shares: Array) -> bool:
    """True if any window may contain a voice."""
    voice = [i for i, label in enumerate(model.labels) if label not in (*ALONE, "silence")]
    return bool(shares[:, voice].sum(axis=1).max() >= VOICE_BELOW)


@dataclass(frozen=True)
class _Spoken:
    """A channel of a chunk with the VAD's speech."""

    waveform: Array
    sample_rate: int
    windows: NDArray[np.bool_]
    """Those that overlap an utterance, at least one."""

    def shares(self, model: scene.SceneModel, places: NDArray[np.int64]) -> Array:
        """Shares of the windows at ``places``, shape (windows, labels)."""
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
