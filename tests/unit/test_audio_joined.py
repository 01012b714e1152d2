"""Files joined end to end, of which FFmpeg reads the first alone; and packets that only seem to leave gaps."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from audio.decode import decode
from audio.frames import Tally
from audio.notes import file_notes
from audio.prepare import Prepared, prepare
from audio.probe import probe
from tests.unit.audio_files import silence, tone, vowel, write
from tests.unit.av_files import Track, write_tracks


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


def test_a_track_that_begins_within_a_transport_stream_ends_nothing(tmp_path: Path) -> None:
    """Behind the 5 MB that FFmpeg looks at before it begins. PyAV may raise at the end, and may not."""
    sound = np.tile(tone(1, 48_000), 130)
    one = write(tmp_path / "one.ts", sound, 48_000, "mp2", bit_rate=384_000).read_bytes()
    two = write_tracks(tmp_path / "two.ts", [Track([(0, tone(2, 48_000))], codec="mp2") for _ in range(2)]).read_bytes()
    late = tmp_path / "late.ts"
    late.write_bytes(one + two + one)
    found, tally = probe(late), Tally()
    samples = sum(block.shape[1] for block in decode(late, found, tally))
    assert samples / 48_000 == pytest.approx(262, abs=1)
    assert ("Another track begins within the file; it is not analysed." in file_notes(found, tally)) == tally.late_track
