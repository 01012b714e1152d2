"""The small CNN of [001]: emotion of an utterance by its windows of 1 s (C-12)."""

from collections.abc import Sequence
from dataclasses import dataclass

from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.emotion.model import ByUtterance, Shares
from earshot.models.options import Options
from earshot.models.sound.windowed import WindowedModel, open_windowed


@dataclass(frozen=True)
class WindowedEmotion(ByUtterance):
    """Shares averaged over windows."""

    windowed: WindowedModel

    @property
    def labels(self) -> tuple[str, ...]:
        return self.windowed.labels

    def shares(self, utterances: Sequence[Samples]) -> list[Shares]:
        return [self.windowed.scores(samples, SAMPLE_RATE).mean(axis=0) for samples in utterances]


def open_windowed_emotion(release: Release, device: str, options: Options) -> WindowedEmotion:
    """It takes 0.04 ms a window on a CPU, so it runs there also in a GPU pool (C-29).

    Raises:
        Misconfigured: as ``open_windowed``.
    """
    return WindowedEmotion(open_windowed(release, device, options))
