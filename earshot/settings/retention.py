"""How long things are kept."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Retention(BaseModel):
    """For how many days each class is kept, counted from the end of a recording's analysis; what is
    not named is kept until somebody deletes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audio: Days | None = None
    """Decoded audio. Reports stay; nothing can be analysed again without handing the file in
    again."""
    recordings: Days | None = None
    """Recordings that were analysed, with everything that is known of them, as ``earshot delete``
    does it."""
    failed: Days | None = None
    """The same for recordings that failed; and dead letters that were decided on."""
    uploads: Days | None = None
    """Files of failed requests, which wait in the inbox to be started again."""
    events: Days | None = None
    """Published events, in the stream and in the outbox."""
    refused: Days | None = None
    """Messages that were put aside; of these at most 1000 are kept in any case."""
    tombstones: Days | None = None
    """What stays of deleted recordings: id, time and receipt."""


class Keeping(BaseModel):
    """Settings of retention."""

    retention: Retention = Retention()
    """Class to days, e.g. ``{"audio": 30, "recordings": 365}``; all off by default
    (docs/operating.md)."""
    tidy_every_sec: Annotated[float, Field(gt=0)] = 60.0
    """How often upkeep looks for what is to be deleted, and removes a bounded part of it."""
