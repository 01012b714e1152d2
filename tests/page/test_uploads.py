"""Uploads whose connection is lost, whose recording is deleted, or that another request takes
over."""

import hashlib
from base64 import b64decode
from pathlib import Path

import httpx2
import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, Route, expect

from earshot.analysis.roles import recorders
from tests.page.browsing import WAIT_MS, Windows, becomes, choose, live
from tests.page.conftest import DEMO, Served
from tests.page.planted import plant, silent

pytestmark = pytest.mark.integration
GONE = {404, 410}
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


def noise(path: Path, seconds: int) -> Path:
    samples = np.random.default_rng(5).normal(0, 0.05, 16_000 * seconds)
    soundfile.write(path, samples, 16_000)
    return path


@pytest.mark.parametrize("late", [False, True])
def test_an_upload_continues_after_a_lost_connection(
    windows: Windows, served: Served, tmp_path: Path, late: bool
) -> None:
    """Or one that was too slow; and what is stored already is not sent."""
    sound = noise(tmp_path / "long noise.wav", 300)
    token = served.stack.token("write", f"lost-{late}".lower())
    page = windows.open(token, expected={408 if late else "net::ERR_"})
    sent: list[int] = []

    def second_is_lost(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(int(route.request.headers["upload-offset"]))
            if len(sent) == 2:
                if late:
                    route.fulfill(status=408, json={"code": "request_timeout"})
                else:
                    route.abort("connectionreset")
                return
        route.continue_()

    page.route("**/uploads/*", second_is_lost)
    upload = choose(page, sound)
    expect(upload.get_by_role("link", name="long noise.wav")).to_be_visible(timeout=WAIT_MS)
    assert sent == [0, 4_000_000, 4_000_000, 8_000_000]
    expect(upload).to_contain_text("Complete", timeout=WAIT_MS)

    choose(page, sound)
    expect(upload).to_contain_text("Known already, nothing was sent")
    assert len(sent) == 4
    upload.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("list", name="Uploads").get_by_role("listitem")).to_have_count(1)


def test_an_upload_has_the_options_that_are_chosen(
    windows: Windows, served: Served, tmp_path: Path
) -> None:
    """They are remembered, and what the server would refuse together is not sent."""
    page = windows.open(served.stack.token("write", "options"), expected={422})
    sent: list[dict[str, str]] = []

    def refused(route: Route) -> None:
        pairs = [each.split(" ") for each in route.request.headers["upload-metadata"].split(",")]
        sent.append({name: b64decode(value).decode() for name, value in pairs})
        route.fulfill(status=422, json={"code": "refused", "detail": "Only its options count."})

    page.route("**/uploads", refused)
    page.get_by_text("ASR Tuning", exact=True).first.click()
    channels, recorder, direction = (
        page.get_by_role("combobox", name=name, exact=True)
        for name in ("Channels", "Recorder", "Direction")
    )
    names = recorder.locator("option").evaluate_all("all => all.map(each => each.value)")
    assert set(names) == {"", *recorders()}
    channels.select_option("agent,customer")
    expect(direction).to_be_disabled()
    expect(direction).to_have_accessible_description(
        "Whose each channel is comes from the recorder and the direction of the call, or from a"
        " chosen order of the channels: not from both."
    )
    recorder.select_option("twilio")
    expect(channels).to_be_disabled()
    direction.select_option("inbound")
    page.get_by_label("Glossary").fill("b2c")
    page.get_by_label("Redact personal data").check()
    page.reload()
    upload = choose(page, noise(tmp_path / "options.wav", 1))
    expect(upload).to_contain_text("Only its options count.")
    chosen = {"recorder": "twilio", "direction": "inbound", "glossary": "b2c", "redact": "true"}
    assert sent == [{"filename": "options.wav"} | chosen]
    recorder.select_option("")
    choose(page, noise(tmp_path / "ordered.wav", 2))
    expect(page.get_by_text("Only its options count.")).to_have_count(2)
    ordered = {"roles": "agent,customer", "glossary": "b2c", "redact": "true"}
    assert sent[1:] == [{"filename": "ordered.wav"} | ordered]


