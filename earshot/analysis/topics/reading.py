"""Reads a glossary from its file, whole or not at all."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from earshot.analysis.topics.cells import Cell, Row, rows
from earshot.analysis.topics.glossary import (
    MOST_TERMS,
    MOST_TOPICS,
    Glossary,
    Topic,
    unreadable,
)
from earshot.analysis.topics.plain_text import words_of

HEADERS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "topic id", "code", "key", "identifiant", "cle", "ref", "reference"),
    "label": (
        *("label", "topic", "name", "title", "libelle", "nom", "intitule"),
        *("theme", "thematique", "sujet", "motif", "titre"),
    ),
    "terms": (
        *("terms", "term", "synonyms", "synonym", "keywords", "keyword", "expressions"),
        *("expression", "variants", "termes", "terme", "synonymes", "synonyme", "mots cles"),
        *("mot cle", "variantes", "variante", "vocabulaire"),
    ),
    "excluded": ("not", "excluded", "except", "exclusions", "exclusion", "exclus", "sauf"),
    "description": ("description", "definition", "comment", "commentaire"),
}
"""Column to its names in English and French, as ``words_of`` has them."""
COLUMN = {name: column for column, names in HEADERS.items() for name in names}
LISTS = ("terms", "excluded")
"""Columns with several expressions in a cell, which a file may have more than once."""
SEPARATOR = re.compile(r"[;|\n]|,(?!\d)|(?<!\d),")
"""Between terms of a cell; a comma within a number is part of it."""
LIMITS = {"id": 64, "label": 200, "terms": 200, "excluded": 200, "description": 500}
"""Characters, of one expression where there are several."""


class _Place(NamedTuple):
    topic: str
    where: str


def read(file: str, data: bytes) -> Glossary:
    """The glossary in a file with this name and content.

    Raises:
        Misconfigured: ``glossary``, there is a mistake in it, with its row and cell.
    """
    header, *others = rows(file, data) or [Row()]
    columns = _columns(file, header)
    topics, problems = list[Topic](), list[str]()
    ids: dict[str, str] = {}
    places: dict[str, _Place] = {}
    for row in others:
        topic, wrong = _topic(row, columns)
        if topic is not None:
            earlier = ids.setdefault(topic.id.casefold(), row[0].where)
            if earlier != row[0].where:
                wrong.append(f"{row[0].where}: the id {topic.id} is that of {earlier} too")
            wrong += _twins(topic, row, columns, places)
            topics.append(topic)
        problems += wrong
    if not topics and not problems:
        problems = ["has no topic: a header, and a row for each topic, are needed"]
    if len(topics) > MOST_TOPICS or len(places) > MOST_TERMS:
        problems = [
            f"{len(topics)} topics with {len(places)} terms; the maximum is {MOST_TOPICS} and"
            f" {MOST_TERMS}"
        ]
    if problems:
        raise unreadable(file, problems)
    return Glossary(topics=tuple(topics))


def _columns(file: str, header: Sequence[Cell]) -> dict[int, str]:
    """Number of each known column to its name."""
    found = {cell.column: COLUMN.get(" ".join(words_of(cell.text)), "") for cell in header}
    names = [name for name in found.values() if name]
    problems = [
        f"{cell.where}: a second column {found[cell.column]}"
        for index, cell in enumerate(header)
        if found[cell.column] not in ("", *LISTS)
        and found[cell.column] in [found[before.column] for before in header[:index]]
    ]
    if "terms" not in names:
        problems.append("the first row names no column of terms (terms, synonyms, termes, ...)")
    if not {"id", "label"} & set(names):
        problems.append("the first row names neither a column id nor a column label")
    if problems:
        raise unreadable(file, problems)
    return {column: name for column, name in found.items() if name}


def _topic(row: Row, columns: Mapping[int, str]) -> tuple[Topic | None, list[str]]:
    fields: dict[str, list[str]] = {}
    problems = list[str]()
    for cell in row:
        name = columns.get(cell.column, "")
        texts = _terms(cell) if name in LISTS else [cell.text]
        fields.setdefault(name, []).extend(texts)
        problems += [f"{cell.where}: {reason}" for text in texts if (reason := _wrong(name, text))]
    label = "".join(fields.get("label", ()))
    named = "".join(fields.get("id", ())) or "-".join(words_of(label))
    if "id" in columns.values() and "id" not in fields:
        problems.append(f"{row[0].where}: this row has no id")
    elif not named:
        problems.append(f"{row[0].where}: this row has no id and no label")
    if not fields.get("terms"):
        problems.append(f"{row[0].where}: this row has no term")
    if problems:
        return None, problems
    return Topic(
        id=named,
        label=label or named,
        terms=tuple(dict.fromkeys(fields["terms"])),
        excluded=tuple(dict.fromkeys(fields.get("excluded", ()))),
        description="".join(fields.get("description", ())),
    ), []


def _terms(cell: Cell) -> list[str]:
    return [text for part in SEPARATOR.split(cell.text) if (text := " ".join(part.split()))]


def _wrong(name: str, text: str) -> str:
    """What is wrong with the text of a cell, or with one term of it."""
    if name in LIMITS and len(text) > LIMITS[name]:
        return f"longer than {LIMITS[name]} characters"
    if name in LIMITS and name != "description" and not text.isprintable():
        return "a control character or line break"
    if name in LISTS and len("".join(words_of(text))) < 2:
        return f"{text!r} has less than two letters or digits"
    return ""


def _twins(
    topic: Topic, row: Iterable[Cell], columns: Mapping[int, str], places: dict[str, _Place]
) -> list[str]:
    """Expressions of the row that mean something else in another one, or in its other column; adds
    the others to ``places``."""
    problems = list[str]()
    for cell in row:
        name = columns.get(cell.column, "")
        for term in _terms(cell) if name in LISTS else ():
            here = _Place(topic.id if name == "terms" else "", cell.where)
            other = places.setdefault(" ".join(words_of(term)), here)
            if other.topic != here.topic:
                problems.append(f"{cell.where}: {term!r} stands in {other.where} too")
    return problems
