"""Figures about speech that was not acted."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from earshot.analysis.emotion.six import is_neutral
from earshot.analysis.findings import Classification
from earshot.analysis.report.sections import EmotionSummary
from evaluation.figures.tally import Case, Tally, rounded
from evaluation.metrics import Natural, NaturalSource

CONFIDENT = 0.5
TENTHS = 10

Turns = tuple[Classification | EmotionSummary, ...]


def natural_speech(tally: Tally, cases: Sequence[Case]) -> dict[str, Any]:
    """The fields of ``Classified``. The answer of a case is those of the recording's turns."""
    if not cases:
        return {}
    per_source = {
        name: NaturalSource(**_figures(part), trained_on=tally.knew(name))
        for name, part in tally.by_source(cases).items()
    }
    return {"natural": Natural(**_figures(cases)), "natural_per_source": per_source}


def _figures(cases: Sequence[Case]) -> dict[str, Any]:
    turns = [turn for case in cases for turn in case.answer]
    unclear = np.array([turn.abstained for turn in turns], bool)
    sure = np.array([turn.confidence for turn in turns])
    called = ~unclear & np.array([not is_neutral(turn.label) for turn in turns], bool)
    tenth = np.minimum((sure * TENTHS).astype(int), TENTHS - 1)
    bins = {
        f"{each / TENTHS:g}": (
            int((called & (tenth == each)).sum()),
            int((~unclear & (tenth == each)).sum()),
        )
        for each in range(TENTHS)
        if (~unclear & (tenth == each)).any()
    }
    return {
        "n": len(turns),
        "recordings": len(cases),
        "called": _share(called),
        "confident": _share(called & (sure >= CONFIDENT)),
        "unclear": _share(unclear),
        "by_confidence": bins,
    }


def _share(rows: Any) -> float:
    return rounded(rows.mean()) if len(rows) else 0.0
