"""Settings of retention: how long each class of data is kept."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from earshot.settings.by_source import by_source

Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class OfRecordings(BaseModel):
    """Days for which each class of a recording is kept, counted from the end of its analysis; None:
    until it is deleted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audio: Days | None = None
    """Decoded audio. Reports stay; repeating an analysis then needs the file again."""
    words: Days | None = None
    """What was spoken: findings of speech recognition and of analyses of the transcript, texts and
    words of the report, corrections, exported files. Times, speakers, figures and scores stay."""
    scores: Days | None = None
    """What was answered: all findings, the report and what ``words`` names. The entry of the
    recording stays, and its audio."""
    recordings: Days | None = None
    """Analysed recordings with all their data, deleted as by ``earshot delete``."""
    failed: Days | None = None
    """Failed recordings with all their data; closed dead letters."""


class Retention(OfRecordings):
    """Days for which each class is kept, of all sources without their own; None: for ever."""

    uploads: Days | None = None
    """Files of failed requests, which are kept in the inbox for a restart."""
    events: Days | None = None
    """Published events, in the stream and in the outbox."""
    refused: Days | None = None
    """Refused messages; at most 1000 are kept in any case."""
    tombstones: Days | None = None
    """Tombstones of deleted recordings: id, time and receipt."""


class Keeping(BaseModel):
    """Fields for retention."""

    retention: Retention = Retention()
    """Class to days, e.g. ``{"audio": 30, "recordings": 365}``; all off by default
    (docs/operating.md)."""
    retention_of: dict[str, OfRecordings] = {}
    """Source to its own days, for classes of recordings: a URL, for what lies below it, or a tenant
    (``*`` for all others). The longest URL goes first, then the tenant. A class that a source does
    not name is kept as ``retention`` says; null: for ever."""

    @field_validator("retention_of")
    @classmethod
    def _ages_of_sources(cls, named: dict[str, OfRecordings]) -> dict[str, OfRecordings]:
        return by_source(named)

    tidy_every_sec: Annotated[float, Field(gt=0)] = 60.0
    """Interval at which upkeep removes a bounded part of what is to be deleted."""
