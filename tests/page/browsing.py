"""Pages of the browser, with what they said on their console."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Route,
    expect,
)

from cli.localstack import waiting

SHORT_MS = 20_000
WAIT_MS = 120_000
"""An analysis of the demo call on a machine that does other things besides."""
GONE = {409, 410}
"""Answers about the sound of a planted recording, which has none."""
TOKEN = "sessionStorage.setItem('earshot.token', JSON.stringify('{}'))"

expect.set_options(timeout=SHORT_MS)


class Windows:
    """Opens pages, and keeps their errors."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.errors: list[str] = []
        self.expected: set[str] = set()
        """Failures that a test provokes: the browser itself writes them to the console."""
        self._contexts: list[BrowserContext] = []

    def open(
        self,
        token: str | None,
        path: str = "",
        size: tuple[int, int] = (1440, 900),
        expected: Collection[int | str] = (),
        beside: Page | None = None,
        **context: Any,
    ) -> Page:
        """A page at ``#/path``, of its own session or another tab of that of ``beside``.
        ``expected``: statuses, or names of failures."""
        self.expected |= {
            f"responded with a status of {each} " if isinstance(each, int) else each
            for each in expected
        }
        page = (beside.context if beside else self._context(token, size, context)).new_page()
        page.set_default_timeout(SHORT_MS)
        page.on("console", self._said)
        # The browser hands choosers of files over from here on: a wait for one asks for it without
        # waiting for the answer, and a key that is pressed next would be quicker at times.
        page.on("filechooser", lambda _: None)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.goto(f"{self.url}/#/{path}")
        return page

    def _context(
        self, token: str | None, size: tuple[int, int], options: dict[str, Any]
    ) -> BrowserContext:
        made = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, accept_downloads=True, **options
        )
        self._contexts.append(made)
        if token is not None:
            made.add_init_script(TOKEN.format(token))
        return made

    def _said(self, message: ConsoleMessage) -> None:
        if any(each in message.text for each in self.expected):
            return
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location}")

    def close(self) -> None:
        for each in self._contexts:
            each.close()


def becomes(page: Page, true: Callable[[], bool]) -> None:
    """Waits until it is true. The browser's messages are read meanwhile: held requests go on."""

    def now() -> bool:
        page.evaluate("null")
        return true()

    assert waiting.became(now, SHORT_MS / 1000)


class Held:
    """Requests of the page to a path, kept until they are let go."""

    def __init__(self, page: Page, path: str) -> None:
        self.page, self.routes, self.open = page, list[Route](), False
        page.route(path, self.hold)

    def hold(self, route: Route) -> None:
        if self.open:
            route.continue_()
        else:
            self.routes.append(route)

    def came(self) -> None:
        becomes(self.page, lambda: bool(self.routes))

    def let_go(self) -> None:
        self.came()
        self.open = True
        for each in self.routes:
            each.continue_()


def tab_to(page: Page, name: str, most: int = 120, *, back: bool = False) -> None:
    """Presses Tab until an element with this accessible name, or beginning with it, has the
    focus."""
    for _ in range(most):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if focused(page).startswith(name):
            return
    raise AssertionError(f"no way to {name!r} by Tab; the last was {focused(page)!r}")


def focused(page: Page) -> str:
    """Label of the element that has the focus."""
    return str(
        page.evaluate(
            "(() => { const e = document.activeElement;"
            " return e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent"
            " ?? e.textContent ?? ''; })()"
        )
    ).strip()


def live(page: Page) -> None:
    """Waits until the page follows the events."""
    expect(page.locator("#top .link")).to_have_text("Connected")


def sign_in(page: Page, secret: str) -> None:
    """Answers the question for a token."""
    page.get_by_role("dialog").get_by_label("Token", exact=True).fill(secret)
    page.get_by_role("button", name="Continue").click()


def choose(page: Page, file: Path) -> Locator:
    """Uploads a file; its entry among the uploads."""
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Upload recordings").click()
    chosen.value.set_files(file)
    return page.get_by_role("list", name="Uploads").get_by_role("listitem").first