def test_one_whose_recording_is_deleted_ends(windows: Windows, served: Served) -> None:
    token = served.stack.token("write", "deleted")
    page = windows.open(token, expected={410})
    live(page)
    upload = choose(page, DEMO)
    link = upload.get_by_role("link", name="call.ogg")
    expect(link).to_be_visible(timeout=WAIT_MS)
    served.delete(str(link.get_attribute("href")).rsplit("/", 1)[1], token=token)
    expect(upload).to_contain_text("Deleted: the recording is not there any more.")
    expect(upload.get_by_role("progressbar")).to_be_hidden()


def test_one_that_another_request_continues_ends(
    windows: Windows, served: Served, tmp_path: Path
) -> None:
    sound = noise(tmp_path / "taken over.wav", 120)
    token = served.stack.token("write", "taken")
    page = windows.open(token, expected={409})
    live(page)
    slow(page)
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.url) if each.method == "PATCH" else None)
    upload = choose(page, sound)
    becomes(page, lambda: bool(sent))
    with served.client(token) as client:
        becomes(page, lambda: continued(client, sent[0], sound))
    expect(upload).to_contain_text("Another request continues this upload.", timeout=WAIT_MS)
    expect(upload.get_by_role("button", name="Try again")).to_be_visible()
    assert len(sent) == 1


def continued(client: httpx2.Client, url: str, sound: Path) -> bool:
    """Whether a piece of another client was taken, after some of the page's."""
    offset = int(client.get(url, headers=TUS).json()["offset"])
    if not offset:
        return False
    piece = sound.read_bytes()[offset : offset + 1000]
    headers = {**TUS, "Upload-Offset": str(offset)}
    return client.patch(url, content=piece, headers=headers).status_code == 204


def sending(windows: Windows, token: str) -> tuple[Page, list[str]]:
    """A page whose line is slow, and the addresses that it sends pieces to."""
    page = windows.open(token)
    live(page)
    slow(page)
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.url) if each.method == "PATCH" else None)
    return page, sent


def test_one_that_is_cancelled_is_removed_from_the_server(
    windows: Windows, served: Served, tmp_path: Path
) -> None:
    sound = noise(tmp_path / "cancelled.wav", 120)
    token = served.stack.token("write", "cancelled")
    page, sent = sending(windows, token)
    upload = choose(page, sound)
    becomes(page, lambda: bool(sent))
    upload.get_by_role("button", name="Cancel").click()
    expect(upload).to_have_count(0)
    with served.client(token) as client:
        becomes(page, lambda: client.get(sent[0], headers=TUS).status_code in GONE)
    assert page.evaluate("Object.keys(localStorage).filter(k => k.includes('.upload.'))") == []


def test_one_with_other_options_is_begun_anew(
    windows: Windows, served: Served, tmp_path: Path
) -> None:
    sound = noise(tmp_path / "options.wav", 120)
    page, sent = sending(windows, served.stack.token("write", "options"))
    choose(page, sound)
    becomes(page, lambda: bool(sent))
    for language, known in (("", True), ("de", False)):
        before = len(sent)
        page.evaluate(f"localStorage['earshot.tuning'] = '{{\"language\": \"{language}\"}}'")
        page.reload()
        live(page)
        choose(page, sound)
        becomes(page, lambda before=before: len(sent) > before)
        assert (sent[-1] == sent[0]) is known


def test_files_that_are_known_do_not_keep_others_from_being_sent(
    windows: Windows, served: Served, tmp_path: Path
) -> None:
    tenant = "known"
    files = [noise(tmp_path / f"{number}.wav", number + 1) for number in range(3)]
    for each in files[:2]:
        digest = hashlib.sha256(each.read_bytes()).hexdigest()
        plant(served.stack, silent(served.report()), each.name, tenant=tenant, sha256=digest)
    page = windows.open(served.stack.token("write", tenant), expected=GONE)
    live(page)
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Upload recordings").click()
    chosen.value.set_files(files)
    uploads = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(uploads.filter(has_text="Known already")).to_have_count(2)
    expect(uploads.get_by_role("link", name="2.wav")).to_be_visible(timeout=WAIT_MS)
    again = uploads.filter(has_text="Known already").filter(has_text="0.wav")
    again.get_by_role("button", name="Upload all the same").click()
    expect(uploads.filter(has_text="Known already")).to_have_count(1)
    expect(uploads.filter(has_text="0.wav")).to_contain_text("Complete", timeout=WAIT_MS)


def slow(page: Page) -> None:
    """Sends 300 kB a second."""
    given = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", given)
