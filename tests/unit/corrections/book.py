"""A report with its corrections in memory, and reports of the same call in later rounds."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from earshot.analysis.corrections.changes import Change
from earshot.analysis.corrections.layer import Layered, corrected, layered
from earshot.analysis.corrections.making import Known, prepared
from earshot.analysis.corrections.records import Correction
from earshot.analysis.findings import AsrFindings, DiarizationFindings, SpeakerTurn, Word
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.types import WHOLE
from tests.sounds.call_parts import part, parts, recording

AT = datetime(2026, 5, 4, tzinfo=UTC)
CHANGE: TypeAdapter[Change] = TypeAdapter(Change)

Said = tuple[str, str, int, int]
"""Speaker, words, start_ms, end_ms."""
SAID: tuple[Said, ...] = (
    ("s0", "good morning", 1_000, 3_000),
    ("s1", "hello there", 4_000, 6_000),
    ("s0", "how are you", 7_000, 9_000),
    ("s1", "fine thanks", 10_000, 14_000),
)


def mono(said: tuple[Said, ...] = SAID) -> Report:
    """One channel, on which diarization finds who speaks."""
    words = [
        Word(
            text=text,
            start_ms=start + (end - start) * n // len(spoken.split()),
            end_ms=start + (end - start) * (n + 1) // len(spoken.split()),
            channel=0,
            confidence=0.8,
        )
        for _, spoken, start, end in said
        for n, text in enumerate(spoken.split())
    ]
    turns = tuple(
        SpeakerTurn(speaker=speaker, start_ms=start, end_ms=end, channel=0)
        for speaker, _, start, end in said
    )
    found = DiarizationFindings(
        method="clustering", speakers=len({each[0] for each in said}), turns=turns
    )
    return build_report(
        recording(roles=(), channels=1),
        [
            part("asr", 0, AsrFindings(language="en", words=tuple(words))),
            part("diarization", WHOLE, found),
        ],
    )


def stereo() -> Report:
    """Two channels with roles, emotion and noise."""
    return build_report(recording(), parts())


class Book:
    """Corrections of a report, as a client makes them one after the other."""

    def __init__(self, report: Report) -> None:
        self.answer = report
        self.corrections: list[Correction] = []

    @property
    def layered(self) -> Layered:
        return layered(self.answer, self.corrections)

    @property
    def report(self) -> Report:
        return corrected(self.answer, self.corrections, max(1, len(self.corrections)))

    def correct(self, **change: Any) -> Correction:
        number = len(self.corrections) + 1
        known = Known(UUID(int=number), number, 1, AT, "anna")
        made = prepared(self.layered.draft, CHANGE.validate_python(change), known).correction
        # As it is read back from the database.
        self.corrections.append(Correction.model_validate_json(made.model_dump_json()))
        return made

    def turn(self, turn_id: str) -> dict[str, Any]:
        """The place of a turn, as a client names it."""
        (found,) = (each for each in self.report.turns if each.id == turn_id)
        return found.model_dump(include={"channel", "start_ms", "end_ms"})

    def undo(self, made: Correction) -> None:
        undone = {"undone_at": AT, "undone_by": "anna"}
        self.corrections = [
            each.model_copy(update=undone) if each.id == made.id else each
            for each in self.corrections
        ]

    def redo(self, made: Correction) -> None:
        again = {"undone_at": None, "undone_by": None}
        self.corrections = [
            each.model_copy(update=again) if each.id == made.id else each
            for each in self.corrections
        ]

    def states(self) -> list[str]:
        return [each.state for each in self.layered.standings]
