"""Submits a folder's recordings one after the other as `earshot ingest` does: waits for capacity,
and retries an unavailable service.

``python -m trials.chaos.feed FOLDER ANALYSIS...`` prints how many requests were accepted.
"""

import sys
import time
from pathlib import Path

from producer.admission import wait_for_room
from producer.patience import Patience
from producer.submit import Options, submit

PATIENCE_SEC = 600.0


def main() -> None:
    folder, *analyses = sys.argv[1:]
    wanted = Options(analyses=tuple(analyses))
    deadline = time.monotonic() + PATIENCE_SEC

    def check() -> None:
        if time.monotonic() > deadline:
            raise SystemExit(f"not all was accepted within {PATIENCE_SEC:.0f} s")

    paths = sorted(Path(folder).glob("*.wav"))
    with Patience(_say, check) as patience:
        for path in paths:
            wait_for_room(patience)
            submit(patience, path, wanted)
    print(len(paths))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
