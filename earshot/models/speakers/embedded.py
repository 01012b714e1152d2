"""Speech with the embeddings of its windows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Utterance
from earshot.audio.features.speaker_windows import voice_windows, window_spans
from earshot.models.speakers.diarizer import Reader
from earshot.models.speakers.embedding import SpeakerModel

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Embedded:
    """One utterance: the windows over it, and an embedding for each."""

    utterance: Utterance
    windows: tuple[Utterance, ...]
    embeddings: Array
    """Unit vectors, shape (windows, size)."""


def embed(model: SpeakerModel, read: Reader, utterance: Utterance) -> Embedded:
    """Embeds an utterance of any length in bounded memory."""
    windows = window_spans(utterance)
    spectrograms = voice_windows(read, windows, model.mel, model.level)
    return Embedded(
        utterance, windows, np.concatenate([model.embed(part) for part in spectrograms])
    )
