"""The transcript of a recording as a session: segments with speaker, text and emotion."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from earshot.analysis.report.sections import EmotionSummary, Turn
from earshot.analysis.states import RecordingState
from earshot.storage.postgres.recordings import Recording
from gateway.examples import ID

ALONE = "s0"
"""The speaker where speakers are not told apart."""


class SessionEmotion(BaseModel):
    """Emotion of a segment. A model that only names emotions has no dimensions."""

    label: str = Field(description="`Calm`, `Happy`, `Neutral`, `Anxious`, ...; an open set.")
    valence: float | None = Field(ge=-1, le=1)
    arousal: float | None = Field(ge=-1, le=1)
    dominance: float | None = Field(ge=-1, le=1)
    confidence: float = Field(ge=0, le=1)


class Segment(BaseModel):
    """One speaker holding the floor."""

    id: str
    speaker: str = Field(description="`s0`, `s1`, ...")
    start_ms: int
    end_ms: int
    text: str
    emotion: SessionEmotion | None = Field(description="null where it was not asked for.")
    role: str | None = Field(description="Role of the channel, where the channel tells it.")
    confidence: float | None = Field(description="Mean confidence of the words.")
    speaker_name: str | None = Field(None, description="As a person named the speaker.")


class Session(BaseModel):
    """The transcript of a recording."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ID,
                    "filename": "call.wav",
                    "language": "en",
                    "duration_ms": 61_320,
                    "created_at": "2026-05-04T09:30:00.123456Z",
                    "segments": [
                        {
                            "id": "t0",
                            "speaker": "s0",
                            "start_ms": 480,
                            "end_ms": 2_160,
                            "text": "good morning",
                            "emotion": {
                                "label": "Calm",
                                "valence": 0.31,
                                "arousal": -0.2,
                                "dominance": 0.05,
                                "confidence": 0.82,
                            },
                            "role": "agent",
                            "confidence": 0.93,
                            "speaker_name": None,
                        }
                    ],
                    "state": "complete",
                }
            ]
        }
    )

    id: UUID
    filename: str
    language: str = Field(description="BCP 47; of the words, or as it was asked for.")
    duration_ms: int
    created_at: datetime
    segments: list[Segment]
    state: RecordingState = Field(description="`partial`: a part of it could not be analysed.")


def session(
    recording: Recording,
    report: Mapping[str, Any],
    *,
    diarize: bool | None = None,
    emotion: bool = True,
) -> Session:
    """The session of a recording with this report.

    Args:
        diarize: tell speakers apart; None: if it was analysed who speaks, or the channels tell.
        emotion: with emotions, if they were analysed.
    """
    turns = [Turn.model_validate(each) for each in report["turns"]]
    if diarize is None:
        diarize = "diarization" in recording.analyses or bool(report["recording"]["roles"])
    names = {each["id"]: each.get("name") for each in report["speakers"]} if diarize else {}
    return Session(
        id=recording.id,
        filename=recording.file_name,
        language=report["transcript_language"] or recording.language,
        duration_ms=report["recording"]["duration_ms"],
        created_at=recording.created_at,
        segments=[
            _segment(each, names.get(each.speaker), diarize=diarize, emotion=emotion)
            for each in turns
        ],
        state=recording.state,
    )


def _segment(turn: Turn, name: str | None, *, diarize: bool, emotion: bool) -> Segment:
    return Segment(
        id=turn.id,
        speaker=turn.speaker if diarize else ALONE,
        start_ms=turn.start_ms,
        end_ms=turn.end_ms,
        text=turn.text,
        emotion=_emotion(turn.emotion) if emotion and turn.emotion else None,
        role=turn.role,
        confidence=turn.confidence,
        speaker_name=name,
    )


def _emotion(found: EmotionSummary) -> SessionEmotion:
    return SessionEmotion(
        label=found.label.title(),
        valence=found.valence,
        arousal=found.arousal,
        dominance=found.dominance,
        confidence=found.confidence,
    )
