"""Cross-validation through the workers: each recording is answered by its own fold's checkpoint."""

from pathlib import Path

import pytest

from earshot.models.checkpoints.defaults import default_releases
from earshot.models.checkpoints.location import MODELS
from evaluation.manifest import Row
from tests.sounds.audio_files import silence, write
from training.fitting.judge import Fold, evaluations, judge

LABELS = default_releases()["scene"].labels
SCENE, NOISE = MODELS / "embedded/scene.onnx", MODELS / "embedded/noise.onnx"
ROWS = [
    Row(path="a.wav", scene="silence"),
    Row(path="b.wav", scene="noise"),
    Row(path="b.wav", scene="thunder"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "a.wav", silence(2), 16_000, "pcm_s16le")
    write(tmp_path / "b.wav", silence(2), 16_000, "pcm_s16le")
    return tmp_path


def test_all_folds_together_are_measured(folder: Path) -> None:
    cases = judge("scene", [Fold(SCENE, ROWS[:1]), Fold(SCENE, ROWS[1:])], LABELS, folder)
    assert [(case.row.path, case.truth, case.answer.label) for case in cases] == [
        ("a.wav", "silence", "silence"),
        ("b.wav", "noise", "silence"),
    ]
    whole, first, second = evaluations(cases, LABELS)
    assert (whole.title, whole.count, whole.accuracy) == ("all sets", 2, 0.5)
    assert (first.title, first.accuracy, second.title, second.accuracy) == (
        "a.wav",
        1.0,
        "b.wav",
        0.0,
    )


def test_each_fold_is_answered_by_its_own_checkpoint(folder: Path) -> None:
    """The second one's is no checkpoint of scene, which only its own recording may suffer from."""
    with pytest.raises(ValueError, match=r"^1 recordings could not be judged.*b\.wav"):
        judge("scene", [Fold(SCENE, ROWS[:1]), Fold(NOISE, ROWS[1:2])], LABELS, folder)


def test_a_recording_that_cannot_be_read_stops_it(folder: Path) -> None:
    (folder / "c.wav").write_text("no sound")
    with pytest.raises(ValueError, match=r"c\.wav"):
        judge("scene", [Fold(SCENE, [Row(path="c.wav", scene="noise")])], LABELS, folder)
