"""Selects the device of GPU pools: CUDA if present, else the CPU; and detects full memory and lost
devices."""

import ctypes
import gc
import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from earshot.analysis.errors import EarshotError, Misconfigured

# Messages of the frameworks; all of them raise their own RuntimeError, or a bare one.
FULL = (
    "out of memory",  # torch, CTranslate2: "CUDA failed with error out of memory"
    "failed to allocate memory",  # ONNX Runtime's arena, on either device
    "can't allocate memory",  # torch on the CPU
    "cannot allocate memory",  # the operating system, for example for a mapped file of weights
    "not enough memory",  # torch on the CPU, oneMKL
    "alloc_failed",  # CUBLAS_STATUS_ALLOC_FAILED and its kin: cuFFT, cuSOLVER, cuDNN 8
    "device_allocation_failed",  # cuDNN 9: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED
    "host_allocation_failed",
    # torch, after trying cuDNN's convolution algorithms one by one: it hides that there was no
    # memory for a workspace. A library that cannot convolve at all raises the same; then halving
    # only takes time.
    "get was unable to find an engine to execute this computation",
    "find was unable to find an engine to execute this computation",
    "unable to find a valid cudnn algorithm to run convolution",
    "bad_alloc",  # C++, through any binding
    "bad allocation",
)

# Errors of CUDA after which "the process must be terminated and relaunched" (``driver_types.h``), a
# failed assertion, which is one too, and hardware's own, in the words of cudaGetErrorString. torch,
# CTranslate2 and ONNX Runtime put "CUDA" before them.
LOST = (
    "illegal memory access",
    "device-side assert",
    "unspecified launch failure",
    "launch timed out and was terminated",
    "illegal instruction",
    "misaligned address",
    "operation not supported on global/shared address space",
    "invalid program counter",
    "hardware stack error",
    "uncorrectable ecc error",
    "uncorrectable nvlink error",
    "invalid access of peer gpu memory",
    "mps client has been terminated",
)

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""CUDA's own variable: the devices visible to a process, in order, by number or UUID (of a MIG
slice too)."""


def devices(nodes: Path = Path("/dev")) -> tuple[str, ...]:
    """The devices visible to this process, as in ``VISIBLE``; CUDA itself is not initialised, so
    forking stays possible."""
    if VISIBLE in os.environ:
        return tuple(name.strip() for name in os.environ[VISIBLE].split(",") if name.strip())
    return tuple(str(number) for number in range(len(list(nodes.glob("nvidia[0-9]*")))))


@cache
def resolve(device: str) -> str:
    """Resolves ``auto`` to ``cuda`` or ``cpu``; ``cuda`` without a device stops the process.

    Call it in the pool's child process only: touching CUDA before a fork breaks it.
    """
    if device == "cpu":
        return "cpu"
    import ctranslate2

    found = ctranslate2.get_cuda_device_count() > 0
    if device == "cuda" and not found:
        raise Misconfigured(
            "device", "EARSHOT_DEVICE=cuda but no CUDA device is visible; set it to auto or cpu"
        )
    return "cuda" if found else "cpu"


@cache
def load_cublas() -> None:
    """Makes the cuBLAS of the package nvidia-cublas-cu12 available to CTranslate2, which loads
    version 12 by name, while torch brings another one. Without the package, the system may have
    it."""
    spec = find_spec("nvidia")
    for folder in spec.submodule_search_locations or () if spec else ():
        for name in ("libcublasLt.so.12", "libcublas.so.12"):
            path = Path(folder) / "cublas" / "lib" / name
            if path.is_file():
                ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def out_of_memory(error: BaseException) -> bool:
    """True if a computation did not fit, on the device or in this machine's memory; smaller parts
    of it may."""
    return isinstance(error, MemoryError) or (
        not isinstance(error, EarshotError) and says_full(str(error))
    )


def context_lost(error: BaseException) -> bool:
    """True if the CUDA context of this process is lost, so that every further call fails. Our own
    errors may quote CUDA messages of other machines and do not count."""
    return not isinstance(error, EarshotError) and says_lost(str(error))


def says_full(text: str) -> bool:
    """True if the error text means out of memory."""
    return any(words in text.lower() for words in FULL)


def says_lost(text: str) -> bool:
    """True if the error text means that the CUDA context of this process is lost."""
    return "cuda" in text.lower() and any(words in text.lower() for words in LOST)


def free_memory() -> None:
    """Releases memory cached by the frameworks."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
