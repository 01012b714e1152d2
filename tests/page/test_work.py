"""The whole way, by mouse and by keyboard alone: upload, look, seek, correct, analyse again, swap
roles, download, delete."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.page.browsing import WAIT_MS, Windows, tab_to
from tests.page.conftest import DEMO, Served

pytestmark = pytest.mark.integration
WRITTEN = "Good morning, thank you for calling the parcel service."


def test_by_mouse(windows: Windows, served: Served, tmp_path: Path) -> None:
    page = windows.open(served.stack.token("write", "mouse"))
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Upload recordings").click()
    chosen.value.set_files(DEMO)
    upload = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(upload.get_by_role("progressbar")).to_be_visible()
    expect(upload).to_contain_text("Complete", timeout=WAIT_MS)
    page.get_by_role("row", name="call.ogg").get_by_role("link", name="call.ogg").click()

    slider = page.get_by_role("slider", name="Position")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] / 2, "y": 10})
    expect(slider).to_have_attribute("aria-valuetext", "40 s, customer speaking")
    page.get_by_text("package", exact=True).first.click()
    expect(page.locator(".said [aria-current='true']", has_text="package")).to_be_visible()

    page.locator("[data-turn='t0']").get_by_role("button", name="Correct").click()
    page.get_by_role("textbox", name="Text").fill(WRITTEN)
    expect(page.get_by_role("group", name="Correct the turn")).to_contain_text("Saved at")
    page.get_by_role("button", name="Done").click()
    corrected_once(page)

    page.get_by_role("button", name="Analyse again").click()
    page.get_by_role("checkbox", name="Speech to text").check()
    page.get_by_role("dialog").get_by_role("button", name="Analyse again").click()
    analysed_twice(page)
    corrected_once(page)

    page.get_by_role("button", name="Swap roles").click()
    swapped(page)

    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as loaded:
        page.get_by_role("button", name="Report (JSON)").click()
    downloaded(loaded.value.path())

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("textbox", name="Type 1 to confirm").fill("1")
    page.get_by_role("button", name="Delete 1 recording").click()
    expect(page.get_by_text("No recordings yet.")).to_be_visible()


def test_by_keyboard(windows: Windows, served: Served, tmp_path: Path) -> None:
    page = windows.open(served.stack.token("write", "keys"))
    press = page.keyboard.press
    expect(page.get_by_text("No recordings yet.")).to_be_visible()
    tab_to(page, "Upload recordings")
    with page.expect_file_chooser() as chosen:
        press("Enter")
    chosen.value.set_files(DEMO)
    upload = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(upload).to_contain_text("Complete", timeout=WAIT_MS)
    expect(page.get_by_role("row", name="call.ogg")).to_be_visible()
    tab_to(page, "Select call.ogg")
    tab_to(page, "call.ogg")
    press("Enter")
    expect(page.get_by_role("heading", name="call.ogg")).to_be_focused()

    slider = page.get_by_role("slider", name="Position")
    tab_to(page, "Position")
    press("Home")
    for _ in range(8):
        press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "40 s, customer speaking")
    press("Home")
    press("Shift+ArrowRight")
    press("Shift+ArrowRight")
    press("]")
    expect(page.locator(".said [aria-current='true']")).to_have_text("you")

    press("e")
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    press("Control+a")
    page.keyboard.type(WRITTEN)
    expect(page.get_by_role("group", name="Correct the turn")).to_contain_text("Saved at")
    press("Escape")
    corrected_once(page)

    tab_to(page, "Analyse again", back=True)
    press("Enter")
    tab_to(page, "Speech to text")
    press("Space")
    tab_to(page, "Analyse again")
    press("Enter")
    analysed_twice(page)
    corrected_once(page)

    press("u")
    expect(page.locator("[data-turn='t0']")).not_to_contain_text("corrected")
    press("r")
    corrected_once(page)

    tab_to(page, "Swap roles")
    press("Enter")
    swapped(page)

    tab_to(page, "Download", back=True)
    press("Enter")
    tab_to(page, "Report (JSON)")
    with page.expect_download() as loaded:
        press("Enter")
    downloaded(loaded.value.path())

    tab_to(page, "Delete")
    press("Enter")
    page.keyboard.type("1")
    press("Enter")
    expect(page.get_by_text("No recordings yet.")).to_be_visible()


def corrected_once(page: Page) -> None:
    turn = page.locator("[data-turn='t0']")
    expect(turn.locator(".said")).to_have_text(WRITTEN)
    expect(turn).to_contain_text("corrected: text")


def analysed_twice(page: Page) -> None:
    expect(page.get_by_text("Sent for analysis")).to_be_visible()
    expect(page.get_by_text("analysed 2 times")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator(".state.complete")).to_be_visible(timeout=WAIT_MS)


def swapped(page: Page) -> None:
    expect(page.locator("[data-turn='t0'] .who")).to_have_text("Customer")
    expect(page.locator("[data-turn='t1'] .who")).to_have_text("Agent")


def downloaded(path: Path) -> None:
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["turns"][0]["text"] == WRITTEN
    assert report["turns"][0]["role"] == "customer"
    assert report["corrections"]["turns"]["t0"]
