"""A report in every format, through the command and over HTTP: with corrections and without."""

import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pandas
import pysubs2
import pytest

from earshot.exports.formats import exported
from earshot.exports.kinds import FORMATS, MEDIA_TYPES, SUFFIXES, Format
from tests.page.planted import plant
from tests.servers import Stack
from tests.unit.exports.calls import CALLS, QUOTED

pytestmark = pytest.mark.integration
NAME = 'Müller "7"; call.wav'
WRITTEN = "null & <b>void</b>"


@pytest.fixture(scope="module")
def call(door: Stack) -> str:
    """A recording whose report has awkward content, of which a person corrected a turn."""
    report = CALLS["markup"].model_dump(mode="json")
    for each in report["speakers"]:
        each["name"] = None
    made = plant(door, report, NAME)
    with httpx2.Client(
        base_url=door.settings["GATEWAY_URL"],
        headers={"Authorization": f"Bearer {door.token()}"},
        trust_env=False,
        timeout=60,
    ) as client:
        place = {"channel": 1, "start_ms": 8_000, "end_ms": 16_000}
        for change in (
            {"kind": "text", "turn": place, "text": WRITTEN},
            {"kind": "rename", "speaker": "s1", "name": QUOTED},
        ):
            edition = client.get(f"/recordings/{made}/report").headers["etag"]
            answer = client.post(
                f"/recordings/{made}/corrections", json=change, headers={"If-Match": edition}
            )
            assert answer.status_code == 201, answer.text
    return made


@pytest.fixture
def reader(client: Any) -> httpx2.Client:
    made: httpx2.Client = client("read")
    return made


def report(reader: httpx2.Client, recording: str, layer: str) -> dict[str, Any]:
    return dict(reader.get(f"/recordings/{recording}/report", params={"layer": layer}).json())


@pytest.mark.parametrize("format_", FORMATS)
def test_command_and_http_write_the_same(
    door: Stack, reader: httpx2.Client, call: str, tmp_path: Path, format_: Format
) -> None:
    corrected, model = (
        exported([report(reader, call, layer)], format_) for layer in ("corrected", "model")
    )
    path = f"/recordings/{call}/export"
    answer = reader.get(path, params={"format": format_})
    assert answer.status_code == 200, answer.text
    assert answer.content == corrected
    assert answer.headers["content-type"].split(";")[0] == MEDIA_TYPES[format_]
    assert answer.headers["etag"] == reader.get(f"/recordings/{call}/report").headers["etag"]
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="M_ller _7__ call.{SUFFIXES[format_]}";'
        f" filename*=UTF-8''M%C3%BCller%20%227%22%3B%20call.{SUFFIXES[format_]}"
    )
    answered = reader.get(path, params={"format": format_, "layer": "model"})
    assert answered.content == model
    assert model != corrected

    if format_ != "parquet":
        printed = door.earshot("export", call[:8], "--format", format_)
        assert (printed.returncode, printed.stderr) == (0, "")
        assert printed.stdout == corrected.decode().replace("\r\n", "\n")  # as text is read
    again = door.earshot("export", call, "--format", format_, "--uncorrected", "--out", tmp_path)
    assert again.returncode == 0, again.stderr
    [file] = tmp_path.iterdir()
    assert file.name == f'Müller "7"; call-{call[:8]}.{SUFFIXES[format_]}'
    assert file.read_bytes() == model


def test_what_a_person_wrote_is_read(reader: httpx2.Client, call: str) -> None:
    path = f"/recordings/{call}/export"
    rows = pandas.read_csv(
        io.BytesIO(reader.get(path, params={"format": "csv"}).content), keep_default_na=False
    )
    assert list(rows["client_transcription"]) == [WRITTEN]
    subtitles = reader.get(path, params={"format": "srt"}).content.decode()
    shown = [each.plaintext for each in pysubs2.SSAFile.from_string(subtitles, format_="srt")]
    assert " ".join(shown).replace("\u2060", "").endswith(WRITTEN)
    assert f"{QUOTED}: {WRITTEN}" in reader.get(path, params={"format": "txt"}).text


def test_several_recordings_are_a_table(door: Stack, call: str, tmp_path: Path) -> None:
    other = plant(door, CALLS["no speech"].model_dump(mode="json"), "=1.wav")
    failed = plant(door, None, error_code="no_audio", error_detail="it has no audio")
    made = door.earshot("export", call, other, failed, call, "--format", "csv", "--excel")
    assert made.returncode == 1
    assert "no_audio: it has no audio" in made.stderr
    assert made.stdout.startswith("\ufeff")
    rows = pandas.read_csv(io.StringIO(made.stdout.removeprefix("\ufeff")), keep_default_na=False)
    assert list(rows["file_name"]) == [NAME, "'=1.wav"]
    for arguments, advice in (
        ((call, other, "--format", "srt"), "--out"),
        ((call, "--format", "vtt", "--excel"), "csv"),
    ):
        refused = door.earshot("export", *arguments)
        assert refused.returncode != 0
        assert advice in refused.stderr
    nowhere = tmp_path / "file"
    nowhere.touch()
    lost = door.earshot("export", call, "--format", "txt", "--out", nowhere)
    assert lost.returncode != 0
    assert "cannot be written" in lost.stderr


def test_what_cannot_be_exported_is_answered_as_its_report(
    door: Stack, reader: httpx2.Client, client: Any, call: str
) -> None:
    failed = plant(door, None, error_code="no_audio", error_detail="it has no audio")
    deleted = plant(door, CALLS["no speech"].model_dump(mode="json"))
    assert client("write").delete(f"/recordings/{deleted}?search=false").status_code < 300
    for recording in (failed, deleted, str(uuid4()), "x"):
        refused = reader.get(f"/recordings/{recording}/export?format=srt")
        expected = reader.get(f"/recordings/{recording}/report")
        assert refused.status_code == expected.status_code
        assert refused.json()["code"] == expected.json()["code"]
    other = client("read", "zeta").get(f"/recordings/{call}/export?format=srt")
    assert other.status_code == 404
    for query in ("", "?format=doc", "?format=srt&excel=true", "?format=srt&layer=both"):
        assert reader.get(f"/recordings/{call}/export{query}").status_code == 422, query


def test_exported_files_go_with_their_recording(door: Stack, tmp_path: Path) -> None:
    made = plant(door, CALLS["scripts"].model_dump(mode="json"), "gone.wav")
    out = tmp_path / "exports"
    for format_ in FORMATS:
        assert door.earshot("export", made, "--format", format_, "--out", out).returncode == 0
    assert len(list(out.iterdir())) == len(FORMATS)
    assert door.earshot("delete", made, "--yes").returncode == 0
    assert list(out.iterdir()) == []
