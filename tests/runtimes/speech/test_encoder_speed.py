"""The encoder of one Whisper on one CPU thread: CTranslate2 in int8 against transformers in
float32, same weights, one run."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from earshot.models.whisper.faster_whisper import FasterWhisper
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

LEAST_GAIN = 2.5


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call, the best of three after a first one, in this process only."""
    work()
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def test_int8_is_faster_than_eager(tmp_path: Path) -> None:
    torch = pytest.importorskip(
        "torch", reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
    )
    transformers = pytest.importorskip(
        "transformers", reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
    )
    from tests.runtimes.tiny import whisper

    whisper.save(tmp_path / "saved", width=512, layers=6, heads=8)  # the shape of Whisper base
    whisper.convert(tmp_path / "saved", tmp_path / "converted")
    converted = FasterWhisper(tmp_path / "converted", "cpu")
    eager = transformers.WhisperForConditionalGeneration.from_pretrained(
        tmp_path / "saved", attn_implementation="eager"
    ).eval()
    features = converted.features(voice(25))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            slow = cpu_seconds(lambda: eager.get_encoder()(torch.tensor(features)[None]))
    finally:
        torch.set_num_threads(threads)
    fast = cpu_seconds(lambda: np.array(converted.model.encode(features)))
    assert slow >= LEAST_GAIN * fast, (slow, fast)
