"""What is left of the planted values in a redacted recording."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trials.spoken.calls import Call, Value
from trials.spoken.voices import RATE

EXACT_MS = 50
"""At either border of a value, which its sound may keep."""


@dataclass(frozen=True)
class Judged:
    """One value."""

    value: Value
    left_ms: int
    """Sound of it that is left, without its borders."""
    begins_ms: int | None
    """How much later than the value the silence begins; None: no silence touches it."""
    ends_ms: int | None
    words: str
    """Words that are left of it."""

    @property
    def found(self) -> bool:
        return self.left_ms == 0


@dataclass(frozen=True)
class Of:
    """One recording."""

    values: list[Judged]
    stretches: int
    wrong: list[str]
    """Stretches that touch no value."""
    silent_ms: int
    beyond_ms: int
    """Silence outside of all values."""


def judge(call: Call, report: dict[str, Any], audio: NDArray[np.int16]) -> Of:
    """Compares a recording with what was spoken.

    Args:
        audio: (samples,) at ``RATE``, as it is stored.
    """
    section = report["sections"].get("redaction") or {"stretches": []}
    stretches = section["stretches"]
    silent = np.zeros(len(audio), bool)
    for each in stretches:
        silent[_at(each["start_ms"]) : _at(each["end_ms"])] = True
    inside = np.zeros(len(audio), bool)
    for value in call.values:
        inside[_at(value.start_ms) : _at(value.end_ms)] = True
    words = [word for turn in report["turns"] for word in turn["words"]]
    touching = [
        each for each in stretches if any(_overlap(each, value) > 0 for value in call.values)
    ]
    return Of(
        values=[_value(value, stretches, words, audio) for value in call.values],
        stretches=len(stretches),
        wrong=[
            f"{each['kind']} {each['start_ms']}-{each['end_ms']}"
            for each in stretches
            if each not in touching
        ],
        silent_ms=_ms(silent),
        beyond_ms=_ms(silent & ~inside),
    )


def _value(
    value: Value,
    stretches: Sequence[dict[str, Any]],
    words: Sequence[dict[str, Any]],
    audio: NDArray[np.int16],
) -> Judged:
    own = [each for each in stretches if _overlap(each, value) > 0]
    kept = audio[_at(value.start_ms + EXACT_MS) : _at(value.end_ms - EXACT_MS)] != 0
    return Judged(
        value,
        left_ms=_ms(kept),
        begins_ms=min(each["start_ms"] for each in own) - value.start_ms if own else None,
        ends_ms=max(each["end_ms"] for each in own) - value.end_ms if own else None,
        words=" ".join(
            word["text"]
            for word in words
            if value.start_ms < (word["start_ms"] + word["end_ms"]) / 2 < value.end_ms
            and not word["text"].startswith("[")
        ),
    )


def _overlap(stretch: dict[str, Any], value: Value) -> int:
    start, end = int(stretch["start_ms"]), int(stretch["end_ms"])
    return min(end, value.end_ms) - max(start, value.start_ms)


def _at(ms: int) -> int:
    return ms * RATE // 1000


def _ms(flags: NDArray[np.bool_]) -> int:
    return int(flags.sum()) * 1000 // RATE
