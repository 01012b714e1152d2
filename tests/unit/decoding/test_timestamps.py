"""Sound lies where the file's time stamps say: late, behind gaps, and never further off than the
bytes make likely."""

from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.errors import BadAudio
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from producer.admission import expected_chunks
from tests.sounds.audio_files import Sound, silence, tone, write
from tests.sounds.av_files import Track, write_tracks

RATE = 44_100


def ingest(path: Path, *, accept_truncated: bool = False) -> Prepared:
    return prepare(path, uuid4(), f"file://{path.parent}/store", accept_truncated=accept_truncated)


def beep(seconds: float, rate: int = 48_000) -> Sound:
    return tone(seconds, rate)


def loud(ready: Prepared, channel: int = 0) -> list[tuple[float, float]]:
    """Where there is sound, in seconds; pauses below a tenth of a second are none."""
    heard = np.abs(
        read_pcm(ready.audio[16_000], 16_000, ready.channels, 0, ready.duration_ms)[channel]
    )
    at = np.flatnonzero(heard > 0.05) / 16_000
    ends = [
        0,
        *(index for index, (one, other) in enumerate(pairwise(at), 1) if other - one > 0.1),
        len(at),
    ]
    return [(float(at[first]), float(at[last - 1])) for first, last in pairwise(ends)]


LATE = [
    ("a.mkv", "aac"),
    ("a.mp4", "aac"),
    ("a.mov", "pcm_s16le"),
    ("a.webm", "libopus"),
    ("a.ts", "aac"),
    ("a.flv", "aac"),
]


@pytest.mark.parametrize(("name", "codec"), LATE, ids=[name for name, _ in LATE])
@pytest.mark.parametrize("line", [0.0, 1.0])
def test_sound_that_begins_after_the_picture_keeps_its_time(
    tmp_path: Path, name: str, codec: str, line: float
) -> None:
    """Wherever the file's own line begins: a transport stream counts from any number."""
    rate = 48_000 if codec == "libopus" else RATE
    late = Track([(line + 2.5, beep(2, rate))], codec, rate)
    offset = {"output_ts_offset": "3600"} if name == "a.ts" else {}
    ready = ingest(
        write_tracks(tmp_path / name, [late], picture_sec=6, first_sec=line, options=offset)
    )
    assert loud(ready) == [(pytest.approx(2.5, abs=0.03), pytest.approx(4.5, abs=0.05))]
    assert ready.notes == (
        "The sound begins 2.5 s after the file does; the time before is silence.",
    )


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mpg", "mp2"), ("a.ts", "aac"), ("a.mkv", "aac"), ("a.mp4", "aac")]
)
def test_sound_that_begins_behind_what_ffmpeg_looks_at_first(
    tmp_path: Path, name: str, codec: str
) -> None:
    """Streams without an index announce a track whose rate only its first packet tells."""
    late = Track([(40, beep(2, RATE))], codec, RATE)
    ready = ingest(write_tracks(tmp_path / name, [late], picture_sec=45))
    assert loud(ready) == [(pytest.approx(40, abs=0.1), pytest.approx(42, abs=0.1))]


@pytest.mark.parametrize(
    ("name", "codec"), [*LATE, ("a.ogg", "libopus")], ids=[name for name, _ in LATE] + ["a.ogg"]
)
def test_sound_alone_begins_at_its_first_sample(tmp_path: Path, name: str, codec: str) -> None:
    rate = 48_000 if codec == "libopus" else RATE
    ready = ingest(write_tracks(tmp_path / name, [Track([(7.5, beep(2, rate))], codec, rate)]))
    assert loud(ready) == [(pytest.approx(0, abs=0.03), pytest.approx(2, abs=0.05))]
    assert ready.notes == ()


@pytest.mark.parametrize(("name", "codec"), LATE, ids=[name for name, _ in LATE])
def test_sound_and_picture_together_are_not_shifted(tmp_path: Path, name: str, codec: str) -> None:
    """By the decoder's delay, or an edit list that takes it away."""
    rate = 48_000 if codec == "libopus" else RATE
    sound = np.concatenate([silence(0.5, rate), beep(1, rate), silence(0.5, rate)], axis=1)
    ready = ingest(write_tracks(tmp_path / name, [Track([(0, sound)], codec, rate)], picture_sec=2))
    assert loud(ready) == [(pytest.approx(0.5, abs=0.035), pytest.approx(1.5, abs=0.05))]
    assert ready.notes == ()


@pytest.mark.parametrize("name", ["a%d.webm", "a%d.mka", "a%d.ogg", "a%d.m4a"])
@pytest.mark.parametrize("picture", [False, True])
def test_pieces_of_the_segment_muxer_are_whole(tmp_path: Path, name: str, picture: bool) -> None:
    """In WebM and Matroska each states its end on the line of all pieces as its length."""
    second = np.concatenate([silence(0.25, 48_000), beep(0.5), silence(0.25, 48_000)], axis=1)
    codec = "aac" if name.endswith("m4a") else "libopus"
    options = {"segment_time": "3"}
    pictures = 9 if picture and not name.endswith(("ogg", "m4a")) else 0
    write_tracks(
        tmp_path / name,
        [Track([(0, np.tile(second, 9))], codec)],
        picture_sec=pictures,
        muxer="segment",
        options=options,
    )
    lengths = []
    for piece in sorted(tmp_path.glob("a*"))[:3]:  # the last packet makes a fourth
        ready = ingest(piece)
        assert ready.notes == (), piece.name
        assert loud(ready)[0][0] == pytest.approx(0.25, abs=0.05)
        lengths.append(ready.duration_ms)
    assert sum(lengths) == pytest.approx(9_000, abs=100)


