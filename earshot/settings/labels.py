"""Settings of labels by people, and of what is trained on them."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from earshot.settings.by_source import by_source, of_source

Taught = Literal["emotion", "noise", "scene", "sentiment", "voices"]
OPTION = re.compile(r"[a-z][a-z0-9_]{0,30}")
OURS = ("out", "fresh", "cache")
"""Options of `earshot train` that a training in the background may not have."""


def check_option(name: str) -> None:
    """Raises: ValueError, it is no option of a training in the background, by its form."""
    if not OPTION.fullmatch(name) or name in OURS:
        raise ValueError(
            f"{name!r:.60} is no option of a retraining; options are those of `earshot train`"
            f" without hyphens, as class_balance, and without {', '.join(OURS)}"
        )


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
    """Model to the options of its trainings that upkeep starts, as those of ``earshot train``, with
    underscores: ``{"noise": {"base": "noise-3f2a9c1e", "extend": true}}``."""

    def may_train_on(self, uri: str, tenant: str) -> bool:
        """Whether models may be trained on the recordings of a source."""
        return of_source(self.train_on, uri, tenant) is not False

    @field_validator("train_on")
    @classmethod
    def _sources_to_train_on(cls, named: dict[str, bool]) -> dict[str, bool]:
        return by_source(named)

    @field_validator("retrain_options")
    @classmethod
    def _options_to_train_with(
        cls, named: dict[str, dict[str, object]]
    ) -> dict[str, dict[str, object]]:
        for options in named.values():
            for name in options:
                check_option(name)
        return named
