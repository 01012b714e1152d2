"""Keys that name models: no other model answers silently, and nothing is unpickled."""

import hashlib
from pathlib import Path

import pytest

from cli.batch.named_models import check_files, check_releases
from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.text.by_path import identity
from earshot.settings import Settings

CONTENT = b"a graph"


def release(analysis: str, name: str, uri: str = "embedded/x.onnx", sha256: str = "") -> Release:
    return Release(analysis=analysis, name=name, runtime="onnx", uri=uri, sha256=sha256)


ACTIVE = {
    "asr": release("asr", "moonshine"),
    "sentiment": release("sentiment", "mine", sha256=hashlib.sha256(CONTENT).hexdigest()),
}


def test_a_joblib_file_is_not_opened_and_the_command_is_named(tmp_path: Path) -> None:
    for name in ("svm.joblib", "scaler.joblib"):
        (tmp_path / name).write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    config = Settings(
        client_acoustic_model_path=tmp_path / "svm.joblib",
        client_acoustic_scaler_path=tmp_path / "scaler.joblib",
    )
    with pytest.raises(Misconfigured) as caught:
        check_files(config)
    files = f"customer={tmp_path}/scaler.joblib,{tmp_path}/svm.joblib"
    assert f"import-joblib {files} --sha256" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "exists", "says"),
    [
        ("client_text_model_path", False, "no such file"),
        ("agent_acoustic_model_path", False, "no such file"),
        ("agent_acoustic_scaler_path", True, "contains its scaler"),
    ],
)
def test_a_wrong_path_is_refused(tmp_path: Path, key: str, exists: bool, says: str) -> None:
    path = tmp_path / "model.onnx"
    if exists:
        path.write_bytes(CONTENT)
    with pytest.raises(Misconfigured, match=says):
        check_files(Settings(**{key: path}))  # type: ignore[arg-type]


def test_a_key_is_the_model_that_answers(tmp_path: Path) -> None:
    path, text = tmp_path / "sentiment.onnx", tmp_path / "text"
    path.write_bytes(CONTENT)
    text.mkdir()
    config = Settings(
        transcription_model="moonshine",
        client_acoustic_model_path=path,
        agent_acoustic_model_path=path,
        client_text_model_path=text,
    )
    check_files(config)
    found = {each.key: (each.effective, each.limited_by) for each in check_releases(config, ACTIVE)}
    assert found == {
        "transcription_model": ("moonshine", "key"),
        "client_acoustic_model_path": ("mine", "key"),
        "agent_acoustic_model_path": ("mine", "key"),
        "client_text_model_path": (identity(text), "key"),
    }


def test_a_folder_is_the_release_that_was_pulled_from_it(tmp_path: Path) -> None:
    config = Settings(transcription_model=str(tmp_path))
    active = {**ACTIVE, "asr": release("asr", "darija", uri=tmp_path.as_uri())}
    [found] = check_releases(config, active)
    assert found.effective == "darija"


@pytest.mark.parametrize("key", ["transcription_model", "client_acoustic_model_path"])
def test_another_answer_is_refused(tmp_path: Path, key: str) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(b"another graph")
    with pytest.raises(Misconfigured, match=f"{key}: .* does not answer"):
        check_releases(Settings(**{key: str(other)}), ACTIVE)  # type: ignore[arg-type]
