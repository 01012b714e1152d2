"""Glossary files for tests."""

import io
from collections.abc import Callable
from typing import Any

from openpyxl import Workbook

ROWS = (
    ("Identifiant", "Libellé", "Synonymes", "Remarque"),
    ("bill", "Facture", "facture; trop-perçu | prélèvement", "à revoir"),
    (),
    ("cancel", "Résiliation", "résilier, résiliation", None),
    (12, "Carte SIM", "carte SIM\nl'eSIM", None),
)


def workbook(*rows: Any, change: Callable[[Any], object] = lambda sheet: None) -> bytes:
    """The bytes of an .xlsx file with these rows on its first sheet, after ``change`` to it."""
    book = Workbook()
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            book.active.cell(number, column, value)
    change(book.active)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def text(*rows: Any, delimiter: str = ";") -> bytes:
    """The same as comma-separated values, every cell in quotes."""
    cells = [[f'"{"" if value is None else value}"' for value in row] for row in rows]
    return "\r\n".join(delimiter.join(row) for row in cells).encode()
