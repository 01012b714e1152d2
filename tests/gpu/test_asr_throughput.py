"""Runtimes of speech recognition on a CUDA device, without a pool around them: full batches near
the speed of the bare forward loop, flat memory, the answers of a CPU.

The networks have the shape of the real ones (Whisper small, Wav2Vec2-BERT of the Darija release)
and random weights: speed and memory do not depend on what the weights say. ``pytest -m gpu -s``
prints the table.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earshot.compute.sound import SAMPLE_RATE, Samples

pytestmark = pytest.mark.gpu

ROWS = 16
SECONDS = 25.0
LEAST_SHARE = 0.85
"""Of the throughput of the bare forward loop, at the same batch. What batches gain over one chunk a
job is measured where there are jobs (``test_pools.py``); here it is printed."""


def chunks() -> list[Samples]:
    noise = np.random.default_rng(2)
    return [
        (0.1 * noise.standard_normal(int(SECONDS * SAMPLE_RATE))).astype(np.float32)
        for _ in range(ROWS)
    ]


def tell(device: str, network: str, **rates: float) -> None:
    """One line of the table: seconds of sound in a second."""
    columns = "  ".join(f"{name} {value:.0f}" for name, value in rates.items())
    print(f"\n{device}: {network}, {ROWS} x {SECONDS:.0f} s: {columns}")


def rate(work: Callable[[], object], sound_sec: float) -> float:
    """Seconds of sound in a second: the best of five, warm."""
    import torch

    work()
    torch.cuda.synchronize()
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        work()
        torch.cuda.synchronize()
        best = min(best, time.perf_counter() - began)
    return sound_sec / best


@pytest.fixture(scope="module")
def ctc(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from earshot.models.asr.transformers_ctc import TransformersCtc
    from tests.runtimes.tiny import ctc as tiny_ctc

    folder = tmp_path_factory.mktemp("ctc") / "large"
    tiny_ctc.save(folder, hidden=1024, layers=24, heads=16)
    return TransformersCtc(folder, "cuda")


@pytest.fixture(scope="module")
def whisper_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    from tests.runtimes.tiny import whisper

    folder = tmp_path_factory.mktemp("whisper")
    whisper.save(folder / "small", width=768, layers=12, heads=12)
    whisper.convert(folder / "small", folder / "converted")
    return folder / "small", folder / "converted"


def test_wav2vec2_bert(ctc: Any, cuda: str) -> None:
    import torch

    sound = chunks()

    inputs = ctc.processor(
        audio=sound, sampling_rate=SAMPLE_RATE, padding=True, return_tensors="pt"
    ).to("cuda")

    def bare() -> None:
        with torch.inference_mode(), torch.autocast("cuda", torch.float16):
            ctc.model(**inputs)

    whole = ROWS * SECONDS
    loop = rate(bare, whole)
    full = rate(lambda: ctc.transcribe(sound, ["ary"] * ROWS, []), whole)
    single = rate(lambda: [ctc.transcribe([each], ["ary"], []) for each in sound], whole)
    tell(cuda, "wav2vec2-bert", bare=loop, batch=full, one_at_a_time=single)
    assert full >= LEAST_SHARE * loop


def test_whisper_small(whisper_folders: tuple[Path, Path], cuda: str) -> None:
    import torch

    from earshot.models.whisper.transformers_whisper import TransformersWhisper

    model, sound, whole = TransformersWhisper(whisper_folders[0], "cuda"), chunks(), ROWS * SECONDS

    inputs = model.processor.feature_extractor(
        sound, sampling_rate=SAMPLE_RATE, return_tensors="pt"
    )
    features = inputs.input_features.to("cuda", torch.float16)

    def bare() -> None:
        with torch.inference_mode():
            model.model.generate(
                features, language="en", task="transcribe", return_timestamps=False
            )

    loop = rate(bare, whole)
    full = rate(lambda: model.transcribe(sound, ["en"] * ROWS, []), whole)
    single = rate(lambda: [model.transcribe([each], ["en"], []) for each in sound], whole)
    tell(cuda, "whisper-small", bare=loop, batch=full, one_at_a_time=single)
    assert full >= LEAST_SHARE * loop


def test_faster_whisper_small(whisper_folders: tuple[Path, Path], cuda: str) -> None:
    from earshot.models.whisper.faster_whisper import FasterWhisper

    model, sound, whole = FasterWhisper(whisper_folders[1], "cuda"), chunks(), ROWS * SECONDS
    full = rate(lambda: model.transcribe(sound, ["en"] * ROWS, []), whole)
    single = rate(lambda: [model.transcribe([each], ["en"], []) for each in sound], whole)
    tell(cuda, "faster-whisper small", batch=full, one_at_a_time=single)
    assert full > single


def test_memory_stays_flat(ctc: Any) -> None:
    import torch

    sound = [each[: SAMPLE_RATE * 2] for each in chunks()[:4]]

    def held(passes: int) -> int:
        """Bytes of live tensors afterwards. What is reserved would hide a leak in what longer rows
        have left free."""
        for _ in range(passes):
            ctc.transcribe(sound, ["ary"] * 4, [])
        torch.cuda.synchronize()
        return int(torch.cuda.memory_allocated())

    before = held(20)
    assert held(1_000) <= before


def test_the_gpu_hears_what_the_cpu_hears(tmp_path: Path) -> None:
    from earshot.models.asr.transformers_ctc import TransformersCtc
    from tests.runtimes.tiny import ctc as tiny_ctc

    tiny_ctc.save(tmp_path / "ctc")
    sound = [each[: SAMPLE_RATE * 4] for each in chunks()[:3]]
    near, far = (
        TransformersCtc(tmp_path / "ctc", device).emissions(sound) for device in ("cpu", "cuda")
    )
    for one, other in zip(near, far, strict=True):
        assert (one.argmax(-1) == other.cpu().argmax(-1)).float().mean() > 0.97
