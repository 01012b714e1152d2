"""Selects the active release of each analysis."""

import hashlib
from collections.abc import Callable, Mapping

import psycopg

from earshot.analysis.errors import Unavailable
from earshot.analysis.types import Release
from earshot.analysis.words.languages import UNDETERMINED
from earshot.models.checkpoints import catalog, licence
from earshot.models.checkpoints.defaults import default_release, defaults
from earshot.models.runtimes import ENDPOINT, RUNTIMES
from earshot.registry import analyses
from earshot.settings import settings
from earshot.storage.postgres import releases
from earshot.storage.postgres.db import Connection, connect


def active(connection: Connection | None) -> dict[str, Release]:
    """Analysis to its release: the endpoint from the settings, else the promoted release, else the
    catalog's, else one for an analysis without a checkpoint. Without a database no release is
    promoted."""
    catalogued = {name: default_release(name) for name in analyses()}
    promoted = {} if connection is None else releases.active(connection)
    return {**catalogued, **promoted, **_elsewhere()}


def serving(warn: Callable[[str], object]) -> Mapping[str, Release]:
    """``active`` for the next job; from settings and catalog alone without a database or, with a
    warning, if it does not answer."""
    url = settings().database_url
    if url:
        try:
            with connect(url) as connection:
                return active(connection)
        except (psycopg.Error, Unavailable) as error:
            reason = " ".join(str(error).split())[:120]
            warn(
                "active models are read from settings and catalog alone,"
                f" the database does not answer: {reason}"
            )
    return active(None)


def _elsewhere() -> dict[str, Release]:
    """The release of the inference endpoint, if it recognises speech; its name contains a hash of
    the URL, so that rows of different endpoints differ."""
    config = settings()
    if config.asr_backend != "endpoint":
        return {}
    name = f"asr-endpoint-{hashlib.sha256(config.asr_endpoint_url.encode()).hexdigest()[:8]}"
    return {
        "asr": Release(
            analysis="asr", name=name, runtime=ENDPOINT, uri=config.asr_endpoint_url, sha256=""
        )
    }


def unnamed_language(connection: Connection) -> str:
    """BCP 47 language for speech whose sender names none: ``und`` if the recogniser that would
    transcribe it detects the language, else that of the settings."""
    config, found = settings(), active(connection)["asr"]
    if found.runtime != ENDPOINT:
        routed = config.asr_routes.get(UNDETERMINED, config.asr_routes.get("*"))
        entries = catalog.known(config.models_catalog) if routed else ()
        found = next((entry.release() for entry in entries if entry.name == routed), found)
    detects = RUNTIMES["asr", found.runtime].detects_language
    return UNDETERMINED if detects else config.language


def gate_release() -> Release | None:
    """Scene release used by the gate (``workers.gate``): always the catalog's default, which is
    small and present on every machine. None if the gate is switched off, or if the licence of its
    checkpoint forbids this use: no chunk is skipped then."""
    config, entry = settings(), defaults()["scene"]
    allowed = licence.allows(entry, config.commercial_use)
    return entry.release() if config.scene_gate and allowed else None
