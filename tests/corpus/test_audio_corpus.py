"""Recordings that other people made, and files that other people broke."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from earshot.analysis.errors import BAD_AUDIO_CODES, BadAudio
from earshot.audio.plan import PlanLimits
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.corpus.recorded import DATA

pytestmark = pytest.mark.corpus


def outcome(path: Path, store: Path) -> Prepared | BadAudio:
    try:
        return prepare(path, uuid4(), f"file://{store}")
    except BadAudio as error:
        return error


def test_every_broken_file_gets_an_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = sorted(path for path in (DATA / "bad").rglob("*") if path.is_file())
    assert len(files) > 200
    outcomes = {path.name: outcome(path, tmp_path) for path in files}
    assert capfd.readouterr() == ("", "")
    for name, found in outcomes.items():
        if isinstance(found, BadAudio):
            assert found.code in BAD_AUDIO_CODES, name
            assert re.fullmatch(r"[^\n]{10,200}", str(found)), name
    stored = sum(isinstance(found, Prepared) for found in outcomes.values())
    assert (
        len(list(tmp_path.rglob("*.pcm")))
        == len([one for one in tmp_path.rglob("*") if one.is_file() and one.suffix != ".dat"])
        == len(list(tmp_path.rglob("peaks-2.dat")))
        == stored
    )
    codes = Counter(
        found.code if isinstance(found, BadAudio) else "stored" for found in outcomes.values()
    )
    assert codes["stored"] >= 140, codes
    expected = {
        "truncated_jfk.flac": "truncated",
        "missing_wav_header.wav": "not_audio",
        "empty_file.mp3": "empty",
        "no_audio.ogg": "empty",
        "test.m4a": "truncated",
        "mpeg4_xa9des.m4a": "no_audio_stream",
        "negative_bitrate.ogg": "unsupported",
        "REUSE.toml": "not_audio",
        "zero_value_properties.wav": "zero_channels",
        "zero_value_properties.flac": "zero_channels",
        "vbr_xing_header_2channel.mp3": "truncated",
    }
    found_codes = {
        name: found.code for name, found in outcomes.items() if isinstance(found, BadAudio)
    }
    assert {name: found_codes.get(name, "stored") for name in expected} == expected
    pictured = outcomes["wav_with_image.wav"]
    assert isinstance(pictured, Prepared)
    assert (pictured.duration_ms, pictured.notes) == (
        2_145,
        (),
    )  # an odd length, padding, and a picture in a chunk


def test_every_sound_recording_is_stored(tmp_path: Path) -> None:
    folders = ("asr/formats", "asr/gcp", "asr/watson_demo", "asr/librivox", "diarization")
    files = [
        path for folder in folders for path in (DATA / folder).rglob("*") if path.suffix in SOUND
    ]
    assert len(files) > 20
    refused = {
        str(path): str(one)
        for path in files
        if isinstance(one := outcome(path, tmp_path), BadAudio)
    }
    assert refused == {}


SOUND = (
    ".wav",
    ".mp3",
    ".flac",
    ".ogg",
    ".opus",
    ".m4a",
    ".mp4",
    ".webm",
    ".mkv",
    ".aiff",
    ".amr",
    ".au",
)


def test_a_real_call_is_cut_in_its_pauses(tmp_path: Path) -> None:
    ready = prepare(
        DATA / "callcenter" / "auto_repairs_40_stereo_8k.flac", uuid4(), f"file://{tmp_path}"
    )
    assert (ready.channels, ready.native_rate, ready.dual_mono) == (2, 8_000, False)
    assert ready.notes == (
        (
            "Channel 1: 5.0 s of sound between the speech, 29 dB fainter than it and 57 dB above"
            " the noise, are taken for pauses."
        ),
        (
            "Channel 2: 11.6 s of sound between the speech, 26 dB fainter than it and 25 dB above"
            " the noise, are taken for pauses."
        ),
    )
    assert not any(channel.crosstalk for channel in ready.quality.channels)
    assert ready.duration_ms == 245_380
    limits = PlanLimits()
    lengths = [chunk.end_ms - chunk.start_ms for chunk in ready.chunks]
    assert all(limits.shortest_ms <= length <= limits.max_ms for length in lengths)
    assert all(before.end_ms == after.start_ms for before, after in pairwise(ready.chunks)), (
        "this call has pauses enough"
    )
    for channel in (0, 1):
        spoken = sum(
            one.end_ms - one.start_ms for one in ready.utterances if one.channel == channel
        )
        assert 0.2 < spoken / ready.duration_ms < 0.6


def test_silence_between_utterances_is_quieter_than_speech(tmp_path: Path) -> None:
    ready = prepare(DATA / "asr" / "jfk.flac", uuid4(), f"file://{tmp_path}")
    heard = read_pcm(ready.audio[16_000], 16_000, ready.channels, 0, ready.duration_ms).mean(axis=0)
    assert ready.utterances
    spoken = [
        heard[one.start_ms * 16 : one.end_ms * 16] for one in ready.utterances if one.channel == 0
    ]
    in_speech = sum(float((one**2).sum()) for one in spoken)
    assert in_speech > 0.98 * float((heard**2).sum())


def test_one_voice_in_stereo_is_one_channel(tmp_path: Path) -> None:
    """Transfers of a broadcast to stereo differ by -31 dB; the two sides of a call by 3 dB."""
    spoken = prepare(DATA / "asr" / "jfk.flac", uuid4(), f"file://{tmp_path}")
    assert spoken.dual_mono
    assert {each.channel for each in spoken.utterances} == {0}
    call = DATA / "callcenter" / "auto_repairs_40_stereo_8k.flac"
    assert not prepare(call, uuid4(), f"file://{tmp_path}").dual_mono
