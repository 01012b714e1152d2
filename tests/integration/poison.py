"""Recordings that end the workers that analyse them: a real analysis, in a copy of the project,
that dies on loud sound."""

import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from cli.localstack import processes
from tests import project_copy
from tests.servers import Stack

MODULE = '''\
"""How loud a chunk is at most. While the control file is there, a loud chunk ends its worker in the
way that the file names."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from earshot.analysis.findings import Findings
from earshot.analysis.types import Release
from earshot.audio.clip import Clip

CONTROL, VICTIMS = Path({control!r}), Path({victims!r})
LOST: list[Exception] = []
"""What CUDA would say to every further call of this process."""


class PeakFindings(Findings):
    peak: float


FINDINGS = PeakFindings


def load(release: Release, device: str) -> None:
    """Nothing to load, but a GPU that is not there the first few times."""
    if CONTROL.exists() and CONTROL.read_text() == "absent" and _struck("absent") <= {absent}:
        raise RuntimeError("CUDA error: unspecified launch failure")


def _struck(way: str) -> int:
    with VICTIMS.open("a") as victims:
        victims.write(f"{{os.getpid()}} {{way}}\\n")
    return len(VICTIMS.read_text().splitlines())


def analyze(model: None, clips: Sequence[Clip]) -> list[PeakFindings]:
    return [_peak(float(abs(clip.read()).max())) for clip in clips]


def _peak(peak: float) -> PeakFindings:
    if LOST:
        raise LOST[0]
    if peak > 0.5 and CONTROL.exists():
        way = CONTROL.read_text()
        _struck(way)
        if way == "child":
            os.kill(os.getpid(), signal.SIGKILL)
        if way == "group":
            os.killpg(os.getpgid(0), signal.SIGKILL)
        if way == "full":
            raise MemoryError
        if way == "gpu":
            LOST.append(RuntimeError("CUDA error: an illegal memory access was encountered"))
            raise LOST[0]
        while CONTROL.exists():
            time.sleep(0.05)
    return PeakFindings(peak=peak)
'''
ABSENT = 5
"""Processes that find no GPU: more than the deaths after which a chunk is given up."""
CHUNK_SEC = 2
RATE = 8_000
SHORT = {
    "WORKER_LOST_SEC": "5",
    "SOFT_SHUTDOWN_SEC": "2",
    "CHUNK_LEASE_SEC": "5",
    "RECONCILE_EVERY_SEC": "1",
    "CHUNK_DURATION_SEC": str(CHUNK_SEC),
    "CHUNK_MAX_SEC": str(CHUNK_SEC + 1),
    "OVERLAP_SEC": "0",
    "CHUNK_BATCH_SIZE": "16",
}
"""A test sees in seconds what production sees in minutes, and a recording of half a minute has 16
chunks, one batch."""


class Poison:
    """Switches the poison on and off, and knows whom it ended."""

    def __init__(self, stage: Stack, folder: Path) -> None:
        self._control, self._victims = stage.home / "poison", stage.home / "victims"
        stage.project = project_copy.copy(folder / "project")
        text = MODULE.format(control=str(self._control), victims=str(self._victims), absent=ABSENT)
        (stage.project / "workers" / "peak.py").write_text(text, encoding="utf-8")
        project_copy.register(stage.project, "peak", "workers.peak")
        stage.settings |= SHORT

    def on(self, way: str) -> None:
        """``child`` ends the process that analyses, ``group`` its whole worker, ``full`` leaves no
        memory, ``gpu`` lets everything fail that the process does from then on, ``absent`` is no
        GPU when the first processes start, ``wait`` lasts until it is off."""
        self._control.write_text(way, encoding="utf-8")

    def off(self) -> None:
        self._control.unlink()

    @property
    def victims(self) -> int:
        """How often it struck."""
        return (
            len(self._victims.read_text(encoding="utf-8").splitlines())
            if self._victims.exists()
            else 0
        )


def recording(path: Path, chunks: int, loud: int | None = None, seed: int = 0) -> Path:
    """Writes faint noise, with a loud burst in the middle of chunk ``loud``; every seed is another
    content."""
    samples = np.random.default_rng(seed).normal(0, 0.002, chunks * CHUNK_SEC * RATE)
    if loud is not None:
        middle = (loud * CHUNK_SEC + CHUNK_SEC // 2) * RATE
        samples[middle : middle + RATE // 4] = 0.9 * np.sin(
            np.arange(RATE // 4) * 2 * np.pi * 440 / RATE
        )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32_767).astype("<i2").tobytes())
    return path


@contextmanager
def restarted(stage: Stack, name: str, *pools: str) -> Iterator[None]:
    """A worker for these pools that is started again whenever it has died, as a container is."""
    over = threading.Event()

    def keep() -> None:
        while not over.is_set():
            with stage.workers(name, *pools) as process:
                while process.alive() and not over.wait(0.1):
                    pass

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join(60)
        processes.stop(stage.home, [name], 20)
