"""Words in the overlap of two chunks appear once, and no word outside it is lost."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.findings import Word
from analysis.overlap import join_runs
from analysis.types import Interval

OVERLAP = Interval(start_ms=24_000, end_ms=25_000)


def word(text: str, start: int, end: int | None = None) -> Word:
    return Word(text=text, start_ms=start, end_ms=start + 200 if end is None else end, channel=0, confidence=0.5)


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


def runs(low: int, high: int) -> st.SearchStrategy[list[Word]]:
    starts = st.lists(st.integers(low, high), max_size=12, unique=True).map(sorted)
    texts_ = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=12, max_size=12)
    return st.tuples(starts, texts_).map(lambda pair: [word(text, start) for start, text in zip(*pair, strict=False)])


@given(left=runs(20_000, 24_800), right=runs(24_000, 29_000))
def test_no_word_outside_the_overlap_is_lost(left: list[Word], right: list[Word]) -> None:
    joined = join_runs(left, right, OVERLAP)
    outside = [w for w in left if w.end_ms <= OVERLAP.start_ms] + [w for w in right if w.start_ms >= OVERLAP.end_ms]
    assert [w for w in joined if w in outside] == outside
    assert all(w in left or w in right for w in joined)
    assert len(joined) <= len(left) + len(right)


@given(run=runs(20_000, 29_000))
def test_two_chunks_that_agree_give_the_run_itself(run: list[Word]) -> None:
    left = [w for w in run if w.start_ms < OVERLAP.end_ms - 100]
    right = [w for w in run if w.start_ms >= OVERLAP.start_ms - 100]
    assert join_runs(left, right, OVERLAP) == run
