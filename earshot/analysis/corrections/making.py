"""A correction out of what a client asks for: its place among the answers, and its value."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from earshot.analysis.corrections.changes import (
    Change,
    ChangeBoundaries,
    ChangeEmotion,
    ChangeNoise,
    ChangeRoles,
    ChangeScene,
    ChangeSentiment,
    ChangeSpeaker,
    ChangeText,
    Labelling,
    MergeSpeakers,
    OfTurn,
    RenameSpeaker,
    TurnPlace,
)
from earshot.analysis.corrections.draft import Draft
from earshot.analysis.corrections.kinds import RULES
from earshot.analysis.corrections.of_speakers import voice
from earshot.analysis.corrections.records import Correction, Target, Value, Voice
from earshot.analysis.corrections.rules import RECORDING, Place
from earshot.analysis.emotion.six import KIND_OF, LABELS
from earshot.analysis.errors import Permanent
from earshot.analysis.findings import SCENES, SENTIMENTS, UNCLEAR
from earshot.analysis.noise_findings import NO_NOISE
from earshot.analysis.noise_labels import NOISE_CATEGORIES
from earshot.analysis.types import Interval, Utterance

EMOTIONS = (*LABELS, *KIND_OF, UNCLEAR)
NOISES = (*NOISE_CATEGORIES, NO_NOISE, UNCLEAR)


class Known(NamedTuple):
    """What is known when a correction is made."""

    id: UUID
    """Of the request."""
    version: int
    round: int
    at: datetime
    by: str


class Prepared(NamedTuple):
    """A correction that is not stored yet."""

    correction: Correction
    place: Place
    current: Value
    """What is there before it."""

    @property
    def changes_nothing(self) -> bool:
        """The value is there already."""
        value, current = self.correction.value, self.current
        if value.voice and current.voice:
            return value.voice.speaker == current.voice.speaker
        if current.stretches is not None:
            span = self.correction.target.span
            return [(each.label, each.start_ms, each.end_ms) for each in current.stretches] == [
                (value.label, span.start_ms, span.end_ms) if span else None
            ]
        return value == current


def prepared(draft: Draft, change: Change, known: Known) -> Prepared:
    """The correction that a change asks for, of the report as it is corrected so far.

    Raises:
        Permanent: ``no_such_turn``, ``ambiguous_turn``, ``no_such_speaker``, ``no_such_label``,
            ``name_taken``, ``no_roles``, ``no_noise``, ``no_scene``, ``out_of_range``: it is
            impossible.
    """
    made = _unplaced(draft, change, known, _value(draft, change, known.id))
    rule = RULES[change.kind]
    place = rule.find(draft, made)
    if place is None:
        raise _no_turn() if isinstance(change, OfTurn) else _no_answer(change.kind)
    made = made.model_copy(update={"replaced": rule.answer(draft, place)})
    return Prepared(made, place, rule.current(draft, place))


def place_of(draft: Draft, change: Change, known: Known) -> Place | None:
    """Where a change belongs, whether or not its value is possible; None if there is no such
    place."""
    if isinstance(change, ChangeRoles):
        return RECORDING
    try:
        return RULES[change.kind].find(draft, _unplaced(draft, change, known, Value()))
    except Permanent:
        return None


def _unplaced(draft: Draft, change: Change, known: Known, value: Value) -> Correction:
    return Correction(
        id=known.id,
        version=known.version,
        kind=change.kind,
        target=target(draft, change),
        value=value,
        replaced=Value(),
        round=known.round,
        releases=draft.report.releases,
        made_at=known.at,
        made_by=known.by,
    )


def target(draft: Draft, change: Change) -> Target:
    """What a change is about.

    Raises:
        Permanent: as ``prepared``.
    """
    if isinstance(change, OfTurn):
        return Target(turn=draft.answered.spot(turn_at(draft, change.turn)))
    if isinstance(change, ChangeNoise | ChangeScene):
        return Target(span=_span(draft, change))
    if isinstance(change, RenameSpeaker | MergeSpeakers):
        return Target(voice=voice(draft, _there(draft, change.speaker)))
    return Target()


def turn_at(draft: Draft, place: TurnPlace) -> str:
    """The id of the turn with exactly these times in the corrected report.

    Raises:
        Permanent: ``no_such_turn``, ``ambiguous_turn``.
    """
    found = [
        name
        for name, turn in draft.turns.items()
        if _times(turn) == _times(place) and place.speaker in (None, turn.speaker)
    ]
    if len(found) > 1:
        raise Permanent("ambiguous_turn", "several turns have these times; name the speaker too")
    if not found:
        raise _no_turn()
    return found[0]


def _value(draft: Draft, change: Change, request: UUID) -> Value:
    match change:
        case ChangeText():
            return Value(text=change.text)
        case ChangeBoundaries():
            span = _span(draft, change)
            return Value(start_ms=span.start_ms, end_ms=span.end_ms)
        case ChangeEmotion() | ChangeSentiment() | ChangeNoise() | ChangeScene():
            return Value(label=_label(draft, change))
        case ChangeRoles():
            return _roles(draft, change)
    return _of_speaker(draft, change, request)


def _of_speaker(
    draft: Draft, change: ChangeSpeaker | RenameSpeaker | MergeSpeakers, request: UUID
) -> Value:
    match change:
        case ChangeSpeaker():
            if change.speaker == "new":
                return Value(voice=Voice(speaker=draft.free(), made=request))
            return Value(voice=voice(draft, _there(draft, change.speaker)))
        case MergeSpeakers():
            if change.into == change.speaker:
                raise Permanent("no_such_speaker", "a speaker cannot be merged into itself")
            return Value(voice=voice(draft, _there(draft, change.into)))
    if change.name in (name for who, name in draft.names.items() if who != change.speaker):
        raise Permanent("name_taken", "another speaker has this name; if they are one, merge them")
    return Value(name=change.name)


def _roles(draft: Draft, change: ChangeRoles) -> Value:
    count = len(draft.report.recording.roles)
    if len(change.roles) != count:
        raise Permanent("no_roles", f"{len(change.roles)} roles, but {count} channels have roles")
    return Value(roles=change.roles)


def _there(draft: Draft, speaker: str) -> str:
    if speaker not in draft.speakers():
        there = ", ".join(draft.speakers()) or "none"
        raise Permanent("no_such_speaker", f"there is no speaker {speaker}; there are: {there}")
    return speaker


def _span(draft: Draft, asked: Interval) -> Interval:
    if not asked.start_ms < asked.end_ms <= draft.report.recording.duration_ms:
        raise Permanent("out_of_range", "the end is behind the recording, or not behind the start")
    return Interval(start_ms=asked.start_ms, end_ms=asked.end_ms)


def _label(draft: Draft, change: Labelling) -> str:
    """Labels are those of the project, and those that the report has."""
    known = _known(draft, change)
    if change.label not in known:
        there = ", ".join(dict.fromkeys(known))
        raise Permanent("no_such_label", f"there is no label {change.label}; there are {there}")
    return change.label


def _known(draft: Draft, change: Labelling) -> tuple[str, ...]:
    report = draft.report
    match change:
        case ChangeEmotion():
            return (*EMOTIONS, *(turn.emotion.label for turn in report.turns if turn.emotion))
        case ChangeSentiment():
            found = [turn.sentiment.label for turn in report.turns if turn.sentiment]
            return (*SENTIMENTS, UNCLEAR, *found)
        case ChangeScene():
            return (*SCENES, UNCLEAR, *(each.label for each in draft.scene.now))
    covered = report.noise.coverage if report.noise else ()
    return (*NOISES, *covered, *(each.label for each in draft.noise.now))


def _times(span: Utterance) -> tuple[int, int, int]:
    return span.channel, span.start_ms, span.end_ms


def _no_turn() -> Permanent:
    return Permanent("no_such_turn", "the report has no turn with these times on this channel")


def _no_answer(analysis: str) -> Permanent:
    return Permanent(f"no_{analysis}", f"{analysis} was not analysed, or gave no answer")
