"""Files with strange names, through the whole system: analysed, kept separate, and shown without
terminal controls."""

import json
import os
import shutil

import pytest

from earshot.analysis.printable import UNSHOWABLE
from earshot.settings import PROJECT
from tests.servers import Stack

pytestmark = pytest.mark.integration

NAMES = (
    b"esc\x1b]0;title\x07.ogg",
    b"two\nlines.ogg",
    b"latin\xe9.ogg",
    "left\u202egnp.ogg".encode(),
    "مكالمة 👩‍👩‍👧.ogg".encode(),
    b"x" * 251 + b".ogg",
)
SHOWN = (
    "esc\\u001b]0;title\\u0007.ogg",
    "two\\u000alines.ogg",
    "latin\\udce9.ogg",
    "left\\u202egnp.ogg",
    "مكالمة 👩‍👩‍👧.ogg",
)


def test_strange_names_are_analysed_and_shown_escaped(stage: Stack) -> None:
    folder, out = stage.home / "calls", stage.home / "out"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(PROJECT / "demo" / "call.ogg", folder / os.fsdecode(name))
    (folder / "noise\x1b[1m.ogg").write_text("none")
    os.mkfifo(folder / "pipe.ogg")
    asked = ("ingest", "--force", "--analyses", "scene", "calls", "calls/pipe.ogg")
    with stage.workers("all", "ingest", "merge", "finalize", "upkeep", "scene", concurrency=2):
        done = stage.earshot(*asked, "--out", str(out))
        listed, events = stage.earshot("list"), stage.earshot("events")
        again = stage.earshot(*asked, "--out", str(PROJECT / "README.md" / "nowhere"))
    assert (done.returncode, again.returncode) == (1, 1)
    for printed in (
        done.stdout,
        done.stderr,
        listed.stdout,
        events.stdout,
        again.stdout,
        again.stderr,
    ):
        assert not UNSHOWABLE.search(printed.replace("\n", ""))
    assert all(shown in done.stdout and shown in listed.stdout for shown in SHOWN)
    assert len([line for line in listed.stdout.splitlines() if ".ogg" in line]) == len(NAMES) + 1
    written = sorted(out.iterdir())
    assert len(written) == len(NAMES)
    assert all(
        json.loads(each.read_text(encoding="utf-8"))["status"] == "complete" for each in written
    )
    assert not any(UNSHOWABLE.search(each.name) for each in written)
    for event in events.stdout.splitlines():
        json.loads(event)
    refused = [line for line in done.stderr.splitlines() if "not_audio" in line]
    assert len(refused) == 2
    assert again.stderr.count("its report cannot be written: ") == len(NAMES)
    assert again.stdout.count("Scene") == len(NAMES)
