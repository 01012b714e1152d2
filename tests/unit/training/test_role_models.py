"""The SVM and the forest of sentiment: what they learn of sounds that are no speech, and that their
graph answers alike."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skl2onnx")

from earshot.models.checkpoints.export import check_parity
from training.importers.role_graph import join_roles
from training.recipes.sentiment.role_models import Lesson, RoleModel, forest, machine

WIDTH, EACH = 40, 150


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """Three labels of two emotions each; no speech lies elsewhere."""
    random = np.random.default_rng(0)
    kind = np.repeat(np.arange(6), EACH)
    features = random.standard_normal((len(kind) + 60, WIDTH)).astype(np.float32)
    features[: len(kind), :6] += 4 * np.eye(6)[kind]
    features[len(kind) :, 10:14] += 8
    weight = np.ones(len(kind), np.float32)
    return Lesson(features * 3 + 7, kind // 2, kind, weight, 60, 3)


@pytest.fixture(scope="module", params=["machine", "forest", "forest with directions"])
def model(request: pytest.FixtureRequest, lesson: Lesson) -> RoleModel:
    if request.param == "machine":
        return machine(lesson, components=20)
    return forest(lesson, directions=request.param != "forest", trees=30)


def test_speech_is_told_apart_and_no_speech_is_even(model: RoleModel, lesson: Lesson) -> None:
    shares = np.exp(model.scores(lesson.features))
    speech = len(lesson.truth)
    assert (shares[:speech].argmax(axis=1) == lesson.truth).mean() > 0.9
    assert shares[:speech].max(axis=1).mean() > 0.7
    assert shares[speech:].max(axis=1).mean() < 0.5


def test_the_graph_answers_as_the_model(model: RoleModel, lesson: Lesson, tmp_path: Path) -> None:
    biased = model.biased(np.array([0.3, -0.1, -0.2], np.float32))
    join_roles(
        {"customer": model.part("customer"), "agent": biased.part("agent")},
        WIDTH,
        tmp_path / "roles.onnx",
    )
    expected = {"customer": model.scores(lesson.features), "agent": biased.scores(lesson.features)}
    check_parity(tmp_path / "roles.onnx", lesson.features, expected, tolerance=0.01)
