"""Glossaries are read whole or not at all, and a mistake is named with its place."""

from typing import Any

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.topics.cells import OLE
from earshot.analysis.topics.glossary import MOST_BYTES, Topic
from earshot.analysis.topics.reading import read
from tests.unit.topics.books import ROWS, text, workbook

HEAD = ("id", "label", "terms")
TOPICS = (
    Topic(id="bill", label="Facture", terms=("facture", "trop-perçu", "prélèvement")),
    Topic(id="cancel", label="Résiliation", terms=("résilier", "résiliation")),
    Topic(id="12", label="Carte SIM", terms=("carte SIM", "l'eSIM")),
)


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("glossaire B2C.xlsx", workbook(*ROWS)),
        ("b2c.csv", text(*ROWS)),
        ("b2c.CSV", b"\xef\xbb\xbf" + text(*ROWS, delimiter=",")),
        ("b2c.csv", text(*ROWS, delimiter="\t")),
    ],
)
def test_workbooks_and_values_give_the_same_glossary(file: str, data: bytes) -> None:
    assert read(file, data).topics == TOPICS


def test_ids_come_from_labels_and_labels_from_ids_where_a_column_lacks() -> None:
    (topic,) = read("a.csv", text(("Thème", "Mots-clés"), ("Trop perçu", "remboursement"))).topics
    assert (topic.id, topic.label) == ("trop-percu", "Trop perçu")
    (topic,) = read("a.csv", text(("code", "terms"), ("R1", "refund"))).topics
    assert (topic.id, topic.label) == ("R1", "R1")


def test_several_columns_of_terms_are_one_and_a_comma_in_a_number_divides_nothing() -> None:
    rows = (
        ("id", "term", "synonyms", "description", "Sauf"),
        ("fee", "4,99", "fee, fees", "x;y", "tree, free"),
    )
    (topic,) = read("a.csv", text(*rows)).topics
    assert (topic.terms, topic.description) == (("4,99", "fee", "fees"), "x;y")
    assert topic.excluded == ("tree", "free")


def merged(sheet: Any) -> None:
    sheet.merge_cells("A2:A3")


def formula(sheet: Any) -> None:
    sheet["C3"] = "=A1&B1"


def stray(sheet: Any) -> None:
    sheet["XFD1048576"] = "x"


def other_sheet(sheet: Any) -> None:
    sheet.parent.create_sheet("B2B")["A1"] = "id"


def date(sheet: Any) -> None:
    from datetime import date

    sheet["C3"] = date(2026, 3, 4)


BOOK = (HEAD, ("a", "A", "one"), ("b", "B", "two"))
BAD = {
    "twins": (
        text(HEAD, ("a", "A", "one"), ("A", "B", "two")),
        "line 3, column 1: the id A is that of line 2, column 1",
    ),
    "twin_terms": (
        text(HEAD, ("a", "A", "Réglé"), ("b", "B", "x1; regle")),
        "line 3, column 3: 'regle' stands in line 2, column 3 too",
    ),
    "term_and_excluded": (
        text((*HEAD, "not"), ("a", "A", "one", "ONE")),
        "line 2, column 4: 'ONE' stands in line 2, column 3 too",
    ),
    "no_term": (
        text(HEAD, ("a", "A", "one"), ("b", "B", "")),
        "line 3, column 1: this row has no term",
    ),
    "separators": (text(HEAD, ("a", "A", ";|")), "this row has no term"),
    "no_id": (text(HEAD, ("", "A", "one")), "line 2, column 2: this row has no id"),
    "one_letter": (text(HEAD, ("a", "A", "é!")), "line 2, column 3: 'é!' has less than two"),
    "long": (text(HEAD, ("a", "A", "x" * 201)), "line 2, column 3: longer than 200 characters"),
    "control": (text(HEAD, ("a\x07", "A", "one")), "line 2, column 1: a control character"),
    "only_header": (text(HEAD), "has no topic"),
    "empty": (b"", "names no column of terms"),
    "no_header": (text(("a", "A", "one")), "names no column of terms"),
    "two_labels": (text(("id", "label", "Libellé", "terms")), "column 3: a second column label"),
    "neither": (text(("terms", "x")), "neither a column id nor a column label"),
    "unquoted": (
        b"id,label,terms\na,A,one, two\n",
        'line 2: 4 cells, the header has 3; put quotes around a cell with a ","',
    ),
    "open_quote": (b'id,label,terms\na,A,"one\n', "cannot be read as CSV"),
    "latin": ("id,label,terms\na,Libellé,one\n".encode("cp1252"), "line 2: byte 0xe9 is not UTF-8"),
    "formula_text": (text(HEAD, ("a", "A", "=B1")), "line 2, column 3: a formula"),
    "too_large": (b"x" * (MOST_BYTES + 1), f"the maximum is {MOST_BYTES}"),
    "merged": (workbook(*BOOK, change=merged), "cells A2:A3 are merged"),
    "formula": (workbook(*BOOK, change=formula), "cell C3: a formula without a stored value"),
    "error_value": (workbook(HEAD, ("a", "A", "#REF!")), "cell C2: the error #REF!"),
    "date": (workbook(*BOOK, change=date), "cell C3: a date"),
    "two_sheets": (workbook(*BOOK, change=other_sheet), "several sheets have content (Sheet, B2B)"),
    "stray": (workbook(*BOOK, change=stray), "sheet Sheet reaches to cell XFD1048576"),
    "no_cells": (workbook(), "names no column of terms"),
    "no_zip": (b"PK\x03\x04 nothing", "is no workbook"),
    "password": (OLE + bytes(600), "has a password, or is an old .xls"),
    "cut": (workbook(*BOOK)[:-400], "is no workbook"),
}
WORKBOOKS = (
    "merged",
    "formula",
    "error_value",
    "date",
    "two_sheets",
    "stray",
    "no_cells",
    "no_zip",
    "password",
    "cut",
)


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_named_with_its_place(name: str) -> None:
    data, reason = BAD[name]
    with pytest.raises(Misconfigured) as caught:
        read("b2c.xlsx" if name in WORKBOOKS else "b2c.csv", data)
    assert caught.value.code == "glossary"
    assert reason in str(caught.value)
    assert str(caught.value).startswith("glossary b2c.")


def test_many_mistakes_are_counted_and_the_first_ones_named() -> None:
    rows = [(f"t{n}", "T", "") for n in range(9)]
    with pytest.raises(Misconfigured, match=r"line 2, .*line 6, .*; and 4 more$"):
        read("a.csv", text(HEAD, *rows))


def test_a_stored_value_of_a_formula_is_read() -> None:
    """openpyxl writes none: the value is put where a spreadsheet program puts it."""
    import io
    import zipfile

    def formula(sheet: Any) -> None:
        sheet["C2"] = '=LOWER("ONE")'

    source = io.BytesIO(workbook(HEAD, ("a", "A"), change=formula))
    target = io.BytesIO()
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            if name == "xl/worksheets/sheet1.xml":
                whole = data.replace(b'<c r="C2"><f>', b'<c r="C2" t="str"><f>')
                data = whole.replace(b"</f><v />", b"</f><v>one</v>").replace(
                    b"</f><v></v>", b"</f><v>one</v>"
                )
                assert data != whole, whole
            after.writestr(name, data)
    assert read("a.xlsx", target.getvalue()).topics[0].terms == ("one",)
