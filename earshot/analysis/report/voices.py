"""Acoustic sentiment per speaker, and the parts of emotion and sentiment within a turn."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from earshot.analysis.findings import UNCLEAR, Classification, RoleScores
from earshot.analysis.report.align import Floor
from earshot.analysis.report.pooling import classify
from earshot.analysis.report.sections import Speaker, VoiceSentiment
from earshot.analysis.spans import Track, clip, overlap_ms
from earshot.analysis.types import Interval, Utterance

U = TypeVar("U", bound=Utterance)
Tracks = dict[int, Track[U]]


def tracks(parts: Iterable[tuple[U, Interval]]) -> Tracks[U]:
    """Utterances by channel, each clipped to the stretch owned by its chunk, without empty ones."""
    by_channel: dict[int, list[U]] = {}
    for utterance, bounds in parts:
        span = clip(utterance, bounds)
        if span.end_ms > span.start_ms:
            kept = utterance.model_copy(update={"start_ms": span.start_ms, "end_ms": span.end_ms})
            by_channel.setdefault(utterance.channel, []).append(kept)
    return {channel: Track(items) for channel, items in by_channel.items()}


def within(utterances: Tracks[U], span: Utterance) -> list[tuple[U, float]]:
    """The utterances during ``span`` on its channel, with the ms of each inside it."""
    track = utterances.get(span.channel)
    return [(item, float(overlap_ms(item, span))) for item in track.meeting(span)] if track else []


def of_role(
    utterances: Sequence[tuple[RoleScores, float]], role: str | None
) -> Sequence[tuple[RoleScores, float]]:
    """The answers of that role's own model; of all models if it has none or is unknown, so that no
    role is guessed."""
    return [(item, weight) for item, weight in utterances if item.role == role] or utterances


def sentiment_of(parts: Iterable[tuple[RoleScores, float]]) -> Classification | None:
    """The winning label of the weighted mean, or ``UNCLEAR`` if its share is below the mean of the
    least shares of answers; None without any parts."""
    weighted = [(item, weight) for item, weight in parts if weight > 0]
    pooled = classify((item.scores, weight) for item, weight in weighted)
    if pooled is None:
        return None
    total = sum(weight for _, weight in weighted)
    least = sum(item.answered_from * weight for item, weight in weighted) / total
    if pooled.confidence >= least:
        return pooled
    return pooled.model_copy(update={"label": UNCLEAR, "abstained": True})


def sentiment_of_voices(
    utterances: Tracks[RoleScores], speakers: Sequence[Speaker], floors: Sequence[Floor]
) -> tuple[VoiceSentiment, ...]:
    """One answer a speaker, weighted by the length of each utterance in the speaker's turns; none
    for speakers without scores."""
    answers = []
    for speaker in speakers:
        spans = (floor.span for floor in floors if floor.speaker == speaker.id)
        weighted = [
            part for span in spans for part in of_role(within(utterances, span), speaker.role)
        ]
        pooled = sentiment_of(weighted)
        if pooled:
            models = len({item.role for item, _ in weighted})
            speech_ms = int(sum(weight for _, weight in weighted)) // models
            voice = VoiceSentiment(
                **pooled.model_dump(), role=speaker.role, speaker=speaker.id, speech_ms=speech_ms
            )
            answers.append(voice)
    return tuple(answers)
