"""Which release each analysis is done with now."""

from analysis.types import Release
from models.catalog import default_releases
from storage import releases
from storage.db import Connection
from workers.contract import Card
from workers.registry import cards


def active(connection: Connection) -> dict[str, Release]:
    """Analysis to its release: the promoted one, else the catalog's, else one that stands for code alone."""
    return {**{card.name: _without_checkpoint(card) for card in cards()}, **default_releases(), **releases.active(connection)}


def _without_checkpoint(card: Card) -> Release:
    """The release of an analysis that is code alone: nothing to fetch, nothing to promote."""
    return Release(analysis=card.name, name=f"{card.name}-code", runtime="code", uri="", sha256="")
