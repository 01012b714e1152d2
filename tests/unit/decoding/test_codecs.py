"""Codecs of telephones, recorders and corpora that FFmpeg reads only when asked in the right way:
whole, and in place."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.prepare import prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import Sound, tone, vowel, write

SPEECH_SEC = ((1, 3), (8, 10))
"""Where somebody speaks in ``call``, 11 s long, over a faint hiss."""


def call(rate: int = 8_000) -> Sound:
    sound = np.random.default_rng(5).normal(0, 1e-3, (1, 11 * rate)).astype(np.float32)
    for start, end in SPEECH_SEC:
        sound[:, start * rate : end * rate] += vowel(end - start, rate)
    return sound


@pytest.mark.parametrize("name", ["a.amr", "a.3gp"])
@pytest.mark.parametrize("dtx", ["0", "1"])
def test_amr_is_whole_with_and_without_dtx(tmp_path: Path, name: str, dtx: str) -> None:
    path = write(
        tmp_path / name, call(), 8_000, "libopencore_amrnb", bit_rate=12_200, options={"dtx": dtx}
    )
    assert (path.stat().st_size < 11_000) == (dtx == "1"), "the pauses take next to no bytes"
    ready = prepare(path, uuid4(), f"file://{tmp_path}/store")
    assert ready.duration_ms == pytest.approx(11_000, abs=60)
    assert ready.notes == ()
    heard = read_pcm(ready.audio[16_000], 16_000, 1, 0, 11_000)[0]
    level = np.sqrt(np.square(heard).reshape(22, -1).mean(axis=1))  # of each half second
    spoken = [any(start <= at / 2 < end for start, end in SPEECH_SEC) for at in range(22)]
    assert (level > 0.02).tolist() == spoken


AMR_WB_BYTES = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1)
"""Of a frame by its type (RFC 4867, 5.3): 0 to 8 speech, 9 comfort noise, 14 lost, 15 nothing
sent."""


def amr_wb(path: Path) -> Path:
    frames = [2] * 50 + ([9] + [15] * 7) * 20 + [14] * 2 + [2] * 50
    path.write_bytes(
        b"#!AMR-WB\n"
        + b"".join(bytes([kind << 3 | 4]) + bytes(AMR_WB_BYTES[kind] - 1) for kind in frames)
    )
    return path  # 262 frames of 20 ms


def wav(
    path: Path, tag: int, block: int, bytes_per_second: int, body: bytes, extra: bytes = b""
) -> Path:
    """One channel at 8 kHz of a codec that only its number names."""
    numbers = (
        (tag, 2),
        (1, 2),
        (8_000, 4),
        (bytes_per_second, 4),
        (block, 2),
        (0, 2),
        (len(extra), 2),
    )
    fmt = b"".join(value.to_bytes(size, "little") for value, size in numbers) + extra
    chunks = b"WAVE" + b"".join(
        name + len(data).to_bytes(4, "little") + data
        for name, data in ((b"fmt ", fmt), (b"data", body))
    )
    path.write_bytes(b"RIFF" + len(chunks).to_bytes(4, "little") + chunks)
    return path


def sphere(path: Path) -> Path:
    """NIST SPHERE: 1,024 bytes of text, then samples."""
    facts = (
        "sample_count -i 16000\nsample_rate -i 16000\nchannel_count -i 1\nsample_n_bytes -i"
        " 2\nsample_byte_format -s2 01\n"
    )
    head = f"NIST_1A\n   1024\n{facts}sample_coding -s3 pcm\nend_head\n".encode().ljust(1024)
    path.write_bytes(head + (tone(1) * 32_767).astype("<i2").tobytes())
    return path


def pvf(path: Path) -> Path:
    """Portable voice format, of vgetty's voice mail."""
    path.write_bytes(b"PVF1\n1 8000 16\n" + (tone(1, 8_000) * 32_767).astype(">i2").tobytes())
    return path


def ilbc(path: Path) -> Path:
    path.write_bytes(b"#!iLBC30\n" + bytes(100 * 50))  # frames of 30 ms
    return path


OTHERS: list[tuple[str, str, float, Callable[[Path], Path]]] = [
    ("amr", "amr_wb", 5.24, lambda d: amr_wb(d / "a.amr")),
    ("avi", "aac", 1, lambda d: write(d / "a.avi", tone(1), 16_000, "aac")),
    ("avi", "flac", 1, lambda d: write(d / "a.avi", tone(1), 16_000, "flac")),
    ("wav", "adpcm_g722", 1, lambda d: write(d / "a.wav", tone(1), 16_000, "g722")),
    ("wav", "g729", 1, lambda d: wav(d / "a.wav", 0x0083, 10, 1_000, bytes(1_000))),
    ("nistsphere", "pcm_s16le", 1, lambda d: sphere(d / "a.sph")),
    ("pvf", "pcm_s16be", 1, lambda d: pvf(d / "a.pvf")),
    ("ircam", "pcm_s16le", 1, lambda d: write(d / "a.ircam", tone(1), 16_000, "pcm_s16le")),
    ("sox", "pcm_s32le", 1, lambda d: write(d / "a.sox", tone(1), 16_000, "pcm_s32le")),
    ("ilbc", "ilbc", 3, lambda d: ilbc(d / "a.ilbc")),
]


@pytest.mark.parametrize(
    ("container", "codec", "seconds", "make"), OTHERS, ids=[f"{one[0]}-{one[1]}" for one in OTHERS]
)
def test_the_whole_length(
    tmp_path: Path, container: str, codec: str, seconds: float, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    found, tally = probe(path), Tally()
    samples = sum(block.shape[1] for block in decode(path, found, tally))
    assert (found.container, found.codec, tally.damaged) == (container, codec, 0)
    assert samples / found.sample_rate == pytest.approx(seconds, abs=0.13)
