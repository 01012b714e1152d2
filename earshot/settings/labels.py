"""Settings of labels by people, and of what is trained on them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from earshot.settings.by_source import by_source, of_source

Taught = Literal["emotion", "noise", "voices"]


class Labels(BaseModel):
    """Fields for labels."""

    train_on: dict[str, bool] = {}
    """Source to whether models may be trained on its recordings: a URL, for what lies below it, or
    a tenant (``*`` for all others). The longest URL goes first, then the tenant. Not set: they
    may."""

    retrain_after: dict[Taught, Annotated[int, Field(ge=1)]] = {}
    """Model to the number of new corrections after which upkeep starts a training on all of them.
    Empty: never."""
    retrain_options: dict[Taught, dict[str, str | int | float | bool]] = {}
    """Model to the options of its trainings that upkeep starts, as those of ``earshot train``:
    ``{"noise": {"base": "noise-3f2a9c1e", "extend": true}}``."""

    def may_train_on(self, uri: str, tenant: str) -> bool:
        """Whether models may be trained on the recordings of a source."""
        return of_source(self.train_on, uri, tenant) is not False

    @field_validator("train_on")
    @classmethod
    def _sources_to_train_on(cls, named: dict[str, bool]) -> dict[str, bool]:
        return by_source(named)
