"""The states of recordings, chunks and dead letters, as the tables store them: every member is in
the CHECK constraint of its column, and the other way round."""

from enum import StrEnum


class RecordingState(StrEnum):
    """How far a recording has come."""

    QUEUED = "queued"
    """Registered; no worker has taken it in yet."""
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
        """Nothing more happens to it, unless it is asked for again."""
        return self in CLOSED


CLOSED = frozenset({RecordingState.COMPLETE, RecordingState.PARTIAL, RecordingState.FAILED})


class ChunkState(StrEnum):
    """How far a chunk has come in its round."""

    PENDING = "pending"
    """To be published."""
    DISPATCHED = "dispatched"
    """Published to the queues of its analyses."""
    MERGED = "merged"
    """Its outcomes are stored."""


class DeadLetterState(StrEnum):
    """What became of a chunk that ended its workers."""

    OPEN = "open"
    """Nobody has decided about it."""
    REPLAYED = "replayed"
    """Analysed again, in another round."""
    DISCARDED = "discarded"
    """Left as it is."""
