"""Faint voices after loud ones are detected, equally faint noise is not, and skipped sound gets a
note."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from earshot.audio.features.level import FAINT_DB, evened
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.speech.vad import VAD_RATE, SpeechDetector
from tests.sounds.audio_files import Sound, write
from tests.sounds.synthetic import white_noise
from tests.sounds.voices import voice

LOUD = 0.1
SPOKEN_S, FROM_S, LENGTH_S = 6, 7, 4
"""A loud voice from the beginning on, and what comes then."""


def at(sound: Sound, rms: float) -> Sound:
    return sound * np.float32(rms / np.sqrt(np.mean(np.square(sound))))


def after_a_loud_voice(sound: Sound) -> Sound:
    line = white_noise(FROM_S + LENGTH_S + 1, 1e-4)  # -80 dBFS
    line[: SPOKEN_S * VAD_RATE] += at(voice(SPOKEN_S), LOUD)
    line[FROM_S * VAD_RATE :][: len(sound)] += sound
    return line


def telephone(sound: Sound) -> Sound:
    """300 to 3,400 Hz, with the slopes of Butterworth filters of fourth order."""
    spectrum, hertz = np.fft.rfft(sound), np.maximum(np.fft.rfftfreq(len(sound), 1 / VAD_RATE), 1.0)
    power = 1 / (1 + (300 / hertz) ** 8) / (1 + (hertz / 3_400) ** 8)
    return np.fft.irfft(spectrum * np.sqrt(power), len(sound)).astype(np.float32)


def taken_in(folder: Path, *channels: Sound) -> Prepared:
    return prepare(
        write(folder / "a.wav", np.stack(channels), VAD_RATE, "pcm_s16le"),
        UUID(int=1),
        f"file://{folder}/store",
    )


def spoken_after_the_loud_voice(ready: Prepared) -> int:
    """Milliseconds."""
    return sum(
        one.end_ms - max(one.start_ms, FROM_S * 1000)
        for one in ready.utterances
        if one.end_ms > FROM_S * 1000
    )


@pytest.mark.parametrize("fainter_db", [20, 30, 36])
def test_a_faint_voice_after_a_loud_one_is_heard(fainter_db: int, tmp_path: Path) -> None:
    far = at(telephone(voice(LENGTH_S)), LOUD * 10 ** (-fainter_db / 20))
    ready = taken_in(tmp_path, after_a_loud_voice(far))
    assert spoken_after_the_loud_voice(ready) > 0.7 * LENGTH_S * 1000
    assert ready.notes == ()


def test_without_a_second_hearing_it_would_be_lost() -> None:
    detector = SpeechDetector(channel=0)
    detector.feed(after_a_loud_voice(at(telephone(voice(LENGTH_S)), LOUD * 10 ** (-36 / 20))))
    assert all(one.start_ms < FROM_S * 1000 for one in detector.finish())


def test_noise_as_faint_is_no_speech_but_told_of(tmp_path: Path) -> None:
    beats = white_noise(LENGTH_S, LOUD * 10 ** (-30 / 20)) * (
        np.arange(LENGTH_S * VAD_RATE) % VAD_RATE < 0.9 * VAD_RATE
    )
    ready = taken_in(tmp_path, after_a_loud_voice(beats.astype(np.float32)))
    assert spoken_after_the_loud_voice(ready) == 0
    (note,) = ready.notes
    assert note.endswith("are taken for pauses.")
    assert float(note.split()[0]) == pytest.approx(LENGTH_S, abs=0.3)
    assert "30 dB fainter" in note


def test_the_note_names_the_channel(tmp_path: Path) -> None:
    quiet = after_a_loud_voice(np.zeros(1, np.float32))
    ready = taken_in(
        tmp_path,
        quiet,
        after_a_loud_voice(white_noise(LENGTH_S, LOUD * 10 ** (-30 / 20))) * np.float32(0.9),
    )
    assert [note[:11] for note in ready.notes] == ["Channel 2: "]


def test_plain_noise_in_pauses_is_not_told_of(tmp_path: Path) -> None:
    assert taken_in(tmp_path, after_a_loud_voice(white_noise(LENGTH_S, 1.5e-4))).notes == ()


def test_voices_are_made_even_only_where_one_is_faint() -> None:
    loud, pause = at(voice(2), LOUD), np.zeros(VAD_RATE, np.float32)
    for fainter_db in (FAINT_DB - 1, FAINT_DB + 1, 60):
        faint = loud * np.float32(10 ** (-fainter_db / 20))
        sound = np.concatenate([pause, faint, pause, loud])
        voices = [
            slice(len(pause), len(pause) + len(faint)),
            slice(len(sound) - len(loud), len(sound)),
        ]
        raised = evened(sound, voices)
        assert np.array_equal(raised[voices[1]], loud)
        gain_db = 20 * np.log10(np.abs(raised[voices[0]]).max() / np.abs(faint).max())
        assert gain_db == pytest.approx(
            0 if fainter_db < FAINT_DB else min(fainter_db, 40), abs=0.1
        )
    assert evened(pause, []) is pause
