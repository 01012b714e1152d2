"""The runner: one bad chunk costs itself, not its batch; what belongs to the caller is not blamed
on a chunk."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.errors import DeviceLost, Transient, Unavailable
from earshot.analysis.findings import Findings
from earshot.analysis.outcome import DEVICE_MEMORY, Failed, Outcome, Skipped, Succeeded
from earshot.analysis.types import Job, Release
from earshot.audio.clip import Clip
from earshot.compute.device import context_lost, out_of_memory
from earshot.models.checkpoints.defaults import default_releases
from tests.chunks import chunk
from workers.direct import job_of
from workers.run import _failure, run, run_clips

# One ONNX node, ConstantOfShape: as many zeros as it is asked for.
ENDLESS = (
    b'\x08\t:8\n\x17\n\x01s\x12\x01y"\x0fConstantOfShape\x12\x01gZ\x0f\n\x01s\x12\n\n\x08\x08\x07\x12\x04\n\x02\x08\x01'
    b"b\t\n\x01y\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\r"
)


def job(paths: list[Path], release: Release | None = None) -> Job:
    refs = (
        chunk(1000, recording_id=uuid4(), index=index, audio_uri=path)
        for index, path in enumerate(paths)
    )
    return job_of(release or default_releases()["scene"], refs)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.pcm"
    path.write_bytes((np.random.default_rng(0).normal(0, 3000, 16_000)).astype("<i2").tobytes())
    return path


def test_only_the_chunk_at_fault_fails(sound: Path, tmp_path: Path) -> None:
    first, gone, last = run(job([sound, tmp_path / "gone.pcm", sound]), "cpu")
    assert isinstance(first, Succeeded)
    assert first == last
    assert isinstance(gone, Failed)
    assert gone.code == "missing"


def test_a_release_that_cannot_be_loaded_fails_every_chunk_with_the_reason(sound: Path) -> None:
    release = Release(
        analysis="scene", name="scene-x", runtime="onnx", uri="embedded/none.onnx", sha256="0" * 64
    )
    outcomes = run(job([sound, sound], release), "cpu")
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Failed)} == {"checkpoint"}


def test_failing_surroundings_belong_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "folder.pcm").mkdir()  # the store answers with an error that is not the chunk's
    with pytest.raises(Unavailable):
        run(job([tmp_path / "folder.pcm"]), "cpu")


def test_a_reason_is_one_line_that_postgres_can_store() -> None:
    assert _failure(ValueError("bad \x00 byte\nat 7")) == Failed(
        code="ValueError", detail="bad  byte"
    )
    assert _failure(KeyError()) == Failed(code="KeyError", detail="KeyError")


class Cramped:
    """An analysis that really allocates, per clip, its share of what no machine has; ``fits`` clips
    are free, unless ``huge`` is among them."""

    def __init__(self, fits: int, bad: int | None = None, huge: int | None = None) -> None:
        self.fits = fits
        self.bad = bad
        self.huge = huge
        self.calls: list[list[int]] = []

    def analyze(self, model: object, clips: Sequence[Clip]) -> list[Findings | Skipped]:
        indexes = [clip.ref.index for clip in clips]
        self.calls.append(indexes)
        np.zeros((max(0, len(clips) - self.fits, int(self.huge in indexes)), 2**60), dtype=np.int8)
        if self.bad in indexes:
            raise ValueError("this clip is odd")
        return [Skipped(reason=f"clip {index}") for index in indexes]


def outcomes_of(analysis: Cramped, clips: int) -> list[Outcome]:
    refs = job([Path("nowhere.pcm")] * clips).chunks
    return run_clips("cramped", analysis, None, [Clip(ref) for ref in refs], (Transient,))


def test_what_does_not_fit_is_tried_in_halves_and_nothing_twice() -> None:
    cramped = Cramped(fits=3)
    assert outcomes_of(cramped, 8) == [Skipped(reason=f"clip {index}") for index in range(8)]
    assert [len(call) for call in cramped.calls] == [8, 4, 2, 2, 4, 2, 2]
    done = [index for call in cramped.calls if len(call) <= 3 for index in call]
    assert done == list(range(8))


def test_an_odd_number_is_halved_to_the_last_clip() -> None:
    cramped = Cramped(fits=1)
    assert len(outcomes_of(cramped, 5)) == 5
    assert [call[0] for call in cramped.calls if len(call) == 1] == [0, 1, 2, 3, 4]


def test_one_clip_that_does_not_fit_alone_costs_its_neighbours_nothing() -> None:
    outcomes = outcomes_of(Cramped(fits=16, huge=5), 16)
    assert outcomes[:5] + outcomes[6:] == [
        Skipped(reason=f"clip {index}") for index in range(16) if index != 5
    ]
    full = outcomes[5]
    assert isinstance(full, Failed)
    assert full.code == DEVICE_MEMORY
    assert "fewer processes" in full.detail
    assert len(full.detail.splitlines()) == 1


def test_what_no_clip_fits_into_is_said_of_each() -> None:
    assert [
        outcome.code for outcome in outcomes_of(Cramped(fits=0), 4) if isinstance(outcome, Failed)
    ] == [DEVICE_MEMORY] * 4


def test_a_clip_at_fault_among_halves_fails_alone() -> None:
    statuses = [outcome.status for outcome in outcomes_of(Cramped(fits=4, bad=5), 8)]
    assert statuses == ["skipped"] * 5 + ["failed"] + ["skipped"] * 2


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(
            "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of"
            " 139.72 GiB"
        ),
        RuntimeError("CUDA failed with error out of memory"),
        RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"),
        RuntimeError(
            "[ONNXRuntimeError] : 1 : FAIL : bfc_arena.cc:360 AllocateRawInternal Failed to"
            " allocate memory for requested"
        ),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate"
            " memory"
        ),
        RuntimeError("std::bad_alloc"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        RuntimeError("FIND was unable to find an engine to execute this computation"),
        RuntimeError("Unable to find a valid cuDNN algorithm to run convolution"),
        RuntimeError("Intel oneMKL DFTI ERROR: Not enough memory to allocate"),
        RuntimeError(
            "unable to mmap 1261912 bytes from file </models/model.safetensors>: Cannot allocate"
            " memory (12)"
        ),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    ],
)
def test_the_frameworks_words_for_full_memory_are_known(error: Exception) -> None:
    assert out_of_memory(error)


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: device-side assert triggered",
        "CUDA error: an illegal memory access was encountered",
        (
            "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx( handle, opa,"
            " opb, m, n, k)`"
        ),
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_COMPILATION_FAILED",
        "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED_SHARED_MEMORY_INSUFFICIENT",
        "cuDNN error: CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED",
        "Unable to find an engine to execute this computation in Quantized Conv2D Cudnn",
        "Unable to find address for: cudnnGetVersion",
        (
            "unable to mmap 1261912 bytes from file </models/model.safetensors>: Permission denied"
            " (13)"
        ),
    ],
)
def test_other_errors_are_not_taken_for_full_memory(words: str) -> None:
    assert not out_of_memory(RuntimeError(words))


def test_onnx_runtime_says_so_for_real() -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(ENDLESS, providers=["CPUExecutionProvider"])
    with pytest.raises(Exception, match="allocate") as caught:
        session.run(None, {"s": np.array([10**15], dtype=np.int64)})
    assert out_of_memory(caught.value)


@pytest.mark.parametrize(
    ("words", "lost"),
    [
        (
            (
                "CUDA error: an illegal memory access was encountered\nSearch for"
                " `cudaErrorIllegalAddress'"
            ),
            True,
        ),
        (
            (
                "CUDA error: device-side assert triggered\nCUDA kernel errors might be"
                " asynchronously reported"
            ),
            True,
        ),
        ("CUDA error: unspecified launch failure", True),
        ("CUDA error: uncorrectable ECC error encountered", True),
        ("CUDA failed with error an illegal memory access was encountered", True),  # CTranslate2
        (
            "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=a",
            True,
        ),  # ONNX Runtime
        (
            (
                "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of"
                " 139.72 GiB"
            ),
            False,
        ),
        ("CUDA error: out of memory", False),
        ("CUDA error: invalid argument", False),
        ("CUDA error: no kernel image is available for execution on the device", False),
        ("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED", False),
        ("an illegal instruction was encountered in line 3 of the glossary", False),
    ],
)
def test_the_words_for_a_gpu_that_is_lost_to_the_process(words: str, lost: bool) -> None:
    assert context_lost(RuntimeError(words)) is lost


class Broken(Cramped):
    """Once it has met ``bad``, every call fails, as CUDA's do."""

    broken = False

    def analyze(self, model: object, clips: Sequence[Clip]) -> list[Findings | Skipped]:
        self.broken = self.broken or self.bad in [clip.ref.index for clip in clips]
        self.calls.append([clip.ref.index for clip in clips])
        if self.broken:
            raise RuntimeError(
                "CUDA error: device-side assert triggered\nCUDA kernel errors might be reported"
                " elsewhere"
            )
        return [Skipped(reason="heard") for _ in clips]


@pytest.mark.parametrize("clips", [1, 8])
def test_no_chunk_is_blamed_or_tried_again_in_a_process_that_lost_its_gpu(clips: int) -> None:
    analysis = Broken(fits=16, bad=0)
    with pytest.raises(
        DeviceLost,
        match=r"of this process is lost \(CUDA error: device-side assert triggered\); start",
    ):
        outcomes_of(analysis, clips)
    assert len(analysis.calls) == 1
