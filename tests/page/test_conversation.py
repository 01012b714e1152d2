"""The figures of the conversation are those of the API, in their units, and follow corrections."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.browsing import GONE, Windows
from tests.page.conftest import Served
from tests.page.planted import plant, silent, without_corrections
from tests.page.test_lanes import clock, part

pytestmark = pytest.mark.integration


def shown(page: Page) -> dict[str, list[str]]:
    rows = page.locator(".figures tbody tr").evaluate_all(
        "rows => rows.map(row => [row.dataset.figure,"
        " [...row.querySelectorAll('td')].map(cell => cell.textContent)])"
    )
    return dict(rows)


def seconds(ms: int | None) -> str:
    return "–" if ms is None else f"{int(ms / 100 + 0.5) / 10:.1f} s"


def expected(people: list[dict[str, Any]]) -> dict[str, list[str]]:
    def each(value: Any) -> list[str]:
        return [value(one) for one in people]

    return {
        "talk": each(lambda one: f"{clock(one['talk_ms'])}, {part(one['talk_of_call'])}"),
        "listen": each(lambda one: f"{clock(one['listen_ms'])}, {part(one['listen_of_call'])}"),
        "longest_monologue": each(lambda one: clock(one["longest_monologue_ms"])),
        "response_gap": each(lambda one: seconds(one["response_gap"]["median_ms"])),
        "interruptions": each(lambda one: str(one["interruptions"])),
        "back_channels": each(lambda one: str(one["back_channels"])),
        "first_speech": each(lambda one: clock(one["first_speech_ms"])),
    }


def test_figures_are_those_of_the_report_and_follow_a_swap(
    page: Page, served: Served, planted: str
) -> None:
    people = served.report(planted)["conversation"]["participants"]
    heads = page.locator(".figures thead th")
    expect(heads).to_have_text(["Figure", *(one["name"].capitalize() for one in people)])
    assert expected(people).items() <= shown(page).items()
    panel = page.locator("details", has=page.get_by_role("heading", name="Conversation"))
    expect(panel).to_contain_text("Speakers by channel.")
    panel.get_by_text("What the figures mean").click()
    expect(panel.get_by_text("Union of the participant's speech")).to_be_visible()

    page.get_by_role("checkbox", name="Also for later recordings of its source").check()
    page.get_by_role("button", name="Swap roles").click()
    expect(page.get_by_text("Saved at")).to_be_visible()
    with served.client() as client:
        [made] = client.get("/remembered-roles").json()["items"]
        assert made["roles"] == served.report(planted)["recording"]["roles"]
        assert client.delete(f"/remembered-roles/{made['id']}").status_code == 204
    swapped = served.report(planted)["conversation"]["participants"]
    assert [one["name"] for one in swapped] != [one["name"] for one in people]
    expect(heads).to_have_text(["Figure", *(one["name"].capitalize() for one in swapped)])
    assert expected(swapped).items() <= shown(page).items()
    expect(panel.get_by_text("Union of the participant's speech")).to_be_visible()


def test_without_separated_speakers_there_are_figures_of_the_call(
    windows: Windows, served: Served
) -> None:
    report = without_corrections(served.report())
    report["conversation"] |= {"source": "mixed", "participants": []}
    page = windows.open(served.token, f"recordings/{plant(served.stack, report)}", expected=GONE)
    expect(page.get_by_text("Speakers are not separated")).to_be_visible()
    expect(page.locator(".figures")).to_have_count(0)
    total = report["conversation"]["total"]
    assert f"silence {clock(total['silence_ms'])}" in page.locator(".panel.wide").inner_text()


def test_a_recording_without_speech_has_no_figures(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, silent(without_corrections(served.report())))
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    expect(page.get_by_text("Audio Classification")).to_be_visible()
    expect(page.get_by_role("heading", name="Conversation")).to_be_hidden()
