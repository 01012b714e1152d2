"""Audio quality against sound whose truth is known: how much is clipped, how loud, how wide, how
noisy, what is dead."""

import math
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console

from cli.terminal.show import rendered
from earshot.analysis import events
from earshot.analysis.findings import Classification
from earshot.analysis.quality import ChannelQuality, RecordingQuality, explained, judged
from earshot.analysis.report.parts import RecordingInfo
from earshot.analysis.report.report import build_report
from earshot.analysis.types import ChunkKey, Interval
from earshot.audio.decoding.probe import Probe
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.quality.bandwidth import Bandwidth
from earshot.audio.quality.clipping import Clipping
from earshot.audio.quality.k_weighting import KWeighting
from earshot.audio.quality.lufs import Loudness
from earshot.audio.quality.measure import QualityMeter
from tests.sounds.audio_files import Sound, silence, tone, vowel, write
from tests.sounds.call_parts import recording

RATE = 16_000


def header(channels: int = 1, rate: int = RATE, codec: str = "pcm_s16le") -> Probe:
    return Probe("wav", codec, rate, channels, None, None, False)


def measured(
    sound: Sound, rate: int = RATE, size: int | None = None, codec: str = "pcm_s16le"
) -> RecordingQuality:
    """Measures sound fed in blocks of ``size`` samples, by default a second."""
    meter = QualityMeter(header(len(sound), rate, codec))
    for start in range(0, sound.shape[1], size or rate):
        meter.update(sound[:, start : start + (size or rate)])
    return meter.judge([None] * len(sound))


def ingested(
    folder: Path, sound: Sound, rate: int = RATE, codec: str = "pcm_s16le", **asked: bool
) -> Prepared:
    path = write(folder / "a.wav", sound, rate, codec)
    return prepare(path, UUID(int=1), f"file://{folder}/store", **asked)


def white(seconds: float, level: float, rate: int = RATE, seed: int = 5) -> Sound:
    return (level * np.random.default_rng(seed).standard_normal((1, round(seconds * rate)))).astype(
        np.float32
    )


def pink(seconds: float, rate: int) -> Sound:
    """Noise that falls by 3 dB an octave, of unit variance."""
    spectrum = np.fft.rfft(np.random.default_rng(11).standard_normal(round(seconds * rate)))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum)
    return (noise / noise.std())[None].astype(np.float32)


def k_weighting(rate: int, bins: int) -> np.ndarray:
    """Power response of the two filters of ITU-R BS.1770-4, annex 1, tables 1 and 2, which hold for
    48 kHz."""
    assert rate == 48_000
    z = np.exp(-1j * np.pi * np.arange(bins) / (bins - 1))
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    return np.abs(shelf * high_pass) ** 2


def lufs_of(sound: Sound, rate: int, size: int = 4_000) -> float | None:
    meter = Loudness(len(sound), rate)
    for start in range(0, sound.shape[1], size):
        meter.update(sound[:, start : start + size])
    return meter.together()


@pytest.mark.parametrize("drive", [1.2, 2.0, 10.0])
@pytest.mark.parametrize("size", [None, 777])
def test_the_clipped_share_of_a_sine_is_what_geometry_says(drive: float, size: int | None) -> None:
    times = np.arange(10 * RATE) / RATE
    sound = np.clip(drive * np.sin(2 * np.pi * 50.3 * times), -1, 32_767 / 32_768)[None].astype(
        np.float32
    )
    share = 1 - 2 / np.pi * math.asin(1 / drive)
    quality = measured(sound, size=size)
    assert quality.clipped_share == pytest.approx(share, abs=0.005)
    assert "clipped" in quality.warnings
    assert explained(quality)[0].startswith(f"Clipped: {quality.clipped_share:.1%} of")


def test_peaks_that_touch_full_scale_are_not_clipped() -> None:
    quality = measured(2 * tone(5, hz=441.7))
    assert (quality.clipped_share, quality.channels[0].peak_dbfs) == (0, 0)
    assert "clipped" not in quality.warnings