def test_a_cut_piece_is_cut(tmp_path: Path) -> None:
    """Its last time stamp lies behind the length that half of it could have: the bytes decide."""
    write_tracks(
        tmp_path / "a%d.mka",
        [Track([(0, tone(9, 48_000))])],
        muxer="segment",
        options={"segment_time": "3"},
    )
    piece = tmp_path / "a2.mka"
    piece.write_bytes(piece.read_bytes()[: piece.stat().st_size // 2])
    with pytest.raises(BadAudio) as caught:
        ingest(piece)
    assert caught.value.code == "truncated"
    assert "cut off" in ingest(piece, accept_truncated=True).notes[0]


LEAPING = [
    ("a.mka", "pcm_s16le", 16_000),
    ("a.ogg", "libopus", 48_000),
    ("a.webm", "libopus", 48_000),
    ("a.mov", "alac", 16_000),
]


@pytest.mark.parametrize(("name", "codec", "rate"), LEAPING, ids=[name for name, _, _ in LEAPING])
def test_a_leap_that_the_bytes_do_not_bear_out_is_not_followed(
    tmp_path: Path, name: str, codec: str, rate: int
) -> None:
    path = write_tracks(
        tmp_path / name, [Track([(0, beep(4, rate)), (6 * 3600, beep(4, rate))], codec, rate)]
    )
    assert path.stat().st_size < 300_000
    assert expected_chunks(path) < 30, "minutes, of which the file states six hours"
    ready = ingest(path)
    assert ready.duration_ms == pytest.approx(8_000, abs=250 if codec == "alac" else 30), (
        "ALAC's frames are a quarter of a second"
    )
    (note,) = ready.notes
    assert "leap ahead by 5:59:5" in note
    assert "at 0:00:0" in note


def test_many_small_leaps_do_not_add_up(tmp_path: Path) -> None:
    pieces = [(at * 55.0, beep(0.1, 16_000)) for at in range(200)]
    ready = ingest(write_tracks(tmp_path / "a.mka", [Track(pieces, "pcm_s16le", 16_000)]))
    # 20 s of sound: three times that and a minute is as long as its silence may become.
    assert 100_000 < ready.duration_ms < 145_000
    assert "and 19" in ready.notes[1]


def test_a_late_start_is_bounded_too(tmp_path: Path) -> None:
    track = Track([(6 * 3600, beep(4, 16_000))], "pcm_s16le", 16_000)
    ready = ingest(write_tracks(tmp_path / "a.mkv", [track], picture_sec=1))
    assert ready.duration_ms == 4_000
    assert "leap ahead by 6:00:00 at 0:00:00" in ready.notes[0]


def test_muted_minutes_keep_their_length(tmp_path: Path) -> None:
    """Half as much sound makes them likely, of which half comes later."""
    part = np.random.default_rng(0).normal(0, 0.1, (1, 30 * 8_000)).astype(np.float32)
    ready = ingest(
        write_tracks(tmp_path / "a.mka", [Track([(0, part), (230, part)], "pcm_mulaw", 8_000)])
    )
    assert ready.duration_ms == 260_000
    assert ready.notes == ("200.0 s without sound data in between are treated as silence.",)


def test_muted_minutes_of_a_video_keep_their_length(tmp_path: Path) -> None:
    """Pictures go on meanwhile."""
    track = Track([(0, beep(8)), (80, beep(8))])
    ready = ingest(write_tracks(tmp_path / "a.mkv", [track], picture_sec=88, noisy=True))
    assert loud(ready) == [pytest.approx((0, 8), abs=0.1), pytest.approx((80, 88), abs=0.1)]


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize("first_sec", [0.5, 9])
def test_pictures_make_no_silence_likely(tmp_path: Path, name: str, first_sec: float) -> None:
    """A clock that is set in twenty seconds of video; of sound, its bytes would be a quarter of an
    hour."""
    codec = "aac" if name == "a.mp4" else "libopus"
    track = Track([(0, beep(first_sec)), (1800, beep(20 - first_sec))], codec)
    path = write_tracks(tmp_path / name, [track], picture_sec=20, noisy=True)
    assert path.stat().st_size * 8 > 12_000 * 900
    ready = ingest(path)
    assert ready.duration_ms == pytest.approx(20_000, abs=200)
    assert "leap ahead by 0:29:" in ready.notes[0]


def test_a_colon_in_a_name_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "http:x.wav", tone(1), 16_000, "pcm_s16le")
    monkeypatch.chdir(tmp_path)
    store = f"file://{tmp_path}/store"
    assert prepare(Path("http:x.wav"), uuid4(), store).duration_ms == 1000
