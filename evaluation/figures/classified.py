"""Metrics of an analysis with one label per recording."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from earshot.analysis.findings import Classification
from earshot.analysis.report.sections import EmotionSummary
from earshot.models.emotion.labels import coverage
from evaluation.choice import DIMENSIONS
from evaluation.figures.natural import natural_speech
from evaluation.figures.tally import Case, Tally, rounded
from evaluation.label_map import NATURAL, LabelMap
from evaluation.measures.classification import Evaluation, judge
from evaluation.measures.concordance import concordance
from evaluation.metrics import Classified, ClassifiedSource, Concordance, OfLabel

Answer = Classification | EmotionSummary


def measure(tally: Tally, mapping: LabelMap) -> Classified:
    """Computes the metrics. Labels outside the release's coverage are skipped, unless the map names
    a substitute."""
    natural = [case for case in tally.cases if case.truth == NATURAL]
    cases = [case for case in tally.cases if case.truth != NATURAL]
    labels = labels_of(cases)
    known, uncovered = _known(cases, labels, mapping)
    labelled = len(known)
    known = [case for case in known if not case.answer.abstained]
    per_source = {}
    for name, of_source in tally.by_source(known).items():
        part = judged(of_source, labels)
        figures = {
            "accuracy": rounded(part.accuracy),
            "macro_f1": rounded(part.macro_f1),
            "uar": rounded(part.uar),
        }
        per_source[name] = ClassifiedSource(
            n=len(of_source), trained_on=tally.knew(name), **figures
        )
    whole = judged(known, labels) if known else None
    return Classified(
        **tally.stated(len(known), uncovered),
        **_figures(whole),
        coverage=rounded(len(known) / labelled) if labelled else None,
        **natural_speech(tally, natural),
        groups=len({case.row.group for case in known}),
        labels=labels,
        confusion=whole.confusion if whole else (),
        per_label=_per_label(whole) if whole else {},
        per_source=per_source,
        concordance=_concordances(cases) if tally.release.analysis == "emotion" else None,
    )


def labels_of(cases: Sequence[Case]) -> tuple[str, ...]:
    """All labels of the release, in its own order; emotions in canonical labels."""
    found: dict[str, None] = {}
    for case in cases:
        scored = tuple(case.answer.scores)
        found.update(
            dict.fromkeys(coverage(scored) if isinstance(case.answer, EmotionSummary) else scored)
        )
    found.update(dict.fromkeys(case.answer.label for case in cases if not case.answer.abstained))
    return tuple(found)


def _known(
    cases: Sequence[Case], labels: tuple[str, ...], mapping: LabelMap
) -> tuple[list[Case], Counter[str]]:
    known, uncovered = [], Counter[str]()
    for case in cases:
        if case.truth is None:  # rated in numbers only
            continue
        label = mapping.among(case.truth, labels)
        if label is None:
            uncovered[case.truth] += 1
        else:
            known.append(Case(case.row, label, case.answer))
    return known, uncovered


def judged(cases: Sequence[Case], labels: tuple[str, ...], title: str = "") -> Evaluation:
    """Metrics of cases whose truth and answers are all among ``labels``."""
    where = {label: position for position, label in enumerate(labels)}
    return judge(
        title,
        labels,
        np.array([where[case.truth] for case in cases]),
        np.array([where[case.answer.label] for case in cases]),
        np.array([case.answer.confidence for case in cases]),
        np.array([case.row.group for case in cases]),
    )


def _figures(whole: Evaluation | None) -> dict[str, Any]:
    keys = ("accuracy", "macro_f1", "uar", "uar_low", "uar_high", "ece")
    return {key: rounded(getattr(whole, key)) if whole else None for key in keys}


def _per_label(whole: Evaluation) -> dict[str, OfLabel]:
    """Metrics of the labels that occur or were answered."""
    matrix = np.array(whole.confusion)
    found = {}
    for i, label in enumerate(whole.labels):
        hits, truth, given = int(matrix[i, i]), int(matrix[i].sum()), int(matrix[:, i].sum())
        if truth or given:
            found[label] = OfLabel(
                n=truth,
                precision=rounded(hits / given) if given else None,
                recall=rounded(hits / truth) if truth else None,
                f1=rounded(2 * hits / (truth + given)),
            )
    return found


def _concordances(cases: Sequence[Case]) -> dict[str, Concordance]:
    found = {}
    for name in DIMENSIONS:
        pairs = [(getattr(case.row, name), getattr(case.answer, name)) for case in cases]
        both = [(true, rated) for true, rated in pairs if true is not None and rated is not None]
        agreement = concordance([true for true, _ in both], [rated for _, rated in both])
        found[name] = Concordance(
            n=len(both), ccc=None if agreement is None else rounded(agreement)
        )
    return found