def test_g711_is_clipped_at_its_own_full_scale(tmp_path: Path) -> None:
    loud = np.clip(4 * tone(3, 8_000, hz=200), -1, 1)
    assert ingested(tmp_path, loud, 8_000, "pcm_mulaw").quality.clipped_share > 0.5


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 60))
def test_runs_are_counted_alike_however_blocks_cut_them(runs: list[int], size: int) -> None:
    signs = [np.full(length, (1, 0, -1)[i % 3], np.float32) for i, length in enumerate(runs)]
    sound = np.concatenate(signs)[None]
    truth = sum(length for i, length in enumerate(runs) if i % 3 != 1 and length >= 3)
    clipping = Clipping(1, "pcm_s16le")
    for start in range(0, sound.shape[1], size):
        clipping.update(sound[:, start : start + size])
    assert clipping.shares() == [truth / sound.shape[1]]


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_the_reference_tone_reads_what_the_recommendation_says(rate: int) -> None:
    """BS.1770-4: a 997 Hz sine of 0 dBFS in one channel reads -3.01 LUFS; in both of two, 3 dB
    more."""
    sine = np.sin(2 * np.pi * 997 * np.arange(5 * rate) / rate)[None].astype(np.float32)
    assert lufs_of(sine, rate) == pytest.approx(-3.01, abs=0.1)
    assert lufs_of(np.concatenate([sine, sine]), rate) == pytest.approx(0, abs=0.1)


