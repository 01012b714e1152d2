"""What is computed beside a network in the place of slower code of its library: the same
numbers."""

import numpy as np
import pytest

from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.whisper.time_warping import warp
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

ROWS = [voice(3), voice(5.503, 180), voice(0.1, 90)]


@pytest.mark.parametrize("rows", [ROWS, ROWS[1:2], ROWS[2:]])
def test_kaldi_features_are_the_extractors(rows: list[Samples]) -> None:
    transformers = pytest.importorskip(
        "transformers", reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
    )
    from earshot.models.asr.kaldi_features import KaldiFeatures, fits

    extractor = transformers.SeamlessM4TFeatureExtractor(
        feature_size=80, num_mel_bins=80, padding_value=1.0
    )
    assert fits(extractor)
    theirs, ours = (
        extractor(rows, sampling_rate=SAMPLE_RATE, return_tensors="np"),
        KaldiFeatures(extractor, "cpu")(rows),
    )
    assert np.allclose(ours["input_features"].numpy(), theirs["input_features"], atol=1e-4)
    assert np.array_equal(ours["attention_mask"].numpy(), theirs["attention_mask"])


def test_whisper_features_are_the_extractors() -> None:
    transformers = pytest.importorskip(
        "transformers", reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
    )
    from earshot.models.whisper.features import log_mel

    for mels in (80, 128):
        extractor = transformers.WhisperFeatureExtractor(feature_size=mels)
        theirs = extractor(ROWS, sampling_rate=SAMPLE_RATE, return_tensors="np").input_features
        assert np.allclose(log_mel(extractor, ROWS, "cpu").numpy(), theirs, atol=1e-5)


def test_warping_is_the_librarys() -> None:
    whisper = pytest.importorskip(
        "transformers.models.whisper.generation_whisper",
        reason="the extra gpu is not installed: pip install -r requirements/gpu.txt",
    )
    random = np.random.default_rng(4)
    for rows, frames in [
        (1, 1),
        (1, 9),
        (9, 1),
        (7, 7),
        (24, 11),
        *random.integers(1, 40, (200, 2)).tolist(),
    ]:
        costs = random.standard_normal((rows, frames)) - 0.5
        text, time = whisper._dynamic_time_warping(costs)
        first = np.pad(np.diff(text), (1, 0), constant_values=1).astype(bool)
        assert warp(costs).tolist() == time[first].tolist()
