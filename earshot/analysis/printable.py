"""Text from outside as it may be shown, stored and sent: no character moves a cursor, forges a line
or turns the direction."""

import re

from earshot.analysis.urls import ends, masked

CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
"""C0 (ESC, line feed, NUL and the others), DEL, C1, and Unicode's line and paragraph separators."""
BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX 9). Letters that
run from right to left need none of them, and joiners, as in emoji and Persian, are not among
them."""
UNSHOWABLE = re.compile(f"[{CONTROLS}{BIDI}\ud800-\udfff]")
"""With surrogates: halves of a character, and what Python makes of file names that are not
UTF-8."""

MOST_NAME_BYTES = 200
"""Of a file's name that this program makes: file systems take 255."""
MOST_TOLD = 500
"""Characters of a reason that are stored and sent."""


def plural(count: int, noun: str) -> str:
    """A number of things in words: ``1 channel``, ``2 channels``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """The text with each such character as its escape, e.g. ``\\u001b``, as JSON writes it; so it
    fits into JSON, too."""
    return UNSHOWABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def told(text: str, most: int = MOST_TOLD) -> str:
    """The text on one printable line of at most ``most`` characters, its URLs without credentials;
    of a longer one the beginning, and the end, where it says what to do."""
    text = masked(ends(text, 8 * most))  # of megabytes from outside nothing more is looked at
    shown = printable(text[: 2 * most] + text[2 * most :][-most:])
    if len(shown) <= most:
        return shown
    end = most // 3
    return f"{shown[: most - end - 3]}...{shown[-end:]}"


def file_name(text: str) -> str:
    """The text as the name of a new file: each such character is an underscore, and what is too
    long loses its middle."""
    shown = UNSHOWABLE.sub("_", text).replace("/", "_").encode()
    if len(shown) > MOST_NAME_BYTES:
        shown = shown[: MOST_NAME_BYTES - 40] + shown[-40:]  # the end, with its suffix
    return shown.decode(errors="ignore")
