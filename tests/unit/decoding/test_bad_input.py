"""Broken, odd and foreign files: each ends in one clear line and leaves nothing in the store."""

import os
import re
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot.analysis.errors import BAD_AUDIO_CODES, BadAudio, Forbidden
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import silence, tone, vowel, write, write_video


def ingest(path: Path, accept_truncated: bool = False) -> Prepared:
    return prepare(
        path,
        uuid4(),
        f"file://{path.parent}/store",
        rates={32_000},
        accept_truncated=accept_truncated,
    )


def outcome(path: Path, accept_truncated: bool) -> str:
    try:
        ingest(path, accept_truncated)
    except BadAudio as error:
        return error.code
    return "stored"


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def patched(path: Path, old: bytes, new: bytes) -> Path:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    return path


def zero_channels(path: Path) -> Path:
    write(path, tone(1), 16_000, "pcm_s16le")
    data = bytearray(path.read_bytes())
    at = data.find(b"fmt ") + 10
    data[at : at + 2] = b"\0\0"
    path.write_bytes(data)
    return path


def with_nan(path: Path, value: float) -> Path:
    sound = tone(3)
    sound[0, 40_000] = value
    return write(path, sound, 16_000, "pcm_f32le")


def png(path: Path) -> Path:
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200))
    return path


