"""Sentiment of words, and fused with that of the voice, by speaker: of all of a call, its quarters,
the first turn and the last one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from earshot.analysis.findings import Classification
from earshot.analysis.report.pooling import classify
from earshot.analysis.report.sections import Speaker, Turn, VoiceSentiment
from earshot.analysis.text_sentiment.fused import fuse_sentiment
from earshot.analysis.text_sentiment.rule import FusionRule, NotScored
from earshot.analysis.text_sentiment.sections import (
    Fused,
    FusionSection,
    SpeakerFusion,
    SpeakerText,
    TextSection,
    TextSentiment,
)

QUARTERS = 4


class Talk:
    """One speaker with its turns, whole and by quarter of the recording."""

    def __init__(self, speaker: Speaker, turns: Sequence[Turn], duration_ms: int) -> None:
        self.speaker = speaker
        self.turns = [turn for turn in turns if turn.speaker == speaker.id and turn.text_sentiment]
        worded = [turn for turn in self.turns if turn.text]
        self.first, self.last = worded[:1], worded[-1:]
        self.quarters: list[list[Turn]] = [[] for _ in range(QUARTERS)]
        for turn in self.turns:
            middle = (turn.start_ms + turn.end_ms) / 2
            self.quarters[min(int(QUARTERS * middle / max(duration_ms, 1)), QUARTERS - 1)].append(
                turn
            )


Talks = Sequence[Talk]


def text_section(language: str | None, models: Mapping[str, str], calls: Talks) -> TextSection:
    """Text sentiment of every speaker."""
    speakers = tuple(map(_text_of, calls))
    return TextSection(language=language, models=dict(models), speakers=speakers)


def fusion_section(
    rule: FusionRule, calls: Talks, voices: Sequence[VoiceSentiment]
) -> FusionSection:
    """Fused sentiment of every speaker.

    Args:
        voices: acoustic sentiment by speaker.
    """
    by_speaker = {each.speaker: each for each in voices}
    return FusionSection(
        **rule.model_dump(include=set(FusionRule.model_fields)),
        speakers=tuple(_fusion_of(rule, call, by_speaker.get(call.speaker.id)) for call in calls),
    )


def talks(speakers: Iterable[Speaker], turns: Sequence[Turn], duration_ms: int) -> Talks:
    """Every speaker with its turns."""
    return [Talk(speaker, turns, duration_ms) for speaker in speakers]


def pooled_text(turns: Iterable[Turn]) -> TextSentiment:
    """Over the scored turns, weighted by their words; without any, with the commonest reason."""
    found = [turn.text_sentiment for turn in turns if turn.text_sentiment]
    scored = [each for each in found if each.status == "scored"]
    answer = classify((each.scores, float(each.words)) for each in scored)
    if answer is None:
        reasons: Counter[NotScored] = Counter()
        for each in found:
            if each.reason:
                reasons[each.reason] += 1 + each.words
        reason: NotScored = reasons.most_common(1)[0][0] if reasons else "no_words"
        return TextSentiment(
            status="not_scored", reason=reason, words=sum(each.words for each in found)
        )
    models = dict.fromkeys(each.model for each in scored if each.model)
    return TextSentiment(
        status="scored",
        label=answer.label,
        confidence=answer.confidence,
        scores=answer.scores,
        words=sum(each.words for each in scored),
        model=", ".join(models) or None,
    )


def pooled_voice(turns: Iterable[Turn]) -> Classification | None:
    """Acoustic sentiment over turns, weighted by their length."""
    return classify(
        (turn.sentiment.scores, float(turn.end_ms - turn.start_ms))
        for turn in turns
        if turn.sentiment
    )


def _text_of(call: Talk) -> SpeakerText:
    reasons = Counter(
        turn.text_sentiment.reason
        for turn in call.turns
        if turn.text_sentiment and turn.text_sentiment.reason
    )
    return SpeakerText(
        speaker=call.speaker.id,
        role=call.speaker.role,
        overall=pooled_text(call.turns),
        quarters=tuple(map(pooled_text, call.quarters)),
        first=pooled_text(call.first),
        last=pooled_text(call.last),
        turns=len(call.turns) - reasons.total(),
        not_scored={str(reason): count for reason, count in sorted(reasons.items())},
    )


def _fusion_of(rule: FusionRule, call: Talk, voice: VoiceSentiment | None) -> SpeakerFusion:
    def part(turns: Sequence[Turn]) -> Fused:
        return fuse_sentiment(rule, pooled_text(turns), pooled_voice(turns))

    return SpeakerFusion(
        speaker=call.speaker.id,
        role=call.speaker.role,
        overall=fuse_sentiment(rule, pooled_text(call.turns), voice or pooled_voice(call.turns)),
        quarters=tuple(map(part, call.quarters)),
        first=part(call.first),
        last=part(call.last),
        opposed_turns=sum(bool(turn.fusion and turn.fusion.opposed) for turn in call.turns),
    )
