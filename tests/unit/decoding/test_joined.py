"""Files joined end to end: MP4s are read each, others that FFmpeg passes over are named; packets
that seem to leave gaps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally, waveforms
from earshot.audio.decoding.joined import mp4_parts
from earshot.audio.decoding.media import open_media
from earshot.audio.decoding.notes import file_notes
from earshot.audio.decoding.probe import probe
from earshot.audio.media_file import opened
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import silence, tone, vowel, write
from tests.sounds.av_files import Track, write_tracks


def ingest(path: Path) -> Prepared:
    return prepare(path, uuid4(), f"file://{path.parent}/store")


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
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


def mp4(path: Path, hz: float, flags: str) -> bytes:
    """Six seconds of a tone, in fragments of one where ``flags`` ask for them."""
    options = ({"movflags": flags} if flags else {}) | (
        {"frag_duration": "1000000"} if "frag" in flags else {}
    )
    return write_tracks(
        path, [Track([(0, tone(6, hz=hz))], "aac", 16_000)], options=options
    ).read_bytes()


FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof"


@pytest.mark.parametrize("second", ["", "faststart", FRAGMENTED, "frag_keyframe+empty_moov"])
@pytest.mark.parametrize("first", ["", FRAGMENTED])
def test_joined_mp4s_are_analysed_each(tmp_path: Path, first: str, second: str) -> None:
    """FFmpeg 8.1.2 reads on in a second file's fragments, without its first, and not in one that
    has none."""
    one, two = mp4(tmp_path / "one.mp4", 400, first), mp4(tmp_path / "two.mp4", 800, second)
    path = tmp_path / "joined.mp4"
    path.write_bytes(one + two)
    ready = ingest(path)
    assert ready.notes == ()
    assert ready.duration_ms == pytest.approx(12_000, abs=200)
    heard = read_pcm(ready.audio[16_000], 16_000, 1, 0, ready.duration_ms)[0]
    starts = [second * 1000 + 250 for second in (0, 2, 5, 6, 7, 9, 11)]
    found = [
        int(np.abs(np.fft.rfft(heard[16 * start : 16 * (start + 500)])).argmax()) * 2
        for start in starts
    ]
    assert found == [400] * 3 + [800] * 4


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0\x10", b"RIFF\xff\xff", b"\0\0\0\x08moov", b"\0\0\0\x08ftyp"]
)
def test_what_is_no_mp4_has_one_part_or_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    with opened(path) as file:
        assert len(mp4_parts(file)) <= 1


def test_a_joined_mp4_that_is_cut_off_is_refused_or_named(tmp_path: Path) -> None:
    one = mp4(tmp_path / "one.mp4", 400, "")
    path = tmp_path / "joined.mp4"
    for second, lost in (("", "part 2 of 2 (truncated)"), ("faststart", "The file is cut off: 3.")):
        two = mp4(tmp_path / "two.mp4", 800, second)
        path.write_bytes(one + two[: len(two) * 45 // 100])
        with pytest.raises(BadAudio) as caught:
            ingest(path)
        assert caught.value.code == "truncated"
        ready = prepare(path, uuid4(), f"file://{tmp_path}/store", accept_truncated=True)
        assert lost in " ".join(ready.notes)


def test_long_packets_leave_no_gaps_in_avi(tmp_path: Path) -> None:
    """FFmpeg counts a packet above the header's block size twice."""
    path = write(
        tmp_path / "a.avi",
        np.concatenate([vowel(2), silence(1), vowel(2)], axis=1),
        16_000,
        "aac",
        bit_rate=48_000,
    )
    data = bytearray(path.read_bytes())
    block = data.index(b"strf", data.index(b"auds")) + 8 + 12  # in a WAVEFORMATEX
    data[block : block + 2] = (256).to_bytes(2, "little")
    path.write_bytes(data)
    ready = ingest(path)
    assert ready.duration_ms == pytest.approx(5_000, abs=200)
    assert ready.notes == ()


def test_a_track_that_begins_within_a_transport_stream_ends_nothing(tmp_path: Path) -> None:
    """Behind the 5 MB that FFmpeg looks at before it begins. PyAV then reads memory that nobody has
    written: it may raise."""
    sound = np.tile(tone(1, 48_000), 130)
    one = write(tmp_path / "one.ts", sound, 48_000, "mp2", bit_rate=384_000).read_bytes()
    two = write_tracks(
        tmp_path / "two.ts", [Track([(0, tone(2, 48_000))], codec="mp2") for _ in range(2)]
    ).read_bytes()
    late = tmp_path / "late.ts"
    late.write_bytes(one + two + one)
    found, tally = probe(late), Tally()
    samples = sum(block.shape[1] for block in decode(late, found, tally))
    assert samples / 48_000 == pytest.approx(262, abs=1)
    assert set(file_notes(found, tally)) <= {LATE}


LATE = "Another track begins within the file; it is not analysed."


class EndsLikePyAV:
    """A container that raises what PyAV 18.1.0 does after the last packet, where a track has begun
    within the file."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, stream: Any) -> Iterator[Any]:
        yield from self._container.demux(stream)
        raise IndexError("list index out of range")


@pytest.mark.parametrize("late", [False, True])
def test_a_track_that_begins_within_the_file_is_named(tmp_path: Path, late: bool) -> None:
    path = write(tmp_path / "a.ts", tone(2, 48_000), 48_000, "mp2")
    found, tally = probe(path), Tally()
    with opened(path) as file, open_media(file) as container:
        given = EndsLikePyAV(container) if late else container
        samples = sum(
            part.shape[1] for part in waveforms(file, given, container.streams[0], found, tally)
        )
    assert samples / 48_000 == pytest.approx(2, abs=0.1)
    assert list(file_notes(found, tally)) == ([LATE] if late else [])
