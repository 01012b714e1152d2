"""Nested cross-validation: selects a recipe for every fold without using the data of that fold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

Score = Callable[[Ints, Floats, Ints], float]
"""Quality of answers of shape (recordings, labels) against a truth, given the fold of each
recording."""

Answers = Callable[[str, Mask], Floats]
"""Trains the named candidate on the recordings of a mask and returns answers for all others: shares
of shape (all recordings, labels); the rows of the mask are ignored."""


@dataclass(frozen=True)
class Choice:
    """Inner quality of every candidate, by the fold left out."""

    uar: Mapping[str, tuple[float, ...]]  # candidate to UAR, one a fold

    def of_fold(self, fold: int) -> str:
        """The candidate for the models evaluated on ``fold``."""
        return max(self.uar, key=lambda name: self.uar[name][fold])

    def shipped(self) -> str:
        """The candidate for the released checkpoint, which is trained on everything: the best on
        average."""
        return max(self.uar, key=lambda name: float(np.mean(self.uar[name])))

    def section(self, of: str = "") -> str:
        """Description of the selection, for a model card."""
        return f"""## How the recipe{f" of {of}" if of else ""} was chosen

UAR of each candidate inside the training folds: recordings outside the named fold, answered by
models trained without their speakers and without those of that fold. The model that is evaluated on
a fold was trained by the recipe in bold in its column, so no recording was used both to choose a
recipe and for a figure above. The released weights: {self.shipped()}.

{self.table()}"""

    def table(self) -> str:
        """The selection as Markdown, for a model card."""
        folds = range(len(next(iter(self.uar.values()))))
        lines = [
            f"| recipe | {' | '.join(f'without fold {k}' for k in folds)} |",
            "|---" * (len(folds) + 1) + "|",
        ]
        for name, values in self.uar.items():
            shown = [
                f"**{v:.3f}**" if self.of_fold(k) == name else f"{v:.3f}"
                for k, v in enumerate(values)
            ]
            lines.append(f"| {name} | {' | '.join(shown)} |")
        return "\n".join(lines)


Pairs = Sequence[tuple[int, int]]


def choose(
    candidates: Sequence[str],
    truth: Ints,
    fold: Ints,
    answers: Answers,
    score: Score,
    kept: Path,
    pairs: Pairs | None = None,
) -> Choice:
    """Evaluates every candidate inside the training folds of each outer fold.

    A model trained without folds a and b is evaluated on b for the selection of fold a, and on a
    for that of b: one training serves both.

    Args:
        kept: folder for the answers of finished candidates: an interrupted run resumes there.
        pairs: the pairs of folds that are left out, each fold in one at least; all by default.
    """
    kept.mkdir(parents=True, exist_ok=True)
    out = tuple(pairs or combinations(range(int(fold.max()) + 1), 2))
    scores = {}
    for name in candidates:
        inner = _inner(name, fold, answers, kept / f"inner-{name}.npz", out)
        scores[name] = tuple(score(truth[rows], shares[rows], fold[rows]) for rows, shares in inner)
        print(
            f"{name}: inner UAR without each fold"
            f" {' '.join(f'{value:.3f}' for value in scores[name])}",
            flush=True,
        )
    return Choice(scores)


def _inner(
    name: str, fold: Ints, answers: Answers, kept: Path, pairs: Pairs
) -> list[tuple[Mask, Floats]]:
    """For each outer fold, the recordings answered without it, and the answers."""
    found: dict[str, Floats] = dict(np.load(kept)) if kept.exists() else {}
    for a, b in pairs:
        if f"{a}-{b}" not in found:
            found[f"{a}-{b}"] = answers(name, (fold != a) & (fold != b))
            np.savez(kept, **found)
    inner = [
        (np.zeros(len(fold), bool), np.zeros_like(next(iter(found.values()))))
        for _ in range(int(fold.max()) + 1)
    ]
    for pair in pairs:
        for outer, judged in (pair, pair[::-1]):
            rows, shares = inner[outer]
            rows |= fold == judged
            shares[fold == judged] = found[f"{pair[0]}-{pair[1]}"][fold == judged]
    return inner
