"""Types of deletions: what is still to be removed of a recording whose rows are gone."""

from datetime import datetime
from uuid import UUID

from earshot.analysis.deletion import Counts, Why
from earshot.analysis.types import ChunkKey, Frozen


class Export(Frozen):
    """A report file written by the command, and its machine."""

    host: str
    path: str


class Leftovers(Frozen):
    """Data still to be removed outside Postgres."""

    chunks: tuple[ChunkKey, ...] = ()
    """Chunks with staged outcomes, including those of earlier rounds."""
    events: tuple[UUID, ...] = ()
    entries: tuple[str, ...] = ()
    """Ids in the event stream."""
    upload: str | None = None
    """The submitted URI; removed only if it is in the inbox."""
    exports: tuple[Export, ...] = ()
    young: bool = True
    """True if queues and results may still name it."""


class Tombstone(Frozen):
    """An open deletion."""

    id: UUID
    why: Why
    requested_at: datetime
    removed: Counts
    leftovers: Leftovers
    until: float | None
    """Time until which jobs about it may still write, seconds since the epoch."""
