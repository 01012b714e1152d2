"""When a mix of answers counts as moved: not by chance, not for few recordings, and for a real
shift."""

import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from earshot.analysis.drift.psi import (
    LEAST_PSI,
    SMOOTHED,
    Histogram,
    Seen,
    baseline,
    drift,
    histogram,
)

LABELS = [f"label_{n}" for n in range(12)]
SHARES = [30, 20, 15, 10, 8, 6, 4, 3, 2, 1, 0.6, 0.4]
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def drawn(rng: random.Random, count: int, shares: list[float] = SHARES) -> Histogram:  # type: ignore[assignment]
    return Histogram(counts=Counter(rng.choices(LABELS, shares, k=count)))


def seen(confidence: float | None = 0.5, language: str | None = "en", **labels: float) -> Seen:
    return Seen(
        labels=labels, confidence=confidence, snr_db=20.0, language=language, finished_at=NOW
    )


def test_chance_is_no_drift() -> None:
    """12 labels, 1,000 and 100 recordings of the same mix: the PSI is about 0.1 all the same."""
    rng = random.Random(7)
    found = [drift("label", drawn(rng, 1_000), drawn(rng, 100)) for _ in range(300)]
    assert not any(each.alarm for each in found)
    assert 0.06 < sum(each.psi for each in found) / 300 < 0.14
    assert any(each.psi > 0.2 for each in found)  # which a rule of thumb would call drift
    above = sum(each.psi > each.null for each in found) / 300
    assert above < 0.08  # 0.05 is what the null promises
    larger = [drift("label", drawn(rng, 1_000), drawn(rng, 200)) for _ in range(300)]
    assert not any(each.alarm for each in larger)


def test_a_real_shift_is_drift_and_names_what_moved() -> None:
    rng = random.Random(8)
    moved = [10, 20, 15, 10, 8, 6, 4, 3, 2, 20, 0.6, 0.4]
    found = drift("label", drawn(rng, 1_000), drawn(rng, 300, moved))
    assert found.alarm
    assert found.psi > 3 * found.null
    assert [each.name for each in found.moved][:2] == ["label_9", "label_0"]
    assert found.moved[0].reference < 0.03
    assert found.moved[0].now > 0.1
    assert not drift("label", drawn(rng, 1_000), drawn(rng, 150, moved)).alarm  # too few


def test_both_sides_are_smoothed_by_the_right_denominator() -> None:
    found = drift("label", Histogram(counts={"a": 99, "b": 1}), Histogram(counts={"a": 100}))
    shares = {each.name: (each.reference, each.now) for each in found.moved}
    assert shares["a"] == pytest.approx(((99 + SMOOTHED) / 101, (100 + SMOOTHED) / 101))
    assert sum(one for one, _ in shares.values()) == sum(two for _, two in shares.values()) == 1
    assert found.psi < LEAST_PSI  # a rare label that is absent


def test_a_recording_counts_once_with_all_of_its_labels() -> None:
    mix = histogram("label", (), [seen(sad=0.25, happy=0.75), seen(sad=1.0)])
    assert mix.counts == {"sad": 1.25, "happy": 0.75}
    assert mix.n == 2


def test_numbers_are_in_bins_of_equal_frequency_of_the_reference() -> None:
    rng = random.Random(9)
    first = [seen(rng.random() ** 3, sad=1.0) for _ in range(1_000)]
    fixed = baseline(first)
    assert set(fixed["confidence"].counts.values()) == {100}
    assert len(fixed["confidence"].edges) == 9
    assert fixed["snr"].counts == {"..": 1_000}  # all the same
    sure = baseline([seen(1 - rng.random() / 10_000, sad=1.0) for _ in range(1_000)])
    assert len(sure["confidence"].counts) == 10
    higher = [seen(min(1.0, rng.random() ** 3 + 0.3), sad=1.0) for _ in range(300)]
    edges = fixed["confidence"].edges
    assert drift("confidence", fixed["confidence"], histogram("confidence", edges, higher)).alarm
    above = 0
    for _ in range(60):
        same = [seen(rng.random() ** 3, sad=1.0) for _ in range(300)]
        found = drift("confidence", fixed["confidence"], histogram("confidence", edges, same))
        above += found.psi > found.null
        assert not found.alarm
    assert above < 10
    assert histogram("language", (), [seen(None, None)]).counts == {"unknown": 1}
