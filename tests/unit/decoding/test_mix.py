"""Channels that are not speakers become one channel before storage and speech detection."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import Sound, silence, vowel, write


def mixed(path: Path, sound: Sound, rate: int = 16_000) -> Prepared:
    return prepare(
        write(path / "a.wav", sound, rate, "pcm_s16le"),
        uuid4(),
        f"file://{path}/store",
        rates={32_000},
        mix=True,
    )


@pytest.mark.parametrize("channels", [2, 6, 8])
def test_all_channels_are_stored_as_their_mean(tmp_path: Path, channels: int) -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (channels, 32_000)).astype(np.float32)
    ready = mixed(tmp_path, sound)
    assert (ready.channels, ready.dual_mono) == (1, False)
    assert ready.notes == (f"{channels} channels without roles were mixed into one.",)
    (stored,) = read_pcm(ready.audio[16_000], 16_000, 1, 0, 10_000)
    np.testing.assert_allclose(stored, sound.mean(axis=0), atol=2**-14)
    for rate, uri in ready.audio.items():
        assert Path(uri.removeprefix("file://")).stat().st_size == 2 * 2 * rate


def test_speech_on_any_channel_is_heard_once_on_the_one_there_is(tmp_path: Path) -> None:
    near, far = (
        np.concatenate([vowel(2), silence(4)], axis=1),
        np.concatenate([silence(4), vowel(2, pitch_hz=140)], axis=1),
    )
    ready = mixed(tmp_path, np.concatenate([near, far, far, near, silence(6), silence(6)]))
    assert {one.channel for one in ready.utterances} == {0}
    assert len(ready.utterances) == 2


def test_channels_of_opposite_phase_do_not_cancel(tmp_path: Path) -> None:
    sound = vowel(2)
    ready = mixed(tmp_path, np.concatenate([sound, -sound]))
    (stored,) = read_pcm(ready.audio[16_000], 16_000, 1, 0, 10_000)
    np.testing.assert_allclose(stored, sound[0], atol=2**-14)
    assert len(ready.utterances) == 1


def test_one_channel_is_left_alone(tmp_path: Path) -> None:
    ready = mixed(tmp_path, vowel(2))
    assert (ready.channels, ready.notes) == (1, ())
