"""The environment of workers, beat and Flower besides the settings."""

import os
import sys

from earshot.compute import onnx_runtime
from earshot.settings import PROJECT

MALLOC_BYTES = 4 << 20
"""What is larger, and what is free at the end of the heap beyond it, goes back to the system at
once. A chunk of two channels takes 3 MB: with less than that, it and what is made of it would be
asked for again and again, at two thirds more CPU."""


def process_env() -> dict[str, str]:
    """Variables that take effect only if they are set before the process starts.

    SIGTERM hands jobs back within the soft timeout (billiard reads this before Celery starts),
    numeric libraries stay on one thread, no library asks a model hub for what `earshot models pull`
    has not put here, ONNX Runtime and pyannote.audio send no telemetry (ONNX Runtime from 1.29 on,
    by a thread of its own), and glibc returns freed arrays to the system.
    """
    return {
        "REMAP_SIGTERM": "SIGQUIT",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **onnx_runtime.SILENT,
        "MALLOC_MMAP_THRESHOLD_": str(MALLOC_BYTES),
        "MALLOC_TRIM_THRESHOLD_": str(MALLOC_BYTES),
        "HF_HUB_OFFLINE": "1",
        "PYANNOTE_METRICS_ENABLED": "false",
        "OTEL_SDK_DISABLED": "true",  # pyannote.audio's telemetry
        "PYTHONPATH": str(PROJECT),
    }


def complete() -> None:
    """Starts this process anew, with its own command line and process id, where a variable is not
    set: glibc, OpenBLAS and billiard have read them by now. One that is set otherwise stays."""
    missing = {name: value for name, value in process_env().items() if name not in os.environ}
    if missing:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **missing})
