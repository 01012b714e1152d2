"""Lanes, panels and transcript show what the API answers."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.browsing import Windows
from tests.page.conftest import Served

pytestmark = pytest.mark.integration


@pytest.fixture
def page(windows: Windows, served: Served) -> Page:
    made = windows.open(served.token, f"recordings/{served.demo}")
    expect(made.locator("[data-turn='t0']")).to_be_visible()
    return made


def clock(ms: int) -> str:
    minutes, rest = divmod(ms // 100, 600)
    return f"{minutes}:{rest // 10:02}.{rest % 10}"


def percent(share: float) -> str:
    return f"{int(share * 100 + 0.5)} %"


def part(share: float) -> str:
    return "<1 %" if 0 < share < 0.005 else percent(share)


def cells(page: Page, lane: str) -> list[list[str]]:
    """Texts of the table of a lane; a select has its chosen label."""
    group = page.locator(f"[data-lane='{lane}']")
    group.get_by_role("button", name="Table").click()
    return list(
        group.locator("tbody").evaluate(
            "body => [...body.rows].map(row => [...row.cells].map(cell =>"
            " cell.querySelector('select')?.selectedOptions[0].textContent ?? cell.textContent))"
        )
    )


def stretch(each: dict[str, Any]) -> list[str]:
    return [
        clock(each["start_ms"]),
        clock(each["end_ms"]),
        each["label"].replace("_", " "),
        percent(each["confidence"]),
    ]


def test_the_tables_of_the_lanes_have_the_numbers_of_the_report(page: Page, served: Served) -> None:
    report = served.report()
    assert cells(page, "scene") == [stretch(each) for each in report["scene"]]
    assert cells(page, "noise") == [stretch(each) for each in report["noise"]["timeline"]]
    assert cells(page, "sounds") == [stretch(each) for each in report["sounds"]]
    names = {each["id"]: each["role"].capitalize() for each in report["speakers"]}
    for lane in ("emotion", "sentiment"):
        wanted = [
            [
                clock(turn["start_ms"]),
                clock(turn["end_ms"]),
                names[turn["speaker"]],
                f"{turn[lane]['label']} {percent(turn[lane]['confidence'])}",
            ]
            for turn in report["turns"]
            if turn[lane]
        ]
        assert [row[:4] for row in cells(page, lane)] == wanted
    assert [row[2:] for row in cells(page, "speakers")] == [
        [names[turn["speaker"]], turn["text"]] for turn in report["turns"]
    ]


def test_the_rows_of_the_lanes_have_the_shares_of_the_report(page: Page, served: Served) -> None:
    report = served.report()
    total = report["recording"]["duration_ms"]
    spent: dict[str, int] = {}
    for each in report["scene"]:
        spent[each["label"]] = spent.get(each["label"], 0) + each["end_ms"] - each["start_ms"]
    shown = page.locator("[data-lane='scene'] .labels li").all_inner_texts()
    assert sorted(" ".join(each.split()) for each in shown) == sorted(
        f"{label} {part(ms / total)}" for label, ms in spent.items()
    )


def test_bars_are_where_the_stretches_are(page: Page, served: Served) -> None:
    """In the middle of each stretch of scene of a second and more, its row is drawn, and no other
    one."""
    report = served.report()
    total = report["recording"]["duration_ms"]
    order = page.locator("[data-lane='scene'] .labels li > span:first-child").all_inner_texts()
    shares = [
        (each["start_ms"] + each["end_ms"]) / 2 / total
        for each in report["scene"]
        if each["end_ms"] - each["start_ms"] >= 1000
    ]
    drawn = page.locator("[data-lane='scene'] canvas").evaluate(
        """(canvas, shares) => {
          const scale = canvas.width / canvas.clientWidth;
          const context = canvas.getContext('2d');
          const rows = canvas.clientHeight / 17;
          return shares.map((share) => Array.from({length: rows}, (_, row) => {
            const at = [share * canvas.clientWidth * scale, (row * 17 + 13) * scale];
            return context.getImageData(...at.map(Math.floor), 1, 1).data[3] > 0;
          }));
        }""",
        shares,
    )
    wanted = [
        [label == each["label"] for label in order]
        for each in report["scene"]
        if each["end_ms"] - each["start_ms"] >= 1000
    ]
    assert drawn == wanted


def test_doubtful_words_are_those_below_the_bound_of_the_report(page: Page, served: Served) -> None:
    report = served.report()
    bound = report["transcript_confidence"]["doubtful_below"]
    wanted = [
        word["text"]
        for turn in report["turns"]
        for word in turn["words"]
        if word["confidence"] < bound
    ]
    assert len(wanted) == report["transcript_confidence"]["doubtful"] > 0
    shown = page.locator(".said mark").all_inner_texts()
    assert shown == wanted
    page.keyboard.press("n")
    expect(page.locator(".said [aria-current='true']")).to_have_text(wanted[0])
    page.get_by_role("button", name="Mark doubtful words").click()
    expect(page.locator(".said mark")).to_have_count(0)


def test_what_is_not_reported_is_shown_with_its_reason(page: Page, served: Served) -> None:
    with served.client() as client:
        found = client.get(f"/recordings/{served.demo}/rejected").json()
    assert found["sounds"]
    page.get_by_role("button", name="Show what is not reported").click()
    page.locator("[data-lane='sounds']").get_by_role("button", name="Table").click()
    expect(page.locator("[data-lane='sounds'] tr.greyed")).to_have_count(len(found["sounds"]))
    text = page.locator("[data-lane='sounds'] tbody").inner_text()
    reasons = {"threshold": "An event must reach", "duration": "It lasts", "energy": "Fainter than"}
    for each in found["sounds"]:
        assert reasons[each["reason"]] in text


def test_classification_is_that_of_the_present_time(page: Page, served: Served) -> None:
    report = served.report()
    music = next(each for each in report["scene"] if each["label"] == "music")
    page.goto(page.url + f"?t={(music['start_ms'] + 500) / 1000}")
    page.reload()
    facts = page.locator("details", has_text="Audio Classification").locator("dd")
    expect(facts.first).to_have_text(f"music{percent(music['confidence'])}")
