"""Users' .joblib models become a checkpoint only with explicit trust in the very file (C-44)."""

import hashlib
import io
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.__main__ import run
from earshot.analysis.types import Release
from earshot.audio.features.utterance import WIDTH
from earshot.models.checkpoints import licence
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.location import sha256
from tests.unit.models.test_pull import pulled
from workers import sentiment

LABELS = ("negative", "neutral", "positive")


class Bomb:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def told(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> str:
    """The one line of a refusal."""
    assert run(["models", "import-joblib", *arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize(("trusted", "named"), [(False, True), (True, False)])
def test_nothing_of_an_unanswered_file_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], trusted: bool, named: bool
) -> None:
    path, mark = tmp_path / "svm.joblib", tmp_path / "mark"
    path.write_bytes(pickle.dumps(Bomb(mark)))
    pickle.load(io.BytesIO(path.read_bytes()))  # it does go off when it is opened
    mark.rmdir()
    arguments = [
        f"customer={path}",
        "--sha256",
        digest(path) if named else "0" * 64,
        *(["--trust"] if trusted else []),
    ]
    line = told(capsys, arguments)
    assert ("--trust" if named else "sha256") in line
    assert not mark.exists()


def test_a_file_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "No such file" in told(
        capsys, [f"customer={tmp_path}/no.joblib", "--sha256", "0" * 64, "--trust"]
    )


@pytest.mark.parametrize("text", ["svm.joblib", "customer=", "=svm.joblib"])
def test_a_role_must_be_named(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "ROLE=" in told(capsys, [text, "--sha256", "0" * 64, "--trust"])


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    pytest.importorskip("skl2onnx")
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 300)
    features = random.standard_normal((300, WIDTH)).astype(np.float32)
    features[:, :3] += 3 * np.eye(3)[truth]
    return features * 5 + 1, truth


def saved(folder: Path, name: str, fitted: Any) -> Path:
    import joblib

    joblib.dump(fitted, folder / name)
    return folder / name


def arguments_of(role: str, *paths: Path) -> list[str]:
    return [
        f"{role}={','.join(map(str, paths))}",
        *(part for path in paths for part in ("--sha256", digest(path))),
    ]


def test_a_machine_and_a_forest_with_scalers_answer_as_they_did(
    tmp_path: Path, data: tuple[np.ndarray, np.ndarray]
) -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    features, truth = data
    scaler = StandardScaler().fit(features)
    names = np.array(["positive", "negative", "neutral"])[truth]  # classes in an order of their own
    svm = SVC().fit(scaler.transform(features), names)
    forest = RandomForestClassifier(20, random_state=0).fit(scaler.transform(features), names)
    paths = [
        saved(tmp_path, name, it)
        for name, it in (("scaler.joblib", scaler), ("svm.joblib", svm), ("rf.joblib", forest))
    ]
    out = tmp_path / "mine.onnx"
    arguments = [
        *arguments_of("customer", paths[0], paths[1]),
        *arguments_of("agent", paths[0], paths[2]),
    ]
    assert run(["models", "import-joblib", *arguments, "--trust", "--out", str(out)]) == 0
    model = sentiment.load(
        Release(
            analysis="sentiment", name="mine", runtime="onnx", uri=str(out), sha256=sha256(out)
        ),
        "cpu",
    )
    shares = model.shares(features)
    assert model.onnx.labels == LABELS
    for role, fitted in (("customer", svm), ("agent", forest)):
        wanted = fitted.predict(scaler.transform(features))
        assert (np.array(LABELS)[shares[role].argmax(axis=1)] == wanted).mean() > 0.99
    order = [list(forest.classes_).index(label) for label in LABELS]
    np.testing.assert_allclose(
        shares["agent"], forest.predict_proba(scaler.transform(features))[:, order], atol=0.01
    )


def test_classes_that_are_numbers_are_named(
    tmp_path: Path, data: tuple[np.ndarray, np.ndarray]
) -> None:
    from sklearn.svm import SVC

    path, out = saved(tmp_path, "svm.joblib", SVC().fit(*data)), tmp_path / "mine.onnx"
    arguments = [*arguments_of("customer", path), "--trust", "--out", str(out)]
    assert (
        run(["models", "import-joblib", *arguments, "--labels", "positive,neutral,negative"]) == 0
    )
    model = sentiment.load(
        Release(
            analysis="sentiment", name="mine", runtime="onnx", uri=str(out), sha256=sha256(out)
        ),
        "cpu",
    )
    found = model.shares(data[0])["customer"].argmax(axis=1)
    assert (found == 2 - data[1]).mean() > 0.9


def test_the_printed_entry_is_taken_as_it_is(
    tmp_path: Path, data: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    from sklearn.svm import SVC

    path, out = (
        saved(tmp_path, "svm.joblib", SVC().fit(data[0], np.array(LABELS)[data[1]])),
        tmp_path / "my own" / "mine.onnx",
    )
    out.parent.mkdir()
    for words, commercial in (([], True), (["--non-commercial"], False)):
        arguments = [*arguments_of("customer", path), "--trust", "--out", str(out), *words]
        assert run(["models", "import-joblib", *arguments]) == 0
        printed = capsys.readouterr()
        (tmp_path / "own.toml").write_text(printed.out)
        (entry,) = load(tmp_path / "own.toml")
        assert (entry.name, entry.commercial) == ("sentiment-mine", commercial)
        assert pulled(entry, tmp_path / "models", "") is commercial  # the second is here already
        assert [
            f"earshot models {verb} sentiment-mine" in printed.err for verb in ("pull", "use")
        ] == [True, True]
        licence.check(entry, commercial)


def test_what_is_no_fitting_classifier_is_one_line(
    tmp_path: Path, data: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    from sklearn.svm import SVC

    features, truth = data
    wrong = {
        "no fitted scikit-learn classifier": {"weights": 1},
        f"earshot.audio.features.utterance.describe gives {WIDTH}": SVC().fit(
            features[:, :180], truth
        ),
        "say what its classes are": SVC().fit(features, truth),
        "which transforms nothing": (SVC().fit(features, truth), SVC().fit(features, truth)),
        "no ONNX form": Odd().fit(features, np.array(LABELS)[truth]),
        "cannot be opened": None,
    }
    for line, fitted in wrong.items():
        parts = fitted if isinstance(fitted, tuple) else (fitted,)
        paths = [saved(tmp_path, f"{i}.joblib", part) for i, part in enumerate(parts)]
        if fitted is None:
            paths[0].write_bytes(b"no pickle")
        assert line in told(capsys, [*arguments_of("agent", *paths), "--trust"])


def test_what_another_version_saved_is_one_line(
    tmp_path: Path, data: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    import sklearn
    from sklearn.svm import SVC

    path = saved(tmp_path, "svm.joblib", SVC().fit(*data))
    mine = sklearn.__version__.encode()
    path.write_bytes(path.read_bytes().replace(mine, b"1.0".ljust(len(mine), b"0")))
    assert "save it again" in told(capsys, [*arguments_of("agent", path), "--trust"])


class Odd:
    """A classifier of somebody's own, which the converter does not know."""

    def fit(self, features: np.ndarray, names: np.ndarray) -> "Odd":
        self.classes_, self.n_features_in_ = np.unique(names), features.shape[1]
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        return np.repeat(self.classes_[:1], len(features))
