"""What scene and noise make of a network's answers: cells, intervals, silence by energy, the
windows between speech."""

import json
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import SceneFindings
from earshot.analysis.noise_findings import NO_NOISE
from earshot.analysis.report.report import build_report
from earshot.analysis.types import ChunkRef, Interval
from earshot.audio.clip import Clip
from earshot.audio.features.spectra import YAMNET
from earshot.audio.features.windows import WindowSpec
from earshot.audio.prepare import prepare
from earshot.models.checkpoints.defaults import default_releases
from tests import chunks
from tests.sounds.synthetic import white_noise
from workers import noise, scene
from workers.direct import Analyser

DEMO = Path(__file__).resolve().parents[3] / "demo"
RATE = 16_000
SPEC = WindowSpec(mel=YAMNET, length=96, hop=48)
CELL = 7_680
LABELS = ("speech", "music", "silence")
SPEECH, MUSIC, _ = np.eye(3, dtype=np.float32)


def hiss(samples: int, level: float = 0.1) -> np.ndarray:
    return white_noise(samples / RATE, level, seed=0)[None]


def test_a_cell_hears_every_window_over_it() -> None:
    cells = scene.cells_of(np.stack([SPEECH, MUSIC, MUSIC]), hiss(4 * CELL), CELL)
    np.testing.assert_allclose(cells, [SPEECH, (SPEECH + MUSIC) / 2, MUSIC, MUSIC])


def test_a_quiet_cell_is_silence_whatever_the_network_says() -> None:
    sound = hiss(4 * CELL)
    sound[:, CELL : 2 * CELL] = 0.3  # an offset is no sound
    assert scene.quiet_cells(sound, CELL).tolist() == [False, True, False, False]
    both = np.concatenate([sound, hiss(4 * CELL, 0.01)])
    assert not scene.quiet_cells(both, CELL).any(), "the other channel is heard"
    assert scene.quiet_cells(sound[:, :1], CELL).tolist() == [True]


