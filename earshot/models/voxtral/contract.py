"""Training contract of a Voxtral checkpoint: languages, the question about emotion, and the
answers."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Frozen

DEFAULT = Path(__file__).with_name("voxtral.toml")
NAME = "earshot.toml"
"""In the folder of a checkpoint or an adapter, whose digests then hold it too."""


class Contract(Frozen):
    """As ``voxtral.toml`` describes it."""

    languages: tuple[str, ...]
    """Primary BCP 47 subtags, requested as ``lang:xx``."""
    question: str
    answers: dict[str, str] = Field(default_factory=dict)
    """Label to its trained answer; a missing label is its own answer."""

    def asked(self, labels: Sequence[str]) -> str:
        """The question for a checkpoint with these labels."""
        return self.question.replace("{labels}", ", ".join(self.answer(label) for label in labels))

    def answer(self, label: str) -> str:
        return self.answers.get(label, label)


def read(folder: Path) -> Contract:
    """The checkpoint's own, over the default.

    Raises:
        Misconfigured: its file is not TOML, or has what is no part of a contract.
    """
    defaults = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))
    path = folder / NAME
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return Contract.model_validate(defaults | own)
    except (ValueError, ValidationError) as error:
        reason = " ".join(str(error).split())
        raise Misconfigured(
            "checkpoint", f"{path} cannot be read, correct it and pull it again: {reason}"
        ) from error
