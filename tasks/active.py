"""Which release each analysis is done with now."""

import hashlib

from earshot.analysis.types import Release
from earshot.models.asr.endpoint import RUNTIME
from earshot.models.checkpoints.catalog import default_releases
from earshot.settings import settings
from earshot.storage.postgres import releases
from earshot.storage.postgres.db import Connection
from workers.contract import Card
from workers.registry import cards


def active(connection: Connection | None) -> dict[str, Release]:
    """Analysis to its release: the endpoint that settings name, else the promoted one, else the
    catalog's, else one that stands for code alone. Without a database nothing is promoted."""
    catalogued = {
        **{card.name: _without_checkpoint(card) for card in cards()},
        **default_releases(),
    }
    promoted = {} if connection is None else releases.active(connection)
    return {**catalogued, **promoted, **_elsewhere()}


def _elsewhere() -> dict[str, Release]:
    """The inference endpoint, where speech is recognised there; named after its URL, so that rows
    tell one from another."""
    config = settings()
    if config.asr_backend != "endpoint":
        return {}
    name = f"asr-endpoint-{hashlib.sha256(config.asr_endpoint_url.encode()).hexdigest()[:8]}"
    return {
        "asr": Release(
            analysis="asr", name=name, runtime=RUNTIME, uri=config.asr_endpoint_url, sha256=""
        )
    }


def _without_checkpoint(card: Card) -> Release:
    """The release of an analysis that is code alone: nothing to fetch, nothing to promote."""
    return Release(analysis=card.name, name=f"{card.name}-code", runtime="code", uri="", sha256="")
