"""Each kind of correction by the page, also while a recording is analysed again, and conflicts."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.browsing import GONE, Windows, becomes, live
from tests.page.conftest import Served
from tests.page.planted import analysed_anew, plant, set_state, without_corrections
from tests.page.test_correcting import correct, opened

pytestmark = pytest.mark.integration


def saved(page: Page) -> None:
    expect(page.get_by_role("group", name="Correct the turn")).to_contain_text("Saved at")


def select(page: Page, name: str) -> Locator:
    """A select of the panel: the text of its label has its options, too."""
    label = page.get_by_role("group", name="Correct the turn").locator("label", has_text=name)
    return label.first.locator("select")


def test_a_name_is_shown_wherever_the_speaker_is(page: Page, served: Served, planted: str) -> None:
    box = page.locator("[data-speaker='s0'] input")
    box.fill("Ms. Miller")
    box.press("Enter")
    expect(page.locator("[data-turn='t0'] .who")).to_have_text("Ms. Miller")
    expect(page.locator("[data-lane='speakers'] .labels li").first).to_contain_text("Ms. Miller")
    expect(box).to_be_focused()
    assert served.report(planted)["speakers"][0]["name"] == "Ms. Miller"
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("[data-turn='t0'] .who")).to_have_text("Agent")


def test_a_name_that_is_refused_stays_in_its_field(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, without_corrections(served.report()))
    page = windows.open(served.stack.token("read"), f"recordings/{planted}", expected={*GONE, 403})
    live(page)
    box = page.locator("[data-speaker='s0'] input")
    box.fill("Ms. Miller")
    box.blur()
    expect(page.get_by_role("region", name="Speakers")).to_contain_text("Not saved")
    expect(box).to_have_value("Ms. Miller")
    correct(served, planted, 1, "The event that draws it anew.")
    expect(page.locator("[data-turn='t1']")).to_contain_text("corrected: text")
    expect(box).to_have_value("Ms. Miller")


def test_speakers_that_are_one_are_merged(page: Page, served: Served, planted: str) -> None:
    page.get_by_label("Merge Customer with").select_option("s0")
    expect(page.locator("[data-turn='t1'] .who")).to_have_text("Agent")
    expect(page.locator("[data-speaker]")).to_have_count(1)
    assert {turn["speaker"] for turn in served.report(planted)["turns"]} == {"s0"}
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("[data-speaker]")).to_have_count(2)


def test_a_turn_is_of_another_speaker(page: Page, served: Served, planted: str) -> None:
    opened(page, "t1")
    box = select(page, "Speaker")
    box.select_option(label="Another speaker")
    saved(page)
    expect(page.locator("[data-speaker]")).to_have_count(3)
    made = served.report(planted)["turns"][1]["speaker"]
    assert made not in ("s0", "s1")
    expect(box).to_have_value(made)
    expect(box.locator("option")).to_have_count(4)
    box.select_option("s1")
    expect(page.locator("[data-turn='t1'] .who")).to_have_text("Customer")


def test_times_of_a_turn(page: Page, served: Served, planted: str) -> None:
    turn = served.report(planted)["turns"][1]
    opened(page, "t1")
    page.get_by_label("Start", exact=True).fill("0:06.000")
    page.get_by_label("Start", exact=True).press("Enter")
    page.get_by_label("Start", exact=True).blur()
    saved(page)
    now = served.report(planted)["turns"][1]
    assert (now["start_ms"], now["end_ms"]) == (6000, turn["end_ms"])
    end = page.get_by_label("End", exact=True)
    end.fill("0:05")
    end.blur()
    expect(page.get_by_role("group", name="Correct the turn")).to_contain_text("Times are m:ss.mmm")
    assert served.report(planted)["turns"][1]["end_ms"] == turn["end_ms"]


def test_emotion_of_a_turn(page: Page, served: Served, planted: str) -> None:
    opened(page, "t1")
    select(page, "Emotion").select_option("frustrated")
    saved(page)
    expect(page.locator("[data-turn='t1']").last).to_contain_text("corrected: emotion")
    assert served.report(planted)["turns"][1]["emotion"]["label"] == "frustrated"


def test_sentiment_of_a_turn_is_confirmed_and_corrected(
    page: Page, served: Served, planted: str
) -> None:
    opened(page, "t1")
    before = served.report(planted)["turns"][1]["sentiment"]["label"]
    page.get_by_role("button", name="Confirm sentiment").click()
    saved(page)
    assert served.report(planted)["corrections"]["turns"] == {"t1": ["sentiment"]}
    expect(select(page, "Sentiment")).to_have_value(before)
    other = "positive" if before == "negative" else "negative"
    select(page, "Sentiment").select_option(other)
    becomes(page, lambda: served.report(planted)["turns"][1]["sentiment"]["label"] == other)
    expect(page.locator("[data-turn='t1']").last).to_contain_text("corrected: sentiment")


@pytest.mark.parametrize("lane", ["noise", "scene"])
def test_label_of_a_stretch(page: Page, served: Served, planted: str, lane: str) -> None:
    group = page.locator(f"[data-lane='{lane}']")
    group.get_by_role("button", name="Table").click()
    box = group.get_by_label(f"{lane.title()} from 0:").first
    box.focus()
    box.select_option("unclear")
    expect(page.get_by_role("region", name="Corrections")).to_contain_text("Version 1")
    expect(box).to_be_focused()
    expect(box).to_have_value("unclear")
    found = served.report(planted)[lane]
    assert (found["timeline"] if lane == "noise" else found)[0]["label"] == "unclear"


def test_a_correction_waits_while_the_recording_is_analysed_again(
    page: Page, served: Served, planted: str
) -> None:
    box = opened(page, "t1")
    set_state(served.stack, planted, "analyzing")
    with page.expect_response(lambda each: each.status == 409):
        box.fill("Typed meanwhile.")
    set_state(served.stack, planted, "complete")
    saved(page)
    assert served.report(planted)["turns"][1]["text"] == "Typed meanwhile."


@pytest.mark.parametrize("keep", [True, False])
def test_both_answers_to_a_conflict(page: Page, served: Served, planted: str, keep: bool) -> None:
    report = without_corrections(served.report(planted))
    correct(served, planted, 1, "Corrected.")
    turns = [dict(turn) for turn in report["turns"]]
    turns[1] |= {"text": "Of the new model.", "words": []}
    analysed_anew(served.stack, planted, {**report, "turns": turns}, 2)
    page.reload()
    note = page.get_by_role("region", name="Corrections").locator(".note")
    expect(note).to_contain_text("the model now answers “Of the new model.”")
    expect(note).to_contain_text("Your correction “Corrected.” stays.")
    chosen = "Keep the correction" if keep else "Take the model's answer"
    note.get_by_role("button", name=chosen).click()
    expect(note).to_have_count(0)
    text = "Corrected." if keep else "Of the new model."
    expect(page.locator("[data-turn='t1'] .said")).to_have_text(text)
    becomes(page, lambda: served.report(planted)["turns"][1]["text"] == text)
