"""Views after refusals, views that end, and events that come in numbers or before one listens."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from psycopg.types.json import Jsonb
from redis import Redis

from earshot.storage.postgres import db
from tests.page.browsing import GONE, WAIT_MS, Held, Windows, becomes, live, sign_in
from tests.page.conftest import DEMO, Served
from tests.page.planted import plant, set_state, silent
from tests.servers import Stack

pytestmark = pytest.mark.integration
PLAYERS = """
window.players = [];
const made = Audio;
window.Audio = class extends made { constructor() { super(); window.players.push(this); } };
"""
PLAYING = "players.filter(each => !each.paused && each.currentTime > 0).length"
ASKED = (
    "performance.getEntriesByType('resource')"
    ".filter(e => e.name.includes('/recordings?')).map(e => e.startTime)"
)


def set_quality(stack: Stack, recording: str, quality: Any) -> None:
    with db.connect(stack.database_url) as connection:
        connection.execute(
            "UPDATE recording SET quality = %s WHERE id = %s", (Jsonb(quality), recording)
        )
        connection.commit()


def refused(page: Page) -> Locator:
    return page.locator(".note.bad")


SHEET = "[...document.styleSheets].some(s => s.href?.includes('recording.css'))"


def test_a_report_that_is_refused_while_a_rerun_begins_is_shown_after_it(
    windows: Windows, served: Served
) -> None:
    planted = plant(served.stack, silent(served.report()))
    page = windows.open(served.token, expected=GONE)
    live(page)
    held = Held(page, "**/report")
    page.goto(f"{served.url}/#/recordings/{planted}")
    held.came()
    set_state(served.stack, planted, "analyzing")
    held.let_go()
    expect(refused(page)).to_contain_text("The recording could not be loaded")
    expect(page.get_by_role("heading", level=1)).to_have_text("planted.wav")
    set_state(served.stack, planted, "complete")
    expect(page.locator("[data-lane='scene']")).to_be_visible()
    expect(refused(page)).to_have_count(0)


def test_a_view_that_an_error_of_the_server_kept_closed_opens_later(
    windows: Windows, served: Served
) -> None:
    planted = plant(served.stack, silent(served.report()))
    set_quality(served.stack, planted, {"no": "quality"})
    page = windows.open(served.token, f"recordings/{planted}", expected={500, *GONE})
    expect(refused(page)).to_contain_text("The recording could not be loaded")
    set_quality(served.stack, planted, None)
    expect(page.locator("[data-lane='scene']")).to_be_visible()
    expect(refused(page)).to_have_count(0)


def test_a_view_is_opened_when_the_server_is_back(windows: Windows, served: Served) -> None:
    with served.stack.gateway("third") as url:
        port = int(url.rsplit(":", 1)[1])
        windows.url = url
        page = windows.open(served.token, expected={"net::ERR_"})
        live(page)
    page.goto(f"{url}/#/recordings/{served.demo}")
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    with served.stack.gateway("third", port):
        expect(page.locator("[data-turn='t0']")).to_be_visible(timeout=WAIT_MS)
        page.close()


def test_sound_ends_with_its_view_and_its_recording(windows: Windows, served: Served) -> None:
    with served.client() as client, DEMO.open("rb") as file:
        made = client.post(
            "/recordings", files={"file": ("sound.ogg", file)}, data={"force": "true"}
        )
    recording = str(made.json()["id"])
    assert served.stack.wait_finished(recording) == "complete"
    # The audio element may ask for more while the recording and its ticket go.
    page = windows.open(served.token, expected={*GONE, 401})
    page.add_init_script(PLAYERS)
    page.reload()
    live(page)
    for _ in range(2):
        page.goto(f"{served.url}/#/recordings/{recording}")
        page.get_by_role("button", name="Play", exact=True).click()
        becomes(page, lambda: page.evaluate(PLAYING) == 1)
        page.get_by_role("link", name="Pools").click()
        expect(page.get_by_role("heading", name="Pools", exact=True)).to_be_visible()
        assert page.evaluate(PLAYING) == 0
    page.goto(f"{served.url}/#/recordings/{recording}")
    page.get_by_role("button", name="Play", exact=True).click()
    becomes(page, lambda: page.evaluate(PLAYING) == 1)
    served.delete(recording)
    expect(page.get_by_role("heading", name="This recording was deleted")).to_be_visible()
    assert page.evaluate(PLAYING) == 0


def test_a_view_that_is_left_while_it_asks_is_no_error(windows: Windows, served: Served) -> None:
    page = windows.open(served.token)
    live(page)
    expect(page.get_by_role("row", name="call.ogg").first).to_be_visible()
    held = Held(page, "**/recordings?*")
    page.get_by_role("searchbox", name="Search").fill("delivery")
    held.came()
    page.goto(f"{served.url}/#/recordings/{served.demo}")
    expect(page.locator("[data-turn='t0']")).to_be_visible()


def test_a_view_that_is_left_while_its_sheet_loads_is_no_error(
    windows: Windows, served: Served
) -> None:
    page = windows.open(served.token)
    live(page)
    held = Held(page, "**/recording.css")
    page.goto(f"{served.url}/#/recordings/{served.demo}")
    held.came()
    page.get_by_role("link", name="Earshot").click()
    expect(page.get_by_role("row", name="call.ogg").first).to_be_visible()
    with page.expect_event("requestfinished", lambda each: each.url.endswith("recording.css")):
        held.let_go()
    becomes(page, lambda: bool(page.evaluate(SHEET)))
    page.goto(f"{served.url}/#/recordings/{served.demo}")
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    expect(page.locator("#notices .note")).to_have_count(0)


def test_many_events_are_few_requests(windows: Windows, served: Served) -> None:
    report = silent(served.report())
    token = served.token
    planted = [plant(served.stack, report, f"many {number}.wav") for number in range(12)]
    page = windows.open(token, expected=GONE)
    live(page)
    rows = page.locator("tbody tr", has_text="many ")
    expect(rows).to_have_count(len(planted))
    before = page.evaluate("performance.now()")
    served.delete(*planted)
    expect(rows).to_have_count(0)
    asked = [at for at in page.evaluate(ASKED) if at >= before]
    assert len(asked) >= 2  # at the first event, and after the last one
    assert all(later - at >= 280 for at, later in pairwise(asked)), asked


def test_what_changed_before_the_stream_began_is_seen(windows: Windows, served: Served) -> None:
    planted = plant(served.stack, silent(served.report()), "before.wav")
    page = windows.open(None, expected=GONE)
    held = Held(page, "**/events")
    sign_in(page, served.token)
    row = page.get_by_role("row", name="before.wav")
    expect(row).to_be_visible()
    served.delete(planted)
    held.let_go()
    expect(row).to_have_count(0)


def test_too_many_streams_are_named_and_tried_again(windows: Windows, served: Served) -> None:
    served.stack.settings["EVENT_STREAMS"] = "2"  # of which a tenant has half
    with served.stack.gateway("narrow") as url:
        del served.stack.settings["EVENT_STREAMS"]
        windows.url = url
        first = windows.open(served.token)
        live(first)
        second = windows.open(served.token, expected={429})
        note = second.locator("#notices .note")
        expect(note).to_contain_text("Your tenant has 1 open streams at this server already.")
        expect(second.get_by_role("row", name="call.ogg").first).to_be_visible()
        first.close()
        live(second)
        expect(note).to_be_hidden()
        second.close()


def test_tabs_of_one_browser_share_a_stream(windows: Windows, served: Served) -> None:
    planted = [plant(served.stack, silent(served.report()), f"{n} tabs.wav") for n in range(2)]
    served.stack.settings["EVENT_STREAMS"] = "2"  # of which a tenant has half
    with served.stack.gateway("tabs") as url:
        del served.stack.settings["EVENT_STREAMS"]
        windows.url = url
        first = windows.open(served.token)
        live(first)
        # The one stream of the tenant may end later than the tab that read it.
        second = windows.open(None, expected={429}, beside=first)
        live(second)
        passed_on, read = (second.locator(f"[data-id='{each}']") for each in planted)
        expect(passed_on).to_be_visible()
        served.delete(planted[0])
        expect(passed_on).to_have_count(0)
        expect(read).to_be_visible()
        first.close()
        served.delete(planted[1])
        expect(read).to_have_count(0)
        live(second)
        second.close()


def test_too_many_requests_are_named_and_tried_again(windows: Windows, served: Served) -> None:
    """The time until the next one is so long that no machine is too slow to see it."""
    served.stack.settings.update(REQUESTS_PER_SEC="0.01", REQUESTS_BURST="8")
    with served.stack.gateway("slow") as url:
        for name in ("REQUESTS_PER_SEC", "REQUESTS_BURST"):
            del served.stack.settings[name]
        windows.url = url
        token = served.stack.token("read")
        page = windows.open(token, expected={429})
        live(page)
        row = page.get_by_role("row", name="call.ogg").first
        expect(row).to_be_visible()
        with replace(served, url=url).client(token) as client:
            assert 429 in [client.get("/recordings").status_code for _ in range(9)]
        page.clock.install()
        search = page.get_by_role("searchbox", name="Search")
        search.fill("no such words")
        search.press("Enter")
        said = page.get_by_text("More than 0.01 requests a second with this token.")
        expect(said).to_be_visible()
        expect(row).to_be_visible()
        with Redis.from_url(served.stack.redis_url) as redis:
            redis.delete(*redis.scan_iter("rate:*"))
        page.clock.fast_forward(101_000)
        expect(page.get_by_text("No recording fits these filters.")).to_be_visible()
        expect(said).to_be_hidden()
        page.close()
