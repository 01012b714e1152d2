"""Stereo recordings: of one voice nothing is left out, however the channels differ, and of two in a
room no word is lost."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.sounds.audio_files import Sound
from tests.sounds.voices import RATE, voice
from tests.unit.audio.test_crosstalk import (
    AGENT_S,
    CUSTOMER_S,
    LENGTH_S,
    again,
    agent,
    customer,
    line,
    seconds,
    spoken,
    taken_in,
    told,
)
from tests.unit.audio.test_faint import at


def later(sound: Sound, milliseconds: float) -> Sound:
    """Also by parts of a sample."""
    hertz = np.fft.rfftfreq(2 * len(sound), 1 / RATE)
    turned = np.fft.rfft(sound, 2 * len(sound)) * np.exp(-2j * np.pi * hertz * milliseconds / 1000)
    return np.fft.irfft(turned)[: len(sound)].astype(np.float32)


def in_a_room(sound: Sound, seconds: float, direct: float, seed: int) -> Sound:
    """``direct``: level of what comes straight, against all that a wall throws back; ``seconds`` to
    decay by 60 dB."""
    count = round(seconds * RATE)
    tail = np.random.default_rng(seed).standard_normal(count) * 10 ** (
        -3 * np.arange(count) / count
    )
    tail /= np.sqrt(np.square(tail).sum())
    tail[0] += direct
    return np.convolve(sound, tail)[: len(sound)].astype(np.float32)


def hissing(sound: Sound, seed: int) -> Sound:
    return (sound + 1.8e-4 * np.random.default_rng(seed).standard_normal(len(sound))).astype(
        np.float32
    )


def one_voice() -> Sound:
    return line(at(voice(LENGTH_S - 3), 0.06), 1.0, 1)


STEREO: dict[str, Callable[[Sound], tuple[Sound, Sound]]] = {
    "alike": lambda sound: (sound, sound),
    "another level": lambda sound: (sound * np.float32(0.25), sound),
    "0.1 ms": lambda sound: (sound, later(sound, 0.1)),
    "1 ms": lambda sound: (sound, later(sound, 1.0)),
    "3 dB": lambda sound: (sound, again(sound, 3, 0)),
    "6 dB and 0.6 ms": lambda sound: (later(again(sound, 6, 0), 0.6), sound),
    "room": lambda sound: (
        in_a_room(sound, 0.2, 1.5, 3),
        in_a_room(later(sound, 0.5), 0.2, 1.5, 4),
    ),
    "one side of a hall": lambda sound: (
        in_a_room(sound, 0.5, 1.5, 3),
        again(in_a_room(sound, 0.5, 0.7, 4), 5, 4),
    ),
    "widened": lambda sound: (sound, again(sound, 0, 15)),
    "wandering": lambda sound: (
        sound * np.linspace(1, 0.5, len(sound), dtype="f4"),
        sound * np.linspace(0.5, 1, len(sound), dtype="f4"),
    ),
}


@pytest.mark.parametrize("kind", STEREO)
def test_of_one_voice_nothing_is_left_out(kind: str, tmp_path: Path) -> None:
    left, right = STEREO[kind](one_voice())
    ready = taken_in(tmp_path, hissing(left, 5), hissing(right, 6))
    assert told(ready) == []
    for channel in (0, 1):
        assert seconds(spoken(ready, channel), 1, LENGTH_S) > 0.9 * (LENGTH_S - 3)


@pytest.mark.parametrize("kind", ["3 dB", "6 dB and 0.6 ms", "room"])
def test_two_voices_before_a_stereo_microphone_are_left_as_they_are(
    kind: str, tmp_path: Path
) -> None:
    """One on the left, one on the right."""
    near, far = STEREO[kind](agent())
    others, other_near = reversed(STEREO[kind](customer()))
    ready = taken_in(tmp_path, hissing(near + others, 5), hissing(far + other_near, 6))
    assert told(ready) == []


@pytest.mark.parametrize("fainter_db", [6, 9, 14, 20])
@pytest.mark.parametrize("later_ms", [1, 3, 8])
def test_of_two_people_in_a_room_each_is_kept_on_the_nearer_microphone(
    fainter_db: int, later_ms: int, tmp_path: Path
) -> None:
    two = agent(), customer()
    ready = taken_in(
        tmp_path,
        two[0] + again(two[1], fainter_db, later_ms),
        two[1] + again(two[0], fainter_db, later_ms),
    )
    assert seconds(spoken(ready, 0), *AGENT_S) > 0.9 * (AGENT_S[1] - AGENT_S[0])
    assert seconds(spoken(ready, 1), *CUSTOMER_S) > 0.9 * (CUSTOMER_S[1] - CUSTOMER_S[0])
    if fainter_db >= 14:
        assert seconds(spoken(ready, 1), *AGENT_S) + seconds(spoken(ready, 0), *CUSTOMER_S) < 0.6
    else:
        assert told(ready) == [] or {one.of for one in told(ready)} == {0, 1}


@pytest.mark.parametrize("below_db", [0, 6])
def test_a_voice_fainter_than_the_echo_over_it_stays(below_db: int, tmp_path: Path) -> None:
    echo = again(agent(), 6, 60)
    own = customer(start_s=3, level=0.03 * 10 ** (-below_db / 20))
    alone, both = taken_in(tmp_path, agent(), own), taken_in(tmp_path, agent(), own + echo)
    assert told(both)
    assert seconds(spoken(both, 1), 3, 10) > 0.93 * seconds(spoken(alone, 1), 3, 10)
