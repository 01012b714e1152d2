"""Passes damaged files to child processes and survives their crashes."""

import json
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LIMIT_SEC = 60
"""A file that takes longer counts as hung; on a busy machine an ordinary one takes a fraction of a
second."""
CHILD = (sys.executable, "-m", "trials.formats.child")


@dataclass
class Bent:
    """Outcomes of the damaged files of one kind."""

    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """Counts of ``analysed``, the codes of refusals, ``crashed``, ``hung``, and unexpected
    exceptions."""
    longest_sec: float = 0.0
    """Length of the longest audio from one file."""
    slowest_sec: float = 0.0
    peak_kb: int = 0
    seeds: list[int] = field(default_factory=list)
    """Seeds of files that crashed, hung or raised."""

    @property
    def failed(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if is_failure(outcome))

    def add(
        self, seed: int, outcome: str, seconds: float = 0.0, took: float = 0.0, peak_kb: int = 0
    ) -> None:
        self.files += 1
        self.outcomes[outcome] += 1
        self.longest_sec, self.slowest_sec = (
            max(self.longest_sec, seconds),
            max(self.slowest_sec, took),
        )
        self.peak_kb = max(self.peak_kb, peak_kb)
        if is_failure(outcome):
            self.seeds.append(seed)


def is_failure(outcome: str) -> bool:
    return outcome in ("crashed", "hung") or outcome.startswith("raised ")


def bend(
    bases: Sequence[Path], seeds: Iterable[int], processes: int, command: Sequence[str] = CHILD
) -> list[Bent]:
    """Each seed damages the next base; one ``Bent`` for each base."""
    work: Iterator[tuple[int, int]] = ((seed % len(bases), seed) for seed in seeds)
    found, lock = [Bent() for _ in bases], threading.Lock()
    threads = [
        threading.Thread(target=_serve, args=(bases, work, found, lock, command))
        for _ in range(processes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _serve(
    bases: Sequence[Path],
    work: Iterator[tuple[int, int]],
    found: list[Bent],
    lock: threading.Lock,
    command: Sequence[str],
) -> None:
    child = None
    try:
        while True:
            with lock:
                base, seed = next(work, (-1, -1))
            if base < 0:
                return
            child = child or _Child(bases, command)
            outcome, seconds, took, peak_kb = child.ask(base, seed)
            with lock:
                found[base].add(seed, outcome, seconds, took, peak_kb)
            if outcome in ("crashed", "hung"):
                child.end()
                child = None
    finally:
        if child is not None:
            child.end()


class _Child:
    def __init__(self, bases: Sequence[Path], command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [*command, *map(str, bases)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, base: int, seed: int) -> tuple[str, float, float, int]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([base, seed]) + "\n")
            self._process.stdin.flush()
            answer = self._answers.get(timeout=LIMIT_SEC)
        except queue.Empty:
            return "hung", 0.0, float(LIMIT_SEC), 0
        except BrokenPipeError:
            answer = ""
        if not answer:
            return "crashed", 0.0, 0.0, 0
        outcome, seconds, took, peak_kb = json.loads(answer)
        return outcome, seconds, took, peak_kb

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")  # it has ended
