"""The GE2E voice encoder: the project's graph with the weights of an installed package."""

import json
import pickle
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.audio.features.spectra import MelSpec, log_mel, mel_bank
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.defaults import defaults
from earshot.models.checkpoints.location import beside
from earshot.models.speakers.embedding import open_packaged_speaker
from earshot.settings import settings
from training.importers.torch_tensors import MAGIC, placed

ENTRY = next(entry for entry in load() if entry.name == "diarization-ge2e-1")
TORCH = (
    (110.0, {92: 0.21871, 248: 0.19649, 189: 0.1831, 77: 0.16942, 120: 0.16457, 48: 0.15269}),
    (210.0, {189: 0.22617, 253: 0.20265, 215: 0.19661, 247: 0.18798, 234: 0.18789, 9: 0.17727}),
)
"""The largest numbers of the embeddings of two ``tone``s, as torch 2.11 computes them."""


def tone(base: float) -> np.ndarray:
    """1.5 s of harmonics of a base in Hz, at 16 kHz."""
    time = np.arange(24_000) / 16_000
    parts = [np.sin(2 * np.pi * base * k * time) / k for k in range(1, 20)]
    return (0.05 * np.sum(parts, axis=0)).astype(np.float32)


def test_it_is_the_default_and_embeds_as_torch_does() -> None:
    assert defaults()["diarization"].name == ENTRY.name
    model = open_packaged_speaker(ENTRY.release(), settings())
    found = model.embed(np.stack([log_mel(tone(base), 16_000, model.mel) for base, _ in TORCH]))
    assert found.shape == (2, 256)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)
    for row, (_, largest) in zip(found, TORCH, strict=True):
        assert np.argsort(-row)[: len(largest)].tolist() == list(largest)
        assert row[list(largest)] == pytest.approx(list(largest.values()), abs=2e-5)


def test_nothing_of_the_package_is_imported() -> None:
    open_packaged_speaker(ENTRY.release(), settings())
    assert not {"resemblyzer", "torch", "librosa"} & set(sys.modules)


def test_an_altered_file_is_refused_before_a_number_of_it_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = ENTRY.folder_in_package
    assert folder is not None
    copy = tmp_path / "resemblyzer"
    copy.mkdir()
    (copy / "__init__.py").touch()
    shutil.copy(folder / "pretrained.pt", copy)
    with (copy / "pretrained.pt").open("r+b") as file:
        file.seek(300_000)
        file.write(b"\0\0\0\1")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Misconfigured, match=r"has sha256 .*requirements/weights.txt"):
        open_packaged_speaker(ENTRY.release(), settings())


def test_where_the_package_is_absent_the_embedded_checkpoint_is_the_default() -> None:
    gone = ENTRY.model_copy(update={"uri": "package:resemblyzer_that_is_absent"})
    assert not gone.at_hand
    entries = [entry for entry in load() if entry.analysis == "diarization" and entry.at_hand]
    assert [entry.name for entry in entries] == [ENTRY.name, "diarization-embedded-1"]


def test_the_places_are_those_that_the_importer_finds() -> None:
    folder = ENTRY.folder_in_package
    assert folder is not None
    tensors = placed(folder / "pretrained.pt", "model_state")
    weights = json.loads(beside("voices.json").read_text())["weights"]
    assert weights["R2"]["offsets"] == [tensors["lstm.weight_hh_l2"].offset]
    assert weights["B0"]["offsets"] == [
        tensors[f"lstm.bias_{kind}_l0"].offset for kind in ("ih", "hh")
    ]
    assert tensors["linear.weight"].shape == (256, 256)


def test_the_importer_refuses_all_but_tensors(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(b"".join(pickle.dumps(each) for each in (MAGIC, 1001, {}, {"s": print})))
    with pytest.raises(Misconfigured, match=r"names builtins\.print"):
        placed(path, "s")
    path.write_bytes(pickle.dumps("other"))
    with pytest.raises(Misconfigured, match="legacy format"):
        placed(path, "s")


def test_bands_with_sides_straight_in_hertz() -> None:
    """Each rises from the centre of the band below and falls to that of the band above."""
    spec = MelSpec(
        n_fft=400, hop=160, n_mels=40, fmin=0.0, fmax=8000.0, window=400, offset=1e-9,
        scale="librosa", power=2,
    )  # fmt: skip
    widest = mel_bank(spec)[:, -1]
    bins = np.flatnonzero(widest)
    top = int(widest.argmax())
    assert np.ptp(np.diff(widest[bins[0] : top])) < 1e-6
    assert np.ptp(np.diff(widest[top + 1 : bins[-1]])) < 1e-6
    assert len(bins) > 10
