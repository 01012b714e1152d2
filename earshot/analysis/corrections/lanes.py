"""Labels over time while they are corrected: noise, and scene."""

from collections.abc import Sequence

from earshot.analysis.report.corrected import LabelledSpan
from earshot.analysis.report.sections import Stretch
from earshot.analysis.types import Interval


class Lane:
    """One label at each time."""

    def __init__(self, answered: Sequence[Stretch] | None) -> None:
        self.answered = None if answered is None else tuple(answered)
        """None: the analysis gave no answer."""
        self.now = list(self.answered or ())
        self.marks: list[Interval] = []
        """Corrected stretches."""

    def label(self, span: Interval, label: str) -> None:
        """Sets the label over a stretch."""
        kept: list[Stretch] = []
        for each in self.now:
            for start, end in (
                (each.start_ms, min(each.end_ms, span.start_ms)),
                (max(each.start_ms, span.end_ms), each.end_ms),
            ):
                if start < end:
                    kept.append(each.model_copy(update={"start_ms": start, "end_ms": end}))
        new = Stretch(start_ms=span.start_ms, end_ms=span.end_ms, label=label, confidence=1.0)
        self.now = sorted([*kept, new], key=lambda each: each.start_ms)
        self.marks.append(span)


def labels_within(timeline: Sequence[Stretch], span: Interval) -> tuple[LabelledSpan, ...]:
    """The labels over a stretch, in order of time."""
    return tuple(
        LabelledSpan(
            start_ms=max(each.start_ms, span.start_ms),
            end_ms=min(each.end_ms, span.end_ms),
            label=each.label,
        )
        for each in timeline
        if each.start_ms < span.end_ms and span.start_ms < each.end_ms
    )
