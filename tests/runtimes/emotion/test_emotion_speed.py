"""Two seconds of sound through an emotion encoder of 95 million weights on one CPU thread: int8
against float32, same weights, one run. The shape is the real one, the weights are random: speed
does not depend on what they say."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earshot.models.emotion.transformers_emotion import TransformersEmotion
from earshot.models.emotion2vec.model import Emotion2vecModel
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

LEAST_GAIN = 2.5
MOST_SEC = 0.1
PATIENCE_SEC = 60.0
"""Maximum wait for a moment when the core's other half is idle."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[Any]:
    torch = pytest.importorskip(
        "torch", reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
    )
    pytest.importorskip(
        "transformers", reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Of one call, this process alone."""
    began = time.process_time()
    work()
    return time.process_time() - began


def compare(
    network: str, exact: Callable[[], object], quick: Callable[[], object], torch: Any
) -> None:
    """The best of each, in turns, until both bars are kept or patience is at an end."""
    slow, fast, ends = float("inf"), float("inf"), time.monotonic() + PATIENCE_SEC
    with torch.inference_mode():
        exact()
        quick()
        for turn in range(200):
            slow, fast = min(slow, cpu_seconds(exact)), min(fast, cpu_seconds(quick))
            if time.monotonic() > ends or (
                turn > 4 and fast <= MOST_SEC and slow >= LEAST_GAIN * fast
            ):
                break
    print(
        f"\n{network}, 2 s: float32 {1000 * slow:.0f} ms, int8 {1000 * fast:.0f} ms of CPU,"
        f" {slow / fast:.1f} times faster"
    )
    assert slow >= LEAST_GAIN * fast
    assert fast <= MOST_SEC


def test_wav2vec2_base(tmp_path: Path, one_thread: Any) -> None:
    from transformers import AutoModelForAudioClassification

    from tests.runtimes.tiny import speech

    base = {
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
    }
    speech.save(tmp_path / "base", conv_dim=[512] * 7, classifier_proj_size=256, **base)
    eager = AutoModelForAudioClassification.from_pretrained(
        tmp_path / "base", attn_implementation="eager"
    ).eval()
    assert 94e6 < sum(weights.numel() for weights in eager.parameters()) < 96e6
    quick, sound = TransformersEmotion(tmp_path / "base", "cpu"), voice(2)
    compare(
        "wav2vec2-base",
        lambda: eager(one_thread.from_numpy(sound)[None]),
        lambda: quick.logits([sound]),
        one_thread,
    )


def test_emotion2vec_base(tmp_path: Path, one_thread: Any) -> None:
    from tests.runtimes.tiny import emotion2vec

    emotion2vec.save(tmp_path / "base", width=768, heads=12, depth=8, channels=512, prenet=4)
    exact, quick = (Emotion2vecModel(tmp_path / "base", "cpu", int8) for int8 in (False, True))
    assert 93e6 < sum(weights.numel() for weights in exact.network.parameters()) < 94e6
    sound = voice(2)
    compare(
        "emotion2vec-base", lambda: exact.logits([sound]), lambda: quick.logits([sound]), one_thread
    )
