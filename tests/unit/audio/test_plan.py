"""The chunk plan, as properties over any pattern of speech."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Interval, Utterance
from earshot.audio.plan import PlanLimits, joint_silences, plan_chunks, speech_in

LIMITS = PlanLimits()


@st.composite
def talk(draw: st.DrawFn) -> tuple[int, list[Utterance]]:
    duration = draw(st.integers(0, 400_000))
    utterances = []
    for channel in range(draw(st.integers(0, 2))):
        at = 0
        while at < duration and len(utterances) < 60:
            start = at + draw(st.integers(1, 15_000))
            at = start + draw(st.integers(1, 70_000))
            if start < duration:
                utterances.append(
                    Utterance(channel=channel, start_ms=start, end_ms=min(at, duration))
                )
    return duration, utterances


@given(talk())
def test_chunks_cover_everything_and_none_is_too_long(case: tuple[int, list[Utterance]]) -> None:
    duration, utterances = case
    chunks = plan_chunks(duration, utterances, LIMITS)
    assert (chunks == ()) == (duration == 0)
    if not chunks:
        return
    assert (chunks[0].start_ms, chunks[-1].end_ms) == (0, duration)
    assert all(0 < chunk.end_ms - chunk.start_ms <= LIMITS.max_ms for chunk in chunks)
    for before, after in pairwise(chunks):
        assert before.end_ms - after.start_ms in (0, LIMITS.overlap_ms)


@given(talk())
def test_cuts_are_silent_and_overlaps_have_no_silence_to_cut_in(
    case: tuple[int, list[Utterance]],
) -> None:
    duration, utterances = case
    silences = joint_silences(duration, utterances)
    chunks = plan_chunks(duration, utterances, LIMITS)
    for before, after in pairwise(chunks):
        if before.end_ms == after.start_ms:
            assert any(one.start_ms <= before.end_ms <= one.end_ms for one in silences)
        else:
            low = before.start_ms + LIMITS.shortest_ms
            high = min(before.start_ms + LIMITS.max_ms, duration - LIMITS.shortest_ms // 2)
            assert not any(one.start_ms <= high and one.end_ms >= low for one in silences)


@given(talk())
def test_no_scraps(case: tuple[int, list[Utterance]]) -> None:
    duration, utterances = case
    chunks = plan_chunks(duration, utterances, LIMITS)
    lengths = [chunk.end_ms - chunk.start_ms for chunk in chunks]
    assert all(length >= LIMITS.shortest_ms for length in lengths[:-1])
    assert len(lengths) < 2 or lengths[-1] >= LIMITS.shortest_ms // 2


@given(talk())
def test_the_same_speech_gives_the_same_plan_in_any_order(
    case: tuple[int, list[Utterance]],
) -> None:
    duration, utterances = case
    assert plan_chunks(duration, utterances, LIMITS) == plan_chunks(
        duration, utterances[::-1], LIMITS
    )


@given(talk())
def test_joint_silences_are_what_speech_leaves(case: tuple[int, list[Utterance]]) -> None:
    duration, utterances = case
    silences = joint_silences(duration, utterances)
    for silence in silences:
        assert speech_in(silence, utterances) == ()
    spoken = sorted((one.start_ms, one.end_ms) for one in utterances)
    covered = sum(one.end_ms - one.start_ms for one in silences)
    reached = 0
    for start, end in spoken:
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    assert covered == duration


def test_it_cuts_near_the_target() -> None:
    pauses = [8_000, 14_000, 24_000, 29_000, 47_000, 55_000]
    starts = [0, *[pause + 400 for pause in pauses]]
    speech = [
        Utterance(channel=0, start_ms=start, end_ms=end)
        for start, end in zip(starts, [*pauses, 70_000], strict=True)
    ]
    assert plan_chunks(70_000, speech, LIMITS) == (
        Interval(start_ms=0, end_ms=24_200),
        Interval(start_ms=24_200, end_ms=47_200),
        Interval(start_ms=47_200, end_ms=70_000),
    )


def test_endless_talk_overlaps_by_a_second() -> None:
    speech = [Utterance(channel=0, start_ms=0, end_ms=80_000)]
    chunks = [(chunk.start_ms, chunk.end_ms) for chunk in plan_chunks(80_000, speech, LIMITS)]
    assert chunks == [(0, 25_000), (24_000, 49_000), (48_000, 64_000), (63_000, 80_000)]


def test_one_channel_talking_over_the_others_pause_forbids_a_cut_there() -> None:
    speech = [
        Utterance(channel=0, start_ms=0, end_ms=24_900),
        Utterance(channel=0, start_ms=25_100, end_ms=50_000),
        Utterance(channel=1, start_ms=20_000, end_ms=27_000),
    ]
    (first, second, *_) = plan_chunks(50_000, speech, LIMITS)
    assert first.end_ms - second.start_ms == LIMITS.overlap_ms


@pytest.mark.parametrize(
    ("target", "longest", "overlap"), [(30_000, 25_000, 0), (1_000, 2_000, 600), (0, 0, 0)]
)
def test_limits_that_make_no_sense_are_refused(target: int, longest: int, overlap: int) -> None:
    with pytest.raises(Misconfigured):
        PlanLimits(target_ms=target, max_ms=longest, overlap_ms=overlap)
