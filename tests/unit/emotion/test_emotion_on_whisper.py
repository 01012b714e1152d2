"""Emotion on the lower layers of Whisper's encoder: the graph with the weights of a package."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.compute.placed_weights import Weight, numbers
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.defaults import defaults
from earshot.models.checkpoints.location import beside
from earshot.models.emotion import on_whisper
from earshot.models.emotion.on_whisper import EmotionOnWhisper, bands, open_on_whisper, parts
from earshot.models.metadata import EmotionHeadMetadata
from earshot.models.outside_weights import open_graph
from earshot.settings import settings
from training.importers.ct2_tensors import placed

ENTRY = next(entry for entry in load() if entry.name == "emotion-whisper-1")
RATE = 16_000
TORCH = (-1.90236, 2.33094, -0.73009, -2.39772, 1.07861)
"""Logits of ``tone(2.0)``, as layers written in torch 2.11 compute them from the same weights."""


@pytest.fixture(scope="module")
def model() -> EmotionOnWhisper:
    return open_on_whisper(ENTRY.release(), "cpu", settings())


def tone(seconds: float, base: float = 140.0) -> np.ndarray:
    """Harmonics of a base in Hz under a slow tremor."""
    time = np.arange(int(seconds * RATE)) / RATE
    tremor = 1 + 0.5 * np.sin(2 * np.pi * 4 * time)
    parts = [np.sin(2 * np.pi * base * k * time) / k for k in range(1, 20)]
    return (0.05 * tremor * np.sum(parts, axis=0)).astype(np.float32)


def test_it_is_the_default_and_its_shares_are_a_distribution(model: EmotionOnWhisper) -> None:
    assert defaults()["emotion"].name == ENTRY.name
    for shares in model.shares([tone(0.05), tone(0.4), tone(2.5), tone(9.0)]):
        assert shares.shape == (len(ENTRY.labels),)
        assert shares.sum() == pytest.approx(1, abs=1e-5)


def test_an_utterance_is_cut_into_equal_parts_of_four_seconds_at_most() -> None:
    lengths = [len(part) for part in parts(tone(9.0), 0.05)]
    assert len(lengths) == 3
    assert max(lengths) - min(lengths) <= 1
    assert [len(part) for part in parts(tone(4.0), 0.05)] == [4 * RATE]
    assert [len(part) for part in parts(tone(0.05), 0.05)] == [on_whisper.SHORTEST]


def test_the_level_of_a_recording_does_not_matter(model: EmotionOnWhisper) -> None:
    loud, faint = model.shares([tone(2.0), 0.05 * tone(2.0)])
    assert loud == pytest.approx(faint, abs=2e-3)


def test_the_encoder_computes_what_torch_does(model: EmotionOnWhisper) -> None:
    mel = bands(parts(tone(2.0), model.found.mel_level)[0], model.found)
    (logits,) = model.onnx.session.run(["emotion_logits"], {"log_mel": mel})
    assert logits[0] == pytest.approx(TORCH, abs=2e-3)


def test_a_voice_is_judged_by_what_the_metadata_says(model: EmotionOnWhisper) -> None:
    judging = model.judging
    assert set(judging.ordinary) == set(judging.canonical) == set(ENTRY.labels)
    assert 0.2 < judging.answered_from < 0.6
    assert max(judging.ordinary, key=lambda label: judging.ordinary[label]) == "neutral"


def test_where_the_package_is_absent_the_small_network_is_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = ENTRY.uri.removeprefix("package:").partition("/")[0]
    monkeypatch.setitem(sys.modules, package, None)  # as Python notes an absent module
    defaults.cache_clear()
    try:
        assert defaults()["emotion"].name == "emotion-embedded-2"
    finally:
        defaults.cache_clear()
    with pytest.raises(Misconfigured, match=r"emotion-whisper-1.*requirements/weights.txt"):
        open_on_whisper(ENTRY.release(), "cpu", settings())


@pytest.mark.parametrize(
    "sound", [np.zeros(RATE, np.float32), np.zeros(1, np.float32), np.zeros(0, np.float32)]
)
def test_silence_and_less_than_a_word_are_unclear(
    model: EmotionOnWhisper, sound: np.ndarray
) -> None:
    for samples in (sound, tone(0.2)):
        (shares,) = model.shares([samples])
        assert shares.max() < model.judging.answered_from


def test_tensors_are_found_in_a_model_of_ctranslate2(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    values = np.arange(12, dtype=np.float16).reshape(3, 4)
    _written(path, {"encoder/a": values, "decoder/b": values, "encoder/c": np.float32([1, 2])})
    found = placed(path, "encoder/")
    assert list(found) == ["encoder/a"]  # the other is not of this type
    weight = Weight(offsets=(found["encoder/a"].offset,), shape=(3, 4), numbers="<f2")
    assert numbers(path, weight).tolist() == values.tolist()
    path.write_bytes(b"\x09\0\0\0" + path.read_bytes()[4:])
    with pytest.raises(Misconfigured, match="binary version 9"):
        placed(path, "encoder/")


def _written(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """As ``ctranslate2.specs.ModelSpec.save`` writes, version 6."""
    kinds = {"float32": 0, "float16": 4}

    def text(value: str) -> bytes:
        return (len(value) + 1).to_bytes(2, "little") + value.encode() + b"\0"

    content = (6).to_bytes(4, "little") + text("WhisperSpec") + (3).to_bytes(4, "little")
    content += len(tensors).to_bytes(4, "little")
    for name, value in tensors.items():
        content += text(name) + bytes([value.ndim])
        content += b"".join(size.to_bytes(4, "little") for size in value.shape)
        content += bytes([kinds[str(value.dtype)]]) + value.nbytes.to_bytes(4, "little")
        content += value.tobytes()
    path.write_bytes(content)


def test_the_metadata_names_every_weight_of_the_graph() -> None:
    described = json.loads(beside("emotion_on_whisper.json").read_text(encoding="utf-8"))
    folder = ENTRY.folder_in_package
    assert folder is not None
    size = (folder / described["member"]).stat().st_size
    for name, weight in described["weights"].items():
        count = int(np.prod(weight["shape"]))
        assert weight["offsets"][0] + 2 * count <= size, name
    onnx, found = open_graph(
        beside("emotion_on_whisper.onnx"),
        beside("emotion_on_whisper.json"),
        EmotionHeadMetadata,
        folder,
    )
    assert found.labels == ENTRY.labels
    assert [put.name for put in onnx.session.get_inputs()] == ["log_mel"]
