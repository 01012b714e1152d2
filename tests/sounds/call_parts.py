"""The parts of one call of two channels and two chunks, as the analyses would have answered."""

from datetime import UTC, datetime
from uuid import UUID

from earshot.analysis.emotion.findings import Emotion, EmotionFindings
from earshot.analysis.findings import (
    AsrFindings,
    Classification,
    DiarizationFindings,
    Findings,
    LabelledInterval,
    RoleScores,
    SceneFindings,
    SentimentFindings,
    SpeakerTurn,
    Word,
)
from earshot.analysis.noise_findings import NoiseFindings
from earshot.analysis.outcome import Succeeded
from earshot.analysis.report.parts import ChunkSpan, Part, RecordingInfo
from earshot.analysis.types import WHOLE, Utterance

CHUNKS = (
    ChunkSpan(
        index=0,
        start_ms=0,
        end_ms=25_000,
        speech=(Utterance(start_ms=1_000, end_ms=25_000, channel=0),),
    ),
    ChunkSpan(
        index=1,
        start_ms=24_000,
        end_ms=40_000,
        speech=(Utterance(start_ms=24_000, end_ms=31_000, channel=0),),
    ),
)
ALL = ("scene", "noise", "sentiment", "asr", "emotion", "diarization")


def recording(
    roles: tuple[str, ...] = ("agent", "customer"),
    channels: int = 2,
    analyses: tuple[str, ...] = ALL,
) -> RecordingInfo:
    return RecordingInfo(
        id=UUID(int=7),
        file_name="call.wav",
        sha256="0" * 64,
        duration_ms=40_000,
        channels=channels,
        native_rate=8_000,
        roles=roles,
        language="en",
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        chunks=CHUNKS,
        analyses=analyses,
    )


def part(analysis: str, chunk: int, findings: Findings) -> Part:
    start, end = (0, 40_000) if chunk == WHOLE else (CHUNKS[chunk].start_ms, CHUNKS[chunk].end_ms)
    outcome = Succeeded(
        findings=findings.model_dump(mode="json"), classification=findings.classification()
    )
    return Part(
        chunk=chunk,
        start_ms=start,
        end_ms=end,
        analysis=analysis,
        release=f"{analysis}-1",
        outcome=outcome,
    )


def words(*items: tuple[str, int, int]) -> AsrFindings:
    spoken = (
        Word(text=t, start_ms=s, end_ms=s + 300, channel=c, confidence=0.8) for t, s, c in items
    )
    return AsrFindings(language="en", words=tuple(spoken))


def scene(*items: tuple[str, int, int]) -> SceneFindings:
    stretches = tuple(
        LabelledInterval(label=name, start_ms=s, end_ms=e, confidence=0.9) for name, s, e in items
    )
    return SceneFindings(label="speech", confidence=1, scores={"speech": 1}, intervals=stretches)


def noise(label: str) -> NoiseFindings:
    return NoiseFindings(
        label=label,
        confidence=0.6,
        scores={label: 1},
        coverage=("rain", "siren"),
        bandwidth_limited=True,
    )


def sentiment(*items: tuple[int, int, int, str, float]) -> SentimentFindings:
    scored = tuple(
        RoleScores(
            start_ms=s,
            end_ms=e,
            channel=c,
            role=role,
            scores={"negative": n, "neutral": 1 - n, "positive": 0},
        )
        for s, e, c, role, n in items
    )
    return SentimentFindings(
        utterances=scored,
        overall=Classification(label="neutral", confidence=1, scores={"neutral": 1}),
    )


def emotion(span: tuple[int, int], channel: int, names: tuple[str, str], score: float) -> Emotion:
    (start, end), (label, native) = span, names
    scores = {"anger": 0.0, "joy": 0.0} | {native: score}
    scores[next(name for name in scores if name != native)] = 1 - score
    return Emotion(
        start_ms=start,
        end_ms=end,
        channel=channel,
        label=label,
        label_native=native,
        confidence=score,
        scores=scores,
        valence=-0.5,
    )


def emotions(*items: Emotion) -> EmotionFindings:
    return EmotionFindings(
        utterances=items, overall=Classification(label="angry", confidence=1, scores={"angry": 1})
    )


def diarization() -> DiarizationFindings:
    turns = (
        SpeakerTurn(speaker="s0", start_ms=1_000, end_ms=31_000, channel=0),
        SpeakerTurn(speaker="s1", start_ms=32_000, end_ms=36_000, channel=1),
    )
    return DiarizationFindings(method="channel", speakers=2, turns=turns)


def parts() -> list[Part]:
    return [
        part("scene", 0, scene(("silence", 0, 1_000), ("speech", 1_000, 25_000))),
        part("scene", 1, scene(("speech", 24_000, 36_000), ("music", 36_000, 40_000))),
        part("noise", 0, noise("rain")),
        part("noise", 1, noise("rain")),
        part("asr", 0, words(("hello", 1_000, 0), ("good", 24_100, 0), ("day", 24_500, 0))),
        part(
            "asr",
            1,
            words(("good", 24_120, 0), ("day", 24_510, 0), ("sir", 24_900, 0), ("no", 32_000, 1)),
        ),
        part("emotion", 0, emotions(emotion((1_000, 25_000), 0, ("happy", "joy"), 0.7))),
        part(
            "emotion",
            1,
            emotions(
                emotion((24_000, 31_000), 0, ("happy", "joy"), 0.7),
                emotion((32_000, 36_000), 1, ("angry", "anger"), 0.9),
            ),
        ),
        part("sentiment", 0, sentiment((1_000, 25_000, 0, "agent", 0.1))),
        part("sentiment", 1, sentiment((32_000, 36_000, 1, "customer", 0.9))),
        part("diarization", WHOLE, diarization()),
    ]
