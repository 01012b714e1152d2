"""Answers a request with the recording of its id or its content, asks that one for what is missing, and says what differs."""

import logging
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded

from analysis.errors import EarshotError, Permanent, Transient
from analysis.request import Differing, IngestReply, IngestRequest
from audio.source import content_hash, open_source
from settings import settings
from storage import db, recordings, rounds, tombstones
from storage.db import Connection
from tasks.again import besides
from tasks.dispatch import dispatch
from workers.registry import analyses

log = logging.getLogger(__name__)


class IdTaken(Permanent):
    """The id stands for another file. Code: ``id_taken``."""


def same_file(connection: Connection, recording_id: UUID, request: IngestRequest) -> IngestRequest:
    """What the recording of that id is to be made by: the request that came first, read from where this one says.

    Raises:
        IdTaken: it came with another file.
        Transient: ``busy``, whether it did cannot be known yet.
    """
    recording = recordings.get(connection, recording_id)
    if recording is None:
        raise Transient("busy", f"recording {recording_id} was deleted this moment")
    first = IngestRequest.model_validate(recording.request)
    if first.uri != request.uri:
        if recording.sha256 is None and recording.finished_at is None:
            raise Transient("busy", f"recording {recording_id} is to be read from another URI first")
        if recording.sha256 is None or recording.sha256 != _content(recording_id, request.uri):
            advice = "hand this one in without an id, or with one of its own"
            raise IdTaken("id_taken", f"the id {recording_id} stands for another file; {advice}")
    return first.model_copy(update={"uri": request.uri})


def _content(recording_id: UUID, uri: str) -> str | None:
    """SHA-256 of the file; None where it cannot be read, which must not close a recording of another file."""
    config = settings()
    try:
        with open_source(uri, config.roots, config.store_url, config.internal_hosts) as path:
            return content_hash(path)
    except Transient as error:
        raise Transient("busy", f"whether {recording_id} is this file cannot be known: {error}") from error
    except (EarshotError, SoftTimeLimitExceeded) as error:
        log.warning("whether %s is this file cannot be known: %s", recording_id, error)
    except Exception:
        log.exception("whether %s is this file cannot be known", recording_id)
    return None


def answer(connection: Connection, recording_id: UUID, stored: UUID, request: IngestRequest) -> IngestReply:
    """The answer to the request ``recording_id`` by its own recording, or by the one of the same content; what nobody asked of
    that so far is done.

    Raises:
        Transient: ``busy``, something is missing and it is still being analysed.
        Unavailable: Redis or Postgres is away.
    """
    own = stored == recording_id
    recording = recordings.get(connection, stored)
    if not own and (recording is None or recording.state == "failed"):
        raise Transient("busy", f"recording {stored} of the same content has failed this moment")
    dispatch(stored)
    # The first to name the number of speakers is not overruled by a copy of his own request that comes late.
    added = besides(connection, stored, request.analyses or tuple(analyses()), None if own else request.speakers)
    if not own:  # at last, so that the request is sent again if anything dies before
        recordings.forget(connection, recording_id)
    return reply(stored, duplicate=not own, added=added, differs=_differs(connection, stored, request, own=own))


def _differs(connection: Connection, stored: UUID, request: IngestRequest, *, own: bool) -> tuple[Differing, ...]:
    """``own``: by its id; by its content it has the same language and roles."""
    recording = recordings.get(connection, stored)
    if recording is None:
        return ()
    asked, first = request.model_dump(mode="json"), recording.request
    counted = not recording.roles and rounds.COUNTS_SPEAKERS in (request.analyses or analyses())
    differing: dict[Differing, bool] = {
        "roles": own and asked["roles"] != first.get("roles"),
        "language": own and (request.language or settings().language) != recording.language,
        "speakers": counted and asked["speakers"] != first.get("speakers"),
    }
    return tuple(name for name, is_so in differing.items() if is_so)


def reply(
    recording_id: UUID, *, duplicate: bool = False, added: tuple[str, ...] = (), differs: tuple[Differing, ...] = ()
) -> IngestReply:
    """How the recording stands now."""
    with db.pooled(settings().database_url) as connection:
        recording = recordings.get(connection, recording_id)
    if recording is None:
        raise tombstones.deleted() from None  # what went wrong because of it names the recording, and stays with the result
    error = {"code": recording.error_code, "detail": recording.error_detail} if recording.error_code else None
    return IngestReply(
        recording_id=recording_id, state=recording.state, duplicate=duplicate, added=added, differs=differs, error=error
    )
