"""Metrics of diarization."""

from functools import reduce
from operator import add
from typing import Any

from evaluation.figures.tally import Tally, rounded
from evaluation.measures.der import Errors
from evaluation.metrics import Diarized, DiarizedFile, DiarizedSource

NONE = Errors(0, 0, 0, 0)


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
        return dict.fromkeys(("der", "missed", "invented", "confused"))
    kinds = {"missed": errors.missed, "invented": errors.invented, "confused": errors.confused}
    return {
        "der": rounded(errors.rate),
        **{kind: rounded(ms / errors.spoken) for kind, ms in kinds.items()},
    }


def _file(errors: Errors) -> DiarizedFile:
    return DiarizedFile(
        der=rounded(errors.rate),
        missed_ms=errors.missed,
        invented_ms=errors.invented,
        confused_ms=errors.confused,
        spoken_ms=errors.spoken,
    )
