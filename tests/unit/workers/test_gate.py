"""The gate: chunks that are surely noise or music skip speech recognition, despite speech by the
VAD."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.findings import Findings
from earshot.analysis.outcome import Outcome, Skipped, Succeeded
from earshot.analysis.types import ChunkRef, Release
from earshot.audio.clip import Clip
from earshot.models.checkpoints.defaults import default_releases
from earshot.pipeline.releases import gate_release
from earshot.settings import settings
from tests import chunks
from tests.sounds.audio_files import write
from tests.sounds.synthetic import white_noise
from tests.sounds.voices import RATE, voice
from training.measurements.gate import measure, table
from workers.direct import job_of
from workers.gate import gated
from workers.run import run

SECONDS = 4
GATE = default_releases()["scene"]


def hiss() -> np.ndarray:
    return white_noise(SECONDS, seed=0)


def chunk(folder: Path, *channels: np.ndarray, said: Sequence[int] = (0,)) -> ChunkRef:
    """Begins a minute into its recording; the VAD claims speech on the channels ``said``."""
    sound = np.pad(np.stack(channels), [(0, 0), (60 * RATE, 0)])
    return chunks.chunk(
        64_000,
        *((channel, 60_500, 63_500) for channel in said),
        index=2,
        start_ms=60_000,
        audio_uri=chunks.stored(folder / f"{uuid4()}.pcm", sound),
        channels=len(channels),
    )


def heard(*refs: ChunkRef, gate: Release | None = GATE, analysis: str = "emotion") -> list[Outcome]:
    return run(job_of(default_releases()[analysis], refs, gate), "cpu")


def test_noise_that_the_vad_took_for_speech_is_skipped_with_the_reason(tmp_path: Path) -> None:
    for analysis in ("asr", "emotion"):
        assert heard(chunk(tmp_path, hiss()), analysis=analysis) == [Skipped(reason="scene_noise")]


def test_the_gate_is_left_open_where_its_licence_or_its_setting_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert gate_release() == GATE
    for name, value in (("EARSHOT_COMMERCIAL_USE", "true"), ("EARSHOT_SCENE_GATE", "false")):
        with monkeypatch.context() as environment:
            environment.setenv(name, value)
            settings.cache_clear()
            assert gate_release() is None
    settings.cache_clear()


def test_without_a_gate_everything_is_heard(tmp_path: Path) -> None:
    (found,) = heard(chunk(tmp_path, hiss()), gate=None)
    assert isinstance(found, Succeeded)


def test_speech_passes_and_answers_stay_in_order(tmp_path: Path) -> None:
    first, second, third = heard(
        chunk(tmp_path, hiss()), chunk(tmp_path, voice(SECONDS)), chunk(tmp_path, hiss())
    )
    assert (first, third) == (Skipped(reason="scene_noise"), Skipped(reason="scene_noise"))
    assert isinstance(second, Succeeded)
    assert second == heard(chunk(tmp_path, voice(SECONDS)), gate=None)[0]


def test_a_voice_under_noise_passes(tmp_path: Path) -> None:
    (found,) = heard(chunk(tmp_path, voice(SECONDS) + 0.2 * hiss()))
    assert isinstance(found, Succeeded)


@pytest.mark.parametrize("second", range(SECONDS))
def test_a_voice_in_a_single_second_passes_wherever_it_is(second: int, tmp_path: Path) -> None:
    sound = hiss()
    sound[second * RATE : (second + 1) * RATE] = voice(1)
    (found,) = heard(chunk(tmp_path, sound))
    assert isinstance(found, Succeeded)


def test_every_channel_with_speech_is_asked(tmp_path: Path) -> None:
    (found,) = heard(chunk(tmp_path, hiss(), voice(SECONDS), said=(0, 1)))
    assert isinstance(found, Succeeded)
    assert heard(chunk(tmp_path, hiss(), voice(SECONDS), said=(0,))) == [
        Skipped(reason="scene_noise")
    ]


def test_where_nobody_was_heard_that_is_the_reason(tmp_path: Path) -> None:
    assert heard(chunk(tmp_path, hiss(), said=())) == [Skipped(reason="no_speech")]


def test_analyses_of_all_sound_have_no_gate(tmp_path: Path) -> None:
    (found,) = heard(chunk(tmp_path, hiss()), analysis="noise")
    assert isinstance(found, Succeeded)


def test_a_gate_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (found,) = heard(
        chunk(tmp_path, hiss()), gate=GATE.model_copy(update={"uri": "embedded/none.onnx"})
    )
    assert found.status == "failed"


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_what_is_hardly_there_passes(level: float, tmp_path: Path) -> None:
    """It may be a voice far away."""
    (found,) = heard(chunk(tmp_path, level * hiss()))
    assert isinstance(found, Succeeded)


@dataclass
class Asks:
    """An analysis that asks the gate about each utterance."""

    told: list[bool]

    def analyze(self, model: object, clips: Sequence[Clip]) -> list[Findings | Skipped]:
        for clip in clips:
            assert clip.voice is not None
            self.told += [clip.voice(utterance) for utterance in clip.ref.speech]
        return [Skipped(reason="asked") for _ in clips]


def test_who_is_let_through_may_ask_where_somebody_speaks(tmp_path: Path) -> None:
    asks = Asks([])
    call = chunk(tmp_path, voice(SECONDS), hiss(), said=(0, 1))
    assert gated(asks, GATE).analyze(None, [Clip(call)]) == [Skipped(reason="asked")]
    assert asks.told == [True, False]


def test_what_the_gate_stops_is_counted_by_scene_and_set(tmp_path: Path) -> None:
    write(tmp_path / "said.wav", voice(SECONDS)[None], RATE, "pcm_s16le", "s16")
    write(tmp_path / "hiss.wav", hiss()[None], RATE, "pcm_s16le", "s16")
    rows = (
        '{"path": "said.wav", "scene": "speech"}\n{"path": "hiss.wav", "scene": "noise"}\n{"path":'
        ' "gone.wav"}\n'
    )
    (tmp_path / "labels.jsonl").write_text(rows)
    found = measure(tmp_path)
    assert set(found) == {("speech", "said.wav"), ("noise", "hiss.wav")}
    said = found["speech", "said.wav"]
    assert (said.recordings, said.chunks, said.chunks_stopped, said.utterances_stopped) == (
        1,
        1,
        0,
        0,
    )
    assert said.speech_ms > 3_000
    assert "| speech | said.wav | 1 | 1 | 0 |" in table(found)


@dataclass
class Miscounting:
    """An analysis that returns a given number of results."""

    results: int

    def analyze(self, model: object, clips: Sequence[Clip]) -> list[Findings | Skipped]:
        return [Skipped(reason="counted")] * self.results


@pytest.mark.parametrize("results", [1, 3])
def test_an_analysis_that_miscounts_is_found_out_behind_the_gate_too(
    results: int, tmp_path: Path
) -> None:
    behind = gated(Miscounting(results), GATE)
    clips = [Clip(chunk(tmp_path, sound)) for sound in (voice(SECONDS), hiss(), voice(SECONDS))]
    with pytest.raises(RuntimeError, match=f"gave {results} results for 2 clips"):
        behind.analyze(None, clips)
