"""Takes the pictures of README and docs/page.md from the demo call (``make screenshots``)."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from cli.localstack import waiting
from tests.page.browsing import Windows
from tests.page.conftest import Served, browsing, serving

HERE = Path(__file__).parent
WIDE = (1440, 900)
NARROW = (390, 844)


def pictures(browser: Browser, served: Served) -> None:
    windows = Windows(browser, served.url)
    call = f"recordings/{served.demo}"
    for name, path, size, scheme in (
        ("list", "", WIDE, "light"),
        ("recording", call, WIDE, "light"),
        ("recording-dark", call, WIDE, "dark"),
        ("recording-narrow", call, NARROW, "light"),
        ("pools", "pools", WIDE, "light"),
    ):
        page = windows.open(served.token, path, size, color_scheme=scheme)
        if path == call:
            at_work(page)
        if path == "pools":
            expect(page.locator("tr[data-pool]").first).to_be_visible()
        else:
            expect(page.locator("#top .link")).to_have_text("Connected")
        page.screenshot(path=HERE / f"{name}.png")
    windows.close()
    if windows.errors:
        raise SystemExit("\n".join(windows.errors))


def at_work(page: Page) -> None:
    """The call at 41 s."""
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    asked = "performance.getEntriesByType('resource').some(each => each.name.includes('/peaks'))"
    waiting.became(lambda: page.evaluate(asked), 20)
    page.get_by_role("slider", name="Position").press("Home")
    for _ in range(8):
        page.get_by_role("slider", name="Position").press("ArrowRight")
    page.get_by_role("heading", level=1).focus()


if __name__ == "__main__":
    with browsing() as browser, serving() as served:
        pictures(browser, served)
