"""What is transcribed again around silent stretches."""

from itertools import pairwise

import pytest

from earshot.analysis.types import Interval
from workers.redaction import SHARED_MS, pieces


@pytest.mark.parametrize("length", [1_000, 20_000, 20_001, 37_000, 90_500])
def test_pieces_cover_the_span_and_overlap(length: int) -> None:
    found = list(pieces(Interval(start_ms=500, end_ms=500 + length), 20_000))
    assert (found[0].start_ms, found[-1].end_ms) == (500, 500 + length)
    assert all(0 < each.end_ms - each.start_ms <= 20_000 for each in found)
    assert all(a.end_ms - b.start_ms >= SHARED_MS for a, b in pairwise(found))
    assert len(found) == 1 or length > 20_000
