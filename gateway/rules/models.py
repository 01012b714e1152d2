"""Rules as clients see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from earshot.analysis.rules.rule import NewRule, RuleName
from earshot.analysis.types import Frozen
from earshot.pipeline.rules.backfill import Backfill
from earshot.pipeline.rules.trial import CALLS, MOST_CALLS, Trial
from earshot.storage.rules.stored import StoredRule
from gateway import examples

WHEN: dict[str, Any] = {"words": ["cancel my contract"], "role": "customer"}
RULE: dict[str, Any] = {
    "id": "0b6f5f5e-6a0e-4f0c-9b57-2f4c8f4f6a11",
    "name": "cancellation",
    "version": 2,
    "rule": {"name": "cancellation", "when": WHEN},
    "matches": 41,
    "made_at": "2026-05-04T09:30:00.123456Z",
    "made_by": "anna",
}
TRIAL: dict[str, Any] = {
    "calls": 2_000,
    "matched": 41,
    "undecided": {"not_transcribed": 3},
    "everything": False,
    "examples": [
        {
            "id": examples.ID,
            "file_name": "call.wav",
            "created_at": "2026-05-04T09:30:00Z",
            "start_ms": 1_200,
            "end_ms": 2_300,
            "hits": 1,
        }
    ],
    "more": False,
}
BACKFILL: dict[str, Any] = {
    "id": "5f0c2a8e-6a0e-4f0c-9b57-2f4c8f4f6a11",
    "rule_id": RULE["id"],
    "name": "cancellation",
    "version": 2,
    "since": None,
    "until": "2026-05-04T09:31:00Z",
    "calls": 400,
    "matched": 8,
    "undecided": 1,
    "begun_at": "2026-05-04T09:31:00Z",
    "begun_by": "anna",
    "finished_at": None,
}


class RuleInfo(BaseModel):
    """A version of a rule."""

    model_config = ConfigDict(json_schema_extra={"examples": [RULE]})

    id: UUID
    name: str
    version: int
    rule: dict[str, Any] = Field(description="As it was put, without what is at its default.")
    matches: int = Field(description="Recordings that it matches.")
    made_at: datetime
    made_by: str = Field(description="Name of the token, or of the person at the command line.")

    @classmethod
    def of(cls, found: StoredRule) -> "RuleInfo":
        fields = found.model_dump(exclude={"body", "tenant"})
        return cls(**fields, rule=found.body.stored())


class RuleList(BaseModel):
    """Rules, by name; or versions of one, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [RULE]}]})

    items: list[RuleInfo]


class Tried(Trial):
    """How many stored calls a rule matches."""

    model_config = ConfigDict(json_schema_extra={"examples": [TRIAL]})


class TriedRule(NewRule):
    """A rule that is tried. It may have a name, as stored ones do, which has no effect."""

    name: RuleName = "dry-run"


class DryRun(Frozen):
    """A rule that is tried: one that is stored, by its name, or any other."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rule": {"when": WHEN}}, {"name": "cancellation"}]}
    )

    name: str | None = Field(default=None, max_length=63)
    rule: TriedRule | None = None
    since: datetime | None = Field(default=None, description="Of calls ingested then or later.")
    until: datetime | None = Field(default=None, description="Of calls ingested before.")
    calls: int = Field(default=CALLS, ge=1, le=MOST_CALLS, description="Of the newest calls.")


class NewBackfill(Frozen):
    """Which calls are evaluated; without any field all until now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-05-01T00:00:00Z"}]})

    since: datetime | None = None
    everything: bool = Field(
        default=False, description="Also where the rule matches nearly every call."
    )


class BackfillInfo(Backfill):
    """A back-fill, and how far it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [BACKFILL]})


class BackfillList(BaseModel):
    """The back-fills of a rule, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [BACKFILL]}]})

    items: list[BackfillInfo]
