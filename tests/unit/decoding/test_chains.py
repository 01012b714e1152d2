"""Files joined end to end: every part is analysed, at any rate and channel count, and unreadable
parts are named."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.headers.ogg import LONGEST_PAGE, READ_BYTES, links
from earshot.audio.decoding.probe import probe
from earshot.audio.media_file import opened
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import tone, write
from tests.sounds.av_files import Track, write_tracks


def ingest(path: Path, accept_truncated: bool = False) -> Prepared:
    return prepare(path, uuid4(), f"file://{path.parent}/store", accept_truncated=accept_truncated)


def bytes_read() -> int:
    """By this process so far, from wherever."""
    return int(Path("/proc/self/io").read_text().split()[1])


def pitches(ready: Prepared) -> list[int]:
    """The loudest frequency of each second, of the first channel."""
    heard = read_pcm(ready.audio[16_000], 16_000, ready.channels, 0, ready.duration_ms)[0]
    seconds = [heard[start : start + 8_000] for start in range(4_000, len(heard) - 8_000, 16_000)]
    return [int(np.abs(np.fft.rfft(one)).argmax()) * 2 for one in seconds]


def joined(folder: Path, suffix: str, parts: list[tuple[str, int, int, float]]) -> Path:
    """Parts of two seconds each: codec, rate, channels, frequency."""
    whole = folder / f"joined{suffix}"
    files = [
        write(folder / f"part{number}{suffix}", tone(2, rate, channels, hz), rate, codec)
        for number, (codec, rate, channels, hz) in enumerate(parts)
    ]
    whole.write_bytes(b"".join(file.read_bytes() for file in files))
    return whole


OGG = [
    ([("libopus", 48_000, 1, 400), ("libopus", 48_000, 1, 800)], ()),
    ([("libopus", 48_000, 1, 400), ("libopus", 48_000, 2, 800)], ("48000 Hz, 2 channels",)),
    ([("libopus", 48_000, 2, 400), ("libopus", 48_000, 1, 800)], ("48000 Hz, 1 channel",)),
    ([("libopus", 48_000, 1, 400), ("flac", 16_000, 1, 800)], ("16000 Hz, 1 channel",)),
    ([("vorbis", 44_100, 2, 400), ("vorbis", 22_050, 2, 800)], ("22050 Hz, 2 channels",)),
    (
        [("flac", 8_000, 1, 400), ("flac", 48_000, 1, 800), ("flac", 8_000, 1, 600)],
        ("48000 Hz, 1 channel",),
    ),
]


@pytest.mark.parametrize(("parts", "changes"), OGG, ids=range(len(OGG)))
def test_every_link_of_a_chained_ogg(
    tmp_path: Path, parts: list[tuple[str, int, int, float]], changes: tuple[str, ...]
) -> None:
    ready = ingest(joined(tmp_path, ".ogg", parts))
    assert ready.duration_ms == pytest.approx(2_000 * len(parts), abs=60)
    # A stereo part holds its octave on the right, which may be the louder one once it is mixed.
    wanted = [hz for *_, hz in parts for _ in range(2)]
    assert [found % hz for found, hz in zip(pitches(ready), wanted, strict=True)] == [0] * len(
        wanted
    )
    said = [note for note in ready.notes if "same signal" not in note]
    assert len(said) == len(changes)
    assert all(
        change in note and "at 0:00:0" in note for change, note in zip(changes, said, strict=True)
    )


def test_a_link_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = joined(tmp_path, ".ogg", [("libopus", 48_000, 1, 400), ("libopus", 48_000, 1, 800)])
    data = path.read_bytes()
    second = data.rfind(b"OpusHead")
    path.write_bytes(data[:second] + b"Unknown!" + data[second + 8 :] + bytes(20_000))
    with pytest.raises(BadAudio) as caught:
        ingest(path)
    assert caught.value.code == "truncated"
    ready = ingest(path, accept_truncated=True)
    assert ready.duration_ms == pytest.approx(2_000, abs=60)
    assert any("part 2 of 2" in note for note in ready.notes)


def test_a_pause_is_judged_by_the_length_of_its_own_link(tmp_path: Path) -> None:
    """FFmpeg 8.1.2 gives the last link's length for the whole file's."""
    beep = tone(4, 48_000)
    one = write_tracks(tmp_path / "one.ogg", [Track([(0, beep), (14, beep)])]).read_bytes()
    two = write_tracks(tmp_path / "two.ogg", [Track([(0, beep)])]).read_bytes()
    path = tmp_path / "joined.ogg"
    for data, seconds in ((one + two, 22), (two + one, 22), (one + one, 36)):
        path.write_bytes(data)
        ready = ingest(path)
        assert ready.duration_ms == pytest.approx(1000 * seconds, abs=60)
        assert ready.notes == (
            f"{10 * (seconds // 18)}.0 s without sound data in between are treated as silence.",
        )


def test_tracks_of_a_later_link_without_a_channel_are_named(tmp_path: Path) -> None:
    agent, customer, other = (
        Track([(0, tone(3, 48_000, hz=hz))], metadata={"title": str(hz)}) for hz in (400, 800, 600)
    )
    one = write_tracks(tmp_path / "one.ogg", [agent]).read_bytes()
    two = write_tracks(tmp_path / "two.ogg", [agent, customer]).read_bytes()
    three = write_tracks(tmp_path / "three.ogg", [agent, customer, other]).read_bytes()
    path = tmp_path / "joined.ogg"
    named = (
        'Audio track 2 ("800", 1 channel) of part 2 not analysed; hand it in as a file of its own.'
    )
    for data, notes, channels in (
        (one + two, (named,), 1),
        (two + three, (named.replace('2 ("800"', '3 ("600"'),), 2),
    ):
        path.write_bytes(data)
        ready = ingest(path)
        assert (ready.duration_ms, ready.channels) == (pytest.approx(6_000, abs=60), channels)
        assert ready.notes == notes


def test_links_are_found_across_pieces_of_a_read(tmp_path: Path) -> None:
    path = joined(tmp_path, ".ogg", [("flac", 8_000, 1, 400), ("flac", 8_000, 1, 800)])
    data = path.read_bytes()
    second = data.rfind(b"OggS\0\2")
    for shift in range(-8, 9):
        filling = READ_BYTES + shift - second
        path.write_bytes(data[:second] + bytes(filling) + data[second:])
        with opened(path) as file:
            assert [(link.first, link.end) for link in links(file)] == [
                (0, second + filling),
                (second + filling, len(data) + filling),
            ]
    assert LONGEST_PAGE < READ_BYTES


def test_a_file_that_was_probed_is_not_probed_again(tmp_path: Path) -> None:
    """The links of an Ogg file are found by reading all of it; decoding ends with the last page."""
    path = joined(tmp_path, ".ogg", [("flac", 48_000, 1, 400), ("flac", 48_000, 1, 800)])
    with path.open("ab") as more:
        more.write(bytes(32 << 20))  # behind the last page
    with opened(path) as file:
        before = bytes_read()
        found = probe(file)
        probed = bytes_read()
        prepare(file, uuid4(), f"file://{tmp_path}/store", found=found, accept_truncated=True)
        prepared = bytes_read()
    assert probed - before > 32 << 20
    assert prepared - probed < 16 << 20


MP3 = [
    (
        [("libmp3lame", 22_050, 1, 400), ("libmp3lame", 44_100, 1, 800)],
        "44100 Hz, 1 channel at 0:00:02",
    ),
    (
        [("libmp3lame", 44_100, 1, 400), ("libmp3lame", 44_100, 2, 800)],
        "44100 Hz, 2 channels at 0:00:02",
    ),
    (
        [("libmp3lame", 44_100, 2, 400), ("libmp3lame", 16_000, 1, 800)],
        "16000 Hz, 1 channel at 0:00:02",
    ),
    ([("libmp3lame", 16_000, 1, 400), ("libmp3lame", 16_000, 1, 800)], ""),
]


@pytest.mark.parametrize(("parts", "change"), MP3, ids=range(len(MP3)))
def test_joined_mp3s(tmp_path: Path, parts: list[tuple[str, int, int, float]], change: str) -> None:
    """The tag at the second's beginning is no damage."""
    ready = ingest(joined(tmp_path, ".mp3", parts))
    assert ready.duration_ms == pytest.approx(4_000, abs=250)
    assert pitches(ready)[0] == 400
    assert pitches(ready)[-1] == 800
    assert [change in note for note in ready.notes] == ([True] if change else [])
