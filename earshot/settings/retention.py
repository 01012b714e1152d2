"""Settings of retention: how long each class of data is kept."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Retention(BaseModel):
    """Days for which each class is kept, counted from the end of a recording's analysis; None:
    until it is deleted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audio: Days | None = None
    """Decoded audio. Reports stay; repeating an analysis then needs the file again."""
    recordings: Days | None = None
    """Analysed recordings with all their data, deleted as by ``earshot delete``."""
    failed: Days | None = None
    """Failed recordings with all their data; closed dead letters."""
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
    tidy_every_sec: Annotated[float, Field(gt=0)] = 60.0
    """Interval at which upkeep removes a bounded part of what is to be deleted."""
