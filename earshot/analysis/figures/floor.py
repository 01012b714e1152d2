"""Who has the floor: turns of participants, and what becomes of it where two speak at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from earshot.analysis.figures.definitions import (
    BACK_CHANNEL_MS,
    GRACE_MS,
    SILENCE_MS,
    TURN_PAUSE_MS,
)
from earshot.analysis.spans import Track
from earshot.analysis.types import Interval

Kind = Literal["interruption", "back_channel", "other"]


class Held(Interval):
    """A turn of one participant."""

    by: str


@dataclass(frozen=True)
class CameIn:
    """A turn begun during another one, which of several is the one with the longest overlap."""

    turn: Held
    during: Held
    kind: Kind

    @property
    def end_ms(self) -> int:
        """End of the overlap."""
        return min(self.turn.end_ms, self.during.end_ms)


def turns(speech: Mapping[str, Sequence[Interval]]) -> list[Held]:
    """The turns of all participants, by start.

    Args:
        speech: of each participant, in order and without overlap.
    """
    tracks = {name: Track(spans) for name, spans in speech.items()}
    found: list[Held] = []
    for name, spans in speech.items():
        others = [track for other, track in tracks.items() if other != name]
        for span in spans:
            last = found[-1] if found and found[-1].by == name else None
            if last and _one_turn(last, span, others):
                found[-1] = last.model_copy(update={"end_ms": span.end_ms})
            else:
                found.append(Held(by=name, start_ms=span.start_ms, end_ms=span.end_ms))
    return sorted(found, key=lambda each: each.start_ms)  # equal starts: by order of participants


def _one_turn(turn: Held, span: Interval, others: Sequence[Track[Interval]]) -> bool:
    """True if the floor is not lost in the pause between the two."""
    pause = Interval(start_ms=turn.end_ms, end_ms=span.start_ms)
    if pause.end_ms - pause.start_ms >= TURN_PAUSE_MS:
        return False
    meanwhile = (each for track in others for each in track.meeting(pause))
    return not any(
        each.start_ms >= pause.start_ms
        or (
            each.start_ms > turn.start_ms
            and each.end_ms >= pause.end_ms
            and each.end_ms - each.start_ms > BACK_CHANNEL_MS
        )
        for each in meanwhile
    )


def came_in(held: Sequence[Held]) -> list[CameIn]:
    """Every turn begun during one of another participant, in order."""
    order = {id(each): place for place, each in enumerate(held)}
    track = Track(held)
    found = []
    for turn in held:
        earlier = [
            each
            for each in track.meeting(turn)
            if each.by != turn.by and order[id(each)] < order[id(turn)]
        ]
        if earlier:
            during = max(earlier, key=lambda each: each.end_ms)
            found.append(CameIn(turn, during, _kind(turn, during)))
    return found


def _kind(turn: Held, during: Held) -> Kind:
    if turn.end_ms > during.end_ms:
        over = during.end_ms - turn.start_ms > GRACE_MS
        return "interruption" if over else "other"
    return "back_channel" if turn.end_ms - turn.start_ms <= BACK_CHANNEL_MS else "other"


def floor(held: Sequence[Held], entered: Sequence[CameIn]) -> list[Held]:
    """The turns that have the floor, in order: those that do not end during another one."""
    inside = {id(each.turn) for each in entered if each.turn.end_ms <= each.during.end_ms}
    return [each for each in held if id(each) not in inside]


def responses(holders: Sequence[Held]) -> list[tuple[str, int]]:
    """Each participant that takes the floor, with the ms since the end of the turn before."""
    return [(b.by, b.start_ms - a.end_ms) for a, b in pairwise(holders) if a.by != b.by]


def monologues(holders: Sequence[Held]) -> dict[str, int]:
    """The longest monologue of each participant, ms."""
    longest: dict[str, int] = {}
    run: list[Held] = []
    for each in holders:
        if run and (each.by != run[-1].by or each.start_ms - run[-1].end_ms >= SILENCE_MS):
            run = []
        run.append(each)
        longest[each.by] = max(longest.get(each.by, 0), each.end_ms - run[0].start_ms)
    return longest