def archive(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("a.txt", "words " * 100)
    return path


def text(path: Path, words: str) -> Path:
    path.write_text(words)
    return path


def noise_bytes(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(3).integers(0, 256, 300_000, dtype=np.uint8).tobytes())
    return path


def damaged_flac(path: Path) -> Path:
    data = bytearray(
        write(
            path,
            np.random.default_rng(0).uniform(-0.5, 0.5, (1, 160_000)).astype(np.float32),
            16_000,
            "flac",
        ).read_bytes()
    )
    for at in range(len(data) // 4, len(data) * 3 // 4, 3000):
        data[at : at + 40] = bytes(40)
    path.write_bytes(data)
    return path


BAD: list[tuple[str, str, Callable[[Path], Path]]] = [
    ("empty", "0 bytes", lambda d: text(d / "a.wav", "")),
    (
        "empty",
        "too short",
        lambda d: write(d / "one.wav", silence(1 / 16_000), 16_000, "pcm_s16le"),
    ),
    ("missing", "does not exist", lambda d: d / "gone.wav"),
    ("zero_channels", "0 channels", lambda d: zero_channels(d / "a.wav")),
    ("not_finite", "0:00:02", lambda d: with_nan(d / "a.wav", float("nan"))),
    ("not_finite", "infinite", lambda d: with_nan(d / "a.wav", float("-inf"))),
    ("not_audio", "text", lambda d: text(d / "a.wav", "not a sound at all\n" * 50)),
    ("not_audio", "text", lambda d: text(d / "a.mp3", "not a sound at all\n" * 5000)),
    ("not_audio", "web page", lambda d: text(d / "a.mp3", "<!DOCTYPE html><html>404</html>")),
    ("not_audio", "playlist", lambda d: text(d / "a.m3u8", "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")),
    ("not_audio", "PNG", lambda d: png(d / "a.png")),
    ("not_audio", "ZIP", lambda d: archive(d / "a.flac")),
    ("not_audio", "no decoder", lambda d: noise_bytes(d / "a.bin")),
    ("not_audio", "", lambda d: noise_bytes(d / "a.mp3")),
    ("not_audio", "without a header (.ulaw)", lambda d: noise_bytes(d / "a.ulaw")),
    ("not_audio", "", lambda d: noise_bytes(d / "a.aac")),
    (
        "truncated",
        "of the 4.0 s",
        lambda d: cut(write(d / "a.wav", tone(4), 16_000, "pcm_s16le"), 0.6),
    ),
    (
        "truncated",
        "of the 4.0 s",
        lambda d: cut(write(d / "a.aiff", tone(4), 16_000, "pcm_s16be"), 0.6),
    ),
    ("truncated", "of the 4.0 s", lambda d: cut(write(d / "a.flac", tone(4), 16_000, "flac"), 0.6)),
    (
        "truncated",
        "of the 4.",
        lambda d: cut(write(d / "a.mp3", tone(4), 16_000, "libmp3lame"), 0.6),
    ),
    ("truncated", "moov", lambda d: cut(write(d / "a.m4a", tone(4), 16_000, "aac"), 0.6)),
    (
        "truncated",
        "Cut off",
        lambda d: cut(write(d / "a.ogg", tone(4, 48_000), 48_000, "libopus"), 0.6),
    ),
    (
        "truncated",
        "of the 4.",
        lambda d: cut(write(d / "a.mka", tone(4, 48_000), 48_000, "libopus"), 0.6),
    ),
    (
        "encrypted",
        "DRM",
        lambda d: patched(write(d / "a.m4a", tone(1), 16_000, "aac"), b"mp4a\0", b"drms\0"),
    ),
    (
        "encrypted",
        "DRM",
        lambda d: patched(write(d / "a.m4a", tone(1), 16_000, "aac"), b"mp4a\0", b"enca\0"),
    ),
    ("no_audio_stream", "mp4", lambda d: write_video(d / "a.mp4", None)),
    ("no_audio_stream", "matroska", lambda d: write_video(d / "a.mkv", None)),
    ("unsupported", "4000 Hz", lambda d: write(d / "a.wav", tone(1, 4_000), 4_000, "pcm_s16le")),
    (
        "unsupported",
        "384000 Hz",
        lambda d: write(d / "a.wav", tone(1, 384_000), 384_000, "pcm_s16le"),
    ),
    (
        "unsupported",
        "32767",
        lambda d: write(d / "a.wav", tone(1) * 2 * np.float32(32_767), 16_000, "pcm_f32le"),
    ),
    ("corrupt", "damaged", lambda d: damaged_flac(d / "a.flac")),
]


@pytest.mark.parametrize(
    ("code", "says", "make"), BAD, ids=[f"{i}-{code}" for i, (code, _, _) in enumerate(BAD)]
)
def test_one_clear_line_and_nothing_stored(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    code: str,
    says: str,
    make: Callable[[Path], Path],
) -> None:
    path = make(tmp_path)
    with pytest.raises(BadAudio) as caught:
        ingest(path)
    message = str(caught.value)
    assert (caught.value.code, code in BAD_AUDIO_CODES) == (code, True), message
    assert says in message
    assert re.fullmatch(r"[^\n]{10,200}", message), "one line, not a novel"
    assert capfd.readouterr() == ("", ""), "FFmpeg's own remarks must not reach the terminal"
    assert [one for one in tmp_path.rglob("*") if one.is_file() and one != path] == []


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.ogg", "libopus")]
)
def test_a_truncated_recording_may_be_accepted(tmp_path: Path, name: str, codec: str) -> None:
    path = cut(write(tmp_path / name, np.tile(vowel(2, 48_000), 2), 48_000, codec), 0.6)
    ready = ingest(path, accept_truncated=True)
    assert 1000 < ready.duration_ms < 3500
    assert "cut off" in ready.notes[0]


def test_players_would_play_these(tmp_path: Path) -> None:
    mp3 = write(tmp_path / "a.mp3", tone(2), 16_000, "libmp3lame")
    mp3.write_bytes(mp3.read_bytes() + b"TAG" + b"a title".ljust(125, b"\0") + bytes(3000))
    assert ingest(mp3).duration_ms == pytest.approx(2000, abs=150)
    ogg = write(tmp_path / "a.ogg", tone(2, 48_000), 48_000, "libopus")
    ogg.write_bytes(ogg.read_bytes() + b"rubbish after the end" * 20)
    assert ingest(ogg).duration_ms == pytest.approx(2000, abs=50)


def test_two_joined_mp3s_play_on(tmp_path: Path) -> None:
    one = write(tmp_path / "one.mp3", tone(2), 16_000, "libmp3lame").read_bytes()
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(one + b"TAG" + bytes(125) + one)
    assert ingest(joined).duration_ms == pytest.approx(4000, abs=300)


def test_a_playlist_cannot_reach_other_files(tmp_path: Path) -> None:
    target = write(tmp_path / "secret.aac", tone(1), 16_000, "aac")
    for name, words in (
        ("a.ffconcat", f"ffconcat version 1.0\nfile {target}\n"),
        ("a.sdp", "v=0\nm=audio 9 RTP/AVP 0\n"),
    ):
        with pytest.raises(BadAudio, match="Not audio"):
            ingest(text(tmp_path / name, words))


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(1), 16_000, "pcm_s16le")
    path.chmod(0)
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setuid(65_534)  # nobody, for whom permissions count
        try:
            ingest(path)
        except Forbidden as error:
            os._exit(0 if "permissions" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.data(), name=st.sampled_from(["a.wav", "a.flac", "a.mp3", "a.m4a", "a.ogg", "a.mka"])
)
def test_bent_bytes_never_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str
) -> None:
    folder = tmp_path_factory.mktemp("bent")
    codec = {".wav": "pcm_s16le", ".flac": "flac", ".mp3": "libmp3lame", ".m4a": "aac"}.get(
        Path(name).suffix, "libopus"
    )
    path = write(folder / name, tone(0.5, 48_000), 48_000, codec)
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    stored = outcome(path, data.draw(st.booleans()))
    assert stored == "stored" or (stored in BAD_AUDIO_CODES and not list(folder.rglob("*.pcm")))


def test_a_gap_in_the_timestamps_becomes_silence(tmp_path: Path) -> None:
    """A recorder that lost its connection writes nothing for a while; what follows must keep its
    time."""
    path = tmp_path / "a.mka"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for start in [*range(0, 16_000, 1600), *range(64_000, 80_000, 1600)]:
            frame = av.AudioFrame.from_ndarray(
                np.full((1, 1600), 8000, np.int16), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
            out.mux(stream.encode(frame))
    ready = ingest(path)
    heard = read_pcm(ready.audio[16_000], 16_000, 1, 0, ready.duration_ms)[0]
    assert ready.duration_ms == pytest.approx(5000, abs=2)
    assert np.abs(heard[:15_900]).min() > 0.2
    assert np.abs(heard[16_100:63_900]).max() == 0
    assert np.abs(heard[64_100:79_900]).min() > 0.2
    assert ready.notes == ("3.0 s without sound data in between are treated as silence.",)
