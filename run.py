"""``python run.py --config config.yaml``: the command ``earshot batch`` (docs/batch.md)."""

import sys

from cli.__main__ import run
from cli.terminal import endings

if __name__ == "__main__":
    endings.listen()
    sys.exit(run(["batch", *sys.argv[1:]]))
