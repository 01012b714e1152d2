"""What is recognised in one go: near utterances of a channel, padded, within the chunk, never
longer than is taken."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.types import ChunkRef
from earshot.analysis.words.stretches import PAD_MS, stretches
from tests.chunks import chunk


def ref(start_ms: int, end_ms: int, *speech: tuple[int, int, int]) -> ChunkRef:
    return chunk(end_ms, *speech, start_ms=start_ms, channels=2)


def test_near_utterances_share_a_stretch_padded_within_the_chunk() -> None:
    chunk = ref(
        10_000,
        15_100,
        (0, 10_050, 11_000),
        (0, 11_799, 12_500),
        (0, 13_300, 15_000),
        (1, 11_000, 11_500),
    )
    assert [(s.channel, s.start_ms, s.end_ms) for s in stretches(chunk, 800, 60_000)] == [
        (0, 10_000, 12_500 + PAD_MS),
        (0, 13_300 - PAD_MS, 15_100),
        (1, 11_000 - PAD_MS, 11_500 + PAD_MS),
    ]


def test_a_stretch_ends_before_it_gets_too_long_and_a_long_utterance_is_cut_evenly() -> None:
    joined = stretches(
        ref(0, 60_000, (0, 1_000, 9_000), (0, 9_500, 18_000), (0, 18_500, 25_000)), 30_000, 20_000
    )
    assert [(s.start_ms, s.end_ms) for s in joined] == [(800, 18_200), (18_300, 25_200)]
    cut = stretches(ref(0, 60_000, (0, 0, 50_000)), 30_000, 20_000)
    assert [(s.start_ms, s.end_ms) for s in cut] == [
        (0, 16_733),
        (16_733, 33_466),
        (33_466, 50_200),
    ]


def test_a_pause_that_two_stretches_share_is_split_between_them() -> None:
    found = stretches(ref(0, 60_000, (0, 0, 20_000), (0, 20_300, 45_000)), 1_500, 30_000)
    assert [(s.start_ms, s.end_ms) for s in found] == [(0, 20_150), (20_150, 45_200)]


speech = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 40_000), st.integers(1, 9_000)), max_size=12
)


@given(speech, st.integers(0, 30_000), st.integers(3_000, 30_000))
def test_all_speech_within_the_chunk_is_in_a_stretch_and_none_is_too_long(
    spoken: list[tuple[int, int, int]], gap: int, longest: int
) -> None:
    chunk = ref(
        5_000, 35_000, *((channel, start, start + length) for channel, start, length in spoken)
    )
    found = stretches(chunk, gap, longest)
    assert all(
        5_000 <= item.start_ms <= item.end_ms <= 35_000 and item.end_ms - item.start_ms <= longest
        for item in found
    )
    for item in chunk.speech:
        start, end = max(5_000, item.start_ms), min(35_000, item.end_ms)
        held = sum(
            max(0, min(end, each.end_ms) - max(start, each.start_ms))
            for each in found
            if each.channel == item.channel
        )
        assert held >= end - start
    for one, other in pairwise(found):
        assert one.channel < other.channel or one.end_ms <= other.start_ms
