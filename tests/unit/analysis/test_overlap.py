"""Words in the overlap of two chunks appear once, and no word outside it is lost."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.findings import Timing, Word
from earshot.analysis.types import Interval
from earshot.analysis.words.overlap import border, join_runs
from earshot.analysis.words.times import interpolate

OVERLAP = Interval(start_ms=24_000, end_ms=25_000)


def word(text: str, start: int, end: int | None = None, timing: Timing = "native") -> Word:
    end = start + 200 if end is None else end
    return Word(text=text, start_ms=start, end_ms=end, channel=0, confidence=0.5, timing=timing)


def spread(text: str, start: int, end: int) -> list[Word]:
    """The words of a text whose times were interpolated over a stretch."""
    spans = interpolate(text.split(), [None] * len(text.split()), (start, end))
    return [
        word(each, a, b, "interpolated") for each, (a, b) in zip(text.split(), spans, strict=True)
    ]


def texts(words: list[Word]) -> str:
    return " ".join(item.text for item in words)


def test_the_same_words_heard_twice_appear_once() -> None:
    left = [word("we", 23_500), word("will", 24_100), word("call", 24_400), word("you", 24_700)]
    right = [word("will", 24_120), word("call", 24_380), word("you", 24_720), word("back", 25_200)]
    assert texts(join_runs(left, right, OVERLAP)) == "we will call you back"


def test_the_run_in_common_decides_over_cut_words_at_the_edges() -> None:
    left = [word("please", 24_050), word("hold", 24_400), word("thee", 24_900)]
    right = [word("ease", 24_050), word("hold", 24_420), word("the", 24_800), word("line", 25_100)]
    assert texts(join_runs(left, right, OVERLAP)) == "please hold the line"


def test_nothing_in_common_cuts_in_the_middle() -> None:
    left = [word("one", 24_100), word("two", 24_700)]
    right = [word("won", 24_100), word("too", 24_700), word("three", 25_100)]
    assert texts(join_runs(left, right, OVERLAP)) == "one too three"


def test_a_word_said_twice_is_not_taken_for_one() -> None:
    left = [word("no", 24_000), word("maybe", 24_200)]
    right = [word("maybe", 24_200), word("no", 24_700)]
    assert texts(join_runs(left, right, OVERLAP)) == "no maybe no"


def test_what_only_one_chunk_heard_stays() -> None:
    assert texts(join_runs([word("yes", 24_800)], [word("sir", 25_100)], OVERLAP)) == "yes sir"
    assert texts(join_runs([], [word("yes", 24_100)], OVERLAP)) == "yes"


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        pytest.param(
            [word("please", 23_200), word("hold", 23_700, 24_280)],
            [word("hold", 24_000, 24_280), word("the", 24_300), word("line", 25_200)],
            "please hold the line",
            id="cut-by-the-start-of-the-right-chunk",
        ),
        pytest.param(
            [word("please", 24_300), word("hold", 24_720, 25_000)],
            [word("please", 24_320), word("hold", 24_720, 25_400), word("the", 25_500)],
            "please hold the",
            id="cut-by-the-end-of-the-left-chunk",
        ),
        pytest.param(
            [word("hold", 24_720, 25_000)],
            [word("hold", 24_720, 25_400), word("the", 25_500)],
            "hold the",
            id="the-only-word-of-the-overlap",
        ),
        pytest.param(
            [word("hold", 24_000, 24_900)],
            [word("hold", 24_350, 24_920), word("on", 25_100)],
            "hold on",
            id="starts-far-apart",
        ),
        pytest.param(
            [word("hold", 23_750, 23_990)],
            [word("hold", 24_010, 24_200), word("on", 24_300)],
            "hold on",
            id="just-outside",
        ),
        pytest.param(
            [word("no", 24_000, 24_140), word("no", 24_150, 24_290), word("no", 24_300, 24_440)],
            [word("no", 24_150, 24_290), word("no", 24_300, 24_440), word("sir", 24_500)],
            "no no no sir",
            id="said-three-times",
        ),
    ],
)
def test_a_word_at_the_edge_appears_once(left: list[Word], right: list[Word], joined: str) -> None:
    assert texts(join_runs(left, right, OVERLAP)) == joined


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        pytest.param(
            spread("he was making a", 22_000, 25_000),
            [word("making", 24_150, 24_500), word("a", 24_510, 24_560), word("chair", 24_600)],
            "he was making a chair",
            id="times-of-the-left-guessed",
        ),
        pytest.param(
            [
                word("speak", 23_800),
                word("of", 24_300),
                word("having", 24_450),
                word("been", 24_700),
            ],
            spread("of having been in the far north once", 24_000, 30_000),
            "speak of having been in the far north once",
            id="times-of-the-right-guessed",
        ),
        pytest.param(
            spread("describe some of the characters", 22_000, 25_000),
            [
                word("Ascribe", 24_000, 24_500),
                word("some", 24_520),
                word("of", 24_730),
                word("the", 24_900, 24_990),
            ],
            "describe some of the",
            id="what-each-heard-at-its-own-edge-is-given-up",
        ),
        pytest.param(
            spread("and then she put a whole", 22_500, 24_000),
            spread("she put a whole sermon into it", 24_000, 27_000),
            "and then she put a whole sermon into it",
            id="both-guessed",
        ),
        pytest.param(
            spread("that is very very", 23_000, 25_000),
            spread("very very far from here and from there", 24_000, 28_000),
            "that is very very far from here and from there",
            id="a-word-said-twice-and-heard-twice-by-both",
        ),
        pytest.param(
            [word("is", 23_700), word("very", 24_000, 24_280), word("very", 24_350, 24_700)],
            [word("very", 24_360, 24_700), word("far", 24_800)],
            "is very very far",
            id="a-word-said-twice-and-heard-once-by-the-right",
        ),
        pytest.param(
            [word("no", 24_100, 24_300), word("no", 24_500, 24_700)],
            [word("no", 24_500, 24_700), word("no", 25_100, 25_300)],
            "no no no",
            id="a-word-said-three-times-once-in-the-overlap",
        ),
        pytest.param(
            [word("yes", 23_200, 23_500), word("sir", 23_600, 23_900)],
            [word("yes", 25_050, 25_300), word("sir", 25_350, 25_600)],
            "yes sir yes sir",
            id="a-phrase-said-on-both-sides",
        ),
        pytest.param(
            [*spread("on and on we go", 20_000, 22_300), word("on", 24_100), word("we", 24_400)],
            [word("on", 24_120), word("we", 24_410), word("went", 24_700)],
            "on and on we go on we went",
            id="a-guessed-time-far-from-the-border",
        ),
    ],
)
def test_where_times_are_guessed_the_order_tells(
    left: list[Word], right: list[Word], joined: str
) -> None:
    assert texts(join_runs(left, right, OVERLAP)) == joined


numbers = st.integers(2, 9)


@given(
    st.tuples(numbers, numbers, numbers),
    st.integers(60, 160),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_a_phrase_said_twice_on_one_side_stays_and_what_both_heard_appears_once(
    counts: tuple[int, int, int], tempo: int, twice: bool, left_guessed: bool, right_guessed: bool
) -> None:
    """Beside the overlap a word takes ``tempo`` percent of what it takes within; that is how far
    guessed times are off."""
    first, common, last = (
        [f"{side}{n}" for n in range(count)] for side, count in zip("xoy", counts, strict=True)
    )
    first, last = (first * 2, last) if twice else (first, last * 2)
    step = (OVERLAP.end_ms - OVERLAP.start_ms) // len(common)
    begin, end = (
        at - len(side) * step * tempo // 100 * sign
        for at, side, sign in ((24_000, first, 1), (25_000, last, -1))
    )
    true = [
        word(text, OVERLAP.start_ms + n * step, OVERLAP.start_ms + (n + 1) * step)
        for n, text in enumerate(common)
    ]
    left = [*spread(" ".join(first), begin, 24_000), *true]
    right = [*true, *spread(" ".join(last), 25_000, end)]
    if left_guessed:
        left = spread(" ".join([*first, *common]), begin, 25_000)
    if right_guessed:
        right = spread(" ".join([*common, *last]), 24_000, end)
    assert texts(join_runs(left, right, OVERLAP)) == " ".join([*first, *common, *last])


def test_of_a_word_that_an_edge_cut_the_whole_one_stays() -> None:
    left = [word("hold", 23_700, 24_280), word("line", 24_800, 25_000)]
    right = [word("hold", 24_000, 24_280), word("line", 24_800, 25_300)]
    assert [(w.start_ms, w.end_ms) for w in join_runs(left, right, OVERLAP)] == [
        (23_700, 24_280),
        (24_800, 25_300),
    ]


def test_words_stay_in_the_order_they_were_said_although_the_clocks_of_the_chunks_disagree() -> (
    None
):
    left = [word("call", 24_250, 24_450), word("you", 24_460, 24_520)]
    right = [
        word("call", 24_100, 24_300),
        word("you", 24_310, 24_500),
        word("back", 24_400, 24_700),
    ]
    joined = join_runs(left, right, OVERLAP)
    assert texts(joined) == "call you back"
    assert texts(sorted(joined, key=lambda w: (w.start_ms, w.end_ms))) == "call you back"


spoken = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 500), st.integers(200, 700)),
    min_size=4,
    max_size=20,
)
jitter = st.lists(st.integers(-20, 20), min_size=40, max_size=40)


def said(items: list[tuple[str, int, int]]) -> list[Word]:
    """Words one after the other, around the overlap; no word is repeated directly."""
    words, now = [], 22_000
    for text, pause, length in items:
        if not words or words[-1].text != text:
            words.append(word(text, now + pause + 50, now + pause + 50 + length))
            now = words[-1].end_ms
    return words


def heard(words: list[Word], start: int, end: int, shifts: list[int]) -> list[Word]:
    """The words recognised by a chunk: cut at its edges, with fragments lost and times a little
    off."""
    cut = [(w, max(w.start_ms, start), min(w.end_ms, end)) for w in words]
    pairs = zip(
        [item for item in cut if item[2] - item[1] >= 80], shifts[::2], shifts[1::2], strict=False
    )
    return [
        word(w.text, min(max(a + p, start), end), min(max(b + q, start), end))
        for (w, a, b), p, q in pairs
    ]


@given(items=spoken, left_off=jitter, right_off=jitter)
def test_two_chunks_that_hear_the_same_with_other_times_give_what_was_said(
    items: list[tuple[str, int, int]], left_off: list[int], right_off: list[int]
) -> None:
    words = said(items)
    left = heard(words, 0, OVERLAP.end_ms, left_off)
    right = heard(words, OVERLAP.start_ms, 60_000, right_off)
    joined = join_runs(left, right, OVERLAP)
    assert texts(joined) == texts(words)
    assert [w.start_ms for w in joined] == sorted(w.start_ms for w in joined)


def any_run(low: int, high: int) -> st.SearchStrategy[list[Word]]:
    return st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(low, high)),
        max_size=12,
        unique_by=lambda w: w[1],
    ).map(
        lambda items: [word(text, start) for text, start in sorted(items, key=lambda item: item[1])]
    )


@given(left=any_run(20_000, 24_800), right=any_run(24_000, 29_000))
def test_no_word_outside_the_overlap_is_lost(left: list[Word], right: list[Word]) -> None:
    joined = join_runs(left, right, OVERLAP)
    before = [w.text for w in left if w.end_ms <= OVERLAP.start_ms]
    after = [w.text for w in right if w.start_ms >= OVERLAP.end_ms]
    assert [w.text for w in joined][: len(before)] == before
    assert [w.text for w in joined][len(joined) - len(after) :] == after
    assert Counter(w.text for w in joined) <= Counter(w.text for w in [*left, *right])
    assert [w.start_ms for w in joined] == sorted(w.start_ms for w in joined)


@given(left=any_run(20_000, 24_800), right=any_run(24_000, 29_000))
def test_a_run_can_be_joined_from_its_border_on(left: list[Word], right: list[Word]) -> None:
    at = border(left, OVERLAP)
    assert left[:at] + join_runs(left[at:], right, OVERLAP) == join_runs(left, right, OVERLAP)
