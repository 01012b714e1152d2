"""Bytes of a first load, and how long a long transcript keeps the main thread."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cli.localstack import waiting
from tests.page.browsing import Windows
from tests.page.conftest import Served
from tests.page.planted import plant, repeated

pytestmark = pytest.mark.integration
LIST_BYTES = 120_000
RECORDING_BYTES = 200_000
READABLE_MS = 1000
TIMES = 3
"""Measurements, of which the least counts: other work on the machine only adds."""
TASK_MS = 50
SOUND = ("/audio", "/peaks")
WATCH = """
new MutationObserver(() => {
  const turn = document.querySelector('.turn .said');
  if (turn && !window.readable) requestAnimationFrame(() => setTimeout(() => {
    window.readable ??= performance.now();
  }));
}).observe(document, {childList: true, subtree: true});
"""


def loaded(page: Page) -> dict[str, int]:
    """URL to the bytes that were sent for it, headers included."""
    entries = page.evaluate(
        "[...performance.getEntriesByType('navigation'),"
        " ...performance.getEntriesByType('resource')].map(e => [e.name, e.transferSize])"
    )
    return {str(name): int(size) for name, size in entries}


def test_the_list_is_small(windows: Windows, served: Served) -> None:
    page = windows.open(served.token)
    expect(page.get_by_role("row", name="call.ogg").first).to_be_visible()
    sent = loaded(page)
    assert any("/recordings" in url for url in sent)
    assert sum(sent.values()) <= LIST_BYTES, sent


def test_a_recording_is_small(windows: Windows, served: Served) -> None:
    page = windows.open(served.token, f"recordings/{served.demo}")
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    sent = {url: size for url, size in loaded(page).items() if not any(s in url for s in SOUND)}
    assert any("/report" in url for url in sent)
    assert sum(sent.values()) <= RECORDING_BYTES, sent


def test_three_hours_are_readable_at_once_and_scroll_without_a_stutter(
    windows: Windows, served: Served, chromium: Browser
) -> None:
    long = plant(served.stack, repeated(served.report(), 3), "three hours.wav")
    page = windows.open(served.token, expected={410})
    expect(page.get_by_role("row", name="three hours.wav").first).to_be_visible()
    page.add_init_script(WATCH)
    page.goto(f"{served.url}/#/recordings/{long}")
    measured = [measure(page, chromium) for _ in range(TIMES)]
    assert min(readable for readable, _ in measured) <= READABLE_MS
    assert min(longest for _, longest in measured) <= TASK_MS


def measure(page: Page, chromium: Browser) -> tuple[float, float]:
    """Milliseconds until the transcript is readable, and of the longest task while it is
    scrolled."""
    page.reload()
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    waiting.became(lambda: page.evaluate("window.readable") is not None, 20)
    readable: float = page.evaluate(
        "window.readable - performance.getEntriesByType('resource')"
        ".find(each => each.name.endsWith('/report')).responseEnd"
    )
    assert page.locator(".turn").count() < 60  # of more than 2,000
    chromium.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    page.mouse.move(*middle(page))
    for _ in range(60):
        page.mouse.wheel(0, 900)
        page.evaluate("new Promise(requestAnimationFrame)")
    page.locator(".scroller").evaluate("each => { each.scrollTop = each.scrollHeight / 2; }")
    page.evaluate("new Promise(requestAnimationFrame)")
    longest = max(tasks(json.loads(chromium.stop_tracing())))
    assert page.locator(".turn").count() < 60
    return readable, longest


def middle(page: Page) -> tuple[float, float]:
    box = page.locator(".scroller").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tasks(trace: dict[str, Any]) -> list[float]:
    """Milliseconds that each task held the main thread of the page: time of the thread, since the
    machine does other things besides."""
    names = {
        (event["pid"], event["tid"]): event["args"]["name"]
        for event in trace["traceEvents"]
        if event["name"] == "thread_name"
    }
    found = [
        event["tdur"] / 1000
        for event in trace["traceEvents"]
        if event["name"] in ("ThreadControllerImpl::RunTask", "RunTask")
        and names.get((event["pid"], event["tid"])) == "CrRendererMain"
        and "tdur" in event
    ]
    assert len(found) > 100
    return found
