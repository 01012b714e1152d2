"""What a job may name: the stored audio of the recording that it is about, and releases that this
installation knows."""

import logging
from functools import cache

from redis import Redis

from earshot.analysis.errors import Forbidden
from earshot.analysis.types import Job, Release
from earshot.audio.store.layout import check_own
from earshot.models.checkpoints import catalog
from earshot.models.runtimes import ENDPOINT
from earshot.pipeline.topics.glossaries import is_release
from earshot.settings import settings
from earshot.storage.postgres import db, releases
from earshot.storage.redis import refused

log = logging.getLogger(__name__)


def check(client: Redis, job: Job) -> None:
    """Refuses a job that names anything else; nothing of it is read, and its chunks get no outcome.

    Raises:
        Forbidden: ``foreign_audio`` or ``unknown_release``.
        Unavailable: Postgres, which is queried for releases that are not in the catalog, or Redis
            is unavailable.
    """
    try:
        for ref in job.chunks:
            for uri in filter(None, (ref.audio_uri, ref.transcript_uri)):
                check_own(uri, settings().store_url, ref.recording_id)
        for release in (job.release, *([job.gate] if job.gate else [])):
            _check_release(release)
    except Forbidden as error:
        log.error("refused a message on queue %s: %s: %s", job.analysis, error.code, error)
        refused.put_aside(
            client, job.analysis, error.code, str(error), job.model_dump_json().encode()
        )
        raise


@cache  # what was known once: errors are not kept
def _check_release(release: Release) -> None:
    if release.runtime == ENDPOINT:
        return  # which URL it may have is the worker's own setting (``workers.asr.routes``)
    if release.runtime == "code" and not release.uri:
        return
    if is_release(release) or release in _catalogued():
        return
    with db.pooled() as connection:
        if releases.named(connection, release.analysis, release.name) == release:
            return
    raise Forbidden(
        "unknown_release",
        f"{release.name} ({release.uri}) is not as the catalog or `earshot models use` says it; "
        "give all workers one version of the project and one EARSHOT_MODELS_CATALOG",
    )


@cache
def _catalogued() -> frozenset[Release]:
    return frozenset(entry.release() for entry in catalog.known(settings().models_catalog))
