"""The pause that does not end a turn, and how it was chosen."""

import pytest

from earshot.models.speakers.diarizer import TURN_GAP_MS, Spoken
from earshot.models.speakers.turns import joined
from training.measurements.turn_pauses import COST, PAUSES_MS, chosen


def test_a_turn_goes_over_a_shorter_pause_of_its_voice_alone() -> None:
    first, near = Spoken("0", 0, 1_000), Spoken("0", 1_000 + TURN_GAP_MS - 1, 3_000)
    assert joined([first, near]) == (Spoken("0", 0, 3_000),)
    far = Spoken("0", 1_000 + TURN_GAP_MS, 3_000)
    assert joined([first, far]) == (first, far)
    other = Spoken("1", 1_100, 1_200)
    assert joined([first, other, near]) == (first, other, near)


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([0.0] * len(PAUSES_MS), 1_000),
        ([0.0, 0.001, COST, COST + 0.001, 0.0, *[0.01] * 6], 600),
        ([0.0, *[0.01] * 10], 500),
    ],
)
def test_the_longest_pause_is_chosen_before_the_first_that_costs_too_much(
    costs: list[float], expected: int
) -> None:
    rates = {gap: 0.1 + cost for gap, cost in zip(PAUSES_MS, costs, strict=True)}
    assert chosen(rates) == expected
