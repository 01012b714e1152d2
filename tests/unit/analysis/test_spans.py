"""Which chunk answers for which stretch: no moment counts twice, and a recording may have no chunks
at all."""

from earshot.analysis.spans import owned
from earshot.analysis.types import Interval


def spans(*edges: tuple[int, int]) -> list[Interval]:
    return [Interval(start_ms=start, end_ms=end) for start, end in edges]


def test_an_overlap_is_cut_in_its_middle() -> None:
    assert owned(spans((0, 100), (80, 200), (200, 300))) == spans((0, 90), (90, 200), (200, 300))


def test_a_single_chunk_answers_for_itself() -> None:
    assert owned(spans((10, 100))) == spans((10, 100))


def test_a_recording_that_was_not_cut_has_no_stretches() -> None:
    assert owned([]) == []
