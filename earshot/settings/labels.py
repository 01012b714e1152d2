"""Settings of labels by people, and of what is trained on them."""

from pydantic import BaseModel, field_validator

from earshot.settings.by_source import by_source, of_source


class Labels(BaseModel):
    """Fields for labels."""

    train_on: dict[str, bool] = {}
    """Source to whether models may be trained on its recordings: a URL, for what lies below it, or
    a tenant (``*`` for all others). The longest URL goes first, then the tenant. Not set: they
    may."""

    def may_train_on(self, uri: str, tenant: str) -> bool:
        """Whether models may be trained on the recordings of a source."""
        return of_source(self.train_on, uri, tenant) is not False

    @field_validator("train_on")
    @classmethod
    def _sources_to_train_on(cls, named: dict[str, bool]) -> dict[str, bool]:
        return by_source(named)
