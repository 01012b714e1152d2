"""The answers of two releases to the same recordings."""

from collections.abc import Sequence

import numpy as np

from evaluation.figures.classified import labels_of
from evaluation.figures.tally import Case, Tally
from evaluation.gate.bars import Bars
from evaluation.gate.paired import Paired, compare
from evaluation.gate.verdict import OfLabel
from evaluation.label_map import NATURAL, LabelMap
from evaluation.manifest import Row


class Pairs:
    """The answers of both to the recordings with a label that one of them knows."""

    def __init__(
        self, ours: Tally, theirs: Tally, mapping: LabelMap, asked: Sequence[tuple[Row, str]]
    ) -> None:
        """
        Args:
            asked: the recordings that both were given, with their labels.
        """
        tallies = (ours, theirs)
        answers = [{case.row.path: case for case in _labelled(tally)} for tally in tallies]
        self.known = tuple(
            {*labels_of(list(found.values())), *tally.release.labels}
            if tally.release.analysis != "emotion"
            else set(labels_of(list(found.values())))
            for found, tally in zip(answers, tallies, strict=True)
        )
        self.labels = tuple(sorted(self.known[0] | self.known[1]))
        self.paths: list[str] = []
        self.groups: list[str] = []
        self.truth: list[str] = []
        self.given: tuple[list[str | None], list[str | None]] = ([], [])
        for row, truth in asked:
            label = mapping.among(truth, self.labels)
            if label is None:
                continue
            self.paths.append(row.path)
            self.groups.append(row.group)
            self.truth.append(label)
            for side in (0, 1):
                meant = mapping.among(truth, self.known[side])
                said = _said(answers[side].get(row.path))
                self.given[side].append(label if said is not None and said == meant else said)

    def recalls(self) -> dict[str, OfLabel]:
        """Recall of each label that occurs."""
        found = {}
        for label in dict.fromkeys(sorted(self.truth)):
            where = [i for i, truth in enumerate(self.truth) if truth == label]
            ours, theirs = (
                sum(given[i] == label for i in where) / len(where) for given in self.given
            )
            found[label] = OfLabel(n=len(where), candidate=round(ours, 4), active=round(theirs, 4))
        return found

    def compared(self, bars: Bars) -> Paired:
        assert bars.measure != "der"
        where = {label: position for position, label in enumerate(self.labels)}
        none = len(self.labels)
        truth = np.array([where[label] for label in self.truth])
        ours, theirs = (
            np.array([none if label is None else where.get(label, none) for label in given])
            for given in self.given
        )
        return compare(
            truth, ours, theirs, self.groups, none, measure=bars.measure, draws=bars.draws
        )

    def lost(self, label: str | None = None) -> str | None:
        """A recording that the candidate got wrong: of a label, or where the other was right."""
        wrong = [i for i, truth in enumerate(self.truth) if self.given[0][i] != truth]
        if label is not None:
            wrong = [i for i in wrong if self.truth[i] == label]
        worse = [i for i in wrong if self.given[1][i] == self.truth[i]]
        return next((self.paths[i] for i in (*worse, *wrong)), None)


def _labelled(tally: Tally) -> list[Case]:
    return [case for case in tally.cases if case.truth not in (None, NATURAL)]


def _said(case: Case | None) -> str | None:
    """The answer; None where there is none, or an abstention."""
    if case is None or case.answer.abstained:
        return None
    return str(case.answer.label)
