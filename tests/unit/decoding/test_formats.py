"""Every container, codec, rate, width and channel count that the project promises, made here and
read back."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.prepare import prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import tone, vowel, write, write_video

FORMATS = [
    ("a.wav", "pcm_s16le", "", 16_000),
    ("a.wav", "pcm_u8", "", 8_000),
    ("a.wav", "pcm_s24le", "", 48_000),
    ("a.wav", "pcm_s32le", "", 44_100),
    ("a.wav", "pcm_f32le", "", 22_050),
    ("a.wav", "pcm_f64le", "", 96_000),
    ("a.wav", "pcm_mulaw", "", 8_000),
    ("a.flac", "flac", "s16", 192_000),
    ("a.flac", "flac", "s32", 96_000),
    ("a.ogg", "vorbis", "", 44_100),
    ("a.ogg", "libopus", "", 48_000),
    ("a.mp3", "libmp3lame", "", 44_100),
    ("a.m4a", "aac", "", 48_000),
    ("a.aac", "aac", "", 16_000),
    ("a.m4a", "alac", "", 44_100),
    ("a.mka", "libopus", "", 48_000),
    ("a.webm", "libopus", "", 48_000),
    ("a.aiff", "pcm_s16be", "", 44_100),
    ("a.wma", "wmav2", "", 44_100),
]


WRITTEN = [
    (*one, channels)
    for one in FORMATS
    for channels in (1, 2)
    if (one[1], channels) != ("vorbis", 1)
]
"""FFmpeg's own Vorbis encoder writes stereo only."""


@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: "-".join(map(str, one)))
def test_a_tone_survives(tmp_path: Path, written: tuple[str, str, str, int, int]) -> None:
    name, codec, sample_format, rate, channels = written
    sound = tone(2, rate, channels)
    path = write(tmp_path / name, sound, rate, codec, sample_format)
    found = probe(path)
    assert (found.sample_rate, found.channels) == (rate, channels)
    heard = np.concatenate(list(decode(path, found, Tally())), axis=1)
    assert heard.dtype == np.float32
    assert abs(heard.shape[1] / rate - 2) < 0.15
    for channel in range(channels):
        spectrum = np.abs(np.fft.rfft(heard[channel]))
        assert abs(spectrum.argmax() * rate / heard.shape[1] - 440 * (1 + channel)) < 2
        middle = heard[channel, rate // 2 : rate * 3 // 2]
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.08)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.flac", "flac"), ("a.mka", "libopus"), ("a.wav", "pcm_s16le")]
)
@pytest.mark.parametrize("channels", [6, 8])
def test_many_channels_stay_apart(tmp_path: Path, channels: int, name: str, codec: str) -> None:
    path = write(tmp_path / name, tone(1, 48_000, channels, 100), 48_000, codec)
    ready = prepare(path, uuid4(), f"file://{tmp_path}/store")
    stored = read_pcm(ready.audio[16_000], 16_000, ready.channels, 0, 1000)
    assert stored.shape == (channels, 16_000)
    peaks = [int(np.abs(np.fft.rfft(one)).argmax()) for one in stored]
    assert peaks == [100 * (1 + channel) for channel in range(channels)]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_the_sound_of_a_video(tmp_path: Path, name: str) -> None:
    ready = prepare(
        write_video(tmp_path / name, tone(1, 48_000)), uuid4(), f"file://{tmp_path}/store"
    )
    assert ready.duration_ms == pytest.approx(1000, abs=50)


@pytest.mark.parametrize("wrong", ["a.wav", "a.mp3", "a.flac", "a.txt", "a"])
def test_contents_decide_not_the_name(tmp_path: Path, wrong: str) -> None:
    path = write(tmp_path / "right.m4a", tone(1, 48_000), 48_000, "aac").rename(tmp_path / wrong)
    assert probe(path).codec == "aac"


def test_rates_and_speech_are_stored(tmp_path: Path) -> None:
    spoken = np.concatenate(
        [np.zeros((1, 44_100), np.float32), vowel(2, 44_100), np.zeros((1, 44_100), np.float32)],
        axis=1,
    )
    stereo = np.concatenate([spoken, np.zeros_like(spoken)])
    ready = prepare(
        write(tmp_path / "a.wav", stereo, 44_100, "pcm_s16le"),
        uuid4(),
        f"file://{tmp_path}/s",
        rates={32_000},
    )
    assert ready.duration_ms == 4000
    assert sorted(ready.audio) == [16_000, 32_000]
    for rate, uri in ready.audio.items():
        assert read_pcm(uri, rate, 2, 0, 10_000).shape == (2, 4 * rate)
    (utterance,) = ready.utterances
    assert utterance.channel == 0
    assert utterance.start_ms == pytest.approx(1000, abs=250)
    assert utterance.end_ms == pytest.approx(3000, abs=250)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame"), ("a.ogg", "libopus")]
)
def test_one_signal_twice_is_one_channel(tmp_path: Path, name: str, codec: str) -> None:
    one = vowel(3, 48_000)
    ready = prepare(
        write(tmp_path / name, np.concatenate([one, one]), 48_000, codec),
        uuid4(),
        f"file://{tmp_path}/s",
    )
    assert (ready.dual_mono, ready.channels) == (True, 1)
    stored = read_pcm(ready.audio[16_000], 16_000, 1, 0, ready.duration_ms)
    assert stored.shape[1] == pytest.approx(48_000, abs=1500)
    assert {one.channel for one in ready.utterances} == {0}
    assert "same signal" in ready.notes[0]


def test_a_moment_of_difference_keeps_both_channels(tmp_path: Path) -> None:
    stereo = np.concatenate([vowel(5, 16_000)] * 2)
    stereo[1, 40_000:42_000] *= 0.9
    ready = prepare(
        write(tmp_path / "a.wav", stereo, 16_000, "pcm_s16le"), uuid4(), f"file://{tmp_path}/s"
    )
    assert (ready.dual_mono, ready.channels) == (False, 2)
