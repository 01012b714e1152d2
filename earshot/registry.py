"""The analyses, one line each: queue, route, chord header, pool, rows and event follow from this
list. Data alone: a module named here is imported only where it runs (``workers.modules``)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Card:
    """An analysis, as the rest of the system needs to know it."""

    name: str
    """A noun: queue, suffix of the task, key of its rows and events."""
    module: str
    """Keeps the contract of ``workers.contract``."""
    pool: Literal["cpu", "gpu"]
    sample_rate: int = 16_000
    """Hz; the audio is stored once per distinct rate."""
    scope: Literal["chunk", "recording", "transcript"] = "chunk"
    """What a clip is: one chunk, the whole recording, or its transcript (``Clip.transcript``), once
    all other analyses are merged."""
    speech_only: bool = False
    """Chunks in which the gate finds noise or music alone are skipped (``workers.gate``)."""
    urgent: bool = False
    """Its findings may hold alarms: chunks are analysed one by one, and each alarm is published at
    once."""
    section: str = ""
    """``module:function`` that makes its section of the report
    (``earshot.analysis.report.registered``); without one, its answers are listed chunk by chunk
    under ``classifications``."""


_REPORT = "earshot.analysis.report"
_CONVERSATION = f"{_REPORT}.conversation:section"


CARDS = (
    Card("scene", "workers.scene", "cpu", section=f"{_REPORT}.scene:section"),
    Card("noise", "workers.noise", "cpu", urgent=True, section=f"{_REPORT}.noise:section"),
    Card("sentiment", "workers.sentiment", "cpu", section=_CONVERSATION),
    Card("asr", "workers.asr", "gpu", speech_only=True, section=_CONVERSATION),
    Card("emotion", "workers.emotion", "gpu", speech_only=True, section=_CONVERSATION),
    Card("diarization", "workers.diarization", "gpu", scope="recording", section=_CONVERSATION),
)

_BY_NAME = {card.name: card for card in CARDS}


def cards() -> tuple[Card, ...]:
    """The analyses, in registry order."""
    return CARDS


def analyses() -> dict[str, Card]:
    """Name of each analysis to its card, in registry order."""
    return _BY_NAME
