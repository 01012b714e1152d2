"""Several audio tracks: one conversation, a voice each, or versions of which the best is analysed
and the others are named."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.roles import ChannelRoles, roles_of
from earshot.audio.decoding.probe import probe
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import Sound, silence, tone
from tests.sounds.av_files import Track, write_tracks

RATE = 48_000


def ingest(path: Path, mix: bool = False) -> Prepared:
    return prepare(path, uuid4(), f"file://{path.parent}/store", mix=mix)


def beep_at(start: float, hz: float, seconds: float = 6, rate: int = RATE) -> Sound:
    """One second of a tone in silence."""
    return np.concatenate(
        [silence(start, rate), tone(1, rate, hz=hz), silence(seconds - start - 1, rate)], axis=1
    )


def heard(ready: Prepared) -> list[tuple[int, float]]:
    """Frequency and begin of each channel."""
    found = []
    for samples in read_pcm(ready.audio[16_000], 16_000, ready.channels, 0, ready.duration_ms):
        first = int(np.flatnonzero(np.abs(samples) > 0.1)[0])
        middle = samples[first + 4_000 : first + 12_000]
        found.append((int(np.abs(np.fft.rfft(middle)).argmax()) * 2, first / 16_000))
    return found


CONTAINERS = [
    ("a.mkv", "libopus", "title"),
    ("a.mka", "flac", "title"),
    ("a.m4a", "aac", "handler_name"),
    ("a.mov", "pcm_s16le", "title"),
    ("a.mp4", "aac", "handler_name"),
]


@pytest.mark.parametrize(
    ("name", "codec", "key"), CONTAINERS, ids=[name for name, _, _ in CONTAINERS]
)
def test_a_voice_on_each_track_is_a_channel_each(
    tmp_path: Path, name: str, codec: str, key: str
) -> None:
    """The customer's track comes first, and its name says so."""
    titles = [{key: "The customer"}, {key: "Agent"}]
    sounds = [beep_at(1, 400), beep_at(3, 1000)]
    tracks = [
        Track([(0, sound)], codec, RATE, title) for sound, title in zip(sounds, titles, strict=True)
    ]
    path = write_tracks(tmp_path / name, tracks, picture_sec=6 if name == "a.mp4" else 0)
    found = probe(path)
    named = ChannelRoles(("customer", "agent"), "file")
    assert roles_of(None, found.channels, found.chosen.roles) == named
    asked = ChannelRoles(("agent", "customer"), "request")
    assert roles_of(asked, found.channels, found.chosen.roles) == asked, "by track order"
    ready = ingest(path)
    assert heard(ready) == [(400, pytest.approx(1, abs=0.05)), (1000, pytest.approx(3, abs=0.05))]
    assert ready.notes == ()
    assert ingest(path, mix=True).notes == ("2 channels without roles were mixed into one.",)


@pytest.mark.parametrize(
    ("titles", "roles"),
    [
        (["", ""], ("agent", "customer")),
        (["Desktop", "Mic"], ("desktop", "mic")),
        (["Mono", "Mono"], ("agent", "customer")),
        (["", "", ""], ("track_1", "track_2", "track_3")),
        (["Anna", "Ben", "Chen"], ("anna", "ben", "chen")),
    ],
)
def test_roles_of_tracks(tmp_path: Path, titles: list[str], roles: tuple[str, ...]) -> None:
    tracks = [
        Track(
            [(0, tone(1, RATE, hz=300.0 * number))],
            "libopus",
            RATE,
            {"title": title} if title else {},
        )
        for number, title in enumerate(titles, 1)
    ]
    found = probe(write_tracks(tmp_path / "a.mkv", tracks))
    assert roles_of(None, found.channels, found.chosen.roles).roles == roles


def test_tracks_of_other_rates_and_starts_keep_their_times(tmp_path: Path) -> None:
    late = beep_at(1, 1000, 4, 8_000)
    path = write_tracks(
        tmp_path / "a.mkv", [Track([(0, beep_at(1, 400))]), Track([(2, late)], "pcm_s16le", 8_000)]
    )
    found = probe(path)
    assert (found.channels, found.sample_rate) == (2, 48_000)
    ready = ingest(path)
    assert ready.notes == ()
    assert heard(ready) == [(400, pytest.approx(1, abs=0.02)), (1000, pytest.approx(3, abs=0.02))]


LEFT = [
    ("lengths", {}, 30, 1),
    ("languages", {"language": "deu"}, 6, 1),
    ("stereo", {}, 6, 2),
]


@pytest.mark.parametrize(
    ("why", "metadata", "seconds", "channels"), LEFT, ids=[why for why, *_ in LEFT]
)
def test_what_is_left_out_is_named(
    tmp_path: Path, why: str, metadata: dict[str, str], seconds: int, channels: int
) -> None:
    first = Track([(0, beep_at(1, 400))], "libopus", RATE, {"language": "eng"} if metadata else {})
    other = Track(
        [(0, np.repeat(beep_at(1, 1000, seconds), channels, axis=0))],
        "libopus",
        RATE,
        metadata | {"title": "Film\nmix"},
    )
    ready = ingest(write_tracks(tmp_path / "a.mkv", [first, other]))
    left = ready.notes[-1]
    if channels == 2:  # the one with more channels is the better one
        assert left == "Audio track 1 (1 channel) not analysed; hand it in as a file of its own."
    else:
        language = "deu, " if metadata else ""
        assert (
            left
            == f'Audio track 2 ("Filmmix", {language}1 channel) not analysed; hand it in as a file'
            " of its own."
        )
    assert heard(ready)[0][0] == (1000 if channels == 2 else 400)


def test_one_signal_on_two_tracks_is_one_channel(tmp_path: Path) -> None:
    sound = beep_at(1, 400)
    ready = ingest(
        write_tracks(
            tmp_path / "a.mka", [Track([(0, sound)], "flac"), Track([(0, sound)], "pcm_s16le")]
        )
    )
    assert (ready.channels, ready.dual_mono) == (1, True)
