"""A glossary: the topics of one line of business, and the terms that stand for each."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Frozen

GlossaryName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
SUFFIXES = (".csv", ".xlsx")
MOST_TOPICS, MOST_TERMS = 5_000, 50_000
MOST_BYTES = 10_000_000
"""Of a file."""
PROBLEMS_SHOWN = 5


class Topic(Frozen):
    """One topic."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    label: Annotated[str, Field(min_length=1, max_length=200)]
    """Its name for people."""
    terms: Annotated[tuple[str, ...], Field(min_length=1)]
    """Words and expressions that stand for it, as written in the glossary."""
    excluded: tuple[str, ...] = ()
    """Expressions that resemble or contain a term of any topic, and mean none."""
    description: str = ""


class Glossary(Frozen):
    """Topics with distinct ids, none of which shares a term with another."""

    topics: tuple[Topic, ...] = ()


def unreadable(file: str, problems: Iterable[str]) -> Misconfigured:
    """The error of a glossary with mistakes, of which nothing is used. Code: ``glossary``."""
    listed = tuple(problems)
    more = len(listed) - PROBLEMS_SHOWN
    text = "; ".join(listed[:PROBLEMS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    return Misconfigured("glossary", f"glossary {file}: {text}")
