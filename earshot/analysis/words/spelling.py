"""Spelling of recognised text: one form for display, independent of the recogniser, and one for
comparison.

``written`` is the form in transcripts. It removes only characters that readers do not miss:
- Unicode NFKC: ligatures, full-width letters and Arabic presentation forms become plain letters
- control and format characters are removed (direction marks, byte order marks, soft hyphens);
  joiners stay, Persian spelling needs them
- Arabic: tatweel and the vowel signs (U+064B to U+0652, U+0670), which only some models write, are
  removed
- typographic apostrophes and quotation marks become ' and "
- runs of spaces become one

``joined`` makes a text of words, without spaces where the script has none.

``compared`` is for comparing two texts, and is never shown. In addition to ``written``:
- case is folded
- interchangeable Arabic letters become one, as in search (the normalisation of Larkey et al. 2002,
  Improving stemming for Arabic information retrieval): alef with hamza, madda or wasla is alef,
  alef maksura and Persian ye are ye, te marbuta is he, hamza on waw or ye is the bare letter,
  Persian kaf is kaf; the three letters that Darija has for g are one
- digits of any script become 0 to 9
- characters other than letters, marks, digits, and apostrophes inside a word become a space
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

UNDECOMPOSED = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "\u0640": ""}
"""Letters that Unicode does not decompose to what they are searched by, and the Arabic tatweel."""
_JOINERS = "\u200c\u200d"
_QUOTES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u02bc\u2032`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    }
)
_UNREAD_ARABIC = re.compile("[\u0640\u064b-\u0652\u0670]")
_ONE_LETTER = str.maketrans(
    {
        **dict.fromkeys("\u0622\u0623\u0625\u0671", "\u0627"),  # alef
        **dict.fromkeys("\u0649\u0626\u06cc", "\u064a"),  # ye
        "\u0629": "\u0647",  # te marbuta, he
        "\u0624": "\u0648",  # waw
        "\u06a9": "\u0643",  # kaf
        **dict.fromkeys("\u06ad\u0763", "\u06af"),  # g
    }
)
_UNSPACED = ("CJK", "IDEOGRAPHIC", "BOPOMOFO", "HIRAGANA", "KATAKANA", "THAI", "LAO", "MYANMAR")
"""Scripts without spaces between words, by the prefix of their characters' names: those of the
languages whose text Whisper splits by characters."""
_EDGES = re.compile(r"(?<!\w)'|'(?!\w)")


KEPT = 4096
"""Words whose spelling is cached: a few hundred make up most of all text."""


@lru_cache(KEPT)
def written(text: str) -> str:
    """The text as displayed in transcripts, by the rules above."""
    # Vowel signs go before NFKC, which would compose hamza with them, and after, which takes
    # presentation forms apart.
    plain = unicodedata.normalize("NFKC", _UNREAD_ARABIC.sub("", text)).translate(_QUOTES)
    kept = "".join(
        c
        for c in plain
        if c in _JOINERS or c.isspace() or unicodedata.category(c) not in ("Cc", "Cf")
    )
    return " ".join(_UNREAD_ARABIC.sub("", kept).split())


def joined(words: Iterable[str]) -> str:
    """Joins words to a text: with a space between two of them, except between two characters of
    scripts without spaces, or one of them and a digit."""
    text = ""
    for word in words:
        sides = {_side(reversed(text)), _side(word)}
        text += word if not text or ("unspaced" in sides and "spaced" not in sides) else f" {word}"
    return text


def _side(characters: Iterable[str]) -> str:
    """Kind of the first character that is not punctuation."""
    for character in characters:
        if unicodedata.category(character)[0] in "LMN":
            if character.isdecimal():
                return "digit"
            return "unspaced" if unspaced(character) else "spaced"
    return "spaced"


def unspaced(character: str) -> bool:
    """True for a character of a script without spaces between words."""
    return unicodedata.name(character, "").startswith(_UNSPACED)


@lru_cache(KEPT)
def is_word(text: str) -> bool:
    """True if the text contains something spoken: letters, digits, or signs that stand for a word,
    such as %."""
    return any(
        unicodedata.category(c)[0] in "LN" or unicodedata.category(c) in ("Sc", "Sm") or c in "%&@#"
        for c in text
    )


@lru_cache(KEPT)
def compared(text: str) -> str:
    """The text for comparison, by the rules above."""
    folded = written(text).casefold().translate(_ONE_LETTER)
    kept = "".join(
        _digit(c) if c == "'" or unicodedata.category(c)[0] in "LMN" else " " for c in folded
    )
    return " ".join(_EDGES.sub(" ", kept).split())


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)
