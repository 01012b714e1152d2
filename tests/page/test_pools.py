"""The pools have the figures of the API, and are paused and resumed."""

import pytest
from playwright.sync_api import expect

from earshot.storage.postgres import db
from tests.page.browsing import Windows
from tests.page.conftest import DEMO, Served
from tests.page.test_access import faultless
from tests.servers import Stack

pytestmark = pytest.mark.integration
LETTER = """
INSERT INTO dead_letter (recording_id, chunk_index, round, analysis, release, code, reason, worker,
  attempts)
VALUES (%s, %s, 1, 'scene', 'scene-embedded-4', 'worker_lost', 'it ended 3 workers', 'scene@x', 3)
RETURNING id
"""


def test_pools_have_the_figures_of_the_api(windows: Windows, served: Served) -> None:
    with served.client() as client:
        pools = client.get("/pools").json()["pools"]
    page = windows.open(served.token, "pools")
    rows = page.locator("tr[data-pool]")
    expect(rows).to_have_count(len(pools))
    for row, pool in zip(rows.all(), pools, strict=True):
        cells = row.locator("th, td").all_inner_texts()
        assert cells[0] == pool["pool"]
        assert cells[2] == str(pool["depth"])
        assert cells[9] == str(pool["workers"])


def test_a_pool_is_paused_and_resumed(windows: Windows, served: Served) -> None:
    page = windows.open(served.token, "pools")
    row = page.locator("tr[data-pool='noise']")
    row.get_by_role("button", name="Pause noise").click()
    expect(row).to_contain_text("Paused")
    with served.client() as client:
        assert paused(client.get("/pools").json()["pools"]) == ["noise"]
    row.get_by_role("button", name="Resume noise").click()
    expect(row).to_contain_text("Running")
    with served.client() as client:
        assert paused(client.get("/pools").json()["pools"]) == []


def paused(pools: list[dict[str, object]]) -> list[object]:
    return [each["pool"] for each in pools if each["paused"]]


def test_without_the_scope_it_says_which_is_needed(windows: Windows, served: Served) -> None:
    page = windows.open(served.stack.token("write"), "pools", expected={403})
    expect(page.get_by_text("this page needs a token with the scope operator")).to_be_visible()


def test_dead_letters_are_replayed_and_discarded(windows: Windows, served: Served) -> None:
    with served.client() as client, DEMO.open("rb") as file:
        fields = {"analyses": "scene", "force": "true"}
        made = client.post("/recordings", files={"file": ("call.ogg", file)}, data=fields).json()
    assert served.stack.wait_finished(made["id"]) == "complete"
    letters = [bury(served.stack, made["id"], part) for part in range(3)]
    page = windows.open(served.token, "pools")
    section = page.get_by_role("region", name="Dead letters", exact=True)
    rows = section.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("worker lost: it ended 3 workers")
    faultless(page, "dead letters")
    section.get_by_label("Select call.ogg, part 2, scene").check()
    section.get_by_role("button", name="Discard 1").click()
    page.get_by_role("textbox", name="Type 1 to confirm").fill("1")
    page.get_by_role("dialog").get_by_role("button", name="Discard 1").click()
    expect(page.get_by_text("Discarded 1 of 1.")).to_be_visible()
    expect(rows).to_have_count(2)
    for part in (0, 1):
        section.get_by_label(f"Select call.ogg, part {part}, scene").check()
    section.get_by_role("button", name="Replay 2").click()
    expect(page.get_by_text("Replayed 2 of 2.")).to_be_visible()
    expect(section.get_by_text("None: no part ended every worker")).to_be_visible()
    section.get_by_label("Closed ones, too").check()
    expect(rows).to_have_count(3)
    with served.client() as client:
        found = client.get("/dead-letters", params={"state": "all"}).json()["dead_letters"]
    states = {each["id"]: each["state"] for each in found}
    assert [states[each] for each in letters] == ["replayed", "replayed", "discarded"]
    assert served.stack.wait_finished(made["id"]) == "complete"


def bury(stack: Stack, recording: str, part: int) -> int:
    """A part that ended its workers, in the database; its id."""
    with db.connect(stack.database_url) as connection:
        row = connection.execute(LETTER, (recording, part)).fetchone()
        connection.commit()
    assert row is not None
    return int(row["id"])
