"""Shares memory between a worker's children: their parent loads common libraries before it forks
them."""

import gc
from typing import Any

from celery.signals import worker_init

from earshot.audio.store import scratch
from earshot.compute import onnx_runtime


@worker_init.connect
def _share(**_: Any) -> None:
    """Loads the library alone: sessions and their threads belong to the children. Garbage is
    collected before the fork, and never again: the collector writes to every object that it visits,
    so each child would copy the parent's pages."""
    scratch.sweep()  # copies that a killed predecessor left
    onnx_runtime.library()
    gc.collect()
    gc.freeze()
