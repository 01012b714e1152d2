"""The one door to ONNX Runtime: a session on one thread of the CPU, and nothing of it told to its makers."""

import ctypes
import os
from pathlib import Path
from typing import Any

SILENT = {"ORT_DISABLE_TELEMETRY": "1"}
"""Environment without which ONNX Runtime, from 1.29 on, reports every session to its makers, by a thread of its own."""


def library() -> Any:
    """The onnxruntime module, imported when it is first asked for."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)
    import onnxruntime

    return onnxruntime


def session(path: Path, *, arena: bool = True) -> Any:
    """An ``onnxruntime.InferenceSession`` for a file.

    Args:
        arena: whether freed memory is kept for the next run.
    """
    onnxruntime = library()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = arena
    opened = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    _give_back()
    return opened


def _give_back() -> None:
    """What reading a checkpoint took beside its weights goes back to the system: 12 MB for the trees of sentiment. Left free
    within the heap, it would be found too small or too scattered for sound, and stay. Only glibc can be asked."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
