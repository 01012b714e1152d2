"""The scene of many short sounds at once: one pass of the network over all of them, and one array
operation where ``workers.scene.judged`` has one a sound."""

from collections.abc import Sequence

import numpy as np

from earshot.analysis.findings import Classification
from earshot.analysis.report.prevailing import SILENCE, is_silence
from earshot.audio.features.level import SILENT, loudnesses
from earshot.models.scoring import classify
from workers.scene import Array, SceneModel, cells_of, judged, shares_of


def judged_together(
    model: SceneModel, sounds: Sequence[Array], sample_rate: int
) -> list[Classification]:
    """The scene of each mono sound as a whole, as ``workers.scene.judged`` finds it.

    Args:
        sounds: all of one length.
    """
    if len(sounds) == 1:  # in less time than the same for many
        return [judged(model, sounds[0][None], sample_rate).whole]
    waveforms, size = np.stack(sounds), model.spec.hop * model.spec.mel.hop
    scores = model.gathered(model.scores_of(sounds, sample_rate))
    scores = scores.reshape(len(sounds), -1, scores.shape[-1])
    cells = np.moveaxis(cells_of(np.moveaxis(scores, 0, 1), waveforms, size), 1, 0)
    starts = range(0, waveforms.shape[1], size)
    quiet = np.stack(
        [loudnesses(waveforms[:, start : start + size]) < SILENT for start in starts], axis=1
    )
    temperature, silence = model.pooled_temperature, model.labels.index(SILENCE)
    shares = shares_of(cells, temperature)
    audible = ~quiet & (shares.argmax(axis=-1) != silence)
    filled = np.where(
        quiet[..., None], np.eye(len(model.labels), dtype=np.float32)[silence], shares
    )
    silent = np.array([is_silence(float(count), audible.shape[1]) for count in audible.sum(axis=1)])
    pooled = np.where(audible[..., None], cells, 0).sum(axis=1, dtype=np.float32)
    pooled /= np.maximum(audible.sum(axis=1, dtype=np.float32), 1)[:, None]
    whole = np.where(silent[:, None], filled.mean(axis=1), shares_of(pooled, temperature))
    return [classify(model.labels, each) for each in whole]
