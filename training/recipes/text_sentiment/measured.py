"""Quality of text sentiment on the sentences of ``evaluation/sentences``, beside VADER's."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from training.recipes.text_sentiment.sentences import LABELS

Ints = NDArray[np.int64]

SENTENCES = Path("evaluation/sentences/call_centre_en.tsv")
DRAWS = 2_000
VADER = 0.05
"""Least compound score of a positive answer, and of a negative one its opposite, as the authors of
VADER recommend."""


class Held(NamedTuple):
    """One sentence to measure on."""

    label: str
    kind: str
    text: str


def held(path: Path = SENTENCES) -> list[Held]:
    """The sentences of a file, in order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Held(**row) for row in rows]


def truth_of(labels: Sequence[str]) -> Ints:
    """Positions in ``LABELS``."""
    return np.array([LABELS.index(label) for label in labels])


def by_vader(texts: Sequence[str]) -> Ints:
    """VADER's answers as positions in ``LABELS``."""
    analyser = SentimentIntensityAnalyzer()
    scores = np.array([analyser.polarity_scores(text)["compound"] for text in texts])
    return np.where(scores >= VADER, 2, np.where(scores <= -VADER, 0, 1))


def macro_f1(truth: Ints, answers: Ints) -> float:
    return float(f1_score(truth, answers, average="macro"))


def compared(truth: Ints, ours: Ints, vader: Ints) -> str:
    """A table with intervals of 95 % over sentences drawn anew, the difference of the same draws
    among them."""
    chance = np.random.default_rng(7)
    draws = [chance.integers(0, len(truth), len(truth)) for _ in range(DRAWS)]
    lines = ["| | macro F1 | 95 % interval | accuracy |", "|---|---|---|---|"]
    series = []
    for name, answers in (("this model", ours), ("VADER 3.3.2", vader)):
        drawn = np.array([macro_f1(truth[each], answers[each]) for each in draws])
        series.append(drawn)
        low, high = np.percentile(drawn, (2.5, 97.5))
        right = (truth == answers).mean()
        lines.append(
            f"| {name} | {macro_f1(truth, answers):.3f} | {low:.3f}-{high:.3f} | {right:.3f} |"
        )
    gain = series[0] - series[1]
    low, high = np.percentile(gain, (2.5, 97.5))
    best = macro_f1(truth, ours) - macro_f1(truth, vader)
    lines.append(f"| difference | {best:+.3f} | {low:+.3f} to {high:+.3f} | |")
    return "\n".join(lines)


def by_kind(rows: Sequence[Held], truth: Ints, ours: Ints, vader: Ints) -> str:
    """A table of the shares of right answers."""
    kinds = dict.fromkeys((row.label, row.kind) for row in rows)
    lines = ["| label | kind | sentences | this model | VADER |", "|---|---|---|---|---|"]
    for label, kind in kinds:
        at = np.array([(row.label, row.kind) == (label, kind) for row in rows])
        shares = [(answers[at] == truth[at]).mean() for answers in (ours, vader)]
        lines.append(f"| {label} | {kind} | {at.sum()} | {shares[0]:.2f} | {shares[1]:.2f} |")
    return "\n".join(lines)
