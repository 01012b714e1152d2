"""Error rates of transcripts: words and characters, with the same documented normalisation of both
sides."""

import re
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NORMALISATION = (
    "Unicode NFKC; lower case; apostrophes inside words kept; everything else that is not a letter,"
    " a mark or a digit becomes a space; runs of spaces become one; words that the label map names"
    " are replaced"
)
"""Description of ``normalised``, for comparing figures."""

_APOSTROPHES = re.compile("[\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}`]")
_EDGES = re.compile(r"(?<!\w)'|'(?!\w)")


@dataclass(frozen=True)
class Counted:
    """Errors (substitutions, insertions, deletions) and length of the reference, in words and in
    characters."""

    words: int = 0
    word_errors: int = 0
    characters: int = 0
    character_errors: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(
            self.words + other.words,
            self.word_errors + other.word_errors,
            self.characters + other.characters,
            self.character_errors + other.character_errors,
        )

    @property
    def wer(self) -> float:
        return self.word_errors / max(self.words, 1)

    @property
    def cer(self) -> float:
        return self.character_errors / max(self.characters, 1)


def normalised(text: str, instead: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a text by ``NORMALISATION``; ``instead`` maps a word to its replacement."""
    plain = _APOSTROPHES.sub("'", unicodedata.normalize("NFKC", text)).lower()
    kept = "".join(c if c == "'" or unicodedata.category(c)[0] in "LMN" else " " for c in plain)
    return tuple(instead.get(word, word) for word in _EDGES.sub(" ", kept).split())


def count(reference: Sequence[str], found: Sequence[str]) -> Counted:
    """Errors of the words found; the characters are those of the words joined by single spaces,
    which count too."""
    true, predicted = " ".join(reference), " ".join(found)
    return Counted(len(reference), distance(reference, found), len(true), distance(true, predicted))


def distance(reference: Sequence[Hashable], found: Sequence[Hashable]) -> int:
    """Substitutions, insertions and deletions at least (Levenshtein distance), one row of the table
    at a time."""
    number: dict[Hashable, int] = {}
    true, predicted = (
        np.array([number.setdefault(item, len(number)) for item in side], np.int64)
        for side in (reference, found)
    )
    at = np.arange(len(predicted) + 1)
    row = at.copy()
    for item in true:
        changed = np.concatenate(
            [[row[0] + 1], np.minimum(row[1:] + 1, row[:-1] + (predicted != item))]
        )
        # An insertion costs one per step from the left: the minimum over the positions to the left,
        # plus the steps.
        row = np.minimum.accumulate(changed - at) + at
    return int(row[-1])
