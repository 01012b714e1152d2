"""Metrics of speech recognition."""

from collections.abc import Sequence

from evaluation.figures.tally import Case, Tally, rounded
from evaluation.label_map import LabelMap
from evaluation.measures import words
from evaluation.metrics import Transcribed, TranscribedSource


def measure(tally: Tally, mapping: LabelMap) -> Transcribed:
    """Errors of all recordings together; a recording without detected speech counts with all its
    words missing."""
    per_source = {}
    for name, cases in tally.by_source(tally.cases).items():
        part = _counted(cases, mapping)
        per_source[name] = TranscribedSource(
            n=len(cases),
            trained_on=tally.knew(name),
            words=part.words,
            wer=rounded(part.wer),
            cer=rounded(part.cer),
        )
    whole = _counted(tally.cases, mapping)
    return Transcribed(
        **tally.stated(len(tally.cases)),
        wer=rounded(whole.wer) if whole.words else None,
        cer=rounded(whole.cer) if whole.words else None,
        words=whole.words,
        characters=whole.characters,
        normalisation=words.NORMALISATION,
        per_source=per_source,
    )


def _counted(cases: Sequence[Case], mapping: LabelMap) -> words.Counted:
    total = words.Counted()
    for case in cases:
        instead = mapping.section(case.row).words
        total += words.count(
            words.normalised(case.truth, instead), words.normalised(case.answer, instead)
        )
    return total
