"""Makes the figures of a conversation out of the parts of a report."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from earshot.analysis.figures.definitions import SILENCE_MS
from earshot.analysis.figures.floor import came_in, floor, monologues, responses, turns
from earshot.analysis.figures.sections import (
    Conversation,
    Overlap,
    Participant,
    Quiet,
    ResponseGap,
    Total,
)
from earshot.analysis.figures.sides import loudness, sentiment_shift, word_rate
from earshot.analysis.figures.stretches import common, common_ms, gaps, length_ms
from earshot.analysis.findings import SpeakerTurn
from earshot.analysis.report.parts import RecordingFacts
from earshot.analysis.report.pooling import PLACES
from earshot.analysis.report.sections import NoiseSection, Speaker, Stretch, Turn
from earshot.analysis.spans import fuse
from earshot.analysis.types import Interval

MUSIC = {"music", "music_bass", "music_treble"}
"""Of scene, and of noise."""
Source = Literal["channel", "diarized", "mixed"]


@dataclass(frozen=True)
class Talk:
    """The parts of a report that its figures are made of."""

    recording: RecordingFacts
    source: Source
    speakers: Sequence[Speaker]
    speech: Sequence[SpeakerTurn]
    turns: Sequence[Turn]
    scene: Sequence[Stretch]
    noise: NoiseSection | None

    def participants(self) -> dict[str, list[Speaker]]:
        """Name of each participant to its speakers: the roles in order of channels, then speakers
        without a role."""
        if self.source == "mixed":
            return {}
        found: dict[str, list[Speaker]] = {role: [] for role in self.recording.roles}
        for speaker in self.speakers:
            found.setdefault(speaker.role or speaker.id, []).append(speaker)
        return found


class _Sides:
    """Participants, their speech and their turns."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.groups = talk.participants()
        self.speech = {name: self._speech(speakers) for name, speakers in self.groups.items()}
        self.anyone = fuse(talk.speech)
        self.held = turns(self.speech)
        self.entered = came_in(self.held)
        holders = floor(self.held, self.entered)
        self.waits, self.monologues = responses(holders), monologues(holders)
        self.overtalk = _overtalk(self.speech.values())

    def _speech(self, speakers: Sequence[Speaker]) -> list[Interval]:
        ids = {speaker.id for speaker in speakers}
        return fuse(each for each in self.talk.speech if each.speaker in ids)

    def participant(self, name: str) -> Participant:
        call, spans = self.talk.recording, self.speech[name]
        ids = [speaker.id for speaker in self.groups[name]]
        spoken = [turn for turn in self.talk.turns if turn.speaker in ids]
        others = fuse(span for each, own in self.speech.items() if each != name for span in own)
        listened = length_ms(others) - common_ms(others, spans)
        channels = [at for at, role in enumerate(call.roles) if role == name]
        return Participant(
            **self.shared({name}, spans, common_ms(self.overtalk, spans), spoken),
            name=name,
            role=name if channels else None,
            speakers=tuple(ids),
            listen_ms=listened,
            listen_of_call=share(listened, call.duration_ms),
            loudness=loudness(call.quality, channels) if self.talk.source == "channel" else None,
            first_speech_ms=spans[0].start_ms if spans else None,
            sentiment_shift=sentiment_shift(spans, spoken),
        )

    def total(self, quiet: Sequence[Quiet]) -> Total:
        call = self.talk.recording.duration_ms
        silence = length_ms([each for each in quiet if each.kind == "silence"])
        hold = length_ms([each for each in quiet if each.kind == "hold_music"])
        lane = bool(self.talk.scene) or self.talk.noise is not None
        return Total(
            **self.shared(set(self.groups), self.anyone, length_ms(self.overtalk), self.talk.turns),
            silence_ms=silence,
            silence_of_call=share(silence, call),
            hold_music_ms=hold if lane else None,
            hold_music_of_call=share(hold, call) if lane else None,
        )

    def shared(
        self, names: set[str], spans: Sequence[Interval], both_ms: int, spoken: Sequence[Turn]
    ) -> dict[str, Any]:
        """The fields of ``Shared`` for some of the participants."""
        call, speech_ms = self.talk.recording.duration_ms, length_ms(self.anyone)
        kinds = Counter(each.kind for each in self.entered if each.turn.by in names)
        waits = [ms for by, ms in self.waits if by in names]
        return {
            "talk_ms": length_ms(spans),
            "talk_of_call": share(length_ms(spans), call),
            "talk_of_speech": share(length_ms(spans), speech_ms),
            "overtalk_ms": both_ms,
            "overtalk_of_call": share(both_ms, call),
            "overtalk_of_speech": share(both_ms, speech_ms),
            "turns": sum(each.by in names for each in self.held),
            "interruptions": kinds["interruption"],
            "back_channels": kinds["back_channel"],
            "longest_monologue_ms": max(
                (ms for by, ms in self.monologues.items() if by in names), default=0
            ),
            "response_gap": ResponseGap(
                median_ms=round(median(waits)) if waits else None, n=len(waits)
            ),
            "words_per_minute": word_rate(spans, spoken),
        }


def conversation(talk: Talk) -> Conversation:
    """The same parts give the same figures."""
    sides = _Sides(talk)
    quiet = _quiet(talk, sides.anyone)
    return Conversation(
        source=talk.source,
        total=sides.total(quiet),
        participants=tuple(map(sides.participant, sides.groups)),
        quiet=quiet,
        overlaps=tuple(
            Overlap(
                start_ms=each.turn.start_ms,
                end_ms=each.end_ms,
                kind=each.kind,
                by=each.turn.by,
                of=each.during.by,
            )
            for each in sides.entered
        ),
        speech=tuple(talk.speech),
    )


def _overtalk(speech: Iterable[Sequence[Interval]]) -> list[Interval]:
    """Where two or more participants speak at once."""
    covered: list[Interval] = []
    twice: list[Interval] = []
    for spans in speech:
        twice += common(covered, spans)
        covered = fuse([*covered, *spans])
    return fuse(twice)


def _quiet(talk: Talk, anyone: Sequence[Interval]) -> tuple[Quiet, ...]:
    lanes = [*talk.scene, *(talk.noise.timeline if talk.noise else ())]
    music = fuse(each for each in lanes if each.label in MUSIC)
    found = []
    for gap in gaps(anyone, Interval(start_ms=0, end_ms=talk.recording.duration_ms)):
        if gap.end_ms - gap.start_ms >= SILENCE_MS:
            silent = [
                each
                for each in gaps(common(music, [gap]), gap)
                if each.end_ms - each.start_ms >= SILENCE_MS
            ]
            found += [Quiet(kind="silence", **each.model_dump()) for each in silent]
            found += [Quiet(kind="hold_music", **each.model_dump()) for each in gaps(silent, gap)]
    return tuple(sorted(found, key=lambda each: each.start_ms))


def share(part: int, whole: int) -> float:
    """Rounded as means are; 0 of nothing."""
    return round(min(1.0, part / whole), PLACES) if whole else 0.0
