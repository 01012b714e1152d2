"""Opens ONNX Runtime sessions on one thread of the CPU, with telemetry disabled."""

import os
from pathlib import Path
from typing import Any

SILENT = {"ORT_DISABLE_TELEMETRY": "1"}
"""Environment that disables telemetry: from 1.29 on, ONNX Runtime otherwise reports every session
to its makers, by a thread of its own."""


def library() -> Any:
    """The onnxruntime module, imported at first use."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)
    import onnxruntime

    return onnxruntime


def session(path: Path, *, arena: bool = True) -> Any:
    """An ``onnxruntime.InferenceSession`` for a file.

    Args:
        arena: keep freed memory for the next run.
    """
    onnxruntime = library()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = arena
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
