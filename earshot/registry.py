"""The registry of analyses, one line each; queue, route, chord header, pool, rows and event are
derived from it. It is data alone: a worker imports the modules that it runs
(``workers.modules``)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Card:
    """An analysis, as seen by the rest of the system."""

    name: str
    """A noun: name of the queue, suffix of the task, key of rows and events."""
    module: str
    """The module that implements ``workers.contract``."""
    pool: Literal["cpu", "gpu"]
    sample_rate: int = 16_000
    """In Hz; the audio is stored once per distinct rate."""
    scope: Literal["chunk", "recording", "transcript"] = "chunk"
    """What a clip is: one chunk, the whole recording, or its transcript (``Clip.transcript``), once
    all other analyses are merged."""
    speech_only: bool = False
    """Skips chunks that the gate classifies as noise or music (``workers.gate``)."""
    urgent: bool = False
    """Its findings may contain alarms: chunks are analysed one by one, and each alarm is published
    immediately."""
    on_demand: bool = False
    """In the profile ``live``, runs only for requests that name it (000-18, C-21)."""
    glossary: bool = False
    """Reads a glossary, and runs by default only where one applies (docs/topics.md)."""
    redacts: bool = False
    """Runs for recordings whose request asks for redaction, and for no other (docs/privacy.md)."""
    section: str = ""
    """``module:function`` that builds its section of the report
    (``earshot.analysis.report.registered``). Empty: its answers are listed by chunk under
    ``classifications``."""


_REPORT = "earshot.analysis.report"
_CONVERSATION = f"{_REPORT}.conversation:section"


CARDS = (
    Card("scene", "workers.scene", "cpu", on_demand=True, section=f"{_REPORT}.scene:section"),
    Card("noise", "workers.noise", "cpu", urgent=True, section=f"{_REPORT}.noise:section"),
    Card("sentiment", "workers.sentiment", "cpu", section=_CONVERSATION),
    Card("asr", "workers.asr", "gpu", speech_only=True, section=_CONVERSATION),
    Card(
        "emotion", "workers.emotion", "gpu", speech_only=True, on_demand=True, section=_CONVERSATION
    ),
    Card("diarization", "workers.diarization", "gpu", scope="recording", section=_CONVERSATION),
    Card(
        "text_sentiment", "workers.text_sentiment", "cpu", scope="transcript", section=_CONVERSATION
    ),
    Card(
        "topics",
        "workers.topics",
        "cpu",
        scope="transcript",
        glossary=True,
        section="earshot.analysis.topics.findings:section",
    ),
    Card(
        "redaction",
        "workers.redaction",
        "gpu",
        scope="transcript",
        redacts=True,
        section="earshot.analysis.pii.redaction:section",
    ),
)

_BY_NAME = {card.name: card for card in CARDS}


def cards() -> tuple[Card, ...]:
    """The analyses, in registry order."""
    return CARDS


def analyses() -> dict[str, Card]:
    """Name of each analysis to its card, in registry order."""
    return _BY_NAME


def nameable() -> dict[str, Card]:
    """Those that a request may name; redaction has an option of its own."""
    return {name: card for name, card in _BY_NAME.items() if not card.redacts}
