"""What a worker's children share: their parent loads what all of them need before it forks them,
and leaves it alone."""

import gc
from typing import Any

from celery.signals import worker_init

from earshot.audio.store import scratch
from earshot.compute import onnx_runtime


@worker_init.connect
def _share(**_: Any) -> None:
    """The library alone: sessions and their threads are the children's own. Collected before they
    fork, and never again: the collector writes to every object that it looks at, and so each child
    would get a copy of the parent's."""
    scratch.sweep()  # copies that a killed predecessor left
    onnx_runtime.library()
    gc.collect()
    gc.freeze()
