"""Reads damaged files in a process that may die: one line in for each, one line out. Started by
``trials.formats.children``."""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from earshot.analysis.errors import EarshotError
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.prepare import prepare
from earshot.settings import settings
from trials.formats.mutate import mutate

MEMORY = 3 << 30
STORE_EVERY = 20
"""One in this many files is processed completely, through resampling and the VAD; the others are
decoded to their end."""


def main(bases: Sequence[str]) -> None:
    """Answers ``[base, seed]`` with the outcome, until its input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    originals = [Path(base).read_bytes() for base in bases]
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            base, seed = json.loads(line)
            path = Path(folder) / f"bent{Path(bases[base]).suffix}"
            path.write_bytes(mutate(originals[base], originals, seed))
            began = time.monotonic()
            outcome, seconds = _read(path, Path(folder), seed)
            peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(json.dumps([outcome, seconds, time.monotonic() - began, peak_kb]), flush=True)


def _read(path: Path, folder: Path, seed: int) -> tuple[str, float]:
    """``analysed``, the code of a refusal, or an unexpected exception; and the length in
    seconds."""
    accept, longest_ms = seed % 3 == 0, settings().max_duration_sec * 1000
    try:
        if seed % STORE_EVERY == 0:
            ready = prepare(
                path,
                uuid4(),
                f"file://{folder}/store",
                accept_truncated=accept,
                longest_ms=longest_ms,
            )
            return "analysed", ready.duration_ms / 1000
        found, tally = probe(path), Tally()
        for _ in decode(path, found, tally, accept, longest_ms):
            pass
    except EarshotError as error:
        return error.code, 0.0
    except Exception as error:  # noqa: BLE001  finding such exceptions is the purpose
        return f"raised {type(error).__name__}", 0.0
    return "analysed", tally.samples / found.sample_rate


if __name__ == "__main__":
    main(sys.argv[1:])
