"""Text as terms and transcripts are compared: without case, accents and punctuation."""

import re
from unicodedata import combining, normalize

from earshot.analysis.words.spelling import UNDECOMPOSED

_WORD = re.compile(r"[^\W_]+")
_UNDECOMPOSED = str.maketrans(UNDECOMPOSED)


def words_of(text: str) -> list[str]:
    """The words of a text: case-folded runs of letters and digits without marks. Apostrophes,
    hyphens and other punctuation separate words."""
    folded = normalize("NFKD", text.casefold()).translate(_UNDECOMPOSED)
    return _WORD.findall("".join(c for c in folded if not combining(c)))
