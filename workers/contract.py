"""What a module in ``workers/`` must offer to be an analysis.

A module defines three names and nothing else happens at import (no torch, no onnxruntime):

    FINDINGS = SceneFindings

    def load(release: Release, device: str) -> Model:
        '''Once per process and release: reads the checkpoint. May be slow, may use memory.'''

    def analyze(model: Model, clips: Sequence[Clip]) -> list[SceneFindings | Skipped | Failed]:
        '''One result per clip, in order, in as few forward passes as memory allows.'''

Its line in ``earshot/registry.py`` gives it a name, a pool, and the sample rate and scope of its
clips.

``FINDINGS`` derives from ``earshot.analysis.findings.Findings``. Findings are stored as they are;
``classification()`` of them is published as an event and listed in the report under
``classifications``, by the name of the analysis. ``earshot report`` prints how many there are,
``--json`` prints them. An analysis whose line names a ``section`` function is reported by that
instead (``earshot.analysis.report.registered``).

``load`` of code without a checkpoint returns None, and ``analyze`` takes that as its model.

``analyze`` returns ``Skipped(reason=NO_SPEECH)``, or another reason of
``earshot.analysis.outcome``, where there is nothing to analyse (``clip.ref.speech`` lists the
utterances), and ``Failed`` for a clip that it cannot analyse. It raises when it cannot go on: the
runner (``workers.run``) then tries the clips one by one, so that only the clip at fault is reported
as failed.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from earshot.analysis.findings import Findings
from earshot.analysis.outcome import Failed, Skipped
from earshot.analysis.types import Release
from earshot.audio.clip import Clip

Result = Findings | Skipped | Failed
"""The result of an analysis for one clip."""


class Analyzer(Protocol):
    """Analyses clips with a loaded model."""

    def analyze(self, model: Any, clips: Sequence[Clip]) -> list[Result]: ...


class Analysis(Analyzer, Protocol):
    """A module that implements the contract."""

    FINDINGS: type[Findings]

    def load(self, release: Release, device: str) -> Any: ...


def results(analyzer: Analyzer, model: object, clips: Sequence[Clip]) -> list[Result]:
    """One result per clip.

    Raises:
        RuntimeError: ``analyze`` returned more or fewer.
    """
    found = analyzer.analyze(model, clips)
    if len(found) != len(clips):
        raise RuntimeError(f"analyze() gave {len(found)} results for {len(clips)} clips")
    return found
