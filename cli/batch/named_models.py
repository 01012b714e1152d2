"""The keys of ``config.yaml`` that name models. Which release answers is a row of the database
(``earshot models use``); a key is checked against it, so that no other model answers silently."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cli.localstack.limits import Effective
from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.text.by_path import identity
from earshot.settings import Settings

TEXT = ("client_text_model_path", "agent_text_model_path")
ACOUSTIC = ("client_acoustic_model_path", "agent_acoustic_model_path")
SCALERS = ("client_acoustic_scaler_path", "agent_acoustic_scaler_path")
ROLES = {"client": "customer", "agent": "agent"}
JOBLIB = (".joblib", ".pkl", ".pickle")


def check_files(config: Settings) -> None:
    """Checks the files that the keys name.

    Raises:
        Misconfigured: one is not there, or runs code when it is opened.
    """
    for key in (*TEXT, *ACOUSTIC, *SCALERS):
        path: Path | None = getattr(config, key)
        if path is not None and not path.exists():
            raise Misconfigured("models", f"{key}: {path}: no such file or folder")
    opened = [key for key in ACOUSTIC if _runs_code(getattr(config, key))]
    if opened:
        parts = " ".join(_import_of(config, key) for key in opened)
        raise Misconfigured(
            "models",
            f"{', '.join(opened)}: opening a .joblib file runs the code in it, so it is converted"
            f" once: earshot models import-joblib {parts} --sha256 ... --trust --out sentiment.onnx"
            " (docs/own-sentiment.md); then name sentiment.onnx here, without its scalers",
        )
    for key in SCALERS:
        if getattr(config, key) is not None:
            raise Misconfigured("models", f"{key}: an imported model contains its scaler")


def check_releases(config: Settings, active: Mapping[str, Release]) -> list[Effective]:
    """The keys with the release that answers for each.

    Raises:
        Misconfigured: another release would answer.
    """
    found = []
    if config.transcription_model is not None:
        found.append(_transcription(config.transcription_model, active["asr"]))
    for key in ACOUSTIC:
        path: Path | None = getattr(config, key)
        if path is not None:
            found.append(_acoustic(key, path, active["sentiment"]))
    for key in TEXT:
        text: Path | None = getattr(config, key)
        if text is not None:
            named = identity(text)
            found.append(Effective(key=key, asked=str(text), effective=named, limited_by="key"))
    return found


def _transcription(asked: str, answers: Release) -> Effective:
    if asked != answers.name and Path(asked).absolute() != _local(answers):
        raise Misconfigured(
            "models",
            f"transcription_model: {asked} does not answer, {answers.name} does: a release of the"
            f" catalog by `earshot models use {Path(asked).name}`; for a folder of your own see"
            " docs/models.md",
        )
    return Effective(
        key="transcription_model", asked=asked, effective=answers.name, limited_by="key"
    )


def _acoustic(key: str, path: Path, answers: Release) -> Effective:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != answers.sha256:
        raise Misconfigured(
            "models",
            f"{key}: {path} does not answer, {answers.name} does: add it to your catalog and"
            " `earshot models use` it (docs/own-sentiment.md)",
        )
    return Effective(key=key, asked=str(path), effective=answers.name, limited_by="key")


def _local(release: Release) -> Path | None:
    parts = urlsplit(release.uri)
    return Path(parts.path).absolute() if parts.scheme == "file" else None


def _runs_code(path: Path | None) -> bool:
    return path is not None and path.suffix.lower() in JOBLIB


def _import_of(config: Settings, key: str) -> str:
    side = key.partition("_")[0]
    files = [getattr(config, f"{side}_acoustic_scaler_path"), getattr(config, key)]
    return f"{ROLES[side]}={','.join(str(each) for each in files if each)}"
