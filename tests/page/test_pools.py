"""The pools have the figures of the API, and are paused and resumed."""

import pytest
from playwright.sync_api import expect

from tests.page.browsing import Windows
from tests.page.conftest import Served

pytestmark = pytest.mark.integration


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
