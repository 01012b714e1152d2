"""axe-core has no finding on any page and state, light and dark, and a screen reader's tree holds
every word, speaker and label."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cli.localstack import waiting
from tests.page.browsing import Windows
from tests.page.conftest import Served
from tests.page.planted import of_eight_channels, partial, plant, silent

pytestmark = pytest.mark.integration
OPTIONS = {"resultTypes": ["violations"]}
SCHEMES = ("light", "dark")


def faultless(page: Page, state: str) -> None:
    found = Axe().run(page, options=OPTIONS)
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_list(windows: Windows, served: Served, scheme: str) -> None:
    page = windows.open(served.token, color_scheme=scheme)
    row = page.get_by_role("row", name="call.ogg")
    expect(row).to_be_visible()
    faultless(page, "list")
    page.get_by_text("ASR Tuning", exact=True).first.click()
    row.get_by_role("checkbox").check()
    faultless(page, "a selected row, tuning open")
    page.get_by_role("button", name="Delete").click()
    faultless(page, "a question")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Shortcuts").click()
    faultless(page, "shortcuts")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("searchbox", name="Search").fill("no such words at all")
    expect(page.get_by_text("No recording fits")).to_be_visible()
    faultless(page, "nothing found")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_recording(windows: Windows, served: Served, scheme: str) -> None:
    page = windows.open(served.token, f"recordings/{served.demo}", color_scheme=scheme)
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    page.keyboard.press("]")
    faultless(page, "recording")
    page.get_by_role("button", name="Show what is not reported").click()
    for button in page.locator(".lane-head").get_by_role("button", name="Table").all():
        button.click()
    for summary in page.locator("summary").all():
        if summary.evaluate("each => !each.parentElement.open"):
            summary.click()
    faultless(page, "tables and panels")
    page.locator("[data-turn='t0']").get_by_role("button", name="Correct").click()
    faultless(page, "a turn that is corrected")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Analyse again").click()
    faultless(page, "analyse again")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["partial", "silent", "eight", "failed", "missing", "pools"])
def test_other_states(windows: Windows, served: Served, scheme: str, kind: str) -> None:
    report = served.report()
    ids: dict[str, Callable[[], str]] = {
        "partial": lambda: plant(served.stack, partial(report)),
        "silent": lambda: plant(served.stack, silent(report)),
        "eight": lambda: plant(served.stack, of_eight_channels(report)),
        "failed": lambda: plant(
            served.stack, None, error_code="not_audio", error_detail="the file is no audio"
        ),
        "missing": lambda: "00000000-0000-4000-8000-000000000000",
    }
    path = "pools" if kind == "pools" else f"recordings/{ids[kind]()}"
    page = windows.open(served.token, path, expected={404, 409, 410}, color_scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Loading the report")).to_have_count(0)
    faultless(page, kind)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_question_for_a_token(windows: Windows, scheme: str) -> None:
    page = windows.open(None, color_scheme=scheme)
    expect(page.get_by_role("dialog", name="Sign in with a token")).to_be_visible()
    faultless(page, "token")


class Tree:
    """What a screen reader is given of a page."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.root = self.session.send("DOM.getDocument")["root"]["nodeId"]
        nodes = self.session.send("Accessibility.getFullAXTree")["nodes"]
        self.nodes = {node["nodeId"]: node for node in nodes}
        self.of_element = {node.get("backendDOMNodeId"): node for node in nodes}

    def texts(self, selector: str) -> list[str]:
        """Of each element in the order of the document: the texts and images of its subtree."""
        found = self.session.send(
            "DOM.querySelectorAll", {"nodeId": self.root, "selector": selector}
        )
        return [
            " ".join("".join(self._said(self._node(each))).split()) for each in found["nodeIds"]
        ]

    def _node(self, element: int) -> dict[str, Any]:
        described = self.session.send("DOM.describeNode", {"nodeId": element})
        return dict(self.of_element[described["node"]["backendNodeId"]])

    def _said(self, node: dict[str, Any]) -> Iterator[str]:
        if not node["ignored"] and node["role"]["value"] in ("StaticText", "image"):
            yield str(node["name"]["value"])
            return
        for child in node["childIds"]:
            yield from self._said(self.nodes[child])


