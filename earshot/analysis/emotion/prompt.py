"""Emotion as a part of a language model's system prompt (000-37)."""

from collections.abc import Sequence

from earshot.analysis.findings import Classification
from earshot.analysis.report.pooling import classify
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Transcript, Turn

LAST_MS = 15_000
"""Judged speech of a voice that counts as its present one."""
HEAD = (
    "Emotion of the voices in this call, judged by their sound alone. It is uncertain: let it guide"
    " the tone, and do not state it as a fact."
)


def emotion_prompt(recording: Report | Transcript) -> str:
    """A line for each voice: its emotion over the call, and at the end of it. No words of the call.
    Empty where no emotion was answered, or all are unclear."""
    voices: dict[str, list[Turn]] = {}
    for turn in recording.turns:
        if turn.emotion and not turn.emotion.abstained:
            voices.setdefault(turn.role or turn.speaker, []).append(turn)
    lines = [_line(name, turns) for name, turns in voices.items()]
    return "\n".join([HEAD, *lines]) if lines else ""


def _line(name: str, turns: Sequence[Turn]) -> str:
    last, judged = list[Turn](), 0
    for turn in reversed(turns):
        if judged >= LAST_MS:
            break
        last.append(turn)
        judged += turn.end_ms - turn.start_ms
    whole, now = _pooled(turns), _pooled(last)
    if whole is None or now is None:
        return f"- {name}: unclear"
    return f"- {name}: {_share(whole)} over the call, {_share(now)} at its end"


def _pooled(turns: Sequence[Turn]) -> Classification | None:
    return classify(
        (turn.emotion.scores, float(turn.end_ms - turn.start_ms))
        for turn in turns
        if turn.emotion is not None
    )


def _share(answer: Classification) -> str:
    return f"{answer.label} ({answer.confidence:.0%})"
