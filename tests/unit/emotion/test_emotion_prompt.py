"""The emotion of voices as a part of a system prompt."""

from earshot.analysis.emotion.prompt import HEAD, emotion_prompt
from earshot.analysis.report.report import build_report
from earshot.analysis.report.sections import EmotionSummary, Transcript, Turn
from tests.sounds.call_parts import parts, recording


def turn(number: int, role: str | None, label: str, *, abstained: bool = False) -> Turn:
    """Ten seconds of a voice that is four fifths of that emotion."""
    scores = {"happy": 0.1, "angry": 0.1, "neutral": 0.1} | {label: 0.8}
    return Turn(
        id=f"t{number}", speaker=f"s{number % 2}", role=role, text="secret", transcribed=True,
        words=(), confidence=None, sentiment=None, channel=0,
        start_ms=number * 10_000, end_ms=(number + 1) * 10_000,
        emotion=EmotionSummary(
            label="unclear" if abstained else label, label_native=label, confidence=0.8,
            scores={name: share / sum(scores.values()) for name, share in scores.items()},
            abstained=abstained,
        ),
    )  # fmt: skip


def test_every_voice_has_its_emotion_over_the_call_and_at_its_end() -> None:
    labels = ("neutral", "happy", "neutral", "happy", "neutral", "happy", "angry", "happy", "angry")
    turns = [
        turn(number, "agent" if number % 2 else "customer", label)
        for number, label in enumerate(labels)
    ]
    prompt = emotion_prompt(Transcript(language="en", turns=tuple(turns)))
    assert prompt.splitlines() == [
        HEAD,
        "- customer: neutral (52%) over the call, angry (80%) at its end",
        "- agent: happy (80%) over the call, happy (80%) at its end",
    ]


def test_unclear_voices_and_reports_without_emotion_have_none() -> None:
    unclear = (turn(0, None, "happy", abstained=True),)
    assert emotion_prompt(Transcript(language=None, turns=unclear)) == ""
    without = [each for each in parts() if each.analysis != "emotion"]
    assert emotion_prompt(build_report(recording(), without)) == ""
    assert "customer" in emotion_prompt(build_report(recording(), parts()))
