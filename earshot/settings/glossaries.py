"""Settings of glossaries: the topics of recordings."""

from pathlib import Path

from pydantic import BaseModel, field_validator, model_validator

from earshot.analysis.topics.glossary import SUFFIXES, GlossaryName
from earshot.settings.by_source import by_source, of_source


class Glossaries(BaseModel):
    """Fields for glossaries (docs/topics.md)."""

    glossaries: dict[GlossaryName, Path] = {}
    """Name to its file, ``.xlsx`` or ``.csv``, e.g. ``{"b2c": "/data/glossaire B2C.xlsx"}``. A file
    that changes is read anew for the next recording."""
    source_glossaries: dict[str, GlossaryName | None] = {}
    """Source to the glossary of recordings whose request names none; null: no glossary. Keys are
    those of ``recorders``. Empty: where there is one glossary alone, it is that of all sources."""

    def glossary_of(self, uri: str, tenant: str) -> str | None:
        """Name of the glossary of a source; None: none applies."""
        if self.source_glossaries:
            return of_source(self.source_glossaries, uri, tenant)
        return next(iter(self.glossaries)) if len(self.glossaries) == 1 else None

    @field_validator("glossaries")
    @classmethod
    def _files(cls, named: dict[str, Path]) -> dict[str, Path]:
        for name, path in named.items():
            if path.suffix.lower() not in SUFFIXES:
                raise ValueError(f"{name}: {path.name} must end in {' or '.join(SUFFIXES)}")
        return {name: path.absolute() for name, path in named.items()}

    @field_validator("source_glossaries")
    @classmethod
    def _keys_of_sources(cls, named: dict[str, str | None]) -> dict[str, str | None]:
        return by_source(named)

    @model_validator(mode="after")
    def _named_ones_exist(self) -> "Glossaries":
        unknown = {name for name in self.source_glossaries.values() if name} - set(self.glossaries)
        if unknown:
            raise ValueError(
                f"source_glossaries names {', '.join(sorted(unknown))}, which glossaries lacks"
            )
        return self
