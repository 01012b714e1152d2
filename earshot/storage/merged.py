"""What the merge writes of one outcome: its finding, and the event about its answer."""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from earshot.analysis import events
from earshot.analysis.findings import Published
from earshot.analysis.outcome import Outcome, Succeeded
from earshot.analysis.quality import RecordingQuality
from earshot.analysis.types import ChunkKey, Interval

Answer = tuple[str, Published]
"""Release and its answer."""
NONE = "none"
"""In the place of a release: no worker was asked."""


def counts(meant: Mapping[str, str] | None, analysis: str, release: str) -> bool:
    """True if an outcome of that release is merged.

    Args:
        meant: analysis to the release that the chunk was dispatched with, where that is noted.
    """
    return release in ((meant or {}).get(analysis, release), NONE)


def finding(key: ChunkKey, analysis: str, release: str, outcome: Outcome) -> dict[str, Any]:
    """A row of ``finding``."""
    return {
        "recording_id": key.recording_id,
        "chunk_index": key.index,
        "analysis": analysis,
        "release": release,
        "status": outcome.status,
        "outcome": Jsonb(outcome.model_dump(mode="json")),
    }


def classification_events(
    row: Mapping[str, Any],
    key: ChunkKey,
    analysis: str,
    release: str,
    outcome: Outcome,
    before: Answer | None,
) -> list[events.Event]:
    """The classification event of this outcome; none if it repeats the answer of the previous
    round.

    Args:
        row: of the chunk, with the quality of its recording.
    """
    answer = outcome.classification if isinstance(outcome, Succeeded) else None
    if answer is None or before == (release, answer):
        return []
    span = Interval(start_ms=row["start_ms"], end_ms=row["end_ms"])
    quality = RecordingQuality.model_validate(row["quality"]).summary() if row["quality"] else None
    return [events.classification(key, span, analysis, release, answer, quality)]
