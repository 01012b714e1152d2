"""Corrections while other things happen: the save before is not done, another person corrects, the
recording is analysed anew."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.browsing import GONE, Held, Windows, becomes, focused
from tests.page.conftest import Served
from tests.page.planted import analysed_anew, without_corrections

pytestmark = pytest.mark.integration


@pytest.fixture
def page(windows: Windows, served: Served, planted: str) -> Page:
    made = windows.open(served.token, f"recordings/{planted}", expected={*GONE, 412})
    expect(made.locator("[data-turn='t0']")).to_be_visible()
    expect(made.locator("#top .link")).to_have_text("Connected")
    return made


def correct(served: Served, recording: str, number: int, text: str) -> None:
    """Another client corrects the text of a turn."""
    turn = served.report(recording)["turns"][number]
    target = {name: turn[name] for name in ("channel", "start_ms", "end_ms")}
    with served.client() as client:
        sent = client.post(
            f"/recordings/{recording}/corrections",
            json={"kind": "text", "turn": target, "text": text},
            headers={"If-Match": "*"},
        )
        assert sent.status_code == 201, sent.text


def opened(page: Page, turn: str) -> Locator:
    page.locator(f"[data-turn='{turn}']").get_by_role("button", name="Correct").last.click()
    box = page.get_by_role("textbox", name="Text")
    expect(box).to_be_focused()
    return box


def typed_while_another_corrects(page: Page, served: Served, planted: str, box: Locator) -> Locator:
    held = Held(page, "**/corrections")
    box.fill("This is mine.")
    box.blur()
    held.came()
    correct(served, planted, 1, "This is of another.")
    held.let_go()
    question = page.get_by_role("dialog", name="Changed meanwhile")
    expect(question).to_be_visible()
    return question


def test_typing_faster_than_a_save_is_no_conflict(page: Page, served: Served, planted: str) -> None:
    box = opened(page, "t1")
    held = Held(page, "**/corrections")
    for text in ("One", "One two", "One two three"):
        box.fill(text)
        box.blur()
    held.let_go()
    becomes(page, lambda: served.report(planted)["turns"][1]["text"] == "One two three")
    expect(page.get_by_role("group", name="Correct the turn")).to_contain_text("Saved at")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_question_is_not_answered_by_what_is_typed(
    page: Page, served: Served, planted: str
) -> None:
    question = typed_while_another_corrects(page, served, planted, opened(page, "t1"))
    assert focused(page) == "Changed meanwhile"
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(question).to_be_visible()
    assert served.report(planted)["turns"][1]["text"] == "This is of another."


def test_a_text_that_was_not_kept_is_a_draft(page: Page, served: Served, planted: str) -> None:
    box = opened(page, "t1")
    question = typed_while_another_corrects(page, served, planted, box)
    question.get_by_role("button", name="Take what is there").click()
    note = page.locator(".editor .note")
    expect(note).to_contain_text("This is mine.")
    expect(box).to_have_value("This is of another.")

    page.reload()
    box = opened(page, "t1")
    expect(note).to_contain_text("This is mine.")
    expect(box).to_have_value("This is of another.")
    note.get_by_role("button", name="Use this text").click()
    becomes(page, lambda: served.report(planted)["turns"][1]["text"] == "This is mine.")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_words_that_stay_in_a_corrected_text_stay_doubtful(
    page: Page, served: Served, planted: str
) -> None:
    report = served.report(planted)
    bound = report["transcript_confidence"]["doubtful_below"]
    number, turn = next(
        (number, turn)
        for number, turn in enumerate(report["turns"])
        if any(word["confidence"] < bound for word in turn["words"])
    )
    words = [word["text"] for word in turn["words"]]
    sure = [at for at, word in enumerate(turn["words"]) if word["confidence"] >= bound]
    doubtful = [at for at in range(len(words)) if at not in sure]
    texts = [words[at] for at in doubtful]
    page.get_by_role("button", name="Next doubtful word").click()
    said = page.locator(f"[data-turn='{turn['id']}'] .said")
    expect(said.locator("mark")).to_have_text(texts)
    for at, left in ((sure[0], texts), (doubtful[0], texts[1:])):
        words[at] = "Otherwise"
        correct(served, planted, number, " ".join(words))
        expect(said).to_have_text(" ".join(words))
        expect(said.locator("mark")).to_have_text(left)


def test_revert_takes_back_only_what_was_counted(page: Page, served: Served, planted: str) -> None:
    before = [turn["text"] for turn in served.report(planted)["turns"]]
    correct(served, planted, 0, "Of another.")
    box = opened(page, "t1")
    box.fill("Of this page.")
    page.get_by_role("button", name="Done").click()
    for turn in ("t0", "t1"):
        expect(page.locator(f"[data-turn='{turn}']")).to_contain_text("corrected: text")

    held = Held(page, "**/revert")
    revert(page, 2)
    held.came()
    correct(served, planted, 2, "Another one.")
    held.let_go()
    expect(page.get_by_role("region", name="Corrections")).to_contain_text("Nothing was taken back")
    expect(page.locator("[data-turn='t2'] .said")).to_have_text("Another one.")
    assert [turn["text"] for turn in served.report(planted)["turns"]][:3] == [
        "Of another.",
        "Of this page.",
        "Another one.",
    ]

    revert(page, 3)
    expect(page.locator("[data-turn='t2'] .said")).to_have_text(before[2])
    assert [turn["text"] for turn in served.report(planted)["turns"]] == before
    page.keyboard.press("r")
    expect(page.locator("[data-turn='t2'] .said")).to_have_text("Another one.")
    expect(page.locator("[data-turn='t1'] .said")).to_have_text("Of this page.")
    expect(page.locator("[data-turn='t0'] .said")).to_have_text("Of another.")


@pytest.mark.parametrize("replaced", [False, True])
def test_back_to_the_answer_of_a_turn_that_is_gone_takes_nothing_back(
    page: Page, served: Served, planted: str, replaced: bool
) -> None:
    """Neither of the recording, nor of the turn that has its id now."""
    report = without_corrections(served.report(planted))
    correct(served, planted, 2, "Of another.")
    expect(page.locator("[data-turn='t2']")).to_contain_text("corrected: text")
    box = opened(page, "t1")
    held = Held(page, "**/corrections")
    box.fill("This is mine.")
    box.blur()
    held.came()
    page.get_by_role("button", name="Back to the model's answer").click()
    if replaced:
        opened(page, "t3")
    rest = [turn for number, turn in enumerate(report["turns"]) if number != 1]
    turns = [{**turn, "id": f"t{number}"} for number, turn in enumerate(rest)]
    analysed_anew(served.stack, planted, {**report, "turns": turns}, 2)
    held.let_go()
    page.get_by_role("button", name="Take what is there").click()
    name = page.locator("[data-speaker='s0'] input")  # after what waits: one at a time
    name.fill("Ms. Miller")
    name.blur()
    becomes(page, lambda: served.report(planted)["speakers"][0]["name"] == "Ms. Miller")
    assert served.report(planted)["turns"][1]["text"] == "Of another."


def revert(page: Page, count: int) -> None:
    expect(page.get_by_role("button", name="Revert all")).to_be_enabled()
    page.get_by_role("button", name="Revert all").click()
    page.get_by_role("textbox", name=f"Type {count} to confirm").fill(str(count))
    page.get_by_role("button", name=f"Revert {count} corrections").click()


def test_undo_is_of_what_was_made_here(page: Page, served: Served, planted: str) -> None:
    correct(served, planted, 0, "Of another.")
    expect(page.locator("[data-turn='t0']")).to_contain_text("corrected: text")
    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_disabled()
    box = opened(page, "t1")
    box.fill("Of this page.")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("[data-turn='t1']")).to_contain_text("corrected: text")
    page.keyboard.press("u")
    expect(page.locator("[data-turn='t1']")).not_to_contain_text("corrected: text")
    expect(page.locator("[data-turn='t0']")).to_contain_text("corrected: text")
    expect(undo).to_be_disabled()


def test_in_a_new_round_a_name_stays_with_its_voice(
    page: Page, served: Served, planted: str
) -> None:
    report = without_corrections(served.report(planted))
    field = page.locator("[data-speaker='s0'] input")
    field.fill("Ms. Miller")
    other = {"s0": "s1", "s1": "s0"}
    swapped = {
        **report,
        "turns": [{**turn, "speaker": other[turn["speaker"]]} for turn in report["turns"]],
        "speakers": [{**each, "id": other[each["id"]]} for each in reversed(report["speakers"])],
        "sentiment": [{**each, "speaker": other[each["speaker"]]} for each in report["sentiment"]],
    }
    analysed_anew(served.stack, planted, swapped, 2)
    correct(served, planted, 5, "The event that shows it.")
    moved = page.locator("[data-speaker='s1'] input")
    expect(moved).to_have_value("Ms. Miller")
    expect(moved).to_be_focused()
    moved.press("Enter")
    becomes(
        page,
        lambda: (
            {each["id"]: each["name"] for each in served.report(planted)["speakers"]}
            == {"s0": None, "s1": "Ms. Miller"}
        ),
    )


def test_what_is_of_a_round_is_shown_of_the_present_one(
    page: Page, served: Served, planted: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url) if "/rejected" in each.url else None)
    held = Held(page, "**/rejected")
    page.get_by_role("button", name="Show what is not reported").click()
    held.came()
    correct(served, planted, 1, "While it is being asked for.")
    expect(page.locator("[data-turn='t1'] .said")).to_have_text("While it is being asked for.")
    held.let_go()
    assert len(asked) == 1
    report = without_corrections(served.report(planted))
    releases = {**report["releases"], "asr": ["asr-of-the-second-round"]}
    analysed_anew(served.stack, planted, {**report, "releases": releases}, 2)
    correct(served, planted, 2, "The event that shows it.")
    panel = page.locator("details.panel", has_text="Sound and models")
    expect(panel).to_contain_text("asr-of-the-second-round")
    becomes(page, lambda: len(asked) == 2)
