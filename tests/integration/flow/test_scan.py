"""The scan that beat starts: unknown files of the folder are submitted once."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from earshot.pipeline.intake.scan import Scanned
from earshot.settings import PROJECT
from tests.servers import Stack
from tests.sounds.audio_files import silence, vowel, write

pytestmark = pytest.mark.integration

PASSES = """
import sys
from earshot.pipeline.intake import scan
from tasks import publisher
scan.PASS_SEC = float(sys.argv[1])
print(scan.scan(publisher, sys.argv[2]).model_dump_json())
print(scan.scan(publisher).model_dump_json())
"""


def twice(
    stack: Stack, folder: Path, after: str = "", pass_sec: float = 300
) -> tuple[Scanned, Scanned]:
    """Two passes, the first of which continues behind a file."""
    done = subprocess.run(
        [sys.executable, "-c", PASSES, str(pass_sec), after],
        env={**stack.env(), "EARSHOT_INPUT_DIR": str(folder)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    first, second = map(Scanned.model_validate_json, done.stdout.splitlines())
    return first, second


def test_what_is_known_is_not_submitted_again(bare_servers: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    assert twice(bare_servers, folder) == (Scanned(), Scanned()), "a missing folder ends nothing"
    folder.mkdir()
    for number in range(2):
        sound = np.concatenate([vowel(1, pitch_hz=150 + 50 * number), silence(1)], axis=1)
        write(folder / f"{number}.wav", sound, 16_000, "pcm_s16le")
    (folder / "empty.wav").touch()
    (folder / "notes.txt").write_text("none", encoding="utf-8")
    assert twice(bare_servers, folder, pass_sec=-1)[0] == Scanned(after=" "), "no time for any"

    queue = Redis.from_url(bare_servers.redis_url)
    before = queue.llen("ingest")
    behind = twice(bare_servers, folder, after=str(folder / "0.wav"))
    assert behind == (
        Scanned(submitted=2),
        Scanned(submitted=1, known=2),
    ), "behind the file, then from the start; an empty file fails at ingest"
    assert queue.llen("ingest") == before + 3
    (folder / "2.wav").write_bytes((folder / "1.wav").read_bytes())
    assert twice(bare_servers, folder)[0] == Scanned(known=4), "although nothing is ingested yet"
