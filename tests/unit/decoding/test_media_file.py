"""A file is opened once: the hashed bytes are the decoded ones, despite changes of its name, its
links and its end."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cli.ingest import validate
from earshot.analysis.errors import BadAudio, EarshotError, Unavailable
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.media_file import View, opened
from earshot.audio.prepare import prepare
from earshot.audio.store.growing import still_written, wait_until_settled
from earshot.audio.store.inbox import upload
from earshot.audio.store.source import content_hash, open_source
from tests.sounds.audio_files import tone, write

RECORDER = """
import sys, time
with open(sys.argv[1], "ab", 0) as file:
    while file.write(bytes(3200)):
        print("written", flush=True)
        time.sleep(0.2)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "a.wav", tone(2), 16_000, "pcm_s16le")


@pytest.fixture
def recorder(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A program that goes on writing to ``path``."""
    recorder = subprocess.Popen(
        [sys.executable, "-c", RECORDER, path], stdout=subprocess.PIPE, text=True
    )
    assert recorder.stdout is not None
    assert recorder.stdout.readline() == "written\n"
    yield recorder
    recorder.kill()
    recorder.wait()


def test_one_file_is_read_whatever_its_name_points_to(tmp_path: Path, path: Path) -> None:
    with opened(path) as file:
        first = content_hash(file)
        write(tmp_path / "b.wav", tone(1), 16_000, "pcm_s16le").replace(path)
        assert content_hash(file) == first != content_hash(path)
        found, tally = probe(file), Tally()
        assert sum(block.shape[1] for block in decode(file, found, tally)) == 32_000


def test_what_is_appended_is_not_read_and_is_told(tmp_path: Path, path: Path) -> None:
    with opened(path) as file:
        first = content_hash(file)
        with path.open("ab") as more:
            more.write(bytes(32_000))
        assert content_hash(file) == first
        with pytest.raises(Unavailable) as caught:
            prepare(file, uuid4(), f"file://{tmp_path}/store")
    assert caught.value.code == "growing"
    assert list(tmp_path.rglob("*.pcm")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_a_file_that_a_program_is_writing(
    tmp_path: Path,
    path: Path,
    recorder: "subprocess.Popen[str]",
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        pytest.raises(Unavailable) as caught,
        open_source(str(path), (str(tmp_path),), "file:///nowhere"),
    ):
        pass
    assert caught.value.code == "growing"
    for hand_in in (
        lambda: upload(path, f"file://{tmp_path}/store"),
        lambda: wait_until_settled(path),
    ):
        with pytest.raises(Unavailable, match="still being written"):
            hand_in()
    assert validate([path], accept_truncated=False) == 1
    assert "growing: " in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_a_file_that_is_held_open_has_not_ended_however_long_nothing_is_written(
    tmp_path: Path, path: Path
) -> None:
    """As on hold; whoever asks for it by the command need not wait, for nothing was written for
    longer than that would be."""
    hour_ago = time.time() - 3600
    with path.open("ab"):
        os.utime(path, (hour_ago, hour_ago))
        for hand_in in (
            lambda: upload(path, f"file://{tmp_path}/store"),
            lambda: wait_until_settled(path),
        ):
            began = time.monotonic()
            with pytest.raises(Unavailable, match="hand in a copy") as caught:
                hand_in()
            assert caught.value.code == "growing"
            assert time.monotonic() - began < 30
        with (
            pytest.raises(Unavailable, match="holds it open"),
            open_source(str(path), (str(tmp_path),), "file:///n"),
        ):
            pass
    wait_until_settled(path)


FOREIGN = """
import os, sys, time
from pathlib import Path
from earshot.audio.store.growing import still_written
from earshot.audio.media_file import opened
os.setuid(65_534)  # nobody, to whom the kernel tells nothing of a file of another user's
with opened(Path(sys.argv[1])) as file:
    print(still_written(file))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize(
    ("age_sec", "written"), [(1, True), (60, False), (-300, True), (-86_400, False)]
)
def test_a_file_that_may_be_written_elsewhere(age_sec: int, written: bool) -> None:
    """Its server's clock may be ahead of ours; a date in the future is none."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).chmod(0o644)
        os.utime(file.name, (time.time() - age_sec,) * 2)
        done = subprocess.run(
            [sys.executable, "-c", FOREIGN, file.name], capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == str(written)


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_a_file_is_settled_as_soon_as_it_is_closed(
    tmp_path: Path, path: Path, recorder: "subprocess.Popen[str]"
) -> None:
    with opened(path) as file:
        assert still_written(file)
    recorder.kill()
    recorder.wait()
    with open_source(str(path), (str(tmp_path),), "file:///nowhere") as file:
        assert not still_written(file)


def test_a_link_that_is_swapped_never_leads_out(tmp_path: Path) -> None:
    root, secret = tmp_path / "calls", tmp_path / "secret"
    (root / "deep").mkdir(parents=True)
    secret.mkdir()
    (root / "deep" / "a.wav").write_bytes(b"inside")
    (secret / "a.wav").write_bytes(b"secret")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (root / "deep").rename(root / "kept")
            (root / "deep").symlink_to(secret)
            (root / "deep").unlink()
            (root / "kept").rename(root / "deep")
            stop.wait(
                0.0005
            )  # so that some tries find the folder in its place, whoever has the cores

    swapper = threading.Thread(target=swap)
    swapper.start()
    read: list[bytes] = []
    tries, deadline = 0, time.monotonic() + 60
    try:
        while (tries < 2_000 or not read) and time.monotonic() < deadline:
            tries += 1
            try:
                with open_source(
                    str(root / "deep" / "a.wav"), (str(root),), "file:///nowhere"
                ) as file:
                    read.append(file.reader().read())
            except (EarshotError, OSError):
                continue  # refused: it was in the middle of a swap
    finally:
        stop.set()
        swapper.join()
    assert set(read) == {b"inside"}


def test_a_pipe_and_a_name_like_an_address(
    tmp_path: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    named = path.rename(tmp_path / "http:x.wav")
    started = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert validate([Path("pipe.wav"), Path(named.name)], accept_truncated=False) == 1
    finally:
        os.chdir(started)
    told = capsys.readouterr()
    assert "pipe.wav: not_audio: pipe.wav is not a regular file" in told.err
    assert "http:x.wav: ok, 0:02" in told.out
    with pytest.raises(BadAudio, match="regular"), opened(pipe):
        pass


@pytest.mark.parametrize("start", range(8))
@pytest.mark.parametrize("size", [1, 3, 20])
def test_edits_stand_in_for_bytes_wherever_reading_begins(
    tmp_path: Path, start: int, size: int
) -> None:
    whole = bytes(range(20))
    (tmp_path / "a").write_bytes(whole)
    edited = whole[:4] + b"xyz" + whole[7:]
    with opened(tmp_path / "a") as file:
        raw = file.raw(View(first=2, end=18, edits={4: b"xyz"}))
        raw.seek(start)
        assert raw.read(size) == edited[2:18][start : start + size]
        assert raw.seek(-1, os.SEEK_END) == 15
