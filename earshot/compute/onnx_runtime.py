"""Opens ONNX Runtime sessions on one thread of the CPU, with telemetry disabled."""

import os
from collections.abc import Mapping
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


def session(path: Path, *, arena: bool = True, weights: Mapping[str, Any] | None = None) -> Any:
    """An ``onnxruntime.InferenceSession`` for a file.

    Args:
        arena: keep freed memory for the next run.
        weights: arrays of the initializers that the file declares without their numbers.
    """
    onnxruntime = library()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = arena
    # Without it, sums of 8-bit products saturate on processors with AVX2 and no VNNI, where the
    # language of speech was detected with half of its share.
    options.add_session_config_entry("session.x64quantprecision", "1")
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in weights.values()]
        options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
