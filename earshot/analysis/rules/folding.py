"""Text as phrases are searched in it: words without case, accents and punctuation.

Every character is folded by itself, so that a place in folded text has its place in the original:
both have the same letters in the same order.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from earshot.analysis.words.spelling import UNDECOMPOSED, unspaced


class _Characters(dict[int, str]):
    """Each character to what it is folded to; made as characters come."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code).casefold())
        parts = (
            UNDECOMPOSED.get(each, each) for each in decomposed if not unicodedata.combining(each)
        )
        folded = "".join(parts)
        kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
        self[code] = kept
        return kept


_CHARACTERS = _Characters()


def folded(text: str) -> str:
    """The words of a text with a space before, between and after them; only a space without any."""
    return f" {' '.join(text.translate(_CHARACTERS).split())} "


def letters(text: str) -> int:
    """Number of the letters, marks and digits of a text once it is folded."""
    return len("".join(text.translate(_CHARACTERS).split()))


@lru_cache(4096)
def phrase(text: str) -> str:
    """The phrase as it is searched in folded text: with the spaces around it, except beside a
    letter of a script without spaces between words."""
    words = folded(text)
    inner = words.strip()
    before = "" if inner and unspaced(inner[0]) else " "
    after = "" if inner and unspaced(inner[-1]) else " "
    return f"{before}{inner}{after}"


def can_be_in(text: str, wanted: str) -> bool:
    """False if the text cannot have the phrase; cheaper than folding the text.

    Args:
        text: not folded.
        wanted: as ``phrase`` returns it.
    """
    return not text.isascii() or _longest(wanted) in text.lower()


@lru_cache(4096)
def _longest(wanted: str) -> str:
    return max(wanted.split(), key=len, default="")


def places(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where folded text has the phrase: numbers of its first letter and of the one after its last,
    counting letters without spaces."""
    found, at = [], text.find(wanted)
    while at >= 0:
        first = at - text.count(" ", 0, at)
        length = len(wanted) - wanted.count(" ")
        found.append((first, first + length))
        at = text.find(wanted, at + max(1, len(wanted) - 1))
    return found


def word_ends(words: Sequence[str]) -> list[int]:
    """Of each word, the number of letters up to its end."""
    return list(accumulate(map(letters, words)))


def words_at(ends: Sequence[int], count: int, place: tuple[int, int]) -> tuple[int, int] | None:
    """The first and last of the words that have the letters of a place; None where the words do not
    have as many letters as the text of the place.

    Args:
        ends: of the words.
        count: letters of that text.
    """
    if not ends or ends[-1] != count:
        return None
    first = min(bisect_right(ends, place[0]), len(ends) - 1)  # a place without letters may be last
    return first, max(first, bisect_left(ends, place[1]))
