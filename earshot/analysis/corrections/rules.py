"""What a kind of correction is made of."""

from collections.abc import Callable
from typing import NamedTuple

from earshot.analysis.corrections.draft import Draft
from earshot.analysis.corrections.records import Correction, Value
from earshot.analysis.types import Interval

Place = str | Interval
"""Id of a turn or of a speaker as answered, or a stretch; one for what is of the recording."""
RECORDING: Place = ""


Reader = Callable[[Draft, Place], Value]


class Rule(NamedTuple):
    """One kind of correction."""

    find: Callable[[Draft, Correction], Place | None]
    """Where it belongs among the answers; None if nothing fits."""
    answer: Reader
    """What the analyses say there."""
    current: Reader
    """The value there with the corrections so far."""
    same: Callable[[Draft, Place, Value, Value], bool]
    """Whether an answer now is the one that was replaced, or the corrected value."""
    put: Callable[[Draft, Place, Value], bool]
    """Applies the value; False if it is impossible now."""


def equal(_draft: Draft, _place: Place, now: Value, then: Value) -> bool:
    """Two values that are the same only if they are equal."""
    return now == then
