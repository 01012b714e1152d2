"""Forced alignment in a process of its own: pocketsphinx holds the interpreter's lock while it
computes, a tenth of a second for eight seconds of sound."""

import os
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context, parent_process
from threading import Lock, Thread

from earshot.analysis.findings import Timing
from earshot.analysis.words.times import Span
from earshot.compute.sound import Samples
from earshot.models.asr.english_alignment import Aligner


class Beside:
    """The aligner, in a child process."""

    def __init__(self) -> None:
        self._replacing = Lock()
        self._pool = _child()
        self._pool.submit(_ready).result()  # it starts now, not at the first words

    def align(self, samples: Samples, words: Sequence[str]) -> list[tuple[Span, Timing]]:
        """As ``Aligner.align``. A child that died is replaced, and asked once more.

        Raises:
            concurrent.futures.BrokenExecutor: that one died too.
        """
        pool = self._pool
        try:
            return pool.submit(_align, samples, tuple(words)).result()
        except BrokenExecutor:
            with self._replacing:
                if self._pool is pool:
                    self._pool = _child()
            return self._pool.submit(_align, samples, tuple(words)).result()

    def stop(self) -> None:
        """Ends the child."""
        self._pool.shutdown(cancel_futures=True)


def _child() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, get_context("spawn"), _begin)


def _ready() -> None:
    """Returns when the child has its model."""


def _begin() -> None:
    _aligner()
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A pool's child does not notice that its parent was killed."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@cache
def _aligner() -> Aligner:
    return Aligner()


def _align(samples: Samples, words: Sequence[str]) -> list[tuple[Span, Timing]]:
    return _aligner().align(samples, words)
