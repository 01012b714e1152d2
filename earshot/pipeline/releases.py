"""Which release each analysis is done with now."""

import hashlib
from collections.abc import Callable, Mapping

import psycopg

from earshot.analysis.errors import Unavailable
from earshot.analysis.types import Release
from earshot.models.checkpoints import licence
from earshot.models.checkpoints.defaults import default_release, defaults
from earshot.models.runtimes import ENDPOINT
from earshot.registry import analyses
from earshot.settings import settings
from earshot.storage.postgres import releases
from earshot.storage.postgres.db import Connection, connect


def active(connection: Connection | None) -> dict[str, Release]:
    """Analysis to its release: the endpoint that settings name, else the promoted one, else the
    catalog's, else one that stands for code alone. Without a database nothing is promoted."""
    catalogued = {name: default_release(name) for name in analyses()}
    promoted = {} if connection is None else releases.active(connection)
    return {**catalogued, **promoted, **_elsewhere()}


def serving(warn: Callable[[str], object]) -> Mapping[str, Release]:
    """``active`` for the next job; by settings and catalog alone where there is no database, or,
    with a warning, where it does not answer."""
    url = settings().database_url
    if url:
        try:
            with connect(url) as connection:
                return active(connection)
        except (psycopg.Error, Unavailable) as error:
            reason = " ".join(str(error).split())[:120]
            warn(
                "active models are read from settings and catalog alone, the database does not"
                f" answer: {reason}"
            )
    return active(None)


def _elsewhere() -> dict[str, Release]:
    """The inference endpoint, where speech is recognised there; named after its URL, so that rows
    tell one from another."""
    config = settings()
    if config.asr_backend != "endpoint":
        return {}
    name = f"asr-endpoint-{hashlib.sha256(config.asr_endpoint_url.encode()).hexdigest()[:8]}"
    return {
        "asr": Release(
            analysis="asr", name=name, runtime=ENDPOINT, uri=config.asr_endpoint_url, sha256=""
        )
    }


def gate_release() -> Release | None:
    """Scene release of the gate before speech (``workers.gate``): the catalog's default, whichever
    is promoted, since it is small and on every machine. None where the gate is switched off, or
    where the licence of its checkpoint forbids this use: then nothing is skipped."""
    config, entry = settings(), defaults()["scene"]
    allowed = licence.allows(entry, config.commercial_use)
    return entry.release() if config.scene_gate and allowed else None
