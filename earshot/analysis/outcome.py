"""The outcome of one analysis on one chunk: findings, or the reason for their absence. Failures are
values, so one cannot stop a chord."""

from typing import Annotated, Any, Literal

from pydantic import Field

from earshot.analysis.findings import Alarm, Published
from earshot.analysis.types import Frozen

DEVICE_MEMORY = "device_memory"
"""``Failed.code`` of a clip for which there was no room in memory, tried alone."""

LANGUAGE_UNSUPPORTED: Literal["language_unsupported"] = "language_unsupported"
"""``Failed.code`` of speech in a language that the recogniser does not know, and reason of words
that are suppressed for it."""


class Succeeded(Frozen):
    """``findings`` is the dumped ``Findings`` of the analysis; ``classification`` is its
    publishable part."""

    status: Literal["succeeded"] = "succeeded"
    findings: dict[str, Any]
    classification: Published | None = None
    alarms: tuple[Alarm, ...] = Field(default=(), exclude=True)
    """Found in the clip; published beside the outcome, which is stored without them."""
    tokens: int = Field(default=0, exclude=True)
    """Of a language model, used for the clip; counted beside the outcome."""


NO_SPEECH = "no_speech"
"""The VAD detects no speech in the clip."""
SCENE_NOISE, SCENE_MUSIC = "scene_noise", "scene_music"
"""The gate finds only noise or music where the VAD detects speech (``workers.gate``)."""


class Skipped(Frozen):
    """There was nothing to analyse."""

    status: Literal["skipped"] = "skipped"
    reason: str
    """One of the constants above, or a reason of an analysis in the same form."""


class Failed(Frozen):
    """The analysis could not be done; ``code`` for machines, ``detail`` for people."""

    status: Literal["failed"] = "failed"
    code: str
    detail: str
    findings: dict[str, Any] | None = None
    """Dumped ``Findings`` that explain the failure, where the analysis has any."""


Outcome = Annotated[Succeeded | Skipped | Failed, Field(discriminator="status")]
