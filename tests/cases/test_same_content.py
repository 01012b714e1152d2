"""The same file handed in again with another wish: what was asked and is missing is done, or what
differs is named."""

from pathlib import Path

import pytest

from tests.cases.inputs import LEISURE, STEW, made
from tests.cases.local import Local, errors
from tests.cases.test_sound import MISHEARD

pytestmark = [pytest.mark.integration, pytest.mark.cases]


def test_what_is_missing_of_a_known_recording_is_done(local: Local, home: Path) -> None:
    file = made("faint", home) / "whisper_30.wav"
    first = local.ingest(file, "--analyses", "scene", "--force")["whisper_30.wav"]
    assert not first.words()
    again = local.ingest(file)["whisper_30.wav"]
    assert errors(f"{STEW} {LEISURE}", again.words()) <= MISHEARD


def test_other_roles_are_not_answered_with_the_old_report(local: Local, home: Path) -> None:
    file = made("tracks", home) / "tracks.mov"
    local.ingest(file, "--roles", "agent,customer")
    report = local.ingest(file, "--roles", "customer,agent")["tracks.mov"]
    assert errors(STEW, report.words("customer")) <= MISHEARD
    assert errors(LEISURE, report.words("agent")) <= MISHEARD


@pytest.mark.parametrize(("option", "value"), [("--language", "de"), ("--speakers", "2")])
def test_another_language_or_count_of_speakers_is_done_or_named(
    local: Local, home: Path, option: str, value: str
) -> None:
    file = made("tracks", home) / "near.wav"
    local.ingest(file)
    handed = local.ingest(file, option, value)
    new = handed.reports.get("near.wav")
    if option == "--speakers":
        done = "diarization added to it" in handed.printed
    else:
        done = new is not None and new.json["recording"]["language"] == value
    assert done or f"with other {option.strip('-')}" in handed.printed, handed.printed
