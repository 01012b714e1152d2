"""``python train.py --data_dir data``: trains the emotion network with the command line of [001]
(docs/training.md)."""

import sys

from cli.__main__ import run
from cli.terminal import endings

if __name__ == "__main__":
    endings.listen()
    sys.exit(run(["train", "emotion-001", *sys.argv[1:]]))
