"""What is refused before it is decoded, for its length or for the room it needs, is refused for
what is certain."""

import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.errors import BadAudio, Unavailable
from earshot.audio.prepare import Prepared, prepare
from producer.admission import expected_chunks
from tests.sounds.audio_files import Sound, silence, write
from tests.sounds.av_files import Track, write_tracks

DAY_MS = 24 * 3_600_000


def ingest(path: Path, longest_ms: int | None = None, rates: tuple[int, ...] = ()) -> Prepared:
    return prepare(path, uuid4(), f"file://{path.parent}/store", longest_ms=longest_ms, rates=rates)


def noise(seconds: float) -> Sound:
    return np.random.default_rng(0).normal(0, 0.1, (1, round(seconds * 48_000))).astype(np.float32)


def live(path: Path, codec: str, picture_sec: float = 0) -> Path:
    """As a browser or a recorder that was ended leaves it: without a length."""
    track = Track([(0, noise(5))], codec)
    return write_tracks(path, [track], picture_sec=picture_sec, noisy=True, options={"live": "1"})


def chained(path: Path) -> Path:
    parts = [
        write(path.with_name(f"{number}.ogg"), noise(2.5), 48_000, "libopus") for number in range(2)
    ]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def sparse_wav(path: Path, data_bytes: int) -> Path:
    """RF64 of 8 bits at 8 kHz, all of whose sound is there and takes no room."""
    form = struct.pack("<HHIIHH", 1, 1, 8_000, 8_000, 1, 8)
    chunks = (
        b"ds64"
        + struct.pack("<IQQQI", 28, data_bytes + 72, data_bytes, data_bytes, 0)
        + b"fmt \x10\0\0\0"
        + form
    )
    head = b"RF64\xff\xff\xff\xffWAVE" + chunks + b"data\xff\xff\xff\xff"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + data_bytes)
    return path


LIVE: list[Callable[[Path], Path]] = [
    lambda folder: live(folder / "a.webm", "libopus"),
    lambda folder: live(folder / "a.mka", "flac"),
    lambda folder: live(folder / "a.mkv", "libopus", picture_sec=5),
    lambda folder: chained(folder / "a.ogg"),
]


@pytest.mark.parametrize("make", LIVE, ids=["WebM", "FLAC", "video", "chained Ogg"])
def test_a_guess_refuses_nothing(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """By their bytes, at the rate that speech needs at least, these might be minutes."""
    assert ingest(make(tmp_path), longest_ms=6_000).duration_ms == pytest.approx(5_000, abs=60)


def test_a_longest_duration_while_decoding(tmp_path: Path) -> None:
    flac = write(tmp_path / "a.flac", silence(200, 8_000), 8_000, "flac")
    assert flac.stat().st_size < 3_200_000 // 70
    assert expected_chunks(flac) == 8, "by the sample count that it states"
    assert ingest(flac, longest_ms=200_000).duration_ms == 200_000
    mka = write_tracks(tmp_path / "a.mka", [Track([(0, silence(30))], "flac", 16_000)])
    for path, longest_ms in ((flac, 199_000), (mka, 20_000)):
        with pytest.raises(
            BadAudio, match=r"^It is longer than 0:0\d:\d\d \(EARSHOT_MAX_DURATION_SEC\)"
        ) as caught:
            ingest(path, longest_ms)
        assert caught.value.code == "too_long"


def test_a_longest_duration_before_decoding(tmp_path: Path) -> None:
    """Ten thousand hours, whose decoding would outlast the test."""
    with pytest.raises(BadAudio) as caught:
        ingest(sparse_wav(tmp_path / "a.wav", 10_000 * 3_600 * 8_000), DAY_MS)
    assert caught.value.code == "too_long"


def test_a_length_that_the_bytes_do_not_bear_out_is_a_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", noise(4), 48_000, "flac")
    data = bytearray(path.read_bytes())
    stated = (
        int.from_bytes(data[18:26], "big") & ~(2**36 - 1) | 30 * 3600 * 48_000
    )  # STREAMINFO's last 36 bits
    data[18:26] = stated.to_bytes(8, "big")
    path.write_bytes(data)
    with pytest.raises(BadAudio, match=r"holds 4\.0 s of the 108000\.0 s") as caught:
        ingest(path, DAY_MS)
    assert caught.value.code == "truncated"


def test_a_disk_without_room_is_told_before_anything_is_decoded(tmp_path: Path) -> None:
    """The sound takes 52 bytes in the store for each of its own. Some of the disk has to be taken,
    for there is none whose room lies between all and what is free."""
    with (tmp_path / "taken").open("wb") as taken:
        os.posix_fallocate(taken.fileno(), 0, 256 << 20)
        disk = shutil.disk_usage(tmp_path)
        path = sparse_wav(tmp_path / "a.wav", (disk.free + disk.total) // 2 // 52)
        with pytest.raises(Unavailable, match="MB are free") as caught:
            ingest(path, rates=(192_000,))
    assert caught.value.code == "disk_full"
    assert not (tmp_path / "store").exists()
