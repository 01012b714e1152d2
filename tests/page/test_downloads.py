"""What the menu of downloads gives."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import Page, expect

from earshot.settings import PROJECT
from tests.page.browsing import Windows
from tests.page.conftest import Served

pytestmark = pytest.mark.integration
SCHEMA = PROJECT / "docs" / "schemas" / "report.schema.json"


@pytest.fixture
def page(windows: Windows, served: Served) -> Page:
    made = windows.open(served.token, f"recordings/{served.demo}")
    expect(made.locator("[data-turn='t0']")).to_be_visible()
    return made


def downloaded(page: Page, entry: str) -> Path:
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as loaded:
        page.get_by_role("button", name=entry).click()
    return loaded.value.path()


def named(report: dict[str, Any], turn: dict[str, Any]) -> str:
    """The name of a turn's speaker as the page shows it."""
    speaker = next(each for each in report["speakers"] if each["id"] == turn["speaker"])
    return str(speaker["name"] or speaker["role"].capitalize())


def clock(ms: int) -> str:
    return f"{ms // 60_000}:{ms // 1000 % 60:02}"


def test_the_report_is_that_of_the_server(page: Page, served: Served) -> None:
    found = downloaded(page, "Report (JSON)").read_bytes()
    with served.client() as client:
        assert found == client.get(f"/recordings/{served.demo}/report").content
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(found))


def test_the_transcript_has_every_turn(page: Page, served: Served) -> None:
    report = served.report()
    found = downloaded(page, "Transcript (text)").read_text(encoding="utf-8")
    assert found.splitlines() == [
        f"[{clock(turn['start_ms'])}] {named(report, turn)}: {turn['text']}"
        for turn in report["turns"]
        if turn["text"]
    ]


def test_subtitles_have_every_word_in_order(page: Page, served: Served) -> None:
    report = served.report()
    found = downloaded(page, "Subtitles (WebVTT)").read_text(encoding="utf-8")
    assert found.startswith("WEBVTT\n\n")
    said = [
        line.split(">", 1)[1].removesuffix("</v>") for line in found.splitlines() if "<v " in line
    ]
    assert " ".join(said).split() == [
        word["text"] for turn in report["turns"] for word in turn["words"]
    ]
