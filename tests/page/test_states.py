"""What goes wrong: recordings that failed or went, names with markup, tokens that end, servers that
leave and return, two people at the same turn."""

import json

import pytest
from playwright.sync_api import expect

from cli.localstack import waiting
from earshot.storage.postgres import db, tokens
from tests.page.browsing import GONE, SHORT_MS, Windows, live, sign_in
from tests.page.conftest import Served
from tests.page.planted import of_eight_channels, partial, plant, repeated, set_state, silent

pytestmark = pytest.mark.integration
WAIT_SEC = SHORT_MS / 1000


def test_a_failed_recording_says_why(windows: Windows, served: Served) -> None:
    failed = plant(served.stack, None, error_code="not_audio", error_detail="the file is no audio")
    page = windows.open(served.token, f"recordings/{failed}")
    expect(page.locator(".note.bad")).to_contain_text("The file is no audio")
    again = page.get_by_role("button", name="Analyse again")
    expect(again).to_be_disabled()
    why = "The file could not be read; upload it again."
    expect(again).to_have_accessible_description(why)
    expect(page.get_by_text(why, exact=True)).to_be_visible()


def test_a_refused_analysis_says_why(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, silent(served.report()))
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    page.get_by_role("button", name="Analyse again").click()
    dialog = page.get_by_role("dialog", name="Analyse again")
    send = dialog.get_by_role("button", name="Analyse again")
    expect(dialog).to_contain_text("Choose at least one analysis.")
    expect(send).to_be_disabled()
    dialog.get_by_label("All").check()
    for name in ("Scene", "Speech to text", "Emotion"):
        expect(dialog.get_by_label(name)).to_be_checked()
    set_state(served.stack, planted, "analyzing")
    send.click()
    refused = page.get_by_text("Not analysed again. It is being analysed already.")
    expect(refused).to_be_visible()


def test_a_partial_one_says_what_is_missing(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, partial(served.report()))
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    note = page.locator(".note.warn")
    expect(note).to_contain_text("Speech to text, 2 parts: the recogniser was killed three times")
    expect(page.locator("[data-turn='t0']")).to_be_visible()


def test_a_redacted_one_says_so_and_why_its_sound_is_withheld(
    windows: Windows, served: Served
) -> None:
    planted = plant(served.stack, served.report(), analyses=["asr", "redaction"])
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    facts = page.locator(".recording-head .quiet")
    expect(facts).to_contain_text("· redacted")
    live(page)
    set_state(served.stack, planted, "analyzing")
    page.reload()
    expect(facts).to_contain_text("· to be redacted")
    expect(page.get_by_text("The sound is withheld until personal data")).to_be_visible()
    set_state(served.stack, planted, "complete")


def test_one_without_speech_says_so(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, silent(served.report()))
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    expect(page.get_by_text("No speech was found in this recording.")).to_be_visible()
    expect(page.locator("[data-lane='scene']")).to_be_visible()


def test_eight_channels_have_eight_names(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, of_eight_channels(served.report()))
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    expect(page.locator(".channels li")).to_have_count(8)
    expect(page.locator("[data-lane='speakers'] .labels li")).to_have_count(8)


def test_ten_hours_have_hours_in_their_times(windows: Windows, served: Served) -> None:
    report = repeated(served.report(), 10)
    planted = plant(served.stack, report, "ten hours.wav")
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    expect(page.locator(".transport .now")).to_contain_text("/ 9:58:45")
    page.get_by_role("slider", name="Position").press("End")
    expect(page.get_by_role("slider", name="Position")).to_have_attribute(
        "aria-valuetext", "9 h 58 min 45 s"
    )


def test_markup_in_names_and_words_is_text(windows: Windows, served: Served) -> None:
    markup = "<img src=x onerror=alert(1)><b>call</b>.wav"
    report = served.report()
    report["turns"][0]["text"] = "<script>alert(1)</script> hello"
    report["turns"][0]["words"] = []
    planted = plant(served.stack, report, markup)
    page = windows.open(served.token, expected=GONE)
    page.get_by_role("link", name=markup).click()
    expect(page.get_by_role("heading", name=markup)).to_be_visible()
    expect(page.locator("[data-turn='t0'] .said")).to_have_text("<script>alert(1)</script> hello")
    assert page.locator("main img, main b, main script").count() == 0
    assert planted in page.url


def test_one_that_is_deleted_meanwhile_says_so(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, silent(served.report()))
    page = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    expect(page.locator("[data-lane='scene']")).to_be_visible()
    expect(page.locator("#top .link")).to_have_text("Connected")
    with served.client() as client:
        assert client.delete(f"/recordings/{planted}?search=false").status_code < 300
    expect(page.get_by_role("heading", name="This recording was deleted")).to_be_visible()


