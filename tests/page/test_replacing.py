"""Words are replaced everywhere in a recording, counted before, and taken back in one step."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.page.browsing import Held, Windows, live
from tests.page.conftest import Served
from tests.page.planted import plant, without_corrections
from tests.page.test_correcting import correct

pytestmark = pytest.mark.integration
TEXTS = [
    "The parcel, the Parcel and the parcels.",
    "A parcel's number is parcel-7.",
    "Nothing here.",
    "Parcel service: $1 a parcel",
]
BY = [
    "The box, the box and the parcels.",
    "A parcel's number is box-7.",
    "Nothing here.",
    "box service: $1 a box",
]


@pytest.fixture
def planted(served: Served) -> str:
    report = without_corrections(served.report())
    turns: list[dict[str, Any]] = [dict(turn) for turn in report["turns"][: len(TEXTS)]]
    for turn, text in zip(turns, TEXTS, strict=True):
        turn |= {"text": text, "words": []}
    return plant(served.stack, {**report, "turns": turns})


@pytest.fixture
def page(windows: Windows, served: Served, planted: str) -> Page:
    made = windows.open(served.token, f"recordings/{planted}", expected={409, 410, 412})
    expect(made.locator("[data-turn='t0']")).to_be_visible()
    live(made)
    return made


def asked(page: Page, find: str, by: str) -> Locator:
    page.get_by_role("button", name="Replace words").click()
    dialog = page.get_by_role("dialog", name="Replace words")
    expect(dialog.get_by_label("Find")).to_be_focused()
    dialog.get_by_label("Find").fill(find)
    dialog.get_by_label("Replace with").fill(by)
    return dialog


def texts(served: Served, recording: str) -> list[str]:
    return [turn["text"] for turn in served.report(recording)["turns"]]


def test_whole_words_are_counted_replaced_and_undone_at_once(
    page: Page, served: Served, planted: str
) -> None:
    dialog = asked(page, "parcel", "box")
    expect(dialog).to_contain_text("5 places in 3 turns.")
    dialog.get_by_label("Match upper and lower case").check()
    expect(dialog).to_contain_text("3 places in 3 turns.")
    dialog.get_by_label("Match upper and lower case").uncheck()
    dialog.get_by_role("button", name="Replace 5").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-turn='t0'] .said")).to_have_text(BY[0])
    assert texts(served, planted) == BY
    expect(page.get_by_role("region", name="Corrections")).to_contain_text("3 corrected turns")

    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("[data-turn='t0'] .said")).to_have_text(TEXTS[0])
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Revert all")).to_be_disabled()
    assert texts(served, planted) == TEXTS
    page.get_by_role("button", name="Redo", exact=True).click()
    expect(page.locator("[data-turn='t0'] .said")).to_have_text(BY[0])
    assert texts(served, planted) == BY


def test_words_are_removed_but_not_all_of_a_turn(page: Page, served: Served, planted: str) -> None:
    dialog = asked(page, "nothing here.", "")
    expect(dialog).to_contain_text("1 turn would have no word left and is not changed.")
    expect(dialog.get_by_role("button", name="Remove", exact=True)).to_be_disabled()
    dialog.get_by_label("Find").fill("here.")
    dialog.get_by_role("button", name="Remove 1", exact=True).click()
    expect(dialog).to_be_hidden()
    assert texts(served, planted)[2] == "Nothing"


def test_what_another_person_corrects_meanwhile_is_kept(
    page: Page, served: Served, planted: str
) -> None:
    dialog = asked(page, "the", "this")
    held = Held(page, "**/corrections")
    dialog.get_by_role("button", name="Replace 3").click()
    held.came()
    correct(served, planted, 2, "Of the other person.")
    held.let_go()
    expect(dialog).to_be_hidden()
    assert texts(served, planted)[0] == "this parcel, this Parcel and this parcels."
    assert texts(served, planted)[2] == "Of this other person."


def test_several_words_and_characters_of_patterns_are_text(
    page: Page, served: Served, planted: str
) -> None:
    dialog = asked(page, "$1 a", "$& (.*)")
    expect(dialog).to_contain_text("1 place in 1 turn.")
    dialog.get_by_role("button", name="Replace 1").click()
    expect(dialog).to_be_hidden()
    assert texts(served, planted)[3] == "Parcel service: $& (.*) parcel"
    dialog = asked(page, "parcel-7", "a/b-[c]")
    expect(dialog).to_contain_text("1 place in 1 turn.")
    dialog.get_by_role("button", name="Replace 1").click()
    expect(dialog).to_be_hidden()
    assert texts(served, planted)[1] == "A parcel's number is a/b-[c]."
    dialog = asked(page, "a/b-[c]", "x")
    expect(dialog).to_contain_text("1 place in 1 turn.")
    dialog.get_by_label("Find").fill("arcel")
    expect(dialog).to_contain_text("None.")
    expect(dialog.get_by_role("button", name="Replace")).to_be_disabled()


def test_an_undo_that_is_refused_midway_is_continued(
    page: Page, windows: Windows, served: Served, planted: str
) -> None:
    windows.expected.add("responded with a status of 500 ")
    dialog = asked(page, "parcel", "box")
    dialog.get_by_role("button", name="Replace 5").click()
    expect(dialog).to_be_hidden()
    seen: list[str] = []

    def second_is_refused(route: Route) -> None:
        seen.append(route.request.url)
        if len(seen) == 2:
            route.fulfill(status=500)
        else:
            route.continue_()

    page.route("**/corrections/*", second_is_refused)
    undo = page.get_by_role("button", name="Undo", exact=True)
    undo.click()
    expect(page.get_by_role("region", name="Corrections")).to_contain_text("Not done")
    assert texts(served, planted) == [*BY[:3], TEXTS[3]]
    undo.click()
    expect(page.locator("[data-turn='t0'] .said")).to_have_text(TEXTS[0])
    expect(undo).to_be_disabled()
    assert texts(served, planted) == TEXTS
