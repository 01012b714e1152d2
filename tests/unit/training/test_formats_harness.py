"""The harness of ``make formats``: it finds what is missing, and outlives what it is there to
find."""

import sys
from pathlib import Path

import numpy as np
import pytest

from trials.formats.children import bend
from trials.formats.mutate import mutate
from trials.formats.sounds import MARKS_HZ, compose, found_at, marks

RATE = 16_000

DYING = """
import json, os, signal, sys
for line in sys.stdin:
    seed = json.loads(line)[1]
    if seed % 10 == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    print(json.dumps(["raised OSError" if seed % 10 == 4 else "analysed", 1.5, 0.1, 9]), flush=True)
"""


def test_what_dies_is_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    bases = [tmp_path / "a", tmp_path / "b"]
    even, odd = bend(bases, range(40), 2, (sys.executable, "-c", DYING))
    assert (even.files, even.outcomes) == (20, {"analysed": 16, "raised OSError": 4})
    assert (odd.files, odd.outcomes) == (20, {"analysed": 16, "crashed": 4})
    assert (sorted(odd.seeds), sorted(even.seeds)) == ([3, 13, 23, 33], [4, 14, 24, 34])


def test_a_seed_bends_in_one_way() -> None:
    data = bytes(range(256)) * 40
    bent = [mutate(data, [b"other" * 100], seed) for seed in range(300)]
    assert bent == [mutate(data, [b"other" * 100], seed) for seed in range(300)]
    assert len(set(bent)) > 290
    assert sum(one != data for one in bent) > 290


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_tone_that_is_missing_or_moved_is_found_out(lost: int) -> None:
    whole = compose(6, RATE, 1)[0]
    for hz, middle in zip(MARKS_HZ, marks(6), strict=True):
        assert found_at(whole, RATE, hz) == pytest.approx(middle, abs=0.02)
    at = round(marks(6)[lost] * RATE)
    cut = np.concatenate([whole[: max(0, at - RATE // 2)], whole[at + RATE // 2 :]])
    assert found_at(cut, RATE, MARKS_HZ[lost]) is None
    if lost == 0:
        assert found_at(cut, RATE, MARKS_HZ[1]) == pytest.approx(marks(6)[1] - 0.7, abs=0.1)
