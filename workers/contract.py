"""What a module in ``workers/`` must offer to be an analysis.

A module defines three names and nothing else happens at import (no torch, no onnxruntime):

    CARD = Card(name="scene", pool="cpu", sample_rate=16_000, findings=SceneFindings)

    def load(release: Release, device: str) -> Model:
        '''Once per process and release: read the checkpoint. May be slow, may use memory.'''

    def analyze(model: Model, clips: Sequence[Clip]) -> list[SceneFindings | Skipped | Failed]:
        '''One result per clip, in order, in as few forward passes as memory allows.'''

``analyze`` gives ``Failed`` for a clip that it knows it cannot do, and raises when it cannot go on;
the runner (``workers.run``) then tries the clips one by one, so that only the clip at fault is
reported as failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from earshot.analysis.findings import Findings
from earshot.analysis.outcome import Failed, Skipped
from earshot.analysis.types import Release
from earshot.audio.clip import Clip

Result = Findings | Skipped | Failed
"""What an analysis says of one clip."""


@dataclass(frozen=True)
class Card:
    """What the rest of the system needs to know of an analysis."""

    name: str  # a noun: queue, task suffix, row key and event key
    pool: Literal["cpu", "gpu"]
    findings: type[Findings]
    sample_rate: int = 16_000  # Hz; the producer stores one copy of the audio per distinct rate
    scope: Literal["chunk", "recording"] = "chunk"
    speech_only: bool = (
        False  # chunks that scene takes for noise or music need not be heard (workers.gate)
    )
    # its findings may hold alarms: chunks are analysed one by one, and each is told of at once
    urgent: bool = False


class Analysis(Protocol):
    """A module that keeps the contract."""

    CARD: Card

    def load(self, release: Release, device: str) -> Any: ...

    def analyze(self, model: Any, clips: Sequence[Clip]) -> list[Result]: ...


def results(analysis: Analysis, model: object, clips: Sequence[Clip]) -> list[Result]:
    """What the analysis says of the clips, one result each.

    Raises:
        RuntimeError: it gave more or fewer.
    """
    found = analysis.analyze(model, clips)
    if len(found) != len(clips):
        raise RuntimeError(
            f"{analysis.CARD.name}.analyze() gave {len(found)} results for {len(clips)} clips"
        )
    return found
