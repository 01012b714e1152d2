"""Evaluates the checkpoints of a cross-validation through the workers, each on speakers that it was
not trained on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.manifest import read
from evaluation.measures.classification import Evaluation
from training.fitting.judge import Fold, evaluations, judge


def through_workers(
    analysis: str,
    checkpoints: Sequence[Path],
    fold_of: Mapping[str, int],
    labels: tuple[str, ...],
    data: Path,
    title: str,
) -> Evaluation:
    """Evaluates audio that is decoded, cut by the VAD, analysed and pooled as in production.

    Args:
        checkpoints: one a fold.
        fold_of: speaker to the fold in which the speaker is evaluated.
    """
    rows = [row for row in read(data / "labels.jsonl") if row.group in fold_of]
    judges = [
        Fold(path, [row for row in rows if fold_of[row.group] == k])
        for k, path in enumerate(checkpoints)
    ]
    return evaluations(judge(analysis, judges, labels, data), labels, title)[0]