def test_pink_noise_at_the_level_of_programmes() -> None:
    noise = pink(10, 48_000)
    power = np.square(np.abs(np.fft.rfft(noise[0]))) * k_weighting(48_000, noise.shape[1] // 2 + 1)
    loudness = -0.691 + 10 * math.log10(2 * power.sum() / noise.shape[1] ** 2)
    aligned = noise * np.float32(10 ** ((-23 - loudness) / 20))
    assert lufs_of(aligned, 48_000) == pytest.approx(-23, abs=0.1)
    assert measured(aligned, 48_000).loudness_lufs == pytest.approx(-23, abs=0.1)


def test_pauses_do_not_make_it_softer() -> None:
    """Gating: what lies 10 LU below the rest does not count."""
    loud = tone(20, hz=997)
    assert lufs_of(
        np.concatenate([loud, 0.003 * loud, silence(20)], axis=1), RATE
    ) == pytest.approx(lufs_of(loud, RATE) or 0, abs=0.2)


@pytest.mark.parametrize("sound", [silence(5), silence(0), tone(0.3), white(5, 1e-5)])
def test_what_is_silent_or_too_short_has_no_loudness(sound: Sound) -> None:
    assert lufs_of(sound, RATE) is None


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_telephone_recording_is_told_whatever_its_rate_is_now(rate: int, tmp_path: Path) -> None:
    narrow = soxr.resample(white(6, 0.1, 8_000)[0], 8_000, rate)[None].astype(np.float32)
    found = ingested(tmp_path, narrow, rate).quality
    assert 3_400 < (found.bandwidth_hz or 0) < 4_150
    assert "telephone_band" in found.warnings


@pytest.mark.parametrize("edge", [2_000, 5_000, 7_500])
def test_the_edge_of_a_low_pass_is_found(edge: int) -> None:
    spectrum = np.fft.rfft(white(10, 0.1)[0])
    spectrum[np.linspace(0, RATE / 2, len(spectrum)) > edge] = 0
    quality = measured(np.fft.irfft(spectrum)[None].astype(np.float32))
    assert quality.bandwidth_hz == pytest.approx(edge, abs=100)


def test_noise_reaches_up_to_half_the_rate() -> None:
    assert measured(white(3, 0.1, 48_000), 48_000).bandwidth_hz == pytest.approx(24_000, abs=150)


def test_a_dead_channel_is_named_and_the_living_one_judged(tmp_path: Path) -> None:
    living = np.clip(8 * vowel(4), -1, 1)
    found = ingested(tmp_path, np.concatenate([living, white(4, 1e-4)])).quality
    assert [each.dead for each in found.channels] == [False, True]
    assert {"dead_channel", "clipped"} <= set(found.warnings)
    assert found.clipped_share == found.channels[0].clipped_share > 0
    assert "silent" in measured(silence(3, channels=2)).warnings


@pytest.mark.parametrize("gain", [1.0, 0.5, 0.05, -1.0])
def test_one_signal_in_both_channels_is_told_at_any_gain(gain: float, tmp_path: Path) -> None:
    sound = vowel(4)
    ready = ingested(tmp_path, np.concatenate([sound, gain * sound]))
    assert "dual_mono" in ready.quality.warnings
    assert len(ready.quality.channels) == 2
    assert ready.dual_mono == (gain == 1.0)


def test_two_speakers_with_crosstalk_are_two_signals() -> None:
    one, other = (
        sound - sound.mean() for sound in (vowel(4, pitch_hz=230), vowel(4, pitch_hz=120))
    )
    crossed = np.concatenate([one + 0.03 * other, other + 0.03 * one])
    assert measured(crossed).warnings == ()


def test_a_dc_offset_is_measured_and_does_not_make_a_channel_live() -> None:
    shifted = measured(tone(3) + np.float32(0.05))
    assert shifted.dc_offset == pytest.approx(0.05, abs=1e-4)
    assert "dc_offset" in shifted.warnings
    assert measured(silence(3) - np.float32(0.25)).channels[0].dead


@pytest.mark.parametrize("wanted", [0, 10, 20, 30])
def test_the_ratio_of_speech_to_noise(wanted: int, tmp_path: Path) -> None:
    speech = np.concatenate(
        [silence(2), vowel(3, pitch_hz=210), silence(2), vowel(3, pitch_hz=150), silence(2)], axis=1
    )
    power = np.square(vowel(3)).mean()
    noisy = speech + white(12, math.sqrt(power / 10 ** (wanted / 10)))
    assert ingested(tmp_path, noisy).quality.snr_db == pytest.approx(wanted, abs=3)


def test_the_ratio_is_not_guessed(tmp_path: Path) -> None:
    gated = np.concatenate([silence(2), vowel(3), silence(2)], axis=1)
    for sound in (gated, vowel(4), white(4, 0.05), tone(3)):
        assert ingested(tmp_path, sound).quality.snr_db is None


def test_of_mixed_channels_only_the_mix_has_a_ratio(tmp_path: Path) -> None:
    speech = np.concatenate([silence(2), vowel(3), silence(2)], axis=1)
    channels = np.concatenate([speech, np.zeros_like(speech)]) + np.concatenate(
        [white(7, 0.01), white(7, 0.01, seed=6)]
    )
    found = ingested(tmp_path, channels, mix=True).quality
    assert [each.snr_db for each in found.channels] == [None, None]
    assert found.snr_db is not None
    assert found.snr_db == pytest.approx(
        10 * math.log10(np.square(vowel(3)).mean() / 4 / (1e-4 / 2)), abs=3
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 8),
    st.lists(st.integers(0, 9_000), min_size=0, max_size=4),
    st.sampled_from([0.0, 1e-30, 1e-4, 0.3, 1.0, 100.0]),
    st.sampled_from([8_000, 44_100, 192_000]),
)
def test_any_sound_has_finite_figures(
    channels: int, sizes: list[int], level: float, rate: int
) -> None:
    meter = QualityMeter(header(channels, rate))
    rng = np.random.default_rng(1)
    for size in sizes:
        meter.update(
            np.clip(level * rng.standard_normal((channels, size)), -100, 100).astype(np.float32)
        )
    check(meter.judge([None] * channels))


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.float32,
        st.tuples(st.just(2), st.integers(1, 5_000)),
        elements=st.floats(-1, 1, width=32),
    )
)
def test_any_samples_have_finite_figures(block: Sound) -> None:
    meter = QualityMeter(header(2))
    meter.update(block)
    check(meter.judge([None]))


def check(quality: RecordingQuality) -> None:
    """The types refuse what is not finite; and sentences can be made of it."""
    again = RecordingQuality.model_validate_json(quality.model_dump_json())
    assert again == quality
    assert len(explained(quality)) == len(quality.warnings)


def test_a_window_of_silence_does_not_count_for_the_band() -> None:
    meter = Bandwidth(1, RATE)
    meter.update(silence(5))
    assert meter.hertz() == [None]


