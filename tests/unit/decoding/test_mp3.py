"""MP3s with tags before and between their frames, whose sizes may be wrong: no sound is taken for a
part of a tag."""

from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.headers.mp3 import stated_ms, tag_end
from earshot.audio.media_file import opened
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import tone

RATE = 16_000
WORDS = b"TIT2\0\0\0\x14\0\0\0some title or other"
PICTURE = np.random.default_rng(1).bytes(200_000)
HUGE = 0x0FFF_FFFF


def mp3(
    path: Path,
    hz: float,
    *,
    xing: bool,
    codec: str = "libmp3lame",
    rate: int = RATE,
    kbit: int = 128,
) -> bytes:
    """Four seconds, without a tag."""
    with av.open(
        str(path), "w", options={"write_xing": str(int(xing)), "id3v2_version": "0"}
    ) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = kbit * 1000
        planar = codec == "libmp3lame"
        sound = tone(4, rate, 1, hz) if planar else (tone(4, rate, 1, hz) * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp" if planar else "s16", layout="mono")
        frame.sample_rate = rate
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path.read_bytes()


def tag(size: int, body: bytes = WORDS) -> bytes:
    return b"ID3\x04\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def ingest(folder: Path, data: bytes, accept_truncated: bool = False) -> Prepared:
    path = folder / "a.mp3"
    path.write_bytes(data)
    return prepare(path, uuid4(), f"file://{folder}/store", accept_truncated=accept_truncated)


TAGS = [
    ("right", tag(len(WORDS))),
    ("too long", tag(50_000)),
    ("longer than the file", tag(HUGE)),
    ("a picture", tag(len(PICTURE), PICTURE)),
    ("a picture, too long", tag(220_000, PICTURE)),
    ("a picture, longer than the file", tag(HUGE, PICTURE)),
]


@pytest.mark.parametrize("xing", [False, True])
@pytest.mark.parametrize("between", [one[1] for one in TAGS], ids=[one[0] for one in TAGS])
def test_a_tag_between_two_files(tmp_path: Path, between: bytes, xing: bool) -> None:
    ready = ingest(
        tmp_path,
        mp3(tmp_path / "one.mp3", 400, xing=xing)
        + between
        + mp3(tmp_path / "two.mp3", 800, xing=xing),
    )
    assert ready.duration_ms == pytest.approx(8_000, abs=250)
    assert ready.notes == ()
    heard = read_pcm(ready.audio[RATE], RATE, 1, 0, ready.duration_ms)[0]
    for second, hz in ((1, 400), (2, 400), (6, 800), (7, 800)):
        spectrum = np.abs(np.fft.rfft(heard[second * RATE : second * RATE + RATE // 2]))
        assert int(spectrum.argmax()) * 2 == hz


@pytest.mark.parametrize("before", [one[1] for one in TAGS], ids=[one[0] for one in TAGS])
def test_a_tag_at_the_beginning(tmp_path: Path, before: bytes) -> None:
    ready = ingest(tmp_path, before + mp3(tmp_path / "one.mp3", 400, xing=True))
    assert ready.duration_ms == pytest.approx(4_000, abs=120)
    assert ready.notes == ()


def test_a_file_that_ends_inside_a_tag_is_cut_off(tmp_path: Path) -> None:
    sound = mp3(tmp_path / "one.mp3", 400, xing=False)
    with pytest.raises(BadAudio) as caught:
        ingest(tmp_path, sound + tag(400_000, PICTURE))
    assert caught.value.code == "truncated"
    ready = ingest(tmp_path, sound + tag(400_000, PICTURE), accept_truncated=True)
    assert ready.notes == ("The file cannot be read to its end: 200010 bytes are left over.",)


KINDS = [
    ("libmp3lame", 8_000, 32),
    ("libmp3lame", 11_025, 64),
    ("libmp3lame", 22_050, 56),
    ("libmp3lame", 44_100, 160),
    ("libmp3lame", 32_000, 320),
    ("mp2", 16_000, 64),
    ("mp2", 48_000, 192),
]


@pytest.mark.parametrize(("codec", "rate", "kbit"), KINDS)
def test_frames_of_all_kinds_end_a_tag(tmp_path: Path, codec: str, rate: int, kbit: int) -> None:
    sound = mp3(
        tmp_path / f"one.{'mp2' if codec == 'mp2' else 'mp3'}",
        400,
        xing=False,
        codec=codec,
        rate=rate,
        kbit=kbit,
    )
    path = tmp_path / "tagged"
    path.write_bytes(tag(HUGE) + sound)
    with opened(path) as file:
        assert tag_end(file, 0) == 10 + len(WORDS)


def test_the_stated_length_is_that_of_the_first_of_joined_files(tmp_path: Path) -> None:
    """FFmpeg 8.1.2 estimates it from the size of the whole where another file follows."""
    one = mp3(tmp_path / "one.mp3", 400, xing=True)
    path = tmp_path / "joined"
    for data in (one, tag(len(WORDS)) + one, one + tag(len(PICTURE), PICTURE) + one):
        path.write_bytes(data)
        with opened(path) as file:
            assert stated_ms(file) == pytest.approx(4_000, abs=120)
    path.write_bytes(mp3(tmp_path / "one.mp3", 400, xing=False))
    with opened(path) as file:
        assert stated_ms(file) is None
