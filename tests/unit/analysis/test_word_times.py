"""Words without a time lie between their neighbours, in order."""

from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.words.times import Span, interpolate


def test_by_letters_between_the_neighbours() -> None:
    assert interpolate(["on", "24", "12", "we"], [(0, 100), None, None, (300, 400)], (0, 500)) == [
        (0, 100),
        (100, 200),
        (200, 300),
        (300, 400),
    ]
    assert interpolate(["a", "bbb"], [None, None], (1_000, 1_400)) == [
        (1_000, 1_100),
        (1_100, 1_400),
    ]


def test_without_room_they_have_a_place_and_no_length() -> None:
    assert interpolate(["a", "5", "b"], [(0, 100), None, (100, 200)], (0, 200)) == [
        (0, 100),
        (100, 100),
        (100, 200),
    ]


@given(st.lists(st.tuples(st.text(max_size=6), st.booleans()), max_size=12))
def test_all_are_in_order_and_inside(words: list[tuple[str, bool]]) -> None:
    known: list[Span | None] = [
        (100 * n, 100 * n + 60) if timed else None for n, (_, timed) in enumerate(words)
    ]
    whole = (0, 100 * len(words))
    found = interpolate([text for text, _ in words], known, whole)
    edges = [edge for span in found for edge in span]
    assert edges == sorted(edges)
    assert all(whole[0] <= edge <= whole[1] for edge in edges)
    assert all(own is None or own == span for own, span in zip(known, found, strict=True))
