"""One stack and one analysed demo call for all tests of the page, and the system's browser."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from earshot.pools import STAGES
from earshot.registry import cards
from earshot.settings import PROJECT
from tests.page.browsing import GONE, Windows, live
from tests.page.planted import plant, without_corrections
from tests.servers import Stack, servers

DEMO = PROJECT / "demo" / "call.ogg"
NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, NAMES) if path), None)


@dataclass
class Served:
    """A gateway with workers, and the demo call as it analysed it."""

    stack: Stack
    url: str
    token: str
    demo: str
    """Id of the recording."""

    def client(self, token: str | None = None) -> httpx2.Client:
        return httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token or self.token}"},
            timeout=60,
            trust_env=False,
        )

    def delete(self, *recordings: str, token: str | None = None) -> None:
        """Deletes recordings as another client does."""
        with self.client(token) as client:
            for each in recordings:
                assert client.delete(f"/recordings/{each}?search=false").status_code < 300

    def report(self, recording_id: str | None = None) -> dict[str, Any]:
        with self.client() as client:
            answer = client.get(f"/recordings/{recording_id or self.demo}/report")
            assert answer.status_code == 200, answer.text
            return dict(answer.json())


@contextmanager
def browsing() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        sandboxed = [] if os.geteuid() else ["--no-sandbox"]  # Chromium has none for root
        browser = playwright.chromium.launch(executable_path=BROWSER, args=sandboxed)
        yield browser
        browser.close()


@contextmanager
def serving() -> Iterator[Served]:
    """Servers, workers and a gateway with the analysed demo call."""
    with servers() as stack, ExitStack() as running:
        running.enter_context(stack.workers("core", *STAGES, concurrency=2))
        pools = [card.name for card in cards()]
        running.enter_context(stack.workers("analyses", *pools, concurrency=2))
        running.enter_context(stack.beat())
        url = running.enter_context(stack.gateway())
        made = Served(stack, url, stack.token("operator"), "")
        with made.client() as client, DEMO.open("rb") as file:
            answer = client.post("/recordings", files={"file": (DEMO.name, file)})
        made.demo = str(answer.json()["id"])
        assert stack.wait_finished(made.demo) == "complete"
        yield made


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    if BROWSER is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"none of {', '.join(NAMES)} is installed")
        pytest.skip(f"none of {', '.join(NAMES)} is installed")
    with serving() as made:
        yield made


# Playwright leaves its event loop running in the thread: kept for the session, it would fail each
# later asyncio.run of the process.
@pytest.fixture(scope="module")
def chromium(served: Served) -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def windows(chromium: Browser, served: Served) -> Iterator[Windows]:
    """Opens pages; the test fails where one of them has an error in its console."""
    made = Windows(chromium, served.url)
    yield made
    made.close()
    assert made.errors == []


@pytest.fixture
def planted(served: Served) -> str:
    """Id of a recording with the report of the demo call, of the test alone."""
    return plant(served.stack, without_corrections(served.report()))


@pytest.fixture
def page(windows: Windows, served: Served, planted: str) -> Page:
    """That recording."""
    made = windows.open(served.token, f"recordings/{planted}", expected=GONE)
    expect(made.locator("[data-turn='t0']")).to_be_visible()
    live(made)
    return made
