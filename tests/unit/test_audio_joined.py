"""Files joined end to end, of which FFmpeg reads the first alone; and packets that only seem to leave gaps."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from audio.prepare import Prepared, prepare
from tests.unit.audio_files import silence, tone, vowel, write


def ingest(path: Path) -> Prepared:
    return prepare(path, uuid4(), f"file://{path.parent}/store")


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.m4a", "aac", 16_000),
        ("a.mp4", "aac", 16_000),
        ("a.flv", "libmp3lame", 44_100),
        ("a.wma", "wmav2", 44_100),
        ("a.tta", "tta", 16_000),
        ("a.voc", "pcm_s16le", 16_000),
    ],
)
def test_a_second_file_behind_is_named(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    one = write(tmp_path / name, tone(2, rate), rate, codec, "s16" if codec == "tta" else "")
    assert ingest(one).notes == ()
    data = one.read_bytes()
    one.write_bytes(data + data)
    ready = ingest(one)
    assert ready.duration_ms == pytest.approx(2_000, abs=150)
    assert f"another {ready.container} file ({len(data):,} bytes)" in "".join(ready.notes)


def test_long_packets_leave_no_gaps_in_avi(tmp_path: Path) -> None:
    """FFmpeg counts a packet above the header's block size twice."""
    path = write(tmp_path / "a.avi", np.concatenate([vowel(2), silence(1), vowel(2)], axis=1), 16_000, "aac", bit_rate=48_000)
    data = bytearray(path.read_bytes())
    block = data.index(b"strf", data.index(b"auds")) + 8 + 12  # in a WAVEFORMATEX
    data[block : block + 2] = (256).to_bytes(2, "little")
    path.write_bytes(data)
    ready = ingest(path)
    assert ready.duration_ms == pytest.approx(5_000, abs=200)
    assert ready.notes == ()