def test_the_worst_living_channel_speaks_for_the_recording() -> None:
    good = ChannelQuality(
        channel=0,
        peak_dbfs=-3,
        loudness_lufs=-20,
        clipped_share=0,
        snr_db=30,
        bandwidth_hz=8000,
        dc_offset=0,
        dead=False,
    )
    bad = good.model_copy(
        update={
            "channel": 1,
            "clipped_share": 0.03,
            "snr_db": 4.0,
            "bandwidth_hz": 3400,
            "dc_offset": -0.02,
        }
    )
    quality = judged((good, bad), -18.0, None, False)
    assert quality.warnings == ("clipped", "noisy", "telephone_band", "dc_offset")
    assert (quality.clipped_share, quality.snr_db, quality.bandwidth_hz, quality.dc_offset) == (
        0.03,
        4.0,
        3400,
        -0.02,
    )
    assert "3.0%" in explained(quality)[0]


def test_what_is_wrong_is_printed_beside_the_facts_and_once() -> None:
    quality = measured(np.clip(4 * tone(3, channels=2), -1, 1)).model_copy(
        update={"warnings": ("dual_mono", "clipped")}
    )
    facts = recording().model_dump(exclude={"chunks", "analyses", "quality", "dual_mono"})
    for dual_mono in (False, True):
        info = RecordingInfo(**facts, chunks=(), analyses=(), quality=quality, dual_mono=dual_mono)
        console = Console(width=120, force_terminal=False, color_system=None)
        with console.capture() as captured:
            console.print(rendered(build_report(info, [])))
        printed = captured.get()
        assert f"{quality.loudness_lufs:.0f} LUFS" in printed
        assert "Clipped: " in printed
        assert ("Both channels carry the same signal." in printed) != dual_mono


def test_every_classification_carries_the_quality_of_its_recording() -> None:
    quality = measured(tone(3, 8_000), 8_000)
    answer = Classification(label="rain", confidence=1, scores={"rain": 1})
    key, span = ChunkKey(recording_id=UUID(int=1), index=0), Interval(start_ms=0, end_ms=9)
    told = events.classification(key, span, "noise", "noise-1", answer, quality.summary())
    assert told.body["quality"]["bandwidth_hz"] == quality.bandwidth_hz
    assert "channels" not in told.body["quality"]
    assert events.ClassificationEvent.model_validate(told.body).quality == quality.summary()


@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=8))
@settings(max_examples=20)
def test_loudness_is_the_same_however_blocks_cut_it(sizes: list[int]) -> None:
    sound = white(3, 0.1) * np.linspace(0.01, 1, 3 * RATE, dtype=np.float32)
    meter, start = Loudness(1, RATE), 0
    for size in [*sizes, 3 * RATE]:
        meter.update(sound[:, start : start + size])
        start += size
    assert meter.together() == pytest.approx(lufs_of(sound, RATE), abs=1e-3)


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_channels_are_weighted_as_the_recommendation_says(offset: float) -> None:
    """Sample by sample, with the coefficients of its tables; a DC offset is filtered out."""
    rate = 48_000
    sound = np.concatenate([white(0.6, 0.1, rate, seed) for seed in (1, 2)]) + np.float32(offset)
    shelf = (
        (1.53512485958697, -2.69169619938640, 1.19839281085285),
        (-1.69065929318241, 0.73248077421585),
    )
    high_pass = (1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)
    wanted = sound.astype(np.float64)
    for (b0, b1, b2), (a1, a2) in (shelf, high_pass):
        out, padded = np.zeros((2, sound.shape[1] + 2)), np.pad(wanted, ((0, 0), (2, 0)))
        for n in range(2, out.shape[1]):
            fed = b0 * padded[:, n] + b1 * padded[:, n - 1] + b2 * padded[:, n - 2]
            out[:, n] = fed - a1 * out[:, n - 1] - a2 * out[:, n - 2]
        wanted = out[:, 2:]
    meter = KWeighting(2, rate, 4_800)
    heard = np.concatenate(
        [meter.filtered(sound[:, at : at + 9_600]) for at in range(0, sound.shape[1], 9_600)],
        axis=1,
    )
    np.testing.assert_allclose(
        heard, wanted, atol=5e-5
    )  # -86 dB, below any gate; without an offset it is a tenth of it


def test_each_channel_has_its_own_loudness_and_all_have_one() -> None:
    sine = tone(3, hz=997)
    meter = Loudness(2, RATE)
    meter.update(np.concatenate([sine, 0 * sine]))
    assert meter.each() == [pytest.approx(meter.together()), None]
