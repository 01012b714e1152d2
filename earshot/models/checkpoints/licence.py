"""Checks a checkpoint's licence against the use of this installation (setting ``commercial_use``,
ADR 0011)."""

from earshot.analysis.errors import Forbidden
from earshot.models.checkpoints.catalog import Checkpoint

UNKNOWN = ("unknown", "none", "no licence", "not stated")
NOT_COMMERCIAL = ("-nc", " nc", "noncommercial", "non-commercial", "research")
"""Words of licences in small letters."""


def forbids(terms: str) -> bool:
    """True if a licence forbids commercial use, or is not known."""
    return any(each in terms.lower() for each in (*UNKNOWN, *NOT_COMMERCIAL))


def allows(entry: Checkpoint, commercial_use: bool | None) -> bool:
    """True if a checkpoint may be loaded; None if the use is not set (``check``)."""
    return (
        entry.commercial
        or commercial_use is False
        or (commercial_use is None and not entry.fetched)
    )


def check(entry: Checkpoint, commercial_use: bool | None) -> None:
    """Refuses a checkpoint whose licence forbids commercial use if the installation is for
    commercial use, or may be.

    Args:
        commercial_use: None if not set. Then embedded checkpoints may be tried, and nothing is
            fetched under such a licence.

    Raises:
        Forbidden: ``licence``.
    """
    if allows(entry, commercial_use):
        return
    refused = f"{entry.name}: its licence ({entry.licence}) forbids commercial use"
    if commercial_use:
        raise Forbidden(
            "licence",
            f"{refused}, and EARSHOT_COMMERCIAL_USE is true; use another model for"
            f" {entry.analysis}",
        )
    raise Forbidden(
        "licence", f"{refused}; set EARSHOT_COMMERCIAL_USE=false if yours is not commercial"
    )
