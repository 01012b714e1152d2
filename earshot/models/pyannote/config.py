"""Opens a folder that holds a pyannote.audio pipeline, and refuses one that would lead out of
it."""

from pathlib import Path
from typing import Any

from earshot.analysis.errors import Misconfigured

NAME = "config.yaml"
PIPELINE = "pyannote.audio.pipelines.SpeakerDiarization"
PARTS = ("segmentation", "embedding", "plda")
HERE = "$model/"


def opened(folder: Path) -> Any:
    """The pipeline of ``folder``, on the CPU.

    Raises:
        Misconfigured: its config.yaml names another pipeline, or a part that does not lie in the
            folder and would be fetched.
    """
    from pyannote.audio import Pipeline

    check(folder)
    return Pipeline.from_pretrained(folder)


def check(folder: Path) -> None:
    """
    Raises:
        Misconfigured: as ``opened``.
    """
    import yaml

    path = folder / NAME
    try:
        pipeline = dict(yaml.safe_load(path.read_text(encoding="utf-8"))["pipeline"])
        name, params = pipeline["name"], dict(pipeline["params"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise Misconfigured(
            "checkpoint", f"{path} is no pipeline of pyannote.audio: {' '.join(str(error).split())}"
        ) from error
    if name != PIPELINE:
        raise Misconfigured(
            "checkpoint", f"{path} names the pipeline {name}; this runtime has {PIPELINE}"
        )
    for part in PARTS:
        where = str(params.get(part, "nothing"))
        if not where.startswith(HERE) or not (folder / where.removeprefix(HERE)).is_dir():
            reason = f"{path} names {where} for its {part}"
            raise Misconfigured(
                "checkpoint", f"{reason}; lay it into the folder and write {HERE}{part}"
            )
