"""``earshot run``: starts the stack, analyses, prints reports, and stops the stack."""

import os
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from cli.ingest import ingest
from cli.localstack import stack
from cli.terminal import endings
from cli.terminal.console import say
from earshot.analysis.errors import BadAudio, Misconfigured
from earshot.audio.files import find_audio
from earshot.settings import PROJECT
from producer.submit import Options

DEMO = PROJECT / "demo" / "call.ogg"
REPORTS = Path("reports")


def run(paths: Sequence[Path], out: Path | None, options: Options) -> int:
    """Analyses ``paths`` (default: the demo call) and returns the exit code. A stack that ran
    before keeps running.

    Raises:
        BadAudio: none of the paths exists; nothing was started.
    """
    if not paths and not DEMO.exists():
        raise Misconfigured(
            "demo",
            f"the demo call {DEMO} is not there: name a file,"
            " or make it again with `python -m demo.make_call`",
        )
    files = tuple(find_audio(paths or [DEMO]))
    if not any(os.path.exists(file) for file in files):
        raise BadAudio("missing", f"{', '.join(map(str, files))}: no such file")
    began = monotonic()
    say("starting Redis, Postgres and the workers")
    started = stack.up(say, keep=False)
    try:
        say(f"ready after {monotonic() - began:.1f} s" if started else "they run already")
        return ingest(paths or files, options, wait=True, out=out or REPORTS)
    finally:
        endings.ignore()
        if stack.release(say):
            say("stopped everything that was started")
