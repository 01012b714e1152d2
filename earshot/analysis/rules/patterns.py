"""Regular expressions of rules, in an engine without backtracking: RE2 needs time linear in the
text for every expression."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MEMORY_BYTES = 1 << 20
"""Of a compiled expression; one that needs more is refused."""
MOST_FOUND = 1_000
"""In one text: each further place is a search of its own."""


@lru_cache(256)
def compiled(pattern: str, case_sensitive: bool) -> Any:
    """The expression.

    Raises:
        ValueError: it is none of RE2's syntax, is too large, or matches the empty text, and thereby
            every text.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = case_sensitive
    options.max_mem = MEMORY_BYTES
    try:
        made = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise ValueError(f"is no regular expression of RE2: {text}") from error
    if made.search("") is not None:
        raise ValueError("matches the empty text, and thereby every text")
    return made


def found(pattern: str, case_sensitive: bool, text: str) -> Iterator[tuple[int, int]]:
    """The places of the expression in a text, as characters, without empty ones."""
    for number, match in enumerate(compiled(pattern, case_sensitive).finditer(text)):
        if number >= MOST_FOUND:
            return
        start, end = match.span()
        if start < end:
            yield start, end
