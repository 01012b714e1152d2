"""``make chaos``: runs every row against real processes, prints one table, and fails on any loss or
duplicate.

The rows run in a copy of the project with the probe added like any analysis: one line in the
registry.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cli.terminal import endings
from tests import project_copy
from trials.chaos.session import arguments


def main() -> int:
    """The exit status of the rows."""
    arguments(
        argparse.ArgumentParser(prog="python -m trials.chaos", description=__doc__)
    ).parse_args()
    endings.listen()
    with tempfile.TemporaryDirectory(prefix="earshot-chaos-") as folder:
        project = project_copy.copy(Path(folder) / "project")
        project_copy.register(project, "probe", "trials.chaos.probe")
        session = subprocess.Popen(
            [sys.executable, "-m", "trials.chaos.session", *sys.argv[1:]],
            env={**os.environ, "PYTHONPATH": str(project), "CHAOS_STARTED_IN": str(Path.cwd())},
            cwd=project,
        )
        try:
            return session.wait()
        except KeyboardInterrupt:
            session.terminate()
            return session.wait()  # it stops its children, which takes a bounded time


if __name__ == "__main__":
    sys.exit(main())
