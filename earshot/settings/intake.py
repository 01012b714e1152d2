"""Settings of ingest: limits of requests, and how recordings are cut into chunks."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, field_validator, model_validator

from earshot.analysis.pii.kinds import Kind
from earshot.analysis.roles import SourceRecorder
from earshot.analysis.types import MOST_CHUNKS
from earshot.settings.by_source import by_source, of_source

T = TypeVar("T")


def _by_name(value: Any) -> Any:
    return {"recorder": value} if isinstance(value, str) else value


class Intake(BaseModel):
    """Fields for ingest."""

    chunk_duration_sec: Annotated[float, Field(gt=1)] = 25.0
    chunk_max_sec: Annotated[float, Field(gt=1)] = 30.0
    overlap_sec: Annotated[float, Field(ge=0)] = 1.0
    chunk_batch_size: Annotated[int, Field(ge=1, le=MOST_CHUNKS)] = 16
    """Chunks in one chord. 16 fills a GPU's forward pass; on CPU pools 1 gives the earliest event
    and the best balance."""
    max_duration_sec: Annotated[int, Field(gt=0)] = 86_400
    """Maximum length of a recording; 24 hours take 2.8 GB per channel in the store."""
    max_upload_mb: Annotated[int, Field(ge=1)] = 16_000
    """Maximum size of a file copied to the inbox; 16 GB are a day of stereo at 48 kHz."""
    max_unmerged_chunks: Annotated[int, Field(ge=1)] = 2000
    """Recordings are not decoded while more chunks than this wait to be merged."""
    recorders: dict[str, Annotated[SourceRecorder, BeforeValidator(_by_name)]] = {}
    """Source to its recorder, which states the roles of files with two channels that neither their
    request nor they themselves state: a URL, for what lies below it, or a tenant (``*`` for all
    others). The longest URL goes first, then the tenant. A recorder is a name of
    docs/roles.md, or ``{"recorder": ..., "direction": ...}``; the direction of a
    request goes before it."""

    redact: dict[str, bool | tuple[Kind, ...]] = {}
    """Source to the kinds of personal data that are removed from its recordings (docs/privacy.md),
    ``true`` for all: a URL, for what lies below it, or a tenant (``*`` for all others). The longest
    URL goes first, then the tenant. A request can ask for more, not for less."""

    def redaction_of(self, uri: str, tenant: str) -> bool | tuple[Kind, ...]:
        """What is removed from the recordings of a source."""
        return of_source(self.redact, uri, tenant) or False

    def recorder_of(self, uri: str, tenant: str) -> SourceRecorder | None:
        """The recorder of a source; None: not set."""
        return of_source(self.recorders, uri, tenant)

    @field_validator("recorders", "redact")
    @classmethod
    def _of_sources(cls, named: dict[str, T]) -> dict[str, T]:
        return by_source(named)

    @model_validator(mode="after")
    def _can_be_cut(self) -> "Intake":
        if self.chunk_max_sec < self.chunk_duration_sec:
            raise ValueError("chunk_max_sec must not be below chunk_duration_sec")
        if self.overlap_sec >= self.chunk_duration_sec / 2:
            raise ValueError("overlap_sec must stay below half of chunk_duration_sec")
        return self
