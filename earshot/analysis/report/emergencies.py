"""Joins the detections of one alarm in several chunks to one emergency of the report."""

from collections.abc import Iterable

from earshot.analysis.findings import Alarm
from earshot.analysis.report.sections import Emergency

SAME_WITHIN_MS = 13_000
"""Two groups of carbon monoxide pulses are 5.7 s apart; a border may cut one, which doubles the
distance to the next detected one."""
SAME_PITCH = 0.1
"""Relative tolerance of the frequency, which is known to a few percent."""


def join_alarms(alarms: Iterable[Alarm]) -> tuple[Emergency, ...]:
    """Alarms of one rhythm and pitch that follow each other closely are one; in order of time."""
    joined: list[Emergency] = []
    for alarm in sorted(alarms, key=lambda each: (each.start_ms, each.end_ms, each.pattern)):
        before = next((i for i in reversed(range(len(joined))) if _same(joined[i], alarm)), None)
        if before is None:
            joined.append(Emergency(**alarm.model_dump(exclude={"groups"})))
        else:
            end, confidence = (
                max(joined[before].end_ms, alarm.end_ms),
                max(joined[before].confidence, alarm.confidence),
            )
            joined[before] = joined[before].model_copy(
                update={"end_ms": end, "confidence": confidence}
            )
    return tuple(joined)


def _same(before: Emergency, alarm: Alarm) -> bool:
    near = alarm.start_ms - before.end_ms <= SAME_WITHIN_MS
    return (
        near
        and before.pattern == alarm.pattern
        and abs(alarm.frequency_hz / before.frequency_hz - 1) <= SAME_PITCH
    )
