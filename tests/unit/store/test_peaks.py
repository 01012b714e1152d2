"""Peaks beside the audio: what they say of it, and that they lie in a known format."""

import struct
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from earshot.analysis.errors import BadAudio
from earshot.audio.prepare import prepare
from earshot.audio.store import peaks
from earshot.audio.store.layout import delete_recording, pcm_uri
from earshot.audio.store.pcm_writer import PcmWriter
from earshot.audio.store.peaks import FINE, RATE
from tests.sounds.audio_files import tone, write

ID = UUID(int=1)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"file://{tmp_path}/store" if request.param == "file" else f"memory://{uuid4()}"


def slowly(samples: NDArray[np.int16], width: int) -> list[list[tuple[int, int]]]:
    """Pixel to channel to its peaks, one sample after the other."""
    return [
        [
            (
                int(np.floor(min(map(int, part)) / 256)),
                min(int(np.ceil(max(map(int, part)) / 256)), 127),
            )
            for part in samples[at : at + width].T
        ]
        for at in range(0, len(samples), width)
    ]


def as_lists(pairs: peaks.Pairs) -> list[list[tuple[int, int]]]:
    return [[(int(low), int(high)) for low, high in pixel] for pixel in pairs]


@given(
    st.integers(1, 3 * FINE + 7), st.integers(1, 8), st.integers(0, 2**32 - 1), st.integers(0, 15)
)
def test_a_pixel_has_the_extremes_of_its_samples(
    frames: int, channels: int, seed: int, quieter: int
) -> None:
    random = np.random.default_rng(seed)
    samples = random.integers(-32_768, 32_768, (frames, channels)).astype(np.int16) >> quieter
    found = peaks.measure(samples[at : at + FINE] for at in range(0, frames, FINE))
    assert as_lists(found) == slowly(samples, FINE)
    wide = peaks.widened(found, 2)
    assert as_lists(wide) == slowly(samples, 2 * FINE)


def test_silence_is_nothing_and_the_faintest_sound_is_something() -> None:
    assert as_lists(peaks.measure([np.zeros((FINE, 1), np.int16)])) == [[(0, 0)]]
    assert as_lists(peaks.measure([np.full((FINE, 1), 1, np.int16)])) == [[(0, 1)]]
    assert as_lists(peaks.measure([np.full((FINE, 1), -1, np.int16)])) == [[(-1, 0)]]


def test_a_zoom_is_a_file_of_audiowaveform(tmp_path: Path) -> None:
    """Read here by its documentation: little-endian version, flags, sample rate, samples in a
    pixel, length and channels, then a lowest and a highest byte for each channel."""
    fine = np.zeros((4001, 2, 2), np.int8)
    fine[4000, 1] = (-9, 8)
    peaks.put(f"file://{tmp_path}", ID, fine)
    for zoom, width, length in ((0, 3 * FINE, 1334), (1, 5 * FINE, 801), (2, FINE, 4001)):
        data = (tmp_path / "recordings" / str(ID) / f"peaks-{zoom}.dat").read_bytes()
        assert struct.unpack("<iIiiIi", data[:24]) == (2, 1, RATE, width, length, 2)
        assert len(data) == 24 + length * 4
        assert struct.unpack("<4b", data[-4:]) == (0, 0, -9, 8)


def test_a_part_is_a_slice(store: str) -> None:
    random = np.random.default_rng(1)
    fine = np.sort(random.integers(-128, 128, (5000, 3, 2)).astype(np.int8), axis=2)
    peaks.put(store, ID, fine)
    scale = peaks.scale(store, ID, 2)
    assert scale == (FINE, 5000, 3)
    found = peaks.get(store, ID, 2, scale, 4990, 5000)
    assert found.start_ms == 4990 * 20
    np.testing.assert_array_equal(found.pairs, fine[4990:])
    assert len(peaks.get(store, ID, 2, scale, 7, 7).pairs) == 0


def test_a_recording_has_peaks_as_soon_as_it_is_stored(store: str, tmp_path: Path) -> None:
    sound = np.concatenate([tone(3.0, 44_100), tone(3.0, 44_100, hz=700.0) * np.float32(0.1)])
    sound[0, : 44_100 // 2] = 0
    write(tmp_path / "a.wav", sound, 44_100, "pcm_s16le")
    prepared = prepare(tmp_path / "a.wav", ID, store, rates=(32_000,))
    scale = peaks.scale(store, ID, 2)
    assert (scale.pixels, scale.channels) == (prepared.duration_ms // 20, 2)
    found = peaks.get(store, ID, 2, scale, 0, scale.pixels)
    again = peaks.of_store(pcm_uri(store, ID, RATE), 2)
    np.testing.assert_array_equal(found.pairs, again)
    assert np.abs(found.pairs[:24, 0]).max() == 0, "the first half second of channel 1 is silent"
    loud, faint = (np.abs(found.pairs[30:, channel].astype(int)).max() for channel in (0, 1))
    assert loud / faint == pytest.approx(10, rel=0.15)


def test_one_signal_on_two_channels_has_peaks_of_one(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", np.concatenate([tone(1.0)] * 2), 16_000, "pcm_s16le")
    prepare(tmp_path / "a.wav", ID, f"file://{tmp_path}/store")
    assert peaks.scale(f"file://{tmp_path}/store", ID, 0).channels == 1


def test_they_are_deleted_with_the_audio(store: str) -> None:
    with PcmWriter(pcm_uri(store, ID, RATE), 1) as writer:
        writer.write(np.zeros((1, FINE), np.float32))
    peaks.put(store, ID, peaks.of_store(pcm_uri(store, ID, RATE), 1))
    assert delete_recording(store, ID)[0] == 4
    with pytest.raises(BadAudio, match="does not exist"):
        peaks.scale(store, ID, 0)


def test_a_deletion_meanwhile_is_final(tmp_path: Path) -> None:
    """Whoever makes peaks of a recording that is deleted meanwhile leaves no folder."""
    (tmp_path / "recordings").mkdir()
    with pytest.raises(BadAudio, match="does not exist"):
        peaks.put(f"file://{tmp_path}", ID, np.zeros((1, 1, 2), np.int8), new_folder=False)
    assert not list((tmp_path / "recordings").iterdir())


def test_ten_hours_of_eight_channels_stay_small(tmp_path: Path) -> None:
    fine = np.zeros((10 * 3600 * 50, 8, 2), np.int8)
    peaks.put(f"file://{tmp_path}", ID, fine)
    sizes = [
        (tmp_path / "recordings" / str(ID) / f"peaks-{zoom}.dat").stat().st_size
        for zoom in (0, 1, 2)
    ]
    assert sizes[0] <= 24 + 2000 * 16
    assert sum(sizes) < 0.004 * 10 * 3600 * RATE * 8 * 2
