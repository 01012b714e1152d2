"""Sentiment, topics and categories with what they rest on, on the page and in its export."""

import json

import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import expect

from tests.page.browsing import GONE, Windows
from tests.page.conftest import Served
from tests.page.planted import about, plant, scored, silent, without_corrections
from tests.page.test_access import SCHEMES, faultless
from tests.page.test_downloads import SCHEMA, downloaded

pytestmark = pytest.mark.integration
OPPOSED = "voice positive 80 % · words negative 71 % · both negative 45 % · words and voice opposed"
UNSURE = "voice positive 80 % · words neutral 45 % · both positive 80 % (voice alone)"
OUTDATED = "voice positive 80 % · words not scored"
SPEAKERS = (
    "voice positive 80 % · words negative 71 % · both negative 45 %"
    " · words and voice opposed in 2 turns",
    "voice positive 80 % · words not scored: one word · both positive 80 % (voice alone)",
)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_topics_and_categories(windows: Windows, served: Served, scheme: str) -> None:
    report = about(without_corrections(served.report()))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(report)
    planted = plant(served.stack, report)
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE, color_scheme=scheme)
    topic = page.get_by_role("region", name="Delivery <b>")
    expect(topic.get_by_role("heading")).to_have_text("Delivery <b> 7 mentions")
    expect(topic.get_by_role("listitem")).to_have_count(5)
    faultless(page, "topics and categories")
    topic.get_by_role("button", name="Show all 7 of Delivery <b>").click()
    expect(topic.get_by_role("listitem")).to_have_count(7)
    mention = report["topics"]["topics"][0]["mentions"][0]
    who = mention["role"].capitalize()
    expect(topic.get_by_role("listitem").first).to_contain_text(f"{who}: {mention['text']} exact")
    near = page.get_by_role("region", name="Billing").get_by_role("listitem")
    expect(near).to_contain_text(f"{who}: direct debbit approximate, 91 % of “direct debit”")
    expect(page.get_by_text("Le client attend un colis.")).to_have_attribute("lang", "fr")

    rule = page.get_by_role("region", name="cancellation")
    expect(rule.get_by_role("heading")).to_have_text(
        "cancellation version 3, 9 matches, the first 4 here"
    )
    words = [
        each["text"]
        for each in next(each for each in report["turns"] if each["id"] == mention["turn"])[
            "words"
        ][:2]
    ]
    said = [" ".join(words), "sentiment negative 71 %", "silence 4.5 s", "Agent: not found: words"]
    for place, text in zip(rule.get_by_role("listitem").all(), said, strict=True):
        expect(place).to_contain_text(text)
    rule.get_by_role("button", name="Play from 0:20").click()
    expect(page.get_by_role("slider", name="Position")).to_have_attribute("aria-valuenow", "20")

    if scheme == SCHEMES[0]:
        file = downloaded(page, "Page (HTML)")
        opened = file.with_suffix(".html")
        opened.write_bytes(file.read_bytes())
        saved = page.context.new_page()
        saved.goto(opened.as_uri())
        topics = saved.get_by_role("region", name="Topics").locator("tbody tr")
        expect(topics).to_have_count(8)
        expect(topics.first).to_contain_text(f"“{mention['text']}”")
        rules = saved.get_by_role("region", name="Categories").locator("tbody tr")
        for row, text in zip(rules.all(), said[:3], strict=False):
            expect(row).to_contain_text(text)
        faultless(saved, "export")


def test_without_any_there_are_no_panels(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, silent(without_corrections(served.report())))
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    expect(page.get_by_text("Audio Classification")).to_be_visible()
    for name in ("Topics", "Categories"):
        expect(page.get_by_role("heading", name=name)).to_be_hidden()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_sentiments_of_turns_and_speakers(windows: Windows, served: Served, scheme: str) -> None:
    planted = plant(served.stack, scored(without_corrections(served.report())))
    page = windows.open(
        served.token, f"recordings/{planted}", expected=GONE, color_scheme=scheme, size=(1440, 2000)
    )
    for turn, said in enumerate((OPPOSED, UNSURE, OUTDATED)):
        mood = page.locator(f"[data-turn='t{turn}'] .mood > span").first
        expect(mood).to_contain_text(f" · {said}")
        assert mood.inner_text().endswith(said)
    expect(page.locator("[data-turn='t3'] .mood > span").first).not_to_contain_text("words")
    title = page.locator("[data-turn='t2'] .mood [title='the scores are of older words']")
    expect(title).to_have_text("words not scored")
    for place, said in enumerate(SPEAKERS):
        expect(page.locator(".voices .mean").nth(place)).to_have_text(f"Sentiment: {said}")
    faultless(page, "sentiments")
    if scheme == SCHEMES[0]:
        file = downloaded(page, "Page (HTML)")
        opened = file.with_suffix(".html")
        opened.write_bytes(file.read_bytes())
        saved = page.context.new_page()
        saved.goto(opened.as_uri())
        expect(saved.locator(".turns li").first).to_contain_text(OPPOSED)
        rows = saved.get_by_role("region", name="Speakers").locator("tbody tr")
        for place, said in enumerate(SPEAKERS):
            expect(rows.nth(place)).to_contain_text(said.replace(" · ", ", "))
