"""The label of a whole chunk, or of a whole recording.

The label describes the audible part: a word between two pauses is speech, a dog that barks once is
a dog. So silence is excluded from the answer, unless hardly anything else is audible. C-05 takes
the mean over all frames; here it is the mean over the audible ones.
"""

from collections.abc import Iterable, Sequence

from earshot.analysis.findings import UNCLEAR, Classification, SceneFindings
from earshot.analysis.report.pooling import classify
from earshot.analysis.report.sections import Stretch
from earshot.analysis.types import Interval

SILENCE = "silence"
HARDLY = 0.1
"""If other sound fills less than this share of the time, the label is silence."""


def is_silence(audible: float, whole: float) -> bool:
    """True if silence is the label of the whole.

    Args:
        audible: time not dominated by silence, in the same unit as ``whole``.
    """
    return audible < HARDLY * whole


def scene_of(parts: Sequence[tuple[SceneFindings, Interval]]) -> Classification | None:
    """The scene of a recording from those of its chunks, each with the stretch it owns: weighted by
    the audible time of each; where hardly anything is audible, the rest counts as silence. None
    without chunks."""
    weighed = [(found.scores, _audible(found, bounds)) for found, bounds in parts]
    if not weighed:
        return None
    audible, whole = (
        sum(time for _, time in weighed),
        sum(bounds.end_ms - bounds.start_ms for _, bounds in parts),
    )
    rest = [({SILENCE: 1.0}, whole - audible)] if is_silence(audible, whole) else []
    return classify([*weighed, *rest])


def scene_of_stretches(
    stretches: Sequence[Stretch], labels: Iterable[str]
) -> Classification | None:
    """The scene of a recording from its stretches, after people have corrected some: weighted by
    their length. None where all of them are unclear.

    Args:
        labels: that have a share also where it is 0.
    """
    times = dict.fromkeys(labels, 0.0)
    for each in stretches:
        if each.label != UNCLEAR:
            times[each.label] = times.get(each.label, 0.0) + each.end_ms - each.start_ms
    whole = sum(times.values())
    if SILENCE in times and not is_silence(whole - times[SILENCE], whole):
        times[SILENCE] = 0.0
    return classify([({label: 1.0}, time) for label, time in times.items()])


def _audible(found: SceneFindings, bounds: Interval) -> float:
    """Audible time of the stretch, ms; in an overlap with the next chunk in proportion."""
    length = float(bounds.end_ms - bounds.start_ms)
    if found.heard_ms is None or not found.intervals:
        return length
    span = found.intervals[-1].end_ms - found.intervals[0].start_ms
    return length * min(found.heard_ms / max(span, 1), 1.0)
