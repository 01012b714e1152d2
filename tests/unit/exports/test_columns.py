"""Parquet and the table are read back by pandas, DuckDB and openpyxl: the words NA and null stay
words, and what is not known stays unknown."""

import io
from pathlib import Path

import duckdb
import openpyxl
import pandas
import pytest
from pyarrow import parquet as files

from earshot.analysis.report.report import SCHEMA_VERSION, Report
from earshot.exports.formats import exported
from earshot.exports.table import COLUMNS
from tests.unit.exports.calls import CALLS, report, speaker, turn

WORDS = ("NA", "null", "None", "nan", "#N/A", "=1+1", '"', "a,b", "")
SAID = report(
    [
        turn(n, text, n * 1000, n * 1000 + 900, None, n % 2, ("agent", "customer")[n % 2])
        for n, text in enumerate(WORDS)
    ],
    [speaker(0, None, "agent"), speaker(1, None, "customer")],
    "NA.wav",
)
ALONE = report([turn(0, "NA", 0, 900, None, 0, "customer")], [speaker(0, None, "customer")], "null")
EVERY = [*CALLS.values(), SAID, ALONE]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parquet") / "calls.parquet"
    path.write_bytes(exported([each.model_dump(mode="json") for each in EVERY], "parquet"))
    return path


def test_pandas_reads_each_call_and_its_turns(written: Path) -> None:
    frame = pandas.read_parquet(written)
    assert list(frame["file_name"]) == [each.recording.file_name for each in EVERY]
    assert set(COLUMNS) < set(frame.columns)
    assert [[one["text"] for one in turns] for turns in frame["turns"]] == [
        [one.text for one in each.turns] for each in EVERY
    ]
    last = frame.iloc[-1]
    assert (last["client_transcription"], last["file_name"]) == ("NA", "null")
    assert last["agent_transcription"] is None or pandas.isna(last["agent_transcription"])
    assert Report.model_validate_json(last["report"]) == ALONE


def test_duckdb_reads_turns_as_rows(written: Path) -> None:
    rows = duckdb.execute(
        "SELECT file_name, turn.text, turn.role FROM (SELECT file_name, unnest(turns) AS turn"
        " FROM read_parquet(?)) WHERE file_name = 'NA.wav'",
        [str(written)],
    ).fetchall()
    assert [text for _, text, _ in rows] == list(WORDS)
    assert {role for _, _, role in rows} == {"agent", "customer"}


def test_the_file_states_its_versions(written: Path) -> None:
    metadata = files.read_schema(written).metadata
    assert metadata[b"earshot.parquet_version"] == b"1.0"
    assert metadata[b"earshot.report_version"] == SCHEMA_VERSION.encode()


@pytest.mark.parametrize("excel", [False, True])
def test_the_table_survives_a_sheet(tmp_path: Path, excel: bool) -> None:
    """The table as pandas reads it, written by openpyxl and read again."""
    text = exported([ALONE.model_dump(mode="json")], "csv", excel=excel).decode("utf-8-sig")
    frame = pandas.read_csv(io.StringIO(text), keep_default_na=False)
    sheet = tmp_path / "calls.xlsx"
    frame.to_excel(sheet, engine="openpyxl", index=False)
    header, row = openpyxl.load_workbook(sheet).active.iter_rows(values_only=True)
    assert header == COLUMNS
    assert (row[0], row[1], row[3]) == ("null", "NA", "NA")
    again = pandas.read_excel(sheet, keep_default_na=False)
    assert list(again["client_transcription"]) == ["NA"]
    assert list(again["agent_transcription"]) == [""]
