"""Puts a saved checkpoint on the models folder the way a user does: an entry in a catalog of one's own, pulled, and then
located."""

from pathlib import Path

import pytest

from analysis.types import Release
from models import catalog
from models.fetch import Shelf, pull
from settings import settings

ENTRY = """
[[checkpoint]]
name = "{name}"
analysis = "{analysis}"
runtime = "{runtime}"
uri = "file:{source}"
sample_rate = 16000
licence = "none: random weights"
commercial = true
"""


def release(saved: dict[str, tuple[str, str, Path]], home: Path, environment: pytest.MonkeyPatch) -> dict[str, Release]:
    """Releases by name.

    Args:
        saved: name to analysis, runtime and the folder it was saved in.
        home: where the catalog and the models folder are made.
        environment: set for as long as the releases are used.
    """
    own = home / "own.toml"
    own.write_text(
        "".join(
            ENTRY.format(name=name, analysis=analysis, runtime=kind, source=source)
            for name, (analysis, kind, source) in saved.items()
        )
    )
    environment.setenv("EARSHOT_MODELS_CATALOG", str(own))
    environment.setenv("EARSHOT_MODELS_DIR", str(home / "models"))
    settings.cache_clear()
    entries = [entry for entry in catalog.known(own) if entry.name in saved]
    for entry in entries:
        pull(entry, Shelf(home / "models"), lambda *_: None, lambda: None)
    return {entry.name: entry.release() for entry in entries}
