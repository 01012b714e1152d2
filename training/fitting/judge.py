"""Cross-validation through the code of the workers: every recording is evaluated by the exported
checkpoint that was not trained on its group; decoded, cut, analysed and pooled as in production. So
the figures of a card are of the system, not of a network alone.

    fold = datasets.folds([row.group for row in rows], 3)
    judges = [
        Fold(out / f"fold{k}.onnx", [row for row, f in zip(rows, fold) if f == k]) for k in range(3)
    ]
    results = evaluations(judge("scene", judges, labels, data), labels)
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from earshot.analysis.types import Release
from earshot.models.checkpoints.location import sha256
from evaluation import label_map
from evaluation.choice import choose
from evaluation.figures.classified import judged
from evaluation.figures.tally import Case
from evaluation.manifest import Row
from evaluation.measures.classification import Evaluation
from evaluation.run import Trial
from workers.direct import Analyser

COLLAR_MS = 250  # of turns of speakers; no classifier needs it


@dataclass(frozen=True)
class Fold:
    """A checkpoint and rows of the manifest whose groups it was not trained on."""

    checkpoint: Path
    rows: Sequence[Row]


def judge(
    analysis: str, folds: Sequence[Fold], labels: tuple[str, ...], root: Path, runtime: str = "onnx"
) -> list[Case]:
    """Every row that maps to one of ``labels`` in ``evaluation/labels``, with the answer of its
    fold's checkpoint. Rows without an answer, because they contain no speech, are left out.

    Args:
        labels: of the checkpoints, in order.
        root: folder that the rows' paths are relative to.

    Raises:
        ValueError: a recording could not be read, or the analysis failed on it.
    """
    mapping = label_map.read(analysis)
    cases: list[Case] = []
    for fold in folds:
        chosen = choose(fold.rows, analysis, mapping, root, None)
        trial = Trial(fold.rows, root, {analysis: mapping}, {analysis: chosen}, COLLAR_MS)
        release = Release(
            analysis=analysis,
            name=fold.checkpoint.stem,
            runtime=runtime,
            uri=str(fold.checkpoint.resolve()),
            sha256=sha256(fold.checkpoint),
        )
        with tempfile.TemporaryDirectory(prefix="earshot-judge-") as folder:
            analyser = Analyser(f"file://{folder}", {analysis: release})
            tally = trial.tallies(analyser)[analysis]
        if tally.left_out:
            raise ValueError(
                f"{len(tally.left_out)} recordings could not be judged, the first:"
                f" {tally.left_out[0]}"
            )
        print(f"{fold.checkpoint.name}: {len(tally.cases)} recordings judged", flush=True)
        known = (
            (case, mapping.among(case.truth, labels))
            for case in tally.cases
            if case.truth is not None
        )
        cases += [Case(case.row, label, case.answer) for case, label in known if label is not None]
    return cases


def evaluations(
    cases: Sequence[Case], labels: tuple[str, ...], title: str = "all sets"
) -> list[Evaluation]:
    """Metrics over all cases, then for each set, for ``training.fitting.card.write_card``."""
    sources = sorted({case.row.source for case in cases})
    parts = [
        (title, cases),
        *((name, [case for case in cases if case.row.source == name]) for name in sources),
    ]
    return [judged(part, labels, name) for name, part in parts]
