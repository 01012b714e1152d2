"""The section of noise: environmental noise over time, and fire alarms."""

from dataclasses import dataclass

from earshot.analysis.findings import LabelledInterval
from earshot.analysis.noise_findings import NoiseFindings
from earshot.analysis.report.emergencies import join_alarms
from earshot.analysis.report.parts import Evidence, with_bounds
from earshot.analysis.report.registered import ReportFields
from earshot.analysis.report.sections import Emergency, NoiseSection
from earshot.analysis.report.timeline import merge_labels
from earshot.analysis.types import Interval


@dataclass(frozen=True)
class NoiseFields(ReportFields):
    """See the fields of the report."""

    emergencies: tuple[Emergency, ...]
    noise: NoiseSection | None


def section(evidence: Evidence) -> NoiseFields:
    """Noise and alarms of all chunks, joined over their borders."""
    found = with_bounds(evidence.found("noise", NoiseFindings), evidence.bounds())
    alarms = join_alarms(alarm for findings, _ in found for alarm in findings.emergency)
    return NoiseFields(emergencies=alarms, noise=_noise(found) if found else None)


def _noise(found: list[tuple[NoiseFindings, Interval]]) -> NoiseSection:
    return NoiseSection(
        timeline=merge_labels(
            (interval, bounds)
            for findings, bounds in found
            for interval in findings.intervals or (_whole(findings, bounds),)
        ),
        narrow=any(findings.narrow for findings, _ in found),
        unmeasured=tuple(
            dict.fromkeys(label for findings, _ in found for label in findings.unmeasured)
        ),
        bandwidth_limited=any(findings.bandwidth_limited for findings, _ in found),
        coverage=tuple(
            dict.fromkeys(label for findings, _ in found for label in findings.coverage)
        ),
    )


def _whole(findings: NoiseFindings, bounds: Interval) -> LabelledInterval:
    return LabelledInterval(
        label=findings.label,
        confidence=findings.confidence,
        start_ms=bounds.start_ms,
        end_ms=bounds.end_ms,
    )
