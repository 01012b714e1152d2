"""Makes external text safe to show, store and send: no character moves a cursor, forges a line or
changes the text direction."""

import json
import re
from typing import Any

from earshot.analysis.urls import ends, masked

CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
"""C0 (ESC, line feed, NUL and the others), DEL, C1, and Unicode's line and paragraph separators."""
BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX 9). Right-to-left
scripts need none of them, and joiners, as in emoji and Persian, are not among them."""
UNSHOWABLE = re.compile(f"[{CONTROLS}{BIDI}\ud800-\udfff]")
"""With surrogates: halves of a character, and Python's representation of file names that are not
UTF-8."""

MOST_NAME_BYTES = 200
"""Maximum length of a file name created by this program: file systems allow 255."""
MOST_CHARACTERS = 500
"""Characters of a reason that are stored and sent."""


def plural(count: int, noun: str) -> str:
    """A count with its noun: ``1 channel``, ``2 channels``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    r"""The text with each such character escaped, e.g. ``\u001b``, as in JSON; so it can be
    embedded in JSON."""
    return UNSHOWABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON with the letters of every language unchanged, and what cannot be shown escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "\n".join(map(printable, text.split("\n")))


def on_one_line(text: str, most: int = MOST_CHARACTERS) -> str:
    """The text on one printable line of at most ``most`` characters, without credentials in URLs;
    a longer text loses its middle, because the end contains the advice."""
    text = masked(ends(text, 8 * most))  # the middle of a text of megabytes is not processed
    shown = printable(text[: 2 * most] + text[2 * most :][-most:])
    if len(shown) <= most:
        return shown
    end = most // 3
    return f"{shown[: most - end - 3]}...{shown[-end:]}"


def file_name(text: str) -> str:
    """The text as the name of a new file: each such character becomes an underscore, and a long
    name loses its middle."""
    shown = UNSHOWABLE.sub("_", text).replace("/", "_").encode()
    if len(shown) > MOST_NAME_BYTES:
        shown = shown[: MOST_NAME_BYTES - 40] + shown[-40:]  # the end, with its suffix
    return shown.decode(errors="ignore")
