"""The errors of two releases in the speakers of the same conversations."""

from collections.abc import Sequence

import numpy as np

from evaluation.figures.tally import Tally
from evaluation.gate.bars import Bars
from evaluation.gate.paired import Paired, compare_errors
from evaluation.gate.verdict import OfLabel
from evaluation.manifest import Row
from evaluation.measures.der import Errors


class Conversations:
    """The errors of both in the conversations that one of them has an answer for; what
    ``evaluation.gate.pairs.Pairs`` is to labels. Of speakers there are none."""

    known: tuple[set[str], set[str]] = (set(), set())
    truth: tuple[str, ...] = ()

    def __init__(self, ours: Tally, theirs: Tally, asked: Sequence[Row]) -> None:
        """
        Args:
            asked: the conversations that both were given.
        """
        self.paths: list[str] = []
        self.groups: list[str] = []
        self.errors: tuple[list[Errors], list[Errors]] = ([], [])
        found = [{case.row.path: case.answer for case in each.cases} for each in (ours, theirs)]
        for row in asked:
            answers: list[Errors | None] = [each.get(row.path) for each in found]
            there = next((each for each in answers if each is not None), None)
            if there is None:
                continue
            self.paths.append(row.path)
            self.groups.append(row.group)
            for side, answer in zip(self.errors, answers, strict=True):
                side.append(answer or Errors(there.spoken, 0, 0, there.spoken))

    def recalls(self) -> dict[str, OfLabel]:
        return {}

    def compared(self, bars: Bars) -> Paired:
        ours, theirs = (np.array([_wrong(each) for each in side]) for side in self.errors)
        spoken = np.array([each.spoken for each in self.errors[0]])
        return compare_errors(ours, theirs, spoken, self.groups, draws=bars.draws)

    def lost(self, label: str | None = None) -> str | None:
        """The conversation that the candidate does worst beside the active release."""
        worse = [
            (_wrong(one) - _wrong(other), path)
            for one, other, path in zip(*self.errors, self.paths, strict=True)
        ]
        return max(worse)[1] if worse else None


def _wrong(errors: Errors) -> int:
    return errors.missed_detection + errors.false_alarm + errors.confusion
