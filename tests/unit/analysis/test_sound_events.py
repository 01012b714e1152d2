"""Sound events: hysteresis, minimum duration, minimum level, and reasons of rejected ones."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.findings import SCENES, Rejected, SoundEvent
from earshot.analysis.report.timeline import merge_sounds
from earshot.analysis.types import Interval
from earshot.models.sound.audioset import classes
from workers.scene.sound_events import Cells, events_of, rules

CELL = 480
SILENCE = SCENES.index("silence")


def heard(
    label: str, *shares: float, quiet: tuple[int, ...] = ()
) -> tuple[list[SoundEvent], dict[tuple[str, str], Rejected]]:
    """Events of one label with these shares, the rest being silence; and the rejected ones, by
    label and reason."""
    rows = np.zeros((len(shares), len(SCENES)), np.float32)
    rows[:, SCENES.index(label)] = shares
    rows[:, SILENCE] += 1 - np.array(shares, np.float32)
    mask = np.isin(np.arange(len(shares)), quiet)
    cells = Cells(
        SCENES, rows, mask, CELL, Interval(start_ms=1_000, end_ms=1_000 + CELL * len(shares) - 100)
    )
    events, rejected = events_of(cells, "silence", -66.0)
    return [event for event in events if event.label == label], {
        (each.label, each.reason): each for each in rejected
    }


def test_every_scene_has_a_rule() -> None:
    assert set(rules()) == set(SCENES)
    assert all(0 < rule.off < rule.on <= 1 and rule.min_ms > 0 for rule in rules().values())


def test_an_event_begins_above_one_threshold_and_ends_below_another() -> None:
    (event,), _ = heard("noise", 0.1, 0.4, 0.9, 0.35, 0.45, 0.2, 0.1)
    assert (event.start_ms, event.end_ms) == (1_000 + CELL, 1_000 + 5 * CELL)
    assert (event.peak, event.confidence) == (pytest.approx(0.9), pytest.approx(0.525))


def test_what_never_reaches_the_threshold_is_kept_back_with_it() -> None:
    events, kept = heard("noise", 0.1, 0.4, 0.45, 0.1)
    assert events == []
    rejected = kept["noise", "threshold"]
    assert (rejected.peak, rejected.limit, rejected.start_ms) == (
        pytest.approx(0.45),
        rules()["noise"].on,
        1_000 + CELL,
    )


def test_of_what_was_hardly_heard_the_best_moment_is_told() -> None:
    _, kept = heard("noise", 0.0, 0.02, 0.0)
    assert (kept["noise", "threshold"].peak, kept["noise", "threshold"].start_ms) == (
        pytest.approx(0.02),
        1_480,
    )


def test_what_is_too_short_is_kept_back_with_the_duration() -> None:
    events, kept = heard("music", 0.1, 0.9, 0.9, 0.1)
    assert events == []
    assert kept["music", "duration"].limit == rules()["music"].min_ms
    assert len(heard("music", 0.1, 0.9, 0.9, 0.9, 0.1)[0]) == 1


def test_all_of_a_short_chunk_is_an_event() -> None:
    (event,), _ = heard("music", 0.9)
    assert (event.start_ms, event.end_ms) == (1_000, 1_380)


def test_what_is_too_quiet_is_kept_back_with_the_level() -> None:
    events, kept = heard("speech", 0.9, 0.9, 0.1, quiet=(0, 1, 2))
    assert events == []
    assert (kept["speech", "energy"].limit, kept["speech", "energy"].peak) == (
        -66.0,
        pytest.approx(0.9),
    )
    assert kept["speech", "threshold"].peak == 0.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from(SCENES))
def test_events_lie_in_the_chunk_apart_and_above_the_threshold(
    shares: list[float], label: str
) -> None:
    events, kept = heard(label, *shares)
    assert all(
        event.peak >= event.confidence and event.peak >= rules()[label].on - 1e-4
        for event in events
    )
    assert all(a.end_ms < b.start_ms for a, b in pairwise(events))
    assert all(
        1_000 <= each.start_ms < each.end_ms <= 900 + CELL * len(shares)
        for each in [*events, *kept.values()]
    )


def test_a_sound_over_a_chunk_border_is_one() -> None:
    def event(label: str, start: int, end: int, peak: float) -> SoundEvent:
        return SoundEvent(label=label, start_ms=start, end_ms=end, confidence=0.5, peak=peak)

    one, two = Interval(start_ms=0, end_ms=10_000), Interval(start_ms=10_000, end_ms=20_000)
    found = merge_sounds(
        [
            (event("music", 8_000, 10_500, 0.7), one),
            (event("music", 9_500, 12_000, 0.9), two),
            (event("speech", 9_000, 10_400, 0.8), one),
            (event("music", 15_000, 16_000, 0.6), two),
        ]
    )
    assert [(s.label, s.start_ms, s.end_ms, s.peak) for s in found] == [
        ("music", 8_000, 12_000, 0.9),
        ("speech", 9_000, 10_000, 0.8),
        ("music", 15_000, 16_000, 0.6),
    ]


def test_every_audioset_class_has_one_scene_and_a_name_of_its_own() -> None:
    known = classes()
    assert len(known.names) == len(known.scenes) == len(set(known.names)) == 521
    assert set(known.scenes) == set(SCENES)
    named = dict(zip(known.names, known.scenes, strict=True))
    expected = {
        "Speech": "speech",
        "Music": "music",
        "Silence": "silence",
        "White noise": "noise",
        "Sine wave": "other",
    }
    assert {name: named[name] for name in expected} == expected
    assert [
        known.names.index(name) for name in ("Speech", "Music", "Silence", "Field recording")
    ] == [0, 132, 494, 520]


def test_scores_are_gathered_by_the_largest_of_each_scene() -> None:
    scores = np.zeros((1, 521), np.float32)
    for name, score in (("Speech", 0.3), ("Whispering", 0.6), ("Music", 0.2), ("Rain", 0.9)):
        scores[0, classes().names.index(name)] = score
    assert classes().gathered(scores)[0].tolist() == pytest.approx([0.6, 0.2, 0.9, 0.0, 0.0])
