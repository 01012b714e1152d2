"""Corrections of a speaker: its name, and that two are one."""

from uuid import UUID

from earshot.analysis.corrections.draft import Draft
from earshot.analysis.corrections.records import Correction, Value, Voice
from earshot.analysis.corrections.rules import Place, Rule, equal

_MADE = "made "
"""Before the request that made a speaker, as the place of that speaker."""


def voice(draft: Draft, speaker: str) -> Voice:
    """A speaker of the corrected report."""
    if speaker in draft.answered.speakers:
        return draft.answered.voice(speaker)
    makers = {now: request for request, now in draft.made.items()}
    return Voice(speaker=speaker, made=makers.get(speaker))


def _speaker(draft: Draft, made: Correction) -> Place | None:
    target = made.target.voice
    if target is None:
        return None
    return f"{_MADE}{target.made}" if target.made else draft.answered.speaker(target)


def _present(draft: Draft, place: Place) -> str | None:
    """The id of a speaker now."""
    name = str(place)
    made = name.startswith(_MADE)
    found = draft.made.get(UUID(name.removeprefix(_MADE))) if made else name
    return None if found is None else draft.remaining(found)


def _name_of(draft: Draft, place: Place) -> Value:
    return Value(name=draft.names.get(_present(draft, place) or ""))


def _put_name(draft: Draft, place: Place, value: Value) -> bool:
    speaker = _present(draft, place)
    if speaker is None:
        return False
    draft.names[speaker] = value.name or ""
    return True


def _pair(draft: Draft, made: Correction) -> Place | None:
    """The speaker to merge. Where the analyses have merged the two themselves, that speaker."""
    into, target = made.value.voice, made.target.voice
    found = _speaker(draft, made)
    if into is None or target is None or into.made or target.made:
        return found
    both = draft.answered.holding(target)
    return both if both is not None and both == draft.answered.holding(into) else found


def _part_of(draft: Draft, place: Place) -> Value:
    speaker = _present(draft, place)
    return Value(voice=voice(draft, speaker)) if speaker else Value()


def _merges(_draft: Draft, _place: Place, _now: Value, _then: Value) -> bool:
    return True


def _put_merge(draft: Draft, place: Place, value: Value) -> bool:
    into = value.voice
    kept = None if into is None else draft.speaker_of(into)
    merged = _present(draft, place)
    if kept is None and into is not None and not into.made:
        both = draft.answered.holding(into)
        kept = both if both == merged else None
    if kept is None or merged is None:
        return False
    if kept != merged:
        draft.merged[merged] = kept
        draft.names.pop(merged, None)
        for name, turn in draft.turns.items():
            if turn.speaker == merged:
                draft.turns[name] = turn.model_copy(update={"speaker": kept})
    return True


RENAME = Rule(_speaker, lambda _draft, _place: Value(), _name_of, equal, _put_name)
MERGE = Rule(_pair, _part_of, _part_of, _merges, _put_merge)