def percent(share: float) -> str:
    return f"{int(share * 100 + 0.5)} %"


def answers(turn: dict[str, Any]) -> list[str]:
    """What the page says of a turn of the demo call: its words are scored where it is long, and
    where no other test corrected them."""
    text, fusion = turn["text_sentiment"], turn["fusion"]
    scored = text["status"] == "scored"
    assert scored or text["reason"] in ("no_words", "too_short", "corrected")
    found = {"emotion": turn["emotion"], "voice": turn["sentiment"]}
    found |= {"words": text, "both": fusion} if scored else {}
    alone = " (voice alone)" if scored and fusion["basis"] == "voice" else ""
    said = [
        f"{name} {each['label']}"
        + ("" if each.get("abstained") else f" {percent(each['confidence'])}")
        + (alone if name == "both" else "")
        for name, each in found.items()
    ]
    said += ["words not scored"] * (text["reason"] == "corrected")
    return said + ["words and voice opposed"] * fusion["opposed"]


def test_the_tree_holds_every_word_speaker_and_label(windows: Windows, served: Served) -> None:
    report = served.report()
    page = windows.open(served.token, f"recordings/{served.demo}", size=(1440, 2400))
    expect(page.locator(f"[data-turn='{report['turns'][-1]['id']}']")).to_be_attached()
    expect(page.locator("[data-lane='noise'] canvas")).to_be_visible()
    tree = Tree(page)
    for turn in report["turns"]:
        row = f"[data-turn='{turn['id']}']"
        said = " ".join(tree.texts(f"{row} .said")).split()
        assert said == [word["text"] for word in turn["words"]], turn["id"]
        assert tree.texts(f"{row} .who") == [turn["role"].capitalize()]
        assert tree.texts(f"{row} .mood > span:first-child") == [" · ".join(answers(turn))]
    stretches = {
        "scene": report["scene"],
        "sounds": report["sounds"],
        "noise": report["noise"]["timeline"],
    }
    for lane, found in stretches.items():
        labels = tree.texts(f"[data-lane='{lane}'] .labels li > span:first-child")
        assert sorted(labels) == sorted({each["label"].replace("_", " ") for each in found}), lane
        (picture,) = tree.texts(f"[data-lane='{lane}'] canvas")
        for label in labels:
            assert f" {label} " in picture


def test_the_list_is_used_at_360_pixels_without_scrolling_sideways(
    windows: Windows, served: Served
) -> None:
    for path, there in (("", "call.ogg"), (f"recordings/{served.demo}", "Transcript")):
        page = windows.open(served.token, path, size=(360, 740))
        expect(page.get_by_text(there, exact=True).first).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360


def test_forced_colours_and_reduced_motion(windows: Windows, served: Served) -> None:
    page = windows.open(
        served.token,
        f"recordings/{served.demo}",
        forced_colors="active",
        reduced_motion="reduce",
    )
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    running = page.evaluate(
        "document.getAnimations().filter(a => a.playState === 'running').length"
    )
    assert running == 0
    page.keyboard.press("]")
    outline = page.locator(".said [aria-current='true']").evaluate(
        "each => getComputedStyle(each).outlineStyle"
    )
    assert outline == "solid"


@pytest.mark.parametrize("width", [360, 700, 1440])
def test_rows_of_the_transcript_do_not_lie_on_one_another(
    windows: Windows, served: Served, width: int
) -> None:
    page = windows.open(served.token, f"recordings/{served.demo}", size=(width, 900))
    expect(page.locator("[data-turn='t0']")).to_be_visible()
    page.set_viewport_size({"width": width + 60, "height": 900})
    apart = """() => [...document.querySelectorAll('.turn')]
      .map(each => each.getBoundingClientRect())
      .every((each, place, all) => !place || Math.abs(each.top - all[place - 1].bottom) < 1)"""
    assert waiting.became(lambda: bool(page.evaluate(apart)), 20)
