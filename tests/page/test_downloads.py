"""What the menu of downloads gives."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import webvtt
from axe_playwright_python.sync_playwright import Axe
from jsonschema import Draft202012Validator
from playwright.sync_api import Page, expect

from earshot.settings import PROJECT
from tests.page.browsing import Held, Windows, live
from tests.page.conftest import Served
from tests.page.planted import plant
from tests.page.test_correcting import correct

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


def test_the_menu_closes(page: Page) -> None:
    button, entry = page.locator(".menu summary"), page.get_by_role("button", name="Report (JSON)")
    button.click()
    expect(entry).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    page.get_by_role("heading", level=1).click()
    expect(entry).to_be_hidden()
    button.click()
    with page.expect_download():
        entry.click()
    expect(entry).to_be_hidden()


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
    words = [word["text"] for turn in report["turns"] for word in turn["words"]]
    text = downloaded(page, "Subtitles (WebVTT)").read_text(encoding="utf-8")
    captions = webvtt.from_string(text).captions
    assert " ".join(each.text for each in captions).split() == words
    voices = {str(each.voice) for each in captions}
    assert voices == {named(report, turn) for turn in report["turns"] if turn["words"]}


@pytest.mark.parametrize(
    ("entry", "query"),
    [
        ("Transcript (text)", "format=txt"),
        ("Subtitles (WebVTT)", "format=vtt"),
        ("Subtitles (SubRip)", "format=srt"),
        ("Speakers (RTTM)", "format=rttm"),
        ("Speakers (Praat)", "format=textgrid"),
        ("Table (CSV)", "format=csv&excel=true"),
    ],
)
def test_a_file_is_that_of_the_server(page: Page, served: Served, entry: str, query: str) -> None:
    found = downloaded(page, entry).read_bytes()
    with served.client() as client:
        answer = client.get(f"/recordings/{served.demo}/export?{query}")
    assert answer.status_code == 200
    assert found == answer.content


def test_the_page_needs_nothing_else(page: Page, windows: Windows, served: Served) -> None:
    report = served.report()
    file = downloaded(page, "Page (HTML)")
    opened = file.with_suffix(".html")
    opened.write_bytes(file.read_bytes())
    text = opened.read_text(encoding="utf-8")
    assert not re.search(r"<script|<link|<iframe|(src|href|action)=|url\(|@import", text)
    saved = page.context.new_page()
    asked: list[str] = []
    saved.on("request", lambda each: asked.append(each.url))
    saved.on("console", lambda each: windows.errors.append(each.text))
    saved.goto(opened.as_uri())
    assert asked == [opened.as_uri()]
    expect(saved.get_by_role("heading", level=1)).to_have_text("call.ogg")
    turns = saved.locator(".turns li")
    expect(turns).to_have_count(len(report["turns"]))
    for row, turn in zip(turns.all(), report["turns"], strict=True):
        head, said, found = row.locator("p").all_inner_texts()
        assert head == f"{clock(turn['start_ms'])} {named(report, turn)}"
        assert said == turn["text"]
        assert f"emotion {turn['emotion']['label']}" in found
    bound = report["transcript_confidence"]["doubtful_below"]
    doubtful = [
        word["text"]
        for turn in report["turns"]
        for word in turn["words"]
        if word["confidence"] < bound
    ]
    assert doubtful
    assert turns.locator("mark").all_inner_texts() == doubtful
    for lane in ("Scene", "Noise", "Sound events", "Emotion over time", "Speakers"):
        expect(saved.get_by_role("img", name=f"{lane} over time")).to_be_visible()
    expect(saved.get_by_role("img", name="Waveform")).to_be_visible()
    for summary in saved.locator("summary").all():
        summary.click()
    figures = saved.get_by_role("region", name="Figures of the conversation").locator("tbody tr")
    gaps = [one["response_gap"]["median_ms"] for one in report["conversation"]["participants"]]
    expect(figures.filter(has_text="Response gap")).to_contain_text(f"{gaps[0] / 1000:.1f} s")
    scene = saved.get_by_role("region", name="Table of Scene").locator("tbody tr")
    expect(scene).to_have_count(len(report["scene"]))
    result = Axe().run(saved, options={"resultTypes": ["violations"]})
    assert result.violations_count == 0, result.generate_report()
    saved.set_viewport_size({"width": 360, "height": 740})
    assert saved.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_page_is_of_one_edition(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, {**served.report(), "corrections": None})
    page = windows.open(served.token, f"recordings/{planted}", expected={409, 410})
    live(page)
    held = Held(page, "**/export.css")
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as loaded:
        page.get_by_role("button", name="Page (HTML)").click()
        held.came()
        correct(served, planted, 0, "Of another.")
        with served.client() as client:
            sent = client.post(
                f"/recordings/{planted}/corrections",
                json={"kind": "rename", "speaker": "s0", "name": "Ms. Miller"},
                headers={"If-Match": "*"},
            )
            assert sent.status_code == 201, sent.text
        expect(page.locator("[data-turn='t0'] .who")).to_have_text("Ms. Miller")
        held.let_go()
    opened = loaded.value.path().with_suffix(".html")
    opened.write_bytes(loaded.value.path().read_bytes())
    saved = page.context.new_page()
    saved.goto(opened.as_uri())
    expect(saved.locator(".turns li").first).to_contain_text("Ms. Miller")
    expect(saved.locator(".turns li").first).to_contain_text("Of another.")
    for made in ("Of another.", "Ms. Miller"):
        expect(saved.get_by_role("region", name="Corrections")).to_contain_text(made)


def test_markup_stays_text_in_the_page(windows: Windows, served: Served) -> None:
    markup = "</style><script>alert(1)</script><img src=x onerror=alert(1)>"
    report = {**served.report(), "corrections": None}
    report["turns"][0] |= {"text": markup, "words": []}
    report["speakers"][0]["name"] = markup
    planted = plant(served.stack, report, f"{markup}.wav")
    page = windows.open(served.token, f"recordings/{planted}", expected={409, 410})
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    file = downloaded(page, "Page (HTML)")
    opened = file.with_suffix(".html")
    opened.write_bytes(file.read_bytes())
    saved = page.context.new_page()
    saved.on("dialog", lambda each: windows.errors.append(each.message))
    saved.goto(opened.as_uri())
    assert saved.locator("script, img").count() == 0
    expect(saved.get_by_role("heading", level=1)).to_have_text(f"{markup}.wav")
    expect(saved.locator(".turns li").first).to_contain_text(markup)
