"""Sizes as real writers leave them in every format whose header has one: to a pipe, checkpointed,
cut off, odd lengths."""

import io
import struct
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest

from earshot.analysis.errors import BadAudio
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import tone
from tests.unit.decoding.test_riff import CHECKPOINT, LIST, PNG, UNCLOSED

RATE, SECONDS = 16_000, 4
FORMATS = ["wav", "w64", "aiff", "caf", "au"]


class Pipe:
    """What a muxer may only write to."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)


def made(
    muxer: str,
    out: Pipe | io.BytesIO,
    codec: str = "pcm_s16be",
    seconds: float = SECONDS,
    channels: int = 1,
) -> bytes:
    little = muxer in ("wav", "w64") and codec == "pcm_s16be"
    with av.open(out, "w", format=muxer) as container:
        stream = container.add_stream(
            "pcm_s16le" if little else codec,
            rate=RATE,
            layout="mono" if channels == 1 else "stereo",
        )
        whole = tone(seconds, RATE, channels)
        for start in range(0, whole.shape[1], 8_000):
            block = np.ascontiguousarray(whole[:, start : start + 8_000].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout=stream.layout.name)
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return bytes(out.written) if isinstance(out, Pipe) else out.getvalue()


def with_size(muxer: str, data: bytes, size: int) -> bytes:
    """The same file, as if its writer had written so much sound when it wrote the header."""
    name, field, before = {
        "wav": (b"data", "<I", 0),
        "w64": (b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a", "<Q", 24),
        "aiff": (b"SSND", ">I", 8),
        "caf": (b"data", ">Q", 4),
        "au": (b".snd" + data[4:8], ">I", 0),
    }[muxer]
    at = data.index(name) + len(name)
    return data[:at] + struct.pack(field, size + before) + data[at + struct.calcsize(field) :]


def ingest(folder: Path, data: bytes, accept_truncated: bool = False) -> Prepared:
    path = folder / "recording"
    path.write_bytes(data)
    return prepare(path, uuid4(), f"file://{folder}/store", accept_truncated=accept_truncated)


def whole(ready: Prepared) -> bool:
    """Whether all of the tone is there, and nothing but the tone."""
    heard = read_pcm(ready.audio[RATE], RATE, ready.channels, 0, ready.duration_ms)
    level = np.sqrt(np.square(heard[:, : 7 * RATE // 2].reshape(len(heard), 7, -1)).mean(axis=2))
    return bool(
        abs(ready.duration_ms - 1000 * SECONDS) <= 2
        and np.allclose(level, 0.5 / np.sqrt(2), rtol=0.02)
    )


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("muxer", FORMATS)
def test_written_to_a_pipe(tmp_path: Path, muxer: str, channels: int) -> None:
    data = made(muxer, Pipe(), channels=channels)
    for size in (data, with_size(muxer, data, 0)):
        ready = ingest(tmp_path, size)
        assert whole(ready)
        assert ready.notes == (UNCLOSED,)


@pytest.mark.parametrize("muxer", FORMATS)
def test_a_writer_that_closes_its_file_needs_no_word(tmp_path: Path, muxer: str) -> None:
    ready = ingest(tmp_path, made(muxer, io.BytesIO()))
    assert whole(ready)
    assert ready.notes == ()


@pytest.mark.parametrize("muxer", FORMATS)
def test_checkpointed_a_second_in(tmp_path: Path, muxer: str) -> None:
    ready = ingest(tmp_path, with_size(muxer, made(muxer, Pipe()), 2 * RATE))
    assert whole(ready)
    assert ready.notes == (CHECKPOINT,)


@pytest.mark.parametrize("muxer", FORMATS)
def test_cut_off(tmp_path: Path, muxer: str) -> None:
    data = made(muxer, io.BytesIO())
    with pytest.raises(BadAudio) as caught:
        ingest(tmp_path, data[: len(data) // 2])
    assert caught.value.code == "truncated"
    assert "2.0 s of the 4.0 s" in str(caught.value)


@pytest.mark.parametrize("muxer", FORMATS)
def test_another_file_behind_is_named_and_no_sound(tmp_path: Path, muxer: str) -> None:
    data = made(muxer, io.BytesIO())
    ready = ingest(tmp_path, data + data)
    assert whole(ready)
    name = {"w64": "Wave64"}.get(muxer, muxer.upper())
    assert ready.notes == (
        (
            f"Behind the sound lies another {name} file ({len(data):,} bytes), which is not"
            " analysed; split the file there."
        ),
    )


ODD = [
    ("nothing", b"", ""),
    ("a chunk", LIST, ""),
    (
        "a chunk that is cut off",
        LIST[:8] + b"\1" + bytes(range(250)) * 40,
        "something that is no sound",
    ),
    ("a picture", PNG, "a PNG picture"),
    ("another WAV", b"RIFF", "another WAV file"),
]


@pytest.mark.parametrize(("behind", "name"), [one[1:] for one in ODD], ids=[one[0] for one in ODD])
def test_behind_an_odd_number_of_bytes_and_their_padding(
    tmp_path: Path, behind: bytes, name: str
) -> None:
    data = made("wav", io.BytesIO(), "pcm_u8", SECONDS - 1 / RATE)
    assert len(data) % 2 == 0, "FFmpeg has padded the sound"
    if name.startswith("something"):
        behind = behind[:4] + struct.pack("<I", 1_000_000) + behind[8:]
    behind = data if behind == b"RIFF" else behind
    ready = ingest(tmp_path, data + behind)
    assert whole(ready)
    said = (
        f"Behind the sound lies {name} ({len(behind):,} bytes), which is not analysed; split the"
        " file there."
    )
    assert ready.notes == ((said,) if name else ())


def test_quiet_a_law_behind_a_checkpoint_is_no_text(tmp_path: Path) -> None:
    """Its silence is the letter U."""
    data = made("wav", io.BytesIO(), "pcm_alaw")
    at = data.index(b"data") + 8 + RATE
    quiet = data[:at] + b"U" * 6_000 + data[at + 6_000 :]
    ready = ingest(tmp_path, with_size("wav", quiet, RATE))
    assert ready.duration_ms == 1000 * SECONDS
    assert ready.notes == (
        "The header states 1.0 s of sound, but more follows: all 64,000 bytes of it are analysed.",
    )


def test_text_that_is_cut_within_a_character_is_text(tmp_path: Path) -> None:
    words = (b"and so on\n" * 500)[:4095] + "\u00e4".encode() + b" so on\n" * 900
    ready = ingest(tmp_path, made("wav", io.BytesIO()) + words)
    assert whole(ready)
    assert "text" in ready.notes[0]
