"""Selects the checkpoints named on a command line."""

from collections.abc import Sequence

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints.catalog import Checkpoint


def named(entries: Sequence[Checkpoint], names: Sequence[str]) -> list[Checkpoint]:
    """The entries with these names, in this order; all without names.

    Raises:
        Misconfigured: no entry has such a name.
    """
    by_name = {entry.name: entry for entry in entries}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise Misconfigured(
            "models", f"no model named {', '.join(unknown)}; `earshot models list` shows them all"
        )
    return [by_name[name] for name in dict.fromkeys(names)] if names else list(entries)


def of_analyses(entries: Sequence[Checkpoint], analyses: Sequence[str]) -> list[Checkpoint]:
    """The entries of these analyses; each text may contain several, with commas.

    Raises:
        Misconfigured: the catalog has no model for one of them.
    """
    wanted = [name.strip() for text in analyses for name in text.split(",") if name.strip()]
    there = dict.fromkeys(entry.analysis for entry in entries)
    unknown = [name for name in wanted if name not in there]
    if unknown or not wanted:
        raise Misconfigured(
            "models",
            f"no models for {', '.join(unknown) or 'nothing'};"
            f" there are some for {', '.join(there)}",
        )
    return [entry for entry in entries if entry.analysis in wanted]
