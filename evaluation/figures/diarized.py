"""Metrics of diarization."""

from functools import reduce
from operator import add
from typing import Any

from evaluation.figures.tally import Tally, rounded
from evaluation.measures.der import Errors
from evaluation.metrics import Diarized, DiarizedFile, DiarizedSource

NONE = Errors(0, 0, 0, 0)
KINDS = ("missed_detection", "false_alarm", "confusion")


def measure(tally: Tally, collar_ms: int) -> Diarized:
    """Errors of all recordings together; the answer of a case is its ``Errors``."""
    per_source = {}
    for name, cases in tally.by_source(tally.cases).items():
        part = _file(reduce(add, (case.answer for case in cases), NONE))
        per_source[name] = DiarizedSource(
            n=len(cases), trained_on=tally.knew(name), **part.model_dump()
        )
    whole: Errors = reduce(add, (case.answer for case in tally.cases), NONE)
    return Diarized(
        **tally.stated(len(tally.cases)),
        **_rates(whole),
        collar_seconds=collar_ms / 1000,
        per_source=per_source,
        per_file={case.row.path: _file(case.answer) for case in tally.cases},
    )


def _rates(errors: Errors) -> dict[str, Any]:
    if not errors.spoken:
        return dict.fromkeys(("der", "overlap_f1", *KINDS))
    return {
        "der": rounded(errors.rate),
        "overlap_f1": rounded(errors.overlap_f1) if errors.overlap else None,
        **{kind: rounded(getattr(errors, kind) / errors.spoken) for kind in KINDS},
    }


def _file(errors: Errors) -> DiarizedFile:
    return DiarizedFile(
        der=rounded(errors.rate),
        missed_detection_ms=errors.missed_detection,
        false_alarm_ms=errors.false_alarm,
        confusion_ms=errors.confusion,
        spoken_ms=errors.spoken,
    )
