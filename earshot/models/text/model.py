"""The interface of models of text sentiment."""

from typing import Protocol

from earshot.models.scoring import Array


class TooLong(ValueError):
    """The text has more tokens than the model reads."""


class TextModel(Protocol):
    """Scores texts."""

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of its shares; those of the artefact (C-06)."""
        ...

    @property
    def languages(self) -> tuple[str, ...] | None:
        """Primary subtags of BCP 47 that it reads; None where the artefact does not state them."""
        ...

    def shares(self, text: str) -> Array | None:
        """Shares of shape (labels,); None if the text has no words.

        Raises:
            TooLong: the model cannot read all of it.
        """
        ...
