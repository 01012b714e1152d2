"""Puts a saved checkpoint on the models folder the way a user does: an entry in a catalog of one's
own, pulled, and then located."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.pull import Shelf, pull
from earshot.settings import settings

ENTRY = """
[[checkpoint]]
name = "{name}"
analysis = "{analysis}"
runtime = "{runtime}"
uri = "{source}"
sample_rate = 16000
licence = "none: random weights"
commercial = true
{further}
"""


def release(
    saved: Mapping[str, tuple[str, str, Path | str]],
    home: Path,
    environment: pytest.MonkeyPatch,
    further: Mapping[str, str] | None = None,
) -> dict[str, Release]:
    """Releases by name.

    Args:
        saved: name to analysis, runtime and the folder it was saved in, or a uri.
        home: where the catalog and the models folder are made.
        environment: set for as long as the releases are used.
        further: name to more lines of its entry.
    """
    own = home / "own.toml"
    own.write_text(
        "".join(
            ENTRY.format(
                name=name,
                analysis=analysis,
                runtime=kind,
                source=f"file:{source}" if isinstance(source, Path) else source,
                further=(further or {}).get(name, ""),
            )
            for name, (analysis, kind, source) in saved.items()
        )
    )
    environment.setenv("EARSHOT_MODELS_CATALOG", str(own))
    environment.setenv("EARSHOT_MODELS_DIR", str(home / "models"))
    settings.cache_clear()
    known = catalog.known(own)
    entries = [entry for entry in known if entry.name in saved]
    for entry in entries:
        for part in catalog.parts(entry, known):
            pull(part, Shelf(home / "models"), lambda *_: None, lambda _: None)
    return {entry.name: entry.release() for entry in entries}
