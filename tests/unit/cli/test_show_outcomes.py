"""What a user reads when not all went well, or there was little to hear: from the outcomes to the
printed page."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from rich.console import Console

from cli.terminal.show import UNCLEAR_MARGIN, rendered
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
from earshot.analysis.outcome import Failed, Outcome, Skipped, Succeeded
from earshot.analysis.report.parts import ChunkSpan, Part, RecordingInfo
from earshot.analysis.report.report import build_report
from earshot.analysis.types import WHOLE, Utterance

LENGTH = 20_000
EVEN = {"negative": 0.3334, "neutral": 0.3333, "positive": 0.3333}
SPEECH = (
    Utterance(start_ms=1_000, end_ms=4_000, channel=0),
    Utterance(start_ms=6_000, end_ms=9_000, channel=0),
)


def page(
    parts: list[Part],
    speech: tuple[Utterance, ...] = SPEECH,
    analyses: tuple[str, ...] | None = None,
) -> str:
    """The report of a mono recording of one chunk, as printed."""
    info = RecordingInfo(
        id=UUID(int=7),
        file_name="call.wav",
        sha256="0" * 64,
        duration_ms=LENGTH,
        channels=1,
        native_rate=16_000,
        language="en",
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        chunks=(ChunkSpan(index=0, start_ms=0, end_ms=LENGTH, speech=speech),),
        analyses=tuple(part.analysis for part in parts) if analyses is None else analyses,
    )
    console = Console(width=120, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(rendered(build_report(info, parts)))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def part(analysis: str, outcome: Outcome | Findings) -> Part:
    if isinstance(outcome, Findings):
        outcome = Succeeded(
            findings=outcome.model_dump(mode="json"), classification=outcome.classification()
        )
    chunk = WHOLE if analysis == "diarization" else 0
    return Part(
        chunk=chunk, start_ms=0, end_ms=LENGTH, analysis=analysis, release="r", outcome=outcome
    )


def scene(label: str) -> Part:
    stretch = LabelledInterval(label=label, confidence=1, start_ms=0, end_ms=LENGTH)
    return part(
        "scene", SceneFindings(label=label, confidence=1, scores={label: 1}, intervals=(stretch,))
    )


def asr(*texts: str) -> Part:
    spoken = zip(texts, SPEECH, strict=False)
    return part(
        "asr",
        AsrFindings(
            language="en",
            words=tuple(Word(text=t, confidence=1, **s.model_dump()) for t, s in spoken),
        ),
    )


def sentiment(scores: dict[str, float]) -> Part:
    heard = tuple(
        RoleScores(role=role, scores=scores, **s.model_dump())
        for s in SPEECH
        for role in ("agent", "customer")
    )
    overall = Classification(label="negative", confidence=max(scores.values()), scores=scores)
    return part("sentiment", SentimentFindings(utterances=heard, overall=overall))


def two_voices() -> Part:
    turns = tuple(
        SpeakerTurn(speaker=f"s{i}", **span.model_dump()) for i, span in enumerate(SPEECH)
    )
    return part("diarization", DiarizationFindings(method="clustering", speakers=2, turns=turns))


def lines(text: str, *starts: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(starts)]


def test_silence_only() -> None:
    nothing = [
        part(name, Skipped(reason="no_speech"))
        for name in ("asr", "emotion", "sentiment", "diarization")
    ]
    text = page([scene("silence"), *nothing], speech=())
    assert "complete" in text
    assert lines(text, "silence")[0].split()[2:4] == ["0:20", "100%"]
    assert "No turns: no speech was detected." in text
    assert [line.split()[0] for line in text.splitlines() if "no_speech" in line] == [
        "diarization", "asr", "emotion", "sentiment",
    ]  # fmt: skip
    assert "Missing" not in text
    assert "transcribed" not in text


@pytest.mark.parametrize("asked", [True, False])
def test_speech_that_was_not_transcribed_is_not_called_wordless(asked: bool) -> None:
    failed = [part("asr", Failed(code="out_of_memory", detail="killed at 2 GB"))] if asked else []
    text = page([scene("speech"), two_voices(), *failed])
    assert [line.split(maxsplit=4)[4] for line in lines(text, "0:01", "0:06")] == [
        "(not transcribed)"
    ] * 2
    assert "no word recognised" not in text
    assert ("out_of_memory: killed at 2 GB" in text) == asked
    assert ("partial" in text) == asked


def test_speech_without_words_is_called_so() -> None:
    text = page([asr("hello"), two_voices()])
    assert [line.split(maxsplit=4)[4] for line in lines(text, "0:01", "0:06")] == [
        "hello",
        "(no word recognised)",
    ]


def test_one_failing_analysis_leaves_the_rest() -> None:
    noise = part("noise", Failed(code="checkpoint", detail="noise.onnx is not the file it was"))
    text = page(
        [
            scene("speech"),
            noise,
            asr("hello", "goodbye"),
            two_voices(),
            sentiment({"negative": 0.1, "neutral": 0.9}),
        ]
    )
    assert "partial" in text
    missing = text[text.index("Missing") :].split()
    assert missing[1:6] == ["noise", "1", "chunk", "checkpoint:", "noise.onnx"]
    assert all(word in text for word in ("hello", "goodbye", "neutral 90%", "speech"))


def test_an_analysis_that_never_ran_is_missing() -> None:
    text = page([asr("hello", "goodbye")], analyses=("asr", "noise"))
    assert "noise  whole recording  not_run" in text


def test_two_voices_on_one_channel() -> None:
    text = page(
        [asr("hello", "goodbye"), two_voices(), sentiment({"negative": 0.8, "neutral": 0.2})]
    )
    assert [line.split() for line in lines(text, "0:01", "0:06")] == [
        ["0:01", "s0", "-", "negative", "80%", "hello"],
        ["0:06", "s1", "-", "negative", "80%", "goodbye"],
    ]
    voices = text[text.index("Sentiment of the voice") :].splitlines()[1:3]
    assert [line.split()[:2] for line in voices] == [["s0", "negative"], ["s1", "negative"]]
    assert all(line.endswith("over 0:03") for line in voices)


def test_a_near_tie_is_not_shown_as_an_answer() -> None:
    text = page([asr("hello", "goodbye"), two_voices(), sentiment(EVEN)])
    assert lines(text, "0:01")[0].split() == ["0:01", "s0", "-", "unclear", "hello"]
    assert "s0  unclear  negative 33%  neutral 33%  positive 33%" in text
    ahead = {
        "negative": 0.4,
        "neutral": 0.4 - UNCLEAR_MARGIN - 0.01,
        "positive": 0.2 + UNCLEAR_MARGIN + 0.01,
    }
    assert "negative 40%" in lines(page([asr("hello"), two_voices(), sentiment(ahead)]), "0:01")[0]


def test_noise_is_shown_over_time() -> None:
    rain = NoiseFindings(
        label="rain", confidence=1, scores={"rain": 1}, coverage=("rain",), bandwidth_limited=False
    )
    text = page([part("noise", rain)], speech=())
    assert lines(text, "rain")[0].split()[2:4] == ["0:20", "100%"]
