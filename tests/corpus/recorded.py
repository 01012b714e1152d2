"""Where the recorded audio lies: beside the project, never in it."""

from pathlib import Path

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
DATA = SHARED / "data"
