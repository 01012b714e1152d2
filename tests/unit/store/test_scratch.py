"""Copies of remote recordings are removed with their process, however it ends."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from earshot.audio.store import scratch

HOLDER = """
import sys, time
from earshot.audio.store.scratch import temporary
with temporary(".ogg") as file:
    print(file.name, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_copy_is_removed_when_its_process_was_killed_and_not_before(folder: Path) -> None:
    argv = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(
        argv, env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        copy = Path(holder.stdout.readline().strip())
        assert copy.parent == folder
        hours_ago = time.time() - 7200
        os.utime(copy, (hours_ago, hours_ago))
        assert scratch.sweep() == 0
        assert copy.stat().st_mode & 0o077 == 0
        holder.kill()
    assert copy.exists()
    with scratch.temporary() as another:  # whoever makes the next one looks
        assert not copy.exists()
        assert Path(another.name).exists()
    assert list(folder.iterdir()) == []


def test_what_is_not_ours_is_left_alone(folder: Path) -> None:
    young, link, other = (
        folder / f"{scratch.PREFIX}{name}" for name in ("young", "link", "folder")
    )
    young.touch()
    other.mkdir()
    target = folder / "precious"
    target.touch()
    link.symlink_to(target)
    for each in (target, other):
        os.utime(each, (0, 0))
    assert scratch.sweep() == 0
    assert {each.name for each in folder.iterdir()} == {
        young.name,
        link.name,
        other.name,
        "precious",
    }
