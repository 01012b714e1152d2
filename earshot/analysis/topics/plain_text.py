"""Text as terms and transcripts are compared: without case, accents and punctuation."""

import re
from unicodedata import combining, normalize

_WORD = re.compile(r"[^\W_]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "\u0640": ""})
"""Letters that Unicode does not decompose, and the Arabic tatweel."""


def words_of(text: str) -> list[str]:
    """The words of a text: case-folded runs of letters and digits without marks. Apostrophes,
    hyphens and other punctuation separate words."""
    folded = normalize("NFKD", text.casefold()).translate(_LIGATURES)
    return _WORD.findall("".join(c for c in folded if not combining(c)))