@given(st.integers(1, 6 * CELL), st.integers(0, 100_000))
def test_intervals_cover_the_chunk_in_order(samples: int, start_ms: int) -> None:
    windows = max(-(-samples // CELL) - 1, 1)
    shares = np.random.default_rng(samples).dirichlet(np.ones(3), windows).astype(np.float32)
    chunk = Interval(start_ms=start_ms, end_ms=start_ms + -(-samples // 16))
    found = scene.intervals_of(LABELS, scene.cells_of(shares, hiss(samples), CELL), 480, chunk)
    assert (found[0].start_ms, found[-1].end_ms) == (chunk.start_ms, chunk.end_ms)
    assert all(a.end_ms == b.start_ms and a.label != b.label for a, b in pairwise(found))
    assert all(item.end_ms > item.start_ms for item in found)


def test_an_interval_has_its_labels_mean_share() -> None:
    cells = np.array([[0.6, 0.4, 0], [0.8, 0.2, 0], [0.1, 0.9, 0]], np.float32)
    found = scene.intervals_of(LABELS, cells, 480, Interval(start_ms=1_000, end_ms=2_300))
    assert [(item.label, item.start_ms, item.end_ms) for item in found] == [
        ("speech", 1_000, 1_960),
        ("music", 1_960, 2_300),
    ]
    assert [item.confidence for item in found] == pytest.approx([0.7, 0.9])


def test_cells_follow_from_the_checkpoints_own_windows() -> None:
    assert scene.cell_ms(SPEC) == 480
    assert scene.cell_ms(WindowSpec(mel=YAMNET, length=50, hop=25)) == 250
    for other in (
        WindowSpec(mel=YAMNET, length=96, hop=32),
        WindowSpec(mel=YAMNET, length=96, hop=96),
    ):
        with pytest.raises(Misconfigured, match="overlap by half"):
            scene.cell_ms(other)


def chunk(
    seconds: int, *speech: tuple[int, int], start_ms: int = 10_000, channels: int = 1
) -> ChunkRef:
    return chunks.chunk(
        start_ms + seconds * 1000,
        *((0, start, end) for start, end in speech),
        start_ms=start_ms,
        audio_uri="",
        channels=channels,
    )


def counted_ms(ref: ChunkRef, sound: np.ndarray, most: int = 25) -> list[list[int]]:
    """Starts of the windows that count, within the chunk, by its parts."""
    starts = np.arange(0, sound.shape[1], CELL) * 1000 // RATE
    return [starts[places].tolist() for places in noise.telling(SPEC, ref, sound, most)]


def test_noise_is_heard_between_the_utterances() -> None:
    assert counted_ms(chunk(6, (10_000, 12_000), (14_000, 16_000)), hiss(6 * RATE)) == [
        [2_400, 2_880]
    ]


def test_where_speech_leaves_no_gap_all_audible_windows_count() -> None:
    sound = hiss(4 * RATE)
    sound[:, : 2 * RATE] = 0.0
    assert counted_ms(chunk(4, (10_000, 14_000)), sound)[0][0] == 1_440


def test_where_nothing_is_audible_all_windows_count() -> None:
    offset = np.full((1, 4 * RATE), 0.5, np.float32)
    assert counted_ms(chunk(4), offset) == counted_ms(chunk(4), hiss(4 * RATE))


def test_a_pause_speaks_for_its_part_of_the_chunk_only() -> None:
    ref = chunk(20, (10_000, 18_000), (22_000, 30_000))
    spoken, before, after, last = counted_ms(ref, hiss(20 * RATE), most=24)
    assert before == [8_160, 8_640, 9_120]
    assert after == [9_600, 10_080, 10_560, 11_040]
    assert [len(spoken), len(last)] == [6, 6]
    assert max(spoken) < 5_000
    assert min(last) > 14_500


@given(st.integers(1, 90_000), st.integers(0, 100_000))
def test_parts_cover_the_chunk_in_order(length_ms: int, start_ms: int) -> None:
    whole = Interval(start_ms=start_ms, end_ms=start_ms + length_ms)
    found = noise.parts_of(whole)
    assert (found[0].start_ms, found[-1].end_ms) == (whole.start_ms, whole.end_ms)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(found))
    ref = chunks.chunk(whole.end_ms, start_ms=start_ms, audio_uri="", channels=1)
    sound = np.zeros((1, max(length_ms * RATE // 1000, 1)), np.float32)
    assert all(len(part) for part in noise.telling(SPEC, ref, sound, 25))


def test_a_telephone_line_is_narrow_whatever_its_file_says() -> None:
    narrow = soxr.resample(soxr.resample(hiss(12 * RATE)[0], RATE, 8000), 8000, RATE)
    assert noise.is_narrow(narrow.astype(np.float32), RATE)
    assert not noise.is_narrow(hiss(12 * RATE)[0], RATE)
    assert not noise.is_narrow(np.zeros(12 * RATE, np.float32), RATE)


def test_the_scenes_of_the_demo_call_are_where_they_were_made(tmp_path: Path) -> None:
    ready = prepare(DEMO / "call.ogg", UUID(int=1), f"file://{tmp_path}")
    refs = [
        chunks.chunk(
            **span.model_dump(),
            index=index,
            audio_uri=ready.audio[RATE],
            channels=ready.channels,
            native_rate=ready.native_rate,
            roles=("agent", "customer"),
        )
        for index, span in enumerate(ready.chunks)
    ]
    found = scene.analyze(
        scene.load(default_releases()["scene"], "cpu"), [Clip(ref) for ref in refs]
    )
    heard = [
        item for answer in found if isinstance(answer, SceneFindings) for item in answer.intervals
    ]
    right: dict[str, list[bool]] = {}
    for true in json.loads((DEMO / "call.json").read_text())["scenes"]:
        # Half a second at each border may sound like either side.
        for at in range(true["start_ms"] + 500, true["end_ms"] - 500, 100):
            (label,) = {item.label for item in heard if item.start_ms <= at < item.end_ms}
            right.setdefault(true["label"], []).append(label == true["label"])
    shares = {label: sum(hits) / len(hits) for label, hits in right.items()}
    assert set(shares) == {"speech", "music", "noise", "silence"}
    assert all(share > 0.8 for share in shares.values()), shares


def test_noise_of_the_demo_call_is_where_it_was_made(tmp_path: Path) -> None:
    """Hold music from 0:23 to 0:34 and hiss from 0:50 to 0:58; all else is speech and pauses."""
    analyser = Analyser(f"file://{tmp_path}", {"noise": default_releases()["noise"]})
    evidence = analyser.analyse(DEMO / "call.ogg").evidence
    found = build_report(evidence.recording, evidence.parts).noise
    assert found is not None
    at = {
        second: next(each.label for each in found.timeline if each.end_ms > 1000 * second)
        for second in (5, 15, 28, 42, 54, 65, 75)
    }
    assert at[54] == "pink_noise"
    assert at[28] == "mixed_noise"
    assert {at[second] for second in (5, 15, 42, 65, 75)} == {NO_NOISE}
