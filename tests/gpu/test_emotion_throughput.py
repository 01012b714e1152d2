"""Emotion on a CUDA device: full batches near the speed of the bare forward loop, flat memory, the
answers of the CPU.

The networks have the shape of the real ones (emotion2vec+ base, audeering's wav2vec2 large of 12
layers) and random weights.
"""

from pathlib import Path
from typing import Any

import pytest

from earshot.compute.sound import SAMPLE_RATE
from earshot.models.emotion.transformers_emotion import TransformersDimensional
from earshot.models.emotion2vec.model import Emotion2vecModel
from tests.gpu.test_asr_throughput import LEAST_SHARE, ROWS, SECONDS, chunks, rate, tell

pytestmark = pytest.mark.gpu

LEAST_GAIN = 5.0
"""Of short utterances, over one at a time."""
LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "conv_dim": [512] * 7,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.runtimes.tiny import emotion2vec

    folder = tmp_path_factory.mktemp("emotion2vec") / "base"
    emotion2vec.save(folder, width=768, heads=12, depth=8, channels=512, prenet=4)
    return folder


def test_emotion2vec(base: Path, cuda: str) -> None:
    import torch

    model, sound, whole = Emotion2vecModel(base, "cuda"), chunks(), ROWS * SECONDS

    rows = torch.stack([torch.from_numpy(each) for each in sound]).to("cuda")
    rows = torch.nn.functional.layer_norm(rows, rows.shape[1:])
    lengths = torch.full((ROWS,), rows.shape[1], device="cuda")

    def bare() -> None:
        with torch.inference_mode(), torch.autocast("cuda", torch.float16):
            model.network(rows, lengths)

    compare(cuda, "emotion2vec base", bare, model.shares, sound, whole)


def test_dimensional(tmp_path: Path, cuda: str) -> None:
    import torch

    from tests.runtimes.tiny import speech

    speech.save_dimensional(tmp_path / "large", **LARGE)
    model, sound, whole = (
        TransformersDimensional(tmp_path / "large", "cuda"),
        chunks(),
        ROWS * SECONDS,
    )

    inputs = model.extractor(
        sound, sampling_rate=SAMPLE_RATE, padding=True, return_tensors="pt"
    ).to("cuda")

    def bare() -> None:
        with torch.inference_mode(), torch.autocast("cuda", torch.float16):
            model.model(inputs["input_values"])

    compare(cuda, "wav2vec2 large, 12 layers", bare, model.dimensions, sound, whole)


def compare(cuda: str, network: str, bare: Any, answers: Any, sound: Any, whole: float) -> None:
    loop, full = rate(bare, whole), rate(lambda: answers(sound), whole)
    single = rate(lambda: [answers([each]) for each in sound], whole)
    tell(cuda, network, bare=loop, batch=full, one_at_a_time=single)
    assert full >= LEAST_SHARE * loop
    # A row of 25 s fills a large device already; short utterances do not.
    short = [each[: 2 * SAMPLE_RATE] for each in sound]
    few, many = (
        rate(lambda: [answers([each]) for each in short], 2 * ROWS),
        rate(lambda: answers(short), 2 * ROWS),
    )
    tell(cuda, f"{network}, of 2 s", batch=many, one_at_a_time=few)
    assert many >= LEAST_GAIN * few


def test_memory_stays_flat(base: Path, cuda: str) -> None:
    import torch

    model, sound = (
        Emotion2vecModel(base, "cuda"),
        [each[: SAMPLE_RATE * 2] for each in chunks()[:4]],
    )

    def held(passes: int) -> int:
        for _ in range(passes):
            model.shares(sound)
        torch.cuda.synchronize()
        return int(torch.cuda.memory_allocated())

    before = held(20)
    assert held(1_000) <= before


def test_the_gpu_hears_what_the_cpu_hears(tmp_path: Path, cuda: str) -> None:
    from tests.runtimes.tiny import emotion2vec

    emotion2vec.save(tmp_path / "tiny")
    sound = [
        each[: SAMPLE_RATE * seconds] for each, seconds in zip(chunks(), (1, 3, 5), strict=False)
    ]
    near, far = (
        Emotion2vecModel(tmp_path / "tiny", "cpu", int8=False),
        Emotion2vecModel(tmp_path / "tiny", "cuda"),
    )
    for one, other in zip(near.shares(sound), far.shares(sound), strict=True):
        assert one.tolist() == pytest.approx(other.tolist(), abs=0.02)
