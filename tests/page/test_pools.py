"""The pools have the figures of the API, are paused and resumed, and an upload continues where its
connection was lost."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Route, expect

from tests.page.browsing import WAIT_MS, Windows
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


def test_an_upload_continues_after_a_lost_connection(
    windows: Windows, served: Served, tmp_path: Path
) -> None:
    """And what is stored already is not sent."""
    sound = tmp_path / "long noise.wav"
    samples = np.random.default_rng(5).normal(0, 0.05, 16_000 * 300)
    soundfile.write(sound, samples, 16_000)
    page = windows.open(served.stack.token("write", "lost"), expected={"net::ERR_"})
    sent: list[int] = []

    def second_is_lost(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(int(route.request.headers["upload-offset"]))
            if len(sent) == 2:
                route.abort("connectionreset")
                return
        route.continue_()

    page.route("**/uploads/*", second_is_lost)
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Upload recordings").click()
    chosen.value.set_files(sound)
    upload = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(upload.get_by_role("link", name="long noise.wav")).to_be_visible(timeout=WAIT_MS)
    assert sent == [0, 4_000_000, 4_000_000, 8_000_000]
    expect(upload).to_contain_text("Complete", timeout=WAIT_MS)

    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Upload recordings").click()
    chosen.value.set_files(sound)
    expect(upload.first).to_contain_text("Known already, nothing was sent")
    assert len(sent) == 4
    upload.first.get_by_role("button", name="Remove").click()
    expect(upload).to_have_count(1)
