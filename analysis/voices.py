"""How voices sounded: acoustic sentiment per role or speaker, and emotion and sentiment per turn."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from analysis.align import Floor
from analysis.findings import RoleScores
from analysis.pool import classify
from analysis.sections import Speaker, VoiceSentiment
from analysis.spans import Track, clip, overlap_ms
from analysis.types import Interval, Utterance

U = TypeVar("U", bound=Utterance)
Tracks = dict[int, Track[U]]


def tracks(parts: Iterable[tuple[U, Interval]]) -> Tracks[U]:
    """Utterances by channel, each clipped to the stretch its chunk answers for and dropped where nothing is left."""
    by_channel: dict[int, list[U]] = {}
    for utterance, bounds in parts:
        span = clip(utterance, bounds)
        if span.end_ms > span.start_ms:
            kept = utterance.model_copy(update={"start_ms": span.start_ms, "end_ms": span.end_ms})
            by_channel.setdefault(utterance.channel, []).append(kept)
    return {channel: Track(items) for channel, items in by_channel.items()}


def within(utterances: Tracks[U], span: Utterance) -> list[tuple[U, float]]:
    """The utterances heard during ``span`` on its channel, with the ms of each inside it."""
    track = utterances.get(span.channel)
    return [(item, float(overlap_ms(item, span))) for item in track.meeting(span)] if track else []


def of_role(utterances: Iterable[tuple[RoleScores, float]], role: str | None) -> list[tuple[RoleScores, float]]:
    """The answers of that role's own model; of every role's model where the role is not known, so that none is guessed."""
    return [(item, weight) for item, weight in utterances if role is None or item.role == role]


def sentiment_of_voices(
    utterances: Tracks[RoleScores], speakers: Sequence[Speaker], floors: Sequence[Floor]
) -> tuple[VoiceSentiment, ...]:
    """One answer a role, or a speaker where its role is not known, weighted by the duration of the utterances."""
    voices: dict[str, list[Speaker]] = {}
    for speaker in speakers:
        voices.setdefault(speaker.role or speaker.id, []).append(speaker)
    answers = []
    for members in voices.values():
        ids = {speaker.id for speaker in members}
        role = members[0].role
        heard = [part for floor in floors if floor.speaker in ids for part in of_role(within(utterances, floor.span), role)]
        pooled = classify((item.scores, weight) for item, weight in heard)
        if pooled:
            models = 1 if role else len({item.role for item, _ in heard})
            speech_ms = int(sum(weight for _, weight in heard)) // models
            only = members[0].id if len(members) == 1 else None
            answers.append(VoiceSentiment(**pooled.model_dump(), role=role, speaker=only, speech_ms=speech_ms))
    return tuple(answers)
