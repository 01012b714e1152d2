"""Small checkpoints of the true architectures, saved as the hub lays them out, pulled and located
through the catalog."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.analysis.types import Release
from earshot.settings import settings


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Release]]:
    """By name: ``whisper``, ``whisper-hub`` and ``whisper-converted``, which have the same weights;
    ``ctc``; ``emotion2vec``; ``dimensional``; the family of wav2vec 2.0, each with either norm of
    its front end, for emotion and (``ctc-``) for speech, and one of them in half precision,
    ``ctc-half``; and ``voxtral``, an adapter over it, ``joint``, and the same two for emotion."""
    for package in ("torch", "transformers", "peft"):
        pytest.importorskip(
            package, reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
        )
    import torch

    from tests.runtimes import shelf
    from tests.runtimes.tiny import ctc, emotion2vec, speech, voxtral, whisper

    saved = tmp_path_factory.mktemp("saved")
    whisper.save(saved / "whisper")
    whisper.as_on_the_hub(saved / "whisper", saved / "hub")
    whisper.convert(saved / "whisper", saved / "converted")
    ctc.save(saved / "ctc")
    emotion2vec.save(saved / "emotion2vec")
    speech.save_dimensional(saved / "dimensional")
    voxtral.save(saved / "voxtral")
    voxtral.save_adapter(saved / "voxtral", saved / "adapter")
    (saved / "adapter" / "earshot.toml").write_text(voxtral.CONTRACT)
    checkpoints: dict[str, tuple[str, str, Path | str]] = {
        "whisper": ("asr", "transformers-whisper", saved / "whisper"),
        "whisper-hub": ("asr", "transformers-whisper", saved / "hub"),
        "whisper-converted": ("asr", "faster-whisper", saved / "converted"),
        "ctc": ("asr", "transformers-ctc", saved / "ctc"),
        "emotion2vec": ("emotion", "emotion2vec", saved / "emotion2vec"),
        "dimensional": ("emotion", "wav2vec2-dimensional", saved / "dimensional"),
    }
    for analysis, name, source in (
        ("asr", "voxtral", saved / "voxtral"),
        ("asr", "joint", saved / "adapter"),
        ("emotion", "voxtral-emotion", "catalog:voxtral"),
        ("emotion", "joint-emotion", "catalog:joint"),
    ):
        checkpoints[name] = (analysis, "transformers-voxtral", source)
    for kind in ("wav2vec2", "hubert", "wavlm"):
        for norm in ("group", "layer"):
            speech.save(saved / f"{kind}-{norm}", kind, norm)
            checkpoints[f"{kind}-{norm}"] = (
                "emotion",
                "transformers-emotion",
                saved / f"{kind}-{norm}",
            )
            ctc.save_family(saved / f"ctc-{kind}-{norm}", kind, norm)
            checkpoints[f"ctc-{kind}-{norm}"] = (
                "asr",
                "transformers-ctc",
                saved / f"ctc-{kind}-{norm}",
            )
    ctc.save_family(saved / "ctc-half", "wav2vec2", "layer", torch.float16)
    checkpoints["ctc-half"] = ("asr", "transformers-ctc", saved / "ctc-half")
    with pytest.MonkeyPatch.context() as environment:
        labels = f"labels = {json.dumps(voxtral.LABELS)}"
        further = {"joint": 'base = "voxtral"', "voxtral-emotion": labels, "joint-emotion": labels}
        yield shelf.release(checkpoints, tmp_path_factory.mktemp("home"), environment, further)
    settings.cache_clear()
