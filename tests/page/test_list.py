"""The list: filters in the address, page by page, and what is done with all selected recordings."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from earshot.storage.postgres import db
from tests.page.browsing import GONE, WAIT_MS, Held, Windows, live
from tests.page.conftest import DEMO, Served
from tests.page.planted import plant, set_state, silent
from tests.servers import Stack

pytestmark = pytest.mark.integration


def names(page: Page) -> list[str]:
    return page.locator("tbody .file a").all_inner_texts()


def test_filters_are_in_the_address(windows: Windows, served: Served) -> None:
    tenant = "filters"
    silence = silent(served.report())
    plant(served.stack, served.report(), "spoken.wav", tenant=tenant)
    plant(served.stack, silence, "silent.wav", tenant=tenant)
    plant(
        served.stack,
        None,
        "broken.wav",
        tenant=tenant,
        error_code="not_audio",
        error_detail="the file is no audio",
    )
    token = served.stack.token("read", tenant)
    page = windows.open(token)
    expect(page.locator("tbody tr")).to_have_count(3)
    assert names(page) == ["broken.wav", "silent.wav", "spoken.wav"]

    page.get_by_label("State").select_option("failed")
    expect(page.locator("tbody .file a")).to_have_text(["broken.wav"])
    page.get_by_label("State").select_option("")
    page.get_by_role("searchbox", name="Search").fill("spoken")
    expect(page.locator("tbody .file a")).to_have_text(["spoken.wav"])
    page.get_by_label("To", exact=True).fill("2020-01-01")
    expect(page.get_by_text("No recording fits these filters.")).to_be_visible()
    query = parse_qs(urlsplit(page.url).fragment.partition("?")[2])
    assert query == {"text": ["spoken"], "until": ["2020-01-01"]}

    page.get_by_label("To", exact=True).fill("")
    expect(page.locator("tbody .file a")).to_have_text(["spoken.wav"])
    page.reload()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("spoken")
    expect(page.locator("tbody .file a")).to_have_text(["spoken.wav"])
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_it_is_read_page_by_page(windows: Windows, served: Served) -> None:
    tenant = "pages"
    silence = silent(served.report())
    made = [plant(served.stack, silence, f"{number}.wav", tenant=tenant) for number in range(60)]
    token = served.stack.token("write", tenant)
    page = windows.open(token, expected=GONE)
    live(page)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    expect(page.get_by_text("the newest 50")).to_be_visible()
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(60)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    assert names(page) == [f"{number}.wav" for number in reversed(range(60))]

    plant(served.stack, silence, "newest.wav", tenant=tenant)
    served.delete(made[3], token=token)
    expect(page.get_by_role("row", name="newest.wav")).to_be_visible()
    expect(rows).to_have_count(60)
    expected = ["newest.wav", *(f"{number}.wav" for number in reversed(range(60)) if number != 3)]
    assert names(page) == expected


def test_rows_behind_the_newest_change_and_leave(windows: Windows, served: Served) -> None:
    tenant = "behind"
    silence = silent(served.report())
    made = [plant(served.stack, silence, f"{number}.wav", tenant=tenant) for number in range(203)]
    token = served.stack.token("write", tenant)
    page = windows.open(token, expected=GONE)
    live(page)
    rows = page.locator("tbody tr")
    for count in (100, 150, 200, 203):
        page.get_by_role("button", name="Show more").click()
        expect(rows).to_have_count(count)
    served.delete(made[1], token=token)
    expect(page.locator(f"[data-id='{made[1]}']")).to_have_count(0)
    expect(rows).to_have_count(202)
    set_state(served.stack, made[0], "partial")
    roles = list(reversed(silence["recording"]["roles"]))
    with served.client(token) as client:
        sent = client.post(
            f"/recordings/{made[0]}/corrections",
            json={"kind": "roles", "roles": roles},
            headers={"If-Match": "*"},
        )
        assert sent.status_code == 201, sent.text
    expect(rows.last).to_contain_text("0.wav")
    expect(rows.last.locator(".state")).to_have_class("state partial")

    windows.expected.add("responded with a status of 500 ")
    page.route("**/recordings?text=*", lambda route: route.fulfill(status=500), times=1)
    page.get_by_role("searchbox", name="Search").fill(".wav")
    page.get_by_role("button", name="Try now").click()
    expect(rows).to_have_count(50)  # other filters begin at the first page, also after a refusal


def test_a_search_that_waits_ends_with_its_view(windows: Windows, served: Served) -> None:
    page = windows.open(served.token)
    live(page)
    held = Held(page, "**/recording/view.js")
    page.clock.install()
    page.get_by_role("searchbox", name="Search").fill("delivery")
    page.evaluate(f"location.hash = '#/recordings/{served.demo}'")
    held.came()
    page.clock.run_for(400)  # longer than a search waits
    held.let_go()
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    assert page.url.endswith(f"#/recordings/{served.demo}")


def test_selected_recordings_are_deleted_after_their_number_was_typed(
    windows: Windows, served: Served
) -> None:
    tenant = "batch"
    for number in range(3):
        plant(served.stack, silent(served.report()), f"{number}.wav", tenant=tenant)
    page = windows.open(served.stack.token("write", tenant))
    for name in ("0.wav", "2.wav"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    expect(page.get_by_text("2 recordings selected")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    go = page.get_by_role("button", name="Delete 2 recordings")
    box = page.get_by_role("textbox", name="Type 2 to confirm")
    box.fill("3")
    expect(go).to_be_disabled()
    box.press("Enter")
    expect(go).to_be_visible()
    box.fill("2")
    go.click()
    expect(page.get_by_text("Deleted: 2 of 2.")).to_be_visible()
    expect(page.locator("tbody .file a")).to_have_text(["1.wav"])


def test_selected_recordings_are_analysed_again_after_their_number_was_typed(
    windows: Windows, served: Served
) -> None:
    tenant = "again"
    token = served.stack.token("write", tenant)
    with served.client(token) as client, DEMO.open("rb") as file:
        fields = {"analyses": "scene"}
        made = client.post("/recordings", files={"file": ("call.ogg", file)}, data=fields).json()
    assert served.stack.wait_finished(made["id"]) == "complete"
    outdate(served.stack, made["id"])
    plant(served.stack, silent(served.report()), "no sound.wav", tenant=tenant)
    page = windows.open(token)
    live(page)
    held = Held(page, "**/recordings/batch")
    page.get_by_role("checkbox", name="Select all shown").check()
    page.get_by_role("button", name="Analyse again with current models").click()
    page.get_by_role("textbox", name="Type 2 to confirm").fill("2")
    page.get_by_role("button", name="Analyse 2 recordings").click()
    expect(page.get_by_text("2 recordings being sent for analysis.")).to_be_visible()
    expect(page.get_by_text("2 recordings selected")).to_be_hidden()  # it is not sent twice
    held.let_go()
    sent = page.get_by_text("Sent for analysis: ")
    expect(sent).to_be_visible()
    assert served.stack.wait_finished(made["id"]) == "complete"
    expect(sent).to_be_visible()  # until it is read
    page.get_by_role("link", name="call.ogg").click()
    expect(page.get_by_text("analysed 2 times")).to_be_visible(timeout=WAIT_MS)


def outdate(stack: Stack, recording: str) -> None:
    """Its answers are of a release that is no longer active."""
    with db.connect(stack.database_url) as connection:
        connection.execute(
            "UPDATE finding SET release = 'scene-embedded-0' WHERE recording_id = %s", (recording,)
        )
        connection.commit()
