"""A stored report without what was spoken."""

from collections.abc import Collection
from typing import Any

TEXTS = ("text", "words")
"""Keys under which reports hold texts and lists of words, at any depth."""
QUOTING = ("topics",)
"""Fields of a report with terms that were spoken, and with summaries of what was."""


def without_words(body: dict[str, Any], derived: Collection[str]) -> dict[str, Any]:
    """The JSON of a report, of any version, without texts, words and topics; times, speakers,
    figures and scores stay. Its turns are no longer transcribed: what is not in an empty text is
    not known to be unsaid.

    Args:
        derived: analyses of the transcript, whose sections go as a whole.
    """
    kept: dict[str, Any] = _stripped(body)
    kept |= {name: None for name in QUOTING if name in kept}
    kept["turns"] = [{**turn, "transcribed": False} for turn in kept.get("turns", ())]
    kept["sections"] = {
        name: section for name, section in kept.get("sections", {}).items() if name not in derived
    }
    kept["classifications"] = {
        name: each for name, each in kept.get("classifications", {}).items() if name not in derived
    }
    return kept


def _stripped(value: Any) -> Any:
    if isinstance(value, list):
        return [_stripped(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _without(each) if key in TEXTS else _stripped(each) for key, each in value.items()}


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return ""
    return [] if isinstance(value, list) else value
