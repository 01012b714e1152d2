"""Reads a manifest: one JSON object a line, each a recording with its labels."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earshot.analysis.errors import Misconfigured
from evaluation.measures.groups import origin

Dimension = Annotated[float, Field(ge=-1, le=1)] | None
"""Human rating of an emotion, on the scale of the findings."""


class Row(BaseModel):
    """One recording. Other keys are kept; a label map (``evaluation.labels``) gives their
    meaning."""

    model_config = ConfigDict(frozen=True, extra="allow", coerce_numbers_to_str=True)

    path: str = Field(min_length=1)
    """Relative to the root."""
    text: str | None = None
    lang: str | None = None
    speaker: str | None = None
    fold: str | None = None
    roles: tuple[str, ...] | None = None
    """Role of each channel; without any, as in ingest."""
    left: str | None = None
    right: str | None = None
    """Older spelling of ``roles`` for two channels."""
    rttm: str | None = None
    """Reference turns, in an RTTM file relative to the root."""
    valence: Dimension = None
    arousal: Dimension = None
    dominance: Dimension = None

    @property
    def source(self) -> str:
        """Its set: the first two parts of its path, e.g. ``emotion/ravdess``."""
        return "/".join(self.path.split("/")[:2])

    @property
    def group(self) -> str:
        """The unit of resampling: its speaker, else the recording it was cut from, else its fold,
        else itself."""
        if self.speaker or origin(self.path) != self.path:
            return self.speaker or origin(self.path)
        return f"{self.source} fold {self.fold}" if self.fold else self.path

    @property
    def asked_roles(self) -> tuple[str, ...] | None:
        """Roles of the channels as in an ingest request."""
        return (self.left, self.right) if self.left and self.right else self.roles

    def value_of(self, field: str) -> str | None:
        """The row's value of any key; None without one."""
        value: Any = getattr(self, field, None)
        return None if value is None or value == "" else str(value)


def read(path: Path) -> tuple[Row, ...]:
    """The rows of a manifest, in order; empty lines are skipped.

    Raises:
        Misconfigured: ``manifest``, there is no such file, or a line is not a row; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Misconfigured(
            "manifest", f"{path}: {error.strerror}; name a file with one JSON object a line"
        ) from error
    except UnicodeDecodeError as error:
        raise Misconfigured(
            "manifest", f"{path} is not UTF-8 text; name a file with one JSON object a line"
        ) from error
    return tuple(_row(path, number, line) for number, line in enumerate(lines, 1) if line.strip())


def _row(path: Path, number: int, line: str) -> Row:
    try:
        return Row.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise Misconfigured("manifest", f"{path} line {number} is not JSON: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise Misconfigured("manifest", f"{path} line {number}: {where}: {first['msg']}") from error
