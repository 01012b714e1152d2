"""Whose ordinary voice a turn of the report is judged against."""

import math

from earshot.analysis.emotion.findings import Emotion, EmotionFindings, Judging
from earshot.analysis.findings import Classification
from earshot.analysis.report.conversation import judging_of, section
from earshot.analysis.report.parts import gather
from tests.sounds.call_parts import part, recording

ANGRY = {"angry": 0.7, "neutral": 0.2, "sad": 0.1}


def judging(answered_from: float = 0.3) -> Judging:
    return Judging(
        canonical={label: label for label in ANGRY},
        ordinary={"angry": math.log(0.1), "neutral": math.log(0.8), "sad": math.log(0.1)},
        ordinary_ms=1_000,
        kept=0.0,
        answered_from=answered_from,
    )


def emotion(rule: Judging | None, start_ms: int, end_ms: int, channel: int = 0) -> EmotionFindings:
    one = Emotion(
        start_ms=start_ms,
        end_ms=end_ms,
        channel=channel,
        label="angry",
        label_native="angry",
        confidence=0.7,
        scores=ANGRY,
    )
    overall = Classification(label="angry", confidence=0.7, scores=ANGRY)
    return EmotionFindings(utterances=(one,), overall=overall, judging=rule)


def labels(*rules: Judging | None, roles: bool = True) -> set[str]:
    facts = recording() if roles else recording().model_copy(update={"roles": ()})
    evidence = gather(
        facts,
        [
            part("emotion", i, emotion(rule, 1_000 + 24_000 * i, 6_000 + 24_000 * i))
            for i, rule in enumerate(rules)
        ],
    )
    return {turn.emotion.label for turn in section(evidence).turns if turn.emotion}


def test_a_channel_with_a_role_is_one_voice() -> None:
    assert labels(judging(), judging()) == {"neutral"}


def test_a_mixed_channel_without_diarization_is_no_voice() -> None:
    assert labels(judging(), judging(), roles=False) == {"angry"}


def test_chunks_that_disagree_are_judged_by_themselves() -> None:
    assert labels(judging(), judging(0.4)) == {"angry"}
    assert labels(judging(), None) == {"angry"}
    evidence = gather(recording(), [part("emotion", 0, emotion(None, 0, 1_000))])
    assert judging_of(evidence) is None
