"""Corrections of one turn: text, boundaries, emotion, sentiment, speaker."""

from collections.abc import Callable

from earshot.analysis.corrections.draft import Draft
from earshot.analysis.corrections.of_speakers import voice
from earshot.analysis.corrections.records import Correction, Value
from earshot.analysis.corrections.rules import Place, Reader, Rule, equal
from earshot.analysis.corrections.wording import SURE, timed
from earshot.analysis.findings import SENTIMENTS, UNCLEAR, Classification
from earshot.analysis.report.pooling import PLACES
from earshot.analysis.report.sections import EmotionSummary, SpokenWord, Turn
from earshot.analysis.text_sentiment.turns import not_scored

NEAR_MS = 200
"""Boundaries that differ by no more are the same."""


def _turn(draft: Draft, made: Correction) -> Place | None:
    spot = made.target.turn
    found = draft.answered.turn(spot, made.replaced.text) if spot else None
    return found.id if found else None


def _text_of(turn: Turn) -> Value:
    return Value(text=turn.text)


def _put_text(draft: Draft, place: Place, value: Value) -> bool:
    turn, text = draft.turns[str(place)], value.text or ""
    words = timed(text, turn.words, turn)
    scored = turn.text_sentiment
    if scored and text != turn.text:
        scored = not_scored("corrected", len(words))
    draft.change(
        turn.id,
        "text",
        text=text,
        words=words,
        confidence=_sureness(words),
        text_sentiment=scored,
    )
    return True


def _sureness(words: tuple[SpokenWord, ...]) -> float | None:
    if not words:
        return None
    return round(sum(word.confidence for word in words) / len(words), PLACES)


def _times_of(turn: Turn) -> Value:
    return Value(start_ms=turn.start_ms, end_ms=turn.end_ms)


def _near(_draft: Draft, _place: Place, now: Value, then: Value) -> bool:
    pairs = ((now.start_ms, then.start_ms), (now.end_ms, then.end_ms))
    return all(abs((a or 0) - (b or 0)) <= NEAR_MS for a, b in pairs)


def _put_times(draft: Draft, place: Place, value: Value) -> bool:
    turn = draft.turns[str(place)]
    start, end = value.start_ms or 0, value.end_ms or 0
    words = tuple(
        word.model_copy(
            update={
                "start_ms": min(max(word.start_ms, start), end),
                "end_ms": min(max(word.end_ms, start), end),
            }
        )
        for word in turn.words
    )
    draft.change(turn.id, "boundaries", start_ms=start, end_ms=end, words=words)
    return True


def _emotion_of(turn: Turn) -> Value:
    return Value(label=turn.emotion.label if turn.emotion else None)


def _put_emotion(draft: Draft, place: Place, value: Value) -> bool:
    turn, label = draft.turns[str(place)], value.label or UNCLEAR
    before = turn.emotion
    unclear = label == UNCLEAR
    scores = dict.fromkeys(before.scores if before else (), 0.0) | {label: SURE}
    emotion = EmotionSummary(
        label=label,
        label_native=before.label_native if unclear and before else label,
        confidence=before.confidence if unclear and before else SURE,
        scores=before.scores if unclear and before else scores,
        abstained=unclear,
        valence=before.valence if before else None,
        arousal=before.arousal if before else None,
        dominance=before.dominance if before else None,
    )
    draft.change(turn.id, "emotion", emotion=emotion)
    return True


def _sentiment_of(turn: Turn) -> Value:
    return Value(label=turn.sentiment.label if turn.sentiment else None)


def _put_sentiment(draft: Draft, place: Place, value: Value) -> bool:
    turn, label = draft.turns[str(place)], value.label or UNCLEAR
    before = turn.sentiment
    if label != UNCLEAR:
        scores = dict.fromkeys(before.scores if before else SENTIMENTS, 0.0) | {label: SURE}
        sentiment = Classification(label=label, confidence=SURE, scores=scores)
    elif before:
        sentiment = before.model_copy(update={"label": UNCLEAR, "abstained": True})
    else:
        sentiment = Classification(label=UNCLEAR, confidence=0.0, scores={}, abstained=True)
    draft.change(turn.id, "sentiment", sentiment=sentiment)
    return True


def _same_voice(draft: Draft, _place: Place, now: Value, then: Value) -> bool:
    if now.voice is None or then.voice is None or then.voice.made:
        return False
    return draft.answered.speaker(then.voice) == now.voice.speaker


def _put_speaker(draft: Draft, place: Place, value: Value) -> bool:
    if value.voice is None:
        return False
    speaker = draft.speaker_of(value.voice)
    if speaker is not None:
        draft.change(str(place), "speaker", speaker=speaker)
    return speaker is not None


def _readers(read: Callable[[Turn], Value]) -> tuple[Reader, Reader]:
    """Of the answer, and of what is there now."""
    return (
        lambda draft, place: read(draft.answered.turns[str(place)]),
        lambda draft, place: read(draft.turns[str(place)]),
    )


_text, _times, _emotion, _sentiment = map(
    _readers, (_text_of, _times_of, _emotion_of, _sentiment_of)
)
TEXT = Rule(_turn, *_text, equal, _put_text)
BOUNDARIES = Rule(_turn, *_times, _near, _put_times)
EMOTION = Rule(_turn, *_emotion, equal, _put_emotion)
SENTIMENT = Rule(_turn, *_sentiment, equal, _put_sentiment)
SPEAKER = Rule(
    _turn,
    lambda draft, place: Value(voice=voice(draft, draft.answered.turns[str(place)].speaker)),
    lambda draft, place: Value(voice=voice(draft, draft.turns[str(place)].speaker)),
    _same_voice,
    _put_speaker,
)
