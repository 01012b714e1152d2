"""One voice on two channels is kept once, on its own channel; two simultaneous voices are both
kept."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import soxr

from earshot.analysis.quality import Crosstalk
from earshot.analysis.types import Utterance
from earshot.audio.echoes.path import CELL, EDGE, delays, halved
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import Sound, write
from tests.sounds.voices import RATE, voice
from tests.unit.audio.test_faint import at, telephone

LENGTH_S = 20
AGENT_S, CUSTOMER_S = (1.0, 6.0), (9.0, 16.0)
"""When each begins and ends, where they take turns."""


def line(sound: Sound, start_s: float, seed: int) -> Sound:
    """Over a hiss of -75 dBFS."""
    all_of_it = (1.8e-4 * np.random.default_rng(seed).standard_normal(LENGTH_S * RATE)).astype(
        np.float32
    )
    all_of_it[round(start_s * RATE) :][: len(sound)] += sound
    return all_of_it


def agent(level: float = 0.06) -> Sound:
    return line(at(voice(AGENT_S[1] - AGENT_S[0]), level), AGENT_S[0], 1)


def customer(start_s: float = CUSTOMER_S[0], level: float = 0.06) -> Sound:
    return line(at(voice(CUSTOMER_S[1] - CUSTOMER_S[0], "customer"), level), start_s, 2)


def again(sound: Sound, fainter_db: float, later_ms: float) -> Sound:
    return np.roll(sound, round(later_ms * RATE / 1000)) * np.float32(10 ** (-fainter_db / 20))


def taken_in(
    folder: Path, *channels: Sound, name: str = "a.wav", codec: str = "pcm_s16le", **options: int
) -> Prepared:
    path = write(folder / name, np.stack(channels), RATE, codec, **options)
    return prepare(path, UUID(int=1), f"file://{folder}/store")


def spoken(ready: Prepared, channel: int) -> tuple[Utterance, ...]:
    return tuple(one for one in ready.utterances if one.channel == channel)


def seconds(speech: tuple[Utterance, ...], start_s: float, end_s: float) -> float:
    """Of the speech between two times."""
    meets = [min(one.end_ms, end_s * 1000) - max(one.start_ms, start_s * 1000) for one in speech]
    return sum(max(0.0, each) for each in meets) / 1000


def told(ready: Prepared) -> list[Crosstalk]:
    return [one for channel in ready.quality.channels for one in channel.crosstalk]


@pytest.mark.parametrize(
    ("fainter_db", "later_ms", "name", "codec", "bit_rate"),
    [
        (3, 35, "a.wav", "pcm_s16le", 0),
        (10, 5, "a.wav", "pcm_s16le", 0),
        (20, 150, "a.wav", "pcm_mulaw", 0),
        (30, 400, "a.wav", "pcm_s16le", 0),
        (10, 90, "a.mp3", "libmp3lame", 32_000),
        (10, 90, "a.opus", "libopus", 24_000),
    ],
)
def test_an_echo_is_no_speech_of_its_channel(
    fainter_db: float, later_ms: float, name: str, codec: str, bit_rate: int, tmp_path: Path
) -> None:
    options = {"bit_rate": bit_rate} if bit_rate else {}
    heard = {}
    for echo in (True, False):
        other = customer() + again(agent(), fainter_db, later_ms) * echo
        heard[echo] = taken_in(tmp_path, agent(), other, name=name, codec=codec, **options)
    ready, clean = heard[True], heard[False]
    assert told(clean) == []
    assert seconds(spoken(ready, 0), *AGENT_S) == pytest.approx(
        seconds(spoken(clean, 0), *AGENT_S), abs=0.1
    )
    assert seconds(spoken(ready, 0), CUSTOMER_S[0], LENGTH_S) == 0
    assert seconds(spoken(ready, 1), 0, CUSTOMER_S[0] - 0.5) < 0.3
    # The VAD, which has heard the echo before, takes the first syllable for a pause.
    assert seconds(spoken(ready, 1), *CUSTOMER_S) == pytest.approx(
        seconds(spoken(clean, 1), *CUSTOMER_S), abs=0.4
    )
    (found,) = ready.quality.channels[1].crosstalk
    assert found.of == 0
    assert found.fainter_db == pytest.approx(fainter_db, abs=1)
    assert found.later_ms == pytest.approx(later_ms, abs=15 if codec.startswith("lib") else 2)
    assert found.left_out_ms == pytest.approx(1000 * (AGENT_S[1] - AGENT_S[0]), abs=900)
    assert ready.quality.channels[0].crosstalk == ()
    assert ready.notes[0].startswith(
        f"Channel 2: channel 1 leaks into it, {found.fainter_db:.0f} dB fainter"
    )


@pytest.mark.parametrize("path", ["room", "telephone", "drift"])
def test_whatever_the_way_of_the_echo(path: str, tmp_path: Path) -> None:
    echo = again(agent(), 12, 60)
    if path == "room":  # 0.3 s until it has decayed by 60 dB
        tail = (
            np.random.default_rng(4).standard_normal(4_800)
            * 10 ** (-3 * np.arange(4_800) / 4_800)
            * 0.05
        )
        echo = np.convolve(echo, np.concatenate([[1.0], tail]))[: len(echo)].astype(np.float32)
    elif path == "telephone":
        echo = telephone(echo)
    else:  # clocks 50 parts in a million apart
        echo = np.interp(np.arange(len(echo)) * 1.00005, np.arange(len(echo)), echo).astype(
            np.float32
        )
    ready = taken_in(tmp_path, agent(), customer() + echo)
    assert seconds(spoken(ready, 1), 0, CUSTOMER_S[0] - 0.5) < 0.5
    assert seconds(spoken(ready, 1), *CUSTOMER_S) > 6.4


def test_echoes_both_ways(tmp_path: Path) -> None:
    ready = taken_in(
        tmp_path, agent() + again(customer(), 14, 120), customer() + again(agent(), 14, 60)
    )
    assert [(one.of, round(one.later_ms, -1)) for one in told(ready)] == [(1, 120), (0, 60)]
    assert seconds(spoken(ready, 0), CUSTOMER_S[0] - 1, LENGTH_S) < 0.5
    assert seconds(spoken(ready, 1), 0, CUSTOMER_S[0] - 0.5) < 0.5
    assert seconds(spoken(ready, 0), *AGENT_S) > 4.4
    assert seconds(spoken(ready, 1), *CUSTOMER_S) > 6.4


@pytest.mark.parametrize("fainter_db", [6, 12])
def test_own_words_under_an_echo_stay(fainter_db: int, tmp_path: Path) -> None:
    """The customer speaks up while the agent does."""
    own = customer(start_s=3)
    alone = taken_in(tmp_path, agent(), own)
    both = taken_in(tmp_path, agent(), own + again(agent(), fainter_db, 60))
    assert seconds(spoken(both, 1), 3, 10) > 0.93 * seconds(spoken(alone, 1), 3, 10)
    assert seconds(spoken(both, 1), 0, 2.7) < 0.4
    assert spoken(both, 0) == spoken(alone, 0)


def test_two_voices_with_the_same_sentence_are_two_voices(tmp_path: Path) -> None:
    """And so are two at once with different ones."""
    same = voice(LENGTH_S - 2)
    for second in (
        soxr.resample(same, 100, 94),
        soxr.resample(same, 94, 100),
        voice(LENGTH_S - 2, "customer"),
    ):
        other = line(at(second[: len(same)].astype(np.float32), 0.02), 1, 2)
        ready = taken_in(tmp_path, line(at(same, 0.06), 1, 1), other)
        assert told(ready) == []
        assert seconds(spoken(ready, 1), 1, LENGTH_S) > 0.8 * len(other[RATE:-RATE]) / RATE


def test_the_fainter_one_is_the_echo_where_channels_are_not_aligned(tmp_path: Path) -> None:
    ready = taken_in(tmp_path, agent(), customer() + again(agent(), 20, -50))
    assert [(one.of, one.later_ms) for one in told(ready)] == [(0, -50)]


def test_the_loudest_of_many_channels_keeps_the_words(tmp_path: Path) -> None:
    """A table with a microphone for each."""
    others = [
        again(agent(), fainter_db, later_ms)
        for fainter_db, later_ms in ((12, 7), (14, 9), (16, 11), (18, 13))
    ]
    ready = taken_in(tmp_path, again(agent(), 9, 4), agent(), customer() + others[0], *others[1:])
    assert [bool(spoken(ready, channel)) for channel in range(6)] == [
        False,
        True,
        True,
        False,
        False,
        False,
    ]
    assert all(ready.quality.channels[channel].crosstalk for channel in (0, 2, 3, 4, 5))
    assert ready.quality.channels[1].crosstalk == ()


def test_what_is_stored_holds_no_echo_in_the_pauses(tmp_path: Path) -> None:
    ready = taken_in(tmp_path, agent(), customer() + again(agent(), 6, 35))
    stored = read_pcm(ready.audio[RATE], RATE, 2, 1_500, 5_300)
    assert np.count_nonzero(stored[1]) == 0
    assert np.abs(stored[0]).max() > 0.1


@pytest.mark.parametrize("later", [-3_000, -3, 0, 3, 3_000])
def test_delays_are_found(later: int) -> None:
    noise = np.random.default_rng(6).standard_normal(4 * CELL).astype(np.float32)
    one, other = noise[CELL : 2 * CELL], noise[CELL - later : 2 * CELL - later]
    best = max(delays(one, other), key=lambda each: each.prominence)
    assert best.samples == later
    assert best.prominence > 50


def test_half_the_rate_is_the_same_sound() -> None:
    times = np.arange(RATE) / RATE
    for hertz, gain in ((300, 1.0), (2_500, 1.0), (6_000, 0.0)):
        half = halved(np.sin(2 * np.pi * hertz * times).astype(np.float32))
        assert len(half) == (RATE - 2 * EDGE) // 2
        assert np.sqrt(2 * np.mean(np.square(half))) == pytest.approx(gain, abs=0.08)
