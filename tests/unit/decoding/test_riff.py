"""Sizes in headers that say something else than what follows: all that is sound is analysed, the
rest is named."""

import struct
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from cli.ingest import validate
from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.media import open_media
from earshot.audio.decoding.probe import probe
from earshot.audio.media_file import opened
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import tone, write

RATE, SECONDS = 16_000, 4
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"some recorder\0"
NOISE = np.random.default_rng(1).bytes(20_001)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(1, 251)) * 40


def pcm(seconds: float = SECONDS) -> bytes:
    return (tone(seconds) * 32_767).astype("<i2").tobytes()


def wav(
    body: bytes,
    size: int | None = None,
    behind: bytes = b"",
    byte_rate: int = 2 * RATE,
    riff: int | None = None,
) -> bytes:
    size = len(body) if size is None else size
    form = struct.pack("<HHIIHH", 1, 1, RATE, byte_rate, 2, 16)
    head = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size)
    return (
        b"RIFF"
        + struct.pack("<I", (size + 36 if riff is None else riff) & 0xFFFF_FFFF)
        + head
        + body
        + behind
    )


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def rf64(size: int) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    sizes = struct.pack("<QQQI", size + 72, size, size // 2, 0)
    chunks = b"ds64" + struct.pack("<I", 28) + sizes + b"fmt " + struct.pack("<I", 16) + form
    return b"RF64\xff\xff\xff\xffWAVE" + chunks + b"data\xff\xff\xff\xff" + pcm()


def aiff(size: int) -> bytes:
    common = struct.pack(">hIhHQ", 1, size // 2, 16, 16_383 + 13, RATE << 50)
    chunks = (
        b"AIFFCOMM"
        + struct.pack(">I", 18)
        + common
        + b"SSND"
        + struct.pack(">III", size + 8 if size else 0, 0, 0)
    )
    return (
        b"FORM"
        + struct.pack(">I", len(chunks) + size)
        + chunks
        + (tone(SECONDS) * 32_767).astype(">i2").tobytes()
    )


def ingest(folder: Path, data: bytes, accept_truncated: bool = False) -> Prepared:
    path = folder / "a.wav"
    path.write_bytes(data)
    return prepare(path, uuid4(), f"file://{folder}/store", accept_truncated=accept_truncated)


CHECKPOINT = (
    "The header states 1.0 s of sound, but more follows: all 128,000 bytes of it are analysed."
)
UNCLOSED = (
    "The header states no length, as recorders leave it that write to a pipe or are ended; the end"
    " may be missing."
)

WHOLE: list[tuple[str, bytes, str]] = [
    ("plain", wav(pcm()), ""),
    ("chunk behind", wav(pcm(), behind=LIST), ""),
    ("chunk behind an odd size", wav(pcm()[:-1], behind=b"\0" + LIST), ""),
    ("chunk behind an odd size without padding", wav(pcm()[:-1], behind=LIST), ""),
    (
        "a tag as a chunk behind an odd size",
        wav(pcm()[:-1], behind=b"\0" + chunk(b"ID3 ", b"ID3\4" + NOISE)),
        "",
    ),
    ("a player's tag behind", wav(pcm(), behind=b"TAG" + bytes(125)), ""),
    ("a few bytes behind", wav(pcm(), behind=b"\r\n--boundary--\r\n"), ""),
    ("a wrong rate of bytes", wav(pcm(), byte_rate=4 * RATE), ""),
    ("a wrong rate of bytes the other way", wav(pcm(), byte_rate=RATE), ""),
    ("checkpointed", wav(pcm(), size=2 * RATE), CHECKPOINT),
    ("checkpointed, chunk behind", wav(pcm(), size=2 * RATE, behind=LIST), CHECKPOINT),
    (
        "checkpointed, a picture in a chunk behind",
        wav(pcm(), size=2 * RATE, behind=chunk(b"ID3 ", NOISE) + LIST),
        CHECKPOINT,
    ),
    ("checkpointed RF64", rf64(2 * RATE), CHECKPOINT),
    ("checkpointed AIFF", aiff(2 * RATE), CHECKPOINT),
    ("checkpointed, quiet in the end", wav(pcm()[:-4000] + bytes(4000), size=2 * RATE), CHECKPOINT),
    ("never closed", wav(pcm(), size=0), UNCLOSED),
    ("written to a pipe by FFmpeg", wav(pcm(), size=0xFFFF_FFFF), UNCLOSED),
    ("written to a pipe by SoX", wav(pcm(), size=0x7FFF_F000), UNCLOSED),
    ("never closed, chunk behind", wav(pcm(), size=0, behind=LIST), UNCLOSED),
    ("never closed RF64", rf64(0), UNCLOSED),
    ("never closed AIFF", aiff(0), UNCLOSED),
    (
        "zeros behind",
        wav(pcm(), behind=bytes(64_000)),
        "64,000 bytes of zeros behind the sound, space that was never written to, ",
    ),
    (
        "another WAV behind",
        wav(pcm(), behind=wav(pcm(2))),
        "Behind the sound lies another WAV file (64,044 bytes), which is not ",
    ),
    (
        "a picture behind",
        wav(pcm(), behind=PNG),
        "Behind the sound lies a PNG picture (10,008 bytes), which is not analysed; ",
    ),
    (
        "words behind",
        wav(pcm(), behind=b"and so on\n" * 900),
        "Behind the sound lies text (9,000 bytes), which is not analysed; ",
    ),
]


@pytest.mark.parametrize(
    ("data", "remark"), [one[1:] for one in WHOLE], ids=[one[0] for one in WHOLE]
)
def test_all_of_the_sound_and_a_word_on_the_rest(tmp_path: Path, data: bytes, remark: str) -> None:
    ready = ingest(tmp_path, data)
    assert ready.duration_ms == pytest.approx(1000 * SECONDS, abs=2)
    assert len(ready.notes) == bool(remark)
    assert "".join(ready.notes).startswith(remark)
    heard = read_pcm(ready.audio[16_000], 16_000, 1, 0, 1000 * SECONDS)[0]
    level = np.sqrt(np.square(heard[: 7 * RATE // 2].reshape(7, -1)).mean(axis=1))
    assert level == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_space_that_was_reserved_behind_a_checkpoint_is_left_out(tmp_path: Path) -> None:
    ready = ingest(tmp_path, wav(pcm() + bytes(60 * 2 * RATE), size=2 * RATE))
    assert ready.duration_ms == pytest.approx(1000 * SECONDS, abs=2)
    assert ready.notes == (CHECKPOINT,)


def test_a_dry_run_says_so_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(pcm(), size=2 * RATE))
    assert validate([path], accept_truncated=False) == 0
    assert f"{path}: note: {CHECKPOINT}" in capsys.readouterr().out


def test_an_empty_data_chunk_before_others_is_empty(tmp_path: Path) -> None:
    with pytest.raises(BadAudio) as caught:
        ingest(tmp_path, wav(b"", behind=LIST * 50))
    assert caught.value.code == "empty"


def adpcm(path: Path) -> bytes:
    data = write(path, tone(SECONDS), RATE, "adpcm_ima_wav").read_bytes()
    return data[: len(data) * 6 // 10]


CUT: list[tuple[str, Callable[[Path], bytes]]] = [
    ("PCM", lambda _: wav(pcm())[:80_000]),
    ("a wrong rate of bytes", lambda _: wav(pcm(), byte_rate=64 * RATE)[:80_000]),
    ("RF64", lambda _: rf64(2 * RATE * SECONDS)[:80_000]),
    ("AIFF", lambda _: aiff(2 * RATE * SECONDS)[:80_000]),
    ("ADPCM", adpcm),
    ("between 2 and 4 GiB", lambda _: wav(pcm(), size=0xC000_0000)),
]


@pytest.mark.parametrize("make", [one[1] for one in CUT], ids=[one[0] for one in CUT])
def test_what_is_cut_off_is_refused_or_named(tmp_path: Path, make: Callable[[Path], bytes]) -> None:
    data = make(tmp_path / "made.wav")
    with pytest.raises(BadAudio) as caught:
        ingest(tmp_path, data)
    assert caught.value.code == "truncated"
    assert "cut off" in ingest(tmp_path, data, accept_truncated=True).notes[0]


@pytest.mark.parametrize("behind", [b"", LIST])
def test_a_size_that_wrapped_above_4_gib(tmp_path: Path, behind: bytes) -> None:
    """Sparse, and not decoded: 37 hours."""
    size = (1 << 32) + 320_000
    with (tmp_path / "big.wav").open("wb") as file:
        file.write(wav(pcm(), size=size & 0xFFFF_FFFF))
        file.seek(44 + size - 2 * RATE)
        file.write(pcm(1) + behind)
    found = probe(tmp_path / "big.wav")
    assert found.view.end == 44 + size
    assert found.duration_ms == pytest.approx(size * 1000 / (2 * RATE), rel=1e-3)
    assert found.remarks == (
        (
            f"The header states 10.0 s of sound, but more follows: all {size:,} bytes of it are"
            " analysed."
        ),
    )
    with opened(tmp_path / "big.wav") as file, open_media(file, found.view) as container:
        stream = container.streams.audio[0]
        container.seek(int((size / (2 * RATE) - 0.5) / stream.time_base), stream=stream)
        assert abs(next(container.decode(stream)).to_ndarray()).max() > 8_000