def test_a_token_that_ends_while_one_types_loses_nothing(windows: Windows, served: Served) -> None:
    secret = served.stack.token("write")
    page = windows.open(None, f"recordings/{served.demo}", expected={401}, color_scheme="light")
    sign_in(page, secret)
    page.locator("[data-turn='t2']").get_by_role("button", name="Correct").click()
    box = page.get_by_role("textbox", name="Text")
    expect(box).to_be_focused()
    with db.connect(served.stack.database_url) as connection:
        found = tokens.find(connection, secret)
        assert found is not None
        tokens.revoke(connection, str(found.id))
        connection.commit()
    box.fill("I am sorry to hear that. Can you give me the order number?")
    again = page.get_by_role("dialog", name="Your token is no longer accepted")
    expect(again).to_be_visible()
    expect(box).to_have_value("I am sorry to hear that. Can you give me the order number?")
    sign_in(page, served.stack.token("write"))
    expect(page.get_by_role("group", name="Correct the turn")).to_contain_text("Saved at")
    stored = served.report()["turns"][2]["text"]
    assert stored == "I am sorry to hear that. Can you give me the order number?"


def test_a_first_token_that_is_wrong_is_not_accepted(windows: Windows, served: Served) -> None:
    page = windows.open(None, expected={401})
    sign_in(page, "ear_wrong")
    dialog = page.get_by_role("dialog", name="Sign in with a token")
    expect(dialog).to_contain_text("This token is not accepted.")
    expect(dialog).not_to_contain_text("no longer")
    sign_in(page, served.token)
    expect(page.get_by_role("row", name="call.ogg").first).to_be_visible()


def test_the_question_for_a_token_is_not_dismissed(windows: Windows, served: Served) -> None:
    page = windows.open(None)
    box = page.get_by_role("dialog").get_by_label("Token", exact=True)
    for _ in range(4):
        page.keyboard.press("Escape")
        expect(box).to_be_focused()
    page.keyboard.type(served.token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="call.ogg").first).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_two_people_at_the_same_turn_are_asked(windows: Windows, served: Served) -> None:
    first = windows.open(
        served.token, f"recordings/{served.demo}", expected={412, "net::ERR_FAILED"}
    )
    first.locator("[data-turn='t3']").get_by_role("button", name="Correct").click()
    box = first.get_by_role("textbox", name="Text")
    expect(box).to_be_focused()
    turn = served.report()["turns"][3]
    target = {name: turn[name] for name in ("channel", "start_ms", "end_ms")}
    first.route("**/corrections", lambda route: route.abort() if held else route.continue_())
    held = [True]
    box.fill("Yes, two one four.")
    with served.client() as client:
        sent = client.post(
            f"/recordings/{served.demo}/corrections",
            json={"kind": "text", "turn": target, "text": "Yes, B for seven."},
            headers={"If-Match": "*"},
        )
        assert sent.status_code == 201
    held.clear()
    question = first.get_by_role("dialog", name="Changed meanwhile")
    expect(question).to_contain_text("Yes, B for seven.")
    expect(question).to_contain_text("Yes, two one four.")
    question.get_by_role("button", name="Keep mine").click()
    expect(first.get_by_role("group", name="Correct the turn")).to_contain_text("Saved at")
    assert served.report()["turns"][3]["text"] == "Yes, two one four."


def test_a_server_that_leaves_and_returns(windows: Windows, served: Served) -> None:
    with served.stack.gateway("second") as url:
        port = int(url.rsplit(":", 1)[1])
        windows.url = url
        page = windows.open(served.token, expected={"net::ERR_"})
        expect(page.get_by_role("row", name="call.ogg").first).to_be_visible()
        expect(page.locator("#top .link")).to_have_text("Connected")
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill("delivery service")
    with served.stack.gateway("second", port):
        page.get_by_role("button", name="Try now").click()
        expect(page.get_by_text("The server does not answer.")).to_be_hidden()
        expect(page.get_by_role("row", name="call.ogg").first).to_be_visible()
        expect(page.locator("#top .link")).to_have_text("Connected")
        page.close()


def test_what_is_chosen_is_remembered(windows: Windows, served: Served) -> None:
    page = windows.open(served.token)
    page.get_by_text("ASR Tuning", exact=True).first.click()
    box = page.get_by_role("checkbox", name="Audio classification")
    expect(box).to_be_checked()
    box.uncheck()
    page.reload()
    expect(box).not_to_be_checked()
    assert json.loads(page.evaluate("localStorage['earshot.audioClassification']")) is False
    page.goto(f"{served.url}/#/recordings/{served.demo}")
    panel = page.locator("details", has_text="Audio Classification")
    expect(panel).to_have_attribute("open", "")
    expect(page.locator("[data-lane='scene'] canvas")).to_be_visible()
    panel.locator("summary").click()
    waiting.became(
        lambda: page.evaluate("localStorage['earshot.classificationOpen']") == "false", WAIT_SEC
    )
    page.reload()
    expect(panel).not_to_have_attribute("open", "")
