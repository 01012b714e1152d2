"""Entry of the ``earshot`` command: runs a verb and turns any error into one clear line and an exit
code."""

import os
import sys
import traceback
from collections.abc import Sequence

from cli.commands import app
from cli.terminal import endings
from cli.terminal.explain import INTERRUPTED, explained
from earshot.analysis.printable import printable
from earshot.analysis.urls import masked

VERBOSE = ("-v", "--verbose")


def main() -> None:
    """Runs the command line and exits."""
    endings.listen()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs a verb and returns the exit code; errors are printed on stderr. ``-v`` may stand before
    or behind the verb."""
    words = [word for word in arguments if word not in VERBOSE]
    try:
        return int(app(args=words or ["--help"], prog_name="earshot", standalone_mode=False) or 0)
    except BrokenPipeError:  # the reader (head, less) has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # every error becomes one line
        if len(words) < len(arguments):
            sys.stderr.write(masked(traceback.format_exc()))
        code, line = explained(error)
        sys.stderr.write(f"earshot: {printable(line)}\n")
        return code


if __name__ == "__main__":
    main()
