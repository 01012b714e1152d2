"""The cells of a glossary's file: comma-separated values, or a workbook."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any, NamedTuple

from earshot.analysis.errors import one_line
from earshot.analysis.topics.glossary import MOST_BYTES, SUFFIXES, unreadable

DELIMITERS = (",", ";", "\t")
UNPACKED_BYTES = 200_000_000
MOST_CELLS = 1_000_000
"""Between the first cell of a sheet and its last, empty ones included: all are visited."""
OLE = b"\xd0\xcf\x11\xe0"
"""Beginning of an ``.xls`` file, and of a workbook with a password."""


class Cell(NamedTuple):
    """A cell with content, without space around it; its column counts from 0."""

    text: str
    column: int
    where: str


Row = list[Cell]


def rows(file: str, data: bytes) -> list[Row]:
    """The rows of a file that have any content.

    Args:
        file: its name; the suffix tells its kind.

    Raises:
        Misconfigured: ``glossary``, it is not such a file, or a cell of it is no text.
    """
    if len(data) > MOST_BYTES:
        raise unreadable(file, [f"has {len(data)} bytes, the maximum is {MOST_BYTES}"])
    if file.lower().endswith(".xlsx"):
        return _of_workbook(file, data)
    if file.lower().endswith(".csv"):
        return _of_values(file, data)
    raise unreadable(file, [f"its name must end in {' or '.join(SUFFIXES)}"])


def _of_values(file: str, data: bytes) -> list[Row]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise unreadable(
            file, [f"line {line}: byte {data[error.start]:#04x} is not UTF-8; save it as CSV UTF-8"]
        ) from error
    first = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    delimiter = max(DELIMITERS, key=first.count)
    found, width, problems = list[Row](), 0, list[str]()
    try:
        for line, values in _records(text, delimiter):
            row = [
                Cell(cell, column, f"line {line}, column {column + 1}")
                for column, value in enumerate(values)
                if (cell := value.strip())
            ]
            width = width or (len(values) if row else 0)
            if len(values) > width and any(cell.column >= width for cell in row):
                problems.append(
                    f"line {line}: {len(values)} cells, the header has {width};"
                    f' put quotes around a cell with a "{delimiter}"'
                )
            problems += [
                f"{cell.where}: a formula; write its text" for cell in row if cell.text[0] == "="
            ]
            found += [row] if row else []
    except csv.Error as error:
        problems.append(f"cannot be read as CSV: {one_line(error)}")
    if problems:
        raise unreadable(file, problems)
    return found


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for values in reader:
        yield line, values
        line = reader.line_num + 1


def _of_workbook(file: str, data: bytes) -> list[Row]:
    from openpyxl import load_workbook  # costs 15 MB, so only processes with a workbook import it

    _check_archive(file, data)
    try:
        written = load_workbook(io.BytesIO(data))
        values = load_workbook(io.BytesIO(data), data_only=True)
    except Exception as error:  # any error of the reader is a fault of the file
        raise unreadable(file, [f"cannot be read as a workbook: {one_line(error)}"]) from error
    for sheet in written.worksheets:
        if sheet.max_row * sheet.max_column > MOST_CELLS:
            last = sheet.dimensions.rpartition(":")[2]
            raise unreadable(
                file,
                [
                    f"sheet {sheet.title} reaches to cell {last}; delete what is behind"
                    " the last topic"
                ],
            )
    filled = [sheet for sheet in written.worksheets if any(_with_content(sheet))]
    if len(filled) > 1:
        names = ", ".join(sheet.title for sheet in filled)
        raise unreadable(file, [f"several sheets have content ({names}); keep one"])
    if not filled:
        return []
    (sheet,) = filled
    problems = [
        f"cells {each.coord} are merged; unmerge them, and fill in each"
        for each in sheet.merged_cells.ranges
    ]
    found, shown = list[Row](), values[sheet.title]
    for row in sheet.iter_rows():
        cells = Row()
        for cell in row:
            text, problem = _text(cell, shown[cell.coordinate])
            problems += [f"cell {cell.coordinate}: {problem}"] if problem else []
            cells += [Cell(text, cell.column - 1, f"cell {cell.coordinate}")] if text else []
        found += [cells] if cells else []
    if problems:
        raise unreadable(file, problems)
    return found


def _check_archive(file: str, data: bytes) -> None:
    if data.startswith(OLE):
        raise unreadable(
            file, ["has a password, or is an old .xls; save it as .xlsx without a password"]
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise unreadable(file, ["is no workbook (.xlsx)"]) from error
    if size > UNPACKED_BYTES:
        raise unreadable(file, [f"unpacks to {size} bytes, the maximum is {UNPACKED_BYTES}"])


def _with_content(sheet: Any) -> Iterator[Any]:
    return (cell for row in sheet.iter_rows() for cell in row if str(cell.value or "").strip())


def _text(cell: Any, shown: Any) -> tuple[str, str]:
    """Text of a cell, or what is wrong with it.

    Args:
        shown: the same cell with the value that the spreadsheet program stored last.
    """
    value = shown.value
    if cell.data_type == "f" and value is None:
        return (
            "",
            "a formula without a stored value; save the file in a spreadsheet program, or"
            + (" write the text"),
        )
    if shown.data_type == "e":
        return "", f"the error {value}"
    if isinstance(value, date | time | timedelta):
        return "", "a date; format the cell as text, and write it again"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return ("" if value is None else str(value).strip()), ""
