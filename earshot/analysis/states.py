"""The states of recordings, chunks and dead letters, as the tables store them: every member is in
the CHECK constraint of its column, and the other way round."""

from enum import StrEnum


class RecordingState(StrEnum):
    """Progress of a recording."""

    QUEUED = "queued"
    """Registered; no worker has started ingest."""
    INGESTING = "ingesting"
    """A worker decodes it, or died while it did."""
    ANALYZING = "analyzing"
    """Decoded and cut; not all of its chunks are merged, or its report is not written."""
    COMPLETE = "complete"
    """The report is written, and every analysis that was asked for answered."""
    PARTIAL = "partial"
    """The report is written and names what failed."""
    FAILED = "failed"
    """Closed without a report; the error says why."""

    @property
    def closed(self) -> bool:
        """True if nothing more happens to it, unless analyses are requested again."""
        return self in CLOSED


CLOSED = frozenset({RecordingState.COMPLETE, RecordingState.PARTIAL, RecordingState.FAILED})


class DeadLetterState(StrEnum):
    """State of a dead letter."""

    OPEN = "open"
    """Not decided yet."""
    REPLAYED = "replayed"
    """Analysed again, in another round."""
    DISCARDED = "discarded"
    """Closed without another attempt."""
