"""From what emotion models say to findings: labels of the checkpoint and canonical ones, numbers
beside, one call a job."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

from earshot.analysis.emotion.findings import EmotionFindings
from earshot.analysis.emotion.six import covered
from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import Classification, Published
from earshot.analysis.outcome import Skipped
from earshot.analysis.types import Release
from earshot.compute.sound import Samples
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.defaults import default_releases
from earshot.models.emotion.labels import canonical, check, coverage, gathered
from earshot.models.emotion.model import SHORTEST, ByUtterance, Dimensions, Shares, in_passes
from earshot.models.emotion.opening import DIMENSIONAL, open_labelled
from earshot.models.emotion2vec.config import UNUSED, read_config, read_labels
from earshot.settings import Settings, settings
from tests.unit.workers.test_asr_routes import clip
from workers import emotion
from workers.emotion.models import EmotionModels, dimensional_release, open_models

CANONICAL = ("neutral", "happy", "angry", "sad", "frustrated", "surprised", "calm", "anxious")
"""C-03."""
NINE = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "unknown")
"""C-04."""


SIX = ("neutral", "happy", "angry", "sad", "frustrated", "surprised")
"""000-07."""


class Listener(ByUtterance):
    """An emotion model that writes down how much it was given in each call; the longer, the
    angrier."""

    labels = ("angry", "disgusted", "happy")

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def shares(self, utterances: Sequence[Samples]) -> list[Shares]:
        self.calls.append([len(samples) for samples in utterances])
        angry = [min(len(samples) / 64_000, 1) for samples in utterances]
        return [np.array([share * 0.6, share * 0.4, 1 - share], np.float32) for share in angry]


class Rater:
    def dimensions(self, utterances: Sequence[Samples]) -> list[Dimensions]:
        return [Dimensions(-0.123456, len(samples) / 64_000, 1.0) for samples in utterances]


def test_a_job_is_one_call_and_labels_are_native_and_canonical(tmp_path: Path) -> None:
    labelled = Listener()
    clips = [
        clip(tmp_path, "en", (1, 6_000, 7_000), (1, 8_000, 11_000)),
        clip(tmp_path, "en"),
        clip(tmp_path, "en", (1, 9_000, 11_000)),
    ]
    found, silent, even = emotion.analyze(EmotionModels(labelled, Rater(), "rater-1"), clips)
    assert labelled.calls == [[16_000, 48_000, 32_000]]
    assert silent == Skipped(reason="no_speech")
    assert isinstance(found, EmotionFindings)
    assert isinstance(even, EmotionFindings)
    first, second = found.utterances
    assert (first.label, first.label_native, first.confidence) == ("happy", "happy", 0.75)
    assert (second.label, second.label_native, second.confidence) == ("angry", "angry", 0.45)
    assert second.scores == {"angry": 0.45, "disgusted": 0.3, "happy": 0.25}
    assert (second.valence, second.arousal, second.dominance) == (-0.1235, 0.75, 1)
    # Over the chunk, by length: 1 s of 0.25 and 3 s of 0.75 are angry, in both of its kinds
    # together.
    assert found.overall.scores == {"angry": 0.625, "happy": 0.375}
    assert (found.overall.label, found.overall.confidence) == ("angry", 0.625)
    assert (found.coverage, found.dimensions_by) == (("angry", "happy"), "rater-1")
    assert found.classification().model_dump() == {
        "label": "angry",
        "confidence": 0.625,
        "scores": {
            "neutral": 0,
            "happy": 0.375,
            "angry": 0.625,
            "sad": 0,
            "frustrated": 0,
            "surprised": 0,
        },
        "label_coverage": {label: label in ("happy", "angry") for label in SIX},
        "abstained": False,
    }
    assert (even.overall.label, even.utterances[0].label) == (
        "angry",
        "happy",
    )  # of equals, the first; no single label leads


def test_without_a_rater_there_are_no_numbers(tmp_path: Path) -> None:
    (found,) = emotion.analyze(
        EmotionModels(Listener(), None, None), [clip(tmp_path, "en", (1, 6_000, 7_000))]
    )
    assert isinstance(found, EmotionFindings)
    assert (found.utterances[0].valence, found.dimensions_by) == (None, None)


def test_the_table_has_all_canonical_labels_and_those_of_the_catalog() -> None:
    assert tuple(dict.fromkeys(canonical().values())) == CANONICAL
    assert all(canonical()[label] == label for label in CANONICAL)
    assert coverage(NINE) == ("angry", "anxious", "happy", "neutral", "sad", "surprised")
    assert gathered(dict.fromkeys(NINE, 1 / 9))["angry"] == pytest.approx(2 / 9, abs=1e-4)
    for entry in load():
        if entry.analysis == "emotion" and entry.runtime != DIMENSIONAL:
            check(entry.name, entry.labels)
    with pytest.raises(Misconfigured, match=r"x-1 has labels missing in .*: whimsical"):
        check("x-1", ("happy", "whimsical"))


def test_events_tell_all_eight_in_six_labels() -> None:
    shares = dict(zip(CANONICAL, (0.0125, 0.1, 0.2, 0.15, 0.0375, 0.05, 0.2, 0.25), strict=True))
    overall = Classification(label="anxious", confidence=0.25, scores=shares)
    said = EmotionFindings(utterances=(), overall=overall, coverage=coverage(NINE)).classification()
    assert (said.label, said.confidence, tuple(said.scores)) == ("sad", 0.4, SIX)
    assert sum(said.scores.values()) == pytest.approx(1, abs=1e-9)
    assert (said.scores["neutral"], said.scores["sad"]) == (0.2125, 0.4)
    assert [label for label, is_told in said.label_coverage.items() if not is_told] == [
        "frustrated"
    ]
    assert TypeAdapter(Published).validate_python(said.model_dump()) == said
    assert type(TypeAdapter(Published).validate_python(overall.model_dump())) is Classification


def test_the_embedded_release_cannot_tell_who_is_frustrated() -> None:
    six = covered(coverage(default_releases()["emotion"].labels))
    assert six == {label: label != "frustrated" for label in SIX}


def test_settings_name_a_release_that_there_is() -> None:
    assert (
        dimensional_release(Settings(emotion_dimensions="wav2vec2-msp-dim-1")).runtime
        == DIMENSIONAL
    )
    with pytest.raises(Misconfigured, match="EARSHOT_EMOTION_DIMENSIONS names nowhere-1"):
        open_models(default_releases()["emotion"], "cpu", Settings(emotion_dimensions="nowhere-1"))
    with pytest.raises(Misconfigured, match="gives no valence, arousal and dominance"):
        open_models(
            default_releases()["emotion"], "cpu", Settings(emotion_dimensions="emotion-embedded-2")
        )
    dimensional = dimensional_release(Settings(emotion_dimensions="wav2vec2-msp-dim-1"))
    with pytest.raises(Misconfigured, match="name it in EARSHOT_EMOTION_DIMENSIONS"):
        open_labelled(dimensional, "cpu", settings())
    with pytest.raises(Misconfigured, match="emotion has no runtime 'opensmile'"):
        open_labelled(
            Release(analysis="emotion", name="x", runtime="opensmile", uri="x", sha256=""),
            "cpu",
            settings(),
        )


@pytest.mark.parametrize(("device", "calls"), [("cpu", [[1], [1], [1]]), ("cuda", [[3]])])
def test_rows_share_a_pass_on_a_gpu_and_come_back_in_order(
    device: str, calls: list[list[int]]
) -> None:
    class Outputs(list[float]):
        def float(self) -> "Outputs":
            return self

        cpu = float

        def numpy(self) -> np.ndarray:
            return np.array(self, np.float32)[:, None]

    seen: list[list[int]] = []

    def forward(rows: list[Samples]) -> Outputs:
        seen.append([len(rows)])
        assert min(len(row) for row in rows) >= SHORTEST
        return Outputs(float(row.sum()) for row in rows)

    rows = [
        np.full(count, value, np.float32)
        for count, value in ((10, 1.0), (8_000, 2.0), (4_000, 3.0))
    ]
    assert in_passes(forward, rows, device)[:, 0].tolist() == [10, 16_000, 12_000]
    assert seen == calls
    assert in_passes(forward, [], device).shape == (0, 0)


def test_configuration_of_emotion2vec(tmp_path: Path) -> None:
    audio = {
        "prenet_depth": 4,
        "num_extra_tokens": 10,
        "use_alibi_encoder": True,
        "learned_alibi": False,
        "extractor_mode": "layer_norm",
        "feature_encoder_spec": "[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512,2,2)] + [(512,2,2)]",
        "conv_pos_width": 95,
        "conv_pos_groups": 16,
        "conv_pos_depth": 5,
        "conv_pos_pre_ln": False,
    }
    conf = {
        "depth": 8,
        "num_heads": 12,
        "embed_dim": 768,
        "mlp_ratio": 4.0,
        "norm_eps": 1e-5,
        "layer_norm_first": False,
    }
    path = tmp_path / "config.yaml"
    path.write_text(
        yaml.safe_dump({"model_conf": {**conf, "normalize": True, "modalities": {"audio": audio}}})
    )
    config = read_config(path)
    assert config.conv_layers == ((512, 10, 5), *[(512, 3, 2)] * 4, (512, 2, 2), (512, 2, 2))
    assert (config.blocks, config.position_kernel, config.width, config.normalize) == (
        12,
        19,
        768,
        True,
    )
    for spec in ("__import__('os').getcwd()", "[(512, 10)]", "17", "("):
        audio["feature_encoder_spec"] = spec
        path.write_text(
            yaml.safe_dump(
                {"model_conf": {**conf, "normalize": True, "modalities": {"audio": audio}}}
            )
        )
        with pytest.raises(
            Misconfigured, match="no configuration of an emotion2vec network"
        ) as caught:
            read_config(path)
        assert "\n" not in str(caught.value)
    (tmp_path / "tokens.txt").write_text(f"生气/angry\n{UNUSED}_0\n<unk>", encoding="utf-8")
    assert read_labels(tmp_path / "tokens.txt") == ("angry", "unuse_0", "unknown")


def test_what_is_not_used_is_not_imported() -> None:
    code = (
        "import sys, workers.emotion; sys.exit(' '.join({'torch', 'transformers', 'onnxruntime'} &"
        " set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
