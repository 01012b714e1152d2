"""Answered, skipped and missing analyses."""

from earshot.analysis.findings import AsrFindings
from earshot.analysis.outcome import LANGUAGE_UNSUPPORTED, Failed, Skipped, Succeeded
from earshot.analysis.report.parts import Evidence
from earshot.analysis.report.sections import Missing, SkippedPart
from earshot.analysis.types import SCOPES, WHOLE
from earshot.registry import analyses


def missing(evidence: Evidence) -> tuple[Missing, ...]:
    """Failed parts, and requested analyses without an outcome: as a whole, or for some of the
    chunks."""
    failed = [
        Missing(
            analysis=part.analysis,
            chunk=part.chunk,
            code=part.outcome.code,
            detail=part.outcome.detail,
        )
        for part in evidence.parts
        if isinstance(part.outcome, Failed)
    ]
    detail = "no outcome was recorded for this analysis"
    silent = [
        Missing(analysis=name, chunk=chunk, code="not_run", detail=detail)
        for name in evidence.recording.analyses
        for chunk in _silent(evidence, name)
    ]
    return (*failed, *_withheld(evidence), *silent)


def _withheld(evidence: Evidence) -> list[Missing]:
    """Chunks in which only some of the speech is in a language that its recogniser does not know:
    its words are suppressed, those of the others are in the transcript."""
    found = []
    for part, findings in evidence.found("asr", AsrFindings):
        texts = [each for each in findings.suppressed_text if each.reason == LANGUAGE_UNSUPPORTED]
        if texts:
            spoken = sum(each.end_ms - each.start_ms for each in texts) / 1000
            found.append(
                Missing(
                    analysis="asr",
                    chunk=part.chunk,
                    code=LANGUAGE_UNSUPPORTED,
                    detail=f"{spoken:.0f} s of the speech are not in {findings.language}; their"
                    " words are left out",
                )
            )
    return found


def _silent(evidence: Evidence, analysis: str) -> list[int]:
    """The chunks without an outcome of the analysis. If it has none at all, the one index of its
    scope, and ``WHOLE`` for an analysis of chunks."""
    chunks = [chunk.index for chunk in evidence.recording.chunks]
    answered = {part.chunk for part in evidence.parts if part.analysis == analysis}
    if not answered:
        card = analyses().get(analysis)
        return [SCOPES.get(card.scope, WHOLE) if card else WHOLE] if chunks else []
    return [] if min(answered) < 0 else [chunk for chunk in chunks if chunk not in answered]


def skipped(evidence: Evidence) -> tuple[SkippedPart, ...]:
    """Parts with nothing to analyse."""
    return tuple(
        SkippedPart(analysis=part.analysis, chunk=part.chunk, reason=part.outcome.reason)
        for part in evidence.parts
        if isinstance(part.outcome, Skipped)
    )


def answered_by(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Analysis to the releases whose answers the evidence holds, both sorted."""
    answered = sorted(
        {
            (part.analysis, part.release)
            for part in evidence.parts
            if isinstance(part.outcome, Succeeded)
        }
    )
    return {
        name: tuple(release for analysis, release in answered if analysis == name)
        for name, _ in answered
    }
