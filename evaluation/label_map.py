"""Maps the labels of a manifest to those of an analysis, by the data files in
``evaluation/labels``.

Nothing is guessed: an unmapped label has no meaning.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from earshot.analysis.errors import Misconfigured
from evaluation.manifest import Row

MAPS = Path(__file__).with_name("labels")
DEFAULT = "default"
NATURAL = "(natural)"
"""In the place of a label: speech that was not acted, of which no emotion is known, but that nearly
all of it is neutral."""


class Section(BaseModel):
    """The mapping of one set: a table for each key of its rows."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, dict[str, str]] = Field(init=False)

    every: str | None = None
    """Label of every recording of the set, regardless of its rows."""
    verbatim: tuple[str, ...] = ()
    """Keys whose values are already labels."""
    words: dict[str, str] = {}
    """For transcripts: replacement of a word."""


@dataclass(frozen=True)
class Truth:
    """The truth of a row for an analysis, or an unmapped label such as ``label=helicopter``."""

    label: str | None = None
    unmapped: str | None = None


@dataclass(frozen=True)
class LabelMap:
    """The sections of one file, by set."""

    sections: Mapping[str, Section]
    instead: Mapping[str, str]

    def section(self, row: Row) -> Section:
        return self.sections.get(row.source) or self.sections.get(DEFAULT) or Section()

    def truth(self, row: Row) -> Truth:
        """The first of the section's rules that fits the row."""
        section = self.section(row)
        if section.every is not None:
            return Truth(section.every)
        for field in section.verbatim:
            if (value := row.value_of(field)) is not None:
                return Truth(value)
        unmapped = None
        for field, labels in section.__pydantic_extra__.items():
            value = row.value_of(field)
            if value in labels:
                return Truth(labels[value])
            unmapped = unmapped or (None if value is None else f"{field}={value}")
        return Truth(unmapped=unmapped)

    def among(self, label: str, known: Collection[str]) -> str | None:
        """The label itself if the release covers it, else its substitute; None without one."""
        found = label if label in known else self.instead.get(label)
        return found if found in known else None


def read(analysis: str, folder: Path = MAPS) -> LabelMap:
    """The map of an analysis; without a file, a row's own key of that name holds the label.

    Raises:
        Misconfigured: ``label_map``, the file is invalid; the message gives the reason.
    """
    path = folder / f"{analysis}.toml"
    if not path.is_file():
        return LabelMap({DEFAULT: Section(verbatim=(analysis,))}, {})
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        instead = {str(label): str(other) for label, other in tables.pop("instead", {}).items()}
        return LabelMap(TypeAdapter(dict[str, Section]).validate_python(tables), instead)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured("label_map", f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise Misconfigured(
            "label_map", f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from error
