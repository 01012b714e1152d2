"""Hands a folder's recordings in, one after the other, as `earshot ingest` does: it waits while there is no
room, and asks a service that is away again.

``python -m chaos.feed FOLDER ANALYSIS...`` prints how many requests were accepted.
"""

import sys
import time
from pathlib import Path

from analysis.errors import Transient
from producer.admission import wait_for_room
from producer.submit import Options, submit
from settings import settings
from storage.db import connect

PATIENCE_SEC = 600.0
AGAIN_SEC = 0.5


def main() -> None:
    folder, *analyses = sys.argv[1:]
    wanted = Options(analyses=tuple(analyses))
    deadline = time.monotonic() + PATIENCE_SEC
    accepted = 0
    for path in sorted(Path(folder).glob("*.wav")):
        while not _handed_in(path, wanted):
            if time.monotonic() > deadline:
                raise SystemExit(f"{path.name} was not accepted within {PATIENCE_SEC:.0f} s")
            time.sleep(AGAIN_SEC)
        accepted += 1
    print(accepted)


def _handed_in(path: Path, wanted: Options) -> bool:
    try:
        with connect(settings().database_url) as connection:
            wait_for_room(connection, _say, lambda: None)
            submit(connection, path, wanted)
    except Transient as error:
        _say(f"{path.name}: {error}")
        return False
    return True


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
