"""``earshot models verify``: compares every stored file with the catalog and ``models.lock``."""

from collections.abc import Sequence

from cli.models.choice import named
from cli.terminal.console import say, show
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.state import EMBEDDED, standing
from earshot.settings import settings

REMEDIES = {
    "embedded": "git checkout -- earshot/models",
    "package": catalog.PACKAGES,
}
"""Remedies by kind, for models that are not pulled."""


def verify_models(names: Sequence[str]) -> int:
    """Checks the named checkpoints, or all stored ones. Returns 1 if one differs, or a named one is
    missing.

    Raises:
        Misconfigured: the catalog has no such name.
    """
    config = settings()
    known = catalog.known(config.models_catalog)
    entries = named(
        known, [part.name for entry in named(known, names) for part in catalog.parts(entry, known)]
    )
    failed = False
    for entry in entries:
        found = standing(entry, config.models_folder, thorough=True)
        if found.state == "missing" and not names and not found.wrong:
            continue
        if found.wrong:
            failed = True
            for each in found.wrong:
                say(f"{entry.name}: {each}")
            for remedy in _remedies(entry, found.wrong):
                say(f"{entry.name}: put right with `{remedy}`")
        elif found.state == "missing":
            failed = True
            say(f"{entry.name} is not here; fetch it with `earshot models pull {entry.name}`")
        else:
            show(
                f"{entry.name}: {'comes with its package' if found.state == 'package' else 'whole'}"
            )
    return 1 if failed else 0


def _remedies(entry: Checkpoint, wrong: Sequence[str]) -> list[str]:
    """One for each kind of file that is wrong: a packaged checkpoint may use embedded files."""
    if entry.fetched:
        return [f"earshot models pull {entry.name}"]
    kinds = ["embedded" if each.startswith(f"{EMBEDDED}/") else entry.kind for each in wrong]
    return [REMEDIES[kind] for kind in dict.fromkeys(kinds)]
