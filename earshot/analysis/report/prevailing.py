"""What label stands for a whole chunk, or a whole recording.

Silence is the absence of other sound. Who asks what a recording is of means what is heard in it: a
word between two pauses is speech, a dog that barks once is a dog. So silence does not take part in
the answer, unless hardly anything else is heard. C-05 takes the mean over all frames; here it is
the mean over those in which something is heard.
"""

from collections.abc import Sequence

from earshot.analysis.findings import Classification, SceneFindings
from earshot.analysis.report.pooling import classify
from earshot.analysis.types import Interval

SILENCE = "silence"
HARDLY = 0.1
"""Where other sound fills less than this share of the time, nearly all of it is silence, and that
is what it is called."""


def is_silence(heard: float, whole: float) -> bool:
    """Whether silence may stand for the whole.

    Args:
        heard: how much of it something else than silence fills, in the same unit as ``whole``.
    """
    return heard < HARDLY * whole


def scene_of(parts: Sequence[tuple[SceneFindings, Interval]]) -> Classification | None:
    """The scene of a recording out of those of its chunks, each with the stretch it answers for:
    weighted by how long something is heard in each; where hardly anything is, the rest counts as
    silence. None without chunks."""
    weighed = [(found.scores, _heard(found, bounds)) for found, bounds in parts]
    if not weighed:
        return None
    heard, whole = (
        sum(time for _, time in weighed),
        sum(bounds.end_ms - bounds.start_ms for _, bounds in parts),
    )
    rest = [({SILENCE: 1.0}, whole - heard)] if is_silence(heard, whole) else []
    return classify([*weighed, *rest])


def _heard(found: SceneFindings, bounds: Interval) -> float:
    """For how long something is heard in the stretch, ms; of an overlap with the next chunk in
    proportion."""
    length = float(bounds.end_ms - bounds.start_ms)
    if found.heard_ms is None or not found.intervals:
        return length
    span = found.intervals[-1].end_ms - found.intervals[0].start_ms
    return length * min(found.heard_ms / max(span, 1), 1.0)
