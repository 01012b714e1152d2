"""Turns out of stretches of speech."""

from collections.abc import Iterable, Sequence

from earshot.models.speakers.diarizer import TURN_GAP_MS, Spoken


def joined(single: Iterable[Spoken], gap_ms: int = TURN_GAP_MS) -> tuple[Spoken, ...]:
    """Stretches of one voice that only a pause shorter than ``gap_ms`` divides, in order of
    time."""
    turns: list[Spoken] = []
    for one in single:
        last = turns[-1] if turns else None
        if last and last.voice == one.voice and one.start_ms - last.end_ms < gap_ms:
            turns[-1] = Spoken(one.voice, last.start_ms, max(last.end_ms, one.end_ms))
        else:
            turns.append(one)
    return tuple(turns)


def by_voice(spoken: Sequence[Spoken], gap_ms: int = TURN_GAP_MS) -> tuple[Spoken, ...]:
    """Turns that may overlap, each voice joined by itself, in order of time."""
    of: dict[str, list[Spoken]] = {}
    for one in sorted(spoken, key=lambda one: one.start_ms):
        of.setdefault(one.voice, []).append(one)
    turns = [turn for stretches in of.values() for turn in joined(stretches, gap_ms)]
    return tuple(sorted(turns, key=lambda one: (one.start_ms, one.end_ms)))
