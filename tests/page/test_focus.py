"""What is drawn anew keeps the focus, and what did not change is not drawn anew."""

import pytest
from playwright.sync_api import Page, expect

from tests.page.browsing import GONE, Windows, focused, live
from tests.page.conftest import Served
from tests.page.planted import plant, silent, without_corrections
from tests.page.test_correcting import correct

pytestmark = pytest.mark.integration
MARK = "each => { each.dataset.seen = 'yes'; }"


@pytest.fixture
def planted(served: Served) -> str:
    return plant(served.stack, without_corrections(served.report()), "focus.wav")


def test_a_row_of_the_list_stays_while_others_come_and_go(
    windows: Windows, served: Served, planted: str
) -> None:
    other = plant(served.stack, silent(served.report()), "goes.wav")
    page = windows.open(served.token, expected=GONE)
    live(page)
    link = page.locator(f"[data-id='{planted}']").get_by_role("link")
    expect(page.get_by_role("row", name="goes.wav")).to_be_visible()
    link.focus()
    link.evaluate(MARK)
    later = plant(served.stack, silent(served.report()), "comes.wav")
    served.delete(other)
    expect(page.get_by_role("row", name="goes.wav")).to_have_count(0)
    expect(page.get_by_role("row", name="comes.wav")).to_be_visible()
    expect(link).to_be_focused()
    expect(link).to_have_attribute("data-seen", "yes")
    page.locator(f"[data-id='{later}']").get_by_role("checkbox").focus()
    served.delete(later)
    expect(page.get_by_role("row", name="comes.wav")).to_have_count(0)
    assert focused(page).startswith("Select ")  # that of the next row


@pytest.mark.parametrize(
    "selector",
    [
        "[data-edit='t0']",
        "[data-lane='speakers'] [aria-pressed]",
        "[data-speaker='s0'] select",
        "[data-speaker='s1'] input",
        ".recording-head .danger",
    ],
)
def test_a_control_keeps_the_focus_while_another_person_corrects(
    page: Page, served: Served, planted: str, selector: str
) -> None:
    page.locator(selector).focus()
    before = focused(page)
    correct(served, planted, 1, "Of another.")
    expect(page.locator("[data-turn='t1'] .said")).to_have_text("Of another.")
    expect(page.locator("[data-lane='speakers'] canvas")).to_be_visible()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert focused(page) == before


def test_lanes_that_did_not_change_are_not_drawn_anew(
    page: Page, served: Served, planted: str
) -> None:
    scene = page.locator("[data-lane='scene'] canvas")
    scene.evaluate(MARK)
    speakers = page.locator("[data-lane='speakers'] canvas")
    speakers.evaluate(MARK)
    correct(served, planted, 1, "Of another.")
    expect(speakers).not_to_have_attribute("data-seen", "yes")
    expect(scene).to_have_attribute("data-seen", "yes")
