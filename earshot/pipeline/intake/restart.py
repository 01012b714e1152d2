"""Restarts recordings that failed before decoding because of a full disk or an unavailable store or
source."""

from uuid import UUID

from earshot.analysis.errors import Permanent
from earshot.audio.store.inbox import is_gone
from earshot.pipeline.intake.submit import TASK
from earshot.pipeline.ports import Publisher
from earshot.settings import settings
from earshot.storage.postgres import requests
from earshot.storage.postgres.db import Connection


def restart(connection: Connection, publisher: Publisher, recording_id: UUID) -> bool:
    """Reopens such a recording under its own id and enqueues it; False, without any change, for any
    other recording.

    Raises:
        Permanent: ``never_decoded``, its upload is gone.
        Unavailable: Postgres or Redis is unavailable; upkeep publishes a recording that was already
            reopened.
    """
    uri = requests.restartable(connection, recording_id).get(recording_id)
    if uri is None:
        return False
    if is_gone(uri, settings().store_url):
        raise Permanent(
            "never_decoded",
            f"recording {recording_id} was never decoded, and its upload is gone; ingest its file"
            " again",
        )
    request = requests.restart(connection, recording_id)
    if request is not None:
        publisher.publish(TASK, request)
    return request is not None
