"""A report for rules, as its JSON."""

from typing import Any

from earshot.analysis.rules.evaluate import evaluate
from earshot.analysis.rules.facts import Facts
from earshot.analysis.rules.rule import Rule
from earshot.analysis.rules.verdict import Verdict


def turn(number: int, role: str | None, start_ms: int, text: str, **more: Any) -> dict[str, Any]:
    """A turn whose words last 200 ms each, 100 ms apart, with a confidence of 0.9."""
    words = [
        {
            "text": word,
            "start_ms": start_ms + 300 * index,
            "end_ms": start_ms + 300 * index + 200,
            "confidence": 0.9,
        }
        for index, word in enumerate(text.split())
    ]
    end = words[-1]["end_ms"] if words else start_ms + 500
    return {
        "id": f"t{number}",
        "speaker": "s0",
        "role": role,
        "channel": 0,
        "start_ms": start_ms,
        "end_ms": end,
        "text": text,
        "transcribed": True,
        "words": words,
        **more,
    }


def call(*turns: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A report of two minutes."""
    return {
        "recording": {"duration_ms": 120_000, "roles": ["agent", "customer"]},
        "releases": {"asr": ["asr-tiny"], "scene": ["scene-tiny"]},
        "skipped": [],
        "turns": list(turns),
        "sounds": [],
        **more,
    }


def judged(report: dict[str, Any], when: dict[str, Any]) -> Verdict:
    """What is known of a condition."""
    return evaluate(Rule.model_validate({"name": "r", "when": when}), Facts(report))
