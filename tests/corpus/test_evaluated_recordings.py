"""``earshot evaluate`` on recorded audio: the command line, the production code and the figures
together."""

import json
from pathlib import Path

import pytest

from earshot.models.checkpoints.defaults import default_releases
from earshot.models.checkpoints.location import MODELS
from earshot.registry import analyses
from evaluation.choice import spread
from evaluation.manifest import read
from evaluation.metrics import Classified, Diarized, Metrics, Transcribed
from tests.corpus.recorded import DATA
from tests.unit.cli.test_errors import earshot

pytestmark = pytest.mark.corpus

PARTS = {
    "noise/esc10": 20,
    "scene/pyaudio3": 90,
    "emotion/emodb": 16,
    "asr/librispeech_test-clean": 2,
    "asr/fsdd_8k": 10,
    "asr/arabic_commands": 2,
    "diarization/ami_debug": 9,
}


@pytest.fixture(scope="module")
def metrics(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Classified | Transcribed | Diarized]:
    folder = tmp_path_factory.mktemp("evaluate")
    rows = read(DATA / "labels.jsonl")
    lines: list[str] = []
    for source, count in PARTS.items():
        chosen = spread([(i, None) for i, row in enumerate(rows) if row.source == source], count)
        lines += [rows[i].model_dump_json(exclude_none=True) for i, _ in chosen]
    (folder / "m.jsonl").write_text("\n".join(lines))
    typed = ("evaluate", "--manifest", "m.jsonl", "--root", str(DATA))
    done = earshot(folder, *typed, limit_sec=600)
    assert done.returncode == 0, done.stderr
    return Metrics.model_validate_json((folder / "metrics.json").read_text()).root


def test_all_analyses_are_measured_by_their_default_releases(
    metrics: dict[str, Classified | Transcribed | Diarized],
) -> None:
    measured = [name for name, card in analyses().items() if card.scope != "transcript"]
    assert list(metrics) == measured
    assert {name: each.release for name, each in metrics.items()} == {
        name: default_releases()[name].name for name in measured
    }
    assert all(each.rtf is not None and 0 < each.rtf < 1 for each in metrics.values())
    assert not any(each.left_out for each in metrics.values())


def test_only_what_maps_is_counted(metrics: dict[str, Classified | Transcribed | Diarized]) -> None:
    noise, asr, diarization = metrics["noise"], metrics["asr"], metrics["diarization"]
    assert noise.passed_over.unmapped["label=rooster"] == 2
    assert isinstance(noise, Classified)
    assert noise.coverage is not None
    assert round(noise.n / noise.coverage) == 10
    assert isinstance(asr, Transcribed)
    assert set(asr.per_source) == {"asr/librispeech_test-clean", "asr/fsdd_8k"}
    assert (diarization.n, sum(diarization.passed_over.unmapped.values())) == (
        8,
        1,
    )  # trñ00 has no reference


def test_figures_are_far_above_chance(
    metrics: dict[str, Classified | Transcribed | Diarized],
) -> None:
    scene, emotion, asr, diarization = (
        metrics[name] for name in ("scene", "emotion", "asr", "diarization")
    )
    assert isinstance(scene, Classified)
    assert scene.per_source["scene/pyaudio3"].accuracy > 0.75
    assert scene.per_source["scene/pyaudio3"].trained_on is False
    assert isinstance(emotion, Classified)
    assert emotion.uar is not None
    assert emotion.uar > 0.5
    assert isinstance(asr, Transcribed)
    assert asr.per_source["asr/librispeech_test-clean"].wer < 0.6
    assert isinstance(diarization, Diarized)
    assert diarization.der is not None
    assert diarization.der <= 0.22


def test_a_checkpoint_of_ones_own_answers_alike(tmp_path: Path) -> None:
    """The embedded file by its path: another name, unknown training sets, the same figures."""
    rows = [row for row in read(DATA / "labels.jsonl") if row.source == "scene/pyaudio3"][::10]
    (tmp_path / "m.jsonl").write_text(
        "\n".join(row.model_dump_json(exclude_none=True) for row in rows)
    )
    given = ["--checkpoint", f"scene={MODELS / 'embedded/scene.onnx'}"]
    figures = []
    for words in (["--analysis", "scene"], given):
        done = earshot(tmp_path, "evaluate", "--manifest", "m.jsonl", "--root", str(DATA), *words)
        assert done.returncode == 0, done.stderr
        figures.append(json.loads((tmp_path / "metrics.json").read_text())["scene"])
    default, own = figures
    assert own["release"].startswith("scene-")
    assert own["per_source"]["scene/pyaudio3"]["trained_on"] is None
    assert [own[key] for key in ("n", "confusion", "ece")] == [
        default[key] for key in ("n", "confusion", "ece")
    ]
